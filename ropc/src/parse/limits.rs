//! Refuses what is nested too deeply before the recursive parser and the recursive tree meet it.

use super::scan::{Kind, Scan};

/// Brackets in brackets, conditions in conditions. No description that people read comes near, and the
/// trees of this depth fit the stack of any thread, without optimisation, too.
pub const MAX_NESTING: usize = 50;
/// Operators in one expression.
const MAX_OPERATORS: usize = 2000;

/// An open bracket.
#[derive(Default)]
struct Level {
    /// `?`, `if`, `else` and casts of the statement: each nests without a bracket.
    nested: usize,
    /// Operators of the statement: each makes the tree deeper, not the parser.
    operators: usize,
}

/// Where a limit is passed, once a statement: offsets, in order.
pub(super) fn too_deep(scan: &Scan) -> Vec<usize> {
    let mut found = Vec::new();
    let mut levels = vec![Level::default()];
    let (mut nested, mut operators) = (0usize, 0usize);
    let mut reported = false;
    for (index, token) in scan.tokens.iter().enumerate() {
        let text = scan.text(index);
        match text {
            "{" | "(" | "[" => {
                // a cast or a call upon a call
                let behind = index.checked_sub(1).is_some_and(|i| scan.is(i, ")") || scan.is(i, "]"));
                if behind && text != "{" {
                    count(&mut levels, &mut nested, &mut operators, true);
                }
                levels.push(Level::default());
            }
            ")" | "]" | "}" => {
                if levels.len() > 1 {
                    forget(levels.pop(), &mut nested, &mut operators);
                }
                if text == "}" && !scan.is(index + 1, "else") {
                    restart(&mut levels, &mut nested, &mut operators);
                    reported = false;
                }
            }
            ";" | "," if !scan.is(index + 1, "else") => {
                restart(&mut levels, &mut nested, &mut operators);
                reported = false;
            }
            ";" | "," => {}
            "?" | "if" | "else" => count(&mut levels, &mut nested, &mut operators, true),
            _ if token.kind == Kind::Sign => count(&mut levels, &mut nested, &mut operators, false),
            _ => {}
        }
        let deep = levels.len() + nested > MAX_NESTING || operators > MAX_OPERATORS;
        if deep && !reported {
            found.push(token.range.start);
            reported = true;
        }
    }
    found
}

fn count(levels: &mut [Level], nested: &mut usize, operators: &mut usize, nests: bool) {
    let Some(level) = levels.last_mut() else { return };
    if nests {
        level.nested += 1;
        *nested += 1;
    } else {
        level.operators += 1;
        *operators += 1;
    }
}

fn forget(level: Option<Level>, nested: &mut usize, operators: &mut usize) {
    let level = level.unwrap_or_default();
    *nested = nested.saturating_sub(level.nested);
    *operators = operators.saturating_sub(level.operators);
}

fn restart(levels: &mut [Level], nested: &mut usize, operators: &mut usize) {
    if let Some(level) = levels.last_mut() {
        forget(Some(std::mem::take(level)), nested, operators);
    }
}
