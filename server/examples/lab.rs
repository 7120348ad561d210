//! Puts into a user's Inbox the message that the suite of mapi-client asks about: a body longer than a reply, an
//! attached file, an attached message; and lets that user read the Inbox of another. The server has to be stopped.
//!
//! Usage: `lab DATA_DIR ADDRESS SHARED_ADDRESS`

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use protocol::oxcdata::PropertyValue;
use server::import::{Options, import};
use server::store::sqlite::SqliteStore;
use server::store::value::string;
use server::store::{
    MemberChange, MessageChange, MessageTarget, PartChange, PropertyChanges, SpecialFolder, Store as _, tags,
};

/// PidTagAttachMethod afEmbeddedMessage (MS-OXCMSG 2.2.2.9).
const EMBEDDED_MESSAGE: i32 = 5;

const INNER_SUBJECT: &str = "The message inside the attachment";

/// Lines of the body, of some 70 bytes each.
const LINES: usize = 900;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next();
    let (Some(data_dir), Some(address), Some(shared), None) = (next(), next(), next(), next()) else {
        eprintln!("usage: lab DATA_DIR ADDRESS SHARED_ADDRESS");
        return ExitCode::from(2);
    };
    let data_dir = Path::new(&data_dir);
    match put(data_dir, &address).and_then(|()| share(data_dir, &address, &shared)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn put(data_dir: &Path, address: &str) -> anyhow::Result<()> {
    let store = SqliteStore::open(&data_dir.join("store"))?;
    let user = store.user_by_address(address)?.with_context(|| format!("no user has the address {address}"))?;
    let mailbox = store.mailbox(user.mailbox)?;
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    let id = import(mailbox.as_ref(), inbox, mail(address)?.as_bytes(), Options::default())?.id;
    let mut attachment = PropertyChanges::new();
    attachment
        .set(tags::PID_TAG_ATTACH_METHOD, PropertyValue::PtypInteger32(EMBEDDED_MESSAGE))
        .set(tags::PID_TAG_RENDERING_POSITION, PropertyValue::PtypInteger32(-1))
        .set(tags::PID_TAG_DISPLAY_NAME, string(INNER_SUBJECT));
    let mut inner = MessageChange::new(MessageTarget::Embedded);
    inner
        .properties
        .set(tags::PID_TAG_MESSAGE_CLASS, string("IPM.Note"))
        .set(tags::PID_TAG_SUBJECT, string(INNER_SUBJECT))
        .set(tags::PID_TAG_BODY, string("Inside.\r\n"));
    let mut change = MessageChange::new(MessageTarget::Update { id, expected_change_number: None });
    change.attachments.insert(1, PartChange::Replace(attachment));
    change.embedded.insert(1, inner);
    mailbox.save_message(&change)?;
    Ok(())
}

/// FolderVisible and ReadAny (MS-OXCPERM 2.2.7).
const READER: u32 = 0x401;

/// Lets `address` read the Inbox of `shared`.
fn share(data_dir: &Path, address: &str, shared: &str) -> anyhow::Result<()> {
    let store = SqliteStore::open(&data_dir.join("store"))?;
    let reader = store.user_by_address(address)?.with_context(|| format!("no user has the address {address}"))?;
    let owner = store.user_by_address(shared)?.with_context(|| format!("no user has the address {shared}"))?;
    let mailbox = store.mailbox(owner.mailbox)?;
    let add = MemberChange::Add { legacy_dn: reader.legacy_dn, name: reader.display_name, rights: READER };
    mailbox.change_members(mailbox.special_folders().get(SpecialFolder::Inbox), &[add])?;
    Ok(())
}

fn mail(address: &str) -> Result<String, std::fmt::Error> {
    let mut body = String::new();
    for line in 1..=LINES {
        write!(body, "Line {line:04} of a body that does not fit into one reply of a server\r\n")?;
    }
    Ok(format!(
        "From: \"Lab\" <lab@example.test>\r\nTo: <{address}>\r\n\
         Subject: Seeded message with a large body and two attachments\r\n\
         Date: Fri, 20 Nov 2026 09:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"parts\"\r\n\r\n\
         --parts\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n\
         --parts\r\nContent-Type: text/plain; name=\"notes.txt\"\r\n\
         Content-Disposition: attachment; filename=\"notes.txt\"\r\n\r\nNotes in a file.\r\n\
         --parts--\r\n"
    ))
}
