//! What the productions that are open have to have, must not have, and have had.

use super::grammar::{Grammar, Requirement, Rule, Set, has};

/// A requirement of a production that is open.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// By its place in [`Grammar::requirements`].
    requirement: usize,
    /// Productions that were open with it.
    depth: usize,
    /// Properties that are done with, by their place: they were there, or come too late.
    done: Set,
}

/// The words of properties that have to come.
fn missing<'g>(requirement: &'g Requirement<'g>, done: Set) -> impl Iterator<Item = Set> + use<'g> {
    let places = requirement.words.iter().enumerate();
    let due = requirement.rule == Rule::Has;
    places.filter(move |(place, _)| due && !has(done, *place)).map(|(_, words)| *words)
}

/// The words of a set that may come.
fn allowed(requirement: &Requirement<'_>, done: Set, words: Set) -> Set {
    let of = |late: bool| {
        let places = requirement.words.iter().enumerate();
        places.filter(|(place, _)| !late || has(done, *place)).fold(0, |all, (_, words)| all | words)
    };
    match requirement.rule {
        Rule::Has => words,
        Rule::Leads => words & !of(true),
        Rule::Lacks => words & !of(false),
    }
}

/// The requirements of all productions that are open.
#[derive(Clone, Debug)]
pub(super) struct Required<'g> {
    grammar: &'g Grammar<'g>,
    root: u16,
    strict: bool,
    kept: Vec<Kept>,
    /// Productions that are open.
    depth: usize,
    /// Productions that were open when the last word was taken, and still are.
    entered: usize,
    /// How many were open with each one that began with a marker.
    elements: Vec<usize>,
}

impl<'g> Required<'g> {
    pub(super) fn new(grammar: &'g Grammar<'g>, root: u16) -> Self {
        Self { grammar, root, strict: false, kept: Vec::new(), depth: 0, entered: 0, elements: Vec::new() }
    }

    /// The same with a copy of the grammar.
    pub(super) fn with_grammar<'h>(self, grammar: &'h Grammar<'h>) -> Required<'h> {
        Required {
            grammar,
            root: self.root,
            strict: self.strict,
            kept: self.kept,
            depth: self.depth,
            entered: self.entered,
            elements: self.elements,
        }
    }

    pub(super) fn strict(&mut self, strict: bool) {
        self.strict = strict;
        let requirements = self.grammar.requirements;
        self.kept.retain(|kept| strict || requirements.get(kept.requirement).is_some_and(|of| !of.lenient));
    }

    fn requirement(&self, kept: &Kept) -> Option<&'g Requirement<'g>> {
        self.grammar.requirements.get(kept.requirement)
    }

    /// The requirements of a production that hold here, with their places.
    fn of(&self, production: u16) -> impl Iterator<Item = (usize, &'g Requirement<'g>)> + use<'g> {
        let (grammar, strict, root): (&'g Grammar<'g>, bool, u16) = (self.grammar, self.strict, self.root);
        grammar.requirements.iter().enumerate().filter(move |(_, of)| {
            let holds = of.roots.is_empty() || of.roots.contains(&root);
            of.production == production && holds && (strict || !of.lenient)
        })
    }

    /// A production is open, the last of so many.
    pub(super) fn opened(&mut self, production: u16, depth: usize) {
        self.depth = depth;
        let of_it = self.of(production).map(|(requirement, _)| Kept { requirement, depth, done: 0 });
        self.kept.extend(of_it);
    }

    /// So many productions are left open.
    pub(super) fn closed(&mut self, depth: usize) {
        self.depth = depth;
        self.entered = self.entered.min(depth);
        while self.kept.last().is_some_and(|kept| kept.depth > depth) {
            self.kept.pop();
        }
        while self.elements.last().is_some_and(|element| *element > depth) {
            self.elements.pop();
        }
    }

    /// A word was taken.
    pub(super) fn took(&mut self, word: usize) {
        let is_marker = word < self.grammar.markers.len();
        if is_marker {
            self.elements.extend(self.entered + 1..=self.depth);
        }
        self.entered = self.depth;
        let is_other = !is_marker && !has(self.grammar.structural, word);
        let (innermost, requirements) = (self.innermost(), self.grammar.requirements);
        for kept in self.kept.iter_mut().filter(|kept| kept.depth >= innermost) {
            let Some(of) = requirements.get(kept.requirement) else { continue };
            let place = of.words.iter().position(|words| has(*words, word));
            match (of.rule, place) {
                (Rule::Has, Some(place)) => kept.done |= 1 << place,
                // What stands before it in the list comes too late.
                (Rule::Leads, Some(place)) => kept.done |= Set::MAX >> (Set::BITS - 1).saturating_sub(place as u32),
                (Rule::Leads, None) if is_other => kept.done = Set::MAX,
                _ => {}
            }
        }
    }

    /// The innermost production that began with a marker: what stands in it belongs to none outside.
    fn innermost(&self) -> usize {
        self.elements.last().copied().unwrap_or(0)
    }

    /// The words of a set that the requirements allow next.
    pub(super) fn allowed(&self, words: Set) -> Set {
        let innermost = self.innermost();
        self.kept.iter().fold(words, |words, kept| match self.requirement(kept) {
            Some(of) if of.rule == Rule::Lacks || kept.depth >= innermost => allowed(of, kept.done, words),
            _ => words,
        })
    }

    /// The words of a set that a production allows when it begins, and whether it has to have some.
    pub(super) fn at_beginning(&self, production: u16, words: Set) -> (Set, bool) {
        self.of(production).fold((words, false), |(words, due), (_, of)| {
            (allowed(of, 0, words), due || missing(of, 0).next().is_some())
        })
    }

    /// The last of so many productions lacks something.
    pub(super) fn is_incomplete(&self, depth: usize) -> bool {
        self.kept.iter().any(|kept| kept.depth == depth && self.lacking(kept).next().is_some())
    }

    fn lacking(&self, kept: &Kept) -> impl Iterator<Item = Set> + use<'g> {
        let done = kept.done;
        self.requirement(kept).into_iter().flat_map(move |of| missing(of, done))
    }

    /// How many properties have to come.
    pub(super) fn missing(&self) -> usize {
        self.kept.iter().map(|kept| self.lacking(kept).count()).sum()
    }

    /// What the innermost production that lacks something lacks.
    pub(super) fn names(&self) -> String {
        let incomplete = self.kept.iter().rev().find(|kept| self.lacking(kept).next().is_some());
        let words = incomplete.into_iter().flat_map(|kept| self.lacking(kept));
        words.map(|words| self.grammar.words(words, false)).collect::<Vec<_>>().join(", ")
    }
}
