#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(feature = "sqlite")]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use protocol::oxcdata::{OneOffEntryId, PropertyTag, PropertyType};
use runtime::{Cursor, StringValue};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::sample::{HASHES, MAILS};
use crate::store::sqlite::SqliteStore;
use crate::store::value::{string, text};
use crate::store::{NewUser, ObjectId, PropertyName, SpecialFolder, Store, property, read_whole};

/// A mailbox, and the store without which it would be gone.
fn mailbox() -> (SqliteStore, Arc<dyn Mailbox>) {
    let store = SqliteStore::in_memory().unwrap();
    let user = NewUser { address: "anna@example.test", display_name: "", legacy_dn: "/cn=anna", password_hash: "" };
    let user = store.create_user(&user).unwrap();
    let mailbox = store.mailbox(user.mailbox).unwrap();
    (store, mailbox)
}

/// One imported mail.
struct Fixture {
    _store: SqliteStore,
    mailbox: Arc<dyn Mailbox>,
    id: MessageId,
    report: Report,
}

impl Fixture {
    fn new(mail: &[u8]) -> Self {
        let (store, mailbox) = mailbox();
        let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
        let Imported { id, report } = import(mailbox.as_ref(), inbox, mail, Options::default()).unwrap();
        Self { _store: store, mailbox, id, report }
    }

    fn sample(name: &str) -> Self {
        let mail = MAILS.iter().find(|(path, _)| path.contains(name)).unwrap().1;
        Self::new(mail)
    }

    fn of(&self, object: ObjectId, tag: PropertyTag) -> Option<PropertyValue<'static>> {
        property(self.mailbox.as_ref(), object, tag).unwrap()
    }

    fn get(&self, tag: PropertyTag) -> Option<PropertyValue<'static>> {
        self.of(ObjectId::Message(self.id), tag)
    }

    fn text(&self, tag: PropertyTag) -> String {
        text(&self.get(tag).unwrap(), 1252).unwrap().into_owned()
    }

    fn integer(&self, tag: PropertyTag) -> i32 {
        let Some(PropertyValue::PtypInteger32(value)) = self.get(tag) else { panic!("{:#x}", tag.0) };
        value
    }

    fn attachment_text(&self, number: u32, tag: PropertyTag) -> Option<String> {
        let value = self.of(ObjectId::Attachment(self.id, number), tag)?;
        Some(text(&value, 1252).unwrap().into_owned())
    }
}

#[test]
fn bodies_and_subjects_are_read_in_their_charset() {
    for (name, subject, part_of_body, code_page) in [
        ("inbox/01", "Einladung zum Frühstück am Donnerstag", "Brötchen, Käse", 28591),
        ("inbox/02", "Отчёт о командировке в Новосибирск", "договор подписан", 20866),
        ("inbox/03", "来週の会議について", "水曜日の午後三時", 932),
        ("inbox/04", "Re: 来週の会議について", "水曜日にお待ちしております", 50220),
        ("inbox/05", "关于新产品的报价单", "㐀㐁是扩展区的汉字", 54936),
        ("inbox/06", "Καλημέρα από την Αθήνα", "Ο καιρός είναι υπέροχος", 28597),
        ("inbox/07", "פגישה ביום שלישי", "שלום אנה", 1255),
        ("inbox/08", "Żółta łódź podwodna", "zażółć gęślą jaźń", 28592),
        ("inbox/09", "دعوة إلى معرض الكتاب", "يسعدني أن أدعوك", 65001),
        ("inbox/18", "Meßwerte vom März", "anbei die Meßwerte", 28591),
        ("inbox/24", "Test from the old machine", "Grüße vom alten Rechner", 1252),
    ] {
        let mail = Fixture::sample(name);
        assert_eq!(mail.text(tags::PID_TAG_SUBJECT), subject);
        let body = mail.text(tags::PID_TAG_BODY);
        assert!(body.contains(part_of_body), "{name}: {body}");
        assert!(!body.replace("\r\n", "").contains('\n'), "{name}");
        assert_eq!(mail.integer(tags::PID_TAG_INTERNET_CODEPAGE), code_page, "{name}");
    }
}

#[test]
fn attachments_have_the_bytes_that_were_attached() {
    let mut expected: BTreeMap<&str, Vec<(&str, u64, &str)>> = BTreeMap::new();
    for line in HASHES.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        expected.entry(fields[0]).or_default().push((fields[1], fields[2].parse().unwrap(), fields[3]));
    }
    for (path, raw) in MAILS {
        let mail = Fixture::new(raw);
        let numbers = mail.mailbox.attachments(mail.id).unwrap();
        let mut found = Vec::new();
        for number in numbers {
            let object = ObjectId::Attachment(mail.id, number);
            let content = read_whole(mail.mailbox.as_ref(), object, tags::PID_TAG_ATTACH_DATA_BINARY, 1 << 20).unwrap();
            let hash: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
            let name = mail.attachment_text(number, tags::PID_TAG_ATTACH_LONG_FILENAME).unwrap();
            found.push((name, content.len() as u64, hash));
        }
        let expected = expected.remove(path).unwrap_or_default();
        let found: Vec<_> = found.iter().map(|(name, size, hash)| (name.as_str(), *size, hash.as_str())).collect();
        assert_eq!(found, expected, "{path}");
    }
    assert!(expected.is_empty());
}

#[test]
fn html_keeps_its_bytes_and_hides_the_images_that_it_shows() {
    let mail = Fixture::sample("inbox/10");
    assert_eq!(mail.integer(tags::PID_TAG_NATIVE_BODY), 3);
    let Some(PropertyValue::PtypBinary(html)) = mail.get(tags::PID_TAG_HTML) else { panic!("no HTML") };
    let html = String::from_utf8(html.into_owned()).unwrap();
    assert!(html.contains("<img src=\"cid:mountain@example.test\""));
    assert!(mail.text(tags::PID_TAG_BODY).starts_with("Ciao a tutti,\r\n"));
    for (number, id) in [(0, "mountain@example.test"), (1, "lake@example.test")] {
        let object = ObjectId::Attachment(mail.id, number);
        assert_eq!(mail.attachment_text(number, tags::PID_TAG_ATTACH_CONTENT_ID).as_deref(), Some(id));
        assert_eq!(mail.attachment_text(number, tags::PID_TAG_ATTACH_MIME_TAG).as_deref(), Some("image/png"));
        assert_eq!(mail.of(object, tags::PID_TAG_ATTACH_FLAGS), Some(PropertyValue::PtypInteger32(4)));
        assert_eq!(mail.of(object, tags::PID_TAG_ATTACHMENT_HIDDEN), Some(PropertyValue::PtypBoolean(true)));
    }
    // The attached file beside an inline image is not hidden.
    let mail = Fixture::sample("inbox/13");
    let hidden = |number| mail.of(ObjectId::Attachment(mail.id, number), tags::PID_TAG_ATTACHMENT_HIDDEN);
    assert_eq!(hidden(0), Some(PropertyValue::PtypBoolean(true)));
    assert_eq!(hidden(1), Some(PropertyValue::PtypBoolean(false)));
    assert_eq!(mail.attachment_text(1, tags::PID_TAG_ATTACH_FILENAME).as_deref(), Some("VOLANTIN.PDF"));
    assert_eq!(mail.attachment_text(1, tags::PID_TAG_ATTACH_EXTENSION).as_deref(), Some(".pdf"));
}

#[test]
fn html_alone_gives_a_plain_body_too() {
    let mail = Fixture::sample("inbox/21");
    let body = mail.text(tags::PID_TAG_BODY);
    assert!(body.contains("Autumn 🍁") && body.contains("Story 40 — “quoted” naïvely"), "{body}");
    assert!(!body.contains('<'));
}

#[test]
fn bodies_larger_than_a_reply_are_whole() {
    let mail = Fixture::sample("inbox/12");
    let bytes = read_whole(mail.mailbox.as_ref(), ObjectId::Message(mail.id), tags::PID_TAG_BODY, 1 << 22).unwrap();
    assert!(bytes.len() > 200_000);
    let body = runtime::Utf16::from_wire(&bytes).to_text().into_owned();
    assert!(body.starts_with("Anna,\r\n\r\nas you asked"));
    assert!(body.ends_with("\r\nEnd of minutes.\r\n"));
    assert_eq!(body.matches("\r\n").count(), 1706);
}

#[test]
fn headers_become_properties() {
    let mail = Fixture::sample("inbox/20");
    assert_eq!(mail.text(tags::PID_TAG_SUBJECT_PREFIX), "RE: ");
    assert_eq!(mail.text(tags::PID_TAG_CONVERSATION_TOPIC), "Einladung zum Frühstück am Donnerstag");
    assert_eq!(mail.text(tags::PID_TAG_MESSAGE_CLASS), "IPM.Note");
    assert_eq!(mail.text(tags::PID_TAG_SENDER_NAME), "Bert Müller");
    assert_eq!(mail.text(tags::PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS), "bert@example.test");
    assert_eq!(mail.text(tags::PID_TAG_SENDER_ADDRESS_TYPE), "SMTP");
    assert_eq!(mail.text(tags::PID_TAG_INTERNET_MESSAGE_ID), "<20-reply-important@mail.example.test>");
    assert_eq!(mail.text(tags::PID_TAG_IN_REPLY_TO_ID), "<answer-to-01@mail.example.test>");
    let references = "<01-german-iso-8859-1@mail.example.test> <answer-to-01@mail.example.test>";
    assert_eq!(mail.text(tags::PID_TAG_INTERNET_REFERENCES), references);
    assert_eq!(mail.integer(tags::PID_TAG_IMPORTANCE), 2);
    assert_eq!(mail.integer(tags::PID_TAG_SENSITIVITY), 1);
    assert_eq!(mail.get(tags::PID_TAG_READ_RECEIPT_REQUESTED), Some(PropertyValue::PtypBoolean(true)));
    assert_eq!(mail.integer(tags::PID_TAG_MESSAGE_FLAGS), 0x102, "mfUnmodified and mfNotifyRead");
    // 2026-11-13 09:15 +0100.
    let expected = FileTime::from_unix_seconds(1_794_557_700);
    assert_eq!(mail.get(tags::PID_TAG_CLIENT_SUBMIT_TIME), Some(PropertyValue::PtypTime(expected)));
    assert_eq!(mail.get(tags::PID_TAG_MESSAGE_DELIVERY_TIME), Some(PropertyValue::PtypTime(expected)));
    let headers = mail.text(tags::PID_TAG_TRANSPORT_MESSAGE_HEADERS);
    assert!(headers.starts_with("From: ") && headers.contains("X-Priority: 1\r\n"));
    assert!(!headers.contains("Wunderbar"));
    let guid = runtime::Guid::new(0x0002_0329, 0, 0, [0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
    let name = PropertyName::Name { guid, name: "Keywords".into() };
    let id = mail.mailbox.named_property_ids(&[name], false).unwrap()[0].unwrap();
    let tag = PropertyTag::default().with_property_id(id).with_property_type(PropertyType::PTYP_MULTIPLE_STRING);
    let keywords = PropertyValue::PtypMultipleString(vec!["Frühstück".into(), "privat".into()]);
    assert_eq!(mail.get(tag), Some(keywords));
}

#[test]
fn who_sends_for_someone_else_is_the_sender() {
    let mail = Fixture::sample("inbox/21");
    assert_eq!(mail.text(tags::PID_TAG_SENT_REPRESENTING_NAME), "The Example Gazette");
    assert_eq!(mail.text(tags::PID_TAG_SENDER_EMAIL_ADDRESS), "bounces@lists.example.test");
    assert_eq!(mail.text(tags::PID_TAG_REPLY_RECIPIENT_NAMES), "The Editors");
    let key = PropertyValue::PtypBinary(b"SMTP:BOUNCES@LISTS.EXAMPLE.TEST\0".as_slice().into());
    assert_eq!(mail.get(tags::PID_TAG_SENDER_SEARCH_KEY), Some(key));
    let Some(PropertyValue::PtypBinary(id)) = mail.get(tags::PID_TAG_SENT_REPRESENTING_ENTRY_ID) else {
        panic!("no EntryID");
    };
    let id = OneOffEntryId::unpack(&mut Cursor::new(&id)).unwrap();
    assert_eq!(id.email_address, StringValue::Utf16("gazette@lists.example.test".into()));
    let Some(PropertyValue::PtypBinary(list)) = mail.get(tags::PID_TAG_REPLY_RECIPIENT_ENTRIES) else {
        panic!("no PidTagReplyRecipientEntries");
    };
    assert!(list.starts_with(&[1, 0, 0, 0]));
}

#[test]
fn recipients_keep_order_kind_and_names() {
    let mail = Fixture::sample("inbox/17");
    assert_eq!(mail.mailbox.recipients(mail.id).unwrap().len(), 20);
    let of = |row, tag| mail.of(ObjectId::Recipient(mail.id, row), tag).unwrap();
    assert_eq!(of(1, tags::PID_TAG_DISPLAY_NAME), string("Béla Example"));
    assert_eq!(of(1, tags::PID_TAG_SMTP_ADDRESS), string("guest02@example.test"));
    for (row, kind) in [(0, 1), (11, 1), (12, 2), (17, 2), (18, 3), (19, 3)] {
        assert_eq!(of(row, tags::PID_TAG_RECIPIENT_TYPE), PropertyValue::PtypInteger32(kind), "row {row}");
    }
    assert!(mail.text(tags::PID_TAG_DISPLAY_TO).starts_with("Ada Example; Béla Example; "));
    assert_eq!(mail.text(tags::PID_TAG_DISPLAY_BCC), "Søren Example; Þóra Example");
}

#[test]
fn what_is_left_out_is_reported() {
    let mail = Fixture::sample("inbox/16");
    let [Skipped::SubjectCut { characters }] = mail.report.skipped[..] else { panic!("{:?}", mail.report) };
    assert_eq!(mail.text(tags::PID_TAG_SUBJECT).chars().count(), 253);
    assert!(characters > 200);
    let mail = Fixture::new(
        b"From: a@example.test\r\nTo: Nobody <>\r\nDate: not a date\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
          Content-Type: multipart/mixed; boundary=b\r\n\r\nread me first\r\n--b\r\n\
          Content-Type: text/plain; charset=klingon\r\n\r\n\xFCber\r\n--b\r\n\
          Content-Type: application/x-y\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n",
    );
    let skipped = &mail.report.skipped;
    for expected in
        [Skipped::InvalidDate, Skipped::UnknownCharset { charset: "klingon".into() }, Skipped::Preamble { bytes: 13 }]
    {
        assert!(skipped.contains(&expected), "{expected:?} in {skipped:?}");
    }
    assert!(skipped.iter().any(|skipped| matches!(skipped, Skipped::BrokenPart { .. })), "{skipped:?}");
    assert!(skipped.iter().any(|skipped| matches!(skipped, Skipped::RecipientWithoutAddress { .. })), "{skipped:?}");
    assert_eq!(mail.text(tags::PID_TAG_BODY), "über");
    assert_eq!(mail.mailbox.attachments(mail.id).unwrap(), [0], "the broken part is there");
}

#[test]
fn options_say_what_a_mail_does_not() {
    let (_store, mailbox) = mailbox();
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    let time = FileTime::from_unix_seconds(1_800_000_000);
    let options = Options { delivered: Some(time), read: true, draft: false };
    let id = import(mailbox.as_ref(), inbox, MAILS[1].1, options).unwrap().id;
    let get = |id, tag| property(mailbox.as_ref(), ObjectId::Message(id), tag).unwrap();
    assert_eq!(get(id, tags::PID_TAG_MESSAGE_DELIVERY_TIME), Some(PropertyValue::PtypTime(time)));
    assert_eq!(mailbox.message(id).unwrap().message_flags & 0x401, 0x401);
    let options = Options { draft: true, ..Options::default() };
    let id = import(mailbox.as_ref(), inbox, MAILS[0].1, options).unwrap().id;
    assert_eq!(get(id, tags::PID_TAG_MESSAGE_DELIVERY_TIME), None);
    assert_eq!(mailbox.message(id).unwrap().message_flags & 0x9, 0x9, "mfRead and mfUnsent");
}

#[test]
fn refuses_what_is_no_mail() {
    let (_store, mailbox) = mailbox();
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    for mail in [&b""[..], b"\r\n", b"\0\0\0"] {
        let result = import(mailbox.as_ref(), inbox, mail, Options::default());
        assert!(matches!(result, Err(ImportError::NotMail)), "{mail:?}: {result:?}");
    }
    let nowhere = FolderId(0);
    let result = import(mailbox.as_ref(), nowhere, MAILS[0].1, Options::default());
    assert!(matches!(result, Err(ImportError::Store(StoreError::NotFound(_)))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_import_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (_store, mailbox) = mailbox();
        let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
        _ = import(mailbox.as_ref(), inbox, &bytes, Options::default());
    }

    #[test]
    fn damaged_mails_import_or_are_refused(
        which in 0..MAILS.len(),
        cut in 0.0..1.0_f64,
        flips in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 0..20),
    ) {
        let (_store, mailbox) = mailbox();
        let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
        let mut bytes = MAILS[which].1.to_vec();
        bytes.truncate(4_000);
        for (place, byte) in flips {
            let index = (place * bytes.len() as f64) as usize;
            bytes[index] = byte;
        }
        bytes.truncate((cut * bytes.len() as f64) as usize + 1);
        _ = import(mailbox.as_ref(), inbox, &bytes, Options::default());
    }
}
