//! Where the fields of fixed size stand, told apart from the code that reads and writes them.

use runtime::{Encoder, FileTime, Guid, PackError, UnpackError, UnpackErrorKind};

use crate::oracles::{Broken, broken};
use crate::runs::applied;

/// A value whose bytes on the wire follow from nothing else.
pub trait Plain {
    /// Appends them.
    fn put(&self, bytes: &mut Vec<u8>);

    /// Which of its bits something other than the value decides.
    fn rule(&self) -> Option<Rule> {
        None
    }
}

/// What becomes of changed bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// With these bits changed it is an error.
    Refused(Vec<u8>),
    /// With these bits changed it is the same value.
    Ignored(Vec<u8>),
}

/// A field that has one value only.
#[derive(Clone, Copy, Debug)]
pub struct Must<T>(pub T);

impl<T: Plain> Plain for Must<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.0.put(bytes);
    }

    fn rule(&self) -> Option<Rule> {
        let mut bits = bytes(&self.0);
        bits.fill(0);
        bits.iter_mut().take(1).for_each(|byte| *byte = 1);
        Some(Rule::Refused(bits))
    }
}

/// A field that is written so, and read whatever it is.
#[derive(Clone, Copy, Debug)]
pub struct Any<T>(pub T);

impl<T: Plain> Plain for Any<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.0.put(bytes);
    }

    fn rule(&self) -> Option<Rule> {
        let mut bits = bytes(&self.0);
        bits.fill(0xFF);
        Some(Rule::Ignored(bits))
    }
}

/// A bit record, the bits that it names, and whether others are refused.
#[derive(Clone, Copy, Debug)]
pub struct Bits<T>(pub T, pub T, pub bool);

impl<T: Plain> Plain for Bits<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.0.put(bytes);
    }

    fn rule(&self) -> Option<Rule> {
        let bits: Vec<u8> = bytes(&self.1).iter().map(|known| !known).collect();
        let any = bits.iter().any(|bits| *bits != 0);
        any.then_some(if self.2 { Rule::Refused(bits) } else { Rule::Ignored(bits) })
    }
}

macro_rules! plain {
    ($($name:ident)*) => {
        $(
            impl Plain for $name {
                fn put(&self, bytes: &mut Vec<u8>) {
                    bytes.extend(self.to_le_bytes());
                }
            }
        )*
    };
}

plain!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

impl Plain for bool {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(*self));
    }
}

impl Plain for Guid {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.0);
    }
}

impl Plain for FileTime {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.0.put(bytes);
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.iter().for_each(|item| item.put(bytes));
    }
}

/// Bytes of several fields.
impl Plain for Vec<u8> {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self);
    }
}

/// Six bytes, most significant first.
#[derive(Clone, Copy, Debug)]
pub struct Six(pub u64);

impl Plain for Six {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.0.to_be_bytes().into_iter().skip(2));
    }
}

/// The bytes of a field.
#[must_use]
pub fn bytes(field: &dyn Plain) -> Vec<u8> {
    let mut bytes = Vec::new();
    field.put(&mut bytes);
    bytes
}

/// A way to unpack some bytes, and to pack again what they are.
pub type Again<'p> = &'p dyn Fn(&[u8], &mut Encoder) -> Result<(), UnpackError>;

/// Changed bits of the first fields are refused or ignored, as the description says.
///
/// `again` unpacks and packs what that gave.
///
/// # Errors
/// When they are not.
pub fn rules(
    pack: &dyn Fn(&mut Encoder) -> Result<(), PackError>,
    again: Again<'_>,
    first: &[&dyn Plain],
) -> Result<(), Broken> {
    applied("constants and reserved bits");
    let mut e = Encoder::new();
    if pack(&mut e).is_err() {
        return Ok(());
    }
    let (packed, mut at) = (e.as_slice(), 0);
    for field in first {
        let offset = at;
        at += bytes(*field).len();
        let Some(rule) = field.rule() else { continue };
        let (Rule::Refused(bits) | Rule::Ignored(bits)) = &rule;
        let mut changed = packed.to_vec();
        changed.iter_mut().skip(offset).zip(bits).for_each(|(byte, bits)| *byte ^= bits);
        let mut e = Encoder::new();
        match (again(&changed, &mut e), &rule) {
            (Ok(()), Rule::Ignored(_)) if e.as_slice() == packed => {}
            (Err(error), Rule::Refused(_)) if is_refused(&error) && (offset..at).contains(&error.offset()) => {}
            (result, _) => {
                let detail = format_args!("{result:?}: {:02x?}", e.as_slice());
                let what = format!("bits at {offset} are as the description says: {rule:?}");
                return Err(broken(&what, &changed, detail));
            }
        }
    }
    Ok(())
}

fn is_refused(error: &UnpackError) -> bool {
    matches!(error.kind(), UnpackErrorKind::InvalidValue { .. })
}

/// What a value is packed to begins with the bytes of some fields, and ends with those of others.
///
/// # Errors
/// When it does not.
pub fn layout(
    pack: &dyn Fn(&mut Encoder) -> Result<(), PackError>,
    first: &[&dyn Plain],
    last: &[&dyn Plain],
) -> Result<(), Broken> {
    applied("layout");
    let mut e = Encoder::new();
    if pack(&mut e).is_err() {
        // Why, the other oracles say.
        return Ok(());
    }
    let together = |fields: &[&dyn Plain]| -> Vec<u8> { fields.iter().flat_map(|field| bytes(*field)).collect() };
    let (first, last, packed) = (together(first), together(last), e.as_slice());
    if !packed.starts_with(&first) {
        return Err(broken("the first fields stand at the beginning", packed, format_args!("{first:02x?}")));
    }
    if !packed.ends_with(&last) || packed.len() < first.len() + last.len() {
        return Err(broken("the last fields stand at the end", packed, format_args!("{last:02x?}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_laid_out(bytes: &[u8], first: &[&dyn Plain], last: &[&dyn Plain]) -> bool {
        layout(&|e| e.bytes(bytes), first, last).is_ok()
    }

    #[test]
    fn fields_stand_in_their_order_with_the_lowest_byte_first() {
        let bytes = &[1, 3, 2, 9, 9, 0xFF, 0, 0, 0, 0, 1, 2];
        assert!(is_laid_out(bytes, &[&1u8, &0x0203u16], &[&0xFFu8, &Six(0x0102)]));
        assert!(!is_laid_out(bytes, &[&1u8, &0x0203u16], &[&true, &Six(0x0102)]));
        assert!(!is_laid_out(bytes, &[&0x0203u16, &1u8], &[]));
        assert!(!is_laid_out(bytes, &[&1u8, &0x0302u16], &[]));
    }

    #[test]
    fn what_begins_and_what_ends_do_not_overlap() {
        assert!(!is_laid_out(&[1, 2], &[&0x0201u16], &[&2u8]));
        assert!(is_laid_out(&[1, 2], &[&1u8], &[&2u8]));
    }

    /// Two bytes: a reserved one, written as 0, and one of which only 0x07 is known.
    fn follows(first: &[&dyn Plain], refuses: bool, keeps: bool) -> bool {
        let again = |bytes: &[u8], e: &mut Encoder| {
            let mut c = runtime::Cursor::new(bytes);
            let (reserved, flags) = (c.u8()?, c.u8()?);
            if refuses && flags & !7 != 0 {
                return Err(c.invalid(flags.into(), "reserved bits clear", 1));
            }
            e.u8(if keeps { reserved } else { 0 }).and_then(|()| e.u8(flags & 7)).unwrap();
            Ok(())
        };
        rules(&|e| e.bytes(&[0, 5]), &again, first).is_ok()
    }

    #[test]
    fn changed_bits_are_refused_or_ignored() {
        assert!(follows(&[&Any(0u8), &Bits(5u8, 7, true)], true, false));
        assert!(!follows(&[&Any(0u8), &Bits(5u8, 7, true)], false, false));
        assert!(follows(&[&Any(0u8), &Bits(5u8, 7, false)], false, false));
        assert!(!follows(&[&Any(0u8)], true, true));
        assert!(!follows(&[&Must(0u8)], true, false));
    }
}
