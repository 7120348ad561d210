//! The remote operations of a mailbox: handlers of generated dispatch, doing the work on the store.
//!
//! | module | what it has |
//! |---|---|
//! | `oxcstor`, `oxcfold`, `oxcmsg`, `oxcperm`, `oxcprpt`, `oxctabl`, `oxomsg`, `oxcnotif` | the handlers, one file a specification |
//! | [`objects`] | what stays open between operations |
//! | `properties` | an object's properties as a client sees them: pending, computed, stored |
//! | `known` | properties that follow from what an object is: entry ids, access |
//! | `body` | the forms of a message's body |
//! | `tables` | which rows a table has, and what is in them |
//! | `recipients` | recipient rows and the properties they stand for |
//! | `changes`, `copies`, `names`, `streams` | properties set, deleted, copied, named, written in pieces |
//! | `messages` | unsaved messages and attachments |
//! | `positions` | bookmarks and searches in tables |
//! | `categories`, `collapse` | rows that are grouped, and which groups are open |
//! | `permissions` | who may do what with folders and messages |
//! | `searches` | search folders |
//! | `delivery` | submitted messages on their way to local users |
//! | `rows`, `values` | property rows, cells and their types |
//! | `entry_ids` | entry ids of folders, messages, stores and users |
//! | `budget` | how much memory open objects may hold |
//! | `folders` | folders and messages moved, copied, deleted |
//! | `notifications`, `table_changes` | events on their way to the client |
//! | `errors` | which return value a failure of the store becomes |

mod body;
mod budget;
mod categories;
mod changes;
mod code_pages;
mod collapse;
mod conditions;
mod copies;
mod delivery;
mod entry_ids;
mod errors;
mod folders;
mod html_text;
mod known;
mod messages;
mod names;
mod notifications;
pub mod objects;
mod oxcfold;
mod oxcmsg;
mod oxcnotif;
mod oxcperm;
mod oxcprpt;
mod oxcstor;
mod oxctabl;
mod oxomsg;
mod permissions;
mod positions;
mod properties;
mod recipients;
mod rows;
mod searches;
mod streams;
mod table_changes;
mod tables;
mod values;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use protocol::oxcnotif::RopNotifyResponse;
use protocol::rops::{Objects, ServerObject};
use runtime::rop::ObjectTable;

pub use budget::SESSION_MEMORY;
pub use delivery::resume_deliveries;
pub use notifications::MAX_WAITING;
pub use table_changes::{MAX_TOLD_LENGTH, MAX_TOLD_ROWS};

pub use crate::engine::Locale;
use crate::engine::SessionHandlers;
use crate::engine::doorbell::Doorbell;
use crate::store::{Clock, Store, User};

/// Serves the operations of one session for one authenticated user.
pub struct RopHandlers {
    store: Arc<dyn Store>,
    user: User,
    locale: Locale,
    clock: Clock,
    server_name: String,
    budget: budget::Budget,
    mailbag: Arc<notifications::Mailbag>,
    /// Notifications that are made and not written yet.
    ready: VecDeque<RopNotifyResponse<'static>>,
}

impl RopHandlers {
    /// Handlers for a session of `user`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, user: User, locale: Locale, clock: Clock) -> Self {
        Self::with_doorbell(store, user, locale, clock, Arc::default())
    }

    fn with_doorbell(store: Arc<dyn Store>, user: User, locale: Locale, clock: Clock, doorbell: Arc<Doorbell>) -> Self {
        Self {
            store,
            user,
            locale,
            clock,
            server_name: "localhost".to_owned(),
            budget: budget::Budget::default(),
            mailbag: notifications::Mailbag::new(doorbell),
            ready: VecDeque::new(),
        }
    }

    /// The same with another short name of the server, which store entry ids carry (MS-OXCDATA 2.2.4.3).
    #[must_use]
    pub fn with_server_name(mut self, server_name: impl Into<String>) -> Self {
        self.server_name = server_name.into();
        self
    }
}

impl fmt::Debug for RopHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RopHandlers").field("user", &self.user.address).finish_non_exhaustive()
    }
}

impl Objects for RopHandlers {
    type Logon = objects::Logon;
    type Folder = objects::Folder;
    type Message = objects::Message;
    type Attachment = objects::Attachment;
    type Table = objects::Table;
    type Stream = objects::Stream;
    type NotificationSubscription = objects::NotificationSubscription;
}

impl SessionHandlers for RopHandlers {
    fn open(store: Arc<dyn Store>, user: User, locale: Locale, clock: Clock, doorbell: Arc<Doorbell>) -> Self {
        Self::with_doorbell(store, user, locale, clock, doorbell)
    }

    fn batch_begins(&mut self) {
        self.mailbag.batch_begins();
    }

    fn batch_ends(&mut self) {
        self.mailbag.batch_ends();
    }

    fn next_notification(
        &mut self,
        objects: &mut ObjectTable<ServerObject<Self>>,
    ) -> Option<RopNotifyResponse<'static>> {
        self.next(objects)
    }

    fn keep_notification(&mut self, notification: RopNotifyResponse<'static>) {
        self.keep(notification);
    }
}
