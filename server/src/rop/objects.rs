//! What stays open between operations (MS-OXCROPS 1.3.1).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::oxcdata::{ErrorCode, FolderId, MessageId, Restriction, SortOrder};
use runtime::FileTime;

use super::Locale;
use super::budget::{Budget, Held};
use super::categories::{Grouped, Grouping};
use super::notifications::{Mailbag, Subscription};
pub use super::streams::Stream;
use super::streams::Streams;
use super::table_changes::Telling;
use crate::store::{
    Clock, ContentsKind, HierarchyDepth, Mailbox, MailboxIdentity, Member, MessageChange, PartChange, PropertyChanges,
    User, ValueStream,
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
    /// Where events wait for the client of the session.
    pub(super) mailbag: Arc<Mailbag>,
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

/// A subscription to events of a mailbox.
#[derive(Debug)]
pub struct NotificationSubscription {
    pub(super) subscription: Arc<Subscription>,
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
    /// All recipients of the store are to be removed first.
    pub(super) removes_recipients: bool,
    pub(super) recipients: BTreeMap<u32, PartChange>,
    /// Attachments that were saved and are not in the store yet.
    pub(super) attachments: BTreeMap<u32, PartChange>,
    /// Messages in them.
    pub(super) embedded: BTreeMap<u32, MessageChange>,
    /// Attachments created through this handle get numbers from here on.
    pub(super) next_attachment: u32,
    /// What its attachments hand to it.
    pub(super) parts: Inbox<Part>,
    /// What is being written into its properties.
    pub(super) streams: Streams,
    /// Where saving an embedded message hands its changes.
    pub(super) home: Option<Inbox<MessageChange>>,
    /// The memory of the changes.
    pub(super) held: Held,
}

/// An attachment that was saved, for its message.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) number: u32,
    pub(super) change: PartChange,
    pub(super) embedded: Option<MessageChange>,
}

/// An open attachment.
#[derive(Debug)]
pub struct Attachment {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) message: MessageId,
    /// It is in the store.
    pub(super) stored: bool,
    /// PidTagAttachNumber.
    pub(super) number: u32,
    /// That of the message.
    pub(super) code_page: u16,
    pub(super) writable: bool,
    /// Changes that are not in the store.
    pub(super) properties: PropertyChanges,
    /// The message in it, when it was changed.
    pub(super) embedded: Option<MessageChange>,
    /// What the message in it hands to it.
    pub(super) inner: Inbox<MessageChange>,
    /// The message that it is of.
    pub(super) owner: Inbox<Part>,
    /// What is being written into its properties.
    pub(super) streams: Streams,
    /// The memory of the changes.
    pub(super) held: Held,
}

/// What parts of an object leave for it until it is used again.
#[derive(Debug)]
pub(super) struct Inbox<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Inbox<T> {
    pub(super) fn post(&self, item: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(item);
    }

    pub(super) fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Message {
    /// Takes over what streams and attachments have left for it.
    pub(super) fn absorb(&mut self) -> Result<(), ErrorCode> {
        self.streams.absorb(&mut self.properties, self.code_page)?;
        for Part { number, change, embedded } in self.parts.take() {
            self.attachments.insert(number, change);
            if let Some(embedded) = embedded {
                self.embedded.insert(number, embedded);
            }
        }
        self.held.resize(self.pending_size())
    }
}

impl Attachment {
    /// Takes over what streams and the message in it have left for it.
    pub(super) fn absorb(&mut self) -> Result<(), ErrorCode> {
        self.streams.absorb(&mut self.properties, self.code_page)?;
        if let Some(embedded) = self.inner.take().pop() {
            self.embedded = Some(embedded);
        }
        self.held.resize(super::properties::changes_size(&self.properties))
    }
}

/// What a table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Folders below a folder; with `soft_deleted` those that can be recovered, of which there are none.
    Hierarchy { folder: FolderId, depth: HierarchyDepth, soft_deleted: bool },
    /// Messages of a folder; of a search folder, messages of other folders.
    Contents { folder: FolderId, kind: ContentsKind, search: bool },
    /// Attachments of a message; none for a message that is not saved.
    Attachments { message: Option<MessageId> },
    /// Who may do what with a folder.
    Permissions { folder: FolderId, free_busy: bool },
}

/// The rows of a table in their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rows {
    Folders(Vec<FolderId>),
    /// The store's own list.
    Messages(Arc<[MessageId]>),
    Grouped(Box<Grouped>),
    /// By PidTagAttachNumber.
    Attachments(Vec<u32>),
    Members(Vec<Member>),
}

impl Rows {
    /// Bytes of a list that is this table's alone.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Messages(_) => 0,
            Self::Grouped(grouped) => grouped.size(),
            Self::Folders(_) | Self::Attachments(_) => self.len().saturating_mul(size_of::<u64>()),
            Self::Members(members) => members.len().saturating_mul(256),
        }
    }

    /// What is at a position.
    pub(super) fn key(&self, position: usize) -> RowKey {
        let found = match self {
            Self::Folders(ids) => ids.get(position).copied().map(RowKey::Folder),
            Self::Messages(ids) => ids.get(position).copied().map(RowKey::Message),
            Self::Grouped(grouped) => grouped.visible.get(position).map(|line| grouped.key(*line)),
            Self::Attachments(numbers) => numbers.get(position).copied().map(RowKey::Attachment),
            Self::Members(members) => members.get(position).map(|member| RowKey::Member(member.id)),
        };
        found.unwrap_or(RowKey::End)
    }

    /// Where a row is; `None` when it is not in the table.
    pub(super) fn find(&self, key: RowKey) -> Option<usize> {
        match (self, key) {
            (_, RowKey::End) => Some(self.len()),
            (Self::Messages(ids), RowKey::Message(id)) => ids.iter().position(|own| *own == id),
            _ => (0..self.len()).find(|position| self.key(*position) == key),
        }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Folders(ids) => ids.len(),
            Self::Messages(ids) => ids.len(),
            Self::Grouped(grouped) => grouped.visible.len(),
            Self::Attachments(numbers) => numbers.len(),
            Self::Members(members) => members.len(),
        }
    }
}

/// Rows as they were at a time.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) rows: Rows,
    /// The store's version of them.
    pub(super) version: u64,
    /// Their memory.
    pub(super) _held: Held,
}

/// An open table with its order, filter and cursor.
#[derive(Debug)]
pub struct Table {
    pub(super) mailbox: Arc<OpenMailbox>,
    pub(super) source: Source,
    /// The code page of its 8-bit strings.
    pub(super) code_page: u16,
    pub(super) order: Vec<SortOrder>,
    pub(super) grouping: Grouping,
    pub(super) restriction: Option<Restriction<'static>>,
    /// Listed when first needed, and again when the store has other rows.
    pub(super) listed: Option<Listed>,
    /// The row that is read next.
    pub(super) cursor: usize,
    /// Attachments that are not in the store as they are, of a table of attachments.
    pub(super) pending: BTreeMap<u32, PartChange>,
    /// Rows that RopCreateBookmark has marked, with where they are or where the next row is.
    pub(super) bookmarks: BTreeMap<u32, (RowKey, usize)>,
    /// The number of the next bookmark.
    pub(super) next_bookmark: u32,
    /// Whether and how the client is told of changes.
    pub(super) telling: Telling,
}

/// What tells a row from the others of its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum RowKey {
    Folder(FolderId),
    Message(MessageId),
    Attachment(u32),
    /// PidTagMemberId.
    Member(i64),
    /// PidTagInstID of a category.
    Category(u64),
    /// Behind the last row.
    End,
}

impl Table {
    /// A table with the cursor at the beginning, in the default order and without a filter.
    pub(super) fn new(mailbox: &Arc<OpenMailbox>, source: Source, code_page: u16) -> Self {
        Self {
            mailbox: Arc::clone(mailbox),
            source,
            code_page,
            order: Vec::new(),
            grouping: Grouping::default(),
            restriction: None,
            listed: None,
            cursor: 0,
            pending: BTreeMap::new(),
            bookmarks: BTreeMap::new(),
            next_bookmark: 1,
            telling: Telling::default(),
        }
    }
}

/// The bytes of a property.
pub(super) enum Content {
    /// Made for this stream, or being written.
    Memory(Vec<u8>),
    /// Read from the store.
    Stored(Box<dyn ValueStream>),
}
