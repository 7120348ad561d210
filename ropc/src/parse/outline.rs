//! Where one stands among braces: which construct, and from where to where the smallest part reaches.
//! Knows the language as far as its braces, separators and first words go.

use super::scan::{Kind, Scan};
use crate::spelling::nearest;

/// What a pair of brackets encloses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Declarations: a file or an interface.
    Top,
    /// Sections of a ROP or a request.
    Operation,
    /// Sections of a family.
    Family,
    /// Members.
    Body,
    /// Arms of a `match`.
    Match,
    /// Constants of an enumeration or bitmap.
    Constants,
    /// Parts of a bit record.
    Bits,
    /// State and ownership.
    Object,
    /// Names of wire forms.
    Form,
    /// Items of a stream grammar.
    Stream,
    /// Lines of a `map`.
    /// Arms of an NDR union.
    Union,
    /// A literal value or list.
    Value,
    /// Arms of a `type .. = match`.
    TypeMatch,
    /// Arms of a token.
    TokenArms,
    /// Parentheses or brackets.
    List,
}

/// Words that begin a declaration.
pub(super) const DECLARATIONS: [&str; 19] = [
    "import",
    "cpp_quote",
    "interface",
    "const",
    "typedef",
    "enum",
    "bitmap",
    "bits",
    "struct",
    "union",
    "type",
    "form",
    "object",
    "rop",
    "family",
    "request",
    "batch",
    "stream",
    "pipe",
];

impl Place {
    /// Words that may begin a part here, besides names.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Top => &DECLARATIONS,
            Self::Operation => {
                &["request", "success", "failure", "always", "on", "else", "no", "unsolicited", "effect", "vector"]
            }
            Self::Family => &["request", "reply", "trailer"],
            Self::Body | Self::Union => &[
                "if", "match", "let", "require", "sized", "tail", "bits", "const", "echo", "input", "output",
                "response", "vector", "struct", "union", "enum", "case", "default",
            ],
            Self::Bits => &["reserved"],
            Self::Object => &["state", "owns"],
            Self::Stream => &["token", "atom", "override", "value", "production", "root"],
            Self::Match | Self::TypeMatch => &["else"],
            _ => &[],
        }
    }

    fn separated_by_commas(self) -> bool {
        matches!(self, Self::Match | Self::Constants | Self::Form | Self::Value | Self::TypeMatch | Self::List)
    }

    /// What a part of this place is called.
    pub(super) fn part(self, head: &str) -> &'static str {
        match (self, head) {
            (Self::Top, "const") => "the constant",
            (Self::Top, "typedef") => "the type definition",
            (Self::Top, "import") => "the import",
            (Self::Top, "type") => "the type",
            (Self::Top, "struct" | "union" | "enum" | "bitmap") => "the declaration",
            (Self::Top, _) => "the operation",
            (Self::Operation, "no") => "`no reply`",
            (Self::Operation, _) => "the effect",
            (Self::Body | Self::Union, "let") => "the `let`",
            (Self::Body | Self::Union, "require") => "the requirement",
            (Self::Body | Self::Union, "echo") => "the echo",
            (Self::Body | Self::Union, "input" | "output" | "response") => "the handle",
            (Self::Body | Self::Union, _) => "the field",
            (Self::Match, _) => "the arm",
            (Self::Constants, _) => "the constant",
            (Self::Bits, "reserved") => "the rule for reserved bits",
            (Self::Bits, _) => "the bits",
            (Self::Object, "owns") => "the list of owned objects",
            (Self::Object, _) => "the state",
            (Self::Stream, "production" | "token" | "root" | "override" | "value") => "the item of the stream",
            (Self::Value, _) => "the value",
            _ => "it",
        }
    }
}

/// An open bracket and the part that one stands in.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) open: Option<usize>,
    pub(super) place: Place,
    /// First token of the part.
    pub(super) start: usize,
}

/// Walks over tokens and knows the open brackets.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub(super) frames: Vec<Frame>,
    pub(super) at: usize,
}

impl Walk {
    pub(super) fn new(start: usize) -> Self {
        Self { frames: vec![Frame { open: None, place: Place::Top, start }], at: start }
    }

    /// The walk up to a token.
    pub(super) fn to(scan: &Scan, start: usize, end: usize) -> Self {
        let mut walk = Self::new(start);
        while walk.at < end {
            walk.step(scan);
        }
        walk
    }

    /// Over one token. Parentheses and brackets end with the statement that they stand in.
    pub(super) fn step(&mut self, scan: &Scan) {
        let next = self.at + 1;
        match scan.text(self.at) {
            "{" => {
                let place = self.enclosed(scan);
                self.frames.push(Frame { open: Some(self.at), place, start: next });
            }
            "(" | "[" => self.frames.push(Frame { open: Some(self.at), place: Place::List, start: next }),
            ")" if self.opened_by(scan, "(") => {
                self.frames.pop();
            }
            "]" => self.close_bracket(scan),
            "}" => {
                self.drop_lists();
                if self.frames.len() > 1 {
                    self.frames.pop();
                    if self.brace_ends_part(scan) {
                        self.restart(next);
                    }
                }
            }
            ";" => {
                self.drop_lists();
                self.restart(next);
            }
            "," if self.place().separated_by_commas() => self.restart(next),
            _ => {}
        }
        self.at = next;
    }

    pub(super) fn place(&self) -> Place {
        self.frames.last().map_or(Place::Top, |frame| frame.place)
    }

    /// First token of the part that one stands in.
    pub(super) fn start(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.start)
    }

    /// Leaves parentheses and brackets that are still open.
    pub(super) fn drop_lists(&mut self) {
        while self.frames.len() > 1 && self.place() == Place::List {
            self.frames.pop();
        }
    }

    fn opened_by(&self, scan: &Scan, sign: &str) -> bool {
        self.frames.last().and_then(|frame| frame.open).is_some_and(|open| scan.is(open, sign))
    }

    /// Closes the innermost `[` and the parentheses in it; none open: nothing.
    fn close_bracket(&mut self, scan: &Scan) {
        let lists = self.frames.iter().rev().take_while(|frame| frame.place == Place::List);
        let depth = lists.take_while(|frame| !frame.open.is_some_and(|open| scan.is(open, "["))).count();
        let before = self.frames.len().saturating_sub(depth);
        if before > 1 && self.frames.get(before - 1).is_some_and(|frame| frame.place == Place::List) {
            self.frames.truncate(before - 1);
        }
    }

    fn restart(&mut self, start: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.start = start;
        }
    }

    /// What the brace at the current token encloses.
    fn enclosed(&self, scan: &Scan) -> Place {
        let head = scan.text(head(scan, self.start(), self.at));
        let before = self.at.checked_sub(1).map_or("", |i| scan.text(i));
        match self.place() {
            Place::Top => declared(scan, self.start(), self.at),
            Place::Operation | Place::Family => match head {
                "vector" => Place::Value,
                _ => Place::Body,
            },
            Place::Match => Place::Body,
            Place::Stream => match head {
                "token" => Place::TokenArms,
                _ => Place::Body,
            },
            Place::Value | Place::List => Place::Value,
            _ => match head {
                _ if before == "=>" => Place::Body,
                "match" => Place::Match,
                "sized" if (self.start()..self.at).any(|i| scan.is(i, "match")) => Place::Match,
                "if" | "tail" | "sized" => Place::Body,
                "bits" => Place::Bits,
                "vector" => Place::Value,
                _ if before == "=" => Place::Value,
                _ => aggregate(scan, self.start(), self.at).unwrap_or(Place::Body),
            },
        }
    }

    /// Whether the brace that was just closed ends the part that it stands in.
    fn brace_ends_part(&self, scan: &Scan) -> bool {
        let next = scan.text(self.at + 1);
        match (self.place(), scan.text(head(scan, self.start(), self.at))) {
            (Place::Top, "typedef" | "const") => false,
            (Place::Top | Place::Operation | Place::Family, _) => next != ";",
            (Place::Object | Place::Match, _) => true,
            (Place::Stream, word) => word != "token",
            (Place::Body | Place::Union, "if") => next != "else",
            (Place::Body | Place::Union, "match" | "tail" | "sized") => true,
            (Place::Body | Place::Union, "bits" | "vector") => next != ";",
            _ => false,
        }
    }
}

/// The first token of a part behind its `///` lines and attribute lists.
pub(super) fn head(scan: &Scan, start: usize, end: usize) -> usize {
    let mut at = start;
    let mut depth = 0usize;
    while at < end {
        let is_doc = scan.tokens.get(at).is_some_and(|token| token.kind == Kind::Doc);
        match scan.text(at) {
            "[" => depth += 1,
            "]" => depth = depth.saturating_sub(1),
            _ if depth > 0 || is_doc => {}
            _ => return at,
        }
        at += 1;
    }
    at
}

/// What the braces of a declaration enclose; a misspelt word counts as what it means.
fn declared(scan: &Scan, start: usize, end: usize) -> Place {
    let word = scan.text(head(scan, start, end));
    let word = if DECLARATIONS.contains(&word) { word } else { nearest(word, DECLARATIONS).unwrap_or(word) };
    match word {
        "interface" => Place::Top,
        "rop" | "request" => Place::Operation,
        "family" => Place::Family,
        "bits" => Place::Bits,
        "object" => Place::Object,
        "form" => Place::Form,
        "stream" => Place::Stream,
        "type" => Place::TypeMatch,
        "const" => Place::Value,
        _ => aggregate(scan, start, end).unwrap_or(Place::Body),
    }
}

/// The last word that says what kind of aggregate a brace belongs to.
fn aggregate(scan: &Scan, start: usize, end: usize) -> Option<Place> {
    (start..end).rev().find_map(|i| match scan.text(i) {
        "struct" | "batch" => Some(Place::Body),
        "union" => Some(Place::Union),
        "enum" | "bitmap" => Some(Place::Constants),
        _ => None,
    })
}

/// One past the last token of the declaration that begins at `start`. A word that begins a declaration
/// at the beginning of a line, outside all brackets, ends the one before even without its `;`.
pub(super) fn declaration_end(scan: &Scan, start: usize) -> usize {
    let mut walk = Walk::new(start);
    let first = head(scan, start, scan.tokens.len());
    while let Some(token) = scan.tokens.get(walk.at) {
        if walk.frames.len() == 1 {
            let word = scan.text(walk.at);
            if word == "}" || (walk.at > start && walk.start() == walk.at) {
                return walk.at;
            }
            let declares =
                DECLARATIONS.contains(&word) && !matches!(word, "pipe" | "struct" | "union" | "enum" | "bitmap");
            if walk.at > first && token.column.is_some() && (declares || token.kind == Kind::Doc) {
                return walk.at;
            }
        }
        walk.step(scan);
    }
    walk.at
}
