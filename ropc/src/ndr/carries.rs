//! `carries(T)`: byte arrays of operations that hold a structure of `encoding(mapi)`.
//!
//! The field stays bytes, whose length is the count of NDR. Methods of request and response read and make it: what is
//! wrong inside is the operation's own error (MS-OXCRPC 3.1.4.2, Return Values), not a fault of the call.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::emit::ident;
use super::model::{Carried, Interface, Param};
use super::names;
use crate::ast::Ident;
use crate::diagnostic::Diagnostic;
use crate::emit::names::verbatim;
use crate::model::{Program, TypeKind};

/// Finds the structures that fields carry, or reports that nothing has such a name.
pub fn resolve(program: &Program, model: &mut Interface, diagnostics: &mut Vec<Diagnostic>) {
    let mut found = Vec::new();
    for operation in &model.operations {
        for Param { field, input, output, carries } in &operation.params {
            let Some(structure) = carries else { continue };
            let Some(carried) = structure_of(program, structure, diagnostics) else { continue };
            for (sent, what) in [(input, "Request"), (output, "Response")] {
                if *sent {
                    found.push(Carried {
                        message: format!("{}{what}", names::type_name(&operation.name)),
                        name: field.name.clone(),
                        rust: field.rust.clone(),
                        ..carried.clone()
                    });
                }
            }
        }
    }
    model.carried = found;
}

fn structure_of(program: &Program, name: &Ident, diagnostics: &mut Vec<Diagnostic>) -> Option<Carried> {
    let (code, message, label) = match program.types.iter().find(|def| def.name == name.text) {
        Some(def) => match &def.kind {
            TypeKind::Struct(body) if body.params.is_empty() => {
                return Some(Carried {
                    module: program.modules.get(def.module)?.name.clone(),
                    structure: verbatim(&def.name).to_string(),
                    borrowed: body.layout.lifetime,
                    transforms: body.layout.transforms,
                    ..Carried::default()
                });
            }
            TypeKind::Struct(_) => {
                ("R0720", format!("`{}` takes arguments", def.name), "nothing in the call says which")
            }
            _ => ("R0720", format!("`{}` is no structure", def.name), "expected a structure of encoding(mapi)"),
        },
        None => (
            "R0704",
            format!("no structure `{}`", name.text),
            "expected one of an imported interface of encoding(mapi)",
        ),
    };
    diagnostics.push(Diagnostic::error(code, message, name.span.clone(), label));
    None
}

/// The methods of a message for a field of it.
pub(super) fn methods(carried: &Carried) -> TokenStream {
    let Carried { message, name, rust, module, structure, borrowed, transforms } = carried;
    let (message, field) = (ident(message), ident(rust));
    let plain = rust.trim_start_matches("r#");
    let (unpack, pack) = (format_ident!("unpack_{plain}"), format_ident!("pack_{plain}"));
    let unpack_docs = format!(" The [`{structure}`](crate::{module}::{structure}) that {name} carries.");
    let pack_docs = format!(" {name} that carries this value.");
    let (module, structure) = (ident(module), ident(structure));
    let path = quote!(crate::#module::#structure);
    let lifetime = borrowed.then(|| quote!(<'_>));
    // Its extents may be compressed.
    let (param, room, room_docs) = if *transforms {
        let docs = " `plain_room` is the most bytes that all payloads together may have when they are decompressed.";
        (quote!(, plain_room: usize), quote!(Some(plain_room)), quote!(#[doc = #docs] #[doc = ""]))
    } else {
        (quote!(), quote!(None), quote!())
    };
    quote! {
        impl #message<'_> {
            #[doc = #unpack_docs]
            #[doc = ""]
            #room_docs
            #[doc = " # Errors"]
            #[doc = " When its bytes are no such structure; offsets count from the first of them."]
            pub fn #unpack(&self #param) -> Result<#path #lifetime, UnpackError> {
                runtime::ndr::carried(#name, &self.#field, #room, #path::unpack)
            }

            #[doc = #pack_docs]
            #[doc = ""]
            #[doc = " # Errors"]
            #[doc = " When its fields contradict each other; the error names the field."]
            pub fn #pack(value: &#path #lifetime) -> Result<Blob<'static>, PackError> {
                runtime::ndr::carry(#name, |e| value.pack(e))
            }
        }
    }
}
