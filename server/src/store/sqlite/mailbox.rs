//! A mailbox in a SQLite file.

use std::cell::Cell;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, Restriction};
use runtime::{FileTime, Guid};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::blob::{self, BlobStream, MemoryStream, PieceWriter, Pin, Pins};
use super::codec::{is_streamable, utf16_bytes};
use super::database::{Database, lock, transact};
use super::facts::Facts;
use super::feed::{self, Feed};
use super::journal::{self, Journal};
use super::lists::{self, Lists};
use super::message::{self, Saving};
use super::migrate::MAILBOX;
use super::object::{self, View};
use super::order;
use super::property::{self, Content, optional};
use super::transfer::{self, EMBEDDED, PER_MESSAGE, Transfer};
use super::{folder, names, outgoing, permission, receive_folder, replicas, search, table, tree};
use crate::store::changes::{Changes, Happening};
use crate::store::computed::computed_tag;
use crate::store::restriction::Matcher;
use crate::store::{
    BlobRef, BlobWriter, Clock, ContentsKind, Filing, Folder, HierarchyDepth, KeyedRow, Mailbox, MailboxIdentity,
    Member, MemberChange, Message, MessageChange, NewFolder, ObjectId, Outgoing, PropertyChanges, PropertyName,
    ReceiveFolder, Result, Row, SavedMessage, SearchCriteria, SpecialFolders, StoreError, StoredValue, Submission,
    TableQuery, ValueStream, ids, tags,
};

/// Counters that are taken from the file at once. What is left of them at a crash is never used.
const RESERVE: u64 = 1024;
/// The most counters that one write uses.
const PER_WRITE: u64 = 2;
/// Counters below this are left for ids that are the same in all mailboxes.
const FIRST_COUNTER: u64 = 0x100;

/// A mailbox in a SQLite file.
pub(super) struct SqliteMailbox {
    pub(super) database: Database,
    pub(super) pins: Arc<Pins>,
    identity: MailboxIdentity,
    special_folders: SpecialFolders,
    feed: Feed,
    lists: Lists,
    /// Locked after the writer only.
    counters: Mutex<Counters>,
    clock: Clock,
    changes: Changes,
    /// For what is given out and has to keep the mailbox open.
    this: Weak<Self>,
}

/// Counters that are reserved in the file and not given out yet.
#[derive(Clone, Copy, Default)]
struct Counters {
    next: u64,
    end: u64,
}

/// What a write is given besides its transaction.
struct Writing {
    now: FileTime,
    /// [`PER_WRITE`] counters from here on.
    counter: u64,
    /// What is done, for those who watch the mailbox.
    journal: Journal,
}

impl SqliteMailbox {
    /// Makes a mailbox with its special folders, when the file does not have it yet.
    ///
    /// # Errors
    /// When the file cannot be written, or is another mailbox's.
    pub(super) fn create(path: Option<&Path>, mailbox: Guid, clock: Clock) -> Result<Arc<Self>> {
        let database = Database::open(path, MAILBOX, clock)?;
        database.write(|transaction| {
            if transaction.prepare("SELECT 1 FROM mailbox")?.exists([])? {
                return Ok(());
            }
            let now = clock();
            let object = property::new_object(transaction)?;
            let next = folder::provision(transaction, FIRST_COUNTER, now)?;
            transaction.execute(
                "INSERT INTO mailbox (one, mailbox_guid, replica_guid, created, change_number, next_counter, object)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    mailbox.0,
                    super::random_guid()?.0,
                    now.0.cast_signed(),
                    next.cast_signed(),
                    (next + 1).cast_signed(),
                    object
                ],
            )?;
            Ok(())
        })?;
        Self::load(database, mailbox, clock)
    }

    /// Opens a mailbox that exists.
    ///
    /// # Errors
    /// When the file cannot be read, or is another mailbox's.
    pub(super) fn open(path: &Path, mailbox: Guid, clock: Clock) -> Result<Arc<Self>> {
        Self::load(Database::open(Some(path), MAILBOX, clock)?, mailbox, clock)
    }

    fn load(database: Database, mailbox: Guid, clock: Clock) -> Result<Arc<Self>> {
        let pins = Arc::new(Pins::default());
        // What an earlier process began to write and no property got.
        database.write(|transaction| blob::collect(transaction, &pins))?;
        let (identity, special_folders) = database.read(|connection| {
            let sql = "SELECT mailbox_guid, replica_guid, created FROM mailbox";
            let row = connection.query_row(sql, [], |row| {
                Ok(MailboxIdentity {
                    mailbox: Guid(row.get(0)?),
                    replica: Guid(row.get(1)?),
                    repl_id: ids::OWN_REPL_ID,
                    created: FileTime(row.get::<_, i64>(2)?.cast_unsigned()),
                })
            });
            let identity = optional(row)?.ok_or_else(|| StoreError::Damaged("the mailbox is empty".to_owned()))?;
            Ok((identity, folder::special_folders(connection)?))
        })?;
        if identity.mailbox != mailbox {
            return Err(StoreError::Damaged("the file is another mailbox's".to_owned()));
        }
        feed::install(&database.writer())?;
        Ok(Arc::new_cyclic(|this| Self {
            database,
            pins,
            identity,
            special_folders,
            feed: Feed::default(),
            lists: Lists::default(),
            counters: Mutex::default(),
            clock,
            changes: Changes::default(),
            this: Weak::clone(this),
        }))
    }

    /// Takes counters; more are reserved in a transaction of its own, so that one that fails later takes
    /// none back.
    fn take_counters(&self, writer: &mut Connection, count: u64) -> Result<u64> {
        let mut counters = lock(&self.counters);
        if counters.end - counters.next < count {
            let reserve = count.max(RESERVE);
            let first = transact(writer, |transaction| {
                let next: i64 = transaction.query_row("SELECT next_counter FROM mailbox", [], |row| row.get(0))?;
                let next = next.cast_unsigned();
                if ids::MAX_COUNTER.saturating_sub(next) < reserve {
                    return Err(StoreError::Exhausted("global counters"));
                }
                transaction.execute("UPDATE mailbox SET next_counter = ?1", [(next + reserve).cast_signed()])?;
                Ok(next)
            })?;
            *counters = Counters { next: first, end: first + reserve };
        }
        let taken = counters.next;
        counters.next += count;
        Ok(taken)
    }

    /// One transaction, after which blobs that nothing holds are gone.
    fn write<T>(&self, write: impl FnOnce(&Transaction<'_>, &Writing) -> Result<T>) -> Result<T> {
        self.write_with(PER_WRITE, write)
    }

    /// The same for a write that uses so many counters.
    fn write_with<T>(&self, counters: u64, write: impl FnOnce(&Transaction<'_>, &Writing) -> Result<T>) -> Result<T> {
        let mut writer = self.database.writer();
        let counter = self.take_counters(&mut writer, counters)?;
        let writing = Writing { now: (self.clock)(), counter, journal: Journal::default() };
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = write(&transaction, &writing)?;
        search::follow(&transaction, self.identity.replica, &writing.journal)?;
        blob::collect(&transaction, &self.pins)?;
        self.feed.commit(transaction)?;
        // The writer is still locked, so that what a later write does is told later.
        if self.changes.is_watched() {
            self.changes.publish(writing.journal.finish(&writer));
        }
        Ok(result)
    }

    /// Saves one message with the counters from `counter` on.
    fn save(
        &self,
        transaction: &Transaction<'_>,
        writing: &Writing,
        counter: u64,
        change: &MessageChange,
    ) -> Result<SavedMessage> {
        let change_number = counter + 1;
        let spare = Cell::new(counter + PER_WRITE);
        let saving = Saving {
            transaction,
            pins: &self.pins,
            replica: self.identity.replica,
            now: writing.now,
            new_id: counter,
            change_number,
            next_counter: counter + message::counters(change),
            spare: &spare,
            journal: &writing.journal,
        };
        Ok(SavedMessage { id: ids::message_id(saving.save(change)?), change_number })
    }

    /// A write that moves, copies or deletes.
    fn transfer<T>(&self, counters: u64, transfer: impl FnOnce(&mut Transfer<'_, '_>) -> Result<T>) -> Result<T> {
        self.write_with(counters, |transaction, writing| {
            let counters = writing.counter..writing.counter + counters;
            transfer(&mut Transfer { transaction, counters, now: writing.now, journal: &writing.journal })
        })
    }

    /// Whoever calls holds the mailbox, so that it is there.
    fn this(&self) -> Result<Arc<Self>> {
        self.this.upgrade().ok_or(StoreError::NotFound("mailbox"))
    }

    fn view<'c>(&self, connection: &'c Connection, facts: Facts) -> View<'c> {
        View { connection, replica: self.identity.replica, facts }
    }
}

impl Mailbox for SqliteMailbox {
    fn identity(&self) -> MailboxIdentity {
        self.identity
    }

    fn changes(&self) -> &Changes {
        &self.changes
    }

    fn special_folders(&self) -> &SpecialFolders {
        &self.special_folders
    }

    fn allocate_counters(&self, count: u32) -> Result<u64> {
        self.take_counters(&mut self.database.writer(), u64::from(count))
    }

    fn folder(&self, id: FolderId) -> Result<Folder> {
        self.database.read(|connection| folder::describe(connection, &object::folder(connection, id)?))
    }

    fn create_folder(&self, folder: &NewFolder<'_>) -> Result<Folder> {
        self.write(|transaction, writing| {
            let (id, change_number) = (writing.counter, writing.counter + 1);
            let created = folder::create(transaction, &self.pins, folder, id, change_number, writing.now)?;
            let facts = object::folder(transaction, created.id)?;
            writing.journal.record(journal::folder(&facts), Happening::Created);
            Ok(created)
        })
    }

    fn change_properties(&self, object: ObjectId, changes: &PropertyChanges) -> Result<u64> {
        self.write(|transaction, writing| {
            folder::change(transaction, &self.pins, object, changes, writing.counter, writing.now)?;
            if let ObjectId::Folder(id) = object {
                let changed = changes.iter().map(|(tag, _)| tag).collect();
                let facts = object::folder(transaction, id)?;
                writing.journal.record(journal::folder(&facts), journal::modified(Some(changed)));
            }
            Ok(writing.counter)
        })
    }

    fn properties(&self, object: ObjectId, tags: &[PropertyTag]) -> Result<Vec<Option<StoredValue>>> {
        self.database.read(|connection| {
            let view = self.view(connection, object::find(connection, object)?);
            tags.iter().map(|tag| view.property(*tag)).collect()
        })
    }

    fn all_properties(&self, object: ObjectId) -> Result<Vec<(PropertyTag, StoredValue)>> {
        self.database.read(|connection| self.view(connection, object::find(connection, object)?).all())
    }

    fn open_stream(&self, object: ObjectId, tag: PropertyTag) -> Result<Box<dyn ValueStream>> {
        // With the writer's lock no one removes the blob before it is pinned.
        let connection = self.database.writer();
        let view = self.view(&connection, object::find(&connection, object)?);
        let not_there = StoreError::NotFound("property");
        let value = if let Some(own) = computed_tag(view.facts.kind(), tag) {
            view.facts.compute(&connection, self.identity.replica, own)?.ok_or(not_there)?
        } else {
            let stored = property::find(&connection, view.facts.object(), tag)?.ok_or(not_there)?;
            match stored.content {
                Content::Inline(value) => value,
                Content::Blob { id, size } if is_streamable(stored.tag.property_type()) => {
                    let pin = self.pins.pin(id);
                    return Ok(Box::new(BlobStream { mailbox: self.this()?, blob: id, size, _pin: pin }));
                }
                Content::Blob { .. } => return Err(StoreError::Unsupported("a stream of this type")),
            }
        };
        MemoryStream::new(&value).map(|stream| Box::new(stream) as Box<dyn ValueStream>)
    }

    fn create_blob(&self) -> Result<Box<dyn BlobWriter>> {
        Ok(Box::new(PieceWriter::new(self.this()?)?))
    }

    fn open_blob(&self, blob: &BlobRef) -> Result<Box<dyn ValueStream>> {
        let not_ours = StoreError::NotFound("blob in this mailbox");
        let id = blob.inner::<Pin>().and_then(|pin| pin.blob(&self.pins)).ok_or(not_ours)?;
        Ok(Box::new(BlobStream { mailbox: self.this()?, blob: id, size: blob.size(), _pin: self.pins.pin(id) }))
    }

    fn message(&self, id: MessageId) -> Result<Message> {
        self.database.read(|connection| {
            let facts = object::message(connection, id)?;
            Ok(Message {
                id,
                folder: ids::folder_id(facts.folder),
                soft_deleted: facts.soft_deleted,
                embedded: facts.folder == EMBEDDED,
                associated: facts.associated,
                change_number: facts.change_number,
                message_flags: facts.message_flags(),
                size: facts.size,
                recipient_count: facts.recipient_count,
                attachment_count: facts.attachment_count,
                last_modified: facts.modified,
            })
        })
    }

    fn recipients(&self, message: MessageId) -> Result<Vec<u32>> {
        self.database.read(|connection| numbers(connection, message, "recipient", "row_id"))
    }

    fn attachments(&self, message: MessageId) -> Result<Vec<u32>> {
        self.database.read(|connection| numbers(connection, message, "attachment", "number"))
    }

    fn embedded(&self, message: MessageId, attachment: u32) -> Result<Option<MessageId>> {
        self.database.read(|connection| {
            let facts = object::find(connection, ObjectId::Attachment(message, attachment))?;
            Ok(transfer::embedded(connection, facts.object())?.map(|facts| ids::message_id(facts.id)))
        })
    }

    fn save_message(&self, change: &MessageChange) -> Result<SavedMessage> {
        let counters = message::counters(change);
        self.write_with(counters, |transaction, writing| self.save(transaction, writing, writing.counter, change))
    }

    fn save_messages(&self, changes: &[MessageChange]) -> Result<Vec<SavedMessage>> {
        let counters = changes.iter().map(message::counters).sum();
        self.write_with(counters, |transaction, writing| {
            let mut counter = writing.counter;
            let mut saved = Vec::with_capacity(changes.len());
            for change in changes {
                saved.push(self.save(transaction, writing, counter, change)?);
                counter += message::counters(change);
            }
            Ok(saved)
        })
    }

    fn submit(&self, message: MessageId, recipients: &[Guid], filing: &Filing) -> Result<Outgoing> {
        let copies = self.database.read(|connection| outgoing::counters(connection, message))?;
        let filed = match filing {
            Filing::Delete => 0,
            Filing::Keep(change, to) => message::counters(change) + if to.is_some() { PER_MESSAGE } else { 0 },
        };
        self.write_with(copies + filed, |transaction, writing| {
            let (now, journal) = (writing.now, &writing.journal);
            let transfer = |counters| Transfer { transaction, counters, now, journal };
            let next = writing.counter + copies;
            let found = outgoing::set_aside(&mut transfer(writing.counter..next), message, recipients)?;
            match filing {
                Filing::Delete => {
                    let facts = object::message(transaction, message)?;
                    transfer(next..next).delete_messages(facts.folder, &[message], true)?;
                }
                Filing::Keep(change, to) => {
                    self.save(transaction, writing, next, change)?;
                    if let Some(to) = to {
                        let (facts, to) =
                            (object::message(transaction, message)?, object::folder(transaction, *to)?.id);
                        let moved = next + message::counters(change);
                        transfer(moved..moved + PER_MESSAGE).move_messages(facts.folder, to, &[message])?;
                    }
                }
            }
            Ok(found)
        })
    }

    fn outgoing(&self) -> Result<Vec<Outgoing>> {
        self.database.read(outgoing::all)
    }

    fn delivered(&self, number: u64, recipients: &[Guid]) -> Result<()> {
        self.write_with(0, |transaction, _| outgoing::delivered(transaction, number, recipients))
    }

    fn receive(&self, change: &MessageChange, submission: Submission) -> Result<Option<SavedMessage>> {
        self.write_with(message::counters(change), |transaction, writing| {
            if !outgoing::arrives(transaction, submission)? {
                return Ok(None);
            }
            self.save(transaction, writing, writing.counter, change).map(Some)
        })
    }

    fn set_read(&self, message: MessageId, read: bool) -> Result<Option<u64>> {
        self.write(|transaction, writing| {
            let facts = object::message(transaction, message)?;
            let changed = message::set_read(transaction, &facts, read, writing.counter, &writing.journal)?;
            Ok(changed.then_some(writing.counter))
        })
    }

    fn set_all_read(&self, folder: FolderId, messages: &[MessageId], read: bool) -> Result<usize> {
        self.write_with(messages.len() as u64, |transaction, writing| {
            let folder = object::folder(transaction, folder)?.id;
            let mut found = 0;
            for (counter, id) in (writing.counter..).zip(messages) {
                match object::message(transaction, *id) {
                    Ok(facts) if search::shows(transaction, folder, &facts)? => {
                        message::set_read(transaction, &facts, read, counter, &writing.journal)?;
                        found += 1;
                    }
                    Ok(_) | Err(StoreError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        })
    }

    fn move_messages(&self, from: FolderId, to: FolderId, messages: &[MessageId]) -> Result<usize> {
        self.transfer(PER_MESSAGE * messages.len() as u64, |transfer| {
            let from = object::folder(transfer.transaction, from)?.id;
            let to = object::folder(transfer.transaction, to)?.id;
            transfer.move_messages(from, to, messages)
        })
    }

    fn copy_messages(&self, from: FolderId, to: FolderId, messages: &[MessageId]) -> Result<usize> {
        let embedded = self.database.read(transfer::counters_for_copies)?;
        self.transfer(PER_MESSAGE * messages.len() as u64 + embedded, |transfer| {
            let from = object::folder(transfer.transaction, from)?.id;
            let to = object::folder(transfer.transaction, to)?.id;
            transfer.copy_messages(from, to, messages)
        })
    }

    fn delete_messages(&self, folder: FolderId, messages: &[MessageId], hard: bool) -> Result<usize> {
        self.transfer(0, |transfer| {
            let folder = object::folder(transfer.transaction, folder)?.id;
            transfer.delete_messages(folder, messages, hard)
        })
    }

    fn empty_folder(&self, folder: FolderId, associated: bool, hard: bool) -> Result<bool> {
        self.transfer(0, |transfer| {
            let id = object::folder(transfer.transaction, folder)?.id;
            transfer.delete_contents(id, associated, hard)?;
            transfer.delete_children(folder)
        })
    }

    fn folder_named(&self, parent: FolderId, name: &str) -> Result<Option<FolderId>> {
        self.database.read(|connection| tree::named(connection, parent, name))
    }

    fn move_folder(&self, folder: FolderId, parent: FolderId, name: &str) -> Result<u64> {
        self.transfer(1, |transfer| {
            let change_number = transfer.move_folder(folder, parent, name)?;
            search::refill(transfer.transaction, self.identity.replica)?;
            Ok(change_number)
        })
    }

    fn copy_folder(&self, folder: FolderId, parent: FolderId, name: &str, recursive: bool) -> Result<FolderId> {
        let counters = self.database.read(transfer::counters_for_copies)?;
        self.transfer(counters, |transfer| transfer.copy_folder(folder, parent, name, recursive))
    }

    fn delete_folder(&self, folder: FolderId) -> Result<()> {
        self.transfer(0, |transfer| transfer.delete_folder(folder))
    }

    fn delete_message(&self, message: MessageId) -> Result<()> {
        self.write(|transaction, writing| {
            let facts = object::message(transaction, message)?;
            if !facts.soft_deleted {
                writing.journal.record(journal::message(&facts), Happening::Deleted);
            }
            property::delete_object(transaction, facts.object)
        })
    }

    fn contents(&self, folder: FolderId, kind: ContentsKind, query: &TableQuery<'_>) -> Result<Arc<[MessageId]>> {
        self.lists.contents(&self.database, &self.feed, self.identity.replica, folder, kind, query)
    }

    fn keyed_contents(
        &self,
        folder: FolderId,
        kind: ContentsKind,
        query: &TableQuery<'_>,
        keys: &[PropertyTag],
    ) -> Result<Vec<KeyedRow>> {
        order::check(query)?;
        self.database.read(|connection| {
            let scope = lists::scope(connection, folder, kind)?;
            table::keyed(connection, self.identity.replica, scope, query, keys)
        })
    }

    fn first_match(
        &self,
        messages: &mut dyn Iterator<Item = MessageId>,
        restriction: &Restriction<'_>,
        code_page: u16,
    ) -> Result<Option<usize>> {
        let mut matcher = Matcher::new(restriction, code_page)?;
        self.database.read(|connection| table::first_match(connection, self.identity.replica, messages, &mut matcher))
    }

    fn contents_version(&self, folder: FolderId, kind: ContentsKind) -> u64 {
        let counter = ids::folder_counter(folder).unwrap_or_default();
        self.feed.last(transfer::shelf(counter, kind))
    }

    fn version(&self) -> u64 {
        self.feed.commits()
    }

    fn contents_rows(&self, ids: &[MessageId], columns: &[PropertyTag]) -> Result<Vec<Option<Row>>> {
        self.database.read(|connection| table::contents_rows(connection, self.identity.replica, ids, columns))
    }

    fn query_contents(
        &self,
        folder: FolderId,
        kind: ContentsKind,
        query: &TableQuery<'_>,
        columns: &[PropertyTag],
        position: u32,
        count: u32,
    ) -> Result<Vec<(MessageId, Row)>> {
        let list = self.contents(folder, kind, query)?;
        let page: Vec<MessageId> = list.iter().skip(position as usize).take(count as usize).copied().collect();
        let rows = self.contents_rows(&page, columns)?;
        Ok(page.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect())
    }

    fn count_contents(&self, folder: FolderId, kind: ContentsKind, query: &TableQuery<'_>) -> Result<u32> {
        if query.restriction.is_none() {
            return self.database.read(|connection| table::count_contents(connection, folder, kind));
        }
        let unsorted = TableQuery { sort: &[], ..*query };
        u32::try_from(self.contents(folder, kind, &unsorted)?.len()).map_err(|_| StoreError::Exhausted("row numbers"))
    }

    fn hierarchy(&self, folder: FolderId, depth: HierarchyDepth, query: &TableQuery<'_>) -> Result<Vec<FolderId>> {
        let replica = self.identity.replica;
        self.database.read(|connection| table::hierarchy(connection, replica, folder, depth, query))
    }

    fn hierarchy_rows(&self, folder: FolderId, ids: &[FolderId], columns: &[PropertyTag]) -> Result<Vec<Option<Row>>> {
        let replica = self.identity.replica;
        self.database.read(|connection| table::hierarchy_rows(connection, replica, folder, ids, columns))
    }

    fn receive_folder(&self, message_class: &str) -> Result<ReceiveFolder> {
        let inbox = self.special_folders.get(crate::store::SpecialFolder::Inbox);
        self.database.read(|connection| receive_folder::find(connection, message_class, inbox))
    }

    fn receive_folders(&self) -> Result<Vec<ReceiveFolder>> {
        self.database.read(receive_folder::all)
    }

    fn set_receive_folder(&self, message_class: &str, folder: Option<FolderId>) -> Result<()> {
        self.write(|transaction, writing| receive_folder::set(transaction, message_class, folder, writing.now))
    }

    fn named_property_ids(&self, names: &[PropertyName], create: bool) -> Result<Vec<Option<u16>>> {
        let known = self.database.read(|connection| names::find(connection, names))?;
        if !create || known.iter().all(Option::is_some) {
            return Ok(known);
        }
        self.write(|transaction, _| names::create(transaction, names))
    }

    fn named_property_names(&self, ids: &[u16]) -> Result<Vec<Option<PropertyName>>> {
        self.database.read(|connection| names::names(connection, ids))
    }

    fn named_properties(&self) -> Result<Vec<(u16, PropertyName)>> {
        self.database.read(names::all)
    }

    fn set_message_status(&self, message: MessageId, status: u32) -> Result<()> {
        self.write_with(0, |transaction, writing| {
            let facts = object::message(transaction, message)?;
            let changed = journal::modified(Some(vec![tags::PID_TAG_MESSAGE_STATUS]));
            writing.journal.record(journal::message(&facts), changed);
            let value = protocol::oxcdata::PropertyValue::PtypInteger32(status.cast_signed());
            property::set(transaction, facts.object, tags::PID_TAG_MESSAGE_STATUS, &value)?;
            message::touch(transaction, &facts)
        })
    }

    fn members(&self, folder: FolderId) -> Result<Vec<Member>> {
        self.database.read(|connection| permission::members(connection, folder))
    }

    fn change_members(&self, folder: FolderId, changes: &[MemberChange]) -> Result<()> {
        self.write_with(0, |transaction, _| permission::change(transaction, folder, changes))
    }

    fn rights(&self, folder: FolderId, legacy_dn: &str) -> Result<u32> {
        self.database.read(|connection| permission::rights(connection, folder, legacy_dn))
    }

    fn has_rights(&self, legacy_dn: &str) -> Result<bool> {
        self.database.read(|connection| permission::has_rights(connection, legacy_dn))
    }

    fn search_criteria(&self, folder: FolderId) -> Result<Option<SearchCriteria>> {
        self.database.read(|connection| search::criteria(connection, folder))
    }

    fn set_search_criteria(&self, folder: FolderId, criteria: &SearchCriteria) -> Result<()> {
        self.write_with(0, |transaction, writing| {
            search::set(transaction, self.identity.replica, folder, criteria)?;
            if criteria.running {
                let facts = object::folder(transaction, folder)?;
                writing.journal.record(journal::folder(&facts), Happening::SearchCompleted);
            }
            Ok(())
        })
    }

    fn is_searching(&self) -> Result<bool> {
        self.database.read(search::any)
    }

    fn contains(&self, folder: FolderId, message: MessageId) -> Result<bool> {
        self.database.read(|connection| search::contains(connection, folder, message))
    }

    fn replica_id(&self, replica: Guid) -> Result<u16> {
        match self.database.read(|connection| replicas::find(connection, self.identity, replica))? {
            Some(id) => Ok(id),
            None => self.write(|transaction, _| replicas::create(transaction, self.identity, replica)),
        }
    }

    fn replica(&self, repl_id: u16) -> Result<Option<Guid>> {
        self.database.read(|connection| replicas::replica(connection, self.identity, repl_id))
    }
}

/// The numbers of a message's parts.
fn numbers(connection: &Connection, message: MessageId, table: &'static str, number: &'static str) -> Result<Vec<u32>> {
    let message = object::message(connection, message)?.id;
    let parts = message::part_objects(connection, message, table, number)?;
    Ok(parts.into_iter().map(|(number, _)| number).collect())
}

impl MemoryStream {
    /// The bytes of a value as a stream has them.
    fn new(value: &protocol::oxcdata::PropertyValue<'_>) -> Result<Self> {
        use protocol::oxcdata::PropertyValue as V;
        match value {
            V::PtypBinary(bytes) => Ok(Self(bytes.to_vec())),
            V::PtypString(text) => Ok(Self(utf16_bytes(text))),
            V::PtypString8(text) => Ok(Self(text.as_bytes().to_vec())),
            _ => Err(StoreError::Unsupported("a stream of this type")),
        }
    }
}
