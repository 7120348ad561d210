//! Which ways the choices of a property went: one that no case takes is one that nothing tests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::Location;

/// A place in generated code where something is chosen or decided: file, line, column.
type Place = (&'static str, u32, u32);

/// A way with this many takings to be expected of it is taken, or something is wrong with the choices.
const EXPECTED: f64 = 16.0;
/// The same for ways that are taken in turn, at a place that so many turns come to: others may be in step with another.
const EXPECTED_IN_TURN: f64 = 3.0;
const TURNS: f64 = 100.0;
/// A condition that is asked so often is true once and false once.
const ASKED: u32 = 128;

#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// How often it would be taken if all that are possible were taken alike.
    expected: f64,
    expected_in_turn: f64,
    taken: u32,
}

thread_local! {
    static WAYS: RefCell<BTreeMap<Place, Vec<Way>>> = const { RefCell::new(BTreeMap::new()) };
    static CONDITIONS: RefCell<BTreeMap<Place, [u32; 2]>> = const { RefCell::new(BTreeMap::new()) };
}

fn place(at: &'static Location<'static>) -> Place {
    (at.file(), at.line(), at.column())
}

/// A way was taken of those that were possible, by index.
pub(crate) fn taken(at: &'static Location<'static>, way: usize, possible: &[usize], in_turn: bool) {
    let each = 1.0 / possible.len().max(1) as f64;
    WAYS.with_borrow_mut(|all| {
        let ways = all.entry(place(at)).or_default();
        for &index in possible.iter().chain([&way]) {
            if ways.len() <= index {
                ways.resize(index + 1, Way::default());
            }
        }
        for &index in possible {
            ways[index].expected += each;
            ways[index].expected_in_turn += if in_turn { each } else { 0.0 };
        }
        ways[way].taken += 1;
    });
}

/// A condition was so.
pub(crate) fn asked(at: &'static Location<'static>, holds: bool) {
    CONDITIONS.with_borrow_mut(|all| all.entry(place(at)).or_default()[usize::from(holds)] += 1);
}

/// Begins anew.
pub(crate) fn forget() {
    WAYS.with_borrow_mut(BTreeMap::clear);
    CONDITIONS.with_borrow_mut(BTreeMap::clear);
}

/// How the choices since `forget` went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Ways that were taken.
    pub taken: usize,
    /// Ways that were possible.
    pub possible: usize,
    /// Those that should have been taken and were not, by place.
    pub missing: Vec<String>,
}

/// How the choices since `forget` went.
#[must_use]
pub fn summary() -> Summary {
    let mut summary = Summary::default();
    let mut add = |(file, line, column): &Place, what: String, taken: u32, due: bool| {
        summary.possible += 1;
        summary.taken += usize::from(taken > 0);
        if taken == 0 && due {
            summary.missing.push(format!("{file}:{line}:{column}: {what}"));
        }
    };
    WAYS.with_borrow(|all| {
        for (place, ways) in all {
            let turns: f64 = ways.iter().map(|way| way.expected_in_turn).sum();
            for (index, way) in ways.iter().enumerate().filter(|(_, way)| way.expected > 0.0) {
                let due = way.expected >= EXPECTED || turns >= TURNS && way.expected_in_turn >= EXPECTED_IN_TURN;
                add(place, format!("way {index} of {}", ways.len()), way.taken, due);
            }
        }
    });
    CONDITIONS.with_borrow(|all| {
        for (place, times) in all {
            let due = times.iter().sum::<u32>() >= ASKED;
            add(place, "the condition never holds".to_owned(), times[1], due);
            add(place, "the condition always holds".to_owned(), times[0], due);
        }
    });
    summary
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Choices;

    /// A value with a variant in an arm of its own.
    fn value(g: &mut Choices, ways: usize) -> usize {
        if g.holds(ways == 0) { 0 } else { g.pick(ways) }
    }

    #[test]
    fn a_way_that_is_never_taken_is_missed() {
        forget();
        for word in 0..100 {
            value(&mut Choices::new(vec![word]), 4);
        }
        let summary = summary();
        assert_eq!((summary.taken, summary.possible), (5, 6));
        assert!(summary.missing.is_empty(), "asked 100 times: {:?}", summary.missing);
        for _ in 0..100 {
            value(&mut Choices::new(vec![0]), 5);
        }
        let missing = super::summary().missing;
        assert!(missing.len() == 2 && missing[0].ends_with("way 4 of 5"), "{missing:?}");
        assert!(missing[1].ends_with("the condition never holds"));
    }

    #[test]
    fn what_is_chosen_while_a_rule_is_broken_does_not_count() {
        forget();
        let mut g = Choices::new(vec![1, 2]);
        assert!(g.breaks(true));
        let mut broken = g.breaking().unwrap();
        assert!(!broken.breaks(true));
        assert_eq!(summary().taken, 1);
    }
}
