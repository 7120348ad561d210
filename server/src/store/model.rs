//! What a store holds and what it is asked to change: users, folders, messages, their parts.

use std::collections::BTreeMap;
use std::fmt;

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, PropertyValue, Restriction, SortOrder};
use runtime::{FileTime, Guid};

use super::BlobRef;

/// A user of the directory and the mailbox that is theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The mail address, in lower case.
    pub address: String,
    /// The name that people see.
    pub display_name: String,
    /// The distinguished name of MS-OXOABK 2.2.1.1, compared without case.
    pub legacy_dn: String,
    /// The mailbox: MailboxGuid of MS-OXCSTOR 2.2.1.1.3.
    pub mailbox: Guid,
}

/// A user to be created, with an empty mailbox.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The mail address; stored in lower case.
    pub address: &'a str,
    /// The name that people see.
    pub display_name: &'a str,
    /// The distinguished name; unique in the directory.
    pub legacy_dn: &'a str,
    /// The password's hash in PHC form.
    pub password_hash: &'a str,
}

/// What verifies a user's password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The hash in PHC form.
    pub password_hash: String,
    /// Grows by one with each change of the password, so that cached verifications can be dropped.
    pub generation: u64,
    /// What NTLM verifies, sealed by whoever set it; `None` where NTLM is not for this user.
    pub nt_secret: Option<Vec<u8>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// What tells a mailbox and its ids from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxIdentity {
    /// MailboxGuid of MS-OXCSTOR 2.2.1.1.3.
    pub mailbox: Guid,
    /// The REPLGUID of every id that this mailbox makes (MS-OXCSTOR 3.2.3).
    pub replica: Guid,
    /// The REPLID that stands for it.
    pub repl_id: u16,
    /// When the mailbox was created.
    pub created: FileTime,
}

/// The folders that every private mailbox has.
///
/// The first 13 are the FolderIds of RopLogon in their order (MS-OXCSTOR 2.2.1.1.3); the others are found
/// through EntryID properties of the Inbox and the root (MS-OXOSFLD 2.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum SpecialFolder {
    Root,
    DeferredAction,
    SpoolerQueue,
    IpmSubtree,
    Inbox,
    Outbox,
    SentItems,
    DeletedItems,
    CommonViews,
    Schedule,
    Search,
    Views,
    Shortcuts,
    Drafts,
    Calendar,
    Contacts,
    Journal,
    Notes,
    Tasks,
    JunkEmail,
}

impl SpecialFolder {
    /// All of them, the 13 of RopLogon first.
    pub const ALL: [Self; 20] = [
        Self::Root,
        Self::DeferredAction,
        Self::SpoolerQueue,
        Self::IpmSubtree,
        Self::Inbox,
        Self::Outbox,
        Self::SentItems,
        Self::DeletedItems,
        Self::CommonViews,
        Self::Schedule,
        Self::Search,
        Self::Views,
        Self::Shortcuts,
        Self::Drafts,
        Self::Calendar,
        Self::Contacts,
        Self::Journal,
        Self::Notes,
        Self::Tasks,
        Self::JunkEmail,
    ];
    /// How many of [`SpecialFolder::ALL`] RopLogon answers with.
    pub const LOGON_COUNT: usize = 13;
}

/// The ids of a mailbox's special folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialFolders(pub(super) [FolderId; SpecialFolder::ALL.len()]);

impl SpecialFolders {
    /// The id of one of them.
    #[must_use]
    pub fn get(&self, folder: SpecialFolder) -> FolderId {
        self.0.get(folder as usize).copied().unwrap_or_default()
    }

    /// The FolderIds of RopLogon in their order.
    #[must_use]
    pub fn logon(&self) -> [FolderId; SpecialFolder::LOGON_COUNT] {
        let mut ids = [FolderId::default(); SpecialFolder::LOGON_COUNT];
        for (id, known) in ids.iter_mut().zip(self.0) {
            *id = known;
        }
        ids
    }
}

/// PidTagFolderType (MS-OXCFOLD 2.2.2.2.1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FolderType {
    /// The root of a mailbox.
    Root = 0,
    /// Holds messages and folders.
    Generic = 1,
    /// Shows messages of other folders.
    Search = 2,
}

/// A folder, with what is counted in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: FolderId,
    /// The folder it is in; the root has none.
    pub parent: Option<FolderId>,
    /// What kind of folder.
    pub folder_type: FolderType,
    /// PidTagDisplayName; unique among the children of one parent, without case.
    pub display_name: String,
    /// The change number of its properties.
    pub change_number: u64,
    /// Messages, without associated ones.
    pub content_count: u32,
    /// Messages that are unread, without associated ones.
    pub content_unread_count: u32,
    /// Associated (FAI) messages.
    pub associated_content_count: u32,
    /// Whether folders are in it.
    pub has_subfolders: bool,
}

/// A folder to be created.
#[derive(Clone, Debug)]
pub struct NewFolder<'a> {
    /// Where.
    pub parent: FolderId,
    /// PidTagDisplayName.
    pub display_name: &'a str,
    /// What kind; never [`FolderType::Root`].
    pub folder_type: FolderType,
    /// More properties: comment, container class.
    pub properties: PropertyChanges,
}

/// A saved message, without its properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The folder it is in.
    pub folder: FolderId,
    /// A folder associated information (FAI) message.
    pub associated: bool,
    /// Deleted so that it can be restored.
    pub soft_deleted: bool,
    /// In an attachment of another message, and in no folder.
    pub embedded: bool,
    /// The change number of its last save.
    pub change_number: u64,
    /// PidTagMessageFlags, computed bits included.
    pub message_flags: u32,
    /// PidTagMessageSize in bytes.
    pub size: u64,
    /// Recipients.
    pub recipient_count: u32,
    /// Attachments.
    pub attachment_count: u32,
    /// PidTagLastModificationTime.
    pub last_modified: FileTime,
}

/// An object that has properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectId {
    /// The mailbox itself: the properties of a logon.
    Mailbox,
    /// A folder.
    Folder(FolderId),
    /// A message.
    Message(MessageId),
    /// The attachment of a message with this PidTagAttachNumber.
    Attachment(MessageId, u32),
    /// The recipient of a message with this RowId.
    Recipient(MessageId, u32),
}

/// A property's value as the store gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredValue {
    /// The value. Strings come in the type they were stored in, whichever string type was asked for.
    Value(PropertyValue<'static>),
    /// More than [`super::LARGE_VALUE`] bytes: to be read with [`super::Mailbox::open_stream`].
    Large {
        /// Bytes; UTF-16 without terminator for PtypString.
        size: u64,
    },
}

impl StoredValue {
    /// The value, when it is not large.
    #[must_use]
    pub fn value(&self) -> Option<&PropertyValue<'static>> {
        match self {
            Self::Value(value) => Some(value),
            Self::Large { .. } => None,
        }
    }
}

/// What becomes of one property.
#[derive(Clone, Debug)]
pub enum PropertyChange {
    /// It gets this value, whose type is the tag's.
    Set(PropertyValue<'static>),
    /// It gets the content written to this blob: PtypBinary, PtypString (UTF-16 without terminator), PtypString8.
    SetBlob(BlobRef),
    /// It is removed; nothing happens when it is not there.
    Delete,
}

/// Changes to the properties of one object; the last change of a property counts.
#[derive(Clone, Debug, Default)]
pub struct PropertyChanges(BTreeMap<PropertyTag, PropertyChange>);

impl PropertyChanges {
    /// No changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The property gets this value.
    pub fn set(&mut self, tag: PropertyTag, value: PropertyValue<'static>) -> &mut Self {
        self.insert(tag, PropertyChange::Set(value))
    }

    /// The property gets the content of this blob.
    pub fn set_blob(&mut self, tag: PropertyTag, blob: BlobRef) -> &mut Self {
        self.insert(tag, PropertyChange::SetBlob(blob))
    }

    /// The property is removed.
    pub fn delete(&mut self, tag: PropertyTag) -> &mut Self {
        self.insert(tag, PropertyChange::Delete)
    }

    /// The pending change of a property.
    #[must_use]
    pub fn get(&self, tag: PropertyTag) -> Option<&PropertyChange> {
        self.0.get(&tag)
    }

    /// All changes in the order of their tags.
    pub fn iter(&self) -> impl Iterator<Item = (PropertyTag, &PropertyChange)> {
        self.0.iter().map(|(tag, change)| (*tag, change))
    }

    /// Nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn insert(&mut self, tag: PropertyTag, change: PropertyChange) -> &mut Self {
        self.0.insert(tag, change);
        self
    }
}

/// Which message a [`MessageChange`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageTarget {
    /// A new message.
    Create {
        /// Where.
        folder: FolderId,
        /// Folder associated information.
        associated: bool,
        /// Its id, made of [`super::Mailbox::allocate_counters`]; `None` lets the store make one.
        id: Option<MessageId>,
    },
    /// A message that exists.
    Update {
        /// Which.
        id: MessageId,
        /// Saving fails with [`super::StoreError::Conflict`] when the message's change number is another.
        expected_change_number: Option<u64>,
    },
    /// The message that is embedded in an attachment of the message that is saved: made when there is none.
    Embedded,
}

/// What becomes of one recipient or attachment.
#[derive(Clone, Debug)]
pub enum PartChange {
    /// It is made, when it is not there, and its properties change.
    Change(PropertyChanges),
    /// It is made anew with these properties; what it had is gone.
    Replace(PropertyChanges),
    /// It is removed; nothing happens when it is not there.
    Remove,
}

/// Everything that one RopSaveChangesMessage writes: applied as a whole or not at all.
#[derive(Clone, Debug)]
pub struct MessageChange {
    /// Which message.
    pub target: MessageTarget,
    /// Its properties.
    pub properties: PropertyChanges,
    /// Recipients by RowId; PidTagRecipientType (1 To, 2 Cc, 3 Bcc) is one of their properties.
    pub recipients: BTreeMap<u32, PartChange>,
    /// All recipients that were there are removed first (RopRemoveAllRecipients).
    pub remove_all_recipients: bool,
    /// Attachments by PidTagAttachNumber.
    pub attachments: BTreeMap<u32, PartChange>,
    /// Messages in attachments by PidTagAttachNumber; the target of each is [`MessageTarget::Embedded`].
    pub embedded: BTreeMap<u32, MessageChange>,
}

impl MessageChange {
    /// No changes yet to this message.
    #[must_use]
    pub fn new(target: MessageTarget) -> Self {
        Self {
            target,
            properties: PropertyChanges::new(),
            recipients: BTreeMap::new(),
            remove_all_recipients: false,
            attachments: BTreeMap::new(),
            embedded: BTreeMap::new(),
        }
    }
}

/// Which submission a message is that arrives in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The mailbox that it was sent from.
    pub sender: Guid,
    /// Its number there.
    pub number: u64,
}

/// A submitted message that has not reached all of its recipients (MS-OXOMSG 3.3.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Never that of another submission of this mailbox.
    pub number: u64,
    /// The copy that is delivered. No client sees it.
    pub message: MessageId,
    /// The mailboxes that are to get it.
    pub recipients: Vec<Guid>,
}

/// What becomes of the sender's message when it is submitted.
#[derive(Clone, Debug)]
pub enum Filing {
    /// It is deleted for good.
    Delete,
    /// It is changed, and moved when there is a folder.
    Keep(Box<MessageChange>, Option<FolderId>),
}

/// A message after saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedMessage {
    /// Its id.
    pub id: MessageId,
    /// Its new change number.
    pub change_number: u64,
}

/// Which rows of a folder a contents table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentsKind {
    /// Messages.
    Normal,
    /// Associated (FAI) messages.
    Associated,
    /// Messages that were soft deleted.
    SoftDeleted,
    /// Associated messages that were soft deleted.
    SoftDeletedAssociated,
}

impl ContentsKind {
    /// Associated messages.
    #[must_use]
    pub fn is_associated(self) -> bool {
        matches!(self, Self::Associated | Self::SoftDeletedAssociated)
    }
}

/// Which rows of a folder a hierarchy table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HierarchyDepth {
    /// Children.
    Children,
    /// All descendants, each after its parent (MS-OXCFOLD 2.2.1.13.1, Depth).
    Descendants,
}

/// Which rows of a table in which order.
#[derive(Clone, Copy, Debug)]
pub struct TableQuery<'a> {
    /// Rows that do not match are left out.
    pub restriction: Option<&'a Restriction<'a>>,
    /// Most significant first. Without any: messages newest delivery first, folders by name.
    /// Missing values come first, equal rows by id.
    pub sort: &'a [SortOrder],
    /// The code page of 8-bit strings in the restriction.
    pub code_page: u16,
}

impl Default for TableQuery<'_> {
    fn default() -> Self {
        Self { restriction: None, sort: &[], code_page: 1252 }
    }
}

/// PidTagMemberId of the entry for everybody who has none of their own (MS-OXCPERM 2.2.5).
pub const DEFAULT_MEMBER: i64 = 0;

/// PidTagMemberId of the entry for those without a name.
pub const ANONYMOUS_MEMBER: i64 = -1;

/// An entry of a folder's permissions (MS-OXCPERM 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// PidTagMemberId; the same for one user in all folders of a mailbox.
    pub id: i64,
    /// The user's; empty for [`DEFAULT_MEMBER`] and [`ANONYMOUS_MEMBER`].
    pub legacy_dn: String,
    /// PidTagMemberName.
    pub name: String,
    /// PidTagMemberRights.
    pub rights: u32,
}

/// A change of a folder's permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// All entries but that for everybody go; that for those without a name loses its rights.
    Clear,
    /// A user is added, or gets these rights.
    Add {
        /// Whom.
        legacy_dn: String,
        /// PidTagMemberName.
        name: String,
        /// PidTagMemberRights.
        rights: u32,
    },
    /// An entry gets these rights; nothing happens when it is not there.
    Change {
        /// Which.
        id: i64,
        /// PidTagMemberRights.
        rights: u32,
    },
    /// An entry goes; nothing happens when it is not there.
    Remove {
        /// Which.
        id: i64,
    },
}

/// What a search folder looks for (MS-OXCFOLD 2.2.1.4.1).
#[derive(Clone, Debug, PartialEq)]
pub struct SearchCriteria {
    /// Messages that it shows.
    pub restriction: Restriction<'static>,
    /// Folders that are searched.
    pub folders: Vec<FolderId>,
    /// With the folders below them.
    pub recursive: bool,
    /// The messages are those that matched when the search was started.
    pub is_static: bool,
    /// Messages that come or change are looked at.
    pub running: bool,
    /// The code page of 8-bit strings in the restriction.
    pub code_page: u16,
}

/// A message as a row of a table that groups its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyedRow {
    /// Which message.
    pub message: MessageId,
    /// PidTagRead.
    pub read: bool,
    /// Values that were asked for, `None` where the message has no such property.
    pub values: Row,
}

/// A row of a table: one value a column, `None` where the object has no such property.
///
/// Strings and binaries that are large come cut to their first [`super::ROW_VALUE`] bytes.
pub type Row = Vec<Option<PropertyValue<'static>>>;

/// A row of the Receive folder table (MS-OXCSTOR 3.2.5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiveFolder {
    /// The message class that is configured; empty for all that match no other.
    pub message_class: String,
    /// Where messages of it go.
    pub folder: FolderId,
    /// When the row was last changed.
    pub last_modified: FileTime,
}

/// The name of a named property (MS-OXCDATA 2.6.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PropertyName {
    /// Kind 0: a long id in a property set.
    Lid {
        /// The property set.
        guid: Guid,
        /// The long id.
        lid: u32,
    },
    /// Kind 1: a string in a property set, compared with case.
    Name {
        /// The property set.
        guid: Guid,
        /// The string.
        name: String,
    },
}
