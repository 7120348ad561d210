//! Values inside themselves: as deep as the description allows they are read and written, one level deeper never.

use std::fmt::Debug;

use runtime::ndr::{NdrCursor, NdrEncoder, Representation};
use runtime::{Cursor, Encoder, PackError, PackErrorKind, UnpackError, UnpackErrorKind};

use crate::oracles::{Broken, broken};

/// Deeper than any limit.
const DEEP: u32 = 1 << 16;

/// A value of so many levels is read and written below as many others as its limit leaves, and not below one more.
///
/// # Errors
/// When it does not hold.
pub fn nesting<'a, T: Debug>(
    levels: u32,
    value: &T,
    bytes: &'a [u8],
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> Result<(), Broken> {
    let read = |below: u32| {
        let mut c = Cursor::new(bytes);
        (0..below).try_for_each(|_| c.enter(u32::MAX)).and_then(|()| unpack(&mut c)).map(drop)
    };
    let write = |below: u32| {
        let mut e = Encoder::new();
        (0..below).try_for_each(|_| e.enter(u32::MAX)).and_then(|()| pack(value, &mut e))
    };
    limited(levels, true, value, bytes, &read, &write)
}

/// The same in NDR, where what stands inside may have a higher limit.
///
/// # Errors
/// When it does not hold.
pub fn ndr_nesting<'a, T: Debug>(
    levels: u32,
    representation: Representation,
    value: &T,
    bytes: &'a [u8],
    pack: impl Fn(&T, &mut NdrEncoder) -> Result<(), PackError>,
    unpack: impl Fn(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
) -> Result<(), Broken> {
    let read = |below: u32| {
        let mut c = NdrCursor::new(bytes, representation);
        (0..below).try_for_each(|_| c.enter(u32::MAX)).and_then(|()| unpack(&mut c)).map(drop)
    };
    let write = |below: u32| {
        let mut e = NdrEncoder::new(representation);
        (0..below).try_for_each(|_| e.enter(u32::MAX)).and_then(|()| pack(value, &mut e))
    };
    limited(levels, false, value, bytes, &read, &write)
}

type Read<'f> = &'f dyn Fn(u32) -> Result<(), UnpackError>;
type Write<'f> = &'f dyn Fn(u32) -> Result<(), PackError>;

/// `alike`: all levels have the same limit, or lower ones than what they stand in.
fn limited<T: Debug>(
    levels: u32,
    alike: bool,
    value: &T,
    bytes: &[u8],
    read: Read<'_>,
    write: Write<'_>,
) -> Result<(), Broken> {
    if levels == 0 {
        return Ok(());
    }
    let no = |rule: &str, below: u32, found: &dyn Debug| {
        Err(broken(rule, bytes, format_args!("below {below} with {levels} of its own: {found:?}\nvalue: {value:#?}")))
    };
    let deep = read(DEEP);
    let Some(outermost) = limit_of(&deep) else { return no("reading has a limit of nesting", DEEP, &deep) };
    let Some(mut room) = outermost.checked_sub(levels) else {
        return no("a value stays within its limit of nesting", 0, &outermost);
    };
    let mut limit = outermost;
    // What stands inside may have a lower limit than what it stands in.
    while let Some(lower) = limit_of(&read(room)).filter(|lower| *lower < outermost && room > 0) {
        (limit, room) = (lower, room - 1);
    }
    while !alike && room + 1 < outermost && read(room + 1).is_ok() {
        room += 1;
    }
    if let Err(error) = read(room) {
        return no("what is nested up to the limit is read", room, &error);
    }
    if let Err(error) = write(room) {
        return no("what is nested up to the limit is written", room, &error);
    }
    let beyond = room + 1;
    match read(beyond) {
        Err(error) if *error.kind() == (UnpackErrorKind::TooDeep { limit }) => {}
        other => return no("what is nested beyond the limit is not read", beyond, &other),
    }
    match write(beyond) {
        Err(error) if *error.kind() == (PackErrorKind::TooDeep { limit }) => Ok(()),
        other => no("what is nested beyond the limit is not written", beyond, &other),
    }
}

fn limit_of(result: &Result<(), UnpackError>) -> Option<u32> {
    match result.as_ref().err()?.kind() {
        UnpackErrorKind::TooDeep { limit } => Some(*limit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many ones as there are levels, then a zero.
    fn unpack(c: &mut Cursor<'_>, limit: u32) -> Result<u32, UnpackError> {
        c.within(limit)?;
        if c.u8()? == 0 {
            return Ok(1);
        }
        c.enter(limit)?;
        let inner = unpack(c, limit)?;
        c.leave();
        Ok(inner + 1)
    }

    fn pack(value: u32, e: &mut Encoder, limit: u32) -> Result<(), PackError> {
        e.enter(limit)?;
        e.u8(u8::from(value > 1))?;
        if value > 1 {
            pack(value - 1, e, limit)?;
        }
        e.leave();
        Ok(())
    }

    fn holds(reads: u32, writes: u32) -> Result<(), Broken> {
        nesting(3, &3, &[1, 1, 0], |value, e| pack(*value, e, writes), |c| unpack(c, reads))
    }

    #[test]
    fn reading_and_writing_have_the_same_limit() {
        assert_eq!(holds(5, 5), Ok(()));
        let rule = |result: Result<(), Broken>| result.unwrap_err().to_string();
        assert!(rule(holds(u32::MAX, 5)).starts_with("reading has a limit"));
        assert!(rule(holds(5, 4)).starts_with("what is nested up to the limit is written"));
        assert!(rule(holds(5, 6)).starts_with("what is nested beyond the limit is not written"));
        assert!(rule(holds(2, 2)).starts_with("a value stays within its limit"));
    }
}
