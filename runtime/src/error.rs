//! Errors of packing and unpacking: what, where in the bytes, and in which field.

use std::fmt;

/// A structure could not be unpacked.
///
/// One word wide, so that results stay small on the way through generated code.
#[derive(Clone, PartialEq, Eq)]
pub struct UnpackError(Box<Inner<UnpackErrorKind>>);

/// A structure could not be packed.
#[derive(Clone, PartialEq, Eq)]
pub struct PackError(Box<Inner<PackErrorKind>>);

#[derive(Clone, PartialEq, Eq)]
struct Inner<K> {
    kind: K,
    offset: usize,
    /// Innermost field first: errors collect their path on the way out.
    path: Vec<Segment>,
}

#[derive(Clone, PartialEq, Eq)]
enum Segment {
    Field(&'static str),
    Index(usize),
}

/// Why unpacking failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnpackErrorKind {
    /// The buffer ends before the value does.
    Truncated {
        /// Bytes that the value needs.
        needed: usize,
        /// Bytes that are left.
        available: usize,
    },
    /// Bytes are left in a buffer that has to be used up.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A value that the document does not allow.
    InvalidValue {
        /// The value found.
        found: u64,
        /// What the document allows.
        expected: &'static str,
    },
    /// A text without its terminator.
    Unterminated,
    /// Structures nested deeper than the description allows.
    TooDeep {
        /// The limit.
        limit: u32,
    },
    /// A count or size larger than the description allows.
    TooLarge {
        /// The value found.
        found: u64,
        /// The largest that is allowed.
        limit: u64,
    },
    /// Context that the value depends on is not known (columns of a table that were never set).
    MissingContext {
        /// Which.
        what: &'static str,
    },
    /// Compressed data that does not decompress.
    Compression {
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Why packing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PackErrorKind {
    /// The value does not fit the limit given to the encoder.
    Full {
        /// Bytes that it needs beyond what is there, at least.
        needed: usize,
        /// The limit.
        limit: usize,
    },
    /// A count or length does not fit the field that carries it.
    TooLarge {
        /// The count or length.
        value: u64,
        /// The largest that the field can carry.
        limit: u64,
    },
    /// A value that the document does not allow.
    InvalidValue {
        /// The value.
        found: u64,
        /// What the document allows.
        expected: &'static str,
    },
    /// A value that contradicts what it depends on: its column's type, a flag, another list's length.
    Mismatch {
        /// What has to hold.
        expected: &'static str,
    },
    /// A value that `require` or the end of a list rules out, and that decoding may have tolerated.
    Unmet {
        /// What has to hold.
        requirement: &'static str,
    },
    /// Structures nested deeper than the description allows.
    TooDeep {
        /// The limit.
        limit: u32,
    },
    /// Context that the value depends on is not known.
    MissingContext {
        /// Which.
        what: &'static str,
    },
}

impl UnpackError {
    /// An error at an offset of the outermost buffer.
    #[cold]
    #[must_use]
    pub fn new(kind: UnpackErrorKind, offset: usize) -> Self {
        Self(Box::new(Inner { kind, offset, path: Vec::new() }))
    }

    /// The same at another offset.
    #[cold]
    #[must_use]
    pub(crate) fn moved(mut self, offset: usize) -> Self {
        self.0.offset = offset;
        self
    }

    /// Why it failed.
    #[must_use]
    pub fn kind(&self) -> &UnpackErrorKind {
        &self.0.kind
    }

    /// Bytes before the value that failed, from the start of the outermost buffer.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The field: `RopSetColumns.PropertyTags[3]`.
    #[must_use]
    pub fn path(&self) -> String {
        path(&self.0.path)
    }
}

impl PackError {
    /// An error when this many bytes had been written.
    #[cold]
    #[must_use]
    pub fn new(kind: PackErrorKind, offset: usize) -> Self {
        Self(Box::new(Inner { kind, offset, path: Vec::new() }))
    }

    /// Why it failed.
    #[must_use]
    pub fn kind(&self) -> &PackErrorKind {
        &self.0.kind
    }

    /// Bytes written before the value that failed.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The field: `RopSetColumns.PropertyTags[3]`.
    #[must_use]
    pub fn path(&self) -> String {
        path(&self.0.path)
    }
}

fn path(segments: &[Segment]) -> String {
    use fmt::Write as _;
    let mut text = String::new();
    for segment in segments.iter().rev() {
        match segment {
            Segment::Field(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            // Writing to a String cannot fail.
            Segment::Index(index) => _ = write!(text, "[{index}]"),
        }
    }
    text
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.path())?;
        }
        match &self.0.kind {
            UnpackErrorKind::Truncated { needed, available } => {
                write!(f, "expected {needed} bytes, got {available}")?;
            }
            UnpackErrorKind::TrailingBytes { count } => write!(f, "{count} bytes left over")?,
            UnpackErrorKind::InvalidValue { found, expected } => {
                write!(f, "expected {expected}, got {found:#x}")?;
            }
            UnpackErrorKind::Unterminated => f.write_str("text without terminator")?,
            UnpackErrorKind::TooDeep { limit } => write!(f, "nested deeper than {limit}")?,
            UnpackErrorKind::TooLarge { found, limit } => write!(f, "{found} is over the limit of {limit}")?,
            UnpackErrorKind::MissingContext { what } => write!(f, "{what} not known")?,
            UnpackErrorKind::Compression { reason } => write!(f, "compressed data: {reason}")?,
        }
        write!(f, " at offset {}", self.0.offset)
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.path())?;
        }
        match &self.0.kind {
            PackErrorKind::Full { needed, limit } => {
                write!(f, "{needed} bytes do not fit the limit of {limit}")
            }
            PackErrorKind::TooLarge { value, limit } => write!(f, "{value} is over the field's limit of {limit}"),
            PackErrorKind::InvalidValue { found, expected } => write!(f, "expected {expected}, got {found:#x}"),
            PackErrorKind::Mismatch { expected } => write!(f, "expected {expected}"),
            PackErrorKind::Unmet { requirement } => write!(f, "expected {requirement}"),
            PackErrorKind::TooDeep { limit } => write!(f, "nested deeper than {limit}"),
            PackErrorKind::MissingContext { what } => write!(f, "{what} not known"),
        }
    }
}

impl fmt::Debug for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnpackError({self})")
    }
}

impl fmt::Debug for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackError({self})")
    }
}

impl std::error::Error for UnpackError {}
impl std::error::Error for PackError {}

/// Adds the field to an error on its way out; costs nothing when there is none.
pub trait At: Sized {
    /// The error happened in this field.
    #[must_use]
    fn at(self, field: &'static str) -> Self;
    /// The error happened in this element.
    #[must_use]
    fn at_index(self, index: usize) -> Self;
}

macro_rules! at {
    ($error:ty) => {
        impl At for $error {
            #[cold]
            fn at(mut self, field: &'static str) -> Self {
                self.0.path.push(Segment::Field(field));
                self
            }

            #[cold]
            fn at_index(mut self, index: usize) -> Self {
                self.0.path.push(Segment::Index(index));
                self
            }
        }

        impl<T> At for Result<T, $error> {
            #[inline]
            fn at(self, field: &'static str) -> Self {
                match self {
                    Ok(value) => Ok(value),
                    Err(error) => Err(error.at(field)),
                }
            }

            #[inline]
            fn at_index(self, index: usize) -> Self {
                match self {
                    Ok(value) => Ok(value),
                    Err(error) => Err(error.at_index(index)),
                }
            }
        }
    };
}

at!(UnpackError);
at!(PackError);
