//! Strings of the wire: UTF-16 and 8-bit, borrowed from a buffer and decoded when asked for.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::cursor::LINE_END;
use crate::{Cursor, Encoder, PackError, UnpackError};

/// A UTF-16 string without its terminator.
///
/// Holds the bytes of the wire or text that was never encoded; equality is that of the UTF-16
/// units, so lone surrogates survive a round trip.
#[derive(Clone)]
pub struct Utf16<'a>(Repr<'a>);

#[derive(Clone)]
enum Repr<'a> {
    /// An even number of bytes, little-endian.
    Wire(Cow<'a, [u8]>),
    /// The same, big-endian.
    Swapped(&'a [u8]),
    Text(Cow<'a, str>),
}

impl<'a> Utf16<'a> {
    /// From text.
    #[must_use]
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self(Repr::Text(text.into()))
    }

    /// From UTF-16 units, which may hold lone surrogates.
    #[must_use]
    pub fn from_units(units: &[u16]) -> Utf16<'static> {
        Utf16(Repr::Wire(Cow::Owned(units.iter().flat_map(|u| u.to_le_bytes()).collect())))
    }

    /// From little-endian bytes; an odd last byte is left out.
    #[must_use]
    #[inline]
    pub fn from_wire(bytes: &'a [u8]) -> Self {
        let even = bytes.get(..bytes.len() & !1).unwrap_or_default();
        Self(Repr::Wire(Cow::Borrowed(even)))
    }

    /// The text; lone surrogates become U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Text(text) => Cow::Borrowed(text),
            Repr::Wire(_) | Repr::Swapped(_) => {
                let mut text = String::with_capacity(self.len_units());
                self.push_to(&mut text);
                Cow::Owned(text)
            }
        }
    }

    /// Appends the text; lone surrogates become U+FFFD. Needs no memory of its own.
    pub fn push_to(&self, text: &mut String) {
        match &self.0 {
            Repr::Text(own) => text.push_str(own),
            Repr::Wire(bytes) => push_units(bytes, text, false),
            Repr::Swapped(bytes) => push_units(bytes, text, true),
        }
    }

    /// The UTF-16 units.
    pub fn units(&self) -> impl Iterator<Item = u16> + '_ {
        let (bytes, big, text) = match &self.0 {
            Repr::Wire(bytes) => (&**bytes, false, ""),
            Repr::Swapped(bytes) => (*bytes, true, ""),
            Repr::Text(text) => (&[][..], false, &**text),
        };
        units_of(bytes, big).chain(text.encode_utf16())
    }

    /// Appends the units, in either byte order.
    pub(crate) fn append_to(&self, buffer: &mut Vec<u8>, big: bool) {
        match &self.0 {
            Repr::Wire(bytes) if !big => buffer.extend_from_slice(bytes),
            Repr::Wire(bytes) => append_swapped(bytes, buffer),
            Repr::Swapped(bytes) if big => buffer.extend_from_slice(bytes),
            Repr::Swapped(bytes) => append_swapped(bytes, buffer),
            Repr::Text(text) if text.is_ascii() => {
                let start = buffer.len();
                buffer.resize(start + text.len() * 2, 0);
                let (places, _) = buffer.get_mut(start..).unwrap_or_default().as_chunks_mut::<2>();
                for (place, byte) in places.iter_mut().zip(text.bytes()) {
                    *place = if big { [0, byte] } else { [byte, 0] };
                }
            }
            Repr::Text(text) => {
                for unit in text.encode_utf16() {
                    buffer.extend_from_slice(&if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
                }
            }
        }
    }

    /// From big-endian bytes; an odd last byte is left out.
    #[must_use]
    pub(crate) fn from_swapped(bytes: &'a [u8]) -> Self {
        Self(Repr::Swapped(bytes.get(..bytes.len() & !1).unwrap_or_default()))
    }

    /// UTF-16 units, without terminator.
    #[must_use]
    pub fn len_units(&self) -> usize {
        match &self.0 {
            Repr::Wire(bytes) => bytes.len() / 2,
            Repr::Swapped(bytes) => bytes.len() / 2,
            Repr::Text(text) if text.is_ascii() => text.len(),
            Repr::Text(text) => text.encode_utf16().count(),
        }
    }

    /// Nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Repr::Wire(bytes) => bytes.is_empty(),
            Repr::Swapped(bytes) => bytes.is_empty(),
            Repr::Text(text) => text.is_empty(),
        }
    }

    /// The same, independent of the buffer.
    #[must_use]
    pub fn into_owned(self) -> Utf16<'static> {
        Utf16(match self.0 {
            Repr::Wire(bytes) => Repr::Wire(Cow::Owned(bytes.into_owned())),
            Repr::Swapped(bytes) => Repr::Wire(Cow::Owned(swapped(bytes))),
            Repr::Text(text) => Repr::Text(Cow::Owned(text.into_owned())),
        })
    }

    /// Reads up to and including the terminator.
    ///
    /// # Errors
    /// `Unterminated` when the buffer ends first.
    #[inline]
    pub fn unpack_nul(c: &mut Cursor<'a>) -> Result<Self, UnpackError> {
        Ok(Self::from_wire(c.utf16_nul()?))
    }

    /// Reads this many units.
    ///
    /// # Errors
    /// `Truncated` when the buffer ends first.
    #[inline]
    pub fn unpack_units(c: &mut Cursor<'a>, units: usize) -> Result<Self, UnpackError> {
        let bytes = c.take(units.saturating_mul(2))?;
        Ok(Self(Repr::Wire(Cow::Borrowed(bytes))))
    }

    /// Writes the units and a terminator.
    ///
    /// # Errors
    /// `Full` at the limit; `Mismatch` when a unit is zero, since a reader would stop there.
    pub fn pack_nul(&self, e: &mut Encoder) -> Result<(), PackError> {
        let zero = match &self.0 {
            Repr::Wire(bytes) => zero_unit(bytes).is_some(),
            Repr::Swapped(bytes) => zero_unit(bytes).is_some(),
            Repr::Text(text) => text.as_bytes().contains(&0),
        };
        if zero {
            return Err(e.mismatch("text without a zero inside"));
        }
        self.pack_units(e)?;
        e.u16(0)
    }

    /// Writes the units.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack_units(&self, e: &mut Encoder) -> Result<(), PackError> {
        match &self.0 {
            Repr::Wire(bytes) => e.bytes(bytes),
            Repr::Swapped(bytes) => e.bytes(&swapped(bytes)),
            Repr::Text(text) => pack_text(e, text),
        }
    }

    /// Bytes that [`Utf16::pack_nul`] writes.
    #[must_use]
    pub fn size_nul(&self) -> usize {
        self.len_units() * 2 + 2
    }
}

/// The units in these bytes.
fn units_of(bytes: &[u8], big: bool) -> impl Iterator<Item = u16> + '_ {
    let unit = if big { u16::from_be_bytes } else { u16::from_le_bytes };
    bytes.as_chunks::<2>().0.iter().copied().map(unit)
}

/// The text of the units in these bytes; lone surrogates become U+FFFD.
fn push_units(bytes: &[u8], text: &mut String, big: bool) {
    let done = if big { push_ascii::<true>(bytes, text) } else { push_ascii::<false>(bytes, text) };
    let rest = bytes.get(done..).unwrap_or_default();
    text.extend(char::decode_utf16(units_of(rest, big)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// The same units in the other byte order.
fn swapped(bytes: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(bytes.len());
    append_swapped(bytes, &mut buffer);
    buffer
}

/// Appends units of the other byte order.
fn append_swapped(bytes: &[u8], buffer: &mut Vec<u8>) {
    let (pairs, _) = bytes.as_chunks::<2>();
    let start = buffer.len();
    buffer.resize(start + pairs.len() * 2, 0);
    let (places, _) = buffer.get_mut(start..).unwrap_or_default().as_chunks_mut::<2>();
    for (place, [high, low]) in places.iter_mut().zip(pairs) {
        *place = [*low, *high];
    }
}

/// The first unit of UTF-16 that is zero. Looks at four units at once: rows are full of short texts,
/// and this is most of reading them.
pub(crate) fn zero_unit(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0001_0001_0001_0001;
    const HIGH: u64 = 0x8000_8000_8000_8000;
    let (words, _) = bytes.as_chunks::<8>();
    let before = words.iter().take_while(|word| {
        let units = u64::from_le_bytes(**word);
        units.wrapping_sub(ONES) & !units & HIGH == 0
    });
    let skipped = before.count() * 4;
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().skip(skipped).position(|pair| *pair == [0, 0]).map(|at| skipped + at)
}

/// Appends UTF-16 as text as long as it is ASCII, as most names and addresses are throughout. Answers how many
/// bytes of it are done.
fn push_ascii<const BIG: bool>(bytes: &[u8], text: &mut String) -> usize {
    const OTHERS: u64 = 0xFF80_FF80_FF80_FF80;
    let mut done = 0;
    for part in bytes.chunks(128) {
        let mut buffer = [0; 64];
        let (words, rest) = part.as_chunks::<8>();
        let (places, _) = buffer.as_chunks_mut::<4>();
        let mut others = 0;
        // Four units at once.
        for (place, word) in places.iter_mut().zip(words) {
            let word = u64::from_le_bytes(*word);
            let word = if BIG { (word & 0x00FF_00FF_00FF_00FF) << 8 | word >> 8 & 0x00FF_00FF_00FF_00FF } else { word };
            others |= word & OTHERS;
            let pairs = (word | word >> 8) & 0x0000_FFFF_0000_FFFF;
            let [a, b, c, d, ..] = (pairs | pairs >> 16).to_le_bytes();
            *place = [a, b, c, d];
        }
        let (units, _) = rest.as_chunks::<2>();
        for (place, [low, high]) in buffer.iter_mut().skip(words.len() * 4).zip(units) {
            let (low, high) = if BIG { (high, low) } else { (low, high) };
            others |= u64::from(*high) | u64::from(low & 0x80);
            *place = *low;
        }
        match buffer.get(..part.len() / 2).map(str::from_utf8) {
            Some(Ok(part)) if others == 0 => text.push_str(part),
            _ => break,
        }
        done += part.len();
    }
    done
}

/// Writes text as UTF-16, a buffer at a time: the encoder's limit is checked once a buffer.
fn pack_text(e: &mut Encoder, text: &str) -> Result<(), PackError> {
    let mut buffer = [[0u8; 2]; 64];
    if text.is_ascii() {
        for chunk in text.as_bytes().chunks(buffer.len()) {
            for (unit, byte) in buffer.iter_mut().zip(chunk) {
                *unit = [*byte, 0];
            }
            e.bytes(buffer.as_flattened().get(..chunk.len() * 2).unwrap_or_default())?;
        }
        return Ok(());
    }
    let mut units = text.encode_utf16();
    loop {
        let mut filled = 0;
        for (place, unit) in buffer.iter_mut().zip(units.by_ref()) {
            *place = unit.to_le_bytes();
            filled += 1;
        }
        e.bytes(buffer.as_flattened().get(..filled * 2).unwrap_or_default())?;
        if filled < buffer.len() {
            return Ok(());
        }
    }
}

impl PartialEq for Utf16<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Wire(a), Repr::Wire(b)) => a == b,
            (Repr::Swapped(a), Repr::Swapped(b)) => a == b,
            (Repr::Text(a), Repr::Text(b)) => a == b,
            _ => self.units().eq(other.units()),
        }
    }
}

impl Eq for Utf16<'_> {}

impl Hash for Utf16<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.units().for_each(|u| u.hash(state));
    }
}

impl Default for Utf16<'_> {
    fn default() -> Self {
        Self(Repr::Text(Cow::Borrowed("")))
    }
}

impl fmt::Debug for Utf16<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

impl fmt::Display for Utf16<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl<'a> From<&'a str> for Utf16<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Utf16<'_> {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// A string of 8-bit characters in some code page, without its terminator.
///
/// The code page is nowhere in the bytes; [`String8::decode`] asks for it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct String8<'a>(pub Cow<'a, [u8]>);

impl<'a> String8<'a> {
    /// From the bytes of the wire, without terminator.
    #[inline]
    #[must_use]
    pub fn from_wire(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    /// From bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self(bytes.into())
    }

    /// From ASCII or UTF-8 text, as its bytes.
    #[must_use]
    pub fn from_text(text: &'a str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text in a Windows code page; what it cannot say becomes U+FFFD.
    #[must_use]
    pub fn decode(&self, code_page: u16) -> Cow<'_, str> {
        encoding(code_page).decode_without_bom_handling(&self.0).0
    }

    /// Text in a Windows code page; what that cannot say becomes a question mark.
    #[must_use]
    pub fn encode(text: &str, code_page: u16) -> String8<'static> {
        let encoding = encoding(code_page);
        let mut bytes = Vec::with_capacity(text.len());
        let mut utf8 = [0; 4];
        for c in text.chars() {
            let (encoded, _, unmappable) = encoding.encode(c.encode_utf8(&mut utf8));
            if unmappable { bytes.push(b'?') } else { bytes.extend_from_slice(&encoded) }
        }
        String8(Cow::Owned(bytes))
    }

    /// Nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, independent of the buffer.
    #[must_use]
    pub fn into_owned(self) -> String8<'static> {
        String8(Cow::Owned(self.0.into_owned()))
    }

    /// Reads up to and including the terminator.
    ///
    /// # Errors
    /// `Unterminated` when the buffer ends first.
    #[inline]
    pub fn unpack_nul(c: &mut Cursor<'a>) -> Result<Self, UnpackError> {
        Ok(Self::from_wire(c.string8_nul()?))
    }

    /// Reads this many bytes.
    ///
    /// # Errors
    /// `Truncated` when the buffer ends first.
    #[inline]
    pub fn unpack_bytes(c: &mut Cursor<'a>, bytes: usize) -> Result<Self, UnpackError> {
        Ok(Self(Cow::Borrowed(c.take(bytes)?)))
    }

    /// Writes the bytes and a terminator.
    ///
    /// # Errors
    /// `Full` at the limit; `Mismatch` when a byte is zero, since a reader would stop there.
    pub fn pack_nul(&self, e: &mut Encoder) -> Result<(), PackError> {
        if self.0.contains(&0) {
            return Err(e.mismatch("text without a zero inside"));
        }
        e.bytes(&self.0)?;
        e.u8(0)
    }

    /// Writes the bytes.
    ///
    /// # Errors
    /// `Full` at the limit.
    pub fn pack_bytes(&self, e: &mut Encoder) -> Result<(), PackError> {
        e.bytes(&self.0)
    }

    /// Bytes that [`String8::pack_nul`] writes.
    #[must_use]
    pub fn size_nul(&self) -> usize {
        self.0.len() + 1
    }

    /// Reads a line: up to and including carriage return and line feed.
    ///
    /// # Errors
    /// `Unterminated` when the buffer ends first.
    pub fn unpack_line(c: &mut Cursor<'a>) -> Result<Self, UnpackError> {
        Ok(Self::from_wire(c.line()?))
    }

    /// Writes the bytes as a line.
    ///
    /// # Errors
    /// `Full` at the limit; `Mismatch` when the end of a line stands inside, since a reader would stop there.
    pub fn pack_line(&self, e: &mut Encoder) -> Result<(), PackError> {
        if self.0.windows(LINE_END.len()).any(|pair| pair == LINE_END) {
            return Err(e.mismatch("one line"));
        }
        e.bytes(&self.0)?;
        e.bytes(LINE_END)
    }

    /// Bytes that [`String8::pack_line`] writes.
    #[must_use]
    pub fn size_line(&self) -> usize {
        self.0.len() + LINE_END.len()
    }
}

impl fmt::Debug for String8<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl<'a> From<&'a str> for String8<'a> {
    fn from(text: &'a str) -> Self {
        Self::from_text(text)
    }
}

/// The encoding behind a Windows code page; 1252 for those that are not known.
fn encoding(code_page: u16) -> &'static encoding_rs::Encoding {
    match code_page {
        65001 => encoding_rs::UTF_8,
        874 => encoding_rs::WINDOWS_874,
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        20866 => encoding_rs::KOI8_R,
        1251 => encoding_rs::WINDOWS_1251,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        866 => encoding_rs::IBM866,
        10000 => encoding_rs::MACINTOSH,
        10007 => encoding_rs::X_MAC_CYRILLIC,
        20932 | 51932 => encoding_rs::EUC_JP,
        21866 => encoding_rs::KOI8_U,
        28592 => encoding_rs::ISO_8859_2,
        28593 => encoding_rs::ISO_8859_3,
        28594 => encoding_rs::ISO_8859_4,
        28595 => encoding_rs::ISO_8859_5,
        28596 => encoding_rs::ISO_8859_6,
        28597 => encoding_rs::ISO_8859_7,
        28598 => encoding_rs::ISO_8859_8,
        28599 => encoding_rs::WINDOWS_1254,
        28603 => encoding_rs::ISO_8859_13,
        28605 => encoding_rs::ISO_8859_15,
        38598 => encoding_rs::ISO_8859_8_I,
        50220..=50222 => encoding_rs::ISO_2022_JP,
        51936 => encoding_rs::GBK,
        51949 => encoding_rs::EUC_KR,
        54936 => encoding_rs::GB18030,
        _ => encoding_rs::WINDOWS_1252,
    }
}

/// A string whose form a flag decides.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum StringValue<'a> {
    /// 8-bit.
    String8(String8<'a>),
    /// UTF-16.
    Utf16(Utf16<'a>),
}

impl<'a> StringValue<'a> {
    /// The text, 8-bit strings in this code page.
    #[must_use]
    pub fn to_text(&self, code_page: u16) -> Cow<'_, str> {
        match self {
            Self::String8(text) => text.decode(code_page),
            Self::Utf16(text) => text.to_text(),
        }
    }

    /// Nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::String8(text) => text.is_empty(),
            Self::Utf16(text) => text.is_empty(),
        }
    }

    /// The same, independent of the buffer.
    #[must_use]
    pub fn into_owned(self) -> StringValue<'static> {
        match self {
            Self::String8(text) => StringValue::String8(text.into_owned()),
            Self::Utf16(text) => StringValue::Utf16(text.into_owned()),
        }
    }

    /// Reads up to and including the terminator, in the form that the flag says.
    ///
    /// # Errors
    /// `Unterminated` when the buffer ends first.
    #[inline]
    pub fn unpack_nul(c: &mut Cursor<'a>, unicode: bool) -> Result<Self, UnpackError> {
        if unicode { Utf16::unpack_nul(c).map(Self::Utf16) } else { String8::unpack_nul(c).map(Self::String8) }
    }

    /// Writes the text and a terminator.
    ///
    /// # Errors
    /// `Full` at the limit; `Mismatch` when the flag says another form, or a zero stands inside.
    pub fn pack_nul(&self, e: &mut Encoder, unicode: bool) -> Result<(), PackError> {
        match (self, unicode) {
            (Self::String8(text), false) => text.pack_nul(e),
            (Self::Utf16(text), true) => text.pack_nul(e),
            _ => Err(e.mismatch("text in the form that the flag says")),
        }
    }

    /// Bytes that [`StringValue::pack_nul`] writes.
    #[must_use]
    pub fn size_nul(&self) -> usize {
        match self {
            Self::String8(text) => text.size_nul(),
            Self::Utf16(text) => text.size_nul(),
        }
    }
}
