//! Decoded bytes as data: a tree of values, and where it stopped.

use std::fmt;

/// A value with its place in the bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The field as the document writes it, `[3]` for an element.
    pub name: String,
    /// What an element belongs to: the column of a value.
    pub note: Option<String>,
    /// Bytes before it, from the start of its buffer.
    pub offset: usize,
    /// Bytes that it takes.
    pub size: usize,
    /// What it is; `None` where its children say it.
    pub value: Option<Value>,
    /// Its parts in wire order.
    pub children: Vec<Node>,
    /// The buffer that the children stand in, where it is not this node's: a payload that was
    /// compressed or obfuscated.
    pub payload: Option<Vec<u8>>,
}

/// What bytes mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer of so many bytes.
    Number(i128, u8),
    /// An integer with a name for the value or its parts.
    Named {
        /// As on the wire.
        value: u64,
        /// Bytes.
        size: u8,
        /// Constant, flags, sub-fields.
        names: Vec<String>,
    },
    /// True or false.
    Bool(bool),
    /// A fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// A GUID as people write it, and its name.
    Guid(String, Option<String>),
    /// Units of 100 nanoseconds since 1601, UTC.
    Time(u64),
    /// Nothing but its bytes.
    Bytes,
    /// The variant that a discriminant selected, and how many of the last children are its own.
    Variant(String, usize),
    /// Bytes whose meaning depends on something that is not known.
    Opaque(String),
    /// What is wrong here, where reading goes on all the same.
    Mistake(String),
}

/// Why decoding stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The field: `RopSetColumns.PropertyTags[3]`.
    pub path: String,
    /// Bytes before the first wrong one, from the start of its buffer.
    pub offset: usize,
    /// Bytes that are wrong together.
    pub size: usize,
    /// What was expected.
    pub message: String,
    /// Nothing is wrong: something that the bytes depend on is not known.
    pub missing_context: bool,
    /// The bytes around it, and the offset of the first of them.
    pub window: Option<(usize, Vec<u8>)>,
}

/// A buffer that was decoded as far as it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The buffer as a node: its payload is all bytes.
    pub root: Node,
    /// Why it does not go further.
    pub fault: Option<Fault>,
}

/// Bytes of a line of a hex dump.
pub const LINE: usize = 16;

impl Node {
    /// A node that begins at an offset.
    pub fn new(name: impl Into<String>, offset: usize) -> Self {
        Self { name: name.into(), offset, ..Self::default() }
    }

    /// A node without parts.
    pub fn leaf(name: impl Into<String>, offset: usize, size: usize, value: Value) -> Self {
        Self { size, value: Some(value), ..Self::new(name, offset) }
    }

    /// Its bytes in the buffer that it stands in.
    pub fn bytes<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        let end = self.offset.saturating_add(self.size).min(buffer.len());
        buffer.get(self.offset..end).unwrap_or_default()
    }

    /// Some part of it could not be read for lack of context.
    pub fn has_opaque(&self) -> bool {
        self.name == "Opaque" || self.children.iter().any(Node::has_opaque)
    }
}

impl Fault {
    /// The same with the bytes around it, unless it has them from a buffer inside.
    pub fn within(mut self, buffer: &[u8]) -> Self {
        if self.window.is_none() {
            let mut start = self.offset - self.offset % LINE;
            if start >= buffer.len() {
                // At the end of the buffer: the last bytes that are there.
                start = buffer.len().saturating_sub(1) / LINE * LINE;
            }
            let end = start.saturating_add(LINE).min(buffer.len());
            self.window = Some((start, buffer.get(start..end).unwrap_or_default().to_vec()));
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{} at offset {:#x}", self.message, self.offset)?;
        let Some((start, bytes)) = &self.window else { return Ok(()) };
        write!(f, "\n  {start:04x} ")?;
        for byte in bytes {
            write!(f, " {byte:02x}")?;
        }
        let before = self.offset.saturating_sub(*start).min(LINE);
        let shown = self.size.clamp(1, bytes.len().saturating_sub(before).max(1));
        write!(f, "\n        {}{}", "   ".repeat(before), "^^ ".repeat(shown).trim_end())
    }
}
