//! The texts that are compiled, by index.

use crate::ast::{SourceId, Span};

/// One text and the name to print for it.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the user would write it: a path relative to where the compiler runs.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// All texts of one compilation.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// The index of the next text.
    #[must_use]
    pub fn next_id(&self) -> SourceId {
        SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX))
    }

    /// Adds a text and returns its index.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = self.next_id();
        self.files.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// The text with this index.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// All texts with their indexes.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0u32..).map(SourceId).zip(self.files.iter())
    }

    /// The text under a span.
    #[must_use]
    pub fn snippet(&self, span: &Span) -> &str {
        self.get(span.source).and_then(|s| s.text.get(span.range.clone())).unwrap_or_default()
    }

    /// Line and column of a span's start, both from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self, span: &Span) -> (usize, usize) {
        let Some(before) = self.get(span.source).and_then(|s| s.text.get(..span.range.start)) else {
            return (1, 1);
        };
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }
}
