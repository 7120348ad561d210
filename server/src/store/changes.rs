//! What happens in a mailbox, told to those who watch it (MS-OXCNOTIF 2.2.1.1).
//!
//! All callers in a process share one [`super::Mailbox`] and with it one [`Changes`]. A change is told after it is
//! durable, in the order in which changes were made.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use protocol::oxcdata::{FolderId, MessageId, PropertyTag};

/// What something happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A folder; the root has no parent.
    Folder {
        /// Its id.
        id: FolderId,
        /// Where it is.
        parent: Option<FolderId>,
    },
    /// A message.
    Message {
        /// Its id.
        id: MessageId,
        /// Where it is.
        folder: FolderId,
        /// Folder associated information.
        associated: bool,
    },
}

impl Subject {
    /// The folder itself, or the folder of the message.
    #[must_use]
    pub fn folder(&self) -> FolderId {
        match self {
            Self::Folder { id, .. } => *id,
            Self::Message { folder, .. } => *folder,
        }
    }

    /// The message; `None` for a folder.
    #[must_use]
    pub fn message(&self) -> Option<MessageId> {
        match self {
            Self::Folder { .. } => None,
            Self::Message { id, .. } => Some(*id),
        }
    }

    /// Whether it is this folder, or a folder or message in it.
    #[must_use]
    pub fn is_in(&self, scope: FolderId) -> bool {
        match self {
            Self::Folder { id, parent } => *id == scope || *parent == Some(scope),
            Self::Message { folder, .. } => *folder == scope,
        }
    }
}

/// How many messages are in a folder, without associated ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub total: u32,
    /// Those that are unread.
    pub unread: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It is new.
    Created,
    /// It changed.
    Modified {
        /// Which properties; `None`: any of them.
        tags: Option<Vec<PropertyTag>>,
        /// Of a folder, when what is in it changed.
        counts: Option<Counts>,
    },
    /// It is gone, or was put where it can be restored from.
    Deleted,
    /// It is where it was not before; a message has another id since.
    Moved {
        /// What it was.
        from: Subject,
    },
    /// It is a copy.
    Copied {
        /// Of this.
        from: Subject,
    },
    /// A message has arrived.
    NewMail {
        /// PidTagMessageFlags.
        message_flags: u32,
        /// PidTagMessageClass.
        message_class: String,
    },
    /// A search folder shows all that there was to find.
    SearchCompleted,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// To what.
    pub subject: Subject,
    /// What.
    pub happening: Happening,
}

impl Event {
    /// What the object was before it moved, or what it is a copy of.
    #[must_use]
    pub fn from(&self) -> Option<&Subject> {
        match &self.happening {
            Happening::Moved { from } | Happening::Copied { from } => Some(from),
            _ => None,
        }
    }
}

/// Who is told.
pub trait Watcher: Send + Sync {
    /// Told within the write that made the change, so that it has to be quick and may not use the store.
    fn tell(&self, event: &Arc<Event>);
}

/// Those who watch one mailbox.
#[derive(Default)]
pub struct Changes {
    watchers: Mutex<Vec<Weak<dyn Watcher>>>,
}

impl Changes {
    fn watchers(&self) -> std::sync::MutexGuard<'_, Vec<Weak<dyn Watcher>>> {
        // A watcher that panicked has left the list as it was.
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `watcher` is told, until it is dropped.
    pub fn watch<W: Watcher + 'static>(&self, watcher: &Arc<W>) {
        let watcher: Arc<dyn Watcher> = Arc::clone(watcher) as Arc<dyn Watcher>;
        let mut watchers = self.watchers();
        if watchers.len() == watchers.capacity() {
            watchers.retain(|known| known.strong_count() > 0);
        }
        watchers.push(Arc::downgrade(&watcher));
    }

    /// Whether anybody would be told.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.watchers().iter().any(|watcher| watcher.strong_count() > 0)
    }

    /// Tells everybody of events in their order.
    pub fn publish(&self, events: Vec<Event>) {
        let mut told = Vec::new();
        let mut watchers = self.watchers();
        watchers.retain(|watcher| watcher.upgrade().map(|watcher| told.push(watcher)).is_some());
        for event in events.into_iter().map(Arc::new) {
            told.iter().for_each(|watcher| watcher.tell(&event));
        }
        // One that is dropped here for good is dropped without the lock.
        drop(watchers);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<Arc<Event>>>);

    impl Watcher for Heard {
        fn tell(&self, event: &Arc<Event>) {
            self.0.lock().unwrap().push(Arc::clone(event));
        }
    }

    fn event(id: u64) -> Event {
        Event { subject: Subject::Folder { id: FolderId(id), parent: None }, happening: Happening::Created }
    }

    #[test]
    fn everybody_is_told_in_order_until_they_are_gone() {
        let changes = Changes::default();
        assert!(!changes.is_watched());
        let (first, second) = (Arc::new(Heard::default()), Arc::new(Heard::default()));
        changes.watch(&first);
        changes.watch(&second);
        changes.publish(vec![event(1), event(2)]);
        drop(second);
        changes.publish(vec![event(3)]);
        let heard: Vec<Event> = first.0.lock().unwrap().iter().map(|event| Event::clone(event)).collect();
        assert_eq!(heard, [event(1), event(2), event(3)]);
        drop(first);
        assert!(!changes.is_watched());
    }

    #[test]
    fn those_who_are_gone_take_no_room() {
        let changes = Changes::default();
        for _ in 0..10_000 {
            changes.watch(&Arc::new(Heard::default()));
        }
        assert!(changes.watchers().capacity() < 100);
    }
}
