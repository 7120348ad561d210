//! Handler traits, one a specification. No method has a default: what is missing, the compiler says.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::objects::argument;
use super::replies::{failure_type, response_type};
use super::requests::request_type;
use crate::emit::context::{Context, docs};
use crate::emit::names::{snake, snake_text, verbatim};
use crate::model::{Field, Member, Rop, Type};

/// ROPs that a handler serves.
pub(super) fn served<'p>(cx: &Context<'p>) -> impl Iterator<Item = &'p Rop> {
    cx.program.rops.iter().filter(|rop| rop.success.is_some() && rop.unserved.is_none() && !rop.releases)
}

/// `OxcfoldHandler`
fn trait_name(module: &str) -> proc_macro2::Ident {
    let mut chars = module.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase()).into_iter();
    format_ident!("{}Handler", first.chain(chars).collect::<String>())
}

/// The field whose elements the engine packs until the reply is full.
pub(super) fn fill_field(rop: &Rop) -> Option<&Field> {
    rop.success.as_ref()?.body.iter().find_map(|member| match member {
        Member::Field(field) if field.fill => Some(field),
        _ => None,
    })
}

pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut names = Vec::new();
    for (index, module) in cx.program.modules.iter().enumerate() {
        let rops: Vec<&Rop> = served(cx).filter(|rop| rop.module == index).collect();
        if rops.is_empty() {
            continue;
        }
        let name = trait_name(&module.name);
        let text = format!("Handlers of {}.", module.spec.as_deref().unwrap_or(&module.name));
        let methods = rops.iter().map(|rop| method(cx, rop));
        items.push(quote! {
            #[doc = #text]
            pub trait #name: Objects { #(#methods)* }
        });
        names.push(name);
    }
    if names.is_empty() {
        names.push(format_ident!("Objects"));
    }
    items.push(quote! {
        /// Handlers of all operations that are served.
        pub trait Handlers: #(#names)+* {}
    });
    items.push(quote!(impl<H: #(#names)+* + ?Sized> Handlers for H {}));
    items
}

fn method(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    cx.import("runtime::rop::RopContext");
    let name = snake(&rop.name);
    let docs = docs(&rop.docs, rop.spec.as_deref(), &rop.name);
    let request = request_type(cx, rop, &quote!('_));
    let objects = rop.inputs.iter().enumerate().map(|(number, handle)| {
        let (ty, state) = argument(cx.program, handle);
        // The object of a second handle is that of the first where both are the same.
        let ty = if number == 0 { ty } else { quote!(Option<#ty>) };
        let arg = snake(&handle.name);
        let state = state.map(|state| {
            let arg = format_ident!("{}_state", snake_text(&handle.name));
            quote!(, #arg: &#state)
        });
        quote!(, #arg: #ty #state)
    });
    let fill = fill_field(rop).map(|field| {
        cx.import("runtime::rop::Fill");
        let arg = snake(&field.name);
        let ty = match &field.ty {
            Type::Array(element, _) => cx.rust(element, &quote!('static)),
            ty => cx.rust(ty, &quote!('static)),
        };
        quote!(, #arg: Fill<#ty>)
    });
    let body = response_type(cx, rop, &quote!('static));
    let failure = failure_type(cx, rop, &quote!('static));
    let output = match &rop.output {
        Some(handle) => match handle.objects.first().and_then(|&o| cx.program.objects.get(o)) {
            Some(object) => {
                let object = verbatim(&object.name);
                quote!((#body, Self::#object))
            }
            None => body,
        },
        None => body,
    };
    quote! {
        #docs
        ///
        /// # Errors
        /// The return value of the reply.
        fn #name(&mut self, context: RopContext #(#objects)*, request: &#request #fill) -> Result<#output, #failure>;
    }
}
