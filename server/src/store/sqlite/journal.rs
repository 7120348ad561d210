//! What a write does to folders and messages, for those who watch the mailbox.

use std::cell::RefCell;

use protocol::oxcdata::{FolderId, PropertyTag};
use rusqlite::Connection;

use super::facts::{FolderFacts, MessageFacts};
use super::object;
use super::transfer::EMBEDDED;
use crate::store::changes::{Counts, Event, Happening, Subject};
use crate::store::{ids, tags};

/// What changes in a folder when messages come and go.
const CONTENT_TAGS: [PropertyTag; 2] = [tags::PID_TAG_CONTENT_COUNT, tags::PID_TAG_CONTENT_UNREAD_COUNT];

/// The events of one write.
#[derive(Default)]
pub(super) struct Journal(RefCell<Vec<Event>>);

/// A folder as its row has it.
pub(super) fn folder(facts: &FolderFacts) -> Subject {
    Subject::Folder { id: ids::folder_id(facts.id), parent: facts.parent.map(ids::folder_id) }
}

/// A message as its row has it.
pub(super) fn message(facts: &MessageFacts) -> Subject {
    Subject::Message {
        id: ids::message_id(facts.id),
        folder: ids::folder_id(facts.folder),
        associated: facts.associated,
    }
}

/// Properties that changed.
pub(super) fn modified(tags: Option<Vec<PropertyTag>>) -> Happening {
    Happening::Modified { tags, counts: None }
}

impl Journal {
    /// Notes an event. Embedded messages are nowhere that anybody watches.
    pub(super) fn record(&self, subject: Subject, happening: Happening) {
        if subject.folder() != ids::folder_id(EMBEDDED) {
            self.0.borrow_mut().push(Event { subject, happening });
        }
    }

    /// The events, followed by those of the folders in which they happened. Folders are read as they are now.
    pub(super) fn finish(self, connection: &Connection) -> Vec<Event> {
        let mut events = self.0.into_inner();
        let mut contents: Vec<FolderId> = Vec::new();
        let mut parents: Vec<FolderId> = Vec::new();
        for event in &events {
            for subject in [Some(&event.subject), event.from()].into_iter().flatten() {
                match subject {
                    Subject::Message { folder, .. } => note(&mut contents, *folder),
                    Subject::Folder { parent: Some(parent), .. } => {
                        if !matches!(event.happening, Happening::Modified { .. }) {
                            note(&mut parents, *parent);
                        }
                    }
                    Subject::Folder { parent: None, .. } => {}
                }
            }
        }
        let found = |id: FolderId| match object::folder(connection, id) {
            Ok(facts) => Some(facts),
            Err(error) => {
                // Deleted with what was in it.
                tracing::trace!(%error, "a folder cannot be told about");
                None
            }
        };
        for facts in contents.into_iter().filter_map(found) {
            let counts = Counts { total: facts.content_count, unread: facts.unread_count };
            let happening = Happening::Modified { tags: Some(CONTENT_TAGS.to_vec()), counts: Some(counts) };
            events.push(Event { subject: folder(&facts), happening });
        }
        for facts in parents.into_iter().filter_map(found) {
            let happening = modified(Some(vec![tags::PID_TAG_SUBFOLDERS]));
            events.push(Event { subject: folder(&facts), happening });
        }
        events
    }
}

fn note(folders: &mut Vec<FolderId>, folder: FolderId) {
    if !folders.contains(&folder) {
        folders.push(folder);
    }
}
