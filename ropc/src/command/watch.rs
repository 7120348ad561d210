//! `--watch`: the same again whenever something that was read changes.
//!
//! Files are looked at five times a second: this works on every file system and needs no library.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use ropc::driver;
use ropc::key::Key;

use super::compile::Round;
use super::{MISTAKES, OK, Say, write};

/// How long a change may go unnoticed.
const PAUSE: Duration = Duration::from_millis(200);

/// What a file looks like from outside; `None`: it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// Does something again and again, until the process is stopped. Mistakes do not end it.
pub fn run(say: Say, mut round: impl FnMut() -> Round) -> u8 {
    loop {
        let done = round();
        // Before anything is said: whoever reads it may change a file at once.
        let looks = looks(&done);
        let files: usize = done.read.iter().filter(|(_, key)| key.is_some()).count();
        let state = match done.code {
            OK => "no mistakes",
            MISTAKES => "mistakes",
            _ => "not done",
        };
        write::error(&match say.format {
            ropc::render::Format::Json => format!("{{\"watching\":{files},\"code\":{}}}\n", done.code),
            _ => format!("ropc: {state}; watching {files} file{}\n", if files == 1 { "" } else { "s" }),
        });
        wait(&done, looks);
    }
}

/// Waits until something is not as it was read.
fn wait(done: &Round, mut looks: BTreeMap<PathBuf, Stamp>) {
    // what changed while it was read
    if done.read.iter().any(|(path, key)| now(path) != *key) {
        return;
    }
    loop {
        thread::sleep(PAUSE);
        let after = self::looks(done);
        if after == looks {
            continue;
        }
        let known: BTreeMap<&Path, Option<Key>> = done.read.iter().map(|(path, key)| (path.as_path(), *key)).collect();
        let is_new = |path: &PathBuf| known.get(path.as_path()).is_none_or(|key| now(path) != *key);
        let changed = after.keys().chain(looks.keys()).any(is_new);
        if changed {
            return;
        }
        // written again as it was
        looks = after;
    }
}

fn now(path: &Path) -> Option<Key> {
    std::fs::read(path).ok().map(|bytes| Key::of(&bytes))
}

/// All that was read, and what may have come into the folder.
fn looks(done: &Round) -> BTreeMap<PathBuf, Stamp> {
    let stamp = |path: &Path| {
        let data = std::fs::metadata(path).ok()?;
        Some((data.modified().ok()?, data.len()))
    };
    let mut found: BTreeMap<PathBuf, Stamp> = done.read.iter().map(|(path, _)| (path.clone(), stamp(path))).collect();
    let real = done.folder.as_ref().and_then(|folder| std::fs::canonicalize(folder).ok());
    for path in real.and_then(|folder| driver::descriptions(&folder).ok()).unwrap_or_default() {
        let stamp = stamp(&path);
        found.insert(path, stamp);
    }
    found
}
