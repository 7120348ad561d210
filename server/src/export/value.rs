//! Properties and their values.

use std::io::{self, Write};

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use protocol::oxcdata::{PropertyTag, PropertyType, PropertyValue, WireForm};
use runtime::{Encoder, Utf16};

use super::ExportError;
use super::json::{List, Object, character, string};
use crate::store::{LARGE_VALUE, Mailbox, ObjectId, StoredValue, ValueStream};

/// The member `properties` of an object.
pub(super) fn properties(mailbox: &dyn Mailbox, object: ObjectId, line: &mut Object<'_>) -> Result<(), ExportError> {
    let mut list = List::new(line.member("properties")?)?;
    for (tag, stored) in mailbox.all_properties(object)? {
        let mut property = Object::new(list.item()?)?;
        property.text("tag", &format!("{:#010x}", tag.0))?;
        let output = property.member("value")?;
        match stored {
            StoredValue::Value(value) => one(output, tag.property_type(), &value)?,
            StoredValue::Large { .. } => large(output, tag, mailbox.open_stream(object, tag)?.as_ref())?,
        }
        property.end()?;
    }
    Ok(list.end()?)
}

/// A value that is read piece by piece.
fn large(output: &mut dyn Write, tag: PropertyTag, stream: &dyn ValueStream) -> Result<(), ExportError> {
    output.write_all(b"\"")?;
    if tag.property_type() == PropertyType::PTYP_STRING {
        // The stream's pieces have even sizes: no unit is cut.
        pieces(stream, |piece| Utf16::from_wire(piece).units().try_for_each(|unit| character(output, unit)))?;
    } else {
        let mut encoder = EncoderWriter::new(&mut *output, &STANDARD);
        pieces(stream, |piece| encoder.write_all(piece))?;
        encoder.finish()?;
    }
    Ok(output.write_all(b"\"")?)
}

/// Reads a stream to its end.
fn pieces(stream: &dyn ValueStream, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), ExportError> {
    let mut offset = 0;
    loop {
        let piece = stream.read_at(offset, LARGE_VALUE)?;
        if piece.is_empty() {
            return Ok(());
        }
        each(&piece)?;
        offset += piece.len() as u64;
    }
}

fn one(output: &mut dyn Write, kind: PropertyType, value: &PropertyValue<'_>) -> Result<(), ExportError> {
    use PropertyValue as V;
    match value {
        V::PtypNull | V::PtypObject => output.write_all(b"null")?,
        V::PtypUnspecified(typed) => one(output, typed.property_type, &typed.property_value)?,
        V::PtypBoolean(value) => write!(output, "{value}")?,
        V::PtypInteger16(value) => write!(output, "{value}")?,
        V::PtypInteger32(value) => write!(output, "{value}")?,
        V::PtypErrorCode(code) => write!(output, "{}", code.0)?,
        V::PtypFloating32(value) => float(output, f64::from(*value))?,
        V::PtypFloating64(value) | V::PtypFloatingTime(value) => float(output, *value)?,
        V::PtypInteger64(value) | V::PtypCurrency(value) => write!(output, "{value}")?,
        V::PtypTime(time) => write!(output, "{}", time.0)?,
        V::PtypGuid(guid) => write!(output, "\"{guid}\"")?,
        V::PtypString(text) => string(output, text.units())?,
        V::PtypString8(text) => base64(output, text.as_bytes())?,
        V::PtypBinary(bytes) | V::PtypServerId(bytes) => base64(output, bytes)?,
        V::PtypRestriction(_) | V::PtypRuleAction(_) => base64(output, &packed(kind, value)?)?,
        V::PtypMultipleInteger16(list) => items(output, list, |output, item| write!(output, "{item}"))?,
        V::PtypMultipleInteger32(list) => items(output, list, |output, item| write!(output, "{item}"))?,
        V::PtypMultipleInteger64(list) | V::PtypMultipleCurrency(list) => {
            items(output, list, |output, item| write!(output, "{item}"))?;
        }
        V::PtypMultipleFloating32(list) => items(output, list, |output, item| float(output, f64::from(*item)))?,
        V::PtypMultipleFloating64(list) | V::PtypMultipleFloatingTime(list) => {
            items(output, list, |output, item| float(output, *item))?;
        }
        V::PtypMultipleTime(list) => items(output, list, |output, item| write!(output, "{}", item.0))?,
        V::PtypMultipleGuid(list) => items(output, list, |output, item| write!(output, "\"{item}\""))?,
        V::PtypMultipleString(list) => items(output, list, |output, item| string(output, item.units()))?,
        V::PtypMultipleString8(list) => items(output, list, |output, item| base64(output, item.as_bytes()))?,
        V::PtypMultipleBinary(list) => items(output, list, |output, item| base64(output, item))?,
    }
    Ok(())
}

fn items<T>(
    output: &mut dyn Write,
    list: &[T],
    write: impl Fn(&mut dyn Write, &T) -> io::Result<()>,
) -> io::Result<()> {
    let mut items = List::new(output)?;
    for item in list {
        write(items.item()?, item)?;
    }
    items.end()
}

/// JSON has no infinities and no NaN; these are texts.
fn float(output: &mut dyn Write, value: f64) -> io::Result<()> {
    if value.is_finite() { write!(output, "{value:?}") } else { write!(output, "\"{value}\"") }
}

fn base64(output: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    output.write_all(b"\"")?;
    let mut encoder = EncoderWriter::new(&mut *output, &STANDARD);
    encoder.write_all(bytes)?;
    encoder.finish()?;
    drop(encoder);
    output.write_all(b"\"")
}

/// The bytes that a ROP would have.
fn packed(kind: PropertyType, value: &PropertyValue<'_>) -> io::Result<Vec<u8>> {
    let mut encoder = Encoder::new();
    value.pack(&mut encoder, WireForm::Rop, kind).map_err(io::Error::other)?;
    Ok(encoder.into_vec())
}
