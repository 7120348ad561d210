//! Pieces into lines, and how far each is indented.

use std::ops::Range;

use super::groups::Groups;
use super::pieces::{Kind, Piece};
use super::spaces::blank;

/// Columns of one level, and of a line that goes on.
pub(super) const INDENT: usize = 4;

/// One line of the result.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) pieces: Range<usize>,
    /// Columns before it.
    pub(super) indent: usize,
    /// An empty line stands before it.
    pub(super) apart: bool,
    /// It goes on with what began on a line before.
    pub(super) continues: bool,
    /// The opener of the brackets that it stands in.
    pub(super) level: Option<usize>,
}

impl Line {
    /// Columns that it takes, without what comes of standing below another line.
    pub(super) fn width(&self, list: &[Piece<'_>], groups: &Groups) -> usize {
        let piece = |at: usize| list.get(at).map_or(0, |piece| piece.text.chars().count());
        let first = self.pieces.start;
        self.indent
            + self
                .pieces
                .clone()
                .map(|at| piece(at) + usize::from(at > first && blank(list, groups, at)))
                .sum::<usize>()
    }
}

/// Breaks pieces into lines.
pub(super) fn lines(list: &[Piece<'_>], groups: &Groups) -> Vec<Line> {
    let mut layout = Layout {
        list,
        groups,
        indents: vec![0; list.len()],
        begun: vec![None; list.len() + 1],
        texts: None,
        lines: Vec::new(),
    };
    let mut at = 0;
    while at < list.len() {
        let end = (at + 1..list.len()).find(|next| layout.breaks(*next)).unwrap_or(list.len());
        layout.line(at..end);
        at = end;
    }
    layout.lines
}

/// A declaration, member or element that goes on.
#[derive(Clone, Copy)]
struct Begun {
    /// Its first piece.
    head: usize,
    /// It is the first of its line.
    leads: bool,
    /// How far its first line is indented.
    indent: usize,
}

struct Layout<'l, 't> {
    list: &'l [Piece<'t>],
    groups: &'l Groups,
    /// For each opener: how far its line is indented.
    indents: Vec<usize>,
    /// For each level, the outermost first: what has begun there and has not ended.
    begun: Vec<Option<Begun>>,
    /// Where the first of several strings stands that follow each other, while nothing else came.
    texts: Option<usize>,
    lines: Vec<Line>,
}

impl Layout<'_, '_> {
    /// Whether a piece begins a line.
    fn breaks(&self, at: usize) -> bool {
        let (Some(before), Some(piece)) = (self.list.get(at - 1), self.list.get(at)) else { return false };
        if before.ends_line() || matches!(piece.kind, Kind::Doc | Kind::Directive) {
            return true;
        }
        if piece.is_comment() {
            return piece.newlines > 0;
        }
        let opened_up = |opener: usize| self.groups.opened(opener).is_some_and(|group| group.block && !group.flat);
        if opened_up(at - 1) && before.is("{") || self.groups.opener(at).is_some_and(opened_up) {
            return true;
        }
        if piece.is("{") && self.groups.opened(at).is_some_and(|group| group.block) {
            let joins =
                matches!(before.kind, Kind::Word | Kind::Number) || [")", ">", "]", "=>"].iter().any(|s| before.is(s));
            return !joins && piece.newlines > 0;
        }
        if before.is(";") && !piece.is("}") && self.groups.around(at).is_none_or(opened_up) {
            return true;
        }
        piece.newlines > 0
    }

    fn line(&mut self, pieces: Range<usize>) {
        let Some(first) = self.list.get(pieces.start) else { return };
        let level = self.groups.around(pieces.start);
        // these have no sign at their end
        let head = self.begun(level).and_then(|begun| self.list.get(begun.head));
        let goes_on = first.kind == Kind::Text || ["with", "error", "{", "("].iter().any(|text| first.is(text));
        let unended = head.is_some_and(|head| head.is("vector") || head.is("cpp_quote"));
        if unended && !goes_on && !first.is_comment() {
            self.set_begun(level, None);
        }
        let begun = self.begun(level);
        let mut continues = begun.is_some();
        // in brackets, what begins behind the opener is indented already
        let further = begun.is_some_and(|begun| begun.leads || self.in_braces(level));
        let indent_of = |opener: usize| self.indents.get(opener).copied().unwrap_or_default();
        let indent = match self.groups.opener(pieces.start) {
            _ if first.kind == Kind::Directive => 0,
            _ if first.kind == Kind::Text && self.texts.is_some() => self.texts.unwrap_or_default(),
            Some(opener) => {
                continues = true;
                indent_of(opener)
            }
            None => level.map_or(0, |opener| indent_of(opener) + INDENT) + if further { INDENT } else { 0 },
        };
        let apart = first.newlines > 1 && !self.lines.is_empty();
        self.lines.push(Line { pieces: pieces.clone(), indent, apart, continues, level });
        let mut column = indent;
        for at in pieces.clone() {
            let Some(piece) = self.list.get(at) else { continue };
            column += usize::from(at > pieces.start && blank(self.list, self.groups, at));
            match piece.kind {
                Kind::Text => self.texts = self.texts.or(Some(column)),
                Kind::Comment | Kind::Inline => {}
                _ => self.texts = None,
            }
            column += piece.text.chars().count();
        }
        let last = pieces.clone().rev().find(|at| self.list.get(*at).is_some_and(|piece| !piece.is_comment()));
        for at in pieces.clone() {
            let begun = self.begun(self.groups.around(at));
            // a brace at the end of a line that goes on belongs to what has begun
            let own = Some(at) == last && at > pieces.start && self.list.get(at).is_some_and(|piece| piece.is("{"));
            if let Some(slot) = self.indents.get_mut(at) {
                *slot = begun.filter(|_| own).map_or(indent, |begun| begun.indent);
            }
            self.follow(at, at == pieces.start, indent);
        }
    }

    fn begun(&self, level: Option<usize>) -> Option<Begun> {
        self.begun.get(level.map_or(0, |opener| opener + 1)).copied().flatten()
    }

    fn set_begun(&mut self, level: Option<usize>, begun: Option<Begun>) {
        if let Some(slot) = self.begun.get_mut(level.map_or(0, |opener| opener + 1)) {
            *slot = begun;
        }
    }

    fn in_braces(&self, level: Option<usize>) -> bool {
        level.is_none_or(|opener| self.list.get(opener).is_some_and(|piece| piece.is("{")))
    }

    /// What a piece on a line that is indented so far begins or ends.
    fn follow(&mut self, at: usize, leads: bool, indent: usize) {
        let Some(piece) = self.list.get(at) else { return };
        let level = self.groups.around(at);
        let braces = self.in_braces(level);
        let statements =
            level.is_none_or(|opener| self.groups.opened(opener).is_some_and(|group| group.block && group.statements));
        let begun = self.begun(level);
        match (piece.kind, piece.text) {
            (Kind::Comment | Kind::Inline | Kind::Doc, _) => {}
            // the other branch begins where the first one did
            (Kind::Directive, text) => {
                if text.trim_start_matches('#').trim_start().starts_with("el") {
                    self.set_begun(level, None);
                }
            }
            (Kind::Sign, ";") => self.set_begun(level, None),
            (Kind::Sign, ",") if !statements => self.set_begun(level, None),
            (Kind::Sign, ",") => {}
            // attributes before a declaration do not begin it
            (Kind::Sign, "[" | "]") if braces && begun.is_none() => {}
            (Kind::Sign, "}") if braces => {
                let next = self.list.get(at + 1..).unwrap_or_default().iter().find(|piece| !piece.is_comment());
                let goes_on = |piece: &Piece<'_>| ["{", "with", "error", "or"].iter().any(|text| piece.is(text));
                self.set_begun(level, begun.filter(|_| next.is_some_and(goes_on)));
            }
            _ => self.set_begun(level, begun.or(Some(Begun { head: at, leads, indent }))),
        }
    }
}
