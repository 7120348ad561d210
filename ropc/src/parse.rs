//! Text to syntax tree. Only this module knows the parser generator.
//!
//! | step | file |
//! |---|---|
//! | words and signs; lexical mistakes mended in a working copy | `scan` |
//! | words of C that say nothing about the wire taken out | `midl` |
//! | unclosed braces closed by their indentation | `mend` |
//! | nesting refused before anything recursive sees it | `limits` |
//! | declarations one by one, mistakes reported and taken out | `recover`, with `outline` and `explain` |
//! | pairs to tree | `build` |
//!
//! Parsing never fails: what did not fit is reported and missing in the tree.

mod acf;
mod build;
mod explain;
mod head;
mod limits;
mod macros;
mod mend;
mod midl;
mod outline;
mod recover;
mod scan;

/// The generated parser; in a module of its own because it comes without documentation.
mod grammar {
    #![allow(missing_docs)]
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub(super) struct Grammar;
}

use crate::ast::{Decl, File, Interface, Item, SourceId, Span};
use crate::diagnostic::Diagnostic;
pub use acf::parse_acf;
use build::{Builder, Built, Node};
use explain::{Context, Failure};
use grammar::{Grammar, Rule};
pub use limits::MAX_NESTING;
use outline::{Walk, declaration_end, head};
use scan::Scan;

/// Mistakes after which the rest of a file is not looked at.
const MAX_MISTAKES: usize = 200;

/// Parses one file. All mistakes are reported; what is left of the file is in the tree.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> (File, Vec<Diagnostic>) {
    let mut scan = Scan::new(source, text);
    midl::drop_words_of_c(&mut scan);
    mend::close_braces(&mut scan);
    let diagnostics = std::mem::take(&mut scan.diagnostics);
    let deep = limits::too_deep(&scan);
    let mut parser = Parser {
        source,
        length: text.len(),
        scan,
        file: File::default(),
        diagnostics,
        deep,
        open: None,
        nested: 0,
        com: None,
    };
    parser.run();
    let mut diagnostics = parser.diagnostics;
    for diagnostic in &mut diagnostics {
        clamp(&mut diagnostic.primary.0, text);
        for (span, _) in &mut diagnostic.secondary {
            clamp(span, text);
        }
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.0.range.start);
    (parser.file, diagnostics)
}

/// Mended braces stand behind the text: their places end with it, on a character of it.
fn clamp(span: &mut Span, text: &str) {
    let boundary = |offset: usize| (0..=offset.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    span.range = boundary(span.range.start)..boundary(span.range.end);
}

struct Parser {
    source: SourceId,
    length: usize,
    scan: Scan,
    file: File,
    diagnostics: Vec<Diagnostic>,
    /// Offsets at which something is nested too deeply.
    deep: Vec<usize>,
    /// The interface whose declarations come now, and its brace.
    open: Option<(Interface, Span)>,
    /// Interfaces that were opened inside others and reported: their braces still close.
    nested: usize,
    /// Mistakes before the open interface of COM: what is wrong inside is not said.
    com: Option<usize>,
}

impl Parser {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.scan.tokens.len() {
            if self.diagnostics.len() >= MAX_MISTAKES {
                let span = self.scan.span(at);
                let label = "the rest of the file was not looked at";
                self.diagnostics.push(Diagnostic::error("R0019", "too many mistakes", span, label));
                break;
            }
            at = self.item(at).max(at + 1);
        }
        if let Some((interface, brace)) = self.open.take() {
            if self.diagnostics.is_empty() {
                self.diagnostics.push(Diagnostic::error("R0008", "this `{` is not closed", brace, "has no `}`"));
            }
            self.keep_interface(interface);
        }
    }

    /// What begins at a token; gives the token after it.
    fn item(&mut self, start: usize) -> usize {
        let word = head(&self.scan, start, self.scan.tokens.len());
        match self.scan.text(word) {
            ";" if word == start => start + 1,
            "}" => self.close(start, word),
            "import" => self.import(start),
            "cpp_quote" if self.scan.is(word + 1, "(") => self.cpp_quote(start),
            "interface" => self.interface(start, word),
            _ if self.is_block_of_com(word) => self.block_of_com(word),
            _ => {
                let (decl, after) = self.declaration(start);
                self.keep(decl);
                after
            }
        }
    }

    fn keep(&mut self, decl: Option<Decl>) {
        let Some(decl) = decl else { return };
        match &mut self.open {
            Some((interface, _)) => interface.decls.push(decl),
            None => self.file.items.push(Item::Decl(decl)),
        }
    }

    /// The `}` of an interface, or one too many.
    fn close(&mut self, start: usize, brace: usize) -> usize {
        if start < brace {
            let span = self.scan.span(start);
            let label = "followed by `}`, not by a declaration";
            self.diagnostics.push(Diagnostic::error("R0015", "attributes of nothing", span, label));
        }
        match self.open.take() {
            Some((interface, _)) => self.keep_interface(interface),
            None if self.nested > 0 => self.nested -= 1,
            None => {
                let span = self.scan.span(brace);
                self.diagnostics.push(Diagnostic::error("R0013", "this `}` closes nothing", span, "no `{` before it"));
            }
        }
        if self.scan.is(brace + 1, ";") { brace + 2 } else { brace + 1 }
    }

    fn import(&mut self, start: usize) -> usize {
        if let Some((interface, _)) = self.open.as_ref().filter(|(interface, _)| interface.is_mapi()) {
            let span = self.scan.span(start);
            let place = interface.name.span.clone();
            self.diagnostics.push(
                Diagnostic::error("R0016", "an import inside an interface", span, "not here")
                    .also(place, "inside this interface")
                    .help("move the import to the beginning of the file"),
            );
            return declaration_end(&self.scan, start);
        }
        let (node, after) = self.whole(Rule::import, start, |builder, node| Ok(Item::Import(builder.import(node))));
        if let Some(Err(failure)) = &node {
            let at = self.token_at(failure.offset, start);
            if self.scan.is_word(at) && at == start + 1 {
                let span = self.scan.span(at);
                let label = "expected a string";
                let help = "write `import \"oxcdata.idl\";` with the file's name in quotes";
                self.diagnostics.push(
                    Diagnostic::error("R0016", "the name of an imported file is a string", span, label).help(help),
                );
            } else {
                self.explain_head(failure, start, after);
            }
        }
        // the name of a mended string is nobody's
        let mended = self.scan.tokens.get(start..after).unwrap_or_default().iter().any(|token| token.bad);
        self.file.items.extend(node.and_then(Result::ok).filter(|_| !mended));
        after
    }

    fn cpp_quote(&mut self, start: usize) -> usize {
        let (node, after) =
            self.whole(Rule::cpp_quote, start, |builder, node| Ok(Item::CppQuote(builder.cpp_quote(node))));
        match node {
            Some(Ok(item)) => {
                if let Item::CppQuote(quote) = &item {
                    self.file.macros.extend(macros::defined(quote));
                }
                self.file.items.push(item);
            }
            Some(Err(failure)) => self.explain_head(&failure, start, after),
            None => {}
        }
        after
    }

    /// One rule as a whole: what it gives, or why not (`None`: reported), and the token after it.
    fn whole<T>(
        &mut self,
        rule: Rule,
        start: usize,
        make: impl FnOnce(&mut Builder, Node<'_>) -> Built<T>,
    ) -> (Option<Result<T, Failure>>, usize) {
        if let Some(after) = self.refuse_depth_of_head(start) {
            return (None, after);
        }
        let begin = self.scan.span(start).range.start;
        let mut builder = Builder::new(self.source, begin, self.length);
        let (built, length) = match recover::at_offset(&self.scan, rule, begin, self.scan.work.len()) {
            Err(failure) => return (Some(Err(failure)), declaration_end(&self.scan, start).max(start + 1)),
            Ok(node) => {
                let length = node.as_span().end();
                (make(&mut builder, node), length)
            }
        };
        self.diagnostics.append(&mut builder.diagnostics);
        (self.built(built).map(Ok), self.token_at(begin + length, start))
    }

    /// Attributes before a brace can be nested too deeply, too.
    fn refuse_depth_of_head(&mut self, start: usize) -> Option<usize> {
        let brace = (start..self.scan.tokens.len()).find(|i| self.scan.is(*i, "{") || self.scan.is(*i, ";"))?;
        let begin = self.scan.span(start).range.start;
        let next = *self.deep.get(self.deep.partition_point(|offset| *offset < begin))?;
        if next >= self.scan.span(brace).range.start {
            return None;
        }
        self.refuse_depth(start)
    }

    fn explain_head(&mut self, failure: &Failure, start: usize, end: usize) {
        let at = self.token_at(failure.offset, start).min(end);
        let mut walk = Walk::to(&self.scan, start, at);
        walk.drop_lists();
        let part = self.scan.tokens.get(start..(at + 1).min(end)).unwrap_or_default();
        if part.iter().any(|token| token.bad) {
            return;
        }
        let (diagnostic, _) = Context { scan: &self.scan, failure, at, end, walk: &walk }.explain();
        self.diagnostics.push(diagnostic);
    }
}
