//! Server objects: the types that a server brings, their declared state, the table's entries.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::emit::context::{Context, docs};
use crate::emit::names::{snake, verbatim};
use crate::model::{Handle, Object, Program, State};

pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = vec![objects_trait(cx.program)];
    items.extend(cx.program.objects.iter().filter(|o| !o.state.is_empty()).map(|o| state_struct(cx, o)));
    items.extend(server_object(cx));
    items.extend(choices(cx.program).into_iter().map(|choice| choice_enum(cx.program, &choice)));
    items
}

/// Objects that some served operation opens or works on: a server brings types for these, not for the others.
pub(super) fn served_objects(program: &Program) -> impl Iterator<Item = &Object> {
    let used = |id: usize| {
        let served = program.rops.iter().filter(|rop| rop.unserved.is_none());
        served.flat_map(|rop| rop.inputs.iter().chain(&rop.output)).any(|handle| handle.objects.contains(&id))
    };
    program.objects.iter().enumerate().filter(move |(id, _)| used(*id)).map(|(_, object)| object)
}

fn objects_trait(program: &Program) -> TokenStream {
    let types = served_objects(program).map(|object| {
        let name = verbatim(&object.name);
        let docs = docs(&object.docs, None, &object.name);
        quote!(#docs type #name;)
    });
    quote! {
        /// What a server keeps for each kind of open object.
        pub trait Objects {
            #(#types)*
        }
    }
}

/// The name of an object's state structure.
pub(super) fn state_name(object: &Object) -> proc_macro2::Ident {
    format_ident!("{}State", object.name)
}

/// A state in Rust, owned.
fn state_type(cx: &Context<'_>, state: &State) -> TokenStream {
    let ty = cx.rust(&state.ty, &quote!('static));
    let ty = if state.list { quote!(Vec<#ty>) } else { ty };
    if state.optional { quote!(Option<#ty>) } else { ty }
}

fn state_struct(cx: &Context<'_>, object: &Object) -> TokenStream {
    let name = state_name(object);
    let text = format!("State of a {} that operations set and others read.", object.name);
    let fields = object.state.iter().map(|state| {
        let (docs, field, ty) =
            (docs(&state.docs, None, &format!("{}.", state.name)), snake(&state.name), state_type(cx, state));
        quote!(#docs pub #field: #ty)
    });
    if object.state.iter().all(|state| state.initial.is_none()) {
        return quote! {
            #[doc = #text]
            #[derive(Clone, Debug, Default, PartialEq)]
            pub struct #name { #(#fields),* }
        };
    }
    let initial = object.state.iter().map(|state| {
        let field = snake(&state.name);
        match &state.initial {
            Some(value) => {
                let value = crate::emit::values::const_value(cx, &state.ty, value);
                quote!(#field: #value)
            }
            None => quote!(#field: Default::default()),
        }
    });
    quote! {
        #[doc = #text]
        #[derive(Clone, Debug, PartialEq)]
        pub struct #name { #(#fields),* }

        impl Default for #name {
            fn default() -> Self {
                Self { #(#initial),* }
            }
        }
    }
}

fn server_object(cx: &Context<'_>) -> Vec<TokenStream> {
    let variants = served_objects(cx.program).map(|object| {
        let name = verbatim(&object.name);
        let docs = docs(&object.docs, None, &object.name);
        if object.state.is_empty() {
            quote!(#docs #name(H::#name))
        } else {
            let state = state_name(object);
            quote!(#docs #name(H::#name, #state))
        }
    });
    let kinds = served_objects(cx.program).map(|object| {
        let (name, text) = (verbatim(&object.name), &object.name);
        quote!(Self::#name(..) => #text,)
    });
    let empty = served_objects(cx.program).next().is_none();
    let never = empty.then(|| quote!(Self::Never(never, _) => match *never {},));
    let never_variant = empty.then(|| {
        quote! {
            /// Never made: no operation has an object.
            #[doc(hidden)]
            Never(std::convert::Infallible, std::marker::PhantomData<H>),
        }
    });
    vec![
        quote! {
            /// An open object with its declared state.
            #[derive(Debug)]
            pub enum ServerObject<H: Objects + ?Sized> {
                #(#variants,)*
                #never_variant
            }
        },
        quote! {
            impl<H: Objects + ?Sized> ServerObject<H> {
                /// The kind of object.
                #[must_use]
                pub fn kind(&self) -> &'static str {
                    match self { #(#kinds)* #never }
                }
            }
        },
    ]
}

/// Sets of objects that some input handle may name, in the order of the descriptions.
fn choices(program: &Program) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = Vec::new();
    for rop in program.rops.iter().filter(|rop| rop.unserved.is_none()) {
        for handle in rop.inputs.iter().filter(|handle| handle.objects.len() > 1) {
            if !found.contains(&handle.objects) {
                found.push(handle.objects.clone());
            }
        }
    }
    found
}

/// `LogonOrFolder`
pub(in crate::emit) fn choice_name(program: &Program, objects: &[usize]) -> proc_macro2::Ident {
    let names: Vec<&str> = objects.iter().filter_map(|&o| program.objects.get(o)).map(|o| o.name.as_str()).collect();
    format_ident!("{}", names.join("Or"))
}

fn choice_enum(program: &Program, choice: &[usize]) -> TokenStream {
    let name = choice_name(program, choice);
    let objects: Vec<&Object> = choice.iter().filter_map(|&o| program.objects.get(o)).collect();
    let text = format!(
        "An open object that is a {}.",
        objects.iter().map(|o| o.name.as_str()).collect::<Vec<_>>().join(" or a ")
    );
    let variants = objects.iter().map(|object| {
        let name = verbatim(&object.name);
        let docs = docs(&object.docs, None, &object.name);
        quote!(#docs #name(&'o mut H::#name))
    });
    quote! {
        #[doc = #text]
        #[derive(Debug)]
        pub enum #name<'o, H: Objects + ?Sized> { #(#variants),* }
    }
}

/// How a handler takes the object of a handle: type of the argument, and that of its state.
pub(super) fn argument(program: &Program, handle: &Handle) -> (TokenStream, Option<proc_macro2::Ident>) {
    match handle.objects.as_slice() {
        [] => (quote!(&mut ServerObject<Self>), None),
        [one] => {
            let Some(object) = program.objects.get(*one) else { return (quote!(()), None) };
            let name = verbatim(&object.name);
            (quote!(&mut Self::#name), (!object.state.is_empty()).then(|| state_name(object)))
        }
        many => {
            let name = choice_name(program, many);
            (quote!(#name<'_, Self>), None)
        }
    }
}
