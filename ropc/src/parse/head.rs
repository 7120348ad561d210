//! The head of an interface: attributes and name. Its declarations come one by one.

use super::Parser;
use super::build::Builder;
use super::explain::Failure;
use super::grammar::Rule;
use super::outline::{Place, Walk};
use super::scan::Kind;
use crate::ast::{Attr, Ident, Interface, Item, Span};
use crate::diagnostic::Diagnostic;

/// Attributes that make an interface one of COM.
const COM_ATTRIBUTES: [&str; 4] = ["object", "odl", "dual", "oleautomation"];

/// Bad attributes of one head that are reported.
const MAX_ATTEMPTS: usize = 10;

/// A message about the COM half of MIDL.
pub(super) fn no_com(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error("R0014", format!("`{word}` belongs to COM, which is not described here"), span, "COM only")
        .help("describe the interface as plain RPC, without `object`, `coclass` and `library`")
}

impl Parser {
    /// Opens an interface; gives the token after its brace.
    pub(super) fn interface(&mut self, start: usize, word: usize) -> usize {
        if self.scan.is(word + 2, ";") {
            return word + 3;
        }
        if let Some((outer, _)) = &self.open {
            let label = "interfaces do not nest";
            let outer = outer.name.span.clone();
            let span = self.scan.span(word);
            self.diagnostics.push(
                Diagnostic::error("R0017", "an interface inside an interface", span, label)
                    .also(outer, "inside this one"),
            );
        }
        let (head, after) = self.whole(Rule::interface_head, start, Builder::interface_head);
        let (mut head, after) = match head {
            Some(Ok(head)) => (head, after),
            Some(Err(failure)) => self.broken_head(failure, start),
            None => return after,
        };
        let attrs = std::mem::take(&mut head.attrs).into_iter();
        let (com, attrs): (Vec<Attr>, Vec<Attr>) =
            attrs.partition(|attr| COM_ATTRIBUTES.contains(&attr.name.text.as_str()));
        head.attrs = attrs;
        self.diagnostics.extend(com.iter().map(|attr| no_com(attr.span.clone(), &attr.name.text)));
        if let Some((outer, _)) = self.open.replace((head, self.scan.span(after.saturating_sub(1)))) {
            self.file.items.push(Item::Interface(outer));
            self.nested += 1;
        }
        after
    }

    /// Takes bad attributes out one by one. What is left of the head, and the token after its brace: the
    /// declarations are worth reading even when the head is not.
    fn broken_head(&mut self, mut failure: Failure, start: usize) -> (Interface, usize) {
        for _ in 0..MAX_ATTEMPTS {
            self.explain_head(&failure, start, self.brace_after(start));
            if !self.take_out_attribute(&failure, start) {
                break;
            }
            match self.whole(Rule::interface_head, start, Builder::interface_head) {
                (Some(Ok(head)), after) => return (Interface { damaged: true, ..head }, after),
                (Some(Err(next)), _) => failure = next,
                (None, _) => break,
            }
        }
        let (attrs, _) = self.whole(Rule::attrs, start, Builder::attrs_alone);
        let attrs = attrs.and_then(Result::ok).unwrap_or_default();
        let brace = self.brace_after(start);
        let name = (start..brace).find(|i| self.scan.is(*i, "interface")).map_or(brace, |word| word + 1);
        let text = if self.scan.is_word(name) { self.scan.text(name).to_owned() } else { String::new() };
        let name = Ident { text, span: self.scan.span(name) };
        (Interface { docs: Vec::new(), attrs, name, base: None, decls: Vec::new(), damaged: true }, brace + 1)
    }

    fn brace_after(&self, start: usize) -> usize {
        let all = self.scan.tokens.len();
        (start..all).find(|i| self.scan.is(*i, "{")).unwrap_or(all)
    }

    /// Removes the attribute in which a failure lies, with one of the commas around it.
    fn take_out_attribute(&mut self, failure: &Failure, start: usize) -> bool {
        let at = self.token_at(failure.offset, start);
        let walk = Walk::to(&self.scan, start, at);
        let Some(list) = walk.frames.get(1).filter(|list| list.place == Place::List) else { return false };
        let (mut from, depth) = (list.start, 2);
        let mut ahead = walk.clone();
        let end = self.brace_after(start);
        while ahead.at < end {
            let mut after = ahead.clone();
            after.step(&self.scan);
            let next_part = after.frames.len() == depth && after.start() != from;
            if after.frames.len() < depth || next_part {
                break;
            }
            ahead = after;
        }
        let mut to = ahead.at;
        if self.scan.is(to, ",") {
            to += 1;
        } else if from > 0 && self.scan.is(from - 1, ",") {
            from -= 1;
        }
        // `docs` before the list are no attribute
        if from >= to || self.scan.tokens.get(from).is_none_or(|token| token.kind == Kind::Doc) {
            return false;
        }
        self.take_out_tokens(from, to);
        true
    }
}
