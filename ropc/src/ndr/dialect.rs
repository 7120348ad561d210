//! What the PIDL dialect adds to NDR: data that deviates from the rules around it, data inside data,
//! texts and blobs of other shapes, computed values.

use super::model::{Expr, Type};

/// How data deviates from what is around it: `flag(..)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// Most significant byte first, or last.
    pub big_endian: Option<bool>,
    /// No gaps.
    pub unaligned: bool,
    /// Blobs are padding, relative pointers lead to this alignment.
    pub padded: Option<u8>,
    /// Blobs and texts run to the end.
    pub remaining: bool,
    /// What relative pointers lead to is packed from the end of the part backwards, or not.
    pub reversed: Option<bool>,
}

impl Format {
    /// Nothing deviates.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// What `flag(..)` says of texts, until it is known that there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "flags of the dialect, one each")]
pub struct TextFlags {
    /// 8-bit characters.
    pub narrow: bool,
    /// A terminator ends it.
    pub nul: bool,
    /// It has no terminator.
    pub noterm: bool,
    /// Its size in 16 bits stands before it.
    pub size2: bool,
    /// Its size in 32 bits stands before it.
    pub size4: bool,
    /// Offset and length stand before it.
    pub len4: bool,
    /// Its size is in bytes.
    pub bytes: bool,
    /// Its terminator is not counted.
    pub uncounted: bool,
}

/// A text or a list of texts outside NDR's own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flat {
    /// Its shape.
    pub flags: TextFlags,
    /// Texts up to an empty one.
    pub list: bool,
}

/// Data inside data: `subcontext(..)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sub {
    /// What stands before it.
    pub header: Header,
    /// Its size, where the description says it.
    pub size: Option<Expr>,
    /// What it is.
    pub inner: Box<Type>,
}

/// What stands before data inside data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Nothing.
    None,
    /// Its size in 16 bits.
    Size2,
    /// Its size in 32 bits.
    Size4,
    /// The headers of type serialization.
    Serialized,
}

/// What a field is written as, whatever its Rust value: `value(..)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number; where it is constant, the field has no Rust value.
    Number(Expr),
    /// Characters.
    Text(String),
}

impl Value {
    /// The field can hold nothing else.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Number(Expr::Const(_)) | Self::Text(_))
    }
}

/// A field that has no Rust value and no bytes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// `skip`: it is not on the wire.
    Skipped,
    /// `ignore`: a pointer that is not followed.
    Pointer,
}

/// Functions that expressions call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Characters of a text, elements of an array.
    Length,
    /// With the terminator.
    LengthTerminated,
    /// With the terminator, 0 for an empty text.
    LengthTerminatedOrNone,
    /// Bytes that it takes when it is packed.
    Size,
}

/// The function of this name; `true`: its last argument is of no interest.
#[must_use]
pub fn function(name: &str) -> Option<Function> {
    Some(match name {
        "strlen_m" | "strlen" | "ndr_charset_length" | "ndr_size_string" | "talloc_get_size" => Function::Length,
        "strlen_m_term" => Function::LengthTerminated,
        "strlen_m_term_null" => Function::LengthTerminatedOrNone,
        _ if name.starts_with("ndr_size_") => Function::Size,
        _ => return None,
    })
}
