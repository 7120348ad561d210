//! Why a stream is refused.

use std::fmt;

/// What is wrong with a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamErrorKind {
    /// Another word stands here.
    Unexpected {
        /// The word.
        found: String,
        /// The words that may stand here.
        expected: String,
    },
    /// The stream ends here.
    Truncated {
        /// What has to follow.
        expected: String,
    },
    /// The production ends here without some of its properties.
    Missing {
        /// The properties.
        properties: String,
    },
    /// A property of a type that streams do not have.
    UnknownType {
        /// The property's tag.
        tag: u32,
    },
    /// A property that is not named as its identifier says, or by a kind of name that there is not.
    Name {
        /// What is wrong.
        reason: &'static str,
    },
    /// A length, a count or a name beyond the limit.
    TooLarge {
        /// What the stream says.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// A production inside itself more often than it may be.
    TooDeep {
        /// The limit.
        limit: u16,
    },
    /// A value that is not what its property announced: only a writer's.
    Value {
        /// What has to be written.
        expected: String,
    },
}

/// What is wrong with a stream, and where.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamError(Box<Details>);

#[derive(Clone, PartialEq, Eq)]
struct Details {
    kind: StreamErrorKind,
    production: String,
    offset: u64,
}

impl StreamError {
    pub(crate) fn new(kind: StreamErrorKind, production: &str, offset: u64) -> Self {
        Self(Box::new(Details { kind, production: production.to_owned(), offset }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &StreamErrorKind {
        &self.0.kind
    }

    /// The innermost production that is open; empty behind the root's end.
    #[must_use]
    pub fn production(&self) -> &str {
        &self.0.production
    }

    /// Bytes before the word or value that is wrong, from the start of the stream.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.0.offset
    }
}

impl fmt::Display for StreamErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected { found, expected } => write!(f, "expected {expected}, got {found}"),
            Self::Truncated { expected } => write!(f, "expected {expected}, got the end"),
            Self::Missing { properties } => write!(f, "ends without {properties}"),
            Self::UnknownType { tag } => write!(f, "{tag:#010x} is of a type that streams do not have"),
            Self::Name { reason } => f.write_str(reason),
            Self::TooLarge { found, limit } => write!(f, "{found} is over the limit of {limit}"),
            Self::TooDeep { limit } => write!(f, "inside itself more than {limit} times"),
            Self::Value { expected } => write!(f, "expected {expected}"),
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.production.is_empty() {
            write!(f, "{}: ", self.0.production)?;
        }
        write!(f, "{} at offset {}", self.0.kind, self.0.offset)
    }
}

impl fmt::Debug for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamError({self})")
    }
}

impl std::error::Error for StreamError {}
