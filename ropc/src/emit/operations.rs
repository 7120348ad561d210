//! The bodies of ROPs and requests: one structure each.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::context::{Context, docs};
use super::structs::structure;
use crate::model::{Field, IntKind, Layout, Member, Request, Rop, StructDef, Type};

/// The operations of a module.
pub(crate) fn module_items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = Vec::new();
    for rop in cx.program.rops.iter().filter(|rop| rop.module == cx.module) {
        items.extend(rop_items(cx, rop));
    }
    for request in cx.program.requests.iter().filter(|request| request.module == cx.module) {
        items.extend(request_items(cx, request));
    }
    items
}

fn byte(name: &str, text: &str) -> Member {
    Member::Field(Field::plain(name, vec![text.to_owned()], Type::Int(IntKind { size: 1, signed: false })))
}

/// The request of a ROP with its header, without the RopId.
pub(crate) fn request_struct(rop: &Rop) -> StructDef {
    let mut body = vec![byte("LogonId", "The logon that the operation is for.")];
    for index in &rop.header {
        body.push(byte(index, "Index into the server object handle table."));
    }
    let header = body.len() as u64;
    body.extend(rop.request.body.iter().cloned());
    let layout = Layout { min_size: rop.request.layout.min_size + header, ..rop.request.layout };
    StructDef { body, layout, is_enum: false, ..rop.request.clone() }
}

fn rop_items(cx: &Context<'_>, rop: &Rop) -> Vec<TokenStream> {
    let mut items = Vec::new();
    if rop.unsolicited.is_none() {
        let name = format!("{}Request", rop.name);
        items.extend(structure(cx, &name, &docs(&rop.docs, rop.spec.as_deref(), &rop.name), &request_struct(rop)));
    }
    let name = format!("{}Response", rop.name);
    let text = format!("What follows the header of a successful reply to [`{}Request`].", rop.name);
    if let Some(success) = &rop.success {
        items.extend(structure(cx, &name, &docs(&[], rop.spec.as_deref(), &text), success));
    }
    if let Some(body) = &rop.unsolicited {
        items.extend(structure(cx, &name, &docs(&rop.docs, rop.spec.as_deref(), &rop.name), body));
    }
    for (codes, body) in &rop.on {
        let name = failure_body(rop, codes);
        let text = format!("What follows the header of a reply with {}.", code_names(codes));
        items.extend(structure(cx, &name, &docs(&[], rop.spec.as_deref(), &text), body));
    }
    if let Some(body) = &rop.other {
        let name = format!("{}Other", rop.name);
        let text = "What follows the header of a reply with any other return value.".to_owned();
        let mut other = structure(cx, &name, &docs(&[], rop.spec.as_deref(), &text), body);
        if let Some(first) = other.first_mut() {
            // A reply that fails before a handler runs has all of it empty.
            *first = quote!(#[derive(Default)] #first);
        }
        items.extend(other);
    }
    if rop.has_failure_bodies() {
        items.push(failure_enum(cx, rop));
    }
    items
}

/// The structure of the body for some return values.
pub(crate) fn failure_body(rop: &Rop, codes: &[(String, u64)]) -> String {
    let first = codes.first().map(|(name, _)| name.trim_start_matches("ec")).unwrap_or_default();
    format!("{}{first}", rop.name)
}

fn code_names(codes: &[(String, u64)]) -> String {
    codes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" or ")
}

/// How a ROP can fail when some return values have a body.
fn failure_enum(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let name = format_ident!("{}Failure", rop.name);
    let error_code = cx.error_code();
    let (generics, anonymous) = if rop.failure_borrows() { (quote!(<'a>), quote!(<'_>)) } else { (quote!(), quote!()) };
    let variants = rop.on.iter().map(|(codes, body)| {
        let inner = format_ident!("{}", failure_body(rop, codes));
        let variant = format_ident!("{}", failure_body(rop, codes).trim_start_matches(rop.name.as_str()));
        let docs = docs(&[], None, &format!("{}.", code_names(codes)));
        let generics = body.layout.lifetime.then(|| quote!(<'a>));
        quote!(#docs #variant(#inner #generics))
    });
    let float = rop.on.iter().map(|(_, body)| body).chain(&rop.other).any(|body| body.layout.float);
    let eq = (!float).then(|| quote!(, Eq));
    let text = format!("How {} fails: some return values carry a body.", rop.name);
    let docs = docs(&[], rop.spec.as_deref(), &text);
    let (plain, from) = match &rop.other {
        None => (
            quote!(
                /// A return value alone.
                Code(#error_code)
            ),
            quote!(Self::Code(code)),
        ),
        Some(body) => {
            let inner = format_ident!("{}Other", rop.name);
            let generics = body.layout.lifetime.then(|| quote!(<'a>));
            (
                quote!(
                    /// Any other return value.
                    Other {
                        /// The return value.
                        code: #error_code,
                        /// What follows it.
                        body: #inner #generics,
                    }
                ),
                if super::body::rust_fields(&body.body).is_empty() {
                    quote!(Self::Other { code, body: #inner })
                } else {
                    quote!(Self::Other { code, body: #inner::default() })
                },
            )
        }
    };
    quote! {
        #docs
        #[derive(Clone, Debug, PartialEq #eq)]
        pub enum #name #generics {
            #(#variants,)*
            #plain
        }

        impl From<#error_code> for #name #anonymous {
            fn from(code: #error_code) -> Self {
                #from
            }
        }
    }
}

fn request_items(cx: &Context<'_>, request: &Request) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let doc = |text: &str| docs(&[text.to_owned()], request.spec.as_deref(), text);
    let name = &request.name;
    items.extend(structure(
        cx,
        &format!("{name}Request"),
        &docs(&request.docs, request.spec.as_deref(), name),
        &request.request,
    ));
    let text = format!("The answer to [`{name}Request`] when it succeeds.");
    items.extend(structure(cx, &format!("{name}Response"), &doc(&text), &request.success));
    if let Some(failure) = &request.failure {
        let text = format!("The answer to [`{name}Request`] when it fails.");
        items.extend(structure(cx, &format!("{name}Failure"), &doc(&text), failure));
    }
    let key = &request.key;
    let constant = super::names::screaming(&format!("{name}RequestType"));
    let text = format!("The request type of [`{name}Request`].");
    let docs = docs(&[], None, &text);
    items.push(quote!(#docs pub const #constant: &str = #key;));
    items
}
