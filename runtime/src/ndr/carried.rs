//! Byte arrays of a call that hold a structure of MAPI's own encoding.

use std::borrow::Cow;

use crate::error::At as _;
use crate::{Blob, Cursor, Encoder, PackError, UnpackError};

/// Reads the structure that a field carries, which has to use up its bytes. `plain_room` is the most bytes that
/// compressed extents in it may have together.
///
/// # Errors
/// What `unpack` answers, in this field; `TrailingBytes` when something is left.
pub fn carried<'a, T>(
    field: &'static str,
    bytes: &'a [u8],
    plain_room: Option<usize>,
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> Result<T, UnpackError> {
    let mut c = Cursor::new(bytes);
    if let Some(room) = plain_room {
        c = c.with_plain_room(room);
    }
    let value = unpack(&mut c).at(field)?;
    c.finish().at(field)?;
    Ok(value)
}

/// The bytes of a field that carries a structure.
///
/// # Errors
/// What `pack` answers, in this field.
pub fn carry(
    field: &'static str,
    pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>,
) -> Result<Blob<'static>, PackError> {
    let mut e = Encoder::new();
    pack(&mut e).at(field)?;
    Ok(Cow::Owned(e.into_vec()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_carried_uses_up_its_bytes() {
        let bytes = carry("rgbIn", |e| e.u16(7)).unwrap();
        assert_eq!(carried("rgbIn", &bytes, None, |c| c.u16()).unwrap(), 7);
        let error = carried("rgbIn", &[7, 0, 1], None, |c| c.u16()).unwrap_err();
        assert_eq!((error.path().as_str(), error.offset()), ("rgbIn", 2));
        let error = carried("rgbIn", &[7], None, |c| c.u16().at("Size")).unwrap_err();
        assert_eq!(error.path(), "rgbIn.Size");
    }

    #[test]
    fn what_is_decompressed_has_the_limit_of_the_reader() {
        let plain = |c: &mut Cursor<'_>| c.plain(Some(3)).map(|_| ());
        assert!(carried("rgbIn", b"abc", Some(3), plain).is_ok());
        assert!(carried("rgbIn", b"abc", Some(2), plain).is_err());
    }
}
