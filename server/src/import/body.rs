//! The bodies of a message (MS-OXCMAIL 2.2.3.3, MS-OXBBODY 2.1).

use std::collections::BTreeSet;

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders as _, PartType};
use protocol::oxcdata::PropertyValue;

use super::charset::{UTF_8, code_page, guess};
use super::{Report, Skipped};
use crate::store::PropertyChanges;
use crate::store::tags;
use crate::store::value::{binary, string};

/// PidTagNativeBody (MS-OXCMSG 2.2.1.58.2).
const NATIVE_PLAIN: i32 = 1;
const NATIVE_HTML: i32 = 3;

/// The parts that became bodies, and what they say about the others.
#[derive(Default)]
pub(super) struct Bodies {
    /// Positions among all parts.
    pub(super) parts: BTreeSet<usize>,
    /// The HTML body, to find out which attachments it shows.
    pub(super) html: String,
}

/// Sets the body properties.
pub(super) fn convert(mail: &Message<'_>, properties: &mut PropertyChanges, report: &mut Report) -> Bodies {
    let mut bodies = Bodies::default();
    let mut plain = Vec::new();
    let mut plain_code_page = None;
    for part in mail.text_body.iter().map(|part| *part as usize) {
        if let Some((part_of_mail, true)) = mail.parts.get(part).map(|p| (p, matches!(p.body, PartType::Text(_)))) {
            let (text, page) = decode(mail, part_of_mail, report);
            plain.push(with_crlf(&text));
            plain_code_page = plain_code_page.or(page);
            bodies.parts.insert(part);
        }
    }
    // A mail has one HTML body; what follows it is attached.
    let html = mail.html_body.iter().map(|part| *part as usize).find_map(|part| {
        let found = mail.parts.get(part)?;
        matches!(found.body, PartType::Html(_)).then_some((part, found))
    });
    if let Some((part, found)) = html {
        let (text, page) = decode(mail, found, report);
        let bytes = decoded_bytes(mail, found);
        // Kept as it was sent, when MAPI has a name for its charset.
        let (bytes, page) = match page {
            Some(page) => (bytes, page),
            None => (text.clone().into_bytes(), UTF_8),
        };
        properties
            .set(tags::PID_TAG_HTML, binary(bytes))
            .set(tags::PID_TAG_INTERNET_CODEPAGE, PropertyValue::PtypInteger32(page))
            .set(tags::PID_TAG_NATIVE_BODY, PropertyValue::PtypInteger32(NATIVE_HTML));
        if plain.is_empty() {
            plain.push(with_crlf(&html_to_text(&text)));
        }
        bodies.parts.insert(part);
        bodies.html = text;
    } else {
        let page = plain_code_page.unwrap_or(UTF_8);
        properties
            .set(tags::PID_TAG_INTERNET_CODEPAGE, PropertyValue::PtypInteger32(page))
            .set(tags::PID_TAG_NATIVE_BODY, PropertyValue::PtypInteger32(NATIVE_PLAIN));
    }
    properties.set(tags::PID_TAG_BODY, string(plain.join("\r\n")));
    bodies
}

/// A text part's text, and the code page of its charset when it has a known one.
fn decode(mail: &Message<'_>, part: &MessagePart<'_>, report: &mut Report) -> (String, Option<i32>) {
    let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
    let text = part.text_contents().unwrap_or_default().to_owned();
    match charset {
        Some(charset) => {
            let page = code_page(charset);
            if page.is_none() {
                report.add(Skipped::UnknownCharset { charset: charset.to_owned() });
                return (guess(&decoded_bytes(mail, part)).0, None);
            }
            (text, page)
        }
        None => {
            let (text, page) = guess(&decoded_bytes(mail, part));
            (text, Some(page))
        }
    }
}

/// A part's content without its transfer encoding, in its own charset.
pub(super) fn decoded_bytes(mail: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let raw = mail.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let decoded = match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::Base64 => mail_parser::decoders::base64::base64_decode(raw),
        Encoding::QuotedPrintable => mail_parser::decoders::quoted_printable::quoted_printable_decode(raw),
    };
    // What the parser made of a broken encoding is better than nothing.
    decoded.unwrap_or_else(|| part.contents().to_vec())
}

/// Text with line ends of the network.
fn with_crlf(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut last = '\0';
    for c in text.chars() {
        if c == '\n' && last != '\r' {
            lines.push('\r');
        }
        // A zero would end the text for readers of strings.
        if c != '\0' {
            lines.push(c);
        }
        last = c;
    }
    lines
}
