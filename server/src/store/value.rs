//! What the store needs to know about property values: type, size, text, and cutting them short.

use std::borrow::Cow;

use protocol::oxcdata::{PropertyTag, PropertyType, PropertyValue, WireForm};
use runtime::{String8, Utf16};

/// Bit of a property type that says "many values" (MS-OXCDATA 2.11.1).
pub const MULTIVALUE: u16 = 0x1000;
/// Bit of a property type in table columns: one row a value (MS-OXCTABL 2.2.2.2.1).
pub const MULTIVALUE_INSTANCE: u16 = 0x2000;

/// A text value.
#[must_use]
pub fn string(text: impl Into<String>) -> PropertyValue<'static> {
    PropertyValue::PtypString(Utf16::new(text.into()))
}

/// A binary value.
#[must_use]
pub fn binary(bytes: impl Into<Vec<u8>>) -> PropertyValue<'static> {
    PropertyValue::PtypBinary(Cow::Owned(bytes.into()))
}

/// The text of a string of either type; `None` for other types.
#[must_use]
pub fn text<'v>(value: &'v PropertyValue<'_>, code_page: u16) -> Option<Cow<'v, str>> {
    match value {
        PropertyValue::PtypString(text) => Some(text.to_text()),
        PropertyValue::PtypString8(text) => Some(text.decode(code_page)),
        _ => None,
    }
}

/// The two string types, and their lists, are one property's.
#[must_use]
pub fn same_type(asked: PropertyType, stored: PropertyType) -> bool {
    let plain = |t: PropertyType| match t {
        PropertyType::PTYP_STRING8 => PropertyType::PTYP_STRING,
        t if t.0 == PropertyType::PTYP_STRING8.0 | MULTIVALUE => PropertyType(PropertyType::PTYP_STRING.0 | MULTIVALUE),
        t => t,
    };
    asked == PropertyType::PTYP_UNSPECIFIED || plain(asked) == plain(stored)
}

/// Whether a property is stored under this tag: no type of a request alone, no table's instances.
///
/// PtypUnspecified, PtypNull, PtypErrorCode and PtypObject say nothing that could be kept.
#[must_use]
pub fn is_storable(tag: PropertyTag) -> bool {
    let single = PropertyType(tag.property_type().0 & !MULTIVALUE);
    let known = [
        PropertyType::PTYP_INTEGER16,
        PropertyType::PTYP_INTEGER32,
        PropertyType::PTYP_FLOATING32,
        PropertyType::PTYP_FLOATING64,
        PropertyType::PTYP_CURRENCY,
        PropertyType::PTYP_FLOATING_TIME,
        PropertyType::PTYP_INTEGER64,
        PropertyType::PTYP_STRING8,
        PropertyType::PTYP_STRING,
        PropertyType::PTYP_TIME,
        PropertyType::PTYP_GUID,
        PropertyType::PTYP_BINARY,
    ];
    let single_only = [
        PropertyType::PTYP_BOOLEAN,
        PropertyType::PTYP_SERVER_ID,
        PropertyType::PTYP_RESTRICTION,
        PropertyType::PTYP_RULE_ACTION,
    ];
    known.contains(&single) || single_only.contains(&tag.property_type())
}

/// Bytes of a value, strings with their terminators: what SizeRestriction and PidTagMessageSize count.
#[must_use]
pub fn size_of(value: &PropertyValue<'_>) -> u64 {
    use PropertyValue as V;
    let each = |count: usize, size: u64| (count as u64).saturating_mul(size);
    let utf16 = |text: &Utf16<'_>| text.len_units() as u64 * 2 + 2;
    let string8 = |text: &String8<'_>| text.as_bytes().len() as u64 + 1;
    match value {
        V::PtypNull | V::PtypObject => 0,
        V::PtypUnspecified(typed) => size_of(&typed.property_value),
        V::PtypBoolean(_) => 1,
        V::PtypInteger16(_) => 2,
        V::PtypInteger32(_) | V::PtypFloating32(_) | V::PtypErrorCode(_) => 4,
        V::PtypFloating64(_) | V::PtypCurrency(_) | V::PtypFloatingTime(_) | V::PtypInteger64(_) | V::PtypTime(_) => 8,
        V::PtypGuid(_) => 16,
        V::PtypString8(text) => string8(text),
        V::PtypString(text) => utf16(text),
        V::PtypServerId(bytes) | V::PtypBinary(bytes) => bytes.len() as u64,
        V::PtypRuleAction(action) => action.packed_size(WireForm::Rop) as u64,
        V::PtypRestriction(restriction) => restriction.packed_size(WireForm::Rop) as u64,
        V::PtypMultipleInteger16(list) => each(list.len(), 2),
        V::PtypMultipleInteger32(list) => each(list.len(), 4),
        V::PtypMultipleFloating32(list) => each(list.len(), 4),
        V::PtypMultipleFloating64(list) | V::PtypMultipleFloatingTime(list) => each(list.len(), 8),
        V::PtypMultipleCurrency(list) | V::PtypMultipleInteger64(list) => each(list.len(), 8),
        V::PtypMultipleTime(list) => each(list.len(), 8),
        V::PtypMultipleGuid(list) => each(list.len(), 16),
        V::PtypMultipleString8(list) => list.iter().map(string8).sum(),
        V::PtypMultipleString(list) => list.iter().map(utf16).sum(),
        V::PtypMultipleBinary(list) => list.iter().map(|bytes| bytes.len() as u64).sum(),
    }
}

/// The values of a list one by one; a single value is its only one.
#[must_use]
pub fn elements<'v>(value: &'v PropertyValue<'v>) -> Vec<PropertyValue<'v>> {
    use PropertyValue as V;
    match value {
        V::PtypMultipleInteger16(list) => list.iter().map(|v| V::PtypInteger16(*v)).collect(),
        V::PtypMultipleInteger32(list) => list.iter().map(|v| V::PtypInteger32(*v)).collect(),
        V::PtypMultipleFloating32(list) => list.iter().map(|v| V::PtypFloating32(*v)).collect(),
        V::PtypMultipleFloating64(list) => list.iter().map(|v| V::PtypFloating64(*v)).collect(),
        V::PtypMultipleCurrency(list) => list.iter().map(|v| V::PtypCurrency(*v)).collect(),
        V::PtypMultipleFloatingTime(list) => list.iter().map(|v| V::PtypFloatingTime(*v)).collect(),
        V::PtypMultipleInteger64(list) => list.iter().map(|v| V::PtypInteger64(*v)).collect(),
        V::PtypMultipleString8(list) => list.iter().map(|v| V::PtypString8(v.clone())).collect(),
        V::PtypMultipleString(list) => list.iter().map(|v| V::PtypString(v.clone())).collect(),
        V::PtypMultipleTime(list) => list.iter().map(|v| V::PtypTime(*v)).collect(),
        V::PtypMultipleGuid(list) => list.iter().map(|v| V::PtypGuid(*v)).collect(),
        V::PtypMultipleBinary(list) => list.iter().map(|v| V::PtypBinary(Cow::Borrowed(v))).collect(),
        single => vec![single.clone()],
    }
}

/// The first `limit` bytes of a string or binary, never half a character; other values as they are.
#[must_use]
pub fn cut(value: PropertyValue<'static>, limit: usize) -> PropertyValue<'static> {
    use PropertyValue as V;
    match value {
        V::PtypBinary(bytes) if bytes.len() > limit => {
            V::PtypBinary(Cow::Owned(bytes.get(..limit).unwrap_or_default().to_vec()))
        }
        V::PtypString8(text) if text.as_bytes().len() > limit => {
            V::PtypString8(String8::new(text.as_bytes().get(..limit).unwrap_or_default().to_vec()))
        }
        V::PtypString(text) if text.len_units() > limit / 2 => {
            let mut units: Vec<u16> = text.units().take(limit / 2).collect();
            if units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
                units.pop();
            }
            V::PtypString(Utf16::from_units(&units))
        }
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cutting_never_splits_a_surrogate_pair() {
        let PropertyValue::PtypString(text) = cut(string("ab\u{1F600}cd"), 6) else { unreachable!() };
        assert_eq!(text.to_text(), "ab");
        let PropertyValue::PtypString(text) = cut(string("ab\u{1F600}cd"), 8) else { unreachable!() };
        assert_eq!(text.to_text(), "ab\u{1F600}");
    }

    #[test]
    fn both_string_types_are_one_property() {
        assert!(same_type(PropertyType::PTYP_STRING8, PropertyType::PTYP_STRING));
        assert!(same_type(PropertyType(0x101E), PropertyType(0x101F)));
        assert!(same_type(PropertyType::PTYP_UNSPECIFIED, PropertyType::PTYP_TIME));
        assert!(!same_type(PropertyType::PTYP_STRING, PropertyType::PTYP_BINARY));
        assert!(!same_type(PropertyType::PTYP_STRING, PropertyType(0x101F)));
    }

    #[test]
    fn types_that_hold_nothing_are_not_storable() {
        for kind in [0x0000, 0x0001, 0x000A, 0x000D, 0x100B, 0x10FD, 0x301F] {
            assert!(!is_storable(PropertyTag(0x1234_0000 | kind)), "{kind:#x}");
        }
        for kind in [0x0003, 0x000B, 0x001E, 0x001F, 0x0102, 0x1003, 0x1102] {
            assert!(is_storable(PropertyTag(0x1234_0000 | kind)), "{kind:#x}");
        }
    }

    #[test]
    fn sizes_count_terminators() {
        assert_eq!(size_of(&string("abc")), 8);
        assert_eq!(size_of(&PropertyValue::PtypString8("abc".into())), 4);
        assert_eq!(size_of(&binary(vec![1, 2, 3])), 3);
        assert_eq!(size_of(&PropertyValue::PtypMultipleInteger32(vec![1, 2])), 8);
    }
}
