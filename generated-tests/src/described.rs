//! The descriptions as text: their vectors, for tests that treat all of them alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Vectors by the name that they stand in: which bytes they are (`request`, `success`, `reply`, or nothing in a
/// structure), and the bytes.
pub type Vectors = BTreeMap<String, Vec<(String, Vec<u8>)>>;

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The vectors of the descriptions.
///
/// # Panics
/// When a description cannot be read.
#[must_use]
pub fn vectors() -> Vectors {
    let mut found = Vectors::new();
    for entry in std::fs::read_dir(root().join("idl")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "idl") {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        // Comments may speak of vectors.
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let text = code.fold(String::new(), |text, line| text + line + "\n");
        let mut within = String::new();
        let mut words = text.split_whitespace().peekable();
        let mut rest = text.as_str();
        while let Some(word) = words.next() {
            // Where the word stands, for the quotes after it.
            rest = &rest[rest.find(word).unwrap() + word.len()..];
            match word {
                "struct" | "rop" | "request" => {
                    if let Some(name) = words.peek().filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())) {
                        within = name.split(['(', '=', '<']).next().unwrap().to_owned();
                    }
                }
                "vector" => {
                    let target = words.peek().filter(|word| !word.starts_with('"')).map_or("", |word| *word);
                    let mut bytes = String::new();
                    let mut after = &rest[rest.find('"').unwrap()..];
                    while let Some(text) = after.strip_prefix('"') {
                        let (part, next) = text.split_once('"').unwrap();
                        bytes.push_str(part);
                        after = next.trim_start();
                    }
                    found.entry(within.clone()).or_default().push((target.to_owned(), crate::vectors::hex(&bytes)));
                }
                _ => {}
            }
        }
    }
    found
}
