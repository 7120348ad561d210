//! Which values of its discriminants the arms of a match take.

use super::Lower;
use super::values::max;
use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::model::{Arm, Discriminant, Match, Pattern, Program, Type, TypeKind};

/// From, to.
type Range = (u64, u64);
/// A match that leaves more pieces than this is not looked into.
const MOST_PIECES: usize = 4096;

/// The values that no arm so far takes: one range a discriminant in each piece.
struct Left {
    pieces: Vec<Vec<Range>>,
}

impl Left {
    /// Takes these values away; false when nothing of them was left.
    fn take(&mut self, taken: &[Range]) -> bool {
        let mut pieces = Vec::new();
        let mut found = false;
        for piece in std::mem::take(&mut self.pieces) {
            if piece.iter().zip(taken).any(|(a, b)| a.1 < b.0 || b.1 < a.0) {
                pieces.push(piece);
                continue;
            }
            found = true;
            let mut rest = piece;
            for (at, &(from, to)) in taken.iter().enumerate() {
                let Some(&(low, high)) = rest.get(at) else { continue };
                let outside = [
                    (low < from).then(|| (low, from.wrapping_sub(1))),
                    (to < high).then(|| (to.wrapping_add(1), high)),
                ];
                for range in outside.into_iter().flatten() {
                    let mut cut = rest.clone();
                    if let Some(side) = cut.get_mut(at) {
                        *side = range;
                    }
                    pieces.push(cut);
                }
                if let Some(side) = rest.get_mut(at) {
                    *side = (low.max(from), high.min(to));
                }
            }
        }
        self.pieces = pieces;
        found
    }
}

/// Every value of the discriminants is some arm's.
pub(crate) fn is_total(program: &Program, m: &Match) -> bool {
    let mut left = everything(program, &m.on);
    for arm in m.arms.iter().filter(|arm| arm.guard.is_none()) {
        for taken in products(program, &m.on, arm) {
            left.take(&taken);
        }
        if left.pieces.len() > MOST_PIECES {
            return false;
        }
    }
    left.pieces.is_empty()
}

impl Lower<'_> {
    /// Reports arms that no value reaches, because those before them take it.
    pub(crate) fn unreachable_arms(&mut self, on: &[Discriminant], arms: &[(Arm, Span)]) {
        let mut left = everything(&self.program, on);
        for (arm, span) in arms {
            for taken in products(&self.program, on, arm) {
                let mut after = Left { pieces: left.pieces.clone() };
                let reached = after.take(&taken);
                if arm.guard.is_none() {
                    left = after;
                }
                if !reached {
                    self.diagnostics.push(Diagnostic::error(
                        "R0315",
                        format!("`{}` is never chosen for one of its values", arm.name),
                        span.clone(),
                        "the arms before it take the value",
                    ));
                    break;
                }
            }
            if left.pieces.len() > MOST_PIECES {
                return;
            }
            if let (1, Some(range)) = (on.len(), overlapping(arms, arm)) {
                self.diagnostics.push(Diagnostic::error(
                    "R0315",
                    format!("{:#x} to {:#x} overlaps the range of an arm before", range.0, range.1),
                    span.clone(),
                    "which of them is meant?",
                ));
            }
        }
    }
}

/// A range of the arm that has values in common with a range of an arm before.
fn overlapping(arms: &[(Arm, Span)], arm: &Arm) -> Option<Range> {
    let ranges = |arm: &Arm| -> Vec<Range> {
        let patterns = arm.patterns.first().into_iter().flatten();
        patterns.filter_map(|p| if let Pattern::Range(from, to) = p { Some((*from, *to)) } else { None }).collect()
    };
    let before: Vec<Range> = arms.iter().take_while(|(a, _)| a.name != arm.name).flat_map(|(a, _)| ranges(a)).collect();
    ranges(arm).into_iter().find(|own| before.iter().any(|other| own.0 <= other.1 && other.0 <= own.1))
}

fn everything(program: &Program, on: &[Discriminant]) -> Left {
    Left { pieces: vec![on.iter().map(|d| (0, most(program, &d.ty))).collect()] }
}

/// The values of an arm, one range a discriminant in each.
fn products(program: &Program, on: &[Discriminant], arm: &Arm) -> Vec<Vec<Range>> {
    let mut all: Vec<Vec<Range>> = vec![Vec::new()];
    for (at, discriminant) in on.iter().enumerate() {
        let any = (0, most(program, &discriminant.ty));
        let ranges: Vec<Range> = match arm.patterns.get(at) {
            Some(alternatives) => alternatives.iter().map(|pattern| range(pattern, any)).collect(),
            None => vec![any],
        };
        let with = |head: &Vec<Range>| -> Vec<Vec<Range>> {
            ranges.iter().map(|range| head.iter().copied().chain([*range]).collect()).collect()
        };
        all = all.iter().flat_map(with).take(MOST_PIECES).collect();
    }
    all
}

fn range(pattern: &Pattern, any: Range) -> Range {
    match pattern {
        Pattern::Any => any,
        Pattern::Int(value) | Pattern::Const(_, _, value) => (*value, *value),
        Pattern::Bool(value) => (u64::from(*value), u64::from(*value)),
        Pattern::Range(from, to) => (*from, *to),
    }
}

/// The largest value, as bits.
fn most(program: &Program, ty: &Type) -> u64 {
    match ty {
        Type::Bool(_) => 1,
        Type::Int(kind) => max(*kind),
        Type::Named(id, _) => match &program.ty(*id).kind {
            TypeKind::Enum(e) => max(e.base),
            TypeKind::Bits(b) => max(b.base),
            TypeKind::Form(f) => (f.items.len() as u64).saturating_sub(1),
            TypeKind::Struct(_) => u64::MAX,
        },
        _ => u64::MAX,
    }
}
