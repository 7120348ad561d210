//! What stays open between operations (MS-OXCROPS 1.3.1).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use protocol::oxcdata::{FolderId, MessageId, Restriction, SortOrder};
use runtime::FileTime;

use super::Locale;
use super::budget::{Budget, Held};
use crate::store::{
    Clock, ContentsKind, HierarchyDepth, Mailbox, MailboxIdentity, PartChange, PropertyChanges, User, ValueStream,
};

/// A mailbox that a session has logged on to; all objects opened through the logon share it.
pub struct OpenMailbox {
    pub(super) mailbox: Arc<dyn Mailbox>,
    pub(super) identity: MailboxIdentity,
    /// Whose mailbox it is.
    pub(super) owner: User,
    /// Who works on it.
    pub(super) user: User,
    pub(super) locale: Locale,
    pub(super) clock: Clock,
    pub(super) server_name: String,
    /// The memory of the session.
    pub(super) budget: Budget,
}

impl OpenMailbox {
    /// The code page of 8-bit strings of the logon; Windows-1252 for one that has no 16-bit number.
    pub(super) fn code_page(&self) -> u16 {
        u16::try_from(self.locale.code_page).unwrap_or(1252)
    }
}

impl fmt::Debug for OpenMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenMailbox").field("mailbox", &self.identity.mailbox).finish_non_exhaustive()
    }
}

/// A logon to a private mailbox (MS-OXCSTOR 3.2.5.1).
#[derive(Debug)]
pub struct Logon {
    pub(super) mailbox: Arc<OpenMailbox>,
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) id: FolderId,
}

/// Whether a message is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Not yet; it was created at this time.
    New { created: FileTime },
    /// Yes, with this change number when it was opened or last saved here.
    Saved { change_number: u64 },
}

/// An open message with all that was changed through this handle and is not saved.
#[derive(Debug)]
pub struct Message {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) id: MessageId,
    pub(super) folder: FolderId,
    pub(super) associated: bool,
    /// The code page of its 8-bit strings.
    pub(super) code_page: u16,
    pub(super) writable: bool,
    pub(super) version: Version,
    pub(super) properties: PropertyChanges,
    pub(super) recipients: BTreeMap<u32, PartChange>,
    /// The memory of the changes.
    pub(super) held: Held,
}

/// An open attachment of a saved message.
#[derive(Debug)]
pub struct Attachment {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) message: MessageId,
    /// PidTagAttachNumber.
    pub(super) number: u32,
    /// That of the message.
    pub(super) code_page: u16,
    pub(super) writable: bool,
    /// Changes that RopSaveChangesAttachment has not handed to the message.
    pub(super) properties: PropertyChanges,
    /// The memory of the changes.
    pub(super) held: Held,
}

/// What a table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Folders below a folder; with `soft_deleted` those that can be recovered, of which there are none.
    Hierarchy { folder: FolderId, depth: HierarchyDepth, soft_deleted: bool },
    /// Messages of a folder.
    Contents { folder: FolderId, kind: ContentsKind },
    /// Attachments of a message; none for a message that is not saved.
    Attachments { message: Option<MessageId> },
}

/// The rows of a table as they were when it was opened, sorted, restricted or reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    Folders(Vec<FolderId>),
    Messages(Vec<MessageId>),
    /// By PidTagAttachNumber.
    Attachments(Vec<u32>),
}

impl Rows {
    /// Bytes of the list.
    pub(super) fn size(&self) -> usize {
        self.len().saturating_mul(size_of::<u64>())
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Folders(ids) => ids.len(),
            Self::Messages(ids) => ids.len(),
            Self::Attachments(numbers) => numbers.len(),
        }
    }
}

/// An open table with its order, filter and cursor.
#[derive(Debug)]
pub struct Table {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) source: Source,
    /// The code page of its 8-bit strings.
    pub(super) code_page: u16,
    pub(super) order: Vec<SortOrder>,
    pub(super) restriction: Option<Restriction<'static>>,
    /// Listed when first needed, with the memory of the list.
    pub(super) rows: Option<(Rows, Held)>,
    /// The row that is read next.
    pub(super) cursor: usize,
}

impl Table {
    /// A table with the cursor at the beginning, in the default order and without a filter.
    pub(super) fn new(mailbox: &Arc<OpenMailbox>, source: Source, code_page: u16) -> Self {
        Self {
            mailbox: Arc::clone(mailbox),
            source,
            code_page,
            order: Vec::new(),
            restriction: None,
            rows: None,
            cursor: 0,
        }
    }
}

/// The bytes behind a stream; they stay the same while it is open.
pub(super) enum Content {
    /// Made for this stream.
    Memory(Vec<u8>),
    /// Read from the store.
    Stored(Box<dyn ValueStream>),
}

/// One property, open as a stream, with its seek pointer (MS-OXCPRPT 3.2.5.11).
pub struct Stream {
    pub(super) content: Content,
    pub(super) position: u64,
    /// The memory of the content.
    pub(super) _held: Held,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("position", &self.position).finish_non_exhaustive()
    }
}
