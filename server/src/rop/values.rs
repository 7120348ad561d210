//! Values between the form they are stored in and the form a client asks for.

use std::borrow::Cow;

use protocol::oxcdata::{ErrorCode, PropertyTag, PropertyType, PropertyValue};
use runtime::{String8, Utf16};

use crate::store::value::{MULTIVALUE, size_of};
use crate::store::{LARGE_VALUE, StoredValue};

/// A value, or the error that stands in its place.
pub(super) type Cell = Result<PropertyValue<'static>, ErrorCode>;

/// The most bytes of a value in a table row, terminator included (MS-OXCTABL 2.2.2.5.2).
pub(super) const ROW_LIMIT: usize = 510;

/// The string type that is asked for where the tag leaves the type open, and the code page of 8-bit strings.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextForm {
    pub(super) unicode: bool,
    pub(super) code_page: u16,
}

impl TextForm {
    /// The type in which a value of type `stored` is given to one who asks for `asked`.
    fn string_type(self, asked: PropertyType, stored: PropertyType) -> PropertyType {
        if asked != PropertyType::PTYP_UNSPECIFIED {
            return asked;
        }
        let many = PropertyType(stored.0 & MULTIVALUE);
        let single = if self.unicode { PropertyType::PTYP_STRING } else { PropertyType::PTYP_STRING8 };
        PropertyType(single.0 | many.0)
    }
}

/// The text before its first zero, which would end it on the wire.
fn up_to_zero(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// UTF-16 text without a zero inside.
fn utf16(text: Utf16<'static>) -> Utf16<'static> {
    if text.units().any(|unit| unit == 0) {
        let units: Vec<u16> = text.units().take_while(|unit| *unit != 0).collect();
        return Utf16::from_units(&units);
    }
    text
}

/// 8-bit text without a zero inside.
fn string8(text: String8<'static>) -> String8<'static> {
    match text.as_bytes().iter().position(|byte| *byte == 0) {
        Some(zero) => String8::new(text.as_bytes().get(..zero).unwrap_or_default().to_vec()),
        None => text,
    }
}

/// 8-bit text as UTF-16.
pub(super) fn widen(text: &String8<'_>, code_page: u16) -> Utf16<'static> {
    Utf16::new(up_to_zero(&text.decode(code_page)).to_owned())
}

/// UTF-16 text as 8-bit text; what the code page cannot say becomes a question mark.
pub(super) fn narrow(text: &Utf16<'_>, code_page: u16) -> String8<'static> {
    String8::encode(up_to_zero(&text.to_text()), code_page)
}

/// A value in the type that is asked for; strings are converted, other types have to be the same.
///
/// # Errors
/// ecNotFound for a value of another type.
pub(super) fn convert(value: PropertyValue<'static>, asked: PropertyType, form: TextForm) -> Cell {
    use PropertyValue as V;
    let target = form.string_type(asked, value.property_type());
    let code_page = form.code_page;
    let converted = match (value, target) {
        (V::PtypString8(text), PropertyType::PTYP_STRING) => V::PtypString(widen(&text, code_page)),
        (V::PtypString(text), PropertyType::PTYP_STRING8) => V::PtypString8(narrow(&text, code_page)),
        (V::PtypString8(text), _) => V::PtypString8(string8(text)),
        (V::PtypString(text), _) => V::PtypString(utf16(text)),
        (V::PtypMultipleString8(list), PropertyType::PTYP_MULTIPLE_STRING) => {
            V::PtypMultipleString(list.iter().map(|text| widen(text, code_page)).collect())
        }
        (V::PtypMultipleString(list), PropertyType::PTYP_MULTIPLE_STRING8) => {
            V::PtypMultipleString8(list.iter().map(|text| narrow(text, code_page)).collect())
        }
        (V::PtypMultipleString8(list), _) => V::PtypMultipleString8(list.into_iter().map(string8).collect()),
        (V::PtypMultipleString(list), _) => V::PtypMultipleString(list.into_iter().map(utf16).collect()),
        (value, _) => value,
    };
    if asked == PropertyType::PTYP_UNSPECIFIED || converted.property_type() == asked {
        Ok(converted)
    } else {
        Err(ErrorCode::EC_NOT_FOUND)
    }
}

/// A property as RopGetPropertiesSpecific gives it: nothing is ecNotFound, a large value ecMAPIOOM, which
/// stands for NotEnoughMemory (MS-OXCDATA 2.4.2).
pub(super) fn cell(found: Option<StoredValue>, asked: PropertyType, form: TextForm) -> Cell {
    match found {
        None => Err(ErrorCode::EC_NOT_FOUND),
        Some(StoredValue::Large { .. }) => Err(ErrorCode::EC_MAPIOOM),
        Some(StoredValue::Value(value)) => {
            let value = convert(value, asked, form)?;
            if is_sized(&value) && size_of(&value) >= LARGE_VALUE as u64 {
                Err(ErrorCode::EC_MAPIOOM)
            } else {
                Ok(value)
            }
        }
    }
}

/// Strings, binaries and lists: values that can be long.
pub(super) fn is_sized(value: &PropertyValue<'_>) -> bool {
    use PropertyValue as V;
    let list = value.property_type().0 & MULTIVALUE != 0;
    list || matches!(value, V::PtypString(_) | V::PtypString8(_) | V::PtypBinary(_))
}

/// A value as a change keeps it: 8-bit strings become UTF-16, so that one property has one form.
pub(super) fn to_stored(
    tag: PropertyTag,
    value: PropertyValue<'static>,
    code_page: u16,
) -> (PropertyTag, PropertyValue<'static>) {
    use PropertyValue as V;
    let value = match value {
        V::PtypString8(text) => V::PtypString(widen(&text, code_page)),
        V::PtypMultipleString8(list) => V::PtypMultipleString(list.iter().map(|text| widen(text, code_page)).collect()),
        other => other,
    };
    (tag.with_property_type(value.property_type()), value)
}

/// At most [`ROW_LIMIT`] bytes of a value, whole characters and whole list elements (MS-OXCTABL 2.2.2.5.2).
pub(super) fn cut_for_row(value: PropertyValue<'static>, code_page: u16) -> PropertyValue<'static> {
    use PropertyValue as V;
    let limit = ROW_LIMIT;
    match value {
        V::PtypString8(text) if text.size_nul() > limit => V::PtypString8(cut_string8(&text, code_page, limit - 1)),
        V::PtypString(text) => crate::store::value::cut(V::PtypString(text), limit - 2),
        V::PtypBinary(bytes) => crate::store::value::cut(V::PtypBinary(bytes), limit),
        V::PtypMultipleString(list) => V::PtypMultipleString(within(list, limit, |text| text.size_nul())),
        V::PtypMultipleString8(list) => V::PtypMultipleString8(within(list, limit, |text| text.size_nul())),
        V::PtypMultipleBinary(list) => V::PtypMultipleBinary(within(list, limit, |bytes| bytes.len() + 2)),
        whole => whole,
    }
}

/// The first elements that fit together.
fn within<T>(list: Vec<T>, limit: usize, size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut room = limit;
    let fits = |element: &T| {
        let fits = size(element) <= room;
        room = room.saturating_sub(size(element));
        fits
    };
    list.into_iter().take_while(fits).collect()
}

/// 8-bit text of at most `limit` bytes that ends between two characters of its code page.
fn cut_string8(text: &String8<'_>, code_page: u16, limit: usize) -> String8<'static> {
    let decoded = text.decode(code_page);
    let mut bytes = Vec::new();
    for c in decoded.chars() {
        let mut buffer = [0; 4];
        let encoded = String8::encode(c.encode_utf8(&mut buffer), code_page);
        if bytes.len() + encoded.as_bytes().len() > limit {
            break;
        }
        bytes.extend_from_slice(encoded.as_bytes());
    }
    String8(Cow::Owned(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::value::{binary, string};

    const FORM: TextForm = TextForm { unicode: true, code_page: 1252 };

    #[test]
    fn strings_come_in_the_type_that_is_asked_for() {
        let narrow = PropertyValue::PtypString8(String8::new(vec![b'Z', 0xFC]));
        assert_eq!(convert(string("Zü"), PropertyType::PTYP_STRING8, FORM), Ok(narrow.clone()));
        assert_eq!(convert(narrow.clone(), PropertyType::PTYP_STRING, FORM), Ok(string("Zü")));
        assert_eq!(convert(narrow.clone(), PropertyType::PTYP_UNSPECIFIED, FORM), Ok(string("Zü")));
        let form = TextForm { unicode: false, ..FORM };
        assert_eq!(convert(string("Zü"), PropertyType::PTYP_UNSPECIFIED, form), Ok(narrow));
    }

    #[test]
    fn values_of_other_types_are_not_found() {
        assert_eq!(convert(string("x"), PropertyType::PTYP_BINARY, FORM), Err(ErrorCode::EC_NOT_FOUND));
    }

    #[test]
    fn strings_end_at_a_zero_inside() {
        assert_eq!(convert(string("a\0b"), PropertyType::PTYP_STRING, FORM), Ok(string("a")));
        let narrow = PropertyValue::PtypString8(String8::from_text("a"));
        assert_eq!(convert(string("a\0b"), PropertyType::PTYP_STRING8, FORM), Ok(narrow));
    }

    #[test]
    fn values_of_32_kib_are_errors() {
        let just_below = StoredValue::Value(binary(vec![0; LARGE_VALUE - 1]));
        let at_limit = StoredValue::Value(binary(vec![0; LARGE_VALUE]));
        assert!(cell(Some(just_below), PropertyType::PTYP_BINARY, FORM).is_ok());
        assert_eq!(cell(Some(at_limit), PropertyType::PTYP_BINARY, FORM), Err(ErrorCode::EC_MAPIOOM));
    }

    #[test]
    fn row_values_have_at_most_510_bytes_with_their_terminators() {
        let PropertyValue::PtypString(text) = cut_for_row(string("x".repeat(300)), 1252) else { unreachable!() };
        assert_eq!(text.size_nul(), 510);
        let PropertyValue::PtypBinary(bytes) = cut_for_row(binary(vec![7; 600]), 1252) else { unreachable!() };
        assert_eq!(bytes.len(), 510);
    }

    #[test]
    fn eight_bit_strings_are_cut_between_characters() {
        // Two bytes a character in code page 932: 509 bytes hold 254 of them.
        let long = PropertyValue::PtypString8(String8::encode(&"字".repeat(300), 932));
        let PropertyValue::PtypString8(text) = cut_for_row(long, 932) else { unreachable!() };
        assert_eq!(text.as_bytes().len(), 508);
        assert_eq!(text.decode(932), "字".repeat(254));
    }
}
