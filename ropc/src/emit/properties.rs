//! Property tags and named properties of a module that has both: constants with tables of what names them.
//!
//! There are many, so each is one line of a macro of the runtime.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::context::{Context, hex};
use super::names::screaming;
use crate::model::{Const, ConstValue, Module, NamedId, NamedProperty, Type};

/// The items of a module that declares named properties; nothing for others.
pub(crate) fn module_items(cx: &Context<'_>) -> Vec<TokenStream> {
    match cx.program.modules.get(cx.module) {
        Some(module) if !module.properties.is_empty() => {
            tags(cx, module).into_iter().chain([named(cx, module)]).collect()
        }
        _ => Vec::new(),
    }
}

/// The constant is one of the property tags of a module with named properties.
pub(crate) fn is_tag(cx: &Context<'_>, module: &Module, constant: &Const) -> bool {
    let Type::Named(id, _) = &constant.ty else { return false };
    !module.properties.is_empty() && cx.program.ty(*id).name == "PropertyTag"
}

fn tags(cx: &Context<'_>, module: &Module) -> Option<TokenStream> {
    let mut tags: Vec<(u64, &Const)> = module
        .consts
        .iter()
        .filter(|constant| is_tag(cx, module, constant))
        .filter_map(|constant| match constant.value {
            ConstValue::Int(value) => Some((value, constant)),
            ConstValue::Guid(_) => None,
        })
        .collect();
    tags.sort_by_key(|(value, _)| *value);
    let ty = cx.rust(&tags.first()?.1.ty, &quote!('static));
    let lines = tags.iter().map(|(value, constant)| {
        let (name, canonical, value) = (screaming(&constant.name), &constant.name, hex(*value, 4));
        let docs = documentation(&constant.docs, canonical);
        quote!(#name #value #canonical #docs;)
    });
    Some(quote!(runtime::property_tags! { #ty; #(#lines)* }))
}

fn named(cx: &Context<'_>, module: &Module) -> TokenStream {
    let mut properties: Vec<&NamedProperty> = module.properties.iter().collect();
    properties.sort_by_key(|property| (property.guid, &property.id));
    let lines = properties.iter().map(|property| {
        let (name, canonical) = (screaming(&property.name), &property.name);
        let set = set(cx, &property.set);
        let (kind, id) = match &property.id {
            NamedId::Lid(lid) => ("lid", hex(u64::from(*lid), if *lid > 0xFFFF { 4 } else { 2 })),
            NamedId::Name(string) => ("string", quote!(#string)),
        };
        let (kind, ty) = (format_ident!("{kind}"), hex(u64::from(property.code), 2));
        let docs = documentation(&property.docs, canonical);
        quote!(#name #canonical #set #kind #id #ty #docs;)
    });
    quote!(runtime::named_properties! { #(#lines)* })
}

/// The constant of a property set, imported from where it is declared.
fn set(cx: &Context<'_>, name: &str) -> proc_macro2::Ident {
    let declares = |module: &&Module| module.consts.iter().any(|c| c.name == name);
    let ident = screaming(name);
    if let Some(module) = cx.program.modules.iter().find(declares)
        && cx.program.modules.get(cx.module).is_none_or(|here| here.name != module.name)
    {
        cx.import(format!("crate::{}::{ident}", module.name));
    }
    ident
}

fn documentation(lines: &[String], name: &str) -> Literal {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    let text = lines.join("\n");
    Literal::string(&if text.is_empty() { format!("`{name}`") } else { text })
}
