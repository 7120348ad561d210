//! Files in, messages and files out: everything of the compiler that touches the disk.
//!
//! Reading gives [`Sources`] and trees; what they mean is `compile`'s matter, which reads nothing.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::ast::{File, Item, SourceId, StringLit};
use crate::diagnostic::{Diagnostic, Severity};
use crate::parse;
use crate::source::Sources;

/// A file that was asked for cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// As it was given.
    pub path: PathBuf,
    /// Why.
    pub error: std::io::Error,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for Unreadable {}

/// All files of one run, parsed.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Their texts.
    pub sources: Sources,
    /// Their trees: imported files stand before those that import them.
    pub files: Vec<(SourceId, File)>,
    /// What parsing and importing found.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether anything keeps the files from being compiled.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads and parses files and everything that they import, each file once. An import is found relative
/// to the file that imports it; one that cannot be read is a diagnostic.
///
/// # Errors
/// One of `paths` itself cannot be read.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, Unreadable> {
    let mut loader = Loader::default();
    for path in paths {
        let text = fs::read(path).map_err(|error| Unreadable { path: path.clone(), error })?;
        loader.add(path, &text);
    }
    Ok(loader.loaded)
}

/// The description files of a directory, in the order of their names.
///
/// # Errors
/// The directory cannot be read.
pub fn descriptions(directory: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let unreadable = |error| Unreadable { path: directory.to_owned(), error };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "idl") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[derive(Default)]
struct Loader {
    loaded: Loaded,
    /// Files by their real path, so that two spellings of one path are one file.
    seen: HashMap<PathBuf, SourceId>,
}

/// A file whose imports are being read.
struct Pending {
    source: SourceId,
    file: File,
    directory: PathBuf,
    imports: std::vec::IntoIter<StringLit>,
}

impl Loader {
    /// Depth first without recursion, so that a chain of imports cannot overflow the stack.
    fn add(&mut self, path: &Path, text: &[u8]) {
        let mut stack: Vec<Pending> = self.parse(path, text).into_iter().collect();
        while let Some(top) = stack.last_mut() {
            match top.imports.next() {
                Some(import) => {
                    let path = top.directory.join(&import.text);
                    match fs::read(&path) {
                        Ok(text) => stack.extend(self.parse(&path, &text)),
                        Err(error) => self.loaded.diagnostics.push(missing(&import, &path, &error)),
                    }
                }
                None => {
                    if let Some(done) = stack.pop() {
                        self.loaded.files.push((done.source, done.file));
                    }
                }
            }
        }
    }

    /// `None`: this file was read before.
    fn parse(&mut self, path: &Path, text: &[u8]) -> Option<Pending> {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.seen.contains_key(&real) {
            return None;
        }
        let text = String::from_utf8_lossy(text);
        let source = self.loaded.sources.add(shown(path), text.as_ref());
        self.seen.insert(real, source);
        let (file, mut diagnostics) = parse::parse(source, &text);
        self.loaded.diagnostics.append(&mut diagnostics);
        let imports: Vec<StringLit> = file
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Import(names) => Some(names.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        let directory = path.parent().map(Path::to_owned).unwrap_or_default();
        Some(Pending { source, file, directory, imports: imports.into_iter() })
    }
}

/// A path as messages show it: `a/../b` from an import becomes `b`.
fn shown(path: &Path) -> String {
    let mut parts: Vec<std::path::Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (std::path::Component::CurDir, _) => {}
            (std::path::Component::ParentDir, Some(std::path::Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.iter().collect::<PathBuf>().display().to_string()
}

fn missing(import: &StringLit, path: &Path, error: &std::io::Error) -> Diagnostic {
    let label = if error.kind() == std::io::ErrorKind::NotFound { "no such file".to_owned() } else { error.to_string() };
    Diagnostic::error("R0018", format!("cannot read `{}`", import.text), import.span.clone(), label)
        .note(format!("looked for {}, beside the file that imports it", shown(path)))
}
