//! What has to hold for every type, as plain functions; [`check!`](crate::check) applies them all.
//!
//! A value is packed into bytes once; the functions then take the bytes and closures that pack and
//! unpack, so that parameters of a type are arguments that the closures capture.

use std::cell::Cell;
use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use runtime::{Cursor, Encoder, PackError, PackErrorKind, UnpackError, UnpackErrorKind};

pub use crate::choices::Noise;
use crate::choices::{Choices, MAX_WORDS, broke};
use crate::fuzz::coverage;
use crate::runs::{self, applied};

/// What of a type's bytes decides where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Each prefix is an error, and what follows is left alone.
    Fixed,
    /// A prefix may be a value too (cut-off tails are accepted); what follows is left alone.
    Tolerant,
    /// It takes all that is there (`[rest]`), so that prefixes and longer bytes may be values too.
    Rest,
}

/// Why an oracle says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    rule: String,
    text: String,
    bytes: Vec<u8>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Broken {
    /// What has to hold.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The bytes for which it does not.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::error::Error for Broken {}

/// What an oracle says: the rule, the bytes, and what was found instead.
#[must_use]
pub fn broken(rule: &str, bytes: &[u8], detail: impl fmt::Display) -> Broken {
    let text = format!("{rule}: {detail}\nbytes ({}): {}", bytes.len(), Hex(bytes));
    Broken { rule: rule.to_owned(), text, bytes: bytes.to_vec() }
}

/// Bytes as text of hexadecimal digits; the middle of long ones is left out.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 512;
        for byte in &self.0[..self.0.len().min(SHOWN)] {
            write!(f, "{byte:02x} ")?;
        }
        if self.0.len() > SHOWN { f.write_str("...") } else { Ok(()) }
    }
}

/// Checks every oracle for one value: `check!(g, value, pack, unpack, size)`, with an [`End`] as
/// sixth argument where that is not `Fixed`.
///
/// In a function that answers a `Result` whose error comes from [`Broken`], as the body of
/// `proptest!` does. `g` is what the value was made of; `pack` is `|v, e| v.pack(e)`, `unpack`
/// `|c| T::unpack(c)`, `size` `|v| v.packed_size()`.
#[macro_export]
macro_rules! check {
    ($g:expr, $value:expr, $pack:expr, $unpack:expr, $size:expr $(,)?) => {
        $crate::check!($g, $value, $pack, $unpack, $size, $crate::oracles::End::Fixed)
    };
    ($g:expr, $value:expr, $pack:expr, $unpack:expr, $size:expr, $end:expr $(,)?) => {{
        let value = $value;
        // A value that does not meet what its type requires is not written: another one is tried.
        let Some(bytes) = $crate::oracles::packed(&value, $pack, $size)? else {
            return Ok(());
        };
        // Lives longer than the bytes that are made of it.
        let longer = $crate::oracles::longer(&bytes);
        $crate::oracles::round_trip(&value, &bytes, $pack, $unpack)?;
        $crate::nesting::nesting($g.levels(), &value, &bytes, $pack, $unpack)?;
        $crate::oracles::truncation(&bytes, $unpack, $end)?;
        $crate::oracles::trailing(&value, &longer, $unpack, $end)?;
        $crate::attacks::each("", &bytes, &$g, &|bytes: &[u8]| {
            let again = $crate::oracles::random_bytes(bytes, $unpack, $pack)?;
            if let Some((first, bytes)) = &again {
                $crate::oracles::stable(first, bytes, $unpack, $pack)?;
            }
            Ok(())
        })?;
    }};
}

/// A property of a type as a test: `property(|g| wire!(g, sort_order_value(g), SortOrder))`.
///
/// The number of cases is proptest's: 256, or what `PROPTEST_CASES` says. They are the same ones each time, or others
/// with each `PROPTEST_RNG_SEED`.
///
/// # Panics
/// With the smallest choices for which it does not hold; where a way of the choices was never taken.
pub fn property(holds: impl Fn(&mut Choices) -> Result<(), Broken>) {
    property_within(&[], holds);
}

/// [`property`] for a type that holds lists of elements: of each the size in memory and the fewest bytes on the wire.
///
/// # Panics
/// With the smallest choices for which it does not hold.
pub fn property_within(elements: &[(usize, usize)], holds: impl Fn(&mut Choices) -> Result<(), Broken>) {
    let _bound = Bound::of(elements);
    let before = (PACKED.get(), UNMET.get());
    runs::run(None, MAX_WORDS, &|g| {
        holds(g)?;
        g.breaking().map_or(Ok(()), |mut g| {
            applied("a rule broken");
            holds(&mut g)
        })
    });
    let met = PACKED.get() > before.0 || UNMET.get() == before.1;
    assert!(met, "no value met what its type requires");
}

/// [`check!`](crate::check) for a generated type: choices, value, type with its wire forms in brackets, then the
/// other arguments of its `pack` and `unpack`; before these `Rest;` for a type that takes all that is there.
#[macro_export]
macro_rules! wire {
    ($g:expr, $value:expr, $type:ident $([$($form:expr),+])?) => {
        $crate::wire!($g, $value, $type $([$($form),+])?,)
    };
    ($g:expr, $value:expr, $type:ident $([$($form:expr),+])?, $end:ident; $($argument:expr),*) => {{
        let value = $value;
        $crate::check!(
            *$g,
            value,
            |v, e| v.pack(e $($(, $form)+)? $(, $argument)*),
            |c| $type::unpack(c $($(, $form)+)? $(, $argument)*),
            |v| v.packed_size($($($form),+)?),
            $crate::oracles::End::$end
        );
        Ok(())
    }};
    ($g:expr, $value:expr, $type:ident $([$($form:expr),+])?, $($argument:expr),*) => {
        $crate::wire!($g, $value, $type $([$($form),+])?, Fixed; $($argument),*)
    };
}

/// Packs a value and checks that it takes as many bytes as it says. `None` for a value that does not meet what its
/// type requires.
///
/// # Errors
/// When it does not pack or says another size.
pub fn packed<T: Debug>(
    value: &T,
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
    size: impl Fn(&T) -> usize,
) -> Result<Option<Vec<u8>>, Broken> {
    let mut e = Encoder::new();
    if let Err(error) = pack(value, &mut e) {
        if broke() {
            return Ok(None);
        }
        if is_unmet(&error) {
            UNMET.set(UNMET.get() + 1);
            return Ok(None);
        }
        return Err(broken("a value packs", e.as_slice(), format_args!("{error}\nvalue: {value:#?}")));
    }
    let bytes = e.finish().to_vec();
    if broke() {
        let detail = format_args!("value: {value:#?}");
        return Err(broken("a value that breaks a rule does not pack", &bytes, detail));
    }
    let said = size(value);
    if said != bytes.len() {
        let detail = format_args!("it said {said}\nvalue: {value:#?}");
        return Err(broken("a value takes as many bytes as it says", &bytes, detail));
    }
    limited(value, &bytes, pack)?;
    PACKED.set(PACKED.get() + 1);
    Ok(Some(bytes))
}

thread_local! {
    /// Values that were packed, and those that were not, for [`property`]: one that no value meets would hold always.
    static PACKED: Cell<u64> = const { Cell::new(0) };
    static UNMET: Cell<u64> = const { Cell::new(0) };
}

/// The value is not written, though it could be decoded.
fn is_unmet(error: &PackError) -> bool {
    matches!(error.kind(), PackErrorKind::Unmet { .. })
}

/// Packing into exactly enough room gives the same bytes; into one byte less, an error.
fn limited<T: Debug>(
    value: &T,
    bytes: &[u8],
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
) -> Result<(), Broken> {
    applied("exact room");
    let mut enough = Encoder::with_limit(bytes.len());
    if pack(value, &mut enough).is_err() || enough.as_slice() != bytes {
        return Err(broken("a value packs into exactly enough room", bytes, format_args!("{value:#?}")));
    }
    let Some(less) = bytes.len().checked_sub(1) else {
        return Ok(());
    };
    if pack(value, &mut Encoder::with_limit(less)).is_ok() {
        return Err(broken("too little room is an error", bytes, format_args!("{value:#?}")));
    }
    Ok(())
}

/// Unpacking the bytes of a value gives the value and leaves nothing over; packing that gives the
/// same bytes.
///
/// # Errors
/// When one of them does not hold.
pub fn round_trip<'a, T: PartialEq + Debug>(
    value: &T,
    bytes: &'a [u8],
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> Result<(), Broken> {
    applied("round trip");
    let mut c = Cursor::new(bytes);
    let unpacked = unpack(&mut c)
        .map_err(|error| broken("what was packed unpacks", bytes, format_args!("{error}\nvalue: {value:#?}")))?;
    if !c.is_empty() {
        let detail = format_args!("{} bytes left\nvalue: {value:#?}", c.remaining());
        return Err(broken("unpacking uses up what was packed", bytes, detail));
    }
    if !same(&unpacked, value) {
        let detail = format_args!("unpacked {unpacked:#?}\npacked {value:#?}");
        return Err(broken("unpacking gives the value that was packed", bytes, detail));
    }
    let mut e = Encoder::new();
    if let Err(error) = pack(&unpacked, &mut e) {
        return Err(broken("what was unpacked packs", bytes, format_args!("{error}\nvalue: {unpacked:#?}")));
    }
    if e.as_slice() != bytes {
        let detail = format_args!("got {}\nvalue: {unpacked:#?}", Hex(e.as_slice()));
        return Err(broken("packing again gives the same bytes", bytes, detail));
    }
    Ok(())
}

/// Prefixes that are tried at most; the longest and the shortest are always among them.
const MAX_PREFIXES: usize = 192;

/// Unpacking a prefix is an error (unless the end is not fixed) that lies in the prefix.
///
/// # Errors
/// When it does not hold.
pub fn truncation<'a, T: Debug>(
    bytes: &'a [u8],
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
    end: End,
) -> Result<(), Broken> {
    applied("truncation");
    let step = bytes.len() / MAX_PREFIXES + 1;
    let lens = (0..bytes.len()).filter(|len| len % step == 0 || len + 8 >= bytes.len());
    for len in lens {
        let mut c = Cursor::new(&bytes[..len]);
        match unpack(&mut c) {
            Err(error) if error.offset() > len => {
                let detail = format_args!("at {len}: {error}");
                return Err(broken("the error of a prefix lies in the prefix", bytes, detail));
            }
            Err(error) if end == End::Fixed && !is_cut(&error, len) => {
                let detail = format_args!("at {len}: {error}");
                return Err(broken("the error of a prefix says that bytes are missing", bytes, detail));
            }
            Ok(value) if end == End::Fixed => {
                return Err(broken("a prefix is an error", bytes, format_args!("the first {len} gave {value:#?}")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The bytes end before a value or a text does, and the error says where.
pub(crate) fn is_cut(error: &UnpackError, len: usize) -> bool {
    match error.kind() {
        UnpackErrorKind::Truncated { needed, available } => {
            needed > available && error.offset().checked_add(*available) == Some(len)
        }
        UnpackErrorKind::Unterminated => true,
        _ => false,
    }
}

/// What [`longer`] appends.
const APPENDED: &[u8] = &[0xA5, 0x00, 0xFF];

/// The bytes and some more, for [`trailing`].
#[must_use]
pub fn longer(bytes: &[u8]) -> Vec<u8> {
    [bytes, APPENDED].concat()
}

/// With other bytes after it, a value unpacks to the same and leaves them alone.
///
/// # Errors
/// When it does not hold.
pub fn trailing<'a, T: PartialEq + Debug>(
    value: &T,
    longer: &'a [u8],
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
    end: End,
) -> Result<(), Broken> {
    applied("bytes after the end");
    let mut c = Cursor::new(longer);
    let result = unpack(&mut c);
    if end == End::Rest {
        return Ok(());
    }
    match result {
        Ok(unpacked) if same(&unpacked, value) && c.peek() == APPENDED => Ok(()),
        Ok(unpacked) => {
            let detail = format_args!("{} bytes left, expected {}\n{unpacked:#?}", c.remaining(), APPENDED.len());
            Err(broken("what follows a value is left alone", longer, detail))
        }
        Err(error) => Err(broken("what follows a value is left alone", longer, error)),
    }
}

/// Changed copies that are made of a value's bytes.
const MUTATIONS: usize = 14;

/// Copies of the bytes, changed in a few places, cut, prolonged, or replaced altogether.
#[must_use]
pub fn mutated(bytes: &[u8], g: &Choices) -> Vec<Vec<u8>> {
    let mut noise = g.mutations();
    (0..MUTATIONS).map(|index| mutation(bytes, index, &mut noise)).collect()
}

fn mutation(bytes: &[u8], index: usize, noise: &mut Noise) -> Vec<u8> {
    let mut below = |count: usize| noise.number() as usize % count.max(1);
    let mut copy = bytes.to_vec();
    match index {
        0 => return (0..below(64)).map(|_| below(256) as u8).collect(),
        1 => return (0..below(64)).map(|_| if below(2) == 0 { 0 } else { below(256) as u8 }).collect(),
        2 => copy.truncate(below(bytes.len())),
        3 => copy.extend((0..below(16)).map(|_| below(256) as u8)),
        // A count or a length of any width: up, down, huge.
        4..=6 => {
            let at = below(copy.len());
            lie(&mut copy[at..], below(5), below(3));
            return copy;
        }
        _ => {}
    }
    for _ in 0..=below(3) {
        let at = below(copy.len());
        let kind = below(6);
        let random = below(256) as u8;
        if let Some(byte) = copy.get_mut(at) {
            *byte = match kind {
                0 => 0,
                1 => 0xFF,
                2 => byte.wrapping_add(1),
                3 => byte.wrapping_sub(1),
                4 => *byte ^ 1 << (random % 8),
                _ => random,
            };
        }
    }
    copy
}

/// Changes a number of 1, 2 or 4 bytes as a count that lies.
fn lie(bytes: &mut [u8], kind: usize, width: usize) {
    let width = (1 << width).min(bytes.len());
    let number = bytes[..width].iter().rev().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    let mut lie = match kind {
        0 => number.wrapping_add(1),
        1 => number.wrapping_sub(1),
        2 => u32::MAX >> 1,
        3 => u32::MAX,
        _ => u32::from(u16::MAX),
    };
    for byte in &mut bytes[..width] {
        *byte = lie as u8;
        lie >>= 8;
    }
}

/// Unpacking takes no more memory than this, and so much for each byte that is there: the largest
/// elements in Rust for the smallest on the wire, doubled by growing lists.
pub(crate) const MEMORY_AT_LEAST: u64 = 4 * 1024;
const MEMORY_PER_BYTE: u64 = 256;
/// The same for types that are borrowed, or that nothing larger is known of.
const MEMORY_PER_BORROWED_BYTE: u64 = 16;

/// Reads of the runtime, whatever the bytes are, and for each of them: a field of one byte is read in few steps.
const STEPS_AT_LEAST: u64 = 1024;
const STEPS_PER_BYTE: u64 = 8;
/// Lists, boxes and what an error says for each byte, and as many more as there are bytes of memory to start with.
const ALLOCATIONS_PER_BYTE: u64 = 2;

thread_local! {
    /// For the type whose property is tried.
    static PER_BYTE: Cell<u64> = const { Cell::new(MEMORY_PER_BYTE) };
}

/// Twice what the largest element takes in memory for each of its fewest bytes on the wire.
fn memory_per_byte(elements: &[(usize, usize)]) -> u64 {
    let each = elements.iter().map(|(memory, wire)| (2 * memory).div_ceil((*wire).max(1)) as u64);
    each.max().unwrap_or_default().max(MEMORY_PER_BORROWED_BYTE)
}

/// The bound on the memory of a type while its property is tried.
#[derive(Debug)]
pub(crate) struct Bound(());

impl Bound {
    /// Sets the bound that follows from the elements, and says it.
    pub(crate) fn of(elements: &[(usize, usize)]) -> Self {
        let per_byte = memory_per_byte(elements);
        println!("memory: at most {per_byte} bytes for each byte read, and {MEMORY_AT_LEAST}");
        PER_BYTE.set(per_byte);
        Self(())
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        PER_BYTE.set(MEMORY_PER_BYTE);
    }
}

/// What a value becomes that is independent of the buffer is equal to it.
///
/// # Errors
/// When it is not.
pub fn owned<T: PartialEq + Debug>(value: &T, owned: &T) -> Result<(), Broken> {
    applied("independence of the buffer");
    if same(value, owned) {
        return Ok(());
    }
    Err(broken("a value independent of the buffer is the same", &[], format_args!("{value:#?}\nowned: {owned:#?}")))
}

/// Unpacks and checks that the memory it takes is in proportion to the bytes.
///
/// # Errors
/// When it is not.
pub fn bounded<'a, T>(
    bytes: &'a [u8],
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> Result<Result<T, UnpackError>, Broken> {
    bounded_by(MEMORY_AT_LEAST, bytes, || unpack(&mut Cursor::new(bytes)))
}

/// [`bounded`] for any reader of the bytes, and for more or less memory whatever the bytes are.
pub(crate) fn bounded_by<T>(
    at_least: u64,
    bytes: &[u8],
    unpack: impl Fn() -> Result<T, UnpackError>,
) -> Result<Result<T, UnpackError>, Broken> {
    let mut result = None;
    let before = runtime::work::steps();
    let memory = allocation_counter::measure(|| {
        // A panic would leave the count open.
        result = Some(catch_unwind(AssertUnwindSafe(&unpack)));
    });
    let result = match result {
        Some(Ok(result)) => result,
        Some(Err(panic)) => resume_unwind(panic),
        None => return Err(broken("unpacking ends", bytes, "it did not run")),
    };
    if memory.bytes_max > at_least + PER_BYTE.get() * bytes.len() as u64 {
        let detail = format_args!("it took {} bytes", memory.bytes_max);
        return Err(broken("unpacking takes memory in proportion to the bytes", bytes, detail));
    }
    let steps = runtime::work::steps().wrapping_sub(before);
    if steps > STEPS_AT_LEAST + STEPS_PER_BYTE * bytes.len() as u64 {
        return Err(broken("unpacking takes time in proportion to the bytes", bytes, format_args!("{steps} steps")));
    }
    if memory.count_total > at_least + ALLOCATIONS_PER_BYTE * bytes.len() as u64 {
        let detail = format_args!("{} allocations", memory.count_total);
        return Err(broken("unpacking allocates in proportion to the bytes", bytes, detail));
    }
    Ok(result)
}

/// Unpacking any bytes gives an error that lies in them, or a value that packs; answers that value
/// and what it packed to, for [`stable`].
///
/// # Errors
/// When it does not hold.
pub fn random_bytes<'a, T: Debug>(
    bytes: &'a [u8],
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
) -> Result<Option<(T, Vec<u8>)>, Broken> {
    random_bytes_within(MEMORY_AT_LEAST, bytes, unpack, pack)
}

pub(crate) fn random_bytes_within<'a, T: Debug>(
    memory_at_least: u64,
    bytes: &'a [u8],
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
) -> Result<Option<(T, Vec<u8>)>, Broken> {
    let value = match bounded_by(memory_at_least, bytes, || unpack(&mut Cursor::new(bytes)))? {
        Ok(value) => value,
        Err(error) if error.offset() <= bytes.len() => {
            coverage::error(&error);
            return Ok(None);
        }
        Err(error) => return Err(broken("an error lies in the bytes", bytes, error)),
    };
    coverage::value(&value);
    let mut e = Encoder::new();
    match pack(&value, &mut e) {
        Ok(()) => Ok(Some((value, e.finish().to_vec()))),
        Err(error) if is_unmet(&error) => Ok(None),
        Err(error) => Err(broken("what was unpacked packs", bytes, format_args!("{error}\nvalue: {value:#?}"))),
    }
}

/// What the value of random bytes packed to unpacks to an equal value, and packs to the same bytes:
/// a second pass changes nothing.
///
/// # Errors
/// When it does not hold.
pub fn stable<'a, T: PartialEq + Debug>(
    first: &T,
    bytes: &'a [u8],
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
) -> Result<(), Broken> {
    round_trip(first, bytes, pack, unpack)
}

/// Equal, or not even equal to itself (NaN) and of equal appearance.
#[allow(clippy::eq_op)]
pub fn same<T: PartialEq + Debug>(a: &T, b: &T) -> bool {
    a == b || (a != a && format!("{a:?}") == format!("{b:?}"))
}
