//! A store in memory with two users, and messages in it.

use std::sync::Arc;

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, PropertyValue};
use runtime::FileTime;
use server::rop::{Locale, RopHandlers};
use server::store::sqlite::SqliteStore;
use server::store::value::{binary, string};
use server::store::{
    Mailbox, MessageChange, MessageTarget, NewFolder, NewUser, PartChange, PropertyChanges, SpecialFolder, Store, User,
    tags,
};

use crate::client::Client;

/// 24 November 2026, 06:30:15 UTC, a Tuesday.
pub const NOW: FileTime = FileTime(134_399_754_150_000_000);

pub const ANNA_DN: &str = "/o=Example/ou=First/cn=Recipients/cn=anna";
pub const BRUNO_DN: &str = "/o=Example/ou=First/cn=Recipients/cn=bruno";

pub struct Fixture {
    pub store: Arc<dyn Store>,
    pub anna: User,
    pub bruno: User,
    pub mailbox: Arc<dyn Mailbox>,
}

impl Fixture {
    pub fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
        let user = |name: &str, legacy_dn: &str| {
            let new = NewUser {
                address: &format!("{name}@example.test"),
                display_name: name,
                legacy_dn,
                password_hash: "$argon2id$none",
            };
            store.create_user(&new).unwrap()
        };
        let (anna, bruno) = (user("anna", ANNA_DN), user("bruno", BRUNO_DN));
        let mailbox = store.mailbox(anna.mailbox).unwrap();
        Self { store, anna, bruno, mailbox }
    }

    /// A session of Anna.
    pub fn client(&self) -> Client {
        self.client_of(&self.anna, Locale::default())
    }

    pub fn client_of(&self, user: &User, locale: Locale) -> Client {
        let handlers = RopHandlers::new(Arc::clone(&self.store), user.clone(), locale, || NOW);
        Client::new(handlers.with_server_name("mail"))
    }

    /// A session of Anna that is logged on.
    pub fn logged_on(&self) -> (Client, u32) {
        let mut client = self.client();
        let (result, logon) = client.log_on(Client::logon_request(ANNA_DN));
        result.unwrap();
        (client, logon)
    }

    /// A session of Anna with an open folder.
    pub fn opened(&self, folder: SpecialFolder) -> (Client, u32) {
        let (mut client, logon) = self.logged_on();
        let folder = client.open_folder(logon, self.special(folder)).unwrap();
        (client, folder)
    }

    pub fn special(&self, folder: SpecialFolder) -> FolderId {
        self.mailbox.special_folders().get(folder)
    }

    pub fn inbox(&self) -> FolderId {
        self.special(SpecialFolder::Inbox)
    }

    pub fn create_folder(&self, parent: FolderId, name: &str) -> FolderId {
        let folder = NewFolder {
            parent,
            display_name: name,
            folder_type: server::store::FolderType::Generic,
            properties: PropertyChanges::new(),
        };
        self.mailbox.create_folder(&folder).unwrap().id
    }

    /// Saves a message in the Inbox.
    pub fn deliver(&self, change: impl FnOnce(&mut MessageChange)) -> MessageId {
        let target = MessageTarget::Create { folder: self.inbox(), associated: false, id: None };
        let mut message = MessageChange::new(target);
        message.properties.set(tags::PID_TAG_MESSAGE_CLASS, string("IPM.Note"));
        change(&mut message);
        self.mailbox.save_message(&message).unwrap().id
    }

    /// Saves a message of this subject that was delivered in this minute.
    pub fn deliver_subject(&self, subject: &str, minute: u64) -> MessageId {
        self.deliver(|message| {
            let time = FileTime(NOW.0 + minute * 600_000_000);
            message.properties.set(tags::PID_TAG_SUBJECT, string(subject));
            message.properties.set(tags::PID_TAG_MESSAGE_DELIVERY_TIME, PropertyValue::PtypTime(time));
        })
    }

    /// Saves so many messages, "message 0" the oldest.
    pub fn deliver_many(&self, count: u64) -> Vec<MessageId> {
        (0..count).map(|number| self.deliver_subject(&format!("message {number}"), number)).collect()
    }

    /// Saves a message with one property.
    pub fn deliver_with(&self, tag: PropertyTag, value: PropertyValue<'static>) -> MessageId {
        self.deliver(|message| _ = message.properties.set(tag, value))
    }

    pub fn stored(&self, message: MessageId, tag: PropertyTag) -> Option<PropertyValue<'static>> {
        let object = server::store::ObjectId::Message(message);
        server::store::property(self.mailbox.as_ref(), object, tag).unwrap()
    }
}

/// An attachment with a name and content.
pub fn attachment(name: &str, content: &[u8]) -> PartChange {
    let mut properties = PropertyChanges::new();
    properties
        .set(tags::PID_TAG_ATTACH_LONG_FILENAME, string(name))
        .set(tags::PID_TAG_ATTACH_METHOD, PropertyValue::PtypInteger32(1))
        .set(tags::PID_TAG_ATTACH_DATA_BINARY, binary(content));
    PartChange::Replace(properties)
}

/// The text of a string of either type.
pub fn text(value: &PropertyValue<'_>) -> String {
    server::store::value::text(value, 1252).unwrap().into_owned()
}

/// The text of the first cell.
pub fn first_text(row: &crate::client::Cells) -> String {
    text(row[0].as_ref().unwrap())
}
