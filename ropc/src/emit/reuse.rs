//! Generated files that stand already: whole ones whose inputs are the same, and pieces of others.

use std::collections::HashMap;
use std::ops::Range;

use super::Output;
use super::file::{FormatError, RustFile};
use crate::key::Key;

/// A generated file as it stands, with what is known of it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// As it stands.
    text: String,
    key: Option<Key>,
    pieces: HashMap<Key, Piece>,
}

/// A piece of a generated file: what a group of tokens became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Of the tokens.
    pub key: Key,
    /// Where it stands in the file.
    pub range: Range<usize>,
    /// Its first item is a `use`.
    pub first_is_use: bool,
    /// Its last item is a `use`.
    pub last_is_use: bool,
}

/// A file that was made, with what the next run has to know of it.
#[derive(Clone, Debug)]
pub struct Made {
    /// Path and text.
    pub output: Output,
    /// Of what it was made from; `None`: it has to be made each time.
    pub key: Option<Key>,
    /// Its pieces in order.
    pub pieces: Vec<Piece>,
}

/// Finds the file that stands at a path of an output folder, where it is as the last run left it.
pub type Earlier<'a> = &'a (dyn Fn(&str) -> Option<&'a Known> + Sync);

/// Nothing is known of any file.
pub(crate) fn nothing(_: &str) -> Option<&'static Known> {
    None
}

impl Known {
    /// A file with this text, and what the run that made it said of it.
    #[must_use]
    pub fn new(text: String, key: Option<Key>, pieces: Vec<Piece>) -> Self {
        Self { text, key, pieces: pieces.into_iter().map(|piece| (piece.key, piece)).collect() }
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What these tokens became, where they stand in it.
    pub(crate) fn piece(&self, key: Key) -> Option<(&str, &Piece)> {
        let piece = self.pieces.get(&key)?;
        Some((self.text.get(piece.range.clone())?, piece))
    }

    /// The same under another header.
    fn under(&self, path: &str, header: &str) -> Option<Made> {
        let old = self.text.find("\n\n")? + 2;
        let text = [header, self.text.get(old..)?].concat();
        let moved = |at: usize| (at + header.len()).checked_sub(old);
        let mut pieces = Vec::new();
        for piece in self.pieces.values() {
            let range = moved(piece.range.start)?..moved(piece.range.end)?;
            pieces.push(Piece { range, ..piece.clone() });
        }
        pieces.sort_by_key(|piece| piece.range.start);
        Some(Made { output: Output { path: path.to_owned(), text }, key: self.key, pieces })
    }
}

impl Made {
    /// A file that is made each time.
    #[must_use]
    pub fn each_time(output: Output) -> Self {
        Self { output, key: None, pieces: Vec::new() }
    }
}

/// The file at a path: as it stands where its inputs are those of this key, else made of as many pieces that stand
/// as possible. `make` is given the header.
pub(crate) fn file(
    earlier: Earlier<'_>,
    path: String,
    header: String,
    key: Option<Key>,
    make: impl FnOnce(String) -> RustFile,
) -> Result<Made, FormatError> {
    let known = earlier(&path);
    let same = known.filter(|known| key.is_some() && known.key == key);
    if let Some(made) = same.and_then(|known| known.under(&path, &header)) {
        return Ok(made);
    }
    let (text, pieces) = make(header).render_again(known)?;
    Ok(Made { output: Output { path, text }, key, pieces })
}
