//! What to tell a person about a place that does not fit the grammar.

use super::outline::{DECLARATIONS, Place, Walk, head};
use super::scan::{Kind, Scan};
use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::spelling::nearest;

/// Where parsing stopped and what would have fitted there.
pub(super) struct Failure {
    /// In the file.
    pub(super) offset: usize,
    /// Signs, words and character ranges, as the grammar spells them.
    pub(super) expected: Vec<String>,
    /// The parser gave up because the thread's stack is nearly used up.
    pub(super) exhausted: bool,
}

/// What makes the rest of the part fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// This sign before the token.
    Insert(char),
    /// The part goes.
    Drop,
}

/// A failure with its surroundings.
pub(super) struct Context<'a> {
    pub(super) scan: &'a Scan,
    pub(super) failure: &'a Failure,
    /// The token at which parsing stopped.
    pub(super) at: usize,
    /// One past the declaration's last token.
    pub(super) end: usize,
    /// The brackets around it, without parentheses.
    pub(super) walk: &'a Walk,
}

impl Context<'_> {
    fn expects(&self, text: &str) -> bool {
        self.failure.expected.iter().any(|expected| expected == text)
    }

    fn start(&self) -> usize {
        self.walk.start()
    }

    fn head(&self) -> usize {
        head(self.scan, self.start(), self.at)
    }

    fn found(&self) -> String {
        if self.at >= self.end {
            let next = self.scan.text(self.end);
            return if next.is_empty() { "the end of the file".to_owned() } else { format!("`{next}`") };
        }
        match self.scan.tokens.get(self.at).map(|token| token.kind) {
            Some(Kind::Text) => "a string".to_owned(),
            Some(Kind::Doc) => "a `///` line".to_owned(),
            _ => format!("`{}`", self.scan.text(self.at)),
        }
    }

    /// The token itself; at the end of the declaration, the last one before.
    fn here(&self) -> Span {
        if self.at < self.end { self.scan.span(self.at) } else { self.scan.span(self.end.saturating_sub(1)) }
    }

    /// One place behind the token before.
    fn gap(&self) -> Span {
        let mut span = self.scan.span(self.at.min(self.end).saturating_sub(1));
        span.range.start = span.range.end.saturating_sub(1);
        span
    }

    /// The message and the repair.
    pub(super) fn explain(&self) -> (Diagnostic, Repair) {
        if self.failure.exhausted {
            let message = "nested too deeply for the stack of this thread";
            return (Diagnostic::error("R0009", message, self.here(), "while reading this"), Repair::Drop);
        }
        if let Some(diagnostic) = self.half_statement() {
            return (diagnostic, Repair::Drop);
        }
        if let Some(diagnostic) = self.operation_without_id().or_else(|| self.misplaced_section()) {
            return (diagnostic, Repair::Drop);
        }
        if let Some(diagnostic) = self.expected_word().or_else(|| self.misspelt_head()).or_else(|| self.half_handle()) {
            return (diagnostic, Repair::Drop);
        }
        if self.misses_semicolon() {
            let what = self.walk.place().part(self.scan.text(self.head()));
            let diagnostic =
                Diagnostic::error("R0011", format!("expected `;` after {what}"), self.gap(), "`;` belongs here");
            return (diagnostic, Repair::Insert(';'));
        }
        if self.misses_comma() {
            let diagnostic =
                Diagnostic::error("R0012", "expected `,` between the constants", self.gap(), "`,` belongs here")
                    .also(self.here(), "the next constant");
            return (diagnostic, Repair::Insert(','));
        }
        (self.generic(), Repair::Drop)
    }

    /// `if A == 1 { .. }`, `tail uint8 A;`, `let A 1;`: the word is right, what follows it is not.
    fn half_statement(&self) -> Option<Diagnostic> {
        let head = self.head();
        let word = self.scan.text(head);
        let (wanted, place, help) = match word {
            "if" => ("(", head + 1, "a condition stands in parentheses: `if (Flags.E) { .. }`"),
            "match" => ("(", head + 1, "the discriminant stands in parentheses: `match (Type) { .. }`"),
            "sized" => ("(", head + 1, "the size stands in parentheses: `sized(Size) { .. }`"),
            "tail" => ("{", head + 1, "a tail is a block: `tail { .. }`"),
            "let" => ("=", head + 2, "a name for a value is written `let Name = value;`"),
            _ => return None,
        };
        let there = self.scan.text(place);
        // a word can be the name of a type, too: then a declarator follows, and something else is wrong
        if self.walk.place() != Place::Body || there == wanted || head >= self.at {
            return None;
        }
        let message = format!("expected `{wanted}` after `{}`, found `{there}`", self.scan.text(place - 1));
        let label = format!("expected `{wanted}`");
        Some(Diagnostic::error("R0001", message, self.scan.span(place), label).help(help))
    }

    /// `rop RopRelease { .. }`
    fn operation_without_id(&self) -> Option<Diagnostic> {
        let (head, name) = (self.head(), self.head() + 1);
        if self.walk.frames.len() != 1 || !self.scan.is(self.at, "{") || name + 1 != self.at {
            return None;
        }
        let shown = self.scan.text(name);
        match self.scan.text(head) {
            "rop" => Some(
                Diagnostic::error("R0020", format!("`{shown}` has no id"), self.scan.span(name), "which RopId?")
                    .help(format!("write `rop {shown} = 0x02 {{` with the id of the ROP's own table")),
            ),
            "request" => Some(
                Diagnostic::error(
                    "R0020",
                    format!("`{shown}` has no key"),
                    self.scan.span(name),
                    "which request type?",
                )
                .help(format!("write `request {shown} = \"{shown}\" in <family> {{`")),
            ),
            _ => None,
        }
    }

    /// `success { .. }` inside `request { .. }`
    fn misplaced_section(&self) -> Option<Diagnostic> {
        let word = self.scan.text(self.head());
        let section =
            matches!(word, "request" | "success" | "failure" | "always" | "on" | "effect" | "no" | "unsolicited");
        if !section || self.walk.place() != Place::Body || self.walk.frames.len() < 3 {
            return None;
        }
        let outer = self.walk.frames.iter().rev().nth(1).filter(|frame| frame.place == Place::Operation)?;
        let section = self.scan.text(head(self.scan, outer.start, self.at));
        let mut diagnostic = Diagnostic::error(
            "R0021",
            format!("`{word}` is a section of the operation, not a part of `{section}`"),
            self.scan.span(self.head()),
            "not inside another section",
        );
        if let Some(open) = self.walk.frames.last().and_then(|frame| frame.open) {
            diagnostic = diagnostic.also(self.scan.span(open), format!("close `{section}` first"));
        }
        Some(diagnostic)
    }

    /// Another word than those that may stand here.
    fn expected_word(&self) -> Option<Diagnostic> {
        let names = self.expects("A..Z");
        let found = self.scan.text(self.at);
        let words = || self.failure.expected.iter().map(String::as_str).filter(|word| is_word(word));
        if self.at >= self.end || !self.scan.is_word(self.at) || words().next().is_none() {
            return None;
        }
        let meant = nearest(found, words());
        if names && meant.is_none() {
            return None;
        }
        // words between operators are no list of choices
        if meant.is_none() && self.expects(";") {
            return None;
        }
        let (code, what) = match (self.walk.place(), self.head() == self.at) {
            (Place::Operation, true) => ("R0023", "a section of an operation"),
            (Place::Family, true) => ("R0023", "a section of a family"),
            (Place::Object, true) => ("R0010", "a part of an object"),
            (Place::Stream, true) => ("R0010", "an item of a stream"),
            _ => ("R0010", "expected here"),
        };
        let label = format!("expected {}", choice(words().map(|word| format!("`{word}`")).collect()));
        let mut diagnostic = Diagnostic::error(code, format!("`{found}` is not {what}"), self.here(), label);
        diagnostic.help = meant.map(|meant| format!("did you mean `{meant}`?"));
        Some(diagnostic)
    }

    /// The part begins with a word that is nearly one of the language: `requires`, `stuct`.
    fn misspelt_head(&self) -> Option<Diagnostic> {
        let head = self.head();
        let word = self.scan.text(head);
        let place = self.walk.place();
        if head >= self.at || !self.scan.is_word(head) || place.words().contains(&word) {
            return None;
        }
        if place == Place::Top && matches!(word, "coclass" | "library" | "dispinterface" | "importlib" | "module") {
            return Some(super::head::no_com(self.scan.span(head), word));
        }
        let meant = nearest(word, place.words().iter().copied().filter(|word| word.len() > 2))?;
        let what = if place == Place::Top { "begins no declaration" } else { "is not a word of the language" };
        Some(
            Diagnostic::error("R0010", format!("`{word}` {what}"), self.scan.span(head), "unknown word")
                .help(format!("did you mean `{meant}`?")),
        )
    }

    /// `input Folder Folder;`, `input handle<Folder>;`
    fn half_handle(&self) -> Option<Diagnostic> {
        let head = self.head();
        let role = self.scan.text(head);
        if !matches!(role, "input" | "output" | "response") || self.walk.place() != Place::Body || head >= self.at {
            return None;
        }
        let has_word = (head..self.at).any(|i| self.scan.is(i, "handle"));
        let (message, label) = if has_word {
            (format!("this {role} handle is not complete"), "a name and `;` belong here")
        } else {
            (format!("expected `handle` after `{role}`"), "not a handle")
        };
        let place = if has_word { self.here() } else { self.scan.span(head + 1) };
        Some(
            Diagnostic::error("R0022", message, place, label)
                .help(format!("write `{role} handle<Folder | Message> Name;` with the objects that it may name")),
        )
    }

    fn misses_semicolon(&self) -> bool {
        if !self.expects(";") {
            return false;
        }
        let new_line = self.scan.tokens.get(self.at).is_some_and(|token| token.column.is_some());
        let another = self.scan.is_word(self.at) && self.scan.is_word(self.at + 1);
        self.at >= self.end || new_line || another || self.scan.is(self.at, "}")
    }

    fn misses_comma(&self) -> bool {
        let next = self.scan.tokens.get(self.at).is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Doc));
        self.walk.place() == Place::Constants && self.expects(",") && next && self.at < self.end
    }

    fn generic(&self) -> Diagnostic {
        let expected = self.expectations();
        let found = self.found();
        let (message, label) = if expected.is_empty() {
            (format!("{found} does not fit here"), "unexpected".to_owned())
        } else {
            let expected = choice(expected);
            (format!("expected {expected}, found {found}"), format!("expected {expected}"))
        };
        let diagnostic = Diagnostic::error("R0001", message, self.here(), label);
        if self.scan.is(self.at, "=") && self.expects("==") {
            return diagnostic.help("`==` compares");
        }
        if self.expects("=>") {
            return diagnostic.help("an arm is written `pattern => { .. }` or `pattern => Type Name;`");
        }
        if self.walk.place() == Place::Operation && self.scan.is(self.head(), "on") {
            return diagnostic.help("name the code, its value in parentheses: `on ecWrongServer(0x00000478) { .. }`");
        }
        if self.walk.frames.len() == 1
            && self.at <= self.head() + 1
            && !self.scan.is(self.start(), "[")
            && !DECLARATIONS.contains(&self.scan.text(self.head()))
        {
            return diagnostic.note("a declaration begins with a word such as `struct`, `enum`, `rop`, or with the type that an operation returns");
        }
        diagnostic
    }

    /// What would fit, for people: a value instead of all that may begin one, no operators beside `;`.
    fn expectations(&self) -> Vec<String> {
        let mut texts = Vec::new();
        let value = self.expects("sizeof");
        let name = self.expects("A..Z");
        if value {
            texts.push("a value".to_owned());
        } else if name {
            texts.push("a name".to_owned());
        } else if self.expects("0..9") && self.expects("0x") {
            texts.push("a number".to_owned());
        } else if self.expects("\"") {
            texts.push("a string".to_owned());
        }
        let structural =
            |text: &str| matches!(text, ";" | "," | ")" | "]" | "}" | "{" | "=" | "(" | "[" | ":" | "=>" | ">" | "@");
        let behind_operand = self.expects("<<");
        for text in &self.failure.expected {
            let wanted = match text.as_str() {
                "(" | "[" | "{" if value => false,
                "(" | "[" | "=" | ">" if behind_operand => false,
                other => structural(other) || (is_word(other) && !name),
            };
            if wanted {
                texts.push(format!("`{text}`"));
            }
        }
        texts
    }
}

/// Whole words among the expected texts; `l` and `U` are suffixes of numbers.
fn is_word(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// `a`, `a or b`, `a, b or c`; of many, the first few.
fn choice(mut texts: Vec<String>) -> String {
    const SHOWN: usize = 12;
    if texts.len() > SHOWN {
        texts.truncate(SHOWN - 1);
        return format!("one of {} ..", texts.join(", "));
    }
    match texts.pop() {
        None => String::new(),
        Some(last) if texts.is_empty() => last,
        Some(last) => format!("{} or {last}", texts.join(", ")),
    }
}
