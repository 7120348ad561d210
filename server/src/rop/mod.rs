//! The remote operations of a mailbox: handlers of generated dispatch, doing the work on the store.
//!
//! | module | what it has |
//! |---|---|
//! | `oxcstor`, `oxcfold`, `oxcmsg`, `oxcprpt`, `oxctabl`, `oxomsg` | the handlers, one file a specification |
//! | [`objects`] | what stays open between operations |
//! | `properties` | an object's properties as a client sees them: pending, computed, stored |
//! | `known` | properties that follow from what an object is: entry ids, access |
//! | `body` | the forms of a message's body |
//! | `tables` | which rows a table has, and what is in them |
//! | `recipients` | recipient rows and the properties they stand for |
//! | `changes`, `copies`, `names`, `streams` | properties set, deleted, copied, named, written in pieces |
//! | `messages` | unsaved messages and attachments |
//! | `positions` | bookmarks and searches in tables |
//! | `delivery` | submitted messages on their way to local users |
//! | `rows`, `values` | property rows, cells and their types |
//! | `entry_ids` | entry ids of folders, messages, stores and users |
//! | `budget` | how much memory open objects may hold |
//! | `folders` | folders and messages moved, copied, deleted |
//! | `errors` | which return value a failure of the store becomes |

mod body;
mod budget;
mod changes;
mod code_pages;
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
pub mod objects;
mod oxcfold;
mod oxcmsg;
mod oxcprpt;
mod oxcstor;
mod oxctabl;
mod oxomsg;
mod positions;
mod properties;
mod recipients;
mod rows;
mod streams;
mod tables;
mod values;

use std::fmt;
use std::sync::Arc;

use protocol::rops::Objects;

pub use budget::SESSION_MEMORY;

pub use crate::engine::Locale;
use crate::engine::SessionHandlers;
use crate::store::{Clock, Store, User};

/// Serves the operations of one session for one authenticated user.
pub struct RopHandlers {
    store: Arc<dyn Store>,
    user: User,
    locale: Locale,
    clock: Clock,
    server_name: String,
    budget: budget::Budget,
}

impl RopHandlers {
    /// Handlers for a session of `user`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, user: User, locale: Locale, clock: Clock) -> Self {
        Self { store, user, locale, clock, server_name: "localhost".to_owned(), budget: budget::Budget::default() }
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
}

impl SessionHandlers for RopHandlers {
    fn open(store: Arc<dyn Store>, user: User, locale: Locale, clock: Clock) -> Self {
        Self::new(store, user, locale, clock)
    }
}
