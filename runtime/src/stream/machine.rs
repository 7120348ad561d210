//! The productions that are open: a stack and a step, moved by words.

use super::error::StreamErrorKind;
use super::grammar::{Grammar, Set, Step, has};
use super::required::Required;

/// A production that is open.
#[derive(Clone, Copy, Debug)]
struct Frame {
    production: u16,
    /// Where the production that opened it goes on.
    back: u16,
}

/// Where a stream is in its grammar.
#[derive(Clone, Debug)]
pub struct Machine<'g> {
    grammar: &'g Grammar<'g>,
    at: u16,
    stack: Vec<Frame>,
    /// How often each production is open.
    open: Vec<u16>,
    begun: bool,
    root: u16,
    /// What the productions that are open still have to have.
    required: Required<'g>,
    /// Productions are given up until one is on top that goes on after an error.
    unwinding: bool,
}

/// What moving did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A production began.
    Began(u16),
    /// A production ended; whether it has all of its parts.
    Ended(u16, bool),
    /// The word was taken.
    Took,
    /// The next word decides.
    Waits,
    /// The root has ended.
    Done,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A word.
    Word(usize),
    /// Not known yet.
    Unknown,
    /// Nothing.
    End,
}

/// Steps that looking ahead takes at most: more than any grammar has between two words.
const MOST_STEPS: usize = 1 << 16;

impl<'g> Machine<'g> {
    /// Before the first word of a root, a production by number.
    #[must_use]
    pub fn new(grammar: &'g Grammar<'g>, root: u16) -> Self {
        let open = vec![0; grammar.productions.len()];
        let required = Required::new(grammar, root);
        Self { grammar, at: 0, stack: Vec::new(), open, begun: false, root, required, unwinding: false }
    }

    /// The same, and what only writers have to keep to has to hold, too, or need not.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.required.strict(strict);
        self
    }

    /// The same place in a copy of the grammar.
    #[must_use]
    pub fn with_grammar<'h>(self, grammar: &'h Grammar<'h>) -> Machine<'h> {
        Machine {
            grammar,
            at: self.at,
            stack: self.stack,
            open: self.open,
            begun: self.begun,
            root: self.root,
            required: self.required.with_grammar(grammar),
            unwinding: self.unwinding,
        }
    }

    /// The innermost production that is open.
    #[must_use]
    pub fn production(&self) -> &'g str {
        match self.stack.last() {
            Some(frame) => self.grammar.production_name(frame.production),
            None if self.begun => "",
            None => self.grammar.production_name(self.root),
        }
    }

    /// Productions that are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.stack.len()
    }

    /// The root has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.begun && self.stack.is_empty()
    }

    /// How many properties the productions that are open still have to have.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.required.missing()
    }

    /// The words that may come next, and whether the stream may end.
    #[must_use]
    pub fn expected(&self) -> (Set, bool) {
        let (words, end) = self.reachable(true);
        (self.required.allowed(words) | self.interruption(), end)
    }

    /// The words that the steps lead to, and whether they lead to the end; with `whole` no further than to the end of
    /// a production that lacks something.
    fn reachable(&self, whole: bool) -> (Set, bool) {
        let mut words = 0;
        // Where productions that begin here go on, with what they allow and whether they have to have something.
        let mut inner: Vec<(u16, Set, bool)> = Vec::new();
        let mut outer = self.stack.iter().rev();
        if self.is_done() {
            return (words, true);
        }
        let mut at = if self.begun { Some(self.at) } else { self.start(self.root) };
        for _ in 0..MOST_STEPS {
            let Some(step) = at.and_then(|at| self.grammar.steps.get(usize::from(at)).map(|step| (at, *step))) else {
                return (words, false);
            };
            let allowed = inner.last().map_or(Set::MAX, |(_, allowed, _)| *allowed);
            at = match step {
                (at, Step::Take(set)) => {
                    let lacks = whole && inner.is_empty() && self.required.is_incomplete(outer.len());
                    let more = if lacks && self.closes(at, set) { 0 } else { self.grammar.set(set) & allowed };
                    return (words | more, false);
                }
                (_, Step::Test { set, otherwise }) => {
                    words |= self.grammar.set(set) & allowed;
                    Some(otherwise)
                }
                (_, Step::Go(to)) => Some(to),
                (at, Step::Call(production)) => {
                    let (allowed, due) = self.required.at_beginning(production, allowed);
                    inner.push((at.saturating_add(1), allowed, due));
                    self.start(production)
                }
                (_, Step::Return) => match inner.pop() {
                    Some((_, _, true)) if whole => return (words, false),
                    Some((back, ..)) => Some(back),
                    // As many productions are open as are left of the outer ones.
                    None if whole && self.required.is_incomplete(outer.len()) => return (words, false),
                    None => match (outer.next(), outer.len()) {
                        // The root's end is the stream's.
                        (None, _) | (Some(_), 0) => return (words, true),
                        (Some(frame), _) => Some(frame.back),
                    },
                },
            };
        }
        (words, false)
    }

    /// A marker is the last word of its production.
    fn closes(&self, at: u16, set: u16) -> bool {
        let after = self.grammar.steps.get(usize::from(at) + 1);
        after == Some(&Step::Return) && self.grammar.set(set) >> self.grammar.markers.len() == 0
    }

    fn start(&self, production: u16) -> Option<u16> {
        self.grammar.productions.get(usize::from(production)).map(|production| production.start)
    }

    /// The words of what may interrupt the productions that are open.
    fn interruption(&self) -> Set {
        let within = |within: &[u16]| within.iter().any(|p| self.open.get(usize::from(*p)).is_some_and(|n| *n > 0));
        self.grammar.recovery.filter(|recovery| within(recovery.within)).map_or(0, |recovery| recovery.first)
    }

    /// Checks that a word may come next. Once for each word, before [`Machine::advance`] moves by it.
    ///
    /// # Errors
    /// `Unexpected`.
    pub fn check(&mut self, word: usize) -> Result<(), StreamErrorKind> {
        let (words, end) = self.expected();
        if has(words, word) {
            self.unwinding = has(self.interruption(), word);
            return Ok(());
        }
        if has(self.required.allowed(self.reachable(false).0), word) {
            return Err(self.incomplete());
        }
        Err(StreamErrorKind::Unexpected { found: self.grammar.word(word), expected: self.grammar.words(words, end) })
    }

    /// Checks that the stream may end.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn check_end(&self) -> Result<(), StreamErrorKind> {
        match self.expected() {
            (_, true) => Ok(()),
            _ if self.reachable(false).1 => Err(self.incomplete()),
            (words, false) => Err(StreamErrorKind::Truncated { expected: self.grammar.words(words, false) }),
        }
    }

    fn incomplete(&self) -> StreamErrorKind {
        StreamErrorKind::Missing { properties: self.required.names() }
    }

    /// Moves until a production begins or ends, the word is taken, or the word that decides is not known.
    ///
    /// # Errors
    /// `TooDeep`, and what [`Machine::check`] and [`Machine::check_end`] say where they were not asked.
    pub fn advance(&mut self, next: Next) -> Result<Move, StreamErrorKind> {
        if !self.begun {
            self.begun = true;
            return self.open(self.root, 0);
        }
        if self.unwinding {
            return self.unwind();
        }
        while !self.stack.is_empty() {
            let Some(step) = self.grammar.steps.get(usize::from(self.at)) else { break };
            match *step {
                Step::Take(set) => match next {
                    Next::Unknown => return Ok(Move::Waits),
                    Next::Word(word) if has(self.grammar.set(set), word) => {
                        self.at = self.at.saturating_add(1);
                        self.required.took(word);
                        return Ok(Move::Took);
                    }
                    Next::Word(word) => return Err(self.unexpected(word)),
                    Next::End => {
                        let expected = self.grammar.words(self.grammar.set(set), false);
                        return Err(StreamErrorKind::Truncated { expected });
                    }
                },
                Step::Test { set, otherwise } => match next {
                    Next::Unknown => return Ok(Move::Waits),
                    Next::Word(word) if has(self.grammar.set(set), word) => self.at = self.at.saturating_add(1),
                    Next::Word(_) | Next::End => self.at = otherwise,
                },
                Step::Go(to) => self.at = to,
                Step::Call(production) => return self.open(production, self.at.saturating_add(1)),
                Step::Return => return Ok(self.close(true)),
            }
        }
        match next {
            Next::Word(word) => Err(self.unexpected(word)),
            Next::Unknown | Next::End => Ok(Move::Done),
        }
    }

    fn unexpected(&self, word: usize) -> StreamErrorKind {
        let (words, end) = self.expected();
        StreamErrorKind::Unexpected { found: self.grammar.word(word), expected: self.grammar.words(words, end) }
    }

    fn open(&mut self, production: u16, back: u16) -> Result<Move, StreamErrorKind> {
        let limit = self.grammar.max_recursion;
        if let Some(open) = self.open.get_mut(usize::from(production)) {
            if *open >= limit {
                return Err(StreamErrorKind::TooDeep { limit });
            }
            *open += 1;
        }
        self.stack.push(Frame { production, back });
        self.required.opened(production, self.stack.len());
        self.at = self.start(production).unwrap_or(u16::MAX);
        Ok(Move::Began(production))
    }

    fn close(&mut self, complete: bool) -> Move {
        let Some(frame) = self.stack.pop() else { return Move::Done };
        self.required.closed(self.stack.len());
        if let Some(open) = self.open.get_mut(usize::from(frame.production)) {
            *open = open.saturating_sub(1);
        }
        self.at = frame.back;
        Move::Ended(frame.production, complete)
    }

    /// Gives up what an error interrupts.
    fn unwind(&mut self) -> Result<Move, StreamErrorKind> {
        let Some(recovery) = self.grammar.recovery else { return Ok(Move::Waits) };
        if self.stack.last().is_none_or(|top| recovery.within.contains(&top.production)) {
            self.unwinding = false;
            return self.open(recovery.production, self.at);
        }
        Ok(self.close(false))
    }
}
