//! Names of the descriptions as Rust names.

use std::borrow::Cow;

use proc_macro2::{Ident, Span};
use quote::format_ident;

const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for", "gen",
    "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct",
    "trait", "true", "type", "unsafe", "use", "where", "while", "abstract", "become", "box", "do", "final", "macro",
    "override", "priv", "try", "typeof", "unsized", "virtual", "yield",
];

/// `PropertyTagCount` to `property_tag_count`.
pub(crate) fn snake_text(name: &str) -> String {
    let mut chars = name.chars().peekable();
    let mut before: Option<char> = None;
    let mut out = String::with_capacity(name.len() + 8);
    while let Some(c) = chars.next() {
        if c.is_ascii_uppercase()
            && let Some(b) = before
            && b != '_'
            && (b.is_ascii_lowercase()
                || b.is_ascii_digit()
                || (b.is_ascii_uppercase() && chars.peek().is_some_and(char::is_ascii_lowercase)))
        {
            out.push('_');
        }
        before = Some(c);
        // Rust knows no two of them in a row.
        if c != '_' || !out.ends_with('_') {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}

/// A field or method name. Generated code calls cursor, encoder and choices by one letter each.
pub(crate) fn snake(name: &str) -> Ident {
    match snake_text(name).as_str() {
        short @ ("c" | "e" | "g") => format_ident!("{short}_"),
        text => raw(text),
    }
}

/// A field's name as [`super::context::words`] has it.
pub(crate) fn word(name: &str) -> String {
    snake(name).to_string().trim_start_matches("r#").to_owned()
}

/// A constant: `PtypInteger32` to `PTYP_INTEGER32`.
pub(crate) fn screaming(name: &str) -> Ident {
    Ident::new(&screaming_text(name), Span::call_site())
}

/// The text of it.
pub(crate) fn screaming_text(name: &str) -> String {
    let mut text = snake_text(name);
    text.make_ascii_uppercase();
    text
}

/// A type or variant, spelled as it is; `RPC_HEADER_EXT` to `RpcHeaderExt`, `some_struct` to `SomeStruct`.
pub(crate) fn verbatim(name: &str) -> Ident {
    raw(&camel(name))
}

/// The text of it.
pub(crate) fn verbatim_text(name: &str) -> String {
    let name = camel(name);
    if is_keyword(&name) { raw(&name).to_string() } else { name.into_owned() }
}

fn camel(name: &str) -> Cow<'_, str> {
    let name = name.trim_start_matches("r#");
    let mixed = name.chars().any(|c| c.is_ascii_lowercase());
    if !name.contains('_') && !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Cow::Borrowed(name);
    }
    let words = name.split('_').map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase()).into_iter();
        first.chain(chars.map(|c| if mixed { c } else { c.to_ascii_lowercase() })).collect::<String>()
    });
    Cow::Owned(words.collect())
}

/// A name that is Rust's already, as in an import.
pub(crate) fn as_written(name: &str) -> Ident {
    raw(name)
}

/// Rust has the word for itself.
pub(crate) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name) || matches!(name, "self" | "Self" | "super" | "crate")
}

fn raw(name: &str) -> Ident {
    match name {
        "self" | "Self" | "super" | "crate" => format_ident!("{name}_"),
        _ if name.starts_with("r#") => raw(name.trim_start_matches("r#")),
        _ if KEYWORDS.contains(&name) => Ident::new_raw(name, Span::call_site()),
        _ => Ident::new(name, Span::call_site()),
    }
}

#[cfg(test)]
mod tests {
    use super::snake_text;

    #[test]
    fn spells_names_as_rust_does() {
        for (name, expected) in [
            ("PropertyTagCount", "property_tag_count"),
            ("X500DN", "x500_dn"),
            ("PropTag1", "prop_tag1"),
            ("RTFInSync", "rtf_in_sync"),
            ("GUID", "guid"),
            ("ecNotFound", "ec_not_found"),
            ("already_snake", "already_snake"),
            ("Two__Lines", "two_lines"),
        ] {
            assert_eq!(snake_text(name), expected);
        }
    }
}
