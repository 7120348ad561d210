//! Values without parts: numbers, GUIDs, times, texts.

use ropc::model::{IntKind, Text, Type};
use runtime::{Cursor, FileTime, GlobSet, Guid, String8, StringValue, UnpackError, Utf16};

use super::datum::Datum;
use super::meaning::Names;
use super::tree::Value;

/// An integer of the wire, its bits as they are; little-endian unless a structure around it says otherwise.
pub fn unsigned(c: &mut Cursor<'_>, kind: IntKind) -> Result<u64, UnpackError> {
    Ok(match kind.size {
        1 => u64::from(c.u8()?),
        2 => u64::from(c.ordered_u16()?),
        4 => u64::from(c.ordered_u32()?),
        _ => c.ordered_u64()?,
    })
}

fn signed(c: &mut Cursor<'_>, kind: IntKind) -> Result<i64, UnpackError> {
    Ok(match kind.size {
        1 => i64::from(c.i8()?),
        2 => i64::from(c.ordered_i16()?),
        4 => i64::from(c.ordered_i32()?),
        _ => c.ordered_i64()?,
    })
}

/// A value that is no text, no list and of no named type.
pub fn primitive<'p>(c: &mut Cursor<'_>, ty: &Type, names: &Names<'_>) -> Result<(Value, Datum<'p>), UnpackError> {
    let number = |value: i128, size| (Value::Number(value, size), Datum::Number(value));
    Ok(match ty {
        Type::Int(kind) if kind.signed => number(i128::from(signed(c, *kind)?), kind.size),
        Type::Int(kind) => number(i128::from(unsigned(c, *kind)?), kind.size),
        Type::U48Be => number(i128::from(c.u48be()?), 6),
        Type::Float(4) => (Value::Float(f64::from(c.f32()?)), Datum::Plain),
        Type::Float(_) => (Value::Float(c.f64()?), Datum::Plain),
        Type::Bool(size) => {
            let value = if *size == 1 { c.bool8()? } else { c.bool16()? };
            (Value::Bool(value), Datum::Bool(value))
        }
        Type::Guid => {
            let Guid(bytes) = Guid::unpack_ordered(c)?;
            (names.guid(bytes), Datum::Bytes(bytes.as_slice().into()))
        }
        Type::FileTime => {
            let FileTime(ticks) = FileTime::unpack(c)?;
            (Value::Time(ticks), Datum::Number(i128::from(ticks)))
        }
        Type::GlobSet => (Value::Text(counters(&GlobSet::unpack(c)?)), Datum::Plain),
        _ => return Err(c.invalid(0, "a type that is emitted", 0)),
    })
}

/// The ranges of a set, as many as a line holds.
fn counters(set: &GlobSet) -> String {
    const SHOWN: usize = 16;
    let range = |(first, last)| if first == last { format!("{first:#x}") } else { format!("{first:#x}..={last:#x}") };
    let mut ranges: Vec<String> = set.ranges().take(SHOWN).map(range).collect();
    if set.ranges().len() > SHOWN {
        ranges.push("..".to_owned());
    }
    ranges.join(", ")
}

/// A text of any form; `unicode` for those whose form a flag says, `width` of the count of those that are counted.
pub fn text<'p>(
    c: &mut Cursor<'_>,
    text: &Text,
    unicode: bool,
    width: Option<IntKind>,
) -> Result<(Value, Datum<'p>), UnpackError> {
    let utf16 = |text: &Utf16<'_>| Value::Text(text.to_text().into_owned());
    let string8 = |text: &String8<'_>| Value::Text(text.decode(WESTERN).into_owned());
    let kind = width.unwrap_or(IntKind { size: 2, signed: false });
    let count = |c: &mut Cursor<'_>| Ok(usize::try_from(unsigned(c, kind)?).unwrap_or(usize::MAX));
    let value = match text {
        Text::Utf16Nul => utf16(&Utf16::unpack_nul(c)?),
        Text::String8Nul => string8(&String8::unpack_nul(c)?),
        Text::Line => string8(&String8::unpack_line(c)?),
        Text::By(_) => match StringValue::unpack_nul(c, unicode)? {
            StringValue::Utf16(text) => utf16(&text),
            StringValue::String8(text) => string8(&text),
        },
        Text::Utf16Counted(_, chars) => {
            let n = count(c)?;
            utf16(&Utf16::unpack_units(c, if *chars { n } else { n / 2 })?)
        }
        Text::String8Counted(_) => {
            let n = count(c)?;
            string8(&String8::unpack_bytes(c, n)?)
        }
        Text::BytesCounted(_) => {
            let n = count(c)?;
            return Ok((Value::Bytes, Datum::Bytes(c.take(n)?.into())));
        }
    };
    Ok((value, Datum::Plain))
}

/// The code page that 8-bit strings are shown in.
pub const WESTERN: u16 = 1252;
