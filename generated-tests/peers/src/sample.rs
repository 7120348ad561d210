//! What the sample mailbox has to contain, read from the files that it is made of.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// An attachment of the sample mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Bytes.
    pub size: usize,
    /// SHA-256 as hexadecimal digits.
    pub sha256: String,
}

impl Attachment {
    /// Describes this content.
    #[must_use]
    pub fn of(name: &str, content: &[u8]) -> Self {
        let sha256 = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name: name.to_owned(), size: content.len(), sha256 }
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../server/sample/mail")
}

/// The attachments of the mail in the Inbox, as the program that made the mail listed them.
///
/// # Errors
/// When the list cannot be read.
pub fn inbox_attachments() -> anyhow::Result<Vec<Attachment>> {
    let text = fs::read_to_string(directory().join("hashes.tsv"))?;
    let mut attachments = Vec::new();
    for line in text.lines().skip(1).filter(|line| line.starts_with("inbox/")) {
        let mut fields = line.split('\t').skip(1);
        let mut field = || fields.next().with_context(|| format!("a field is missing: {line}"));
        let (name, size, sha256) = (field()?.to_owned(), field()?.parse()?, field()?.to_owned());
        attachments.push(Attachment { name, size, sha256 });
    }
    attachments.sort();
    Ok(attachments)
}

/// The subject of the mail with the long body.
pub const LONG_SUBJECT: &str = "Minutes of the general meeting, in full";

/// The text of that mail, taken out of its file: a single part in quoted-printable and UTF-8, with the line
/// ends of mail.
///
/// # Errors
/// When the file cannot be read or is not of that form.
pub fn long_body() -> anyhow::Result<String> {
    let mail = fs::read(directory().join("inbox/12-long-plain-text.eml"))?;
    let mail = String::from_utf8(mail)?.replace("\r\n", "\n");
    let (head, body) = mail.split_once("\n\n").context("a mail has a head and a body")?;
    anyhow::ensure!(head.contains("quoted-printable"), "the long mail is no longer in quoted-printable");
    Ok(String::from_utf8(quoted_printable(&body.replace('\n', "\r\n")))?)
}

/// RFC 2045 6.7, for text that keeps its rules.
fn quoted_printable(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "");
    let mut decoded = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| byte == b'=') {
            Some(value) => {
                decoded.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(byte);
                rest = after;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_quoted_printable() {
        assert_eq!(quoted_printable("na=C3=AFve=\r\n x\r\n"), "naïve x\r\n".as_bytes());
    }

    #[test]
    fn the_long_body_is_larger_than_a_reply_buffer() {
        assert!(long_body().unwrap().len() > 100_000);
    }
}
