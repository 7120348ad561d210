//! The productions that are open: a stack and a step, moved by words.

use super::error::StreamErrorKind;
use super::grammar::{Grammar, Set, Step, has};

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
        Self { grammar, at: 0, stack: Vec::new(), open, begun: false, root, unwinding: false }
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

    /// The words that may come next, and whether the stream may end.
    #[must_use]
    pub fn expected(&self) -> (Set, bool) {
        let mut words = self.interruption();
        let mut inner: Vec<u16> = Vec::new();
        let mut outer = self.stack.iter().rev();
        let mut at = if self.begun { Some(self.at) } else { self.start(self.root) };
        if self.is_done() {
            return (words, true);
        }
        for _ in 0..MOST_STEPS {
            let Some(step) = at.and_then(|at| self.grammar.steps.get(usize::from(at)).map(|step| (at, *step))) else {
                return (words, false);
            };
            at = match step {
                (_, Step::Take(set)) => return (words | self.grammar.set(set), false),
                (_, Step::Test { set, otherwise }) => {
                    words |= self.grammar.set(set);
                    Some(otherwise)
                }
                (_, Step::Go(to)) => Some(to),
                (at, Step::Call(production)) => {
                    inner.push(at.saturating_add(1));
                    self.start(production)
                }
                (_, Step::Return) => match inner.pop() {
                    Some(back) => Some(back),
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
        Err(StreamErrorKind::Unexpected { found: self.grammar.word(word), expected: self.grammar.words(words, end) })
    }

    /// Checks that the stream may end.
    ///
    /// # Errors
    /// `Truncated`.
    pub fn check_end(&self) -> Result<(), StreamErrorKind> {
        match self.expected() {
            (_, true) => Ok(()),
            (words, false) => Err(StreamErrorKind::Truncated { expected: self.grammar.words(words, false) }),
        }
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
        self.at = self.start(production).unwrap_or(u16::MAX);
        Ok(Move::Began(production))
    }

    fn close(&mut self, complete: bool) -> Move {
        let Some(frame) = self.stack.pop() else { return Move::Done };
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
