//! The words and signs of a text, before the grammar sees it.
//!
//! Finds what no grammar explains well (a string without its end, a number that is none, a sign from
//! nowhere), mends it in a working copy of the same length, and gives recovery its bearings.

use std::ops::Range;

use super::MAX_MISTAKES;
use crate::ast::{SourceId, Span};
use crate::diagnostic::Diagnostic;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Text,
    Doc,
    Sign,
}

/// A word, a number, a string, a `///` line or a sign.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    /// Distance from the beginning of its line, when it is the first token there.
    pub(super) column: Option<usize>,
    /// Already reported: what does not fit around it is no news.
    pub(super) bad: bool,
}

/// The tokens of one text and its working copy.
pub(super) struct Scan {
    source: SourceId,
    pub(super) tokens: Vec<Token>,
    /// The text without its comments and with its lexical mistakes mended; as long as the original.
    pub(super) work: String,
    /// At most [`MAX_MISTAKES`].
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Mistakes found, also those beyond the limit.
    mistakes: usize,
}

/// Signs of more than one character, longest first.
const SIGNS: [&str; 14] = ["..=", "..", "=>", "==", "!=", "<=", ">=", "<<", ">>", "->", "||", "&&", "*/", "::"];

impl Scan {
    pub(super) fn new(source: SourceId, text: &str) -> Self {
        let mut scan = Self { source, tokens: Vec::new(), work: text.to_owned(), diagnostics: Vec::new(), mistakes: 0 };
        let mut at = 0;
        let mut line = LineStart { start: 0, fresh: true };
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            at += scan.step(text, rest, at, &mut line);
        }
        scan.drop_stray_docs();
        scan
    }

    /// Takes what stands at `at` and returns its length.
    fn step(&mut self, text: &str, rest: &str, at: usize, line: &mut LineStart) -> usize {
        let first = rest.chars().next().unwrap_or_default();
        if first == '\n' {
            *line = LineStart { start: at + 1, fresh: true };
            return 1;
        }
        if matches!(first, ' ' | '\t' | '\r') {
            return 1;
        }
        if let Some(length) = self.comment(rest, at, line) {
            return length;
        }
        let column = line.fresh.then_some(at - line.start);
        line.fresh = false;
        let before = self.mistakes;
        let (kind, length) = match first {
            '/' if rest.starts_with("///") => (Kind::Doc, line_length(rest)),
            '"' => (Kind::Text, self.string(rest, at)),
            '\'' => (Kind::Number, self.character(rest, at)),
            _ if is_uuid(rest) => (Kind::Number, 36),
            c if c.is_ascii_digit() => (Kind::Number, self.number(rest, at)),
            c if c.is_ascii_alphabetic() || c == '_' => (Kind::Word, word_length(rest)),
            '#' if column.is_some() => {
                // `preprocess` has followed it
                let length = line_length(rest);
                self.blank(at..at + length);
                return length;
            }
            _ => match self.sign(text, rest, at) {
                Ok(length) => (Kind::Sign, length),
                Err(length) => return length,
            },
        };
        let bad = self.mistakes > before;
        self.tokens.push(Token { kind, range: at..at + length, column, bad });
        length
    }

    fn comment(&mut self, rest: &str, at: usize, line: &mut LineStart) -> Option<usize> {
        if rest.starts_with("//") && (!rest.starts_with("///") || rest.starts_with("////")) {
            let length = line_length(rest);
            self.blank(at..at + length);
            return Some(length);
        }
        if !rest.starts_with("/*") {
            return None;
        }
        if let Some(end) = rest.get(2..).and_then(|inner| inner.find("*/")) {
            let comment = rest.get(..end + 4).unwrap_or(rest);
            if let Some(newline) = comment.rfind('\n') {
                *line = LineStart { start: at + newline + 1, fresh: true };
            }
            self.blank(at..at + comment.len());
            return Some(comment.len());
        }
        self.report("R0006", "this comment has no end", at..at + 2, "begins here", Some("close it with `*/`"));
        self.blank(at..at + rest.len());
        Some(rest.len())
    }

    /// A string ends on its line. One that does not is mended before a `;` or `)` at the line's end.
    fn string(&mut self, rest: &str, at: usize) -> usize {
        let line = rest.get(..line_length(rest)).unwrap_or(rest);
        let mut escaped = false;
        for (i, c) in line.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return i + 1,
                _ => {}
            }
        }
        let content = line.trim_end().trim_end_matches([';', ')', ',', ' ']);
        self.report("R0005", "this string has no end", at..at + content.len(), "no closing `\"` on this line", None);
        self.blank(at..at + content.len());
        // never an escape at the end, never between the bytes of a character: only quotes are left
        if content.len() >= 2 {
            self.put(at, '"');
            self.put(at + content.len() - 1, '"');
        }
        content.len()
    }

    fn character(&mut self, rest: &str, at: usize) -> usize {
        let mut chars = rest.char_indices().skip(1);
        let mut last = chars.next();
        if last.is_some_and(|(_, c)| c == '\\') {
            last = chars.next();
        }
        match (last, chars.next()) {
            (Some(_), Some((end, '\''))) => end + 1,
            _ => {
                self.report(
                    "R0005",
                    "this character has no end",
                    at..at + 1,
                    "begins here",
                    Some("write one character between `'` and `'`"),
                );
                self.blank(at..at + 1);
                1
            }
        }
    }

    /// A number with everything that clings to it.
    fn number(&mut self, rest: &str, at: usize) -> usize {
        let length = word_length(rest);
        let word = rest.get(..length).unwrap_or_default();
        let plain = word.trim_end_matches(['u', 'U', 'l', 'L']);
        let hex = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X"));
        let good = match hex {
            Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()),
            None => plain.bytes().all(|b| b.is_ascii_digit()),
        };
        if good && word.len() - plain.len() <= 3 {
            // `1.0` of a version; `1..2` is a range
            let fraction = rest.get(length..).and_then(|rest| rest.strip_prefix('.'));
            let digits = fraction.map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
            return if digits > 0 { length + 1 + digits } else { length };
        }
        let help =
            if hex.is_some() { "hexadecimal digits follow `0x`: `0x1F`" } else { "a name cannot begin with a digit" };
        self.report("R0003", &format!("`{word}` is not a number"), at..at + length, "not a number", Some(help));
        for i in 0..length {
            self.put(at + i, '0');
        }
        length
    }

    /// `Err`: no sign of the language; reported, and its length.
    fn sign(&mut self, text: &str, rest: &str, at: usize) -> Result<usize, usize> {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            return Ok(sign.len());
        }
        let first = rest.chars().next().unwrap_or_default();
        if "{}()[]<>;,:=.|&^!~+-*/%?@".contains(first) {
            return Ok(1);
        }
        // a run of strange characters is one mistake
        let strange = |c: char| !c.is_ascii() || c.is_ascii_control() && !c.is_ascii_whitespace();
        let length = match rest.find(|c| !strange(c)) {
            Some(0) => first.len_utf8(),
            Some(length) => length,
            None => rest.len(),
        };
        let help = match first {
            '\u{201C}' | '\u{201D}' => Some("strings stand in straight quotes: `\"`"),
            '\u{A0}' | '\u{FEFF}' => Some("this is an invisible character: write a plain blank"),
            '\u{2013}' | '\u{2014}' | '\u{2212}' => Some("the minus sign is `-`"),
            _ => None,
        };
        let shown: String = rest.get(..length).unwrap_or_default().chars().take(12).collect();
        let shown = shown.escape_debug().to_string();
        // a byte order mark at the very beginning is harmless
        if !(at == 0 && text.starts_with('\u{FEFF}')) {
            self.report(
                "R0002",
                &format!("`{shown}` does not belong to the language"),
                at..at + length,
                "not part of any word or sign",
                help,
            );
        }
        self.blank(at..at + length);
        Err(length)
    }

    /// A `///` line before a closing bracket, or behind a `,` of a list, documents nothing.
    fn drop_stray_docs(&mut self) {
        let mut follower: Option<u8> = None;
        let mut kept = Vec::with_capacity(self.tokens.len());
        while let Some(token) = self.tokens.pop() {
            if token.kind != Kind::Doc {
                follower = self.work.as_bytes().get(token.range.start).copied();
            } else if matches!(follower, None | Some(b'}' | b')' | b']' | b';' | b',')) {
                self.blank(token.range);
                continue;
            }
            kept.push(token);
        }
        kept.reverse();
        self.tokens = kept;
    }

    fn report(&mut self, code: &'static str, message: &str, range: Range<usize>, label: &str, help: Option<&str>) {
        self.mistakes += 1;
        if self.diagnostics.len() >= MAX_MISTAKES {
            return;
        }
        let mut diagnostic = Diagnostic::error(code, message, Span { source: self.source, range }, label);
        diagnostic.help = help.map(str::to_owned);
        self.diagnostics.push(diagnostic);
    }

    /// Replaces a range by blanks.
    pub(super) fn blank(&mut self, range: Range<usize>) {
        if self.work.get(range.clone()).is_some() {
            let blanks = " ".repeat(range.len());
            self.work.replace_range(range, &blanks);
        }
    }

    /// Replaces one byte, which is a character of its own.
    pub(super) fn put(&mut self, at: usize, c: char) {
        if self.work.get(at..at + 1).is_some() {
            self.work.replace_range(at..at + 1, c.encode_utf8(&mut [0; 4]));
        }
    }

    /// The text of a token as it was mended.
    pub(super) fn text(&self, index: usize) -> &str {
        self.tokens.get(index).and_then(|token| self.work.get(token.range.clone())).unwrap_or_default()
    }

    /// Whether the token is this sign or word.
    pub(super) fn is(&self, index: usize, text: &str) -> bool {
        self.text(index) == text
    }

    /// Whether the token is a word.
    pub(super) fn is_word(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| token.kind == Kind::Word)
    }

    /// The place of a token; after the end, the end of the text.
    pub(super) fn span(&self, index: usize) -> Span {
        let end = self.work.len();
        let range = self.tokens.get(index).map_or(end..end, |token| token.range.clone());
        Span { source: self.source, range }
    }
}

struct LineStart {
    start: usize,
    fresh: bool,
}

fn line_length(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn word_length(rest: &str) -> usize {
    rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
}

/// Whether a uuid begins here.
fn is_uuid(rest: &str) -> bool {
    let fits = |(i, b): (usize, u8)| match i {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    };
    rest.get(..36).is_some_and(|text| text.bytes().enumerate().all(fits)) && word_length(rest) == 8
}
