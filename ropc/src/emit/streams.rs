//! Streams: the tables of their grammars, productions and roots by name.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::context::{Context, docs, hex};
use super::names::{snake, verbatim};
use crate::ast::StreamRule;
use crate::model::{Opener, Recovery, Step, Stream, Wire};

/// The streams of a module.
pub(crate) fn module_items(cx: &Context<'_>) -> Vec<TokenStream> {
    let streams = cx.program.streams.iter().filter(|stream| stream.module == cx.module);
    streams.flat_map(|stream| items(cx, stream)).collect()
}

fn items(cx: &Context<'_>, stream: &Stream) -> Vec<TokenStream> {
    cx.import("runtime::stream");
    let name = verbatim(&stream.name);
    let docs_of_stream = docs(&stream.docs, stream.spec.as_deref(), &format!("`{}`", stream.name));
    let (production, root) = (format_ident!("{name}Production"), format_ident!("{name}Root"));
    let marker = cx.type_name(stream.marker);
    let grammar = grammar(stream);
    let variants: Vec<_> = stream.productions.iter().map(|production| verbatim(&production.name)).collect();
    let variant_docs = stream.productions.iter().map(|production| format!(" `{}`", production.name));
    let production_doc = format!(" Productions of [`{name}`].");
    let roots: Vec<_> = stream.roots.iter().filter_map(|root| variants.get(usize::from(*root))).collect();
    let numbers = stream.roots.iter().map(|root| proc_macro2::Literal::u16_unsuffixed(*root));
    let root_docs = stream.roots.iter().filter_map(|root| {
        stream.productions.get(usize::from(*root)).map(|production| format!(" `{}`", production.name))
    });
    let root_doc = format!(" What a stream [`{name}`] may be; its bytes do not say which.");
    let (decoder, writer, event) =
        (format_ident!("{name}Decoder"), format_ident!("{name}Writer"), format_ident!("{name}Event"));
    let opened_by = opened_by(cx, stream, &root);
    let mut items = vec![
        quote! {
            #docs_of_stream
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct #name;
        },
        quote! {
            #[doc = #production_doc]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub enum #production { #(#[doc = #variant_docs] #variants),* }
        },
        quote! {
            #[doc = #root_doc]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub enum #root { #(#[doc = #root_docs] #roots),* }
        },
        quote! {
            impl stream::typed::Stream for #name {
                const GRAMMAR: &'static stream::Grammar<'static> = &#grammar;
                type Production = #production;
                type Root = #root;
                type Marker = #marker;
                const ROOTS: &'static [#root] = &[#(#root::#roots),*];

                fn production(index: u16) -> Option<#production> {
                    const ALL: &[#production] = &[#(#production::#variants),*];
                    ALL.get(usize::from(index)).copied()
                }

                fn root(root: #root) -> u16 {
                    match root { #(#root::#roots => #numbers),* }
                }

                fn marker(value: u32) -> #marker {
                    #marker(value)
                }

                fn marker_value(marker: #marker) -> u32 {
                    marker.0
                }
            }
        },
        alias(&event, "A part of the stream", &quote!(<'a>), &quote!(stream::typed::EventOf<'a, #name>)),
        alias(&decoder, "Pieces of the stream to events", &quote!(), &quote!(stream::typed::Decoder<#name>)),
        alias(&writer, "Events to pieces of the stream", &quote!(), &quote!(stream::typed::Writer<#name>)),
    ];
    items.extend(opened_by);
    items
}

fn alias(name: &proc_macro2::Ident, what: &str, generics: &TokenStream, to: &TokenStream) -> TokenStream {
    let doc = format!(" {what}.");
    quote!(#[doc = #doc] pub type #name #generics = #to;)
}

fn grammar(stream: &Stream) -> TokenStream {
    let name = &stream.name;
    let markers = stream.markers.iter().map(|(value, name)| {
        let value = hex(u64::from(*value), 4);
        quote!((#value, #name))
    });
    let named_from = hex(u64::from(stream.named_from), 2);
    let typed = |number: u16, of: Wire| {
        let (number, wire) = (hex(u64::from(number), 2), wire(of));
        quote!((#number, #wire))
    };
    let types = stream.types.iter().map(|ty| typed(ty.number, ty.wire));
    let flagged = stream.flagged.iter().map(|(mask, wire)| typed(*mask, *wire));
    let tags = stream.tags.iter().map(|rule| {
        let (tag, of, wire) = (hex(u64::from(rule.tag), 4), hex(u64::from(rule.of), 4), wire(rule.wire));
        quote!(stream::TagRule { tag: #tag, of: #of, wire: #wire })
    });
    let classes = stream.classes.iter().map(|class| {
        let (tag, name) = (hex(u64::from(class.tag), 4), &class.name);
        let value = match class.value {
            Some(value) => {
                let value = hex(u64::from(value), 4);
                quote!(Some(#value))
            }
            None => quote!(None),
        };
        quote!(stream::Class { tag: #tag, value: #value, name: #name })
    });
    let sets = stream.sets.iter().map(|set| literal(*set));
    let steps = stream.steps.iter().map(|step| self::step(*step));
    let productions = stream.productions.iter().map(|production| {
        let (name, start) = (&production.name, number(production.start));
        quote!(stream::Production { name: #name, start: #start })
    });
    let recovery = match &stream.recovery {
        Some(Recovery { production, first, within }) => {
            let (production, first) = (number(*production), literal(*first));
            let within = within.iter().map(|production| number(*production));
            quote!(Some(stream::Recovery { production: #production, first: #first, within: &[#(#within),*] }))
        }
        None => quote!(None),
    };
    let structural = literal(stream.structural);
    let requirements = stream.requirements.iter().map(|required| {
        let (production, lenient) = (number(required.production), required.lenient);
        let rule = match required.rule {
            StreamRule::Has => quote!(Has),
            StreamRule::Leads => quote!(Leads),
            StreamRule::Lacks => quote!(Lacks),
        };
        let words = required.words.iter().map(|words| literal(*words));
        let roots = required.roots.iter().map(|root| number(*root));
        quote! {
            stream::Requirement {
                production: #production,
                rule: stream::Rule::#rule,
                words: &[#(#words),*],
                roots: &[#(#roots),*],
                lenient: #lenient,
            }
        }
    });
    let max_recursion = number(stream.max_recursion);
    quote! {
        stream::Grammar {
            name: #name,
            markers: &[#(#markers),*],
            named_from: #named_from,
            types: &[#(#types),*],
            flagged: &[#(#flagged),*],
            tags: &[#(#tags),*],
            classes: &[#(#classes),*],
            sets: &[#(#sets),*],
            steps: &[#(#steps),*],
            productions: &[#(#productions),*],
            recovery: #recovery,
            structural: #structural,
            requirements: &[#(#requirements),*],
            max_recursion: #max_recursion,
        }
    }
}

/// The root that an operation opens.
fn opened_by(cx: &Context<'_>, stream: &Stream, root: &proc_macro2::Ident) -> Option<TokenStream> {
    let arms: Vec<TokenStream> = stream.openers.iter().filter_map(|opener| arm(cx, stream, opener)).collect();
    if arms.is_empty() {
        return None;
    }
    let text = format!(
        " What the [`{}`] is that a request opens, by the kind of its input object as `ServerObject::kind` names it; \
         `None` where it opens none.",
        stream.name
    );
    Some(quote! {
        impl #root {
            #[doc = #text]
            #[must_use]
            pub fn opened_by(request: &crate::rops::RopRequest<'_>, object: &str) -> Option<Self> {
                match request {
                    #(#arms)*
                    _ => None,
                }
            }
        }
    })
}

fn arm(cx: &Context<'_>, stream: &Stream, opener: &Opener) -> Option<TokenStream> {
    let variant = verbatim(&opener.rop);
    let root = verbatim(&stream.productions.get(usize::from(opener.root))?.name);
    let of = (!opener.of.is_empty()).then(|| {
        let kinds = &opener.of;
        quote!(matches!(object, #(#kinds)|*))
    });
    let when = match &opener.when {
        Some((name, ty, value)) => {
            let (name, value) = (snake(name), super::values::const_value(cx, ty, value));
            Some(quote!(request.#name == #value))
        }
        None => None,
    };
    let binding = if when.is_some() { quote!(request) } else { quote!(_) };
    let guard = match (of, when) {
        (Some(of), Some(when)) => quote!(if #of && #when),
        (Some(one), None) | (None, Some(one)) => quote!(if #one),
        (None, None) => quote!(),
    };
    Some(quote!(crate::rops::RopRequest::#variant(#binding) #guard => Some(Self::#root),))
}

fn wire(of: Wire) -> TokenStream {
    let size = proc_macro2::Literal::u8_unsuffixed;
    match of {
        Wire::Fixed(bytes) => {
            let size = size(bytes);
            quote!(stream::Wire::Fixed(#size))
        }
        Wire::FixedList(bytes) => {
            let size = size(bytes);
            quote!(stream::Wire::FixedList(#size))
        }
        Wire::Variable => quote!(stream::Wire::Variable),
        Wire::VariableList => quote!(stream::Wire::VariableList),
    }
}

fn step(of: Step) -> TokenStream {
    match of {
        Step::Take(set) => {
            let set = number(set);
            quote!(stream::Step::Take(#set))
        }
        Step::Test(set, otherwise) => {
            let (set, otherwise) = (number(set), number(otherwise));
            quote!(stream::Step::Test { set: #set, otherwise: #otherwise })
        }
        Step::Go(to) => {
            let to = number(to);
            quote!(stream::Step::Go(#to))
        }
        Step::Call(production) => {
            let production = number(production);
            quote!(stream::Step::Call(#production))
        }
        Step::Return => quote!(stream::Step::Return),
    }
}

fn number(value: u16) -> proc_macro2::Literal {
    proc_macro2::Literal::u16_unsuffixed(value)
}

/// A set of words: the bits that are set, as hexadecimal.
fn literal(set: u128) -> TokenStream {
    let text = format!("{set:#x}");
    text.parse().unwrap_or_else(|_| quote!(0))
}
