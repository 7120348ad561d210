//! The source files of the workspace, and which words stand in their code.

use std::path::{Path, PathBuf};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[track_caller]
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[derive(Debug)]
pub struct File {
    /// From the root of the workspace, with slashes.
    pub path: String,
    pub text: String,
}

/// All files below these folders with this extension; a folder need not exist.
pub fn files(folders: &[&str], extension: &str) -> impl Iterator<Item = File> {
    let mut found = Vec::new();
    for folder in folders {
        collect(folder, extension, &mut found);
    }
    found.sort();
    found.into_iter().map(|path| File { text: read(&path), path })
}

fn collect(folder: &str, extension: &str, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else {
        return;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            if !path.ends_with("/target") {
                collect(&path, extension, found);
            }
        } else if path.rsplit_once('.').is_some_and(|(_, end)| end == extension) {
            found.push(path);
        }
    }
}

impl File {
    /// `path:line: word` for each word (an identifier or a path) that stands in the code.
    pub fn naming(&self, words: &[&str]) -> Vec<String> {
        let code = code(&self.text);
        let names = names(&code);
        let mut found = Vec::new();
        for word in words {
            let prefix = format!("{word}::");
            let suffix = format!("::{word}");
            let within = format!("::{word}::");
            let mut lines: Vec<usize> = names
                .iter()
                .filter(|(_, name)| {
                    name == word || name.starts_with(&prefix) || name.ends_with(&suffix) || name.contains(&within)
                })
                .map(|(line, _)| *line)
                .collect();
            lines.dedup();
            found.extend(lines.into_iter().map(|line| format!("{}:{line}: {word}", self.path)));
        }
        found
    }
}

/// The paths in code with their lines; `use a::{b, c::d};` counts as `a::b` and `a::c::d`.
fn names(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // Paths before the braces that are open: nothing for those of blocks.
    let mut open: Vec<String> = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| is_word(c) || c == '{' || c == '}') {
            rest = &rest[start..];
            if let Some(after) = rest.strip_prefix('{') {
                open.push(String::new());
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix('}') {
                open.pop();
                rest = after;
                continue;
            }
            let end = rest.find(|c: char| !is_word(c) && c != ':').unwrap_or(rest.len());
            let name = format!("{}{}", open.last().map_or("", String::as_str), &rest[..end]);
            rest = &rest[end..];
            if let Some(after) = rest.strip_prefix('{').filter(|_| name.ends_with("::")) {
                open.push(name);
                rest = after;
            } else {
                found.push((index + 1, name.trim_end_matches(':').to_owned()));
            }
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Code with comments, strings and characters blanked out; lines stay where they are.
pub fn code(text: &str) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after_word = blanked.ends_with(is_word);
        let len = comment(rest).or_else(|| literal(rest, after_word));
        let (token, blank) = len.map_or((c.len_utf8(), false), |len| (len, true));
        for c in rest[..token].chars() {
            blanked.push(if blank && c != '\n' { ' ' } else { c });
        }
        rest = &rest[token..];
    }
    blanked
}

/// Bytes of the comment that starts here.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    Some(rest.len())
}

/// Bytes of the string or character that starts here.
fn literal(rest: &str, after_word: bool) -> Option<usize> {
    let prefix = if after_word { 0 } else { rest.find(|c| !"brc".contains(c))? };
    let body = &rest[prefix..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    if body[hashes..].starts_with('"') && rest[..prefix].contains('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        let content = prefix + hashes + 1;
        return Some(rest[content..].find(&end).map_or(rest.len(), |at| content + at + end.len()));
    }
    let quote = body.chars().next().filter(|&c| c == '"' || c == '\'')?;
    if quote == '\'' && is_lifetime(body) {
        return None;
    }
    let mut escaped = false;
    for (at, c) in body.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// A quote before a name that no quote follows.
fn is_lifetime(body: &str) -> bool {
    let mut after = body.chars().skip(1);
    after.next().is_some_and(is_word) && after.next() != Some('\'')
}
