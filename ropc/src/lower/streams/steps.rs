//! Productions to the steps of an automaton.

use super::super::Lower;
use super::first::Facts;
use super::{Node, NodeKind, Rule};
use crate::ast::{Repeat, StreamDecl};
use crate::diagnostic::Diagnostic;
use crate::model::{Production, Set, Step};

/// The steps of all productions.
#[derive(Default)]
pub(super) struct Code {
    pub(super) sets: Vec<Set>,
    pub(super) steps: Vec<Step>,
    pub(super) productions: Vec<Production>,
}

/// Steps and productions are numbered by 16 bits, and this many are enough for anyone.
const MOST_STEPS: usize = 1 << 14;

impl Lower<'_> {
    /// Writes the steps of the productions.
    pub(super) fn steps(&mut self, stream: &StreamDecl, rules: &[Rule], facts: &Facts) -> Option<Code> {
        let mut code = Code::default();
        for rule in rules {
            code.productions.push(Production { name: rule.name.clone(), start: code.here() });
            code.node(&rule.node, facts);
            code.steps.push(Step::Return);
        }
        if code.steps.len() > MOST_STEPS {
            let message = format!("more than {MOST_STEPS} steps");
            self.diagnostics.push(Diagnostic::error("R0510", message, stream.name.span.clone(), "too large"));
            return None;
        }
        Some(code)
    }
}

impl Code {
    /// The number of the next step; what is too large is refused at the end.
    fn here(&self) -> u16 {
        u16::try_from(self.steps.len()).unwrap_or(u16::MAX)
    }

    fn set(&mut self, set: Set) -> u16 {
        let known = self.sets.iter().position(|other| *other == set);
        let index = known.unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// A step that goes on elsewhere if the next word is none of these; where is filled in later.
    fn test(&mut self, set: Set) -> usize {
        let set = self.set(set);
        self.steps.push(Step::Test(set, u16::MAX));
        self.steps.len() - 1
    }

    /// A step that goes on elsewhere; where is filled in later.
    fn go(&mut self) -> usize {
        self.steps.push(Step::Go(u16::MAX));
        self.steps.len() - 1
    }

    /// Lets steps go on here.
    fn fill(&mut self, at: usize) {
        let here = self.here();
        if let Some(Step::Test(_, to) | Step::Go(to)) = self.steps.get_mut(at) {
            *to = here;
        }
    }

    fn node(&mut self, node: &Node, facts: &Facts) {
        match &node.kind {
            NodeKind::Words(set) => {
                let set = self.set(*set);
                self.steps.push(Step::Take(set));
            }
            NodeKind::Call(rule) => self.steps.push(Step::Call(u16::try_from(*rule).unwrap_or(u16::MAX))),
            NodeKind::All(nodes) => nodes.iter().for_each(|node| self.node(node, facts)),
            NodeKind::One(nodes) => {
                let mut ends = Vec::new();
                for (at, node) in nodes.iter().enumerate() {
                    if at + 1 == nodes.len() {
                        self.node(node, facts);
                        break;
                    }
                    let test = self.test(facts.first(node));
                    self.node(node, facts);
                    ends.push(self.go());
                    self.fill(test);
                }
                ends.into_iter().for_each(|end| self.fill(end));
            }
            NodeKind::Repeat(inner, repeat) => {
                let start = self.here();
                if *repeat == Repeat::Some {
                    self.node(inner, facts);
                }
                let again = self.here();
                let test = self.test(facts.first(inner));
                match repeat {
                    Repeat::Some => self.steps.push(Step::Go(start)),
                    Repeat::Many => {
                        self.node(inner, facts);
                        self.steps.push(Step::Go(again));
                    }
                    Repeat::Once | Repeat::Optional => self.node(inner, facts),
                }
                self.fill(test);
            }
        }
    }
}
