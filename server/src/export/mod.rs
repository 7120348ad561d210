//! A mailbox as lines of JSON, one line an object, everything that the mailbox has.
//!
//! ```text
//! {"kind":"mailbox","mailbox":GUID,"replica":GUID,"properties":[..]}
//! {"kind":"named-property","id":"0x8000","guid":GUID,"lid":33285}           or "name":".."
//! {"kind":"folder","id":"0x..","parent":"0x..","type":1,"properties":[..]}  parents before children
//! {"kind":"message","folder":"0x..","id":"0x..","associated":false,"soft-deleted":false,
//!  "properties":[..],"recipients":[{"row":0,"properties":[..]}],
//!  "attachments":[{"number":0,"properties":[..],"message":{..}}]}
//! ```
//!
//! A property is `{"tag":"0x0037001F","value":..}`; its type is in the tag. Ids are the 64 bits of FolderId and
//! MessageId. Large values are written in pieces and are never whole in memory. The text is ASCII.

mod json;
mod value;

use std::io::{self, Write};

use protocol::oxcdata::{FolderId, MessageId};

use self::json::{List, Object};
use crate::store::{
    ContentsKind, Folder, FolderType, HierarchyDepth, Mailbox, ObjectId, PropertyName, SpecialFolder, StoreError,
    TableQuery,
};

/// Messages nested deeper than this are damage.
const MAX_DEPTH: u32 = 64;

/// Why a mailbox could not be written out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The mailbox could not be read.
    #[error("the mailbox cannot be read")]
    Store(#[from] StoreError),
    /// The output could not be written.
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Folders.
    pub folders: u64,
    /// Messages, without those in attachments.
    pub messages: u64,
}

/// Writes a mailbox.
///
/// # Errors
/// [`ExportError`].
pub fn export(mailbox: &dyn Mailbox, output: &mut dyn Write) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    let mut line = Object::new(output)?;
    line.text("kind", "mailbox")?;
    line.text("mailbox", &mailbox.identity().mailbox.to_string())?;
    line.text("replica", &mailbox.identity().replica.to_string())?;
    value::properties(mailbox, ObjectId::Mailbox, &mut line)?;
    line.end_line()?;
    for (id, name) in mailbox.named_properties()? {
        named_property(id, &name, output)?;
    }
    let query = TableQuery { restriction: None, sort: &[], code_page: 1252 };
    let root = mailbox.special_folders().get(SpecialFolder::Root);
    let mut folders = vec![root];
    folders.extend(mailbox.hierarchy(root, HierarchyDepth::Descendants, &query)?);
    for id in &folders {
        folder(mailbox, &mailbox.folder(*id)?, output)?;
        exported.folders += 1;
    }
    for id in folders {
        // What a search folder shows is in other folders.
        if mailbox.folder(id)?.folder_type == FolderType::Search {
            continue;
        }
        for kind in [
            ContentsKind::Normal,
            ContentsKind::Associated,
            ContentsKind::SoftDeleted,
            ContentsKind::SoftDeletedAssociated,
        ] {
            for message in mailbox.contents(id, kind, &query)?.iter().copied() {
                let mut line = Object::new(output)?;
                line.text("kind", "message")?;
                line.text("folder", &folder_text(id))?;
                message_members(mailbox, message, &mut line, 0)?;
                line.end_line()?;
                exported.messages += 1;
            }
        }
    }
    output.flush()?;
    Ok(exported)
}

fn folder_text(id: FolderId) -> String {
    format!("{:#018x}", id.0)
}

fn named_property(id: u16, name: &PropertyName, output: &mut dyn Write) -> Result<(), ExportError> {
    let mut line = Object::new(output)?;
    line.text("kind", "named-property")?;
    line.text("id", &format!("{id:#06x}"))?;
    match name {
        PropertyName::Lid { guid, lid } => {
            line.text("guid", &guid.to_string())?;
            line.raw("lid", lid)?;
        }
        PropertyName::Name { guid, name } => {
            line.text("guid", &guid.to_string())?;
            line.text("name", name)?;
        }
    }
    Ok(line.end_line()?)
}

fn folder(mailbox: &dyn Mailbox, folder: &Folder, output: &mut dyn Write) -> Result<(), ExportError> {
    let mut line = Object::new(output)?;
    line.text("kind", "folder")?;
    line.text("id", &folder_text(folder.id))?;
    if let Some(parent) = folder.parent {
        line.text("parent", &folder_text(parent))?;
    }
    line.raw("type", folder.folder_type as u8)?;
    value::properties(mailbox, ObjectId::Folder(folder.id), &mut line)?;
    Ok(line.end_line()?)
}

/// The members of a message, also of one in an attachment.
fn message_members(mailbox: &dyn Mailbox, id: MessageId, line: &mut Object<'_>, depth: u32) -> Result<(), ExportError> {
    if depth > MAX_DEPTH {
        return Err(StoreError::Damaged("messages are nested in a loop".to_owned()).into());
    }
    let message = mailbox.message(id)?;
    line.text("id", &format!("{:#018x}", id.0))?;
    line.raw("associated", message.associated)?;
    line.raw("soft-deleted", message.soft_deleted)?;
    value::properties(mailbox, ObjectId::Message(id), line)?;

    let mut recipients = List::new(line.member("recipients")?)?;
    for row in mailbox.recipients(id)? {
        let mut recipient = Object::new(recipients.item()?)?;
        recipient.raw("row", row)?;
        value::properties(mailbox, ObjectId::Recipient(id, row), &mut recipient)?;
        recipient.end()?;
    }
    recipients.end()?;

    let mut attachments = List::new(line.member("attachments")?)?;
    for number in mailbox.attachments(id)? {
        let mut attachment = Object::new(attachments.item()?)?;
        attachment.raw("number", number)?;
        value::properties(mailbox, ObjectId::Attachment(id, number), &mut attachment)?;
        if let Some(embedded) = mailbox.embedded(id, number)? {
            let mut inner = Object::new(attachment.member("message")?)?;
            message_members(mailbox, embedded, &mut inner, depth + 1)?;
            inner.end()?;
        }
        attachment.end()?;
    }
    Ok(attachments.end()?)
}

#[cfg(test)]
mod tests;
