//! Events to pieces: what is written follows the grammar, and is cut only where that is allowed.

use std::collections::VecDeque;

use super::error::{StreamError, StreamErrorKind};
use super::event::{Event, Property, PropertyId, PropertyName};
use super::grammar::{Grammar, Wire};
use super::machine::{Machine, Move, Next};

/// What has to be written next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A marker or a property.
    Word,
    /// A value of this size, or an element.
    Fixed(u8),
    /// The number of elements.
    Count,
    /// The length of a value or element.
    Length,
    /// So many bytes of a value.
    Chunk(u32),
}

/// Bytes that were written together.
#[derive(Clone, Copy, Debug)]
struct Part {
    size: usize,
    /// They may be cut: bytes of a value with a length.
    divisible: bool,
}

/// Writes a stream. After an error the writer is of no use.
#[derive(Clone, Debug)]
pub struct Writer<'g> {
    grammar: &'g Grammar<'g>,
    machine: Machine<'g>,
    state: State,
    wire: Wire,
    elements: Option<u32>,
    /// A property whose value says which word of the grammar it is.
    selecting: Option<u32>,
    out: VecDeque<u8>,
    parts: VecDeque<Part>,
    written: u64,
}

impl<'g> Writer<'g> {
    /// Before the first word of a root, a production by number.
    #[must_use]
    pub fn new(grammar: &'g Grammar<'g>, root: u16) -> Self {
        let mut writer = Self {
            grammar,
            machine: Machine::new(grammar, root).strict(true),
            state: State::Word,
            wire: Wire::Variable,
            elements: None,
            selecting: None,
            out: VecDeque::new(),
            parts: VecDeque::new(),
            written: 0,
        };
        // What is too deep is too deep for the first word, too.
        _ = writer.settle();
        writer
    }

    /// The same for who passes on what others wrote: it may be as wrong as decoders let it.
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { machine: self.machine.strict(false), ..self }
    }

    /// The state of the grammar: what may come next, how deep it is.
    #[must_use]
    pub fn machine(&self) -> &Machine<'g> {
        &self.machine
    }

    /// Bytes that [`Writer::take`] has not taken yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.out.len()
    }

    /// Writes an event. Beginnings and ends of productions follow from the rest and are passed over.
    ///
    /// # Errors
    /// When it may not stand here.
    pub fn write<P>(&mut self, event: Event<'_, P>) -> Result<(), StreamError> {
        match event {
            Event::Begin(_) | Event::End { .. } | Event::EndProperty => Ok(()),
            Event::Marker(marker) => self.marker(marker),
            Event::Property(Property { tag, name, .. }) => self.property(tag, name),
            Event::Value(value) => self.value(value),
            Event::Count(count) => self.count(count),
            Event::Length(length) => self.length(length),
            Event::Chunk { bytes, .. } => self.chunk(bytes),
        }
    }

    /// Writes a marker by its number.
    ///
    /// # Errors
    /// When it may not stand here.
    pub fn marker(&mut self, marker: u32) -> Result<(), StreamError> {
        self.expect(State::Word)?;
        let Some(word) = self.grammar.marker(marker) else {
            return Err(self.wrong("a marker of the grammar"));
        };
        self.take_word(word)?;
        self.atom(&marker.to_le_bytes());
        Ok(())
    }

    /// Writes what stands before a property's value.
    ///
    /// # Errors
    /// When it may not stand here, has a type that streams do not have, or is not named as its tag says.
    pub fn property(&mut self, tag: u32, name: Option<PropertyName<'_>>) -> Result<(), StreamError> {
        self.expect(State::Word)?;
        if self.grammar.marker(tag).is_some() {
            return Err(self.wrong("a property, not a marker"));
        }
        self.wire = self.grammar.wire(tag).ok_or_else(|| self.error(StreamErrorKind::UnknownType { tag }))?;
        if (tag >> 16 >= u32::from(self.grammar.named_from)) != name.is_some() {
            let reason = "a property has a name if its identifier was chosen by the sender, and only then";
            return Err(self.error(StreamErrorKind::Name { reason }));
        }
        if self.grammar.is_selected_by_value(tag) && self.wire == Wire::Fixed(4) {
            self.selecting = Some(tag);
        } else {
            self.take_word(self.grammar.property(tag, None))?;
        }
        let mut head = tag.to_le_bytes().to_vec();
        if let Some(PropertyName { set, id }) = name {
            head.extend_from_slice(&set.0);
            match id {
                PropertyId::Dispid(number) => {
                    head.push(0);
                    head.extend_from_slice(&number.to_le_bytes());
                }
                PropertyId::Name(text) => {
                    let mut units = text.chunks(2);
                    if units.any(|unit| unit.len() < 2 || unit == [0, 0]) {
                        let reason = "a name is of whole units, none of them zero";
                        return Err(self.error(StreamErrorKind::Name { reason }));
                    }
                    head.push(1);
                    head.extend_from_slice(text);
                    head.extend_from_slice(&[0, 0]);
                }
            }
        }
        self.atom(&head);
        self.elements = None;
        self.state = match self.wire {
            Wire::Fixed(size) => State::Fixed(size),
            Wire::Variable => State::Length,
            Wire::FixedList(_) | Wire::VariableList => State::Count,
        };
        Ok(())
    }

    /// Writes a value of fixed size, or an element of a list of these.
    ///
    /// # Errors
    /// When another value has to stand here.
    pub fn value(&mut self, value: &[u8]) -> Result<(), StreamError> {
        match self.state {
            State::Fixed(size) if usize::from(size) == value.len() => {}
            _ => return Err(self.wrong(self.missing())),
        }
        if let Some(tag) = self.selecting.take() {
            let value = value.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
            self.take_word(self.grammar.property(tag, value))?;
        }
        self.atom(value);
        self.after_element();
        Ok(())
    }

    /// Writes the number of elements of a list.
    ///
    /// # Errors
    /// When another value has to stand here.
    pub fn count(&mut self, count: u32) -> Result<(), StreamError> {
        self.expect(State::Count)?;
        self.atom(&count.to_le_bytes());
        self.elements = Some(count);
        self.after_element();
        Ok(())
    }

    /// Writes the length of a value or of an element.
    ///
    /// # Errors
    /// When another value has to stand here.
    pub fn length(&mut self, length: u32) -> Result<(), StreamError> {
        self.expect(State::Length)?;
        self.atom(&length.to_le_bytes());
        if length == 0 {
            self.after_element();
        } else {
            self.state = State::Chunk(length);
        }
        Ok(())
    }

    /// Writes some of a value's bytes.
    ///
    /// # Errors
    /// When the value has fewer.
    pub fn chunk(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        let left = match (self.state, u32::try_from(bytes.len())) {
            (State::Chunk(left), Ok(size)) => left.checked_sub(size),
            _ => None,
        };
        let Some(left) = left else { return Err(self.wrong(self.missing())) };
        self.push(bytes, true);
        if left == 0 {
            self.after_element();
        } else {
            self.state = State::Chunk(left);
        }
        Ok(())
    }

    /// Writes a value with its length, or an element.
    ///
    /// # Errors
    /// When another value has to stand here, or it is of more than 32 bits.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        let length = u32::try_from(bytes.len())
            .map_err(|_| self.error(StreamErrorKind::TooLarge { found: bytes.len() as u64, limit: u32::MAX.into() }))?;
        self.length(length)?;
        if bytes.is_empty() { Ok(()) } else { self.chunk(bytes) }
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When a value or the root is not complete.
    pub fn finish(&mut self) -> Result<(), StreamError> {
        self.expect(State::Word)?;
        self.machine.check_end().map_err(|kind| self.error(kind))?;
        while !self.machine.is_done() {
            self.machine.advance(Next::End).map_err(|kind| self.error(kind))?;
        }
        Ok(())
    }

    /// Takes the longest piece of at most so many bytes that may be cut off here; `None` when there is none: nothing
    /// is written, or what must not be cut is longer.
    pub fn take(&mut self, max: usize) -> Option<Vec<u8>> {
        let mut size = 0;
        while let Some(part) = self.parts.front_mut() {
            let room = max - size;
            if part.size <= room {
                size += part.size;
                self.parts.pop_front();
            } else {
                if part.divisible {
                    size += room;
                    part.size -= room;
                }
                break;
            }
        }
        (size > 0).then(|| self.out.drain(..size).collect())
    }

    /// Takes all that is written in pieces of at most so many bytes; ends early where [`Writer::take`] would.
    pub fn pieces(&mut self, max: usize) -> impl Iterator<Item = Vec<u8>> {
        std::iter::from_fn(move || self.take(max))
    }

    fn error(&self, kind: StreamErrorKind) -> StreamError {
        StreamError::new(kind, self.machine.production(), self.written)
    }

    #[cold]
    fn wrong(&self, expected: &str) -> StreamError {
        self.error(StreamErrorKind::Value { expected: expected.to_owned() })
    }

    fn missing(&self) -> &'static str {
        match self.state {
            State::Word => "a marker or a property",
            State::Fixed(_) => "a value of its type's size",
            State::Count => "the number of elements",
            State::Length => "the value's length",
            State::Chunk(_) => "as many bytes as the length says",
        }
    }

    fn expect(&self, state: State) -> Result<(), StreamError> {
        if self.state == state { Ok(()) } else { Err(self.wrong(self.missing())) }
    }

    /// Moves the grammar by a word.
    fn take_word(&mut self, word: usize) -> Result<(), StreamError> {
        self.machine.check(word).map_err(|kind| self.error(kind))?;
        loop {
            match self.machine.advance(Next::Word(word)) {
                Ok(Move::Took) => return self.settle(),
                Ok(Move::Began(_) | Move::Ended(..)) => {}
                Ok(Move::Waits | Move::Done) => return Err(self.wrong("nothing more")),
                Err(kind) => return Err(self.error(kind)),
            }
        }
    }

    /// Moves as far as it goes without a word, as a decoder does.
    fn settle(&mut self) -> Result<(), StreamError> {
        while !matches!(self.machine.advance(Next::Unknown).map_err(|kind| self.error(kind))?, Move::Waits | Move::Done)
        {
        }
        Ok(())
    }

    fn atom(&mut self, bytes: &[u8]) {
        self.push(bytes, false);
    }

    fn push(&mut self, bytes: &[u8], divisible: bool) {
        self.out.extend(bytes);
        self.written += bytes.len() as u64;
        match self.parts.back_mut() {
            Some(last) if divisible && last.divisible => last.size += bytes.len(),
            _ => self.parts.push_back(Part { size: bytes.len(), divisible }),
        }
    }

    /// What follows a value, or an element of a list.
    fn after_element(&mut self) {
        self.state = match (&mut self.elements, self.wire) {
            (Some(left), wire) if *left > 0 => {
                *left -= 1;
                if let Wire::FixedList(size) = wire { State::Fixed(size) } else { State::Length }
            }
            _ => State::Word,
        };
    }
}
