//! What of a mail did not become part of the message.

use std::fmt;

/// Something of a mail that is not, or not whole, in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skipped {
    /// The subject is longer than 254 characters (MS-OXCMSG 2.2.1.9) and was cut; the header is whole.
    SubjectCut {
        /// Characters that are missing.
        characters: usize,
    },
    /// A date that is no date.
    InvalidDate,
    /// An entry of an address header without an address.
    RecipientWithoutAddress {
        /// The name in the entry.
        name: String,
    },
    /// A charset that is not known; the text was read as UTF-8 or Windows-1252.
    UnknownCharset {
        /// Its name.
        charset: String,
    },
    /// A part whose transfer encoding or charset is broken; what could be read of it is there.
    BrokenPart {
        /// Its position among all parts.
        part: usize,
    },
    /// Text before the first part of a multipart, which readers of mail do not show.
    Preamble {
        /// Bytes.
        bytes: usize,
    },
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubjectCut { characters } => write!(f, "the last {characters} characters of the subject"),
            Self::InvalidDate => f.write_str("an invalid date"),
            Self::RecipientWithoutAddress { name } => write!(f, "the recipient {name:?}, who has no address"),
            Self::UnknownCharset { charset } => write!(f, "the charset {charset:?}, which is not known"),
            Self::BrokenPart { part } => write!(f, "something of part {part}, which is broken"),
            Self::Preamble { bytes } => write!(f, "{bytes} bytes before the first part"),
        }
    }
}

/// Everything of a mail that is not, or not whole, in the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order in which it was found.
    pub skipped: Vec<Skipped>,
}

impl Report {
    pub(super) fn add(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }
}
