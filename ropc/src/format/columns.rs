//! Lines into text: names, values, arrows and comments of neighbouring lines stand below each other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::groups::Groups;
use super::layout::Line;
use super::pieces::{Kind, Piece};
use super::spaces::blank;

/// Words that begin something else than a field.
const NO_TYPES: [&str; 31] = [
    "let",
    "require",
    "reserved",
    "owns",
    "echo",
    "state",
    "effect",
    "no",
    "import",
    "typedef",
    "type",
    "value",
    "structural",
    "recover",
    "override",
    "context",
    "root",
    "production",
    "token",
    "atom",
    "unsolicited",
    "vector",
    "input",
    "output",
    "response",
    "return",
    "else",
    "always",
    "library",
    "importlib",
    "dispinterface",
];

/// What lines are that stand below each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// `uint16 Size = 1;`: names below names.
    Field,
    /// `First = 1,`: values below values.
    Value,
    /// `input handle<A> X;`: `handle` below `handle`, names below names.
    Handle,
}

/// The text of the lines.
pub(super) fn write(list: &[Piece<'_>], groups: &Groups, lines: &[Line]) -> String {
    let mut columns = Columns { list, groups, extra: vec![0; list.len()] };
    columns.runs(lines);
    columns.arms(lines);
    columns.comments(lines);
    let mut out = String::new();
    for line in lines {
        if line.apart {
            out.push('\n');
        }
        columns.write(line, &mut out);
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    out
}

struct Columns<'l, 't> {
    list: &'l [Piece<'t>],
    groups: &'l Groups,
    /// Blanks before a piece besides its own.
    extra: Vec<usize>,
}

impl Columns<'_, '_> {
    fn write(&self, line: &Line, out: &mut String) {
        out.push_str(&" ".repeat(line.indent));
        for at in line.pieces.clone() {
            let Some(piece) = self.list.get(at) else { continue };
            if at > line.pieces.start && blank(self.list, self.groups, at) {
                out.push(' ');
            }
            out.push_str(&" ".repeat(self.extra.get(at).copied().unwrap_or_default()));
            if piece.kind == Kind::Inline && piece.text.contains('\n') {
                let start = out.rfind('\n').map_or(0, |newline| newline + 1);
                let column = out.get(start..).map_or(0, |line| line.chars().count());
                moved(piece, column, out);
            } else {
                out.push_str(piece.text);
            }
        }
    }

    /// Columns of some pieces, the first one's blank not counted.
    fn width(&self, pieces: Range<usize>) -> usize {
        let first = pieces.start;
        let one = |at: usize| {
            let blank = at > first && blank(self.list, self.groups, at);
            let extra = if at > first { self.extra.get(at).copied().unwrap_or_default() } else { 0 };
            self.list.get(at).map_or(0, |piece| piece.text.chars().count()) + usize::from(blank) + extra
        };
        pieces.map(one).sum()
    }

    /// Puts pieces below each other: each has so many columns before it on its line.
    fn align(&mut self, cells: &[(usize, usize)]) {
        let widest = cells.iter().map(|(_, width)| *width).max().unwrap_or_default();
        for (at, width) in cells {
            if let Some(extra) = self.extra.get_mut(*at) {
                *extra = widest - width;
            }
        }
    }

    /// Lines of one shape in one block; an empty line begins anew.
    fn runs(&mut self, lines: &[Line]) {
        let mut open: BTreeMap<(Shape, Option<usize>), Vec<&Line>> = BTreeMap::new();
        for line in lines {
            if line.apart {
                for shape in [Shape::Field, Shape::Value, Shape::Handle] {
                    let run = open.remove(&(shape, line.level)).unwrap_or_default();
                    self.run(shape, &run);
                }
            }
            if let Some(shape) = self.shape(line) {
                open.entry((shape, line.level)).or_default().push(line);
            }
        }
        for ((shape, _), run) in open {
            self.run(shape, &run);
        }
    }

    fn run(&mut self, shape: Shape, run: &[&Line]) {
        if shape == Shape::Handle {
            let cells: Vec<_> = run
                .iter()
                .map(|line| (line.pieces.start + 1, self.width(line.pieces.start..line.pieces.start + 1)))
                .collect();
            self.align(&cells);
        }
        let cells: Vec<_> = run
            .iter()
            .filter_map(|line| self.split(line, shape).map(|at| (at, self.width(line.pieces.start..at))))
            .collect();
        self.align(&cells);
    }

    fn pieces(&self, line: &Line) -> &[Piece<'_>] {
        self.list.get(line.pieces.clone()).unwrap_or_default()
    }

    /// The pieces of a line without a comment at its end.
    fn said(&self, line: &Line) -> Range<usize> {
        let comments = self.pieces(line).iter().rev().take_while(|piece| piece.is_comment()).count();
        line.pieces.start..line.pieces.end - comments
    }

    fn shape(&self, line: &Line) -> Option<Shape> {
        [Shape::Handle, Shape::Field, Shape::Value].into_iter().find(|shape| self.split(line, *shape).is_some())
    }

    /// The piece that stands below that of the neighbouring lines.
    fn split(&self, line: &Line, shape: Shape) -> Option<usize> {
        if line.continues {
            return None;
        }
        let said = self.said(line);
        let pieces = self.list.get(said.clone())?;
        let ends = |piece: &Piece<'_>| piece.is(";") || piece.is(",");
        let inside = pieces.split_last().map_or(&[][..], |(last, rest)| if ends(last) { rest } else { pieces });
        let own = |at: usize| self.groups.around(said.start + at) == line.level;
        let one = inside.iter().enumerate().all(|(at, piece)| !own(at) || !ends(piece) || piece.is(","));
        let in_statements =
            line.level.is_none_or(|opener| self.groups.opened(opener).is_some_and(|group| group.statements));
        if !one {
            return None;
        }
        let whole = pieces.last().is_some_and(|piece| piece.is(";"));
        match shape {
            Shape::Handle => {
                let roles = ["input", "output", "response"];
                let role = pieces.first().is_some_and(|piece| roles.iter().any(|role| piece.is(role)));
                let handle = pieces.iter().take(3).any(|piece| piece.is("handle"));
                (role && handle && whole && pieces.len() > 3).then(|| said.end - 2)
            }
            Shape::Field => {
                let first = pieces.first()?;
                let mapi = self.groups.is_mapi(line.pieces.start);
                if !whole || !in_statements || !mapi || NO_TYPES.contains(&first.text) {
                    return None;
                }
                self.name_of_field(pieces).map(|at| said.start + at)
            }
            Shape::Value => {
                let commas = inside.iter().enumerate().any(|(at, piece)| own(at) && piece.is(","));
                let assigns = matches!(pieces, [name, sign, _, ..] if name.kind == Kind::Word && sign.is("="));
                (assigns && !commas && line.level.is_some()).then_some(said.start + 1)
            }
        }
    }

    /// The name in `unsigned long Name`, `handle<A | B> *Name[3]`, with its asterisks.
    fn name_of_field(&self, pieces: &[Piece<'_>]) -> Option<usize> {
        let mut at = 0;
        let mut words = 0;
        let mut angles = 0usize;
        loop {
            let piece = pieces.get(at)?;
            let next = pieces.get(at + 1)?;
            match piece.kind {
                Kind::Sign if piece.text == "<" => angles += 1,
                Kind::Sign if piece.text == ">" => angles = angles.checked_sub(1)?,
                Kind::Sign if angles > 0 && matches!(piece.text, "|" | "." | ",") => {}
                Kind::Sign if piece.text == "*" && words > 0 => {
                    let name = at + pieces.get(at..)?.iter().take_while(|piece| piece.is("*")).count();
                    let follows = pieces.get(name + 1)?;
                    let is_name =
                        pieces.get(name)?.kind == Kind::Word && [";", "=", "[", ","].iter().any(|s| follows.is(s));
                    return is_name.then_some(at);
                }
                Kind::Word if angles > 0 => {}
                Kind::Word => {
                    let ends = [";", "=", "[", ","].iter().any(|sign| next.is(sign));
                    if ends {
                        let aggregate = ["struct", "union", "enum", "bitmap"];
                        let forward =
                            at == 1 && pieces.first().is_some_and(|p| aggregate.contains(&p.text)) && next.is(";");
                        return (words > 0 && !forward).then_some(at);
                    }
                    words += 1;
                }
                _ => return None,
            }
            at += 1;
        }
    }

    /// Arms of a match: labels, patterns and arrows, over the whole match.
    fn arms(&mut self, lines: &[Line]) {
        let mut matches: BTreeMap<usize, Vec<(usize, Option<usize>, usize)>> = BTreeMap::new();
        for line in lines.iter().filter(|line| !line.continues) {
            let Some(level) = line.level else { continue };
            let own = |at: &usize| self.groups.around(*at) == Some(level);
            let is = |at: usize, sign: &str| self.list.get(at).is_some_and(|piece| piece.is(sign));
            let Some(arrow) = line.pieces.clone().filter(own).find(|at| is(*at, "=>")) else { continue };
            let label = is(line.pieces.start + 1, ":").then_some(line.pieces.start + 2);
            matches.entry(level).or_default().push((line.pieces.start, label, arrow));
        }
        for arms in matches.values() {
            let labels: Vec<_> =
                arms.iter().filter_map(|(start, label, _)| label.map(|at| (at, self.width(*start..at)))).collect();
            self.align(&labels);
            let arrows: Vec<_> = arms.iter().map(|(start, _, arrow)| (*arrow, self.width(*start..*arrow))).collect();
            self.align(&arrows);
        }
    }

    /// Comments at the ends of lines that follow each other.
    fn comments(&mut self, lines: &[Line]) {
        let mut run: Vec<(usize, usize)> = Vec::new();
        for line in lines {
            let said = self.said(line);
            let here = (said.end < line.pieces.end && !said.is_empty()).then_some(said.end);
            if here.is_none() || line.apart {
                self.align(&std::mem::take(&mut run));
            }
            if let Some(at) = here {
                run.push((at, line.indent + self.width(line.pieces.start..at)));
            }
        }
        self.align(&run);
    }
}

/// A comment of several lines: all of them move with the first.
fn moved(piece: &Piece<'_>, column: usize, out: &mut String) {
    for (index, line) in piece.text.split('\n').enumerate() {
        let line = line.trim_end();
        if index == 0 {
            out.push_str(line);
            continue;
        }
        out.push('\n');
        let text = line.trim_start();
        let mut old = 0;
        for c in line.chars().take_while(|c| c.is_whitespace()) {
            old = if c == '\t' { (old / 8 + 1) * 8 } else { old + 1 };
        }
        if !text.is_empty() {
            out.push_str(&" ".repeat((old + column).saturating_sub(piece.column)));
            out.push_str(text);
        }
    }
}
