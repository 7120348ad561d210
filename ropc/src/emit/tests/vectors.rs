//! Tests of vectors: decode, compare what is named, pack again.

use proc_macro2::TokenStream;
use quote::quote;

use super::expected::{self, Place, Vectors};
use crate::ast::{Expected, Vector};
use crate::emit::context::hex;
use crate::emit::names::snake;
use crate::emit::operations::{failure_body, request_struct};
use crate::model::{Request, Rop, StructDef};

/// Before the structure.
enum Header {
    None,
    /// The RopId.
    RopId(u8),
    /// RopId, handle index, ReturnValue.
    Reply(u8, u32),
}

/// Vectors of a structure.
pub(super) fn of_struct(v: &Vectors<'_, '_>, name: &str, module: usize, def: &StructDef) -> Vec<TokenStream> {
    let mut tests = Vec::new();
    for (index, vector) in def.vectors.iter().enumerate() {
        let title = format!("{name}Vector_{}", index + 1);
        tests.extend(test(v, &title, vector, &Header::None, (name, module, Some(def))));
    }
    tests
}

/// Vectors of a ROP: whole requests and replies, from the RopId on.
pub(super) fn of_rop(v: &Vectors<'_, '_>, rop: &Rop) -> Vec<TokenStream> {
    let request = request_struct(rop);
    let (request_name, response_name) = (format!("{}Request", rop.name), format!("{}Response", rop.name));
    let mut tests = Vec::new();
    for (index, vector) in rop.vectors.iter().enumerate() {
        let target = vector.target.as_ref().map_or("", |target| target.text.as_str());
        let title = format!("{}{}Vector_{}", rop.name, title(target), index + 1);
        let code = return_value(&vector.bytes.text);
        let on = rop.on.iter().find(|(codes, _)| codes.iter().any(|(_, value)| Some(*value) == code.map(u64::from)));
        let failure = on.map_or_else(|| format!("{}Other", rop.name), |(codes, _)| failure_body(rop, codes));
        let (header, body) = match (target, code) {
            ("request", _) => (Header::RopId(rop.id), (request_name.as_str(), Some(&request))),
            ("success", _) | ("reply", Some(0)) if rop.unsolicited.is_none() => {
                (Header::Reply(rop.reply_id.unwrap_or(rop.id), 0), (response_name.as_str(), rop.success.as_ref()))
            }
            (_, Some(code)) if rop.unsolicited.is_none() => (
                Header::Reply(rop.reply_id.unwrap_or(rop.id), code),
                (failure.as_str(), on.map(|(_, body)| body).or(rop.other.as_ref())),
            ),
            _ => (Header::RopId(rop.id), (response_name.as_str(), rop.unsolicited.as_ref())),
        };
        tests.extend(test(v, &title, vector, &header, (body.0, rop.module, body.1)));
    }
    tests
}

/// Vectors of a request of a family.
pub(super) fn of_request(v: &Vectors<'_, '_>, request: &Request) -> Vec<TokenStream> {
    let mut tests = Vec::new();
    for (index, vector) in request.vectors.iter().enumerate() {
        let target = vector.target.as_ref().map_or("", |target| target.text.as_str());
        let success = target == "success" || (target == "reply" && starts_with_zero(&vector.bytes.text));
        let (what, def) = match target {
            "request" => ("Request", Some(&request.request)),
            _ if success => ("Response", Some(&request.success)),
            _ => ("Failure", request.failure.as_ref()),
        };
        let title = format!("{}{}Vector_{}", request.name, title(target), index + 1);
        let name = format!("{}{what}", request.name);
        tests.extend(test(v, &title, vector, &Header::None, (&name, request.module, def)));
    }
    tests
}

fn title(target: &str) -> String {
    let mut chars = target.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

fn return_value(text: &str) -> Option<u32> {
    let bytes = expected::bytes(text)?;
    Some(u32::from_le_bytes(bytes.get(2..6)?.try_into().ok()?))
}

fn starts_with_zero(text: &str) -> bool {
    expected::bytes(text).and_then(|bytes| Some(bytes.get(..4)?.iter().all(|byte| *byte == 0))) == Some(true)
}

/// The arguments that the structure takes, each preceded by a comma; `None` when one is missing or wrong.
fn context(v: &Vectors<'_, '_>, name: &str, vector: &Vector, def: Option<&StructDef>) -> Option<TokenStream> {
    let params = def.map_or(&[][..], |def| &def.params);
    for (given, _) in &vector.context {
        if !params.iter().any(|param| param.name == given.text) {
            let message = format!("`{name}` does not depend on `{}`", given.text);
            v.report("R0603", message, &given.span, "no such parameter");
            return None;
        }
    }
    let mut args = TokenStream::new();
    for param in params {
        let given = vector.context.iter().find(|(given, _)| given.text == param.name);
        if param.optional && given.is_none() {
            args.extend(quote!(, None));
            continue;
        }
        let Some((_, value)) = given else {
            let message = format!("`{name}` cannot be decoded without `{}`", param.name);
            v.report("R0604", message, &vector.span, "say it: `with { .. }` after the bytes");
            return None;
        };
        let Some(argument) = expected::argument(v.cx, param, value) else {
            v.wrong(&param.name, value);
            return None;
        };
        args.extend(if param.optional { quote!(, Some(#argument)) } else { quote!(, #argument) });
    }
    Some(args)
}

fn test(
    v: &Vectors<'_, '_>,
    title: &str,
    vector: &Vector,
    header: &Header,
    (name, module, def): (&str, usize, Option<&StructDef>),
) -> Option<TokenStream> {
    let cx = v.cx;
    if expected::bytes(&vector.bytes.text).is_none() {
        v.report("R0601", "bytes that are not hexadecimal".to_owned(), &vector.bytes.span, "two digits a byte");
        return None;
    }
    let args = context(v, name, vector, def)?;
    let function = snake(title);
    cx.import("generated_tests::vectors::hex");
    cx.import("generated_tests::vectors::Header");
    let text = &vector.bytes.text;
    let (check, size) = match header {
        Header::None => (quote!(), quote!(Header::None)),
        Header::RopId(id) => {
            let id = hex(u64::from(*id), 1);
            (quote!(assert_eq!(bytes[0], #id, "RopId");), quote!(Header::RopId))
        }
        Header::Reply(id, code) => {
            let (id, code) = (hex(u64::from(*id), 1), hex(u64::from(*code), 4));
            cx.import("generated_tests::vectors::check_reply_header");
            (quote!(check_reply_header(&bytes, #id, #code);), quote!(Header::Reply))
        }
    };
    let body = match (def, &vector.expected) {
        (None, _) => quote!(assert_eq!(bytes.len(), #size.size(), "no body");),
        (Some(_), Some(Expected::Error(text))) if v.exact => {
            let (kind, offset) = text.text.split_once(" at ").unwrap_or_default();
            let offset: usize = offset.parse().unwrap_or_default();
            let name = cx.name_in(module, name);
            cx.import("generated_tests::vectors::refused_as");
            let unpack = if args.is_empty() { quote!(#name::unpack) } else { quote!(|c| #name::unpack(c #args)) };
            quote!(refused_as(&bytes, #size, #unpack, (#kind, #offset));)
        }
        (Some(_), Some(Expected::Error(text))) => {
            let (name, text) = (cx.name_in(module, name), &text.text);
            cx.import("generated_tests::vectors::refused");
            let unpack = if args.is_empty() { quote!(#name::unpack) } else { quote!(|c| #name::unpack(c #args)) };
            quote! {
                let error = refused(&bytes, #size, #unpack);
                assert!(error.contains(#text), "{error}");
            }
        }
        (Some(def), expected) => {
            let ty = cx.name_in(module, name);
            let place = Place { tokens: quote!(value), reference: false };
            let checks = match expected {
                Some(Expected::Value(value)) => expected::assertions(v, name, module, def, &place, value),
                _ => quote!(),
            };
            let call = if args.is_empty() {
                cx.import("generated_tests::decoded");
                quote!(decoded!(bytes, #size, #ty))
            } else {
                cx.import("generated_tests::vectors::decoded");
                quote!(decoded(&bytes, #size, |c| #ty::unpack(c #args), |value, e| value.pack(e #args)))
            };
            if checks.is_empty() { quote!(#call;) } else { quote!(let value = #call; #checks) }
        }
    };
    Some(quote! {
        #[test]
        fn #function() {
            let bytes = hex(#text);
            #check
            #body
        }
    })
}
