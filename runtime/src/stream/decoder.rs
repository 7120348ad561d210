//! Pieces of a stream, cut at any byte, to events.

use super::error::{StreamError, StreamErrorKind};
use super::event::{Event, Property, PropertyId, PropertyName};
use super::grammar::{Grammar, Wire};
use super::machine::{Machine, Move, Next};
use crate::Guid;

/// What a stream may have at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a property's name, its terminator included. The decoder keeps no more than this.
    pub name: usize,
    /// Bytes of a value.
    pub value: u32,
    /// Elements of a list.
    pub elements: u32,
}

impl Default for Limits {
    /// Names as long as other operations take them (MS-OXCDATA 2.6.1), values and lists of any length.
    fn default() -> Self {
        Self { name: 512, value: u32::MAX, elements: u32::MAX }
    }
}

/// Bytes before a property's name proper: its tag, the set, the kind of name.
const NAME_AT: usize = 4 + Guid::SIZE + 1;

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A marker, or the tag of a property.
    Word,
    /// The set and the kind of a property's name.
    NameHead,
    /// A name that is a number.
    NameNumber,
    /// A name that is a text.
    NameText,
    /// The value that says which word of the grammar the property is.
    Selecting,
    /// A marker that is to be taken.
    Marker(usize),
    /// A property that is to be taken.
    Property(usize),
    /// A value of this size, or an element.
    Fixed(u8),
    /// The number of elements.
    Count,
    /// The length of a value or element.
    Length,
    /// So many bytes of a value.
    Chunk(u32),
    /// The value's end.
    EndProperty,
}

/// What an event is made of.
#[derive(Clone, Copy, Debug)]
enum Ready<'p> {
    Begin(u16),
    End(u16, bool),
    Marker(u32),
    Property,
    Value,
    Count,
    Length(u32),
    Chunk(&'p [u8], u32),
    EndProperty,
}

/// Reads a stream. Values are handed on as they come and never kept.
#[derive(Clone, Debug)]
pub struct Decoder<'g> {
    grammar: &'g Grammar<'g>,
    machine: Machine<'g>,
    limits: Limits,
    state: State,
    /// A marker, or what stands before a property's value.
    word: Vec<u8>,
    /// A number or value of fixed size.
    value: Vec<u8>,
    /// `value` has been handed on.
    spent: bool,
    wire: Wire,
    /// Elements of the list that are still to come.
    elements: Option<u32>,
    offset: u64,
    /// Where the word or value began.
    start: u64,
    finishing: bool,
}

impl<'g> Decoder<'g> {
    /// Before the first byte of a root, a production by number.
    #[must_use]
    pub fn new(grammar: &'g Grammar<'g>, root: u16) -> Self {
        Self {
            grammar,
            machine: Machine::new(grammar, root),
            limits: Limits::default(),
            state: State::Word,
            word: Vec::new(),
            value: Vec::new(),
            spent: false,
            wire: Wire::Variable,
            elements: None,
            offset: 0,
            start: 0,
            finishing: false,
        }
    }

    /// The same with limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same position in a copy of the grammar, so that it can be kept without what it borrows.
    #[must_use]
    pub fn with_grammar<'h>(self, grammar: &'h Grammar<'h>) -> Decoder<'h> {
        Decoder {
            grammar,
            machine: self.machine.with_grammar(grammar),
            limits: self.limits,
            state: self.state,
            word: self.word,
            value: self.value,
            spent: self.spent,
            wire: self.wire,
            elements: self.elements,
            offset: self.offset,
            start: self.start,
            finishing: self.finishing,
        }
    }

    /// Bytes read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The innermost production that is open.
    #[must_use]
    pub fn production(&self) -> &'g str {
        self.machine.production()
    }

    /// The root has ended: nothing may follow.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.machine.is_done()
    }

    /// The next event, from what is left of a piece; `None` when it is used up. Chunks borrow from the piece.
    ///
    /// # Errors
    /// When the bytes are no such stream. The decoder is of no use afterwards.
    pub fn next<'s, 'p: 's>(&'s mut self, piece: &mut &'p [u8]) -> Result<Option<Event<'s>>, StreamError> {
        let ready = self.step(piece).map_err(|kind| self.error(kind))?;
        Ok(ready.map(|ready| self.event(ready)))
    }

    /// The events after the last piece; `None` when the root is complete and there are no more.
    ///
    /// # Errors
    /// When the stream may not end here.
    pub fn finish(&mut self) -> Result<Option<Event<'_>>, StreamError> {
        let ready = self.end().map_err(|kind| self.error(kind))?;
        Ok(ready.map(|ready| self.event(ready)))
    }

    fn error(&self, kind: StreamErrorKind) -> StreamError {
        StreamError::new(kind, self.machine.production(), self.start)
    }

    fn end<'p>(&mut self) -> Result<Option<Ready<'p>>, StreamErrorKind> {
        // What needs no bytes comes first: the end of a value, of a production.
        if let Some(ready) = self.step(&mut [].as_slice())? {
            return Ok(Some(ready));
        }
        if !self.finishing {
            let inside = !self.word.is_empty() || self.state != State::Word;
            if inside {
                return Err(StreamErrorKind::Truncated { expected: self.missing().to_owned() });
            }
            self.machine.check_end()?;
            self.finishing = true;
        }
        Ok(match self.machine.advance(Next::End)? {
            Move::Began(production) => Some(Ready::Begin(production)),
            Move::Ended(production, complete) => Some(Ready::End(production, complete)),
            Move::Took | Move::Waits | Move::Done => None,
        })
    }

    /// What a stream that ends inside a word or value lacks.
    fn missing(&self) -> &'static str {
        match self.state {
            State::Word | State::Marker(_) | State::Property(_) => "four bytes",
            State::NameHead | State::NameNumber | State::NameText => "the property's name",
            State::Count => "the number of elements",
            State::Length => "the value's length",
            State::Selecting | State::Fixed(_) | State::Chunk(_) | State::EndProperty => "the rest of the value",
        }
    }

    fn step<'p>(&mut self, piece: &mut &'p [u8]) -> Result<Option<Ready<'p>>, StreamErrorKind> {
        loop {
            if std::mem::take(&mut self.spent) {
                self.value.clear();
            }
            let word = match self.state {
                State::Word if self.word.is_empty() => {
                    self.start = self.offset;
                    Next::Unknown
                }
                State::Marker(word) | State::Property(word) => Next::Word(word),
                _ => match self.bytes(piece)? {
                    Some(ready) => return Ok(Some(ready)),
                    None if self.goes_on(piece) => continue,
                    None => return Ok(None),
                },
            };
            match self.machine.advance(word)? {
                Move::Began(production) => return Ok(Some(Ready::Begin(production))),
                Move::Ended(production, complete) => return Ok(Some(Ready::End(production, complete))),
                Move::Took => return Ok(Some(self.taken())),
                Move::Waits | Move::Done => {
                    if self.bytes(piece)?.is_none() && !self.goes_on(piece) {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// There is something to do without an event in between.
    fn goes_on(&self, piece: &[u8]) -> bool {
        !piece.is_empty() || matches!(self.state, State::Marker(_) | State::Property(_))
    }

    /// The word was taken: what follows it is its value.
    fn taken(&mut self) -> Ready<'static> {
        if matches!(self.state, State::Marker(_)) {
            self.state = State::Word;
            let marker = number(&self.word);
            self.word.clear();
            return Ready::Marker(marker);
        }
        self.elements = None;
        self.state = match self.wire {
            Wire::Fixed(size) => State::Fixed(size),
            Wire::Variable => State::Length,
            Wire::FixedList(_) | Wire::VariableList => State::Count,
        };
        Ready::Property
    }

    /// Moves bytes of the piece into a buffer until it has so many.
    fn fill(to: &mut Vec<u8>, offset: &mut u64, piece: &mut &[u8], size: usize) -> bool {
        let count = size.saturating_sub(to.len()).min(piece.len());
        let Some((head, rest)) = piece.split_at_checked(count) else { return false };
        to.extend_from_slice(head);
        *offset += count as u64;
        *piece = rest;
        to.len() >= size
    }

    fn fill_word(&mut self, piece: &mut &[u8], size: usize) -> bool {
        Self::fill(&mut self.word, &mut self.offset, piece, size)
    }

    fn fill_value(&mut self, piece: &mut &[u8], size: usize) -> bool {
        if self.value.is_empty() {
            self.start = self.offset;
        }
        Self::fill(&mut self.value, &mut self.offset, piece, size)
    }

    /// Reads on; `None` when the piece is used up or a word is complete.
    fn bytes<'p>(&mut self, piece: &mut &'p [u8]) -> Result<Option<Ready<'p>>, StreamErrorKind> {
        match self.state {
            State::Word => {
                if self.fill_word(piece, 4) {
                    self.begin_word()?;
                }
            }
            State::NameHead => {
                if self.fill_word(piece, NAME_AT) {
                    self.state = match self.word.last() {
                        Some(0) => State::NameNumber,
                        Some(1) => State::NameText,
                        _ => return Err(StreamErrorKind::Name { reason: "the name is neither a number nor a text" }),
                    };
                }
            }
            State::NameNumber => {
                if self.fill_word(piece, NAME_AT + 4) {
                    self.complete_property()?;
                }
            }
            State::NameText => {
                let unit = self.word.len().saturating_sub(NAME_AT) & !1;
                if self.fill_word(piece, NAME_AT + unit + 2) {
                    let name = self.word.get(NAME_AT..).unwrap_or_default();
                    if name.ends_with(&[0, 0]) {
                        self.complete_property()?;
                    } else if name.len() >= self.limits.name {
                        let limit = self.limits.name as u64;
                        return Err(StreamErrorKind::TooLarge { found: name.len() as u64 + 2, limit });
                    }
                }
            }
            State::Selecting => {
                if self.fill_value(piece, 4) {
                    self.property(Some(number(&self.value)))?;
                }
            }
            State::Fixed(size) => {
                if self.fill_value(piece, usize::from(size)) {
                    self.spent = true;
                    self.state = self.after_element();
                    return Ok(Some(Ready::Value));
                }
            }
            State::Count => {
                if self.fill_value(piece, 4) {
                    self.limited(self.limits.elements)?;
                    self.spent = true;
                    self.elements = Some(number(&self.value));
                    self.state = self.after_element();
                    return Ok(Some(Ready::Count));
                }
            }
            State::Length => {
                if self.fill_value(piece, 4) {
                    let length = self.limited(self.limits.value)?;
                    self.spent = true;
                    self.state = if length == 0 { self.after_element() } else { State::Chunk(length) };
                    return Ok(Some(Ready::Length(length)));
                }
            }
            State::Chunk(left) => {
                let count = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
                let Some((bytes, rest)) = piece.split_at_checked(count) else { return Ok(None) };
                if bytes.is_empty() {
                    return Ok(None);
                }
                *piece = rest;
                self.offset += count as u64;
                self.start = self.offset;
                // No more than `left`, which is of 32 bits.
                let left = left.saturating_sub(count as u32);
                self.state = if left == 0 { self.after_element() } else { State::Chunk(left) };
                return Ok(Some(Ready::Chunk(bytes, left)));
            }
            State::EndProperty => {
                self.state = State::Word;
                self.word.clear();
                return Ok(Some(Ready::EndProperty));
            }
            State::Marker(_) | State::Property(_) => {}
        }
        Ok(None)
    }

    /// The number in `value`, if it is no more than this.
    fn limited(&self, limit: u32) -> Result<u32, StreamErrorKind> {
        let found = number(&self.value);
        if found > limit {
            return Err(StreamErrorKind::TooLarge { found: found.into(), limit: limit.into() });
        }
        Ok(found)
    }

    /// What follows a value, or an element of a list.
    fn after_element(&mut self) -> State {
        match (&mut self.elements, self.wire) {
            (Some(left), wire) if *left > 0 => {
                *left -= 1;
                if let Wire::FixedList(size) = wire { State::Fixed(size) } else { State::Length }
            }
            _ => State::EndProperty,
        }
    }

    /// Four bytes are there: a marker if they are in the table, else the tag of a property.
    fn begin_word(&mut self) -> Result<(), StreamErrorKind> {
        let value = number(&self.word);
        if let Some(word) = self.grammar.marker(value) {
            self.machine.check(word)?;
            self.state = State::Marker(word);
            return Ok(());
        }
        self.wire = self.grammar.wire(value).ok_or(StreamErrorKind::UnknownType { tag: value })?;
        if value >> 16 >= u32::from(self.grammar.named_from) {
            self.state = State::NameHead;
            return Ok(());
        }
        self.complete_property()
    }

    fn complete_property(&mut self) -> Result<(), StreamErrorKind> {
        if self.grammar.is_selected_by_value(number(&self.word)) && self.wire == Wire::Fixed(4) {
            self.state = State::Selecting;
            return Ok(());
        }
        self.property(None)
    }

    fn property(&mut self, value: Option<u32>) -> Result<(), StreamErrorKind> {
        let word = self.grammar.property(number(&self.word), value);
        self.machine.check(word)?;
        self.state = State::Property(word);
        Ok(())
    }

    fn event<'s, 'p: 's>(&'s self, ready: Ready<'p>) -> Event<'s> {
        match ready {
            Ready::Begin(production) => Event::Begin(production),
            Ready::End(production, complete) => Event::End { production, complete },
            Ready::Marker(marker) => Event::Marker(marker),
            Ready::Property => Event::Property(self.definition()),
            Ready::Value => Event::Value(&self.value),
            Ready::Count => Event::Count(number(&self.value)),
            Ready::Length(length) => Event::Length(length),
            Ready::Chunk(bytes, left) => Event::Chunk { bytes, left },
            Ready::EndProperty => Event::EndProperty,
        }
    }

    fn definition(&self) -> Property<'_> {
        let name = self.word.get(4..NAME_AT).and_then(|head| {
            let (set, kind) = head.split_first_chunk::<{ Guid::SIZE }>()?;
            let rest = self.word.get(NAME_AT..)?;
            let id = match kind {
                [0] => PropertyId::Dispid(number(rest)),
                _ => PropertyId::Name(rest.strip_suffix(&[0, 0]).unwrap_or(rest)),
            };
            Some(PropertyName { set: Guid(*set), id })
        });
        Property { tag: number(&self.word), wire: self.wire, name }
    }
}

/// The first four bytes, little-endian; 0 where there are fewer.
fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}
