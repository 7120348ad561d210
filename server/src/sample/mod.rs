//! A mailbox with sample mail: what `server/sample/make.py` wrote, and a few dozen short notes; a calendar and
//! contacts.
//!
//! All people in it are invented and live at example.test.

mod items;
mod notes;

use protocol::oxcdata::FolderId;

use crate::import::{ImportError, Imported, Options, Skipped, import};
use crate::store::value::string;
use crate::store::{FolderType, Mailbox, NewFolder, PropertyChanges, SpecialFolder, Store, StoreError, User, tags};

macro_rules! mails {
    ($($path:literal,)*) => {
        [$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/sample/mail/", $path)).as_slice()),)*]
    };
}

/// The files below `server/sample/mail`: path and content.
pub const MAILS: [(&str, &[u8]); 30] = mails![
    "drafts/01-unfinished.eml",
    "inbox/01-german-iso-8859-1.eml",
    "inbox/02-russian-koi8-r.eml",
    "inbox/03-japanese-shift_jis.eml",
    "inbox/04-japanese-iso-2022-jp.eml",
    "inbox/05-chinese-gb18030.eml",
    "inbox/06-greek-iso-8859-7.eml",
    "inbox/07-hebrew-windows-1255.eml",
    "inbox/08-polish-iso-8859-2.eml",
    "inbox/09-arabic-alternative.eml",
    "inbox/10-html-inline-images.eml",
    "inbox/11-attachments-rfc2231-names.eml",
    "inbox/12-long-plain-text.eml",
    "inbox/13-nested-multiparts.eml",
    "inbox/14-forwarded-message.eml",
    "inbox/15-empty-subject.eml",
    "inbox/16-long-subject.eml",
    "inbox/17-twenty-recipients.eml",
    "inbox/18-perl-mime-lite.eml",
    "inbox/19-django-alternatives.eml",
    "inbox/20-reply-important.eml",
    "inbox/21-newsletter-html-only.eml",
    "inbox/22-calendar-part.eml",
    "inbox/23-large-attachment.eml",
    "inbox/24-before-mime.eml",
    "projects/01-plan.eml",
    "projects/02-budget.eml",
    "sent/01-answer.eml",
    "sent/02-with-attachment.eml",
    "sent/03-html.eml",
];

/// SHA-256 of each attachment: mail, attachment, bytes, hash, separated by tabs, under a heading.
pub const HASHES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sample/mail/hashes.tsv"));

/// The subfolder of the Inbox that some of the mail is in.
pub const PROJECTS: &str = "Projects";

/// The folder below [`PROJECTS`] that the short notes of each month are in.
pub const ARCHIVE: &str = "Archive";

/// What became of the sample mail.
#[derive(Debug, Default)]
pub struct Populated {
    /// Messages that were made.
    pub messages: usize,
    /// Events and contacts.
    pub items: usize,
    /// What is missing in them, with the path of the mail.
    pub skipped: Vec<(&'static str, Skipped)>,
}

/// Fills a user's new mailbox with the sample mail.
///
/// # Errors
/// `Store` with `NotFound` when the user has no mailbox, with `Exists` when it was filled before.
pub fn populate(store: &dyn Store, user: &User) -> Result<Populated, ImportError> {
    let mailbox = store.mailbox(user.mailbox)?;
    let mailbox = mailbox.as_ref();
    let special = mailbox.special_folders();
    let inbox = special.get(SpecialFolder::Inbox);
    let projects = new_folder(mailbox, inbox, PROJECTS)?;
    let archive = new_folder(mailbox, projects, ARCHIVE)?;
    let mut populated = Populated::default();
    for (path, mail) in MAILS {
        let sent = Options { read: true, ..Options::default() };
        let (folder, options) = match path.split('/').next() {
            Some("drafts") => (special.get(SpecialFolder::Drafts), Options { draft: true, ..Options::default() }),
            Some("sent") => (special.get(SpecialFolder::SentItems), sent),
            Some("projects") => (projects, sent),
            _ => (inbox, Options::default()),
        };
        let Imported { report, .. } = import(mailbox, folder, mail, options)?;
        populated.messages += 1;
        populated.skipped.extend(report.skipped.into_iter().map(|skipped| (path, skipped)));
    }
    for (number, note) in notes::all(user).enumerate() {
        // The older half has been read, the oldest are put away.
        let options = Options { read: number >= notes::COUNT / 2, ..Options::default() };
        let folder = if number < notes::IN_INBOX { inbox } else { archive };
        import(mailbox, folder, note.as_bytes(), options)?;
        populated.messages += 1;
    }
    populated.items = items::fill(mailbox)?;
    Ok(populated)
}

fn new_folder(mailbox: &dyn Mailbox, parent: FolderId, name: &str) -> Result<FolderId, StoreError> {
    let mut properties = PropertyChanges::new();
    properties.set(tags::PID_TAG_CONTAINER_CLASS, string("IPF.Note"));
    let folder = NewFolder { parent, display_name: name, folder_type: FolderType::Generic, properties };
    Ok(mailbox.create_folder(&folder)?.id)
}

#[cfg(test)]
mod tests;
