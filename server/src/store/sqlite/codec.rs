//! Property values as SQLite values: scalars and text typed, lists as bytes of our own.

use std::borrow::Cow;

use protocol::oxcdata::{ErrorCode, PropertyTag, PropertyType, PropertyValue, WireForm};
use runtime::{Cursor, Encoder, FileTime, Guid, String8, Utf16};
use rusqlite::types::{Value, ValueRef};

use crate::store::value::{MULTIVALUE, is_storable};
use crate::store::{Result, StoreError};

/// A value on its way into the database.
pub(super) enum Encoded {
    /// Into the row.
    Inline(Value),
    /// Bytes that may be too long for a row.
    Bytes(Vec<u8>),
}

/// Whether values of this type are read as streams when they are large.
pub(super) fn is_streamable(kind: PropertyType) -> bool {
    matches!(kind, PropertyType::PTYP_BINARY | PropertyType::PTYP_STRING | PropertyType::PTYP_STRING8)
}

/// Encodes a value for its tag.
///
/// # Errors
/// `TypeMismatch` when the value has another type; `Unsupported` for types that are not stored.
pub(super) fn encode(tag: PropertyTag, value: &PropertyValue<'_>, inline_limit: usize) -> Result<Encoded> {
    use PropertyValue as V;
    let found = value.property_type();
    if tag.property_type() != found {
        return Err(StoreError::TypeMismatch { tag, found });
    }
    if !is_storable(tag) {
        return Err(StoreError::Unsupported("storing a value of this type"));
    }
    let inline = |value: Value| Ok(Encoded::Inline(value));
    let bytes = |bytes: Vec<u8>| Ok(Encoded::Bytes(bytes));
    match value {
        V::PtypInteger16(v) => inline(Value::Integer(i64::from(*v))),
        V::PtypInteger32(v) => inline(Value::Integer(i64::from(*v))),
        V::PtypInteger64(v) | V::PtypCurrency(v) => inline(Value::Integer(*v)),
        V::PtypBoolean(v) => inline(Value::Integer(i64::from(*v))),
        V::PtypTime(v) => inline(Value::Integer(v.0.cast_signed())),
        V::PtypFloating32(v) => inline(float(f64::from(*v))),
        V::PtypFloating64(v) | V::PtypFloatingTime(v) => inline(float(*v)),
        V::PtypGuid(v) => inline(Value::Blob(v.0.to_vec())),
        V::PtypString(text) => {
            let size = text.len_units().saturating_mul(2);
            // Lone surrogates have no UTF-8 form.
            match whole_text(text) {
                Some(plain) if size <= inline_limit => inline(Value::Text(plain)),
                _ => bytes(utf16_bytes(text)),
            }
        }
        V::PtypString8(text) => bytes(text.as_bytes().to_vec()),
        V::PtypServerId(v) | V::PtypBinary(v) => bytes(v.to_vec()),
        V::PtypRestriction(_) | V::PtypRuleAction(_) => {
            let mut encoder = Encoder::new();
            value
                .pack(&mut encoder, WireForm::Rule, found)
                .map_err(|_| StoreError::InvalidParameter("rule or restriction"))?;
            bytes(encoder.finish().to_vec())
        }
        list => bytes(encode_list(list)),
    }
}

/// Decodes a value from its row or, for blobs, from its bytes.
///
/// # Errors
/// `Damaged` when the row does not have what the tag's type demands.
pub(super) fn decode(tag: PropertyTag, value: ValueRef<'_>) -> Result<PropertyValue<'static>> {
    use PropertyValue as V;
    let damaged = || StoreError::Damaged(format!("property {:#010x} has no valid value", tag.0));
    let kind = tag.property_type();
    let decoded = match (kind, value) {
        (PropertyType::PTYP_INTEGER16, ValueRef::Integer(v)) => {
            V::PtypInteger16(i16::try_from(v).map_err(|_| damaged())?)
        }
        (PropertyType::PTYP_INTEGER32, ValueRef::Integer(v)) => {
            V::PtypInteger32(i32::try_from(v).map_err(|_| damaged())?)
        }
        (PropertyType::PTYP_INTEGER64, ValueRef::Integer(v)) => V::PtypInteger64(v),
        (PropertyType::PTYP_CURRENCY, ValueRef::Integer(v)) => V::PtypCurrency(v),
        (PropertyType::PTYP_BOOLEAN, ValueRef::Integer(v)) => V::PtypBoolean(v != 0),
        (PropertyType::PTYP_TIME, ValueRef::Integer(v)) => V::PtypTime(FileTime(v.cast_unsigned())),
        (PropertyType::PTYP_ERROR_CODE, ValueRef::Integer(v)) => {
            V::PtypErrorCode(ErrorCode(u32::try_from(v).map_err(|_| damaged())?))
        }
        // Rounding back loses nothing: it was an f32 before.
        #[allow(clippy::cast_possible_truncation)]
        (PropertyType::PTYP_FLOATING32, v) => V::PtypFloating32(unfloat(v).ok_or_else(damaged)? as f32),
        (PropertyType::PTYP_FLOATING64, v) => V::PtypFloating64(unfloat(v).ok_or_else(damaged)?),
        (PropertyType::PTYP_FLOATING_TIME, v) => V::PtypFloatingTime(unfloat(v).ok_or_else(damaged)?),
        (PropertyType::PTYP_GUID, ValueRef::Blob(v)) => V::PtypGuid(Guid(v.try_into().map_err(|_| damaged())?)),
        (PropertyType::PTYP_STRING, ValueRef::Text(v)) => {
            V::PtypString(Utf16::new(std::str::from_utf8(v).map_err(|_| damaged())?.to_owned()))
        }
        (PropertyType::PTYP_STRING, ValueRef::Blob(v)) => V::PtypString(utf16(v)),
        (PropertyType::PTYP_STRING8, ValueRef::Blob(v)) => V::PtypString8(String8::new(v.to_vec())),
        (PropertyType::PTYP_BINARY, ValueRef::Blob(v)) => V::PtypBinary(Cow::Owned(v.to_vec())),
        (PropertyType::PTYP_SERVER_ID, ValueRef::Blob(v)) => V::PtypServerId(Cow::Owned(v.to_vec())),
        (PropertyType::PTYP_RESTRICTION | PropertyType::PTYP_RULE_ACTION, ValueRef::Blob(v)) => {
            V::unpack(&mut Cursor::new(v), WireForm::Rule, kind).map_err(|_| damaged())?.into_owned()
        }
        (kind, ValueRef::Blob(v)) if kind.0 & MULTIVALUE != 0 => {
            decode_list(PropertyType(kind.0 & !MULTIVALUE), v).ok_or_else(damaged)?
        }
        _ => return Err(damaged()),
    };
    Ok(decoded)
}

/// UTF-16 units from little-endian bytes.
pub(super) fn utf16(bytes: &[u8]) -> Utf16<'static> {
    Utf16::from_wire(bytes).into_owned()
}

/// Little-endian bytes, without terminator.
pub(super) fn utf16_bytes(text: &Utf16<'_>) -> Vec<u8> {
    text.units().flat_map(u16::to_le_bytes).collect()
}

fn whole_text(text: &Utf16<'_>) -> Option<String> {
    char::decode_utf16(text.units()).collect::<std::result::Result<String, _>>().ok()
}

/// SQLite has neither NaN nor -0.0; these keep their bits as a blob.
fn float(value: f64) -> Value {
    if value.is_nan() || (value == 0.0 && value.is_sign_negative()) {
        Value::Blob(value.to_bits().to_le_bytes().to_vec())
    } else {
        Value::Real(value)
    }
}

fn unfloat(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Real(v) => Some(v),
        ValueRef::Blob(bits) => Some(f64::from_bits(u64::from_le_bytes(bits.try_into().ok()?))),
        _ => None,
    }
}

/// A list: fixed elements one after the other, others with a 32-bit length before each; little-endian.
fn encode_list(list: &PropertyValue<'_>) -> Vec<u8> {
    use PropertyValue as V;
    let mut bytes = Vec::new();
    let mut counted = |element: &[u8]| {
        // No element reaches 4 GiB: it came from one request.
        bytes.extend_from_slice(&u32::try_from(element.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(element);
    };
    match list {
        V::PtypMultipleString8(list) => list.iter().for_each(|v| counted(v.as_bytes())),
        V::PtypMultipleString(list) => list.iter().for_each(|v| counted(&utf16_bytes(v))),
        V::PtypMultipleBinary(list) => list.iter().for_each(|v| counted(v)),
        V::PtypMultipleInteger16(list) => bytes.extend(list.iter().flat_map(|v| v.to_le_bytes())),
        V::PtypMultipleInteger32(list) => bytes.extend(list.iter().flat_map(|v| v.to_le_bytes())),
        V::PtypMultipleFloating32(list) => bytes.extend(list.iter().flat_map(|v| v.to_le_bytes())),
        V::PtypMultipleFloating64(list) | V::PtypMultipleFloatingTime(list) => {
            bytes.extend(list.iter().flat_map(|v| v.to_le_bytes()));
        }
        V::PtypMultipleCurrency(list) | V::PtypMultipleInteger64(list) => {
            bytes.extend(list.iter().flat_map(|v| v.to_le_bytes()));
        }
        V::PtypMultipleTime(list) => bytes.extend(list.iter().flat_map(|v| v.0.to_le_bytes())),
        V::PtypMultipleGuid(list) => bytes.extend(list.iter().flat_map(|v| v.0)),
        // All other types were taken by `encode`.
        _ => {}
    }
    bytes
}

fn decode_list(element: PropertyType, bytes: &[u8]) -> Option<PropertyValue<'static>> {
    use PropertyValue as V;
    Some(match element {
        PropertyType::PTYP_INTEGER16 => V::PtypMultipleInteger16(fixed(bytes, i16::from_le_bytes)?),
        PropertyType::PTYP_INTEGER32 => V::PtypMultipleInteger32(fixed(bytes, i32::from_le_bytes)?),
        PropertyType::PTYP_FLOATING32 => V::PtypMultipleFloating32(fixed(bytes, f32::from_le_bytes)?),
        PropertyType::PTYP_FLOATING64 => V::PtypMultipleFloating64(fixed(bytes, f64::from_le_bytes)?),
        PropertyType::PTYP_FLOATING_TIME => V::PtypMultipleFloatingTime(fixed(bytes, f64::from_le_bytes)?),
        PropertyType::PTYP_CURRENCY => V::PtypMultipleCurrency(fixed(bytes, i64::from_le_bytes)?),
        PropertyType::PTYP_INTEGER64 => V::PtypMultipleInteger64(fixed(bytes, i64::from_le_bytes)?),
        PropertyType::PTYP_TIME => V::PtypMultipleTime(fixed(bytes, |v| FileTime(u64::from_le_bytes(v)))?),
        PropertyType::PTYP_GUID => V::PtypMultipleGuid(fixed(bytes, Guid)?),
        PropertyType::PTYP_STRING8 => {
            V::PtypMultipleString8(counted(bytes)?.into_iter().map(|v| String8::new(v.to_vec())).collect())
        }
        PropertyType::PTYP_STRING => V::PtypMultipleString(counted(bytes)?.into_iter().map(utf16).collect()),
        PropertyType::PTYP_BINARY => {
            V::PtypMultipleBinary(counted(bytes)?.into_iter().map(|v| Cow::Owned(v.to_vec())).collect())
        }
        _ => return None,
    })
}

fn fixed<const N: usize, T>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
    let (elements, rest) = bytes.as_chunks::<N>();
    rest.is_empty().then(|| elements.iter().map(|element| read(*element)).collect())
}

fn counted(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (element, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        elements.push(element);
        bytes = rest;
    }
    Some(elements)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use protocol::oxcdata::Restriction;
    use protocol::oxorule::{ActionBlock, ActionBlockAction, RuleAction};

    use super::*;

    fn rule_action() -> RuleAction<'static> {
        RuleAction { action_blocks: vec![ActionBlock { action: ActionBlockAction::OpDelete(0) }] }
    }

    fn round_trip(value: PropertyValue<'static>) -> PropertyValue<'static> {
        let tag = PropertyTag(0x1234_0000).with_property_type(value.property_type());
        match encode(tag, &value, 4096).unwrap() {
            Encoded::Inline(stored) => decode(tag, (&stored).into()).unwrap(),
            Encoded::Bytes(bytes) => decode(tag, ValueRef::Blob(&bytes)).unwrap(),
        }
    }

    #[test]
    fn every_type_comes_back_as_it_was() {
        use PropertyValue as V;
        let bytes = |bytes: &'static [u8]| Cow::Borrowed(bytes);
        for value in [
            V::PtypInteger16(i16::MIN),
            V::PtypInteger32(i32::MIN),
            V::PtypInteger64(i64::MIN),
            V::PtypCurrency(-5),
            V::PtypFloating32(0.1),
            V::PtypFloating64(f64::MIN_POSITIVE),
            V::PtypFloating64(f64::INFINITY),
            V::PtypFloatingTime(43_000.5),
            V::PtypBoolean(true),
            V::PtypTime(FileTime(u64::MAX)),
            V::PtypGuid(Guid([9; 16])),
            V::PtypString("Grüße, 世界".into()),
            V::PtypString("with\0zero".into()),
            V::PtypString(Utf16::from_units(&[0x41, 0xD800, 0x42])),
            V::PtypString("".into()),
            V::PtypString8(String8::new(vec![0xFF, 0])),
            V::PtypBinary(bytes(&[])),
            V::PtypBinary(bytes(&[0, 255])),
            V::PtypServerId(bytes(&[1])),
            V::PtypRuleAction(rule_action()),
            V::PtypRestriction(Box::new(Restriction::NotRestriction(Box::new(Restriction::ExistRestriction(
                PropertyTag(0x0037_001F),
            ))))),
            V::PtypMultipleInteger16(vec![-1, 2]),
            V::PtypMultipleInteger32(vec![]),
            V::PtypMultipleInteger64(vec![i64::MAX]),
            V::PtypMultipleFloating32(vec![1.5]),
            V::PtypMultipleFloating64(vec![-1.5, 2.5]),
            V::PtypMultipleFloatingTime(vec![2.0]),
            V::PtypMultipleCurrency(vec![3]),
            V::PtypMultipleTime(vec![FileTime(1), FileTime(2)]),
            V::PtypMultipleGuid(vec![Guid([1; 16]), Guid([2; 16])]),
            V::PtypMultipleString(vec!["".into(), "två".into()]),
            V::PtypMultipleString8(vec!["a".into(), "".into()]),
            V::PtypMultipleBinary(vec![bytes(&[1, 2]), bytes(&[])]),
        ] {
            assert_eq!(round_trip(value.clone()), value);
        }
    }

    #[test]
    fn floats_that_sqlite_does_not_have_keep_their_bits() {
        let PropertyValue::PtypFloating64(zero) = round_trip(PropertyValue::PtypFloating64(-0.0)) else { panic!() };
        assert!(zero.is_sign_negative());
        let PropertyValue::PtypFloating64(nan) = round_trip(PropertyValue::PtypFloating64(f64::NAN)) else { panic!() };
        assert!(nan.is_nan());
    }

    #[test]
    fn rejects_values_of_another_type_than_their_tag() {
        let result = encode(PropertyTag(0x0037_001F), &PropertyValue::PtypInteger32(1), 4096);
        assert!(matches!(result, Err(StoreError::TypeMismatch { .. })));
        let result = encode(PropertyTag(0x0037_0001), &PropertyValue::PtypNull, 4096);
        assert!(matches!(result, Err(StoreError::Unsupported(_))));
    }

    #[test]
    fn rejects_damaged_rows() {
        let list = PropertyTag(0x1234_101F);
        for bytes in [&[1, 0][..], &[5, 0, 0, 0, 1]] {
            assert!(matches!(decode(list, ValueRef::Blob(bytes)), Err(StoreError::Damaged(_))));
        }
        assert!(matches!(decode(PropertyTag(0x0037_001F), ValueRef::Integer(1)), Err(StoreError::Damaged(_))));
        assert!(matches!(decode(PropertyTag(0x0037_0003), ValueRef::Integer(1 << 40)), Err(StoreError::Damaged(_))));
    }
}
