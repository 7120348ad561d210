//! A text as the formatter sees it: words, signs, comments and directives, with the blanks before them.

use super::Unformatted;
use crate::preprocess::tokens::{self, Kind as Raw, Token};

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Text,
    Sign,
    /// `// ..`: ends its line.
    Comment,
    /// `/* .. */`
    Inline,
    /// `/// ..`
    Doc,
    /// A line of the preprocessor with the lines that belong to it, as it is.
    Directive,
}

/// Something between blanks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'t> {
    pub(super) kind: Kind,
    /// Without blanks at the end.
    pub(super) text: &'t str,
    /// Line ends before it.
    pub(super) newlines: usize,
    /// There is something between it and the piece before it on the same line.
    pub(super) spaced: bool,
    /// Offset in the text.
    pub(super) start: usize,
    /// Columns before it on its line; a tab goes to the next multiple of eight.
    pub(super) column: usize,
}

impl Piece<'_> {
    /// Whether it is this word or sign.
    pub(super) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text == text
    }

    /// Comments of every kind say nothing about the structure around them.
    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::Comment | Kind::Inline | Kind::Doc)
    }

    /// What follows begins a line.
    pub(super) fn ends_line(&self) -> bool {
        matches!(self.kind, Kind::Comment | Kind::Doc | Kind::Directive)
    }
}

/// Signs that the preprocessor sees in parts.
const SIGNS: [&str; 5] = ["..=", "..", "=>", "->", "::"];

/// Takes a text apart.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Unformatted> {
    let mut reader = Reader { text, list: Vec::new(), at: 0, newlines: 0, spaced: false, column: 0, fresh: true };
    let raw = tokens::tokens(text);
    let mut index = 0;
    while let Some(token) = raw.get(index) {
        index += match token.kind {
            Raw::Newline => {
                reader.skip(token.text);
                1
            }
            Raw::Blank => {
                reader.skip(token.text);
                1
            }
            _ if reader.fresh && token.text.starts_with('#') => reader.directive(raw.get(index..).unwrap_or_default()),
            Raw::Sign => reader.sign(raw.get(index..).unwrap_or_default()),
            _ => reader.piece(token)?,
        };
    }
    Ok(reader.list)
}

struct Reader<'t> {
    text: &'t str,
    list: Vec<Piece<'t>>,
    at: usize,
    newlines: usize,
    spaced: bool,
    column: usize,
    /// Only blanks before, on this line.
    fresh: bool,
}

impl<'t> Reader<'t> {
    fn advance(&mut self, text: &str) {
        self.at += text.len();
        for c in text.chars() {
            self.column = match c {
                '\n' => 0,
                '\t' => (self.column / 8 + 1) * 8,
                _ => self.column + 1,
            };
        }
    }

    fn skip(&mut self, text: &str) {
        let lines = tokens::lines(text);
        self.newlines += lines;
        self.spaced = true;
        self.fresh |= lines > 0;
        self.advance(text);
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let all = self.text.get(self.at..self.at + length).unwrap_or_default();
        let text = if matches!(kind, Kind::Comment | Kind::Doc | Kind::Directive) { all.trim_end() } else { all };
        self.list.push(Piece {
            kind,
            text,
            newlines: self.newlines,
            spaced: self.spaced,
            start: self.at,
            column: self.column,
        });
        (self.newlines, self.spaced, self.fresh) = (0, false, false);
        self.advance(all);
    }

    fn piece(&mut self, token: &Token<'t>) -> Result<usize, Unformatted> {
        let text = token.text;
        let kind = match token.kind {
            Raw::Comment if text.starts_with("/*") => Kind::Inline,
            Raw::Comment if text.starts_with("///") && !text.starts_with("////") => Kind::Doc,
            Raw::Comment => Kind::Comment,
            Raw::Literal if text.starts_with(['"', '\'']) => Kind::Text,
            Raw::Literal => Kind::Number,
            _ => Kind::Word,
        };
        let no_end = |code, reason| Err(Unformatted { code, range: self.at..self.at + text.len().min(2), reason });
        match kind {
            Kind::Inline if text.len() < 4 || !text.ends_with("*/") => {
                return no_end("R0006", "this comment has no end");
            }
            Kind::Text if text.len() < 2 || !text.ends_with(['"', '\'']) => {
                return no_end("R0005", "this string has no end");
            }
            _ => {}
        }
        self.push(kind, text.len());
        Ok(1)
    }

    /// One sign, of which the text may have several tokens.
    fn sign(&mut self, raw: &[Token<'t>]) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let first = raw.first().map_or(1, |token| token.text.len());
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign) && sign.len() > first);
        let length = sign.map_or(first, |sign| sign.len());
        self.push(Kind::Sign, length);
        let mut taken = 0;
        raw.iter()
            .take_while(|token| {
                let more = taken < length;
                taken += token.text.len();
                more
            })
            .count()
    }

    /// A directive up to the end of its line, joined lines included.
    fn directive(&mut self, raw: &[Token<'t>]) -> usize {
        let count = raw.iter().take_while(|token| token.kind != Raw::Newline).count();
        let length = raw.iter().take(count).map(|token| token.text.len()).sum();
        self.push(Kind::Directive, length);
        count
    }
}
