//! What the PIDL dialect adds, as tokens: formats, shapes of texts, data inside data, values.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::dialect::{Flat, Format, Header};
use super::super::model::Pointer;
use super::{ident, usize_literal};

/// `format.big_endian().unaligned()`
pub(super) fn format_of(format: Format) -> TokenStream {
    let mut text = quote!(format);
    match format.big_endian {
        Some(true) => text.extend(quote!(.big_endian())),
        Some(false) => text.extend(quote!(.little_endian())),
        None => {}
    }
    if format.unaligned {
        text.extend(quote!(.unaligned()));
    }
    if let Some(to) = format.padded {
        let to = usize_literal(usize::from(to));
        text.extend(quote!(.padded(#to)));
    }
    if format.remaining {
        text.extend(quote!(.remaining()));
    }
    match format.reversed {
        Some(true) => text.extend(quote!(.reversed())),
        Some(false) => text.extend(quote!(.forward())),
        None => {}
    }
    text
}

/// Statements that change the format of a cursor or encoder, and those that change it back.
pub(super) fn format_around(format: Format, on: &str) -> (TokenStream, TokenStream) {
    if format.is_empty() {
        return Default::default();
    }
    let (on, changed) = (ident(on), format_of(format));
    (quote!(let format = #on.format(); #on.set_format(#changed);), quote!(#on.set_format(format);))
}

/// The method for a text of this shape, and its shape where it takes one.
pub(super) fn flat_method(flat: Flat) -> (proc_macro2::Ident, Option<TokenStream>) {
    let flags = flat.flags;
    let width = if flags.narrow { "8" } else { "16" };
    if flat.list {
        return (ident(&format!("flat_array{width}")), None);
    }
    let counts = match (flags.size2, flags.size4, flags.len4) {
        (true, ..) => Some("Size2"),
        (_, true, true) => Some("SizeLength4"),
        (_, true, false) => Some("Size4"),
        (_, false, true) => Some("Length4"),
        _ => None,
    };
    let mut shape = match counts {
        None => quote!(runtime::ndr::FlatText::NUL),
        Some(counts) => {
            let counts = ident(counts);
            quote!(runtime::ndr::FlatText::counted(runtime::ndr::Counts::#counts))
        }
    };
    if flags.noterm {
        shape.extend(quote!(.unterminated()));
    }
    if flags.bytes {
        shape.extend(quote!(.in_bytes()));
    }
    if flags.uncounted {
        shape.extend(quote!(.uncounted()));
    }
    (ident(&format!("flat{width}")), Some(shape))
}

/// `runtime::ndr::SubHeader::Size4`
pub(super) fn header(header: Header) -> TokenStream {
    let name = ident(match header {
        Header::None => "None",
        Header::Size2 => "Size2",
        Header::Size4 => "Size4",
        Header::Serialized => "Serialized",
    });
    quote!(runtime::ndr::SubHeader::#name)
}

/// Whether a relative pointer has 16 bits.
pub(super) fn is_short(kind: Pointer) -> TokenStream {
    let short = kind == Pointer::RelativeShort;
    quote!(#short)
}
