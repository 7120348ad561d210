//! Why a store could not do what it was asked.

use protocol::oxcdata::{PropertyTag, PropertyType};

/// The result of every store operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Why a store could not do what it was asked.
///
/// The engine turns each into a return value of the ROP in one place; nothing of a message's content is
/// in the text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The object is not there, or not any more.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// An object of that name or address exists.
    #[error("a {0} of that name exists")]
    Exists(&'static str),
    /// The message was changed by someone else since the caller looked (MS-OXCMSG 2.2.3.3, ecObjectModified).
    #[error("the message has changed since it was opened")]
    Conflict,
    /// A folder would be in itself.
    #[error("a folder cannot be put into itself")]
    Cycle,
    /// The object may not be changed in this way (a receive folder of "IPM", a special folder's parent).
    #[error("{0} may not be changed")]
    AccessDenied(&'static str),
    /// An argument does not meet the document's requirements.
    #[error("invalid {0}")]
    InvalidParameter(&'static str),
    /// The property is computed by the store and cannot be written.
    #[error("property {:#010x} is computed", .0.0)]
    ReadOnly(PropertyTag),
    /// A value does not have the type of its tag.
    #[error("property {:#010x}: a value of type {:#06x}", .tag.0, .found.0)]
    TypeMismatch {
        /// The tag.
        tag: PropertyTag,
        /// The value's type.
        found: PropertyType,
    },
    /// A kind of restriction, sort order or value that this store does not have.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// All 48-bit global counters or all 16-bit property ids are used up, or a size is beyond its field.
    #[error("no {0} left")]
    Exhausted(&'static str),
    /// What is stored contradicts itself.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The database or the file system failed.
    #[error("the store failed to {action}")]
    Backend {
        /// What was being done.
        action: &'static str,
        /// Why that failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
