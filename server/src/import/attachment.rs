//! Attachments: every leaf of the MIME structure that is no body (MS-OXCMAIL 2.2.3.4).

use std::collections::BTreeMap;

use mail_parser::{Message, MessagePart, MimeHeaders as _, PartType};
use protocol::oxcdata::PropertyValue;
use runtime::FileTime;

use super::body::{Bodies, decoded_bytes};
use super::{Report, Skipped};
use crate::store::tags;
use crate::store::value::{binary, string};
use crate::store::{PartChange, PropertyChanges};

/// PidTagAttachMethod afByValue (MS-OXCMSG 2.2.2.9).
const BY_VALUE: i32 = 1;
/// PidTagAttachFlags attRenderedInBody (MS-OXCMSG 2.2.2.18).
const RENDERED_IN_BODY: i32 = 4;
/// PidTagRenderingPosition of an attachment that is not in the text (MS-OXCMSG 2.2.2.16).
const NOT_RENDERED: i32 = -1;

/// Makes an attachment of each leaf that is no body, in the order of the mail.
pub(super) fn convert(
    mail: &Message<'_>,
    bodies: &Bodies,
    time: Option<FileTime>,
    attachments: &mut BTreeMap<u32, PartChange>,
    report: &mut Report,
) {
    let mut number = 0;
    for (index, part) in mail.parts.iter().enumerate() {
        if part.is_encoding_problem {
            report.add(Skipped::BrokenPart { part: index });
        }
        if let PartType::Multipart(children) = &part.body {
            let first = children.first().and_then(|child| mail.parts.get(*child as usize));
            preamble(mail, part, first, report);
        } else if !bodies.parts.contains(&index) {
            let properties = properties(mail, part, bodies, time, number);
            attachments.insert(number, PartChange::Replace(properties));
            number += 1;
        }
    }
}

fn properties(
    mail: &Message<'_>,
    part: &MessagePart<'_>,
    bodies: &Bodies,
    time: Option<FileTime>,
    number: u32,
) -> PropertyChanges {
    let mime_tag = mime_tag(part);
    let name = file_name(part, &mime_tag, number);
    let extension = name.rfind('.').and_then(|dot| name.get(dot..)).filter(|end| end.len() > 1);
    let mut properties = PropertyChanges::new();
    properties
        .set(tags::PID_TAG_ATTACH_METHOD, PropertyValue::PtypInteger32(BY_VALUE))
        .set(tags::PID_TAG_RENDERING_POSITION, PropertyValue::PtypInteger32(NOT_RENDERED))
        .set(tags::PID_TAG_ATTACH_MIME_TAG, string(mime_tag))
        .set(tags::PID_TAG_ATTACH_FILENAME, string(short_name(&name, extension)))
        .set(tags::PID_TAG_DISPLAY_NAME, string(name.as_str()))
        .set(tags::PID_TAG_ATTACH_DATA_BINARY, binary(decoded_bytes(mail, part)));
    if let Some(extension) = extension {
        properties.set(tags::PID_TAG_ATTACH_EXTENSION, string(extension));
    }
    if let Some(time) = time {
        properties
            .set(tags::PID_TAG_CREATION_TIME, PropertyValue::PtypTime(time))
            .set(tags::PID_TAG_LAST_MODIFICATION_TIME, PropertyValue::PtypTime(time));
    }
    let content_id = part.content_id().map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
    let in_body = match &content_id {
        Some(id) => !id.is_empty() && bodies.html.contains(&format!("cid:{id}")),
        None => false,
    };
    if let Some(id) = content_id {
        properties.set(tags::PID_TAG_ATTACH_CONTENT_ID, string(id));
    }
    if let Some(location) = part.content_location() {
        properties.set(tags::PID_TAG_ATTACH_CONTENT_LOCATION, string(location));
    }
    let flags = if in_body { RENDERED_IN_BODY } else { 0 };
    properties
        .set(tags::PID_TAG_ATTACH_FLAGS, PropertyValue::PtypInteger32(flags))
        .set(tags::PID_TAG_ATTACHMENT_HIDDEN, PropertyValue::PtypBoolean(in_body))
        .set(tags::PID_TAG_ATTACH_LONG_FILENAME, string(name));
    properties
}

fn mime_tag(part: &MessagePart<'_>) -> String {
    match (part.content_type(), &part.body) {
        (Some(kind), _) => format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("x-unknown")).to_lowercase(),
        (None, PartType::Message(_)) => "message/rfc822".to_owned(),
        (None, PartType::Text(_)) => "text/plain".to_owned(),
        (None, PartType::Html(_)) => "text/html".to_owned(),
        (None, _) => "application/octet-stream".to_owned(),
    }
}

/// The name that the mail gives, else one made of the subject of an attached mail, else a number.
fn file_name(part: &MessagePart<'_>, mime_tag: &str, number: u32) -> String {
    let given = part.attachment_name().map(clean).filter(|name| !name.is_empty());
    if let Some(name) = given {
        return name;
    }
    if let PartType::Message(inner) = &part.body
        && let Some(subject) = inner.subject().map(clean).filter(|subject| !subject.is_empty())
    {
        let subject: String = subject.chars().take(100).collect();
        return format!("{subject}.eml");
    }
    let extension = match mime_tag {
        "message/rfc822" => "eml",
        "text/plain" => "txt",
        "text/html" => "htm",
        "text/calendar" => "ics",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "application/pdf" => "pdf",
        _ => "dat",
    };
    format!("ATT{:05}.{extension}", number + 1)
}

/// A name without what no file name may have; only the last piece of a path.
fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.trim().chars().filter(|c| !c.is_control() && !"<>:\"|?*".contains(*c)).collect()
}

/// PidTagAttachFilename: eight ASCII characters and three (MS-OXCMSG 2.2.2.11).
fn short_name(name: &str, extension: Option<&str>) -> String {
    let plain = |text: &str, limit: usize| -> String {
        let ascii = text.chars().filter(char::is_ascii_alphanumeric);
        ascii.map(|c| c.to_ascii_uppercase()).take(limit).collect()
    };
    let stem = name.strip_suffix(extension.unwrap_or_default()).unwrap_or(name);
    let mut short = plain(stem, 8);
    if short.is_empty() {
        short.push_str("FILE");
    }
    let extension = plain(extension.unwrap_or_default(), 3);
    if extension.is_empty() { short } else { format!("{short}.{extension}") }
}

/// Reports text before a multipart's first part, unless it is the usual notice to readers without MIME.
fn preamble(mail: &Message<'_>, part: &MessagePart<'_>, first: Option<&MessagePart<'_>>, report: &mut Report) {
    let Some(boundary) = part.content_type().and_then(|kind| kind.attribute("boundary")) else { return };
    let end = first.map_or(part.offset_end, |first| first.offset_header);
    let before = mail.raw_message.get(part.offset_body as usize..end as usize).unwrap_or_default();
    let delimiter = format!("--{boundary}");
    let start = before.windows(delimiter.len()).position(|window| window == delimiter.as_bytes());
    let preamble = before.get(..start.unwrap_or(0)).unwrap_or_default().trim_ascii();
    let text = String::from_utf8_lossy(preamble).to_lowercase();
    let notice = text.contains("mime") && (text.contains("multi-part") || text.contains("multipart"));
    if !preamble.is_empty() && !notice {
        report.add(Skipped::Preamble { bytes: preamble.len() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_ascii_and_short() {
        for (name, extension, expected) in [
            ("Übersicht über alles.html", Some(".html"), "BERSICHT.HTM"),
            ("报价单.bin", Some(".bin"), "FILE.BIN"),
            ("README", None, "README"),
            (".profile", Some(".profile"), "FILE.PRO"),
        ] {
            assert_eq!(short_name(name, extension), expected);
        }
    }

    #[test]
    fn names_lose_paths_and_characters_of_other_meaning() {
        assert_eq!(clean("../../etc/passwd"), "passwd");
        assert_eq!(clean("C:\\Temp\\a?b<c>.txt\r\n"), "abc.txt");
        assert_eq!(clean(" / "), "");
    }
}
