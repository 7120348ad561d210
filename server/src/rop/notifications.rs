//! Notifications of a session on their way from the store to its client (MS-OXCNOTIF 3.1).
//!
//! Subscriptions and tables hear the store's events as they happen, in the thread that made the change; the events
//! wait in the session's mailbag until its next batch ends, where they become what the client reads.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use protocol::oxcdata::{FolderId, MessageId};
use protocol::oxcnotif::{
    ChangedTags, NotificationData, NotificationDataEvent, NotificationFlags, NotificationType, NotificationTypes,
};
use runtime::{StringValue, Utf16};

use super::objects::Source;
use crate::engine::doorbell::Doorbell;
use crate::store::HierarchyDepth;
use crate::store::changes::{Event, Happening, Subject, Watcher};

/// Events that wait for one client at most; the oldest give way to newer ones.
pub const MAX_WAITING: usize = 4096;

/// The events that wait for the client of a session.
#[derive(Debug)]
pub(super) struct Mailbag {
    state: Mutex<State>,
    doorbell: Arc<Doorbell>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    next_subscription: u64,
    /// Where a batch of the session runs.
    running: Option<ThreadId>,
}

/// An event that waits for a subscription's client.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) subscription: u64,
    pub(super) event: Arc<Event>,
}

impl Mailbag {
    pub(super) fn new(doorbell: Arc<Doorbell>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), doorbell })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch of the session runs in this thread from now on.
    pub(super) fn batch_begins(&self) {
        self.state().running = Some(thread::current().id());
    }

    /// No batch of the session runs.
    pub(super) fn batch_ends(&self) {
        self.state().running = None;
    }

    fn post(&self, subscription: u64, event: &Arc<Event>, not_own: bool) {
        let mut state = self.state();
        if not_own && state.running == Some(thread::current().id()) {
            return;
        }
        if state.waiting.len() >= MAX_WAITING {
            tracing::warn!("a client does not fetch its notifications: the oldest is dropped");
            state.waiting.pop_front();
        }
        state.waiting.push_back(Waiting { subscription, event: Arc::clone(event) });
        self.doorbell.ring();
    }

    /// Takes the first event. When there is none, nothing rings any more.
    pub(super) fn take(&self) -> Option<Waiting> {
        let mut state = self.state();
        let first = state.waiting.pop_front();
        if first.is_none() {
            self.doorbell.silence();
        }
        first
    }

    /// Takes all events of one subscription, in order.
    pub(super) fn take_all(&self, subscription: u64) -> Vec<Arc<Event>> {
        let mut state = self.state();
        let (own, others) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|waiting| waiting.subscription == subscription);
        state.waiting = others.into();
        own.into_iter().map(|waiting| waiting.event).collect()
    }

    /// Something that was taken waits again.
    pub(super) fn ring(&self) {
        self.doorbell.ring();
    }

    fn forget(&self, subscription: u64) {
        let mut state = self.state();
        let before = state.waiting.len();
        state.waiting.retain(|waiting| waiting.subscription != subscription);
        if before > 0 && state.waiting.is_empty() {
            self.doorbell.silence();
        }
    }
}

/// Which events a subscription is about.
#[derive(Debug)]
pub(super) enum Interest {
    /// Those of these types; of one folder and what is in it, or of one message, unless all.
    Objects { types: NotificationTypes, scope: Option<(FolderId, Option<MessageId>)> },
    /// Those that may change the rows of a table; with `not_own` not those of the session's own doing.
    Table { source: Source, not_own: bool },
}

/// A subscription to events, until it is dropped (MS-OXCNOTIF 3.1.1.2).
pub(super) struct Subscription {
    pub(super) id: u64,
    interest: Interest,
    mailbag: Arc<Mailbag>,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).field("interest", &self.interest).finish_non_exhaustive()
    }
}

impl Subscription {
    pub(super) fn new(mailbag: &Arc<Mailbag>, interest: Interest) -> Arc<Self> {
        let mut state = mailbag.state();
        let id = state.next_subscription;
        state.next_subscription += 1;
        drop(state);
        Arc::new(Self { id, interest, mailbag: Arc::clone(mailbag) })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.mailbag.forget(self.id);
    }
}

impl Watcher for Subscription {
    fn tell(&self, event: &Arc<Event>) {
        if self.interest.covers(event) {
            let not_own = matches!(self.interest, Interest::Table { not_own: true, .. });
            self.mailbag.post(self.id, event, not_own);
        }
    }
}

impl Interest {
    fn covers(&self, event: &Event) -> bool {
        let subjects = [Some(&event.subject), event.from()];
        let mut subjects = subjects.into_iter().flatten();
        match self {
            Self::Objects { types, scope } => {
                types.contains(type_bit(&event.happening))
                    && scope.is_none_or(|(folder, message)| {
                        subjects.any(|subject| match message {
                            Some(message) => subject.folder() == folder && subject.message() == Some(message),
                            None => subject.is_in(folder),
                        })
                    })
            }
            Self::Table { source, .. } => {
                !matches!(event.happening, Happening::NewMail { .. })
                    && subjects.any(|subject| in_table(source, subject))
            }
        }
    }
}

/// Whether a folder or message may be a row of a table.
fn in_table(source: &Source, subject: &Subject) -> bool {
    match (source, subject) {
        (Source::Contents { folder, kind, .. }, Subject::Message { folder: own, associated, .. }) => {
            folder == own && kind.is_associated() == *associated
        }
        (Source::Hierarchy { folder, depth: HierarchyDepth::Children, .. }, Subject::Folder { parent, .. }) => {
            *parent == Some(*folder)
        }
        (Source::Hierarchy { folder, depth: HierarchyDepth::Descendants, .. }, Subject::Folder { id, .. }) => {
            folder != id
        }
        _ => false,
    }
}

/// The type that a client asks for to be told of this.
fn type_bit(happening: &Happening) -> NotificationTypes {
    match happening {
        Happening::Created => NotificationTypes::OBJECT_CREATED,
        Happening::Modified { .. } => NotificationTypes::OBJECT_MODIFIED,
        Happening::Deleted => NotificationTypes::OBJECT_DELETED,
        Happening::Moved { .. } => NotificationTypes::OBJECT_MOVED,
        Happening::Copied { .. } => NotificationTypes::OBJECT_COPIED,
        Happening::NewMail { .. } => NotificationTypes::NEW_MAIL,
        Happening::SearchCompleted => NotificationTypes::SEARCH_COMPLETED,
    }
}

/// Where a folder is; messages say where they are by FolderId already (MS-OXCNOTIF 2.2.1.4.1.2, ParentFolderId).
fn parent_of(subject: &Subject) -> Option<FolderId> {
    match subject {
        Subject::Folder { parent, .. } => Some(parent.unwrap_or_default()),
        Subject::Message { .. } => None,
    }
}

/// What the client reads of an event (MS-OXCNOTIF 2.2.1.4.1.2).
pub(super) fn describe(event: &Event) -> NotificationData<'static> {
    use NotificationDataEvent as E;
    let subject = &event.subject;
    let (folder_id, message_id, parent_folder_id) = (subject.folder(), subject.message(), parent_of(subject));
    let (mut total_message_count, mut unread_message_count) = (None, None);
    let (notification_type, described) = match &event.happening {
        Happening::NewMail { message_flags, message_class } => {
            let described = E::NewMail {
                folder_id,
                message_id,
                message_flags: *message_flags,
                unicode_flag: true,
                message_class: StringValue::Utf16(Utf16::new(message_class.clone())),
            };
            (NotificationType::NEW_MAIL, described)
        }
        Happening::Created => {
            let tags = ChangedTags { tags: None };
            (NotificationType::OBJECT_CREATED, E::ObjectCreated { folder_id, message_id, parent_folder_id, tags })
        }
        Happening::Deleted => {
            (NotificationType::OBJECT_DELETED, E::ObjectDeleted { folder_id, message_id, parent_folder_id })
        }
        Happening::Modified { tags, counts } => {
            total_message_count = counts.map(|counts| counts.total);
            unread_message_count = counts.map(|counts| counts.unread);
            let tags = ChangedTags { tags: tags.clone() };
            (NotificationType::OBJECT_MODIFIED, E::ObjectModified { folder_id, message_id, tags })
        }
        Happening::Moved { from } => {
            let described = E::ObjectMoved {
                folder_id,
                message_id,
                parent_folder_id,
                old_folder_id: from.folder(),
                old_message_id: from.message(),
                old_parent_folder_id: parent_of(from),
            };
            (NotificationType::OBJECT_MOVED, described)
        }
        Happening::Copied { from } => {
            let described = E::ObjectCopied {
                folder_id,
                message_id,
                parent_folder_id,
                old_folder_id: from.folder(),
                old_message_id: from.message(),
                old_parent_folder_id: parent_of(from),
            };
            (NotificationType::OBJECT_COPIED, described)
        }
        Happening::SearchCompleted => {
            (NotificationType::SEARCH_COMPLETED, E::SearchCompleted { folder_id, message_id })
        }
    };
    let notification_flags = NotificationFlags::default()
        .with_notification_type(notification_type)
        .with_m(message_id.is_some())
        .with_t(total_message_count.is_some())
        .with_u(unread_message_count.is_some());
    NotificationData { notification_flags, event: described, total_message_count, unread_message_count }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::ContentsKind;

    const INBOX: FolderId = FolderId(0x0D00_0000_0000_0001);
    const DRAFTS: FolderId = FolderId(0x0E00_0000_0000_0001);

    fn message(id: u64, folder: FolderId) -> Subject {
        Subject::Message { id: MessageId(id), folder, associated: false }
    }

    fn created(id: u64, folder: FolderId) -> Arc<Event> {
        Arc::new(Event { subject: message(id, folder), happening: Happening::Created })
    }

    fn objects(types: u16, scope: Option<(FolderId, Option<MessageId>)>) -> Interest {
        Interest::Objects { types: NotificationTypes(types), scope }
    }

    fn is_ringing(doorbell: &Doorbell) -> bool {
        doorbell.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[test]
    fn a_subscription_is_told_of_its_types_in_its_scope() {
        let moved = Event { subject: message(2, INBOX), happening: Happening::Moved { from: message(1, DRAFTS) } };
        for (interest, covered) in [
            (objects(0x0020, None), true),
            (objects(0x0024, None), true),
            (objects(0x0010, None), false),
            (objects(0x0020, Some((INBOX, None))), true),
            (objects(0x0020, Some((DRAFTS, None))), true),
            (objects(0x0020, Some((FolderId(1), None))), false),
            (objects(0x0020, Some((DRAFTS, Some(MessageId(1))))), true),
            (objects(0x0020, Some((INBOX, Some(MessageId(1))))), false),
        ] {
            assert_eq!(interest.covers(&moved), covered, "{interest:?}");
        }
        let folder = Subject::Folder { id: DRAFTS, parent: Some(INBOX) };
        let modified = Event { subject: folder, happening: Happening::Modified { tags: None, counts: None } };
        assert!(objects(0x0010, Some((INBOX, None))).covers(&modified));
        let kind = ContentsKind::Associated;
        let table = Interest::Table { source: Source::Contents { folder: INBOX, kind, search: false }, not_own: false };
        assert!(!table.covers(&moved));
    }

    #[test]
    fn events_wait_in_order_and_the_doorbell_rings_as_long_as_there_are_any() {
        let doorbell = Arc::new(Doorbell::default());
        let mailbag = Mailbag::new(Arc::clone(&doorbell));
        let first = Subscription::new(&mailbag, objects(0x0004, None));
        let second = Subscription::new(&mailbag, objects(0x0004, Some((INBOX, None))));
        for event in [created(1, INBOX), created(2, DRAFTS)] {
            first.tell(&event);
            second.tell(&event);
        }
        assert!(is_ringing(&doorbell));
        let waiting: Vec<_> = std::iter::from_fn(|| mailbag.take())
            .map(|waiting| (waiting.subscription, waiting.event.subject.message().unwrap().0))
            .collect();
        assert_eq!(waiting, [(first.id, 1), (second.id, 1), (first.id, 2)]);
        assert!(!is_ringing(&doorbell));
        first.tell(&created(3, INBOX));
        drop(first);
        assert!(!is_ringing(&doorbell));
    }

    #[test]
    fn no_more_events_wait_than_are_allowed() {
        let mailbag = Mailbag::new(Arc::default());
        let subscription = Subscription::new(&mailbag, objects(0x0004, None));
        (0..MAX_WAITING as u64 + 10).for_each(|id| subscription.tell(&created(id, INBOX)));
        let waiting = mailbag.take_all(subscription.id);
        assert_eq!(waiting.len(), MAX_WAITING);
        assert_eq!(waiting.first().unwrap().subject.message(), Some(MessageId(10)));
    }
}
