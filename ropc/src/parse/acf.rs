//! Attribute configuration files.

use super::build::{Bug, Builder};
use super::explain::{Context, Failure};
use super::outline::Walk;
use super::scan::Scan;
use super::{Rule, limits, midl, recover};
use crate::ast::{Acf, SourceId};
use crate::diagnostic::Diagnostic;

/// Parses an `.acf` file; of one with a mistake nothing is kept.
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
    match recover::at_offset(&scan, Rule::acf, 0, end) {
        Ok(node) => {
            let mut builder = Builder::new(source, 0, text.len());
            let acf = builder.acf(node);
            diagnostics.append(&mut builder.diagnostics);
            match acf {
                Ok(acf) => (acf, diagnostics),
                Err(Bug(span)) => {
                    let message = "the compiler does not understand its own grammar";
                    diagnostics.push(Diagnostic::error("R0099", message, span, "parsed, but not understood"));
                    (Acf::default(), diagnostics)
                }
            }
        }
        Err(failure) => {
            diagnostics.push(explain(&scan, &failure));
            (Acf::default(), diagnostics)
        }
    }
}

fn explain(scan: &Scan, failure: &Failure) -> Diagnostic {
    let at = scan.tokens.partition_point(|token| token.range.end <= failure.offset);
    let end = scan.tokens.len();
    let mut walk = Walk::to(scan, 0, at);
    walk.drop_lists();
    Context { scan, failure, at, end, walk: &walk }.explain().0
}
