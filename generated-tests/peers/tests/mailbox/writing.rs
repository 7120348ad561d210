//! A draft with recipients.

use mapi_client::{
    FolderId, Logon, MessageClass, MessageFlags, MessageId, PropertyTag, PropertyValue, Recipient, RecipientType,
    TaggedValue,
};
use protocol::oxcdata::RecipientRow;
use runtime::Cursor;

const SUBJECT: &str = "Draft for two: naïve, größer, 報告";
const BODY: &str = "Nothing is said yet.\r\n";

/// Creates a draft to two recipients.
pub async fn create_draft(logon: &mut Logon, drafts: FolderId) -> MessageId {
    let text = |tag, text: &str| TaggedValue::new(tag, PropertyValue::String(text.into())).unwrap();
    let saved = logon
        .folder(drafts)
        .create_message(MessageClass::Note)
        .set([text(PropertyTag::SUBJECT, SUBJECT), text(PropertyTag::BODY, BODY)])
        .to([
            Recipient::to("Bob Example", "bob@example.test").unwrap(),
            Recipient::cc("Zoë Example", "zoe@example.test").unwrap(),
        ])
        .save()
        .await
        .unwrap();
    assert_eq!(saved.problems(), []);
    saved.id()
}

/// Finds the draft in its folder, with all that it was made of.
pub async fn find_draft(logon: &mut Logon, drafts: FolderId, id: MessageId) {
    let columns = [PropertyTag::MID, PropertyTag::SUBJECT, PropertyTag::MESSAGE_CLASS, PropertyTag::DISPLAY_TO];
    let rows = logon.folder(drafts).contents().columns(columns).collect().await.unwrap();
    let row = rows.iter().find(|row| row.message_id() == Some(id)).expect("the draft is in its folder");
    let text = |tag| row.string(tag).unwrap().as_str();
    assert_eq!(text(PropertyTag::SUBJECT), SUBJECT);
    assert_eq!(text(PropertyTag::MESSAGE_CLASS), "IPM.Note");
    assert_eq!(text(PropertyTag::DISPLAY_TO), "Bob Example");

    let read = logon.message(drafts, id).properties().read([PropertyTag::BODY, PropertyTag::MESSAGE_FLAGS]);
    let read = read.await.unwrap();
    assert_eq!(read.get(PropertyTag::BODY).unwrap().as_string().unwrap().as_str(), BODY);
    let flags = read.get(PropertyTag::MESSAGE_FLAGS).unwrap().as_u32().unwrap();
    const UNSENT: u32 = 8;
    assert_eq!(flags & UNSENT, UNSENT, "{:?}", MessageFlags::new(flags));

    let opened = logon.message(drafts, id).open().await.unwrap();
    assert_eq!(opened.recipient_count(), 2);
    let found: Vec<(RecipientType, String)> = opened
        .recipients()
        .iter()
        .map(|recipient| {
            // mapi-proto leaves the row as bytes; the generated code reads it.
            let mut c = Cursor::new(recipient.row_bytes());
            let row = RecipientRow::unpack(&mut c, &[]);
            (recipient.recipient_type(), format!("{row:?}"))
        })
        .collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].0, RecipientType::PRIMARY);
    assert_eq!(found[1].0, RecipientType::CARBON_COPY);
    assert!(found[0].1.contains("bob@example.test"), "{}", found[0].1);
    assert!(found[1].1.contains("zoe@example.test") && found[1].1.contains("Zoë"), "{}", found[1].1);
}
