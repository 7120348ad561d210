//! Attribute configuration files.

use super::build::{Bug, Builder};
use super::explain::{Context, Failure};
use super::outline::Walk;
use super::scan::Scan;
use super::{Rule, limits, midl, recover};
use crate::ast::{Acf, SourceId};
use crate::diagnostic::Diagnostic;

/// Mistakes of one file that are looked for; each costs one more pass over it.
const MAX_PASSES: usize = 40;

/// Parses an `.acf` file. A declaration with a mistake is reported and missing, the others are kept.
#[must_use]
pub fn parse_acf(source: SourceId, text: &str) -> (Acf, Vec<Diagnostic>) {
    let mut scan = Scan::new(source, text);
    midl::drop_words_of_c(&mut scan);
    let mut diagnostics = std::mem::take(&mut scan.diagnostics);
    if let Some(offset) = limits::too_deep(&scan).first() {
        let at = scan.tokens.partition_point(|token| token.range.end <= *offset);
        diagnostics.push(Diagnostic::error("R0009", "nested too deeply", scan.span(at), "here the limit is passed"));
        return (Acf::default(), diagnostics);
    }
    let end = scan.work.len();
    for _ in 0..MAX_PASSES {
        match recover::at_offset(&scan, Rule::acf, 0, end) {
            Ok(node) => {
                let mut builder = Builder::new(source, 0, text.len());
                let acf = builder.acf(node);
                diagnostics.append(&mut builder.diagnostics);
                match acf {
                    Ok(acf) => return (acf, diagnostics),
                    Err(Bug(span)) => {
                        let message = "the compiler does not understand its own grammar";
                        diagnostics.push(Diagnostic::error("R0099", message, span, "parsed, but not understood"));
                        return (Acf::default(), diagnostics);
                    }
                }
            }
            Err(failure) => {
                let at = scan.tokens.partition_point(|token| token.range.end <= failure.offset);
                let found = explain(&scan, &failure);
                let (from, to) = declaration(&scan, at);
                let known = scan.tokens.get(from..to).is_some_and(|part| part.iter().any(|token| token.bad));
                if !known {
                    diagnostics.push(found);
                }
                // nothing is left to be taken out
                let Some((first, last)) = scan.tokens.get(from..to).and_then(|part| part.first().zip(part.last()))
                else {
                    break;
                };
                let range = first.range.start..last.range.end;
                scan.blank(range);
                scan.tokens.drain(from..to);
            }
        }
    }
    (Acf::default(), diagnostics)
}

/// The tokens of the declaration around a token: from behind the `;`, `{` or `}` before it up to the next `;`, which
/// belongs to it, or `}`, which does not. The head of an interface takes the interface along.
fn declaration(scan: &Scan, at: usize) -> (usize, usize) {
    let is = |index: usize, signs: &[&str]| signs.iter().any(|sign| scan.is(index, sign));
    let from = (0..at).rev().find(|index| is(*index, &[";", "{", "}"])).map_or(0, |index| index + 1);
    let count = scan.tokens.len();
    let end = (at..count).find(|index| is(*index, &[";", "{", "}"])).unwrap_or(count);
    let to = if is(end, &["{"]) {
        let mut depth = 0_usize;
        let close = (end..count).find(|index| {
            depth += usize::from(is(*index, &["{"]));
            depth -= usize::from(is(*index, &["}"]));
            depth == 0
        });
        close.map_or(count, |close| close + 1)
    } else if end == from || is(end, &[";"]) {
        end + 1
    } else {
        end
    };
    (from, to.min(count))
}

fn explain(scan: &Scan, failure: &Failure) -> Diagnostic {
    let at = scan.tokens.partition_point(|token| token.range.end <= failure.offset);
    let end = scan.tokens.len();
    let mut walk = Walk::to(scan, 0, at);
    walk.drop_lists();
    Context { scan, failure, at, end, walk: &walk }.explain().0
}
