//! Whether there is a blank between two pieces on a line.

use super::groups::Groups;
use super::pieces::{Kind, Piece};

/// Words of the language that are no functions: a parenthesis behind them stands apart.
const APART: [&str; 8] = ["if", "match", "switch", "require", "let", "in", "as", "when"];

/// Signs between two things, in every place where they can stand.
const BETWEEN: [&str; 13] = ["=", "==", "!=", "<=", ">=", "&&", "||", "=>", "<<", ">>", "|", "^", "%"];

/// Signs that stick to both sides.
const STICKING: [&str; 5] = [".", "..", "..=", "->", "::"];

/// Whether there is a blank before a piece, if it is not the first of its line. Where signs mean several things (`*` a
/// pointer, a product, a repetition), the writer's blank stays.
pub(super) fn blank(list: &[Piece<'_>], groups: &Groups, at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| list.get(before));
    let (Some(before), Some(piece)) = (before, list.get(at)) else { return false };
    if before.is_comment() || piece.is_comment() {
        let tight = before.is("(") || before.is("[") || is_one_of(piece, &[",", ";", ")", "]"]);
        return !tight || piece.spaced;
    }
    if is_one_of(piece, &[",", ";", ")", "]"]) || is_one_of(before, &["(", "[", "@"]) {
        // `default: ;`
        return before.is(":") && piece.is(";");
    }
    if piece.is(":") {
        return colon(list, groups, at);
    }
    if before.is("*") && piece.is("*") {
        return false;
    }
    if before.is("{") {
        return !piece.is("}");
    }
    if is_one_of(piece, &["{", "}", "@"]) || is_one_of(before, &[",", ";", ":", "}"]) {
        return true;
    }
    if is_one_of(before, &STICKING) || is_one_of(piece, &STICKING) {
        return false;
    }
    if is_one_of(before, &BETWEEN) || is_one_of(piece, &BETWEEN) {
        return true;
    }
    let number = |at: usize| list.get(at).is_some_and(|piece| piece.kind == Kind::Number);
    if is_one_of(piece, &["<", ">"]) && number(at + 1) || is_one_of(before, &["<", ">"]) && number(at) {
        return true;
    }
    if is_one_of(before, &["!", "~"]) {
        return false;
    }
    if piece.is("(") && before.kind == Kind::Word {
        return APART.contains(&before.text) || piece.spaced && groups.in_production(at);
    }
    if piece.is("[") && before.kind == Kind::Word {
        let length = |piece: &Piece<'_>| piece.kind == Kind::Number || ["]", "rest", "until"].contains(&piece.text);
        return piece.spaced && !list.get(at + 1).is_some_and(length);
    }
    let is_value = |piece: &Piece<'_>| matches!(piece.kind, Kind::Word | Kind::Number);
    // `] uint32`: attributes; `L"text"` stays together
    (is_value(before) || before.is("]")) && is_value(piece) || piece.spaced
}

/// Whether there is a blank before a colon: `enum Kind : uint8`, but `Name: value`; elsewhere the writer's stays.
fn colon(list: &[Piece<'_>], groups: &Groups, at: usize) -> bool {
    let word = |back: usize| at.checked_sub(back).and_then(|at| list.get(at)).map_or("", |piece| piece.text);
    let in_values = groups.around(at).is_some_and(|opener| {
        list.get(opener).is_some_and(|piece| piece.is("{")) && groups.opened(opener).is_some_and(|group| !group.block)
    });
    if ["enum", "bitmap", "bits", "interface"].contains(&word(2)) {
        return true;
    }
    let label = in_values || word(1) == "default" || word(2) == "case";
    !label && list.get(at).is_some_and(|piece| piece.spaced)
}

fn is_one_of(piece: &Piece<'_>, signs: &[&str]) -> bool {
    piece.kind == Kind::Sign && signs.contains(&piece.text)
}
