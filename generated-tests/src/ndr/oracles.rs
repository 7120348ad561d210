//! What has to hold for every value in every representation.

use std::fmt::Debug;

use runtime::ndr::{NdrCursor, NdrEncoder, Representation};
use runtime::{PackError, UnpackError};

use super::{Bytes, REPRESENTATIONS};
use crate::choices::broke;
use crate::fuzz::coverage;
use crate::oracles::{Broken, MEMORY_AT_LEAST, bounded_by, broken, is_cut, same};
use crate::runs::applied;

/// Prefixes that are tried at most.
const MAX_PREFIXES: usize = 64;

/// Bytes that stand behind a value and are none of its business.
const APPENDED: [u8; 16] = [0xA5; 16];

/// A value in every representation.
///
/// # Errors
/// When it contradicts itself.
pub fn packed<T>(value: &T, pack: impl Fn(&T, &mut NdrEncoder) -> Result<(), PackError>) -> Result<Bytes, PackError> {
    let mut all = Bytes::default();
    for (representation, bytes) in REPRESENTATIONS.into_iter().zip(&mut all) {
        let mut e = NdrEncoder::new(representation);
        pack(value, &mut e)?;
        *bytes = e.finish();
    }
    Ok(all)
}

/// A value in one representation; `None` when it contradicts itself.
pub fn packed_in<T>(
    value: &T,
    representation: Representation,
    pack: impl Fn(&T, &mut NdrEncoder) -> Result<(), PackError>,
) -> Option<Vec<u8>> {
    let mut e = NdrEncoder::new(representation);
    pack(value, &mut e).ok()?;
    Some(e.finish())
}

/// A value that breaks a rule cannot be packed.
///
/// # Errors
/// When it was.
pub fn keeps_rules<T: Debug>(value: &T, bytes: &Bytes) -> Result<(), Broken> {
    if broke() {
        return Err(broken("a value that breaks a rule does not pack", &bytes[0], format_args!("value: {value:#?}")));
    }
    Ok(())
}

fn again<T: Debug>(
    value: &T,
    representation: Representation,
    bytes: &[u8],
    pack: impl Fn(&T, &mut NdrEncoder) -> Result<(), PackError>,
) -> Result<Vec<u8>, Broken> {
    let mut e = NdrEncoder::new(representation);
    match pack(value, &mut e) {
        Ok(()) => Ok(e.finish()),
        Err(error) => {
            let detail = format_args!("{error} in {representation:?}\nvalue: {value:#?}");
            Err(broken("what was unpacked packs", bytes, detail))
        }
    }
}

/// Unpacking the bytes of a value gives the value, where it is given, and uses them up; packing that gives the same
/// bytes.
///
/// # Errors
/// When it does not hold.
pub fn round_trip<'a, T: PartialEq + Debug>(
    value: Option<&T>,
    representation: Representation,
    bytes: &'a [u8],
    pack: impl Fn(&T, &mut NdrEncoder) -> Result<(), PackError>,
    unpack: impl Fn(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
) -> Result<(), Broken> {
    applied("round trip");
    let mut c = NdrCursor::new(bytes, representation);
    let unpacked = unpack(&mut c).map_err(|error| {
        broken("what was packed unpacks", bytes, format_args!("{error} in {representation:?}\nvalue: {value:#?}"))
    })?;
    c.skip_to_highest();
    if c.remaining() != 0 {
        let detail = format_args!("{} bytes left in {representation:?}\nvalue: {value:#?}", c.remaining());
        return Err(broken("unpacking uses up what was packed", bytes, detail));
    }
    if let Some(value) = value
        && !same(&unpacked, value)
    {
        let detail = format_args!("in {representation:?} unpacked {unpacked:#?}\npacked {value:#?}");
        return Err(broken("unpacking gives the value that was packed", bytes, detail));
    }
    let twice = again(&unpacked, representation, bytes, pack)?;
    if twice != bytes {
        return Err(broken("packing again gives the same bytes", bytes, format_args!("in {representation:?}")));
    }
    Ok(())
}

/// What becomes independent of its buffer: of a type that borrows its own `into_owned`, which goes before this one. A
/// type that borrows nothing has none, and stays what it is.
pub trait Independent: Sized {
    /// The value itself.
    #[must_use]
    fn into_owned(self) -> Self {
        self
    }
}

impl<T> Independent for T {}

/// What was unpacked, made independent of the buffer, packs to the same bytes and shows itself the same.
///
/// # Errors
/// When it does not.
pub fn owned<'a, T: Debug, O: Debug>(
    representation: Representation,
    bytes: &'a [u8],
    unpack: impl Fn(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
    into_owned: impl Fn(T) -> O,
    pack: impl Fn(&O, &mut NdrEncoder) -> Result<(), PackError>,
) -> Result<(), Broken> {
    // What does not unpack, the round trip says.
    let Ok(value) = unpack(&mut NdrCursor::new(bytes, representation)) else { return Ok(()) };
    applied("independence of the buffer");
    let shown = format!("{value:?}");
    let owned = into_owned(value);
    let same = "a value independent of the buffer is the same";
    if format!("{owned:?}") != shown {
        return Err(broken(same, bytes, format_args!("in {representation:?} {shown}\nowned: {owned:?}")));
    }
    if again(&owned, representation, bytes, pack)? != bytes {
        return Err(broken(same, bytes, format_args!("in {representation:?} it packs to other bytes: {owned:?}")));
    }
    Ok(())
}

/// Unpacking a prefix is an error that lies in the prefix.
///
/// # Errors
/// When it does not hold.
pub fn truncation<'a, T: Debug>(
    representation: Representation,
    bytes: &'a [u8],
    unpack: impl Fn(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
) -> Result<(), Broken> {
    applied("truncation");
    let step = bytes.len() / MAX_PREFIXES + 1;
    for len in (0..bytes.len()).filter(|len| len % step == 0 || len + 8 >= bytes.len()) {
        match unpack(&mut NdrCursor::new(&bytes[..len], representation)) {
            Ok(value) => {
                let detail = format_args!("the first {len} in {representation:?} gave {value:#?}");
                return Err(broken("a prefix is an error", bytes, detail));
            }
            Err(error) if error.offset() > len => {
                return Err(broken(
                    "the error of a prefix lies in the prefix",
                    bytes,
                    format_args!("at {len}: {error}"),
                ));
            }
            Err(error) if !is_cut(&error, len) => {
                return Err(broken(
                    "the error of a prefix says that bytes are missing",
                    bytes,
                    format_args!("at {len} in {representation:?}: {error}"),
                ));
            }
            Err(_) => {}
        }
    }
    Ok(())
}

/// What a value of any bytes is packed to.
#[derive(Clone, Debug)]
pub struct Again {
    /// The value, as it shows itself.
    shown: String,
    /// The bytes, and some behind them.
    longer: Vec<u8>,
}

/// Any bytes are an error that lies in them, or a value that packs.
///
/// # Errors
/// When it does not hold.
pub fn any_bytes<'a, T: PartialEq + Debug>(
    representation: Representation,
    bytes: &'a [u8],
    unpack: impl Fn(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
    pack: impl Fn(&T, &mut NdrEncoder) -> Result<(), PackError>,
) -> Result<Option<Again>, Broken> {
    let value = match bounded_by(MEMORY_AT_LEAST, bytes, || unpack(&mut NdrCursor::new(bytes, representation)))? {
        Ok(value) => value,
        Err(error) if error.offset() <= bytes.len() => {
            coverage::error(&error);
            return Ok(None);
        }
        Err(error) => return Err(broken("an error lies in the bytes", bytes, error)),
    };
    coverage::value(&value);
    let mut longer = again(&value, representation, bytes, pack)?;
    longer.extend(APPENDED);
    Ok(Some(Again { shown: format!("{value:?}"), longer }))
}

/// What a value was packed to unpacks to the same, where that is `exact`, and packs to the same: a second pass changes
/// nothing. What follows is left alone.
///
/// # Errors
/// When it does not hold.
pub fn second_pass<'a, T: PartialEq + Debug>(
    exact: bool,
    representation: Representation,
    first: &'a Again,
    unpack: impl Fn(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
    pack: impl Fn(&T, &mut NdrEncoder) -> Result<(), PackError>,
) -> Result<(), Broken> {
    let mut c = NdrCursor::new(&first.longer, representation);
    let value = unpack(&mut c).map_err(|error| broken("what was packed again unpacks", &first.longer, error))?;
    if exact && format!("{value:?}") != first.shown {
        let detail = format_args!("in {representation:?} first {}\nthen {value:?}", first.shown);
        return Err(broken("a second pass changes nothing", &first.longer, detail));
    }
    c.skip_to_highest();
    if c.remaining() != APPENDED.len() {
        let detail = format_args!("{} bytes left in {representation:?}", c.remaining());
        return Err(broken("what follows a value is left alone", &first.longer, detail));
    }
    let twice = again(&value, representation, &first.longer, pack)?;
    if !first.longer.starts_with(&twice) || twice.len() + APPENDED.len() != first.longer.len() {
        let detail = format_args!("in {representation:?}");
        return Err(broken("packing a second time gives the same bytes", &first.longer, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use runtime::ndr::{NdrCursor, NdrEncoder, Representation};
    use runtime::{PackError, UnpackError};

    use super::{Independent as _, owned};

    #[derive(Debug)]
    struct Pair(u32, u32);

    fn unpack(c: &mut NdrCursor<'_>) -> Result<Pair, UnpackError> {
        Ok(Pair(c.u32()?, c.u32()?))
    }

    fn pack(pair: &Pair, e: &mut NdrEncoder) -> Result<(), PackError> {
        e.u32(pair.0)?;
        e.u32(pair.1)
    }

    #[test]
    fn a_field_that_is_lost_out_of_the_buffer_is_found() {
        let bytes = [1, 0, 0, 0, 2, 0, 0, 0];
        let holds = |into: fn(Pair) -> Pair| owned(Representation::NDR, &bytes, unpack, into, pack).is_ok();
        assert!(holds(|pair| pair.into_owned()));
        assert!(!holds(|pair| Pair(pair.0, 0)));
    }
}
