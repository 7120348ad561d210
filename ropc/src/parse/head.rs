//! The head of an interface: attributes and name. Its declarations come one by one.

use super::Parser;
use super::build::Builder;
use super::explain::Failure;
use super::grammar::Rule;
use super::outline::{Place, Walk};
use super::scan::Kind;
use crate::ast::{Attr, DeclKind, Ident, Interface, Item, Span};
use crate::diagnostic::Diagnostic;

/// Attributes that make an interface one of COM.
const COM_ATTRIBUTES: [&str; 4] = ["object", "odl", "dual", "oleautomation"];

/// Interfaces that every one of COM extends.
const COM_BASES: [&str; 3] = ["IDispatch", "IInspectable", "IUnknown"];

/// Blocks that are no interfaces.
const COM_BLOCKS: [&str; 8] =
    ["apicontract", "attribute", "coclass", "dispinterface", "library", "module", "namespace", "runtimeclass"];

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
        if let Some(attr) = com.first() {
            self.diagnostics.push(no_com(attr.span.clone(), &attr.name.text));
            head.com = true;
        } else if let Some(base) = head.base.as_ref().filter(|base| COM_BASES.contains(&base.text.as_str())) {
            self.diagnostics.push(no_com(base.span.clone(), &base.text));
            head.com = true;
        }
        if let Some((outer, _)) = self.open.take() {
            self.keep_interface(outer);
            self.nested += 1;
        }
        self.com = head.com.then_some(self.diagnostics.len());
        self.open = Some((head, self.scan.span(after.saturating_sub(1))));
        after
    }

    /// Takes up an interface that was read. Of one of COM its operations are not looked at.
    pub(super) fn keep_interface(&mut self, mut interface: Interface) {
        if let Some(before) = self.com.take() {
            self.diagnostics.truncate(before);
            interface.decls.retain(|decl| !matches!(decl.kind, DeclKind::Function(_)));
        }
        self.file.items.push(Item::Interface(interface));
    }

    /// `library X {`, `coclass X {`, `importlib("x.tlb")`, `namespace A.B {`: whole blocks of COM and WinRT.
    pub(super) fn is_block_of_com(&self, word: usize) -> bool {
        let name = self.scan.is_word(word + 1) && ["{", ":", "."].iter().any(|sign| self.scan.is(word + 2, sign));
        match self.scan.text(word) {
            "importlib" => self.scan.is(word + 1, "("),
            text => name && COM_BLOCKS.contains(&text),
        }
    }

    /// Reports a block of COM and passes over it.
    pub(super) fn block_of_com(&mut self, word: usize) -> usize {
        self.diagnostics.push(no_com(self.scan.span(word), self.scan.text(word)));
        let all = self.scan.tokens.len();
        let mut depth = 0usize;
        for index in word..all {
            match self.scan.text(index) {
                "{" => depth += 1,
                "}" if depth <= 1 => return if self.scan.is(index + 1, ";") { index + 2 } else { index + 1 },
                "}" => depth -= 1,
                ";" if depth == 0 => return index + 1,
                _ => {}
            }
        }
        all
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
        (Interface { attrs, name, damaged: true, ..Interface::default() }, brace + 1)
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
