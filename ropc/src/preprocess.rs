//! The preprocessor of interface files: `#include`, `#define`, `#undef`, `#if` and what belongs to it.
//!
//! It gives a text of as many lines, so that messages name lines of the file. Directives stay where
//! they are and are passed over by the parser; what a condition leaves out becomes empty lines.
//!
//! An included file gives its macros. Where it also has declarations, it is imported as well.

mod condition;
mod expand;
pub(crate) mod tokens;

use std::collections::HashSet;
use std::ops::Range;

use crate::ast::{SourceId, Span, StringLit};
use crate::diagnostic::Diagnostic;
use expand::{Expander, Macro, Macros};
use tokens::{Kind, Token, is_solid, lines, tokens};

/// Files that include each other.
const MAX_INCLUDES: usize = 32;
/// Conditions inside each other.
const MAX_CONDITIONS: usize = 64;
/// Parameters of one macro.
const MAX_PARAMETERS: usize = 256;
/// Macros may make a text this many times longer, and this many bytes on top.
const GROWTH: (usize, usize) = (16, 1 << 16);

/// A text without directives to follow.
#[derive(Debug, Default)]
pub struct Preprocessed {
    /// The text, with as many lines as before.
    pub text: String,
    /// Included files that declare something.
    pub imports: Vec<StringLit>,
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Finds the text of an included file: by its name, as it was written.
pub type Include<'i> = dyn FnMut(&str) -> Option<String> + 'i;

/// Whether a text has lines for the preprocessor at all.
#[must_use]
pub fn is_needed(text: &str) -> bool {
    text.match_indices('#').any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let line = before.rfind('\n').map_or(before, |newline| before.get(newline..).unwrap_or_default());
        line.trim().is_empty()
    })
}

/// Follows the directives of a text. `defines` are names that are macros from the beginning.
pub fn run(source: SourceId, text: &str, defines: &[(String, String)], include: &mut Include<'_>) -> Preprocessed {
    let mut macros = Macros::new();
    macros.insert("__midl".to_owned(), Macro { parameters: None, body: "1".to_owned() });
    for (name, body) in defines {
        macros.insert(name.clone(), Macro { parameters: None, body: body.clone() });
    }
    let limit = text.len().saturating_mul(GROWTH.0).saturating_add(GROWTH.1);
    let mut run = Run {
        source,
        macros,
        include,
        limit,
        result: Preprocessed::default(),
        depth: 0,
        included: HashSet::new(),
        spent: 0,
    };
    let out = run.file(text);
    run.result.text = out;
    run.result
}

struct Run<'i, 'f> {
    source: SourceId,
    macros: Macros,
    include: &'i mut Include<'f>,
    limit: usize,
    result: Preprocessed,
    /// Files that are open around this one.
    depth: usize,
    /// Files that were included: each once, like an import.
    included: HashSet<String>,
    /// What macros in conditions have taken of the limit.
    spent: usize,
}

/// An open `#if`.
struct Condition {
    /// What stands here counts.
    taken: bool,
    /// One of its branches counted.
    any: bool,
    /// Nothing of it counts: what is around does not.
    dead: bool,
    otherwise: bool,
    range: Range<usize>,
}

impl Run<'_, '_> {
    fn report(&mut self, code: &'static str, message: String, range: Range<usize>, label: &str) {
        // what is wrong in an included file is said where that file is compiled itself
        if self.depth == 0 {
            let span = Span { source: self.source, range };
            self.result.diagnostics.push(Diagnostic::error(code, message, span, label));
        }
    }

    fn malformed(&mut self, range: Range<usize>, label: &str) {
        self.report("R0007", "a preprocessor line that means nothing".to_owned(), range, label);
    }

    fn file(&mut self, text: &str) -> String {
        let list = tokens(text);
        let mut out = String::with_capacity(text.len());
        let mut open: Vec<Condition> = Vec::new();
        let mut at = 0;
        while at < list.len() {
            let first = (at..list.len()).find(|i| list.get(*i).is_none_or(|t| t.kind != Kind::Blank)).unwrap_or(at);
            if list.get(first).is_some_and(|token| token.text.starts_with('#')) {
                let end = (first..list.len())
                    .find(|i| list.get(*i).is_some_and(|token| token.kind == Kind::Newline))
                    .unwrap_or(list.len());
                let line = list.get(at..end).unwrap_or_default();
                let start = out.len();
                keep_line(line, &mut out);
                let solid: Vec<Token<'_>> =
                    list.get(first + 1..end).unwrap_or_default().iter().copied().filter(is_solid).collect();
                let raw = list.get(first + 1..end).unwrap_or_default();
                self.directive(&solid, raw, start..out.len(), &mut open);
                at = end;
                continue;
            }
            // text up to the next directive, or the rest of the line
            let end = next_directive(&list, first);
            let part = list.get(at..end).unwrap_or_default();
            if open.last().is_none_or(|condition| condition.taken) {
                let limit = self.limit.saturating_sub(out.len());
                let mut expander = Expander::new(&self.macros, limit);
                expander.expand(part);
                let full = expander.full;
                if !full {
                    out.push_str(&expander.out);
                } else {
                    // nothing of it: half of it would bring mistakes of its own
                    let before = part.iter().take_while(|token| !is_solid(token)).map(|token| lines(token.text)).sum();
                    let all: usize = part.iter().map(|token| lines(token.text)).sum();
                    out.push_str(&"\n".repeat(before));
                    let range = out.len()..out.len();
                    out.push_str(&"\n".repeat(all - before));
                    let message = "macros that make too much of the text from here on".to_owned();
                    self.report("R0025", message, range, "stands for too much, or for itself");
                }
            } else {
                let skipped: usize = part.iter().map(|token| lines(token.text)).sum();
                out.push_str(&"\n".repeat(skipped));
            }
            at = end;
        }
        if let Some(condition) = open.pop() {
            self.malformed(condition.range, "has no `#endif`");
        }
        out
    }

    fn directive(&mut self, solid: &[Token<'_>], raw: &[Token<'_>], range: Range<usize>, open: &mut Vec<Condition>) {
        let Some((name, rest)) = solid.split_first() else { return };
        let counts = open.last().is_none_or(|condition| condition.taken);
        match name.text {
            "if" | "ifdef" | "ifndef" => {
                let taken = counts && self.holds(name.text, rest, &range);
                if open.len() >= MAX_CONDITIONS {
                    self.malformed(range, "too many conditions inside each other");
                    return;
                }
                open.push(Condition { taken, any: taken, dead: !counts, otherwise: false, range });
            }
            "elif" | "else" => {
                let is_else = name.text == "else";
                let value = match open.last() {
                    Some(condition) if !condition.dead && !condition.any => is_else || self.holds("if", rest, &range),
                    _ => false,
                };
                match open.last_mut() {
                    Some(condition) if !condition.otherwise => {
                        condition.taken = value;
                        condition.any |= value;
                        condition.otherwise = is_else;
                    }
                    _ => self.malformed(range, "belongs to no `#if`"),
                }
            }
            "endif" => {
                if open.pop().is_none() {
                    self.malformed(range, "belongs to no `#if`");
                }
            }
            _ if !counts => {}
            "define" => self.define(raw, range),
            "undef" => match rest {
                [name] if name.kind == Kind::Word => _ = self.macros.remove(name.text),
                _ => self.malformed(range, "expected a name"),
            },
            "include" => self.include(rest, raw, range),
            "error" => self.malformed(range, "the file refuses to be compiled like this"),
            // said to C compilers, and what they say to each other
            "pragma" | "line" | "warning" | "ident" => {}
            text if text.bytes().all(|b| b.is_ascii_digit()) => {}
            _ => self.malformed(range, "no directive of this name"),
        }
    }

    fn holds(&mut self, kind: &str, rest: &[Token<'_>], range: &Range<usize>) -> bool {
        if kind != "if" {
            let [name] = rest else {
                self.malformed(range.clone(), "expected a name");
                return false;
            };
            return self.macros.contains_key(name.text) == (kind == "ifdef");
        }
        let value = self.condition(rest);
        if value.is_none() {
            self.malformed(range.clone(), "this condition has no value");
        }
        value.unwrap_or(0) != 0
    }

    /// The value of a condition: `defined` first, then macros.
    fn condition(&mut self, rest: &[Token<'_>]) -> Option<i64> {
        let mut text = String::new();
        let mut at = 0;
        while let Some(token) = rest.get(at) {
            let parenthesis = usize::from(rest.get(at + 1).is_some_and(|next| next.text == "("));
            match rest.get(at + 1 + parenthesis) {
                Some(name) if token.text == "defined" && name.kind == Kind::Word => {
                    text.push_str(if self.macros.contains_key(name.text) { " 1 " } else { " 0 " });
                    at += 2 + 2 * parenthesis;
                }
                _ => {
                    let mut expander = Expander::new(&self.macros, self.limit.saturating_sub(self.spent).min(GROWTH.1));
                    expander.expand(rest.get(at..=at).unwrap_or_default());
                    self.spent = self.spent.saturating_add(expander.spent());
                    if expander.full {
                        return None;
                    }
                    text.push_str(&expander.out);
                    text.push(' ');
                    at += 1;
                }
            }
        }
        let list: Vec<Token<'_>> = tokens(&text).into_iter().filter(is_solid).collect();
        condition::value(&list)
    }

    fn define(&mut self, raw: &[Token<'_>], range: Range<usize>) {
        let mut words = raw.iter().enumerate().filter(|(_, token)| is_solid(token)).skip(1);
        let Some((at, name)) = words.next().filter(|(_, token)| token.kind == Kind::Word) else {
            self.malformed(range, "expected a name");
            return;
        };
        let mut body = at + 1;
        let mut parameters = None;
        if raw.get(body).is_some_and(|token| token.text == "(") {
            let close = raw.iter().skip(body).position(|token| token.text == ")").map(|offset| body + offset);
            let Some(close) = close else {
                self.malformed(range, "the parameters have no `)`");
                return;
            };
            let names = raw.get(body..close).unwrap_or_default().iter().filter(|token| token.kind == Kind::Word);
            let names: Vec<String> = names.map(|token| token.text.to_owned()).collect();
            if names.len() > MAX_PARAMETERS {
                self.malformed(range, "too many parameters");
                return;
            }
            parameters = Some(names);
            body = close + 1;
        }
        let text: String = raw
            .get(body..)
            .unwrap_or_default()
            .iter()
            .map(|token| match token.kind {
                Kind::Blank | Kind::Comment => " ",
                _ => token.text,
            })
            .collect();
        self.macros.insert(name.text.to_owned(), Macro { parameters, body: text.trim().to_owned() });
    }

    fn include(&mut self, rest: &[Token<'_>], raw: &[Token<'_>], range: Range<usize>) {
        let name = match rest {
            [text] if text.text.starts_with('"') => text.text.trim_matches('"').to_owned(),
            [open, .., close] if open.text == "<" && close.text == ">" => {
                let all: String = raw.iter().map(|token| token.text).collect();
                all.split_once('<')
                    .and_then(|(_, rest)| rest.split_once('>'))
                    .map_or(String::new(), |(name, _)| name.to_owned())
            }
            _ => {
                self.malformed(range, "expected a name in quotes");
                return;
            }
        };
        if !self.included.insert(name.clone()) {
            return;
        }
        if self.depth >= MAX_INCLUDES {
            self.malformed(range, "too many files that include each other");
            return;
        }
        let Some(text) = (self.include)(&name) else {
            // what it would have said may never be asked for
            if self.depth == 0 {
                let message = format!("cannot read `{name}`");
                let label = "no such file beside this one or in a folder of `-I`";
                let span = Span { source: self.source, range };
                let found = Diagnostic::warning("R0018", message, span, label);
                self.result.diagnostics.push(found.help("its macros and declarations are not known"));
            }
            return;
        };
        self.depth += 1;
        let out = self.file(&text);
        self.depth -= 1;
        if declares(&out) {
            let span = Span { source: self.source, range };
            self.result.imports.push(StringLit { text: name, span });
        }
    }
}

/// Something stands in a text besides directives, blanks and comments.
fn declares(text: &str) -> bool {
    let mut fresh = true;
    let mut directive = false;
    tokens(text).iter().any(|token| {
        match token.kind {
            Kind::Newline => (fresh, directive) = (true, false),
            Kind::Blank | Kind::Comment => {}
            _ if fresh && token.text.starts_with('#') => (fresh, directive) = (false, true),
            _ => {
                fresh = false;
                return !directive;
            }
        }
        false
    })
}

/// A directive as it is written, in one line; lines that belong to it become empty.
fn keep_line(line: &[Token<'_>], out: &mut String) {
    let text: String = line.iter().map(|token| token.text).collect();
    let first = text.lines().next().unwrap_or_default();
    let first = first.trim_end().trim_end_matches('\\');
    out.push_str(match first.find("/*") {
        Some(comment) => first.get(..comment).unwrap_or_default(),
        None => first,
    });
    out.push_str(&"\n".repeat(lines(&text)));
}

/// The first piece of the next line with a directive, or the end.
fn next_directive(list: &[Token<'_>], from: usize) -> usize {
    let mut fresh = false;
    let mut begin = from;
    for (index, token) in list.iter().enumerate().skip(from) {
        match token.kind {
            Kind::Newline => {
                fresh = true;
                begin = index + 1;
            }
            Kind::Blank => {}
            _ if fresh && token.text.starts_with('#') => return begin,
            _ => fresh = false,
        }
    }
    list.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
