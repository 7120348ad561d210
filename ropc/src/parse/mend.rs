//! Braces that were never closed, found by their indentation, and small repairs of the working copy.

use super::scan::{Kind, Scan, Token};
use crate::diagnostic::Diagnostic;

/// Unclosed braces that are reported one by one; the others are only closed.
const MAX_REPORTS: usize = 20;

/// Puts a sign into the blanks and comments before a token. `false`: there is no room.
pub(super) fn insert_before(scan: &mut Scan, index: usize, sign: char) -> bool {
    let end = scan.span(index).range.start;
    let start = index.checked_sub(1).map_or(0, |before| scan.span(before).range.end);
    if start >= end {
        return false;
    }
    scan.blank(start..end);
    scan.put(start, sign);
    scan.tokens.insert(index, Token { kind: Kind::Sign, range: start..start + 1, column: None, bad: false });
    true
}

/// An open brace.
struct Open {
    token: usize,
    /// Indentation of the line that it stands on.
    indent: usize,
    /// The brace of an interface: what is inside is often not indented.
    interface: bool,
}

/// Reports braces without their end and closes them in the working copy. A brace is taken to end before
/// the first line that is indented no deeper than its own; a file whose braces are even is left alone.
pub(super) fn close_braces(scan: &mut Scan) {
    let missing_at_all = missing_ends(scan);
    let mut missing = missing_at_all.min(MAX_REPORTS);
    let mut open: Vec<Open> = Vec::new();
    let mut indent = 0;
    let mut mended = 0;
    let mut index = 0;
    while index < scan.tokens.len() && missing > 0 {
        if let Some(column) = scan.tokens.get(index).and_then(|token| token.column) {
            indent = column;
            let closes = scan.is(index, "}");
            let interface = scan.is(index, "interface");
            while missing > 0
                && open.last().is_some_and(|open| ended(open.indent, column, closes) && (interface || !open.interface))
            {
                let Some(brace) = open.pop() else { break };
                missing -= 1;
                report(scan, brace.token, Some(index));
                if insert_before(scan, index, '}') {
                    mended += 1;
                    index += 1;
                }
            }
        }
        match scan.text(index) {
            "{" => {
                let interface = (1..5).any(|back| index.checked_sub(back).is_some_and(|i| scan.is(i, "interface")));
                open.push(Open { token: index, indent, interface });
            }
            "}" => {
                open.pop();
            }
            _ => {}
        }
        index += 1;
    }
    for brace in open.into_iter().rev().take(missing) {
        report(scan, brace.token, None);
    }
    for _ in mended..missing_at_all {
        let end = scan.work.len();
        scan.work.push('}');
        scan.tokens.push(Token { kind: Kind::Sign, range: end..end + 1, column: None, bad: false });
    }
}

/// A line at this column, beginning with `}` or not, shows that the brace should have been closed before.
fn ended(indent: usize, column: usize, closes: bool) -> bool {
    if closes { column < indent } else { column <= indent }
}

fn missing_ends(scan: &Scan) -> usize {
    let mut depth = 0usize;
    for index in 0..scan.tokens.len() {
        match scan.text(index) {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth
}

fn report(scan: &mut Scan, brace: usize, before: Option<usize>) {
    let mut diagnostic = Diagnostic::error("R0008", "this `{` is not closed", scan.span(brace), "has no `}`");
    if let Some(before) = before {
        diagnostic = diagnostic.also(scan.span(before), "expected `}` before this, by the indentation");
    }
    scan.diagnostics.push(diagnostic);
}
