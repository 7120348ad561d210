//! Random choices that imperative code builds values from.
//!
//! proptest makes a vector of words and shrinks it; generated code asks for one choice after the
//! other. A shorter vector or a smaller word is a simpler value: when the words are used up, every
//! choice is the first, every number 0, every list empty.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::Location;

use crate::sources::Turns;
pub use crate::sources::{choices, choices_of};
use crate::ways;
use runtime::{Blob, FileTime, GlobSet, Guid, String8, StringValue, Utf16};

/// Values inside themselves go no deeper than this.
const MAX_DEPTH: u32 = 4;
/// What has choices of its own.
const OWN: [&str; 3] =
    ["generated-tests/src/choices.rs", "generated-tests/src/ndr/choices.rs", "generated-tests/src/streams.rs"];
/// Lists get no longer than this.
const MAX_LIST: usize = 20;
/// Blobs and texts get no longer than this.
const MAX_BYTES: usize = 1100;
/// Most words that a test case has.
pub(crate) const MAX_WORDS: usize = 256;

/// Where a value's choices come from.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    words: Vec<u32>,
    used: usize,
    depth: u32,
    /// The deepest level so far.
    levels: u32,
    plain: bool,
    turns: Turns,
    /// Rules that could have been broken so far.
    rules: usize,
    /// The one that is.
    breaks: Option<usize>,
}

thread_local! {
    /// A rule was broken since [`Choices::breaking`].
    static BROKE: Cell<bool> = const { Cell::new(false) };
}

/// The value that is being made breaks a rule.
#[must_use]
pub fn broke() -> bool {
    BROKE.get()
}

/// A type of integers.
pub trait Number {
    /// Any of them, more often than not near a boundary.
    fn any(g: &mut Choices) -> Self;
}

macro_rules! numbers {
    ($($name:ident)*) => {
        $(
            impl Number for $name {
                fn any(g: &mut Choices) -> Self {
                    g.$name()
                }
            }
        )*
    };
}

numbers!(u8 u16 u32 u64 i8 i16 i32 i64);

macro_rules! integers {
    ($($unsigned:ident, $signed:ident;)*) => {
        $(
            /// A number, more often than not near a boundary.
            pub fn $unsigned(&mut self) -> $unsigned {
                self.bits($unsigned::BITS) as $unsigned
            }

            /// A number, more often than not near a boundary.
            pub fn $signed(&mut self) -> $signed {
                self.bits($signed::BITS) as $signed
            }
        )*
    };
}

impl Choices {
    /// Choices from these words.
    #[must_use]
    pub fn new(words: Vec<u32>) -> Self {
        BROKE.set(false);
        Self { words, ..Self::default() }
    }

    /// What it is made of.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The same choices for a value that breaks one of the rules that it could have broken; `None` where there is none.
    #[must_use]
    pub fn breaking(&self) -> Option<Self> {
        let rule = usize::try_from(self.mutations().number()).unwrap_or_default().checked_rem(self.rules)?;
        let words = self.words.clone();
        Some(Self { breaks: Some(rule), plain: self.plain, ..Self::in_turn(words, self.turns.again()) })
    }

    /// Choices from these words, those of the first ways in turn.
    pub(crate) fn in_turn(words: Vec<u32>, turns: Turns) -> Self {
        Self { turns, ..Self::new(words) }
    }

    /// Here a rule can be broken; it is when this is true.
    pub(crate) fn breaks_here(&mut self) -> bool {
        let breaks = self.breaks == Some(self.rules);
        self.rules += 1;
        if breaks {
            BROKE.set(true);
        }
        breaks
    }

    /// A condition on which fields are there; where the rule is broken, the others are.
    #[track_caller]
    pub fn breaks(&mut self, holds: bool) -> bool {
        self.holds(holds) != self.breaks_here()
    }

    /// A condition that other choices decide; cases together see it hold and see it not hold.
    #[track_caller]
    pub fn holds(&mut self, holds: bool) -> bool {
        if self.breaks.is_none() {
            ways::asked(Location::caller(), holds);
        }
        holds
    }

    /// How many elements there are, as something else says; one more where that rule is broken.
    pub fn breaks_len(&mut self, len: usize) -> usize {
        len.saturating_add(usize::from(self.breaks_here()))
    }

    /// Texts are ASCII from here on, as every other implementation has them.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { plain: true, ..self }
    }

    fn next(&mut self) -> u32 {
        let word = self.words.get(self.used).copied().unwrap_or(0);
        self.used += 1;
        word
    }

    integers! {
        u8, i8;
        u16, i16;
        u32, i32;
        u64, i64;
    }

    /// A number of 48 bits.
    pub fn u48(&mut self) -> u64 {
        self.bits(48)
    }

    /// A number of so many bytes (1 to 8), as [`Choices::bits`].
    pub fn uint(&mut self, size: usize) -> u64 {
        self.bits(u32::try_from(size).map_or(64, |size| size.saturating_mul(8)))
    }

    /// A number of so many bits (1 to 64): small, a power of two or one less, close to the largest or to the
    /// largest signed one, or anything.
    pub fn bits(&mut self, bits: u32) -> u64 {
        let word = self.next();
        let (kind, rest) = (word % 8, word / 8);
        let max = u64::MAX >> (u64::BITS - bits.clamp(1, u64::BITS));
        match kind {
            0 | 1 => u64::from(rest % 17) & max,
            2 => 1 << (rest % bits),
            3 => (1 << (rest % bits)) - 1,
            4 => max - u64::from(rest % 3).min(max),
            5 => (max / 2).wrapping_add(u64::from(rest % 3)) & max,
            _ => (u64::from(self.next()) << 32 | u64::from(self.next())) & max,
        }
    }

    /// A number, not NaN; infinities and the two zeros occur.
    pub fn f32(&mut self) -> f32 {
        const FIXED: [f32; 8] = [0.0, 1.0, -1.0, -0.0, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY, f32::NEG_INFINITY];
        if self.bool() {
            return *self.one_of(&FIXED);
        }
        let any = f32::from_bits(self.next());
        if any.is_nan() { 0.5 } else { any }
    }

    /// A number, not NaN; infinities and the two zeros occur.
    pub fn f64(&mut self) -> f64 {
        const FIXED: [f64; 8] = [0.0, 1.0, -1.0, -0.0, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY];
        if self.bool() {
            return *self.one_of(&FIXED);
        }
        let any = f64::from_bits(u64::from(self.next()) << 32 | u64::from(self.next()));
        if any.is_nan() { 0.5 } else { any }
    }

    /// True or false alike.
    #[track_caller]
    pub fn bool(&mut self) -> bool {
        self.pick(2) == 1
    }

    /// An index below `count`, each as likely as the others; 0 when there is none.
    #[track_caller]
    pub fn pick(&mut self, count: usize) -> usize {
        let all: Vec<usize> = (0..count).collect();
        self.way(&all)
    }

    /// The index of a true one, each as likely as the others; 0 when there is none.
    #[track_caller]
    pub fn pick_possible(&mut self, possible: &[bool]) -> usize {
        let indexes: Vec<usize> = (0..possible.len()).filter(|index| possible[*index]).collect();
        self.way(&indexes)
    }

    /// One of these ways, as the word or the turn says.
    #[track_caller]
    fn way(&mut self, possible: &[usize]) -> usize {
        let (at, word) = (Location::caller(), self.next() as usize);
        // What is chosen here is no way of a description.
        let own = OWN.iter().any(|file| at.file().ends_with(file));
        let counts = self.breaks.is_none() && !own;
        let turn = if own { None } else { self.turns.next(at) };
        let chosen = turn.unwrap_or(word).checked_rem(possible.len()).and_then(|index| possible.get(index));
        let way = chosen.copied().unwrap_or(0);
        if counts && !possible.is_empty() {
            ways::taken(at, way, possible, turn.is_some());
        }
        way
    }

    /// One of these.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn one_of<'s, T>(&mut self, values: &'s [T]) -> &'s T {
        &values[self.pick(values.len())]
    }

    /// How many elements a list of at most `max` has: few.
    pub fn len(&mut self, max: usize) -> usize {
        let word = self.next() as usize;
        let (kind, rest) = (word % 16, word / 16);
        let len = match kind {
            0..=13 => rest % 4,
            14 => rest % 9,
            _ => rest % (MAX_LIST + 1),
        };
        len.min(max)
    }

    /// How many bytes or units a blob or a text of at most `max` has: few, or around a boundary.
    fn size(&mut self, max: usize) -> usize {
        let word = self.next() as usize;
        let (kind, rest) = (word % 32, word / 32);
        let size = match kind {
            0..=15 => rest % 5,
            16..=25 => rest % 17,
            26..=28 => rest % 65,
            29 => 254 + rest % 4,
            30 => max.saturating_sub(rest % 3).min(MAX_BYTES),
            _ => rest % (MAX_BYTES + 1),
        };
        size.min(max)
    }

    /// A list.
    pub fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.len(MAX_LIST)).map(|_| make(self)).collect()
    }

    /// A value of an enumeration: of four, three that it has a name for.
    pub fn named<T: Copy + Number>(&mut self, names: &[(T, &str)]) -> T {
        if names.is_empty() || self.pick(4) == 3 { T::any(self) } else { self.one_of(names).0 }
    }

    /// ASCII text of one line, at most `max` bytes.
    pub fn line(&mut self, max: usize) -> String8<'static> {
        let size = self.size(max);
        let mut bytes = vec![0; size];
        self.noise().fill(&mut bytes);
        bytes.iter_mut().for_each(|byte| *byte = b' ' + *byte % 95);
        String8::new(bytes)
    }

    /// A list up to and including the first element that ends it.
    pub fn until<T>(&mut self, make: impl FnMut(&mut Self) -> T, ends: impl Fn(&T) -> bool) -> Vec<T> {
        let mut list = self.list(make);
        if let Some(last) = list.iter().position(ends) {
            list.truncate(last + 1);
        }
        list
    }

    /// A list of elements none of which would end it.
    pub fn without<T>(&mut self, make: impl FnMut(&mut Self) -> T, ends: impl Fn(&T) -> bool) -> Vec<T> {
        let mut list = self.list(make);
        list.retain(|item| !ends(item));
        list
    }

    /// Text in the form that a flag asks for, at most `max` units or bytes.
    pub fn string_value(&mut self, unicode: bool, max: usize) -> StringValue<'static> {
        if unicode { StringValue::Utf16(self.utf16(max)) } else { StringValue::String8(self.string8(max)) }
    }

    /// Exactly `size` bytes.
    pub fn blob_of(&mut self, size: usize) -> Blob<'static> {
        let mut bytes = vec![0; size];
        self.noise().fill(&mut bytes);
        Cow::Owned(bytes)
    }

    /// Makes a value that contains itself, one level further down; see [`Choices::deeper`].
    pub fn nest<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        self.levels = self.levels.max(self.depth);
        let value = make(self);
        self.depth -= 1;
        value
    }

    /// How many values stood inside each other so far, at most: 0 where none can contain itself.
    #[must_use]
    pub fn levels(&self) -> u32 {
        self.levels
    }

    /// A value may contain another one of its kind here.
    #[must_use]
    pub fn deeper(&self) -> bool {
        self.depth < MAX_DEPTH
    }

    /// A GUID.
    pub fn guid(&mut self) -> Guid {
        let mut bytes = [0; Guid::SIZE];
        self.noise().fill(&mut bytes);
        Guid(bytes)
    }

    /// A time, more often than not near a boundary.
    pub fn filetime(&mut self) -> FileTime {
        if self.bool() { FileTime(self.u64()) } else { FileTime(FileTime::UNIX_EPOCH.0 + u64::from(self.next())) }
    }

    /// A set of few counters, some of them next to each other.
    pub fn globset(&mut self) -> GlobSet {
        let mut set = GlobSet::new();
        for _ in 0..self.len(MAX_LIST) {
            let first = if self.bool() { self.u48() } else { u64::from(self.u16()) };
            set.insert_range(first, first.saturating_add(u64::from(self.u8() % 12)));
        }
        set
    }

    /// Bytes, at most `max`.
    pub fn blob(&mut self, max: usize) -> Blob<'static> {
        let mut bytes = vec![0; self.size(max)];
        self.noise().fill(&mut bytes);
        Cow::Owned(bytes)
    }

    /// Exactly so many bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.noise().fill(&mut bytes);
        bytes
    }

    /// UTF-16 without a zero unit, at most `max` units: plain, from text beyond the first plane, or
    /// any units, lone surrogates among them.
    pub fn utf16(&mut self, max: usize) -> Utf16<'static> {
        const TEXT: [char; 8] = ['a', 'Z', ' ', 'ß', 'я', '中', '\u{FFFD}', '\u{1F4E7}'];
        if self.plain {
            return Utf16::new(self.letters(max));
        }
        let size = self.size(max);
        let kind = self.pick(4);
        let mut noise = self.noise();
        if kind < 2 {
            let text: String = (0..size).map(|_| TEXT[noise.number() as usize % TEXT.len()]).collect();
            let mut units: Vec<u16> = text.encode_utf16().take(size).collect();
            // Half a pair at the cut is a lone surrogate: those are the other kinds'.
            if units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit)) {
                units.pop();
            }
            return Utf16::new(String::from_utf16_lossy(&units));
        }
        let unit = |noise: &mut Noise| match noise.number() % 4 {
            0 => 0xD800 + (noise.number() % 0x800) as u16,
            1 => (noise.number() as u16).max(1),
            _ => b'a'.into(),
        };
        Utf16::from_units(&(0..size).map(|_| unit(&mut noise)).collect::<Vec<u16>>())
    }

    /// 8-bit text without a zero byte, at most `max` bytes.
    pub fn string8(&mut self, max: usize) -> String8<'static> {
        if self.plain {
            return String8::new(self.letters(max).into_bytes());
        }
        let mut bytes = vec![0; self.size(max)];
        self.noise().fill(&mut bytes);
        for byte in &mut bytes {
            *byte = if *byte == 0 { b'a' } else { *byte };
        }
        String8::new(bytes)
    }

    /// Few ASCII letters and digits.
    fn letters(&mut self, max: usize) -> String {
        let size = self.size(max.min(12));
        let mut noise = self.noise();
        (0..size).map(|_| char::from(b"0AbcdefghijklmnopqrstuvwxyzXYZ"[noise.number() as usize % 30])).collect()
    }

    /// Noise from one word: all zeros when that is 0.
    fn noise(&mut self) -> Noise {
        Noise(u64::from(self.next()))
    }

    /// Noise for changing the bytes of a value; always the same for the same words.
    pub(crate) fn mutations(&self) -> Noise {
        let words = self.words.iter().fold(0xCBF2_9CE4_8422_2325, |hash: u64, &word| {
            (hash ^ u64::from(word)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        Noise(words | 1)
    }
}

/// Pseudo-random numbers (xorshift).
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// Always the same for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // The low bits of small seeds have little in them at first.
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.number() as u8;
        }
    }
}

#[cfg(test)]
#[path = "choices_tests.rs"]
mod tests;
