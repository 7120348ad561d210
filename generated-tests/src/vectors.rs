//! Bytes written as hexadecimal text, as in the descriptions and in the published examples.

use std::fmt::Debug;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n};
use nom::character::complete::{multispace1, not_line_ending};
use nom::combinator::{all_consuming, map_res, value};
use nom::multi::many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser as _};
use runtime::ndr::{NdrCursor, NdrEncoder, Representation};
use runtime::{Cursor, Encoder, PackError, UnpackError};

/// Bytes of hexadecimal text: two digits a byte; space, line ends, `|` and `# comment` up to the
/// end of a line may stand between bytes.
///
/// # Errors
/// What is left of the text where it is no longer hexadecimal.
pub fn parse(text: &str) -> Result<Vec<u8>, String> {
    let bytes = many0(preceded(blank, byte));
    let result: IResult<&str, Vec<u8>> = all_consuming(delimited(blank, bytes, blank)).parse(text);
    match result {
        Ok((_, bytes)) => Ok(bytes),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
            Err(format!("expected two hexadecimal digits at {:?}", error.input))
        }
        Err(nom::Err::Incomplete(_)) => Err("expected more text".to_owned()),
    }
}

/// The same, for text that is part of a test.
///
/// # Panics
/// When it is not hexadecimal.
#[must_use]
#[track_caller]
pub fn hex(text: &str) -> Vec<u8> {
    match parse(text) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{error}"),
    }
}

/// What stands before the structure of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Nothing.
    None,
    /// The RopId: a request, or a reply without a header.
    RopId,
    /// RopId, handle index and ReturnValue: a reply.
    Reply,
}

impl Header {
    /// Bytes.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::None => 0,
            Self::RopId => 1,
            Self::Reply => 6,
        }
    }
}

/// [`vectors::decoded`](decoded) for a type without parameters: bytes, header, type.
#[macro_export]
macro_rules! decoded {
    ($bytes:expr, $header:expr, $type:ident) => {
        $crate::vectors::decoded(&$bytes, $header, $type::unpack, $type::pack)
    };
}

/// Unpacks a published value that stands after a header and uses up the rest; packing has to give the same bytes.
///
/// # Panics
/// When one of them does not hold.
#[track_caller]
pub fn decoded<'a, T: Debug>(
    bytes: &'a [u8],
    header: Header,
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl FnOnce(&T, &mut Encoder) -> Result<(), PackError>,
) -> T {
    let mut c = Cursor::new(bytes);
    let header = c.take(header.size()).expect("a header");
    let value = match unpack(&mut c).and_then(|value| c.finish().map(|()| value)) {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    };
    let mut e = Encoder::new();
    e.bytes(header).expect("room for the header");
    if let Err(error) = pack(&value, &mut e) {
        panic!("{error}: {value:?}");
    }
    assert_eq!(e.as_slice(), bytes, "packed again: {value:?}");
    value
}

/// Checks the header of a reply: RopId and ReturnValue; the handle index between them may be any.
///
/// # Panics
/// When it is another one.
#[track_caller]
pub fn check_reply_header(bytes: &[u8], rop_id: u8, return_value: u32) {
    let mut c = Cursor::new(bytes);
    assert_eq!(c.u8(), Ok(rop_id), "RopId");
    c.u8().expect("a handle index");
    assert_eq!(c.u32(), Ok(return_value), "ReturnValue");
}

/// The error of unpacking published bytes that are wrong, or that leave something over.
///
/// # Panics
/// When they are right.
#[track_caller]
pub fn refused<'a, T: Debug>(
    bytes: &'a [u8],
    header: Header,
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> String {
    let mut c = Cursor::new(bytes);
    c.take(header.size()).expect("a header");
    let result = unpack(&mut c).and_then(|value| c.finish().map(|()| value));
    result.expect_err("an error").to_string()
}

/// The error of unpacking bytes that are wrong, or that leave something over: its kind and its offset, header
/// included.
///
/// # Panics
/// When it is another one, or none.
#[track_caller]
pub fn refused_as<'a, T: Debug>(
    bytes: &'a [u8],
    header: Header,
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
    expected: (&str, usize),
) {
    let mut c = Cursor::new(bytes);
    c.take(header.size()).expect("a header");
    let result = unpack(&mut c).and_then(|value| c.finish().map(|()| value));
    is_error(&result.expect_err("an error"), expected);
}

/// The same for NDR in a representation.
///
/// # Panics
/// When it is another one, or none.
#[track_caller]
pub fn refused_ndr<'a, T: Debug>(
    bytes: &'a [u8],
    representation: Representation,
    unpack: impl FnOnce(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
    expected: (&str, usize),
) {
    let mut c = NdrCursor::new(bytes, representation);
    let result = unpack(&mut c).and_then(|value| c.finish().map(|()| value));
    is_error(&result.expect_err("an error"), expected);
}

/// Unpacks a value of NDR that uses up the bytes; packing has to give them again.
///
/// # Panics
/// When one of them does not hold.
#[track_caller]
pub fn decoded_ndr<'a, T: Debug>(
    bytes: &'a [u8],
    representation: Representation,
    unpack: impl FnOnce(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
    pack: impl FnOnce(&T, &mut NdrEncoder) -> Result<(), PackError>,
) -> T {
    let mut c = NdrCursor::new(bytes, representation);
    let value = unpack(&mut c).and_then(|value| c.finish().map(|()| value)).expect("a value");
    let mut e = NdrEncoder::new(representation);
    pack(&value, &mut e).expect("bytes");
    assert_eq!(e.finish(), bytes, "packed again: {value:?}");
    value
}

#[track_caller]
fn is_error(error: &UnpackError, expected: (&str, usize)) {
    let kind = format!("{:?}", error.kind());
    let kind = kind.split([' ', '(', '{']).next().unwrap_or_default();
    assert_eq!((kind, error.offset()), expected, "{error}");
}

fn byte(input: &str) -> IResult<&str, u8> {
    let digits = take_while_m_n(2, 2, |c: char| c.is_ascii_hexdigit());
    map_res(digits, |digits| u8::from_str_radix(digits, 16)).parse(input)
}

fn blank(input: &str) -> IResult<&str, ()> {
    let comment = preceded(tag("#"), not_line_ending);
    value((), many0(alt((multispace1, tag("|"), comment)))).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bytes_with_anything_blank_between() {
        assert_eq!(hex(" 12 00|01\n\tfF # a comment: 99\n0a"), [0x12, 0x00, 0x01, 0xFF, 0x0A]);
        assert_eq!(hex("0102"), [1, 2]);
        assert_eq!(hex(""), []);
        assert_eq!(hex(" # nothing"), []);
    }

    #[test]
    fn refuses_what_is_not_hexadecimal() {
        for text in ["1", "12 3", "12 xy", "1 2", "0x12", "12, 13", "12 é"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("12 zz").unwrap_err(), "expected two hexadecimal digits at \"zz\"");
    }

    fn pair(c: &mut Cursor<'_>) -> Result<(u8, bool), UnpackError> {
        Ok((c.u8()?, c.bool8()?))
    }

    fn pack(pair: &(u8, bool), e: &mut Encoder) -> Result<(), PackError> {
        e.u8(pair.0)?;
        e.bool8(pair.1)
    }

    #[test]
    fn decodes_what_stands_after_the_header() {
        assert_eq!(decoded(&[0x12, 7, 1], Header::RopId, pair, pack), (7, true));
        check_reply_header(&[0x12, 3, 0x02, 0x01, 0x04, 0x80, 7, 1], 0x12, 0x8004_0102);
        assert_eq!(decoded(&[0x12, 3, 0, 0, 0, 0, 7, 0], Header::Reply, pair, pack), (7, false));
    }

    #[test]
    #[should_panic(expected = "packed again")]
    fn refuses_what_packs_to_other_bytes() {
        decoded(&[7, 2], Header::None, pair, pack);
    }

    #[test]
    #[should_panic(expected = "1 bytes left over")]
    fn refuses_what_leaves_bytes_over() {
        decoded(&[7, 1, 0], Header::None, pair, pack);
    }

    #[test]
    #[should_panic(expected = "ReturnValue")]
    fn refuses_another_return_value() {
        check_reply_header(&[0x12, 3, 0, 0, 0, 0], 0x12, 1);
    }

    #[test]
    fn tells_why_bytes_are_refused() {
        assert_eq!(refused(&[7], Header::None, pair), "expected 1 bytes, got 0 at offset 1");
        assert_eq!(refused(&[7, 1, 0], Header::None, pair), "1 bytes left over at offset 2");
    }
}
