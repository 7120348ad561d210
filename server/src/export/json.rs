//! JSON that is written while it is made. Libraries for it want a value whole in memory; here one member can be
//! larger than that.

use std::fmt::Display;
use std::io::{self, Write};

/// An object whose members are being written.
pub(super) struct Object<'o> {
    output: &'o mut dyn Write,
    first: bool,
}

impl<'o> Object<'o> {
    pub(super) fn new(output: &'o mut dyn Write) -> io::Result<Self> {
        output.write_all(b"{")?;
        Ok(Self { output, first: true })
    }

    /// A member, whose value the caller writes.
    pub(super) fn member(&mut self, key: &str) -> io::Result<&mut dyn Write> {
        if !self.first {
            self.output.write_all(b",")?;
        }
        self.first = false;
        write!(self.output, "\"{key}\":")?;
        Ok(self.output)
    }

    /// A member with a text.
    pub(super) fn text(&mut self, key: &str, text: &str) -> io::Result<()> {
        let output = self.member(key)?;
        string(output, text.encode_utf16())
    }

    /// A member that is JSON as it displays itself: numbers, true and false.
    pub(super) fn raw(&mut self, key: &str, value: impl Display) -> io::Result<()> {
        write!(self.member(key)?, "{value}")
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.output.write_all(b"}")
    }

    pub(super) fn end_line(self) -> io::Result<()> {
        self.output.write_all(b"}\n")
    }
}

/// A list whose items are being written.
pub(super) struct List<'o> {
    output: &'o mut dyn Write,
    first: bool,
}

impl<'o> List<'o> {
    pub(super) fn new(output: &'o mut dyn Write) -> io::Result<Self> {
        output.write_all(b"[")?;
        Ok(Self { output, first: true })
    }

    /// An item, which the caller writes.
    pub(super) fn item(&mut self) -> io::Result<&mut dyn Write> {
        if !self.first {
            self.output.write_all(b",")?;
        }
        self.first = false;
        Ok(self.output)
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.output.write_all(b"]")
    }
}

/// A string of UTF-16 units. Lone surrogates stay what they are.
pub(super) fn string(output: &mut dyn Write, units: impl IntoIterator<Item = u16>) -> io::Result<()> {
    output.write_all(b"\"")?;
    for unit in units {
        character(output, unit)?;
    }
    output.write_all(b"\"")
}

/// One unit inside a string.
pub(super) fn character(output: &mut dyn Write, unit: u16) -> io::Result<()> {
    match u8::try_from(unit) {
        Ok(letter @ (b' '..=b'!' | b'#'..=b'[' | b']'..=b'~')) => output.write_all(&[letter]),
        _ => write!(output, "\\u{unit:04x}"),
    }
}
