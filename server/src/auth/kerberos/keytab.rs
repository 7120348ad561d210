//! Keytabs as MIT Kerberos writes them: version 5.2, all numbers big-endian.

use std::path::Path;

use nom::bytes::complete::take;
use nom::multi::{count, length_data};
use nom::number::complete::{be_i32, be_u8, be_u16, be_u32};

use super::crypto::Key;
use crate::tls::files::{FileError, read_private_bytes};

/// The service that HTTP clients ask a ticket for (RFC 4559 4).
const SERVICE: &str = "HTTP";

/// Why a keytab cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeytabError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no keytab of version 5.2.
    #[error("{0} is no keytab of version 5.2")]
    Form(String),
    /// It has no key for this server.
    #[error("{0} has no AES key of a principal HTTP/...")]
    Empty(String),
}

/// The keys of the `HTTP` principals of a keytab.
#[derive(Debug)]
pub(super) struct Keytab(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    realm: String,
    name: Vec<String>,
    version: u32,
    key: Key,
}

impl Keytab {
    pub(super) fn load(path: &Path) -> Result<Self, KeytabError> {
        let bytes = read_private_bytes(path)?;
        let keytab = Self::parse(&bytes).ok_or_else(|| KeytabError::Form(path.display().to_string()))?;
        if keytab.0.is_empty() {
            return Err(KeytabError::Empty(path.display().to_string()));
        }
        Ok(keytab)
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[5, 2])?;
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let (after, length) = number(be_i32, rest)?;
            // A negative length is a hole where an entry was removed.
            let (after, record) = number(take(length.unsigned_abs()), after)?;
            rest = after;
            if length > 0 {
                entries.extend(entry(record)?);
            }
        }
        Some(Self(entries))
    }

    /// The keys of a principal; without a version, those of all of its versions.
    pub(super) fn keys<'a>(
        &'a self,
        realm: &'a str,
        name: &'a [String],
        etype: i32,
        version: Option<u32>,
    ) -> impl Iterator<Item = &'a Key> {
        let named = move |entry: &&Entry| {
            entry.realm == realm
                && entry.name.len() == name.len()
                && entry.name.iter().zip(name).all(|(known, asked)| known.eq_ignore_ascii_case(asked))
        };
        self.0
            .iter()
            .filter(named)
            .filter(move |entry| entry.key.etype() == etype && version.is_none_or(|version| version == entry.version))
            .map(|entry| &entry.key)
    }
}

fn number<'a, O>(
    mut parser: impl nom::Parser<&'a [u8], Output = O, Error = nom::error::Error<&'a [u8]>>,
    bytes: &'a [u8],
) -> Option<(&'a [u8], O)> {
    parser.parse(bytes).ok()
}

/// An entry; `Some(None)` for one that is of no use here.
fn entry(record: &[u8]) -> Option<Option<Entry>> {
    let (rest, components) = number(be_u16, record)?;
    let (rest, realm) = number(length_data(be_u16), rest)?;
    let (rest, name) = number(count(length_data(be_u16), usize::from(components)), rest)?;
    // The type of the name and the time of the entry.
    let (rest, _) = number((be_u32, be_u32), rest)?;
    let (rest, (short_version, etype)) = number((be_u8, be_u16), rest)?;
    let (rest, key) = number(length_data(be_u16), rest)?;
    let long_version = number(be_u32, rest).map(|(_, version)| version).filter(|version| *version != 0);
    let text = |bytes: &&[u8]| String::from_utf8(bytes.to_vec()).ok();
    let (Some(realm), Some(name)) = (text(&realm), name.iter().map(text).collect::<Option<Vec<_>>>()) else {
        return Some(None);
    };
    if !name.first().is_some_and(|service| service.eq_ignore_ascii_case(SERVICE)) {
        return Some(None);
    }
    let version = long_version.unwrap_or_else(|| short_version.into());
    Some(Key::new(etype.into(), key).map(|key| Entry { realm, name, version, key }))
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn counted(bytes: &[u8]) -> Vec<u8> {
        [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }

    /// A keytab with one key of `HTTP/localhost@EXAMPLE.TEST`, a hole, and a key of another service.
    pub(in super::super) fn sample(etype: u16, key: &[u8], version: u32) -> Vec<u8> {
        let mut bytes = vec![5, 2];
        for service in ["HTTP", "host"] {
            let mut record = 2_u16.to_be_bytes().to_vec();
            for part in ["EXAMPLE.TEST", service, "localhost"] {
                record.extend(counted(part.as_bytes()));
            }
            record.extend([0; 8]);
            record.push(9);
            record.extend(etype.to_be_bytes());
            record.extend(counted(key));
            record.extend(version.to_be_bytes());
            bytes.extend(i32::try_from(record.len()).unwrap().to_be_bytes());
            bytes.extend(record);
            bytes.extend((-3_i32).to_be_bytes());
            bytes.extend([0; 3]);
        }
        bytes
    }

    #[test]
    fn finds_a_key_by_principal_type_and_version() {
        let keytab = Keytab::parse(&sample(18, &[1; 32], 300)).unwrap();
        let name = |service: &str| vec![service.to_owned(), "LOCALHOST".to_owned()];
        let found = |realm, service, etype, version| keytab.keys(realm, &name(service), etype, version).count();
        assert_eq!(found("EXAMPLE.TEST", "HTTP", 18, Some(300)), 1);
        assert_eq!(found("EXAMPLE.TEST", "HTTP", 18, None), 1);
        assert_eq!(found("EXAMPLE.TEST", "HTTP", 18, Some(9)), 0);
        assert_eq!(found("EXAMPLE.TEST", "HTTP", 17, Some(300)), 0);
        assert_eq!(found("OTHER.TEST", "HTTP", 18, Some(300)), 0);
        assert_eq!(found("EXAMPLE.TEST", "host", 18, Some(300)), 0);
    }

    #[test]
    fn a_short_version_stands_where_there_is_no_long_one() {
        let keytab = Keytab::parse(&sample(17, &[1; 16], 0)).unwrap();
        let name = ["HTTP".to_owned(), "localhost".to_owned()];
        assert_eq!(keytab.keys("EXAMPLE.TEST", &name, 17, Some(9)).count(), 1);
    }

    #[test]
    fn a_keytab_cut_anywhere_is_refused_or_shorter() {
        let bytes = sample(18, &[1; 32], 1);
        for length in 0..bytes.len() {
            if let Some(keytab) = Keytab::parse(&bytes[..length]) {
                assert!(keytab.0.len() <= 1);
            }
        }
        assert!(Keytab::parse(&[5, 1]).is_none());
        assert!(Keytab::parse(b"").is_none());
    }
}
