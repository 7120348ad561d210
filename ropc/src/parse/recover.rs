//! One declaration with all its mistakes: where it does not fit, the smallest part around the place is
//! mended or taken out of the working copy, and the rest is tried again.

use std::sync::{Mutex, PoisonError};

use pest::Parser as _;
use pest::error::ErrorVariant;

use super::build::{Bug, Builder, Built, Node};
use super::explain::{Context, Failure, Repair};
use super::mend::insert_before;
use super::outline::{Walk, declaration_end, head};
use super::scan::{Kind, Scan};
use super::{Grammar, Parser, Rule};
use crate::ast::{Decl, Ident};
use crate::diagnostic::Diagnostic;

/// Attempts at one declaration; each costs one more pass over it.
const MAX_ATTEMPTS: usize = 40;

/// The parser generator keeps this setting for the whole process; only failures pay for it.
static DETAIL: Mutex<()> = Mutex::new(());

/// Parses one rule at an offset. `Err` tells where and why not.
pub(super) fn at_offset(scan: &Scan, rule: Rule, start: usize, end: usize) -> Result<Node<'_>, Failure> {
    let text = scan.work.get(start..end).unwrap_or_default();
    if let Some(node) = Grammar::parse(rule, text).ok().and_then(|mut pairs| pairs.next()) {
        return Ok(node);
    }
    let guard = DETAIL.lock().unwrap_or_else(PoisonError::into_inner);
    pest::set_error_detail(true);
    let outcome = Grammar::parse(rule, text);
    pest::set_error_detail(false);
    drop(guard);
    let mut failure = Failure { offset: start, expected: Vec::new(), exhausted: false };
    if let Err(error) = outcome {
        // the parser's own words: only its stack guard speaks like this
        failure.exhausted = matches!(error.variant, ErrorVariant::CustomError { .. });
        if let Some(attempts) = error.parse_attempts() {
            failure.offset = start + attempts.max_position;
            failure.expected = attempts.expected_tokens().iter().map(ToString::to_string).collect();
        }
    }
    Err(failure)
}

impl Parser {
    /// The declaration that begins at a token, if enough of it is left, and the token after it.
    pub(super) fn declaration(&mut self, start: usize) -> (Option<Decl>, usize) {
        let mut end = self.scan.work.len();
        let mut last = None;
        let mut damaged = false;
        let mut emptied = Vec::new();
        let begin = self.scan.span(start).range.start;
        let name = self.name_of(start);
        if let Some(after) = self.refuse_depth(start) {
            self.lose(name);
            return (None, after);
        }
        for _ in 0..MAX_ATTEMPTS {
            let failure = match at_offset(&self.scan, Rule::decl, begin, end) {
                Ok(node) => {
                    let (built, found, length) = build(self, node, begin, damaged);
                    self.diagnostics.extend(found);
                    return (self.built(built), self.token_at(begin + length, start));
                }
                Err(failure) => failure,
            };
            let stop = match last {
                Some(last) => last,
                None => declaration_end(&self.scan, start),
            };
            damaged = true;
            let Some(stop) = self.mend(start, stop, &failure, &mut emptied) else {
                let after = declaration_end(&self.scan, start).max(start + 1);
                self.lose(name);
                return (None, after);
            };
            last = Some(stop);
            end = stop.checked_sub(1).map_or(begin, |index| self.scan.span(index).range.end).max(begin);
        }
        self.lose(name);
        (None, last.unwrap_or(start + 1).max(start + 1))
    }

    /// Reports a failure and makes the declaration fit at this place. Gives the declaration's new end;
    /// `None`: nothing of it can be kept.
    fn mend(&mut self, start: usize, stop: usize, failure: &Failure, emptied: &mut Vec<usize>) -> Option<usize> {
        let at = self.token_at(failure.offset, start).min(stop);
        let mut walk = Walk::to(&self.scan, start, at);
        walk.drop_lists();
        let (from, to) = part(&self.scan, &walk, at, stop);
        let opened = walk.frames.last().and_then(|frame| frame.open).map_or(0, |open| self.scan.span(open).range.start);
        // what is missing in a place that was emptied before is no news
        let known = from == to && emptied.contains(&opened)
            || self
                .scan
                .tokens
                .get(from..to.max(at + 1).min(stop))
                .is_some_and(|part| part.iter().any(|token| token.bad));
        let (diagnostic, repair) = Context { scan: &self.scan, failure, at, end: stop, walk: &walk }.explain();
        if !known {
            self.diagnostics.push(diagnostic);
        }
        if let Repair::Insert(sign) = repair
            && insert_before(&mut self.scan, at, sign)
        {
            return Some(stop + 1);
        }
        self.take_out(walk, at, stop, emptied)
    }

    /// Removes the smallest part around a token that is not empty.
    fn take_out(&mut self, mut walk: Walk, at: usize, stop: usize, emptied: &mut Vec<usize>) -> Option<usize> {
        while walk.frames.len() > 1 {
            let (from, to) = part(&self.scan, &walk, at, stop);
            if from < to {
                if let Some(open) = walk.frames.last().and_then(|frame| frame.open) {
                    emptied.push(self.scan.span(open).range.start);
                }
                self.take_out_tokens(from, to);
                return Some(stop - (to - from));
            }
            walk.frames.pop();
            walk.drop_lists();
        }
        None
    }

    /// Blanks tokens in the working copy and forgets them.
    pub(super) fn take_out_tokens(&mut self, from: usize, to: usize) {
        let range = self.scan.span(from).range.start..self.scan.span(to.saturating_sub(1)).range.end;
        self.scan.blank(range);
        self.scan.tokens.drain(from..to);
    }

    /// Reports nesting beyond the limits; the token after the declaration.
    pub(super) fn refuse_depth(&mut self, start: usize) -> Option<usize> {
        let begin = self.scan.span(start).range.start;
        let next = self.deep.partition_point(|offset| *offset < begin);
        let offset = *self.deep.get(next)?;
        let stop = declaration_end(&self.scan, start).max(start + 1);
        if offset >= self.scan.span(stop - 1).range.end {
            return None;
        }
        let span = self.scan.span(self.token_at(offset, start));
        self.diagnostics.push(Diagnostic::error("R0009", "nested too deeply", span, "here the limit is passed").note(
            format!(
                "brackets and conditions nest up to {} levels, one expression has up to 2000 operators",
                super::limits::MAX_NESTING
            ),
        ));
        Some(stop)
    }

    /// The first token that ends after an offset.
    pub(super) fn token_at(&self, offset: usize, from: usize) -> usize {
        let rest = self.scan.tokens.get(from..).unwrap_or_default();
        from + rest.partition_point(|token| token.range.end <= offset)
    }

    /// The name that a declaration seems to give, for those that cannot be kept.
    fn name_of(&self, start: usize) -> Option<Ident> {
        let stop = self.scan.tokens.len();
        let word = head(&self.scan, start, stop);
        let name = if self.scan.is(word, "typedef") || self.scan.is(word, "const") {
            let value = (word..stop).find(|i| self.scan.is(*i, ";") || self.scan.is(*i, "="))?;
            (word + 1..value).rev().find(|i| self.scan.is_word(*i))?
        } else {
            word + 1
        };
        let token = self.scan.tokens.get(name).filter(|token| token.kind == Kind::Word)?;
        let span = self.scan.span(name);
        self.scan.work.get(token.range.clone()).map(|text| Ident { text: text.to_owned(), span })
    }

    fn lose(&mut self, name: Option<Ident>) {
        self.file.lost.extend(name);
    }

    /// Reports a disagreement between grammar and builder.
    pub(super) fn built<T>(&mut self, built: Built<T>) -> Option<T> {
        built
            .map_err(|Bug(span)| {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0099",
                        "the compiler does not understand its own grammar",
                        span,
                        "parsed, but not understood",
                    )
                    .note("this is a mistake in ropc, not in the description"),
                );
            })
            .ok()
    }
}

/// The part that one stands in, as tokens, without its closing brace.
fn part(scan: &Scan, walk: &Walk, at: usize, stop: usize) -> (usize, usize) {
    let from = walk.start().min(at);
    let depth = walk.frames.len();
    let mut ahead = walk.clone();
    while ahead.at < stop {
        if scan.is(ahead.at, "}") {
            let mut inner = ahead.clone();
            inner.drop_lists();
            if inner.frames.len() == depth {
                break;
            }
        }
        ahead.step(scan);
        if ahead.frames.len() == depth && ahead.start() != from {
            break;
        }
    }
    (from, ahead.at.max(from))
}

/// The tree of a declaration, what was found while making it, and its length.
fn build(parser: &Parser, node: Node<'_>, begin: usize, damaged: bool) -> (Built<Decl>, Vec<Diagnostic>, usize) {
    let length = node.as_span().end();
    let mut builder = Builder::new(parser.source, begin, parser.length);
    let built = builder.decl(node, damaged).map(|mut decl| {
        decl.damaged |= !builder.diagnostics.is_empty();
        decl
    });
    (built, builder.diagnostics, length)
}
