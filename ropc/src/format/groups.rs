//! Brackets that belong together, and which of them are blocks of members.

use super::Unformatted;
use super::layout::Line;
use super::pieces::{Kind, Piece};
use crate::parse::MAX_NESTING;

/// Brackets inside each other.
pub(super) const MAX_DEPTH: usize = MAX_NESTING;

/// Words that blocks without a `;` inside stand behind.
const HEADS: [&str; 10] = ["enum", "bitmap", "bits", "struct", "union", "interface", "form", "rop", "object", "stream"];

/// What is known of one bracket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    /// The piece that closes it.
    pub(super) close: usize,
    /// Braces around members: each has a line of its own where the block has several.
    pub(super) block: bool,
    /// There is a `;` directly inside.
    pub(super) statements: bool,
    /// It stands on one line.
    pub(super) flat: bool,
}

/// The groups of a text, by the piece that opens them.
#[derive(Debug)]
pub(super) struct Groups {
    by_opener: Vec<Option<Group>>,
    /// The innermost opener around each piece.
    around: Vec<Option<usize>>,
    /// The piece that opened what a piece closes.
    opener: Vec<Option<usize>>,
    /// Pieces of productions, where words and parentheses follow each other.
    productions: Vec<bool>,
    /// From which piece on the encoding is that of MAPI, or is not.
    encodings: Vec<(usize, bool)>,
}

impl Groups {
    /// Finds the groups. A branch of a condition begins with the brackets that were open before the condition.
    pub(super) fn of(list: &[Piece<'_>]) -> Result<Self, Unformatted> {
        let nothing = || vec![None; list.len()];
        let mut groups = Self {
            by_opener: vec![None; list.len()],
            around: nothing(),
            opener: nothing(),
            productions: Vec::with_capacity(list.len()),
            encodings: Vec::new(),
        };
        let mut open: Vec<usize> = Vec::new();
        let mut conditions: Vec<Vec<usize>> = Vec::new();
        let mut production = false;
        for (at, piece) in list.iter().enumerate() {
            let refuse =
                |code, reason| Err(Unformatted { code, range: piece.start..piece.start + piece.text.len(), reason });
            if piece.kind == Kind::Directive {
                condition(piece.text, &mut open, &mut conditions);
                if conditions.len() > MAX_DEPTH {
                    return refuse("R0007", "too many conditions inside each other");
                }
            }
            if let Some(slot) = groups.around.get_mut(at) {
                *slot = open.last().copied();
            }
            production = if production { !piece.is(";") } else { begins_production(list, at) };
            groups.productions.push(production);
            if piece.is("encoding") {
                groups.encodings.push((at, list.get(at + 2).is_some_and(|name| name.is("mapi"))));
            }
            if piece.kind != Kind::Sign {
                continue;
            }
            match piece.text {
                "{" | "(" | "[" => {
                    open.push(at);
                    if open.len() > MAX_DEPTH {
                        return refuse("R0009", "too many brackets inside each other");
                    }
                }
                "}" | ")" | "]" => {
                    let Some(opener) = open.pop() else { return refuse("R0013", "this bracket closes nothing") };
                    let fits = |sign: &str| list.get(opener).is_some_and(|piece| piece.text == sign);
                    if !fits(match piece.text {
                        "}" => "{",
                        ")" => "(",
                        _ => "[",
                    }) {
                        return refuse("R0013", "this bracket does not belong to the one that is open");
                    }
                    groups.close(list, opener, at);
                    if let (Some(around), Some(slot)) = (groups.around.get_mut(at), groups.opener.get_mut(at)) {
                        *around = open.last().copied();
                        *slot = Some(opener);
                    }
                }
                ";" => {
                    let inside = open.last().and_then(|opener| groups.by_opener.get_mut(*opener));
                    if let Some(inside) = inside {
                        inside.get_or_insert_default().statements = true;
                    }
                }
                _ => {}
            }
        }
        match open.last().and_then(|opener| list.get(*opener)) {
            Some(piece) => {
                let range = piece.start..piece.start + 1;
                Err(Unformatted { code: "R0008", range, reason: "this bracket is not closed" })
            }
            None => Ok(groups),
        }
    }

    fn close(&mut self, list: &[Piece<'_>], opener: usize, at: usize) {
        let inside = list.get(opener + 1..=at).unwrap_or_default();
        let brace = list.get(opener).is_some_and(|piece| piece.text == "{");
        let flat = inside.iter().all(|piece| piece.newlines == 0 && !piece.ends_line() && !piece.text.contains('\n'));
        let Some(slot) = self.by_opener.get_mut(opener) else { return };
        let group = slot.get_or_insert_default();
        group.close = at;
        group.flat = flat;
        group.block = brace && (group.statements || HEADS.contains(&head(list, opener)));
        // braces around blocks are a block
        if group.block
            && let Some(Some(outer)) = self.around.get(opener)
            && list.get(*outer).is_some_and(|piece| piece.text == "{")
        {
            let outer = *outer;
            if let Some(outer) = self.by_opener.get_mut(outer) {
                outer.get_or_insert_default().statements = true;
            }
        }
    }

    /// What is known of the bracket that a piece opens.
    pub(super) fn opened(&self, at: usize) -> Option<&Group> {
        self.by_opener.get(at)?.as_ref()
    }

    /// The opener of the innermost brackets around a piece; for a bracket, those around both.
    pub(super) fn around(&self, at: usize) -> Option<usize> {
        self.around.get(at).copied().flatten()
    }

    /// The piece that opened what a piece closes.
    pub(super) fn opener(&self, at: usize) -> Option<usize> {
        self.opener.get(at).copied().flatten()
    }

    /// Whether a piece belongs to a production of a stream.
    pub(super) fn in_production(&self, at: usize) -> bool {
        self.productions.get(at).copied().unwrap_or(false)
    }

    /// Whether a piece stands in an interface of MAPI.
    pub(super) fn is_mapi(&self, at: usize) -> bool {
        let after = self.encodings.partition_point(|(begin, _)| *begin <= at);
        after.checked_sub(1).and_then(|index| self.encodings.get(index)).is_some_and(|(_, mapi)| *mapi)
    }

    /// Opens up the outermost blocks of lines that are too long; whether there was one.
    pub(super) fn open_up(&mut self, list: &[Piece<'_>], lines: &[Line], width: usize) -> bool {
        let is_flat =
            |at: &usize| self.opened(*at).is_some_and(|group| group.block && group.flat && group.close > at + 1);
        let long = lines.iter().filter(|line| line.width(list, self) > width);
        let found: Vec<usize> = long.filter_map(|line| line.pieces.clone().find(is_flat)).collect();
        for at in &found {
            if let Some(Some(group)) = self.by_opener.get_mut(*at) {
                group.flat = false;
            }
        }
        !found.is_empty()
    }
}

fn begins_production(list: &[Piece<'_>], at: usize) -> bool {
    let next = list.get(at + 1..at + 3).unwrap_or_default();
    list.get(at).is_some_and(|piece| piece.is("production"))
        && matches!(next, [name, sign] if name.kind == Kind::Word && sign.is("="))
}

/// Follows a condition: what is open at its `#else` is what was open at its `#if`.
fn condition(text: &str, open: &mut Vec<usize>, conditions: &mut Vec<Vec<usize>>) {
    let word = text.trim_start_matches('#').trim_start();
    if word.starts_with("if") {
        conditions.push(open.clone());
    } else if word.starts_with("el") {
        if let Some(before) = conditions.last() {
            open.clone_from(before);
        }
    } else if word.starts_with("endif") {
        conditions.pop();
    }
}

/// The word that says what a `{` belongs to: `enum` of `enum X : uint8 {`.
fn head<'t>(list: &[Piece<'t>], opener: usize) -> &'t str {
    let before = list.get(opener.saturating_sub(8)..opener).unwrap_or_default();
    for piece in before.iter().rev() {
        match piece.kind {
            Kind::Word if HEADS.contains(&piece.text) => return piece.text,
            Kind::Word | Kind::Number | Kind::Inline => {}
            Kind::Sign if matches!(piece.text, ":" | "<" | ">" | ",") => {}
            Kind::Sign if piece.text == "=" => {}
            _ => return "",
        }
    }
    ""
}
