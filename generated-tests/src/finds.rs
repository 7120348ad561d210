//! Cases that fuzzing found and that were filed: `fuzz/corpus/*.toml`, tried again before anything else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{fs, io};

use crate::choices::Choices;
use crate::runs::Holds;
use crate::{attacks, vectors};

/// A case: the choices that the parameters of a type were made of, and bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// The test, with its modules.
    pub test: String,
    /// Which of the readers of that test.
    pub slot: String,
    /// The choices.
    pub words: Vec<u32>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Find {
    /// As TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut hex = String::new();
        for byte in &self.bytes {
            _ = write!(hex, "{byte:02X}");
        }
        format!("test = {:?}\nslot = {:?}\nwords = {:?}\nbytes = {hex:?}\n", self.test, self.slot, self.words)
    }

    /// Of TOML.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let word = |name: &str| {
            let value = table.get(name).and_then(toml::Value::as_str);
            value.map(str::to_owned).ok_or_else(|| format!("`{name}` is no text"))
        };
        let words = table.get("words").and_then(toml::Value::as_array).ok_or("`words` is no list")?;
        let number = |value: &toml::Value| value.as_integer().and_then(|word| u32::try_from(word).ok());
        Ok(Self {
            test: word("test")?,
            slot: word("slot")?,
            words: words.iter().map(number).collect::<Option<_>>().ok_or("a word is no number of 32 bits")?,
            bytes: vectors::parse(&word("bytes")?)?,
        })
    }
}

/// Where cases are filed.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// All filed cases, with the files that they stand in.
///
/// # Errors
/// When one cannot be read.
pub fn all() -> io::Result<Vec<(PathBuf, Find)>> {
    let mut paths: Vec<PathBuf> = match fs::read_dir(folder()) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let read = |path: PathBuf| {
        let find = Find::parse(&fs::read_to_string(&path)?);
        let find = find.map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
        Ok((path, find))
    };
    paths.into_iter().map(read).collect()
}

/// Tries the cases that were filed for a test.
///
/// # Panics
/// When one cannot be read, or the property does not hold for it.
pub fn replay(test: &str, holds: Holds<'_>) {
    static FINDS: OnceLock<BTreeMap<String, Vec<(PathBuf, Find)>>> = OnceLock::new();
    let finds = FINDS.get_or_init(|| {
        let mut finds: BTreeMap<String, Vec<(PathBuf, Find)>> = BTreeMap::new();
        for (path, find) in all().expect("the corpus") {
            finds.entry(find.test.clone()).or_default().push((path, find));
        }
        finds
    });
    for (path, find) in finds.get(test).into_iter().flatten() {
        let again = || holds(&mut Choices::new(find.words.clone()));
        if let Err(broken) = attacks::forced(&find.slot, &find.bytes, again) {
            panic!("{}: {broken}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_find_is_read_as_it_is_written() {
        let find = Find { test: "a::b".to_owned(), slot: "NDR64".to_owned(), words: vec![0, 7], bytes: vec![0xA5, 0] };
        assert_eq!(Find::parse(&find.to_toml()), Ok(find));
        assert!(Find::parse("test = 1").is_err());
    }
}
