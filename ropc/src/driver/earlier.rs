//! What the last build read and wrote, so that the next one makes only what would not come out the same.
//!
//! It is kept in a file below the target folder, which may be deleted at any time. Nothing is taken from it on trust: it counts
//! only for the build of the compiler that wrote it, for inputs that have the bytes that they had, and for outputs
//! that stand as they were written; each by its hash. `ropc build --check` does not look at it.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Folder, folders};
use crate::emit::reuse::{Known, Made, Piece};
use crate::key::Key;
use crate::parallel;

/// The compiler: its sources and the versions of what it stands on.
const BUILD: &str = env!("ROPC_BUILD");

/// What the last build of a directory left, as far as it still stands.
#[derive(Debug)]
pub struct Earlier {
    read: Vec<(PathBuf, Option<Key>)>,
    /// By folder and name: `rust/oxcfold.rs`.
    files: HashMap<String, Known>,
    /// All files that were written stand as they were written.
    complete: bool,
    /// There were messages, which a build that only takes what stands could not give again.
    said: bool,
}

impl Earlier {
    /// What is known of the last build of a directory of descriptions; `None`: nothing.
    #[must_use]
    pub fn of(directory: &Path) -> Option<Self> {
        let text = fs::read_to_string(place(directory)?).ok()?;
        let records = Records::parse(&text)?;
        let folders = folders(directory);
        let known = parallel::map(&records.files, |record| {
            let (folder, name) = record.name.split_once('/')?;
            let folder = folders.iter().find(|known| known.kind.name() == folder)?;
            let text = fs::read_to_string(folder.path.join(name)).ok()?;
            (Key::of(text.as_bytes()) == record.text).then(|| {
                let known = Known::new(text, record.key, record.pieces.clone());
                (record.name.to_owned(), known)
            })
        });
        let complete = known.iter().all(Option::is_some);
        let files = known.into_iter().flatten().collect();
        Some(Self { read: records.read, files, complete, said: records.said })
    }

    /// The files that it read, by their bytes, and those that it looked for in vain.
    #[must_use]
    pub fn read(&self) -> &[(PathBuf, Option<Key>)] {
        &self.read
    }

    /// A file that stands as it was written.
    pub(super) fn file(&self, folder: &Folder, name: &str) -> Option<&Known> {
        self.files.get(&format!("{}/{name}", folder.kind.name()))
    }

    /// Building again would read what was read and write what stands.
    #[must_use]
    pub fn is_fresh(&self, directory: &Path) -> bool {
        let same = |(path, key): &(PathBuf, Option<Key>)| match key {
            Some(key) => fs::read(path).is_ok_and(|text| Key::of(&text) == *key),
            None => !path.is_file(),
        };
        let known = |path: &PathBuf| self.read.iter().any(|(read, key)| read == path && key.is_some());
        let descriptions = fs::canonicalize(directory).ok().and_then(|real| super::descriptions(&real).ok());
        let no_other = |folder: &Folder| {
            let ours = |path: &Path| {
                path.file_name().and_then(|name| name.to_str()).is_some_and(|name| self.file(folder, name).is_some())
            };
            let of_folder = |name: &String| name.split_once('/').is_some_and(|(of, _)| of == folder.kind.name());
            self.files.keys().any(of_folder)
                && super::left_over(&folder.path, folder.kind.extension(), ours).is_ok_and(|paths| paths.is_empty())
        };
        self.complete
            && !self.said
            && descriptions.is_some_and(|paths| paths.iter().all(known))
            && parallel::map(&self.read, same).into_iter().all(|same| same)
            && folders(directory).iter().all(no_other)
    }
}

/// Keeps what a build read and made. Where it cannot be kept, the next build does everything.
pub(super) fn keep(directory: &Path, read: &[(PathBuf, Option<Key>)], made: &[(Folder, Vec<Made>)], said: bool) {
    let Some(place) = place(directory) else { return };
    let Some(text) = records(read, made, said) else { return };
    let whole = || {
        fs::create_dir_all(place.parent()?).ok()?;
        let beside = place.with_extension(format!("{}.new", std::process::id()));
        fs::write(&beside, &text).ok()?;
        fs::rename(&beside, &place).ok()
    };
    if whole().is_none() {
        _ = fs::remove_file(&place);
    }
}

/// Where it is kept: in the target folder of the crate or of a folder around it; `None` where there is none.
fn place(directory: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(directory).ok()?;
    let is_target = |path: &PathBuf| path.join("CACHEDIR.TAG").is_file();
    let target = real.ancestors().map(|folder| folder.join("target")).find(is_target)?;
    let name = Key::of(real.as_os_str().as_encoded_bytes());
    Some(target.join("ropc").join(format!("{name}.built")))
}

fn records(read: &[(PathBuf, Option<Key>)], made: &[(Folder, Vec<Made>)], said: bool) -> Option<String> {
    let mut text = format!("build {BUILD}\n");
    if said {
        text.push_str("said\n");
    }
    let or_none = |key: Option<Key>| key.map_or_else(|| "-".to_owned(), |key| key.to_string());
    for (path, key) in read.iter().collect::<BTreeSet<_>>() {
        let path = path.to_str().filter(|path| !path.contains('\n'))?;
        _ = writeln!(text, "read {} {path}", or_none(*key));
    }
    let all: Vec<(&Folder, &Made)> =
        made.iter().flat_map(|(folder, made)| made.iter().map(move |m| (folder, m))).collect();
    let keys = parallel::map(&all, |(_, made)| Key::of(made.output.text.as_bytes()));
    for ((folder, made), key) in all.into_iter().zip(keys) {
        _ = writeln!(text, "file {key} {} {}/{}", or_none(made.key), folder.kind.name(), made.output.path);
        for Piece { key, range, first_is_use, last_is_use } in &made.pieces {
            let uses = u8::from(*first_is_use) + 2 * u8::from(*last_is_use);
            _ = writeln!(text, "{key} {} {} {uses}", range.start, range.end);
        }
    }
    let key = Key::of(text.as_bytes());
    _ = writeln!(text, "end {key}");
    Some(text)
}

struct Records<'t> {
    read: Vec<(PathBuf, Option<Key>)>,
    files: Vec<Record<'t>>,
    said: bool,
}

struct Record<'t> {
    name: &'t str,
    text: Key,
    key: Option<Key>,
    pieces: Vec<Piece>,
}

impl<'t> Records<'t> {
    /// `None`: not whole, or of another compiler.
    fn parse(text: &'t str) -> Option<Self> {
        let end = text.trim_end().rfind('\n')? + 1;
        let (lines, last) = text.split_at_checked(end)?;
        if last.trim_end().strip_prefix("end ")?.parse::<Key>().ok()? != Key::of(lines.as_bytes()) {
            return None;
        }
        let mut lines = lines.lines();
        if lines.next()?.strip_prefix("build ")? != BUILD {
            return None;
        }
        let mut records = Self { read: Vec::new(), files: Vec::new(), said: false };
        for line in lines {
            if line == "said" {
                records.said = true;
            } else if let Some(rest) = line.strip_prefix("read ") {
                let (key, path) = rest.split_once(' ')?;
                records.read.push((PathBuf::from(path), or_none(key)?));
            } else if let Some(rest) = line.strip_prefix("file ") {
                let mut parts = rest.splitn(3, ' ');
                let (text, key) = (parts.next()?.parse().ok()?, or_none(parts.next()?)?);
                records.files.push(Record { name: parts.next()?, text, key, pieces: Vec::new() });
            } else {
                records.files.last_mut()?.pieces.push(piece(line)?);
            }
        }
        Some(records)
    }
}

fn piece(line: &str) -> Option<Piece> {
    let mut parts = line.split(' ');
    let key = parts.next()?.parse().ok()?;
    let mut number = || parts.next()?.parse::<usize>().ok();
    let range = number()?..number()?;
    let uses = number()?;
    Some(Piece { key, range, first_is_use: uses & 1 != 0, last_is_use: uses & 2 != 0 })
}

fn or_none(text: &str) -> Option<Option<Key>> {
    if text == "-" { Some(None) } else { text.parse().ok().map(Some) }
}
