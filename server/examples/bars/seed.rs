//! The data directory: a mailbox with a large folder and a small one, and users whose mailboxes are watched.

use std::time::Instant;

use anyhow::Context as _;
use protocol::oxcdata::{FolderId, PropertyValue};
use runtime::FileTime;
use server::auth::{legacy_dn, password};
use server::store::sqlite::SqliteStore;
use server::store::tags::{self, message_flags};
use server::store::value::string;
use server::store::{
    FolderType, Mailbox, MessageChange, MessageTarget, NewFolder, NewUser, PartChange, PropertyChanges, SpecialFolder,
    Store as _, system_clock,
};

use super::Plan;
use super::session::Account;

/// Messages that one transaction writes.
const BATCH: usize = 1000;
/// Messages of the folder that is small.
const FEW: usize = 100;
const PASSWORD: &str = "only for measuring";
/// The folder with few messages.
const SMALL: &str = "Small";

/// Who there is.
pub struct Accounts {
    /// Has the large folder: the Inbox.
    pub reader: Account,
    pub inbox: FolderId,
    /// Another folder of the reader's.
    pub small: FolderId,
    /// Alone watches its mailbox.
    pub solo: Account,
    pub solo_inbox: FolderId,
    /// Many clients watch each of their mailboxes.
    pub watchers: Vec<Account>,
    /// The reader's folder in which messages are written.
    pub drafts: FolderId,
}

/// Makes what is missing.
pub fn fill(plan: &Plan) -> anyhow::Result<Accounts> {
    let store = SqliteStore::open(&plan.data_dir.join("store"))?;
    let hash = password::hash(PASSWORD)?;
    let account = |name: &str| -> anyhow::Result<(Account, std::sync::Arc<dyn Mailbox>)> {
        let (address, legacy_dn) = (format!("{name}@bars.test"), legacy_dn("Bars", name));
        let user = match store.user_by_address(&address)? {
            Some(user) => user,
            None => {
                let new =
                    NewUser { address: &address, display_name: name, legacy_dn: &legacy_dn, password_hash: &hash };
                store.create_user(&new)?
            }
        };
        let password = PASSWORD.to_owned();
        store.set_password(&address, &hash, None)?;
        Ok((Account { address, legacy_dn: user.legacy_dn, password }, store.mailbox(user.mailbox)?))
    };
    let (reader, mailbox) = account("reader")?;
    let folder = |kind| mailbox.special_folders().get(kind);
    let inbox = folder(SpecialFolder::Inbox);
    let small = match mailbox.folder_named(inbox, SMALL)? {
        Some(small) => small,
        None => {
            let (folder_type, properties) = (FolderType::Generic, PropertyChanges::new());
            mailbox.create_folder(&NewFolder { parent: inbox, display_name: SMALL, folder_type, properties })?.id
        }
    };
    add(mailbox.as_ref(), inbox, plan.messages)?;
    add(mailbox.as_ref(), small, FEW)?;
    let (solo, solo_mailbox) = account("solo")?;
    let solo_inbox = solo_mailbox.special_folders().get(SpecialFolder::Inbox);
    let watchers = (0..plan.users).map(|number| Ok(account(&format!("watcher{number}"))?.0));
    let watchers = watchers.collect::<anyhow::Result<_>>()?;
    Ok(Accounts { reader, inbox, small, solo, solo_inbox, watchers, drafts: folder(SpecialFolder::Drafts) })
}

/// Adds messages until a folder has so many.
fn add(mailbox: &dyn Mailbox, folder: FolderId, wanted: usize) -> anyhow::Result<()> {
    let there = usize::try_from(mailbox.folder(folder)?.content_count)?;
    if there >= wanted {
        return Ok(());
    }
    let started = Instant::now();
    let now = system_clock().0;
    for first in (there..wanted).step_by(BATCH) {
        let numbers = first..wanted.min(first + BATCH);
        let changes = numbers.map(|number| message(folder, number, now)).collect::<anyhow::Result<Vec<_>>>()?;
        mailbox.save_messages(&changes)?;
    }
    println!("{} messages written in {:.1} s", wanted - there, started.elapsed().as_secs_f64());
    Ok(())
}

/// A mail whose values are as different from those of others as those of real mail are.
fn message(folder: FolderId, number: usize, now: u64) -> anyhow::Result<MessageChange> {
    const WORDS: [&str; 8] = ["Report", "Invoice", "Meeting", "Offer", "Question", "Minutes", "Plan", "Holiday"];
    let mixed = number.wrapping_mul(2_654_435_761) % 1_000_003;
    let word = WORDS.get(mixed % WORDS.len()).copied().context("a word")?;
    let age = u64::try_from(mixed)? * 600_000_000;
    let time = PropertyValue::PtypTime(FileTime(now.saturating_sub(age)));
    let flags = message_flags::UNMODIFIED | if mixed.is_multiple_of(3) { 0 } else { message_flags::READ };
    let sender = format!("Person {:03}", mixed % 500);
    let address = format!("person{}@example.test", mixed % 500);
    let body = format!("This is what message {number} says about {word}.\r\n").repeat(8 + mixed % 24);
    let mut change = MessageChange::new(MessageTarget::Create { folder, associated: false, id: None });
    change
        .properties
        .set(tags::PID_TAG_MESSAGE_CLASS, string("IPM.Note"))
        .set(tags::PID_TAG_SUBJECT, string(format!("{word} {mixed:07} of department {}", mixed % 40)))
        .set(tags::PID_TAG_SENDER_NAME, string(sender.clone()))
        .set(tags::PID_TAG_SENDER_ADDRESS_TYPE, string("SMTP"))
        .set(tags::PID_TAG_SENDER_EMAIL_ADDRESS, string(address.clone()))
        .set(tags::PID_TAG_SENT_REPRESENTING_NAME, string(sender))
        .set(tags::PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS, string(address))
        .set(tags::PID_TAG_CLIENT_SUBMIT_TIME, time.clone())
        .set(tags::PID_TAG_MESSAGE_DELIVERY_TIME, time)
        .set(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(i32::try_from(mixed % 3)?))
        .set(tags::PID_TAG_INTERNET_MESSAGE_ID, string(format!("<{number}.{mixed}@example.test>")))
        .set(tags::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(flags.cast_signed()))
        .set(tags::PID_TAG_BODY, string(body));
    let mut recipient = PropertyChanges::new();
    recipient
        .set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(1))
        .set(tags::PID_TAG_ADDRESS_TYPE, string("SMTP"))
        .set(tags::PID_TAG_DISPLAY_NAME, string("reader"))
        .set(tags::PID_TAG_EMAIL_ADDRESS, string("reader@bars.test"));
    change.recipients.insert(0, PartChange::Replace(recipient));
    Ok(change)
}
