//! Folders, tables, bodies and attachments.

use mapi_client::{
    AttachmentNumber, FolderId, FuzzyLevel, Logon, MessageId, PropertyRow, PropertyTag, PropertyValue, Restriction,
    SortOrder, SortOrderSet, SpecialFolder, TaggedValue, WellKnownFolder,
};
use peers::sample::{self, Attachment};

/// Folders that a test goes on with.
pub struct Folders {
    pub drafts: FolderId,
}

/// Lists the folders that a user sees; finds Drafts as the documents say and in the list.
pub async fn folders(logon: &mut Logon) -> Folders {
    let rows = logon.well_known(WellKnownFolder::IpmSubtree).unwrap().descendants().collect().await.unwrap();
    let name = |row: &PropertyRow| row.string(PropertyTag::DISPLAY_NAME).unwrap().complete().unwrap().to_owned();
    let names: Vec<String> = rows.iter().map(name).collect();
    for expected in ["Inbox", "Drafts", "Sent Items", "Deleted Items", "Outbox", "Calendar", "Projects", "Archive"] {
        assert!(names.iter().any(|name| name == expected), "no folder {expected} in {names:?}");
    }
    let drafts = logon.special_folder(SpecialFolder::Drafts).await.unwrap();
    let row = rows.iter().find(|row| row.folder_id() == Some(drafts)).expect("Drafts is in the list");
    assert_eq!(name(row), "Drafts");
    let inbox = logon.folder_id(WellKnownFolder::Inbox).unwrap();
    let row = rows.iter().find(|row| row.folder_id() == Some(inbox)).expect("the Inbox is in the list");
    assert_eq!(name(row), "Inbox");
    Folders { drafts }
}

/// The subjects of the Inbox.
pub async fn inbox_subjects(logon: &mut Logon) -> Vec<String> {
    let inbox = logon.well_known(WellKnownFolder::Inbox).unwrap();
    let rows = inbox.contents().columns([PropertyTag::SUBJECT]).collect().await.unwrap();
    rows.iter().map(|row| row.string(PropertyTag::SUBJECT).unwrap().as_str().to_owned()).collect()
}

const COLUMNS: [PropertyTag; 6] = [
    PropertyTag::MID,
    PropertyTag::SUBJECT,
    PropertyTag::SENDER_NAME,
    PropertyTag::MESSAGE_DELIVERY_TIME,
    PropertyTag::MESSAGE_SIZE,
    PropertyTag::HAS_ATTACHMENTS,
];

async fn inbox(logon: &mut Logon, page_size: u16) -> Vec<PropertyRow> {
    let inbox = logon.well_known(WellKnownFolder::Inbox).unwrap();
    inbox.contents().columns(COLUMNS).page_size(page_size).collect().await.unwrap()
}

/// The Inbox reads the same whatever the size of the pages, and has as many rows as the folder counts.
pub async fn pages(logon: &mut Logon) {
    let small = inbox(logon, 7).await;
    let large = inbox(logon, 120).await;
    assert!(small.len() > 3 * 7, "{} messages make too few pages", small.len());
    assert_eq!(small, large);
    let mut ids: Vec<MessageId> = small.iter().map(|row| row.message_id().unwrap()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), small.len(), "no message comes twice");
    let folder = logon.well_known(WellKnownFolder::Inbox).unwrap();
    let counted = folder.properties().read([PropertyTag::CONTENT_COUNT]).await.unwrap();
    let counted = counted.get(PropertyTag::CONTENT_COUNT).unwrap().as_u32().unwrap();
    assert_eq!(usize::try_from(counted).unwrap(), small.len());
}

/// A sorted Inbox has the same messages in order, a filtered one those that match.
pub async fn sorted_and_filtered(logon: &mut Logon) {
    let all = inbox(logon, 50).await;
    let size = |row: &PropertyRow| row.get(PropertyTag::MESSAGE_SIZE).unwrap().as_u32().unwrap();
    let folder = logon.well_known(WellKnownFolder::Inbox).unwrap();
    let by_size = SortOrderSet::new([SortOrder::descending(PropertyTag::MESSAGE_SIZE)]);
    let sorted = folder.contents().columns(COLUMNS).sort(by_size).collect().await.unwrap();
    let mut sizes: Vec<u32> = all.iter().map(size).collect();
    sizes.sort_by_key(|size| std::cmp::Reverse(*size));
    assert_eq!(sorted.iter().map(size).collect::<Vec<_>>(), sizes);

    let word = TaggedValue::new(PropertyTag::SUBJECT, PropertyValue::String("UMBRELLA".into())).unwrap();
    let filter = Restriction::content(FuzzyLevel::substring().ignoring_case(), word);
    let folder = logon.well_known(WellKnownFolder::Inbox).unwrap();
    let filtered = folder.contents().columns(COLUMNS).filter(filter).collect().await.unwrap();
    let subject = |row: &&PropertyRow| row.string(PropertyTag::SUBJECT).unwrap().as_str().contains("umbrella");
    let expected: Vec<PropertyRow> = all.iter().filter(subject).cloned().collect();
    assert!(!expected.is_empty() && expected.len() < all.len());
    assert_eq!(filtered, expected);
}

/// All properties of a message, and those of the store that say whose it is.
pub async fn properties(logon: &mut Logon) {
    let rows = inbox(logon, 50).await;
    let inbox = logon.folder_id(WellKnownFolder::Inbox).unwrap();
    let id = with_subject(&rows, sample::LONG_SUBJECT);
    let all = logon.message(inbox, id).properties().read_all().await.unwrap();
    let text = |tag| all.get(tag).and_then(|value| value.as_string()).map(|text| text.as_str().to_owned());
    assert_eq!(text(PropertyTag::SUBJECT).as_deref(), Some(sample::LONG_SUBJECT));
    assert_eq!(text(PropertyTag::MESSAGE_CLASS).as_deref(), Some("IPM.Note"));
    assert_eq!(text(PropertyTag::SENDER_EMAIL_ADDRESS).as_deref(), Some("bert@example.test"));
    let owner = logon.store().read([PropertyTag::MAILBOX_OWNER_NAME]).await.unwrap();
    let owner = owner.get(PropertyTag::MAILBOX_OWNER_NAME).unwrap().as_string().unwrap();
    assert_eq!(owner.as_str(), "Alice Example");
}

fn with_subject(rows: &[PropertyRow], subject: &str) -> MessageId {
    let is_it = |row: &&PropertyRow| row.string(PropertyTag::SUBJECT).is_some_and(|text| text.as_str() == subject);
    let row = rows.iter().find(is_it).unwrap_or_else(|| panic!("no message {subject:?}"));
    row.message_id().unwrap()
}

/// A body that no reply buffer holds comes whole through a stream.
pub async fn long_body(logon: &mut Logon) {
    let rows = inbox(logon, 50).await;
    let id = with_subject(&rows, sample::LONG_SUBJECT);
    let inbox = logon.folder_id(WellKnownFolder::Inbox).unwrap();
    let opened = logon.message(inbox, id).open().await.unwrap();
    assert_eq!(opened.normalized_subject(), Some(sample::LONG_SUBJECT));
    let value = logon.message(inbox, id).stream(PropertyTag::BODY).read().await.unwrap();
    assert!(value.is_complete());
    let (found, expected) = (value.text().unwrap(), sample::long_body().unwrap());
    assert!(value.len() > 100_000, "{} bytes fit a reply", value.len());
    let (found, expected) = (found.trim_end(), expected.trim_end());
    let same = found.bytes().zip(expected.bytes()).take_while(|(found, expected)| found == expected).count();
    assert!(found == expected, "{} bytes of {} are the same, there are {}", same, expected.len(), found.len());
}

/// One attachment, found by its name.
pub async fn one_attachment(logon: &mut Logon) {
    let rows = inbox(logon, 50).await;
    let inbox = logon.folder_id(WellKnownFolder::Inbox).unwrap();
    let flagged =
        |row: &&PropertyRow| row.get(PropertyTag::HAS_ATTACHMENTS).and_then(|flag| flag.as_bool()) == Some(true);
    let id = rows.iter().rfind(flagged).unwrap().message_id().unwrap();
    let attachments = logon.message(inbox, id).attachments().collect().await.unwrap();
    let number = attachments[0].get(PropertyTag::ATTACH_NUMBER).unwrap().as_u32().unwrap();
    let number = AttachmentNumber::new(number);
    logon.message(inbox, id).attachment(number).properties().read_all().await.unwrap();
    assert!(!logon.message(inbox, id).attachment(number).content().read().await.unwrap().is_empty());
}

/// Every attachment in the Inbox has the content that the mail was made with.
pub async fn attachments(logon: &mut Logon) {
    let rows = inbox(logon, 50).await;
    let inbox = logon.folder_id(WellKnownFolder::Inbox).unwrap();
    let mut found = Vec::new();
    for row in &rows {
        let id = row.message_id().unwrap();
        let columns = [PropertyTag::ATTACH_NUMBER, PropertyTag::ATTACH_METHOD, PropertyTag::ATTACH_LONG_FILENAME];
        let attachments = logon.message(inbox, id).attachments().columns(columns).collect().await.unwrap();
        let flagged = row.get(PropertyTag::HAS_ATTACHMENTS).and_then(|flag| flag.as_bool()).unwrap();
        assert!(!flagged || !attachments.is_empty(), "a message without attachments says that it has some");
        for attachment in attachments {
            let integer = |tag| attachment.get(tag).unwrap().as_u32().unwrap();
            if integer(PropertyTag::ATTACH_METHOD) != mapi_client::AttachMethod::ByValue.as_u32() {
                continue;
            }
            let number = AttachmentNumber::new(integer(PropertyTag::ATTACH_NUMBER));
            let name = attachment.string(PropertyTag::ATTACH_LONG_FILENAME).map_or("", |name| name.as_str()).to_owned();
            let content = logon.message(inbox, id).attachment(number).content().read().await.unwrap();
            found.push(Attachment::of(&name, content.as_bytes()));
        }
    }
    let expected = sample::inbox_attachments().unwrap();
    assert!(expected.iter().any(|attachment| attachment.size > 32 * 1024), "one is larger than a reply buffer");
    for attachment in &expected {
        assert!(found.contains(attachment), "{attachment:?} is not in {found:?}");
    }
}
