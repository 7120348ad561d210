//! Where the choices of a property come from: words that shrink, and in every second case ways in turn.

use std::cell::Cell;
use std::panic::Location;

use proptest::collection::{VecStrategy, vec};
use proptest::prelude::{Strategy, any};
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::TestRunner;

use crate::choices::{Choices, MAX_WORDS};

type Words = VecStrategy<proptest::num::u32::Any>;

/// Choices at random, for `proptest!`.
#[derive(Debug)]
pub struct Sources {
    words: Words,
    cases: Cell<u32>,
}

/// Choices at random, for `proptest!`.
#[must_use]
pub fn choices() -> Sources {
    choices_of(MAX_WORDS)
}

/// The same, of fewer words than so many.
#[must_use]
pub fn choices_of(words: usize) -> Sources {
    Sources { words: vec(any::<u32>(), 0..words.max(1)), cases: Cell::new(0) }
}

impl Strategy for Sources {
    type Tree = Source;
    type Value = Choices;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let case = self.cases.replace(self.cases.get().wrapping_add(1));
        let turn = (case % 2 == 1).then_some(case / 2);
        Ok(Source { words: self.words.new_tree(runner)?, turn })
    }
}

/// The choices of one case, which shrink with their words.
#[derive(Debug)]
pub struct Source {
    words: <Words as Strategy>::Tree,
    turn: Option<u32>,
}

impl ValueTree for Source {
    type Value = Choices;

    fn current(&self) -> Choices {
        Choices::in_turn(self.words.current(), Turns { turn: self.turn, before: Vec::new() })
    }

    fn simplify(&mut self) -> bool {
        self.words.simplify()
    }

    fn complicate(&mut self) -> bool {
        self.words.complicate()
    }
}

/// Whose turn it is: at each place the first choice of a case goes the next way, whatever the words say.
///
/// Large matches are gone through in few cases so; chance alone would leave out an arm now and then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    turn: Option<u32>,
    before: Vec<(u32, u32)>,
}

impl Turns {
    /// The same from the beginning.
    pub(crate) fn again(&self) -> Self {
        Self { turn: self.turn, before: Vec::new() }
    }

    /// The number of the way, where it is decided in turn.
    pub(crate) fn next(&mut self, at: &'static Location<'static>) -> Option<usize> {
        let turn = self.turn?;
        let place = (at.line(), at.column());
        if self.before.contains(&place) {
            return None;
        }
        self.before.push(place);
        // Places next to each other do not go in step.
        let offset = place.0.wrapping_mul(31).wrapping_add(place.1);
        usize::try_from(turn.wrapping_add(turn / 8).wrapping_add(offset % 64)).ok()
    }
}
