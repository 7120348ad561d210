//! Properties that come from the headers (MS-OXCMAIL 2.2.3.2).

use mail_parser::{Addr, Address, DateTime, HeaderName, HeaderValue, Message};
use protocol::oxcdata::{PropertyTag, PropertyType, PropertyValue};
use runtime::{FileTime, Guid, Utf16};

use super::charset::guess;
use super::entry_id::{flat_list, one_off, search_key};
use super::{Report, Skipped};
use crate::store::tags;
use crate::store::value::{binary, string};
use crate::store::{Mailbox, PropertyChanges, PropertyName, Result, subject};

/// The most characters of a subject (MS-OXCMSG 2.2.1.9: prefix and rest together less than 254).
const MAX_SUBJECT: usize = 253;

/// PS_PUBLIC_STRINGS (MS-OXPROPS 1.3.2).
const PS_PUBLIC_STRINGS: Guid = Guid::new(0x0002_0329, 0, 0, [0xC0, 0, 0, 0, 0, 0, 0, 0x46]);

/// mfNotifyRead (MS-OXCMSG 2.2.1.6).
const NOTIFY_READ: u32 = 0x0100;

/// Sets the properties; answers the bits of PidTagMessageFlags that the headers ask for.
pub(super) fn convert(
    mail: &Message<'_>,
    mailbox: &dyn Mailbox,
    properties: &mut PropertyChanges,
    report: &mut Report,
) -> Result<u32> {
    properties.set(tags::PID_TAG_MESSAGE_CLASS, string("IPM.Note"));
    set_subject(mail.subject().unwrap_or_default(), properties, report);
    originators(mail, properties);
    ids(mail, properties);
    importance(mail, properties);
    match mail.header(HeaderName::Date) {
        None => {}
        Some(value) => match value.as_datetime().and_then(file_time) {
            Some(time) => {
                properties.set(tags::PID_TAG_CLIENT_SUBMIT_TIME, PropertyValue::PtypTime(time));
            }
            None => report.add(Skipped::InvalidDate),
        },
    }
    properties.set(tags::PID_TAG_TRANSPORT_MESSAGE_HEADERS, string(raw_headers(mail)));
    keywords(mail, mailbox, properties)?;
    if mail.header(HeaderName::DispositionNotificationTo).is_some() {
        properties.set(tags::PID_TAG_READ_RECEIPT_REQUESTED, PropertyValue::PtypBoolean(true));
        return Ok(NOTIFY_READ);
    }
    Ok(0)
}

/// When the mail arrived: the newest Received header, which is the first, or when it was written.
pub(super) fn delivery_time(mail: &Message<'_>) -> Option<FileTime> {
    let received = mail.received().and_then(|received| received.date());
    received.as_ref().and_then(file_time).or_else(|| mail.date().and_then(file_time))
}

fn file_time(date: &DateTime) -> Option<FileTime> {
    let valid = (1..=12).contains(&date.month) && (1..=31).contains(&date.day) && date.year >= 1601;
    (valid && date.is_valid()).then(|| FileTime::from_unix_seconds(date.to_timestamp()))
}

fn set_subject(whole: &str, properties: &mut PropertyChanges, report: &mut Report) {
    let kept: String = whole.chars().take(MAX_SUBJECT).collect();
    let characters = whole.chars().count() - kept.chars().count();
    if characters != 0 {
        report.add(Skipped::SubjectCut { characters });
    }
    let (_, normalized) = subject::split(&kept);
    properties.set(tags::PID_TAG_CONVERSATION_TOPIC, string(normalized));
    properties.set(tags::PID_TAG_SUBJECT, string(kept));
}

/// The properties of one originator.
struct Originator {
    name: PropertyTag,
    address_type: PropertyTag,
    email_address: PropertyTag,
    smtp_address: PropertyTag,
    entry_id: PropertyTag,
    search_key: PropertyTag,
}

const SENDER: Originator = Originator {
    name: tags::PID_TAG_SENDER_NAME,
    address_type: tags::PID_TAG_SENDER_ADDRESS_TYPE,
    email_address: tags::PID_TAG_SENDER_EMAIL_ADDRESS,
    smtp_address: tags::PID_TAG_SENDER_SMTP_ADDRESS,
    entry_id: tags::PID_TAG_SENDER_ENTRY_ID,
    search_key: tags::PID_TAG_SENDER_SEARCH_KEY,
};

const SENT_REPRESENTING: Originator = Originator {
    name: tags::PID_TAG_SENT_REPRESENTING_NAME,
    address_type: tags::PID_TAG_SENT_REPRESENTING_ADDRESS_TYPE,
    email_address: tags::PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS,
    smtp_address: tags::PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS,
    entry_id: tags::PID_TAG_SENT_REPRESENTING_ENTRY_ID,
    search_key: tags::PID_TAG_SENT_REPRESENTING_SEARCH_KEY,
};

/// From is who is represented, Sender who sent; the one stands for the other when it is missing.
fn originators(mail: &Message<'_>, properties: &mut PropertyChanges) {
    let from = mail.from().and_then(Address::first);
    let sender = mail.sender().and_then(Address::first);
    for (tags, person) in [(SENT_REPRESENTING, from.or(sender)), (SENDER, sender.or(from))] {
        let Some(person) = person else { continue };
        let (name, address) = name_and_address(person);
        properties.set(tags.name, string(name)).set(tags.address_type, string("SMTP"));
        if let Some(address) = address {
            properties
                .set(tags.email_address, string(address))
                .set(tags.smtp_address, string(address))
                .set(tags.search_key, binary(search_key(address)));
            if let Some(id) = one_off(name, address) {
                properties.set(tags.entry_id, binary(id));
            }
        }
    }
    if let Some(reply_to) = mail.reply_to() {
        let names: Vec<&str> = reply_to.iter().map(|person| name_and_address(person).0).collect();
        properties.set(tags::PID_TAG_REPLY_RECIPIENT_NAMES, string(names.join("; ")));
        let ids = reply_to.iter().filter_map(|person| {
            let (name, address) = name_and_address(person);
            one_off(name, address?)
        });
        if let Some(list) = flat_list(&ids.collect::<Vec<_>>()) {
            properties.set(tags::PID_TAG_REPLY_RECIPIENT_ENTRIES, binary(list));
        }
    }
}

/// The name, for which the address stands when there is none, and the address.
pub(super) fn name_and_address<'m>(person: &'m Addr<'_>) -> (&'m str, Option<&'m str>) {
    let address = person.address().map(str::trim).filter(|address| !address.is_empty());
    let name = person.name().map(str::trim).filter(|name| !name.is_empty());
    (name.or(address).unwrap_or_default(), address)
}

/// Message-ID, In-Reply-To and References, with their angle brackets.
fn ids(mail: &Message<'_>, properties: &mut PropertyChanges) {
    let list = |value: &HeaderValue<'_>| -> Option<String> {
        let ids: Vec<String> = match value {
            HeaderValue::Text(id) => vec![format!("<{id}>")],
            HeaderValue::TextList(ids) => ids.iter().map(|id| format!("<{id}>")).collect(),
            _ => return None,
        };
        Some(ids.join(" "))
    };
    for (name, tag) in [
        (HeaderName::MessageId, tags::PID_TAG_INTERNET_MESSAGE_ID),
        (HeaderName::InReplyTo, tags::PID_TAG_IN_REPLY_TO_ID),
        (HeaderName::References, tags::PID_TAG_INTERNET_REFERENCES),
    ] {
        if let Some(ids) = mail.header(name).and_then(list) {
            properties.set(tag, string(ids));
        }
    }
}

/// PidTagImportance, PidTagPriority and PidTagSensitivity (MS-OXCMAIL 2.2.3.2.5).
fn importance(mail: &Message<'_>, properties: &mut PropertyChanges) {
    let text = |name: &'static str| {
        let value = mail.header_raw(name)?;
        Some(value.trim().to_ascii_lowercase())
    };
    let importance = match text("Importance").as_deref() {
        Some("high") => Some(2),
        Some("low") => Some(0),
        Some(_) => Some(1),
        None => match text("X-Priority").as_deref().and_then(|value| value.chars().next()) {
            Some('1' | '2') => Some(2),
            Some('4' | '5') => Some(0),
            _ => None,
        },
    };
    let priority = match text("Priority").as_deref() {
        Some("urgent") => 1,
        Some("non-urgent") => -1,
        _ => 0,
    };
    let sensitivity = match text("Sensitivity").as_deref() {
        Some("personal") => 1,
        Some("private") => 2,
        Some("company-confidential") => 3,
        _ => 0,
    };
    properties
        .set(tags::PID_TAG_IMPORTANCE, PropertyValue::PtypInteger32(importance.unwrap_or(1)))
        .set(tags::PID_TAG_PRIORITY, PropertyValue::PtypInteger32(priority))
        .set(tags::PID_TAG_SENSITIVITY, PropertyValue::PtypInteger32(sensitivity));
}

/// The header as it stands in the mail.
fn raw_headers(mail: &Message<'_>) -> String {
    let end = mail.root_part().offset_body as usize;
    let header = mail.raw_message.get(..end).unwrap_or_default();
    guess(header).0
}

/// Keywords become PidNameKeywords (MS-OXCMAIL 2.2.3.2.9).
fn keywords(mail: &Message<'_>, mailbox: &dyn Mailbox, properties: &mut PropertyChanges) -> Result<()> {
    let lists = match mail.keywords() {
        HeaderValue::Text(list) => vec![list.as_ref()],
        HeaderValue::TextList(lists) => lists.iter().map(AsRef::as_ref).collect(),
        _ => return Ok(()),
    };
    // Commas inside encoded words separate too.
    let words = lists.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|word| !word.is_empty());
    let words: Vec<Utf16<'static>> = words.map(|word| Utf16::from(word.to_owned())).collect();
    let name = PropertyName::Name { guid: PS_PUBLIC_STRINGS, name: "Keywords".to_owned() };
    if let Some(Some(id)) = mailbox.named_property_ids(&[name], true)?.first() {
        let tag = PropertyTag::default().with_property_id(*id).with_property_type(PropertyType::PTYP_MULTIPLE_STRING);
        properties.set(tag, PropertyValue::PtypMultipleString(words));
    }
    Ok(())
}
