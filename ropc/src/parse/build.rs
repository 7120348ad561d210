//! From pest's pairs to the syntax tree.
//!
//! The grammar fixes what stands in a pair, so a missing part is a mistake of ours: it becomes a [`Bug`],
//! which is reported with its place and never a panic.

mod acf;
mod declarations;
mod expressions;
mod members;
mod ndr;
mod operations;
mod streams;
mod types;
mod vectors;

use pest::iterators::{Pair, Pairs};

use super::Rule;
use crate::ast::{Attr, Ident, Interface, Path, SourceId, Span, StringLit};
use crate::diagnostic::Diagnostic;

pub(super) type Node<'i> = Pair<'i, Rule>;

/// The grammar and the builder disagree at this place.
#[derive(Debug)]
pub(super) struct Bug(pub(super) Span);

pub(super) type Built<T> = Result<T, Bug>;

/// Makes syntax trees of pairs whose text begins at `base` in the file.
pub(super) struct Builder {
    source: SourceId,
    base: usize,
    /// Length of the text: mended braces stand behind it.
    end: usize,
    /// Mistakes that only show in the tree: numbers too large, a handle without a role.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// The pairs inside one pair, taken in order. Words of the language are passed over unless asked for.
pub(super) struct Parts<'i> {
    pairs: Pairs<'i, Rule>,
    span: Span,
}

/// The grammar keeps all words of the language together.
fn is_word(rule: Rule) -> bool {
    (Rule::kw_import..=Rule::kw_sizeof).contains(&rule)
}

impl<'i> Parts<'i> {
    /// The next pair if it is of this rule.
    fn opt(&mut self, rule: Rule) -> Option<Node<'i>> {
        let mut ahead = self.pairs.clone();
        loop {
            let node = ahead.next()?;
            if node.as_rule() == rule {
                self.pairs = ahead;
                return Some(node);
            }
            if !is_word(node.as_rule()) {
                return None;
            }
        }
    }

    /// The next pair, which is of this rule.
    fn need(&mut self, rule: Rule) -> Built<Node<'i>> {
        self.opt(rule).ok_or_else(|| Bug(self.span.clone()))
    }

    /// The next pair that is no word of the language.
    fn any(&mut self) -> Option<Node<'i>> {
        self.pairs.by_ref().find(|node| !is_word(node.as_rule()))
    }

    /// The next pair, whatever it is.
    fn some(&mut self) -> Built<Node<'i>> {
        self.any().ok_or_else(|| Bug(self.span.clone()))
    }

    /// All pairs of this rule that come now.
    fn many(&mut self, rule: Rule) -> Vec<Node<'i>> {
        std::iter::from_fn(|| self.opt(rule)).collect()
    }

    /// Whether this word of the language comes now; it is taken.
    fn word(&mut self, rule: Rule) -> bool {
        match self.pairs.peek() {
            Some(node) if node.as_rule() == rule => {
                self.pairs.next();
                true
            }
            _ => false,
        }
    }
}

impl Builder {
    pub(super) fn new(source: SourceId, base: usize, end: usize) -> Self {
        Self { source, base, end, diagnostics: Vec::new() }
    }

    fn span(&self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        let at = |offset: usize| (self.base + offset).min(self.end);
        Span { source: self.source, range: at(span.start())..at(span.end()) }
    }

    /// The span without the blanks and comments that pest takes in before an absent last part.
    fn trimmed(&self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        let at = |offset: usize| (self.base + offset).min(self.end);
        let length = node.as_str().trim_end().len();
        Span { source: self.source, range: at(span.start())..at(span.start() + length) }
    }

    fn bug(&self, node: &Node<'_>) -> Bug {
        Bug(self.span(node))
    }

    fn parts<'i>(&self, node: Node<'i>) -> Parts<'i> {
        let span = self.span(&node);
        Parts { pairs: node.into_inner(), span }
    }

    fn ident(&self, node: &Node<'_>) -> Ident {
        Ident { text: node.as_str().to_owned(), span: self.span(node) }
    }

    fn idents(&self, nodes: &[Node<'_>]) -> Vec<Ident> {
        nodes.iter().map(|node| self.ident(node)).collect()
    }

    fn path(&self, node: Node<'_>) -> Path {
        Path { parts: self.idents(&self.parts(node).many(Rule::ident)) }
    }

    /// `///` lines without the slashes and one blank after them.
    fn docs(&self, parts: &mut Parts<'_>) -> Vec<String> {
        let Some(node) = parts.opt(Rule::docs) else { return Vec::new() };
        node.into_inner()
            .map(|line| {
                let text = line.as_str().trim_start_matches('/').trim_end();
                text.strip_prefix(' ').unwrap_or(text).to_owned()
            })
            .collect()
    }

    /// Adjacent literals as one, escapes resolved.
    fn strings(&self, nodes: &[Node<'_>]) -> StringLit {
        let text = nodes.iter().map(|node| unescape(node.as_str())).collect();
        let mut span = Span { source: self.source, range: 0..0 };
        if let (Some(first), Some(last)) = (nodes.first(), nodes.last()) {
            span.range = self.span(first).range.start..self.span(last).range.end;
        }
        StringLit { text, span }
    }

    /// `import "a.idl", "b.idl";`
    pub(super) fn import(&mut self, node: Node<'_>) -> Vec<StringLit> {
        let nodes = self.parts(node).many(Rule::string);
        nodes.iter().map(|node| self.strings(std::slice::from_ref(node))).collect()
    }

    /// `cpp_quote("..")`
    pub(super) fn cpp_quote(&mut self, node: Node<'_>) -> StringLit {
        let nodes = self.parts(node).many(Rule::string);
        self.strings(&nodes)
    }

    /// Attribute lists alone, of a head whose rest has mistakes.
    pub(super) fn attrs_alone(&mut self, node: Node<'_>) -> Built<Vec<Attr>> {
        let mut attrs = Vec::new();
        for list in self.parts(node).many(Rule::attr_list) {
            attrs.append(&mut self.attr_list(list)?);
        }
        Ok(attrs)
    }

    /// The value of a macro, if nothing is wrong with it.
    pub(super) fn macro_value(&mut self, node: Node<'_>) -> Option<crate::ast::Expr> {
        self.expr(node).ok().filter(|_| self.diagnostics.is_empty())
    }

    /// What stands before the brace of an interface.
    pub(super) fn interface_head(&mut self, node: Node<'_>) -> Built<Interface> {
        let mut parts = self.parts(node);
        let docs = self.docs(&mut parts);
        let attrs: Vec<Attr> = self.attrs(&mut parts)?;
        let name = self.ident(&parts.need(Rule::ident)?);
        let base = parts.opt(Rule::ident).map(|node| self.ident(&node));
        Ok(Interface { docs, attrs, name, base, ..Interface::default() })
    }
}

/// The text between the quotes, C escapes resolved; an unknown escape stands for its character.
fn unescape(literal: &str) -> String {
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(literal);
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('0') => text.push('\0'),
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
    }
    text
}
