//! Values without parts: numbers, texts, identifiers.

use ropc::ndr::dialect::Flat;
use ropc::ndr::model::{Flags, Known, Scalar, Text};
use runtime::ndr::{ContextHandle, Counts, FlatText, HResult, NdrCursor, NtStatus, Sid, WError};
use runtime::{Guid, String8, UnpackError, Utf16};

use super::Stub;
use super::values::Datum;
use crate::decode::primitive::WESTERN;
use crate::decode::tree::{Fault, Node, Value};

/// The size of a value that ends here, which may have a gap before it.
fn ends(c: &NdrCursor<'_>, node: &mut Node, size: usize) {
    node.size = size.min(c.offset());
    node.offset = c.offset().saturating_sub(node.size);
}

impl Stub<'_, '_> {
    /// Reads a number, its bits as an expression sees them.
    pub(super) fn scalar(&self, c: &mut NdrCursor<'_>, scalar: Scalar, node: &mut Node) -> Result<u64, Fault> {
        let (value, wide, size) = scalar_of(c, scalar).map_err(|error| self.refused(&error))?;
        ends(c, node, usize::from(size));
        node.value = Some(value);
        Ok(wide)
    }

    /// Reads an enumeration or a bitmap.
    pub(super) fn flags(
        &self,
        c: &mut NdrCursor<'_>,
        flags: &Flags,
        bitmap: bool,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let wide = self.scalar(c, flags.scalar, node)?;
        let size = u8::try_from(node.size).unwrap_or(8);
        let set = |value: u64| if bitmap { value != 0 && wide & value == value } else { wide == value };
        let names = flags.items.iter().filter(|item| set(item.value)).map(|item| item.name.clone());
        let names = if bitmap { names.collect() } else { names.take(1).collect() };
        let all = u64::MAX.checked_shr(64 - 8 * u32::from(size.clamp(1, 8))).unwrap_or(u64::MAX);
        node.value = Some(Value::Named { value: wide & all, size, names });
        Ok(Datum::Number(wide))
    }

    /// Reads a type that every interface knows.
    pub(super) fn known(&self, c: &mut NdrCursor<'_>, known: Known, node: &mut Node) -> Result<Datum, Fault> {
        let refuse = |error: UnpackError| self.refused(&error);
        let start = c.offset();
        let status = |code: u32| {
            let names = if code == 0 { vec!["success".to_owned()] } else { Vec::new() };
            (Value::Named { value: u64::from(code), size: 4, names }, Datum::Number(u64::from(code)), 4)
        };
        let (value, datum, size) = match known {
            Known::NtStatus => status(NtStatus::unpack(c).map_err(refuse)?.0),
            Known::WError => status(WError::unpack(c).map_err(refuse)?.0),
            Known::HResult => {
                let code = HResult::unpack(c).map_err(refuse)?.0;
                (self.error_code(u64::from(code)), Datum::Number(u64::from(code)), 4)
            }
            Known::Guid => {
                let guid = Guid::unpack_ndr(c).map_err(refuse)?;
                (self.interpreter.names.guid(guid.0), Datum::Other, 16)
            }
            Known::ContextHandle => {
                let handle = ContextHandle::unpack(c).map_err(refuse)?;
                let none = handle.is_null().then(|| "no object".to_owned());
                (Value::Guid(handle.uuid.to_string(), none), Datum::Other, 20)
            }
            Known::Blob => {
                let blob = c.data_blob().map_err(refuse)?;
                (Value::Bytes, Datum::Length(blob.len()), c.offset().saturating_sub(start))
            }
            Known::Sid => sid(Sid::unpack(c), c, start).map_err(refuse)?,
            Known::SidConformant => sid(Sid::unpack_conformant(c), c, start).map_err(refuse)?,
            Known::SidPadded => sid(Sid::unpack_padded(c), c, start).map_err(refuse)?,
            Known::SidOptional => sid(Sid::unpack_optional(c), c, start).map_err(refuse)?,
        };
        ends(c, node, size);
        node.value = Some(value);
        Ok(datum)
    }

    /// Reads a text of NDR's own; `max_count` where it was read or is said.
    pub(super) fn characters(
        &self,
        c: &mut NdrCursor<'_>,
        text: &Text,
        max_count: Option<usize>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let start = node.offset;
        let refuse = |error: UnpackError| self.refused(&error);
        let (shown, units) = if text.wide {
            let text = match max_count {
                Some(max_count) => c.varying_string16(max_count),
                None => c.string16(),
            };
            let text = text.map_err(refuse)?;
            (wide(&text), text.len_units())
        } else {
            let text = match max_count {
                Some(max_count) => c.varying_string8(max_count),
                None => c.string8(),
            };
            let text = text.map_err(refuse)?;
            (narrow(&text), text.as_bytes().len())
        };
        node.size = c.offset().saturating_sub(start);
        node.value = Some(Value::Text(shown));
        Ok(Datum::Length(units))
    }

    /// Reads a text or a list of texts outside NDR's own rules.
    pub(super) fn flat(&self, c: &mut NdrCursor<'_>, flat: Flat, node: &mut Node) -> Result<Datum, Fault> {
        let shape = shape_of(flat);
        let start = node.offset;
        let refuse = |error: UnpackError| self.refused(&error);
        let (shown, units) = match (flat.flags.narrow, flat.list) {
            (false, false) => {
                let text = c.flat16(shape).map_err(refuse)?;
                (wide(&text), text.len_units())
            }
            (true, false) => {
                let text = c.flat8(shape).map_err(refuse)?;
                (narrow(&text), text.as_bytes().len())
            }
            (false, true) => {
                let texts = c.flat_array16().map_err(refuse)?;
                (texts.iter().map(wide).collect::<Vec<_>>().join(", "), texts.len())
            }
            (true, true) => {
                let texts = c.flat_array8().map_err(refuse)?;
                (texts.iter().map(narrow).collect::<Vec<_>>().join(", "), texts.len())
            }
        };
        node.size = c.offset().saturating_sub(start);
        node.value = Some(Value::Text(shown));
        Ok(Datum::Length(units))
    }
}

pub(super) fn wide(text: &Utf16<'_>) -> String {
    text.to_text().into_owned()
}

fn narrow(text: &String8<'_>) -> String {
    text.decode(WESTERN).into_owned()
}

fn sid(sid: Result<Sid, UnpackError>, c: &NdrCursor<'_>, start: usize) -> Result<(Value, Datum, usize), UnpackError> {
    let text = format!("{:?}", sid?);
    Ok((Value::Text(text), Datum::Other, c.offset().saturating_sub(start)))
}

/// How it is shown, its bits, and its bytes.
fn scalar_of(c: &mut NdrCursor<'_>, scalar: Scalar) -> Result<(Value, u64, u8), UnpackError> {
    let unsigned = |value: u64, size: u8| (Value::Number(i128::from(value), size), value, size);
    let signed = |value: i64, size: u8| (Value::Number(i128::from(value), size), value.cast_unsigned(), size);
    let ndr64 = c.representation().is_ndr64();
    Ok(match scalar {
        Scalar::U8 => unsigned(u64::from(c.u8()?), 1),
        Scalar::U16 | Scalar::Unit => unsigned(u64::from(c.u16()?), 2),
        Scalar::U32 => unsigned(u64::from(c.u32()?), 4),
        Scalar::U64 => unsigned(c.u64()?, 8),
        Scalar::I8 => signed(i64::from(c.i8()?), 1),
        Scalar::I16 => signed(i64::from(c.i16()?), 2),
        Scalar::I32 => signed(i64::from(c.i32()?), 4),
        Scalar::I64 => signed(c.i64()?, 8),
        Scalar::F32 => (Value::Float(f64::from(c.f32()?)), 0, 4),
        Scalar::F64 => (Value::Float(c.f64()?), 0, 8),
        Scalar::Bool => {
            let value = c.bool()?;
            (Value::Bool(value), u64::from(value), 1)
        }
        Scalar::Enum16 => unsigned(u64::from(c.enum16()?), if ndr64 { 4 } else { 2 }),
        Scalar::U3264 => unsigned(c.u3264()?, if ndr64 { 8 } else { 4 }),
        Scalar::Udlong => unsigned(c.udlong()?, 8),
        Scalar::Udlongr => unsigned(c.udlongr()?, 8),
        Scalar::Dlong => signed(c.dlong()?, 8),
    })
}

fn shape_of(flat: Flat) -> FlatText {
    let flags = flat.flags;
    let counts = match (flags.size2, flags.size4, flags.len4) {
        (true, ..) => Some(Counts::Size2),
        (_, true, true) => Some(Counts::SizeLength4),
        (_, true, false) => Some(Counts::Size4),
        (_, false, true) => Some(Counts::Length4),
        _ => None,
    };
    let mut shape = counts.map_or(FlatText::NUL, FlatText::counted);
    if flags.noterm {
        shape = shape.unterminated();
    }
    if flags.bytes {
        shape = shape.in_bytes();
    }
    if flags.uncounted {
        shape = shape.uncounted();
    }
    shape
}
