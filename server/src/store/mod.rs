//! Where mailboxes are kept: the traits that the engine sees, and what is common to all stores.
//!
//! | module | what it has |
//! |---|---|
//! | [`model`] | users, folders, messages, and changes to them |
//! | [`ids`] | FolderId, MessageId and change numbers from counters |
//! | [`changes`] | what happens in a mailbox, for those who watch it |
//! | [`restriction`] | which rows match (MS-OXCDATA 2.12) |
//! | [`collate`] | which value comes first |
//! | [`computed`] | which properties a store computes |
//! | [`subject`], [`message_class`] | PidTagSubject and its parts; receive folders |
//! | `sqlite` | one SQLite file a mailbox (feature `sqlite`) |
//!
//! Calls block. Every write that returned is durable; a write that failed has changed nothing.

pub mod changes;
pub mod collate;
pub mod computed;
pub mod error;
pub mod ids;
pub mod message_class;
pub mod model;
pub mod restriction;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod subject;
pub mod tags;
pub mod value;

#[cfg(all(test, feature = "sqlite"))]
mod contract;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, PropertyValue, Restriction};
use runtime::{FileTime, Guid};

pub use changes::Changes;
pub use error::{Result, StoreError};
pub use model::{
    ANONYMOUS_MEMBER, ContentsKind, Credentials, DEFAULT_MEMBER, Filing, Folder, FolderType, HierarchyDepth, KeyedRow,
    MailboxIdentity, Member, MemberChange, Message, MessageChange, MessageTarget, NewFolder, NewUser, ObjectId,
    Outgoing, PartChange, PropertyChange, PropertyChanges, PropertyName, ReceiveFolder, Row, SavedMessage,
    SearchCriteria, SpecialFolder, SpecialFolders, StoredValue, Submission, TableQuery, User,
};

/// Bytes from which on a string or binary is large: kept in pieces, given as [`StoredValue::Large`], read
/// as a stream.
pub const LARGE_VALUE: usize = 32 * 1024;

/// Bytes of a large value that a table row has: more than any reply shows (MS-OXCTABL 2.2.2.1, 255 characters).
pub const ROW_VALUE: usize = 1024;

/// What tells the time.
pub type Clock = fn() -> FileTime;

/// The time of the system.
#[must_use]
pub fn system_clock() -> FileTime {
    file_time(std::time::SystemTime::now())
}

/// A time as properties and protocols have it; before 1970 it is 1970.
#[must_use]
pub fn file_time(time: std::time::SystemTime) -> FileTime {
    let since_1970 = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let ticks = u64::try_from(since_1970.as_nanos() / 100).unwrap_or(u64::MAX);
    FileTime(FileTime::UNIX_EPOCH.0.saturating_add(ticks))
}

/// A directory of users and their mailboxes.
pub trait Store: Send + Sync + 'static {
    /// Creates a user and an empty mailbox with its special folders and receive folders.
    ///
    /// # Errors
    /// `Exists` when a user has the address or the distinguished name; `InvalidParameter` for an address
    /// without `@`.
    fn create_user(&self, user: &NewUser<'_>) -> Result<User>;

    /// All users in the order of their addresses.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn users(&self) -> Result<Vec<User>>;

    /// The user with this mail address, without case.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn user_by_address(&self, address: &str) -> Result<Option<User>>;

    /// The user with this legacyExchangeDN, without case.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn user_by_legacy_dn(&self, legacy_dn: &str) -> Result<Option<User>>;

    /// The user whose mailbox this is.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn user_by_mailbox(&self, mailbox: Guid) -> Result<Option<User>>;

    /// What verifies the password of the user with this address.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn credentials(&self, address: &str) -> Result<Option<Credentials>>;

    /// Gives a user another password, with what NTLM verifies or without it; answers the new generation.
    ///
    /// # Errors
    /// `NotFound` when no user has the address.
    fn set_password(&self, address: &str, password_hash: &str, nt_secret: Option<&[u8]>) -> Result<u64>;

    /// A user's mailbox. All callers share one; it stays open until the last lets go of it.
    ///
    /// # Errors
    /// `NotFound` when no user has this mailbox.
    fn mailbox(&self, mailbox: Guid) -> Result<Arc<dyn Mailbox>>;
}

/// A private mailbox.
pub trait Mailbox: Send + Sync + 'static {
    /// Who it is.
    fn identity(&self) -> MailboxIdentity;

    /// Those who are told what happens in it.
    fn changes(&self) -> &Changes;

    /// Its special folders.
    fn special_folders(&self) -> &SpecialFolders;

    /// Takes this many consecutive global counters, to be used once each for ids, and answers the first.
    /// They are never given out again, not even after a crash.
    ///
    /// # Errors
    /// `Exhausted` after 2^48 of them.
    fn allocate_counters(&self, count: u32) -> Result<u64>;

    /// A folder.
    ///
    /// # Errors
    /// `NotFound`.
    fn folder(&self, id: FolderId) -> Result<Folder>;

    /// Creates a folder (MS-OXCFOLD 2.2.1.2).
    ///
    /// # Errors
    /// `NotFound` for the parent, `Exists` when the parent has a folder of that name,
    /// `InvalidParameter` for an empty name.
    fn create_folder(&self, folder: &NewFolder<'_>) -> Result<Folder>;

    /// Changes properties of the mailbox or a folder; answers the new change number.
    /// PidTagDisplayName renames the folder.
    ///
    /// # Errors
    /// `NotFound`; `ReadOnly` for computed properties; `Exists` for a name that is taken.
    fn change_properties(&self, object: ObjectId, changes: &PropertyChanges) -> Result<u64>;

    /// Properties of any object, stored or computed: one for each tag.
    ///
    /// PtypString and PtypString8 find either, PtypUnspecified finds any type.
    ///
    /// # Errors
    /// `NotFound` for the object; a property that is not there is `None`.
    fn properties(&self, object: ObjectId, tags: &[PropertyTag]) -> Result<Vec<Option<StoredValue>>>;

    /// All properties of an object, computed ones included, in the order of their tags.
    ///
    /// # Errors
    /// `NotFound` for the object.
    fn all_properties(&self, object: ObjectId) -> Result<Vec<(PropertyTag, StoredValue)>>;

    /// Opens a PtypBinary, PtypString or PtypString8 property for reading, whatever its size.
    /// The content stays the same while it is open, also when the property changes.
    ///
    /// # Errors
    /// `NotFound` for the object and for the property; `Unsupported` for other types.
    fn open_stream(&self, object: ObjectId, tag: PropertyTag) -> Result<Box<dyn ValueStream>>;

    /// Starts a blob: content that is written in pieces and then becomes a property's value.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn create_blob(&self) -> Result<Box<dyn BlobWriter>>;

    /// Opens a finished blob for reading, before or after it became a property's value.
    ///
    /// # Errors
    /// `NotFound` for another mailbox's blob.
    fn open_blob(&self, blob: &BlobRef) -> Result<Box<dyn ValueStream>>;

    /// A saved message.
    ///
    /// # Errors
    /// `NotFound`.
    fn message(&self, id: MessageId) -> Result<Message>;

    /// The RowIds of a message's recipients, ascending.
    ///
    /// # Errors
    /// `NotFound` for the message.
    fn recipients(&self, message: MessageId) -> Result<Vec<u32>>;

    /// The attachment numbers of a message, ascending.
    ///
    /// # Errors
    /// `NotFound` for the message.
    fn attachments(&self, message: MessageId) -> Result<Vec<u32>>;

    /// Writes everything of a change, or nothing.
    ///
    /// # Errors
    /// `NotFound` for the folder, the message or a blob; `Conflict`; `Exists` for an id that is taken;
    /// `ReadOnly` for computed properties; `TypeMismatch`.
    fn save_message(&self, change: &MessageChange) -> Result<SavedMessage>;

    /// Writes several changes in their order, all of them or nothing.
    ///
    /// # Errors
    /// As [`Mailbox::save_message`].
    fn save_messages(&self, changes: &[MessageChange]) -> Result<Vec<SavedMessage>>;

    /// Takes a saved message for delivery: a copy is set aside for the mailboxes of the recipients, and the message
    /// goes where `filing` says; all of it or nothing.
    ///
    /// # Errors
    /// `NotFound` for the message and the folder; those of [`Mailbox::save_message`].
    fn submit(&self, message: MessageId, recipients: &[Guid], filing: &Filing) -> Result<Outgoing>;

    /// What was taken for delivery and has not been said to have been delivered, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn outgoing(&self) -> Result<Vec<Outgoing>>;

    /// A submission of this mailbox has reached these recipients; with the last one its copy goes.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn delivered(&self, number: u64, recipients: &[Guid]) -> Result<()>;

    /// Saves a message that arrives, unless that submission has arrived before: then it is `None`.
    ///
    /// # Errors
    /// As [`Mailbox::save_message`].
    fn receive(&self, change: &MessageChange, submission: Submission) -> Result<Option<SavedMessage>>;

    /// Marks a message as read or unread (MS-OXCMSG 2.2.3.11); answers the new change number, or `None`
    /// when it was so already.
    ///
    /// # Errors
    /// `NotFound`.
    fn set_read(&self, message: MessageId, read: bool) -> Result<Option<u64>>;

    /// Marks those of the messages that are in the folder as read or unread; answers how many there are.
    ///
    /// # Errors
    /// `NotFound` for the folder.
    fn set_all_read(&self, folder: FolderId, messages: &[MessageId], read: bool) -> Result<usize>;

    /// Moves those of the messages that are in a folder to another one, each under a new id; answers how many.
    ///
    /// # Errors
    /// `NotFound` for a folder.
    fn move_messages(&self, from: FolderId, to: FolderId, messages: &[MessageId]) -> Result<usize>;

    /// Copies those of the messages that are in a folder to another one; answers how many.
    ///
    /// # Errors
    /// `NotFound` for a folder.
    fn copy_messages(&self, from: FolderId, to: FolderId, messages: &[MessageId]) -> Result<usize>;

    /// Deletes those of the messages that are in the folder, for good or so that they can be restored by moving
    /// or copying them; answers how many.
    ///
    /// # Errors
    /// `NotFound` for the folder.
    fn delete_messages(&self, folder: FolderId, messages: &[MessageId], hard: bool) -> Result<usize>;

    /// Deletes all messages of a folder, with `associated` those, too, and all folders in it; answers whether
    /// none stayed that every mailbox has to have. Folders cannot be restored.
    ///
    /// # Errors
    /// `NotFound` for the folder.
    fn empty_folder(&self, folder: FolderId, associated: bool, hard: bool) -> Result<bool>;

    /// The folder of this name in another one, without case.
    ///
    /// # Errors
    /// `NotFound` for the parent.
    fn folder_named(&self, parent: FolderId, name: &str) -> Result<Option<FolderId>>;

    /// Puts a folder into another one, under a new name; answers its new change number.
    ///
    /// # Errors
    /// `NotFound`; `Exists` for a name that is taken; `InvalidParameter` for an empty name; `Cycle` for a
    /// folder below itself; `AccessDenied` for a special folder.
    fn move_folder(&self, folder: FolderId, parent: FolderId, name: &str) -> Result<u64>;

    /// Copies a folder with its messages into another one, under a new name; with `recursive` the folders in it,
    /// too.
    ///
    /// # Errors
    /// As [`Mailbox::move_folder`], but that special folders can be copied.
    fn copy_folder(&self, folder: FolderId, parent: FolderId, name: &str, recursive: bool) -> Result<FolderId>;

    /// Deletes a folder with all in it, for good.
    ///
    /// # Errors
    /// `NotFound`; `AccessDenied` for a special folder and one that has such a folder in it.
    fn delete_folder(&self, folder: FolderId) -> Result<()>;

    /// The message that is embedded in an attachment.
    ///
    /// # Errors
    /// `NotFound` for the attachment.
    fn embedded(&self, message: MessageId, attachment: u32) -> Result<Option<MessageId>>;

    /// Deletes a message with all its parts.
    ///
    /// # Errors
    /// `NotFound`.
    fn delete_message(&self, message: MessageId) -> Result<()>;

    /// The messages of a folder that match, in order. The same list as long as none of them is touched.
    ///
    /// # Errors
    /// `NotFound` for the folder; `Unsupported` for a restriction or sort order that the store does not have.
    fn contents(&self, folder: FolderId, kind: ContentsKind, query: &TableQuery<'_>) -> Result<Arc<[MessageId]>>;

    /// The rows of a contents table with values beside them, by which they are grouped.
    ///
    /// # Errors
    /// As [`Mailbox::contents`].
    fn keyed_contents(
        &self,
        folder: FolderId,
        kind: ContentsKind,
        query: &TableQuery<'_>,
        keys: &[PropertyTag],
    ) -> Result<Vec<KeyedRow>>;

    /// Where the first of some messages is that matches; those that are gone do not.
    ///
    /// # Errors
    /// `Unsupported` for a restriction that the store does not have.
    fn first_match(
        &self,
        messages: &mut dyn Iterator<Item = MessageId>,
        restriction: &Restriction<'_>,
        code_page: u16,
    ) -> Result<Option<usize>>;

    /// Grows when a message comes into a folder, leaves it or changes in it.
    fn contents_version(&self, folder: FolderId, kind: ContentsKind) -> u64;

    /// Grows with every write.
    fn version(&self) -> u64;

    /// Rows of a contents table: one for each id, `None` for a message that is gone.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn contents_rows(&self, ids: &[MessageId], columns: &[PropertyTag]) -> Result<Vec<Option<Row>>>;

    /// Up to `count` rows from `position` on of a contents table, with their ids.
    ///
    /// # Errors
    /// As [`Mailbox::contents`].
    fn query_contents(
        &self,
        folder: FolderId,
        kind: ContentsKind,
        query: &TableQuery<'_>,
        columns: &[PropertyTag],
        position: u32,
        count: u32,
    ) -> Result<Vec<(MessageId, Row)>>;

    /// How many messages of a folder match.
    ///
    /// # Errors
    /// As [`Mailbox::contents`].
    fn count_contents(&self, folder: FolderId, kind: ContentsKind, query: &TableQuery<'_>) -> Result<u32>;

    /// The folders below a folder that match, in order; children come after their parent.
    ///
    /// # Errors
    /// As [`Mailbox::contents`].
    fn hierarchy(&self, folder: FolderId, depth: HierarchyDepth, query: &TableQuery<'_>) -> Result<Vec<FolderId>>;

    /// Rows of a hierarchy table below `folder`: one for each id, `None` for a folder that is gone.
    /// PidTagDepth counts from `folder`, whose children have 1.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn hierarchy_rows(&self, folder: FolderId, ids: &[FolderId], columns: &[PropertyTag]) -> Result<Vec<Option<Row>>>;

    /// The receive folder for a message class: the row with the longest prefix of it
    /// (MS-OXCSTOR 3.2.5.2); without any, the Inbox with an empty message class.
    ///
    /// # Errors
    /// `InvalidParameter` for a class that MS-OXCSTOR 2.2.1.2.1 does not allow.
    fn receive_folder(&self, message_class: &str) -> Result<ReceiveFolder>;

    /// All rows of the Receive folder table.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn receive_folders(&self) -> Result<Vec<ReceiveFolder>>;

    /// Sets the receive folder of a message class, or removes its row (MS-OXCSTOR 3.2.5.3).
    ///
    /// # Errors
    /// `InvalidParameter` for a class that is not allowed; `AccessDenied` for "IPM" and "Report.IPM";
    /// `NotFound` for the folder; `Unsupported` for removing the row of the empty class.
    fn set_receive_folder(&self, message_class: &str, folder: Option<FolderId>) -> Result<()>;

    /// The ids of named properties, 0x8000 to 0xFFFE; one that has none gets one when `create` is set and
    /// is `None` otherwise.
    ///
    /// # Errors
    /// `Exhausted` when there are no more ids.
    fn named_property_ids(&self, names: &[PropertyName], create: bool) -> Result<Vec<Option<u16>>>;

    /// The names of named properties; `None` for an id that has none.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn named_property_names(&self, ids: &[u16]) -> Result<Vec<Option<PropertyName>>>;

    /// All named properties with their ids.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn named_properties(&self) -> Result<Vec<(u16, PropertyName)>>;

    /// Sets PidTagMessageStatus, which is no part of what saving a message writes.
    ///
    /// # Errors
    /// `NotFound`.
    fn set_message_status(&self, message: MessageId, status: u32) -> Result<()>;

    /// Who may do what with a folder: the entries for nobody alone first.
    ///
    /// # Errors
    /// `NotFound`.
    fn members(&self, folder: FolderId) -> Result<Vec<Member>>;

    /// Changes who may do what with a folder: all changes or none.
    ///
    /// # Errors
    /// `NotFound`.
    fn change_members(&self, folder: FolderId, changes: &[MemberChange]) -> Result<()>;

    /// PidTagMemberRights of a user who is not the mailbox's owner.
    ///
    /// # Errors
    /// `NotFound`.
    fn rights(&self, folder: FolderId, legacy_dn: &str) -> Result<u32>;

    /// Whether a user who is not the mailbox's owner may see any folder.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn has_rights(&self, legacy_dn: &str) -> Result<bool>;

    /// What a search folder looks for; `None` before it was told.
    ///
    /// # Errors
    /// `NotFound`.
    fn search_criteria(&self, folder: FolderId) -> Result<Option<SearchCriteria>>;

    /// Tells a search folder what to look for and looks for it.
    ///
    /// # Errors
    /// `NotFound` for the folder and those that are searched; `InvalidParameter` for one that is no search folder;
    /// `Unsupported` for a restriction that the store does not have.
    fn set_search_criteria(&self, folder: FolderId, criteria: &SearchCriteria) -> Result<()>;

    /// Whether a folder of this mailbox searches.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn is_searching(&self) -> Result<bool>;

    /// Whether a message is in a folder, or shown by it where that searches.
    ///
    /// # Errors
    /// `NotFound` for the folder.
    fn contains(&self, folder: FolderId, message: MessageId) -> Result<bool>;

    /// The REPLID that stands for a replica in the short ids of this mailbox; one that has none gets the next
    /// (MS-OXCSTOR 3.2.5.9).
    ///
    /// # Errors
    /// `Exhausted` when there are no more of them.
    fn replica_id(&self, replica: Guid) -> Result<u16>;

    /// The replica that a REPLID stands for (MS-OXCSTOR 3.2.5.8).
    ///
    /// # Errors
    /// When the store cannot be read.
    fn replica(&self, repl_id: u16) -> Result<Option<Guid>>;
}

/// A property's value, open for reading.
pub trait ValueStream: Send {
    /// Bytes; UTF-16 without terminator for PtypString.
    fn size(&self) -> u64;

    /// Up to `len` bytes from `offset` on; fewer at the end, none after it.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>>;
}

/// A blob that is being written.
///
/// What was written is gone when neither this nor a [`BlobRef`] made of it nor a property holds it.
pub trait BlobWriter: Send {
    /// Appends.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Ends the blob.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn finish(self: Box<Self>) -> Result<BlobRef>;
}

/// A blob that is complete and can become the value of any number of properties of the same mailbox.
#[derive(Clone)]
pub struct BlobRef {
    size: u64,
    store: Arc<dyn Any + Send + Sync>,
}

impl BlobRef {
    /// Bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Made by a store, which finds what it keeps in it again.
    #[must_use]
    pub fn new(size: u64, store: Arc<dyn Any + Send + Sync>) -> Self {
        Self { size, store }
    }

    /// What the store keeps.
    #[must_use]
    pub fn inner<T: 'static>(&self) -> Option<&T> {
        self.store.downcast_ref()
    }
}

impl fmt::Debug for BlobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobRef").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Copies a whole value into memory, when it is no larger than `limit` bytes.
///
/// # Errors
/// As [`Mailbox::open_stream`]; `Exhausted` when it is larger.
pub fn read_whole(mailbox: &dyn Mailbox, object: ObjectId, tag: PropertyTag, limit: u64) -> Result<Vec<u8>> {
    let stream = mailbox.open_stream(object, tag)?;
    if stream.size() > limit {
        return Err(StoreError::Exhausted("room for the value"));
    }
    let mut bytes = Vec::new();
    loop {
        let piece = stream.read_at(bytes.len() as u64, LARGE_VALUE)?;
        if piece.is_empty() {
            return Ok(bytes);
        }
        bytes.extend_from_slice(&piece);
    }
}

/// One property, when it is there and not large.
///
/// # Errors
/// As [`Mailbox::properties`].
pub fn property(mailbox: &dyn Mailbox, object: ObjectId, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>> {
    let value = mailbox.properties(object, &[tag])?.pop().flatten();
    Ok(value.and_then(|value| value.value().cloned()))
}
