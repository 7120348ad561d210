//! RFC 5322 mail into messages of a mailbox (MS-OXCMAIL).
//!
//! Headers become properties, leaves of the MIME structure become bodies or attachments, and what becomes
//! neither is counted in a [`Report`]. The whole header stays readable in PidTagTransportMessageHeaders.

mod attachment;
mod body;
mod charset;
mod entry_id;
mod headers;
mod recipients;
mod report;

use mail_parser::MessageParser;
use protocol::oxcdata::{FolderId, MessageId, PropertyValue};
use runtime::FileTime;

use crate::store::tags::{self, message_flags};
use crate::store::{Mailbox, MessageChange, MessageTarget, StoreError};

pub(crate) use entry_id::one_off;
pub use report::{Report, Skipped};

/// The largest mail that is taken: it is in memory while it is read.
pub const MAX_SIZE: usize = 256 * 1024 * 1024;

/// Why a mail could not be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// There is no header in it.
    #[error("this is no mail")]
    NotMail,
    /// It is larger than [`MAX_SIZE`].
    #[error("the mail has {size} bytes, more than {MAX_SIZE}")]
    TooLarge {
        /// Bytes.
        size: usize,
    },
    /// The store refused it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a mail does not say of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// PidTagMessageDeliveryTime; without it the time of the newest Received header, of the Date header,
    /// or none.
    pub delivered: Option<FileTime>,
    /// It has been read.
    pub read: bool,
    /// It is a draft: mfUnsent, without delivery time.
    pub draft: bool,
}

/// An imported mail.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The message.
    pub id: MessageId,
    /// What is missing in it.
    pub report: Report,
}

/// Imports one mail into a folder; all of it or, on an error, nothing.
///
/// # Errors
/// `NotMail`, `TooLarge`; `Store` when the folder is not there or the store fails.
pub fn import(mailbox: &dyn Mailbox, folder: FolderId, mail: &[u8], options: Options) -> Result<Imported, ImportError> {
    let target = MessageTarget::Create { folder, associated: false, id: None };
    let mut report = Report::default();
    let change = convert(mailbox, target, mail, options, &mut report)?;
    let saved = mailbox.save_message(&change)?;
    Ok(Imported { id: saved.id, report })
}

/// The change that makes `target` the message of a mail.
///
/// # Errors
/// As [`import`].
fn convert(
    mailbox: &dyn Mailbox,
    target: MessageTarget,
    mail: &[u8],
    options: Options,
    report: &mut Report,
) -> Result<MessageChange, ImportError> {
    if mail.len() > MAX_SIZE {
        return Err(ImportError::TooLarge { size: mail.len() });
    }
    let parsed = MessageParser::default().parse(mail).filter(|parsed| !parsed.parts.is_empty());
    let parsed = parsed.ok_or(ImportError::NotMail)?;
    // The field names of RFC 5322 are printable.
    let is_field = |name: &str| !name.is_empty() && name.bytes().all(|b| (33..=126).contains(&b));
    if !parsed.headers().iter().any(|header| is_field(header.name())) {
        return Err(ImportError::NotMail);
    }
    let mut change = MessageChange::new(target);
    let properties = &mut change.properties;
    let mut flags = headers::convert(&parsed, mailbox, properties, report)?;
    let delivered = options.delivered.or_else(|| headers::delivery_time(&parsed));
    if options.draft {
        flags |= message_flags::UNSENT;
    } else {
        flags |= message_flags::UNMODIFIED;
        if let Some(time) = delivered {
            properties.set(tags::PID_TAG_MESSAGE_DELIVERY_TIME, PropertyValue::PtypTime(time));
        }
    }
    if options.read || options.draft {
        flags |= message_flags::READ;
    }
    properties.set(tags::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(flags.cast_signed()));
    let bodies = body::convert(&parsed, properties, report);
    attachment::convert(&parsed, &bodies, delivered, &mut change.attachments, report);
    recipients::convert(&parsed, &mut change.recipients, report);
    Ok(change)
}

#[cfg(test)]
mod tests;
