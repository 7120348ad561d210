//! Decoder and writer of a stream that `ropc` knows: productions, roots and markers by name.

use super::decoder::{self, Limits};
use super::error::StreamError;
use super::event::{Event, PropertyName};
use super::grammar::Grammar;
use super::writer;

/// A stream of a description.
pub trait Stream {
    /// Its grammar.
    const GRAMMAR: &'static Grammar<'static>;
    /// Its productions by name.
    type Production: Copy + std::fmt::Debug + PartialEq + 'static;
    /// The productions that a stream may be.
    type Root: Copy + std::fmt::Debug + PartialEq + 'static;
    /// Its markers by name.
    type Marker: Copy + std::fmt::Debug + PartialEq + 'static;
    /// All roots.
    const ROOTS: &'static [Self::Root];

    /// A production by number; `None` where there are fewer.
    fn production(index: u16) -> Option<Self::Production>;
    /// The number of a root's production.
    fn root(root: Self::Root) -> u16;
    /// A marker by number.
    fn marker(value: u32) -> Self::Marker;
    /// The number of a marker.
    fn marker_value(marker: Self::Marker) -> u32;
}

/// An event with the names of a stream.
pub type EventOf<'a, S> = Event<'a, <S as Stream>::Production, <S as Stream>::Marker>;

/// [`decoder::Decoder`] with the names of a stream.
#[derive(Clone, Debug)]
pub struct Decoder<S: Stream> {
    inner: decoder::Decoder<'static>,
    stream: std::marker::PhantomData<S>,
}

impl<S: Stream> Decoder<S> {
    /// Before the first byte of a root. Bytes do not say which root it is: the operation that opened the stream does.
    #[must_use]
    pub fn new(root: S::Root) -> Self {
        Self { inner: decoder::Decoder::new(S::GRAMMAR, S::root(root)), stream: std::marker::PhantomData }
    }

    /// The same with limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { inner: self.inner.with_limits(limits), ..self }
    }

    /// The next event, from what is left of a piece; `None` when it is used up. Chunks borrow from the piece.
    ///
    /// # Errors
    /// When the bytes are no such stream. The decoder is of no use afterwards.
    pub fn next<'s, 'p: 's>(&'s mut self, piece: &mut &'p [u8]) -> Result<Option<EventOf<'s, S>>, StreamError> {
        Ok(self.inner.next(piece)?.and_then(|event| event.typed(S::production, S::marker)))
    }

    /// The events after the last piece; `None` when the root is complete and there are no more.
    ///
    /// # Errors
    /// When the stream may not end here.
    pub fn finish(&mut self) -> Result<Option<EventOf<'_, S>>, StreamError> {
        Ok(self.inner.finish()?.and_then(|event| event.typed(S::production, S::marker)))
    }

    /// Bytes read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.inner.offset()
    }

    /// The root has ended: nothing may follow.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.inner.is_done()
    }
}

/// [`writer::Writer`] with the names of a stream. After an error it is of no use.
#[derive(Clone, Debug)]
pub struct Writer<S: Stream> {
    inner: writer::Writer<'static>,
    stream: std::marker::PhantomData<S>,
}

impl<S: Stream> Writer<S> {
    /// Before the first word of a root.
    #[must_use]
    pub fn new(root: S::Root) -> Self {
        Self { inner: writer::Writer::new(S::GRAMMAR, S::root(root)), stream: std::marker::PhantomData }
    }

    /// Writes a marker.
    ///
    /// # Errors
    /// When it may not stand here.
    pub fn marker(&mut self, marker: S::Marker) -> Result<(), StreamError> {
        self.inner.marker(S::marker_value(marker))
    }

    /// Writes a property of fixed size.
    ///
    /// # Errors
    /// When it may not stand here, or is of another size.
    pub fn fixed(&mut self, tag: u32, name: Option<PropertyName<'_>>, value: &[u8]) -> Result<(), StreamError> {
        self.inner.property(tag, name)?;
        self.inner.value(value)
    }

    /// Writes a property whose value has a length.
    ///
    /// # Errors
    /// When it may not stand here, or is of fixed size.
    pub fn variable(&mut self, tag: u32, name: Option<PropertyName<'_>>, value: &[u8]) -> Result<(), StreamError> {
        self.inner.property(tag, name)?;
        self.inner.bytes(value)
    }

    /// The writer for everything else: lists, values in chunks, what [`super::Decoder`] gave.
    pub fn raw(&mut self) -> &mut writer::Writer<'static> {
        &mut self.inner
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When a value or the root is not complete.
    pub fn finish(&mut self) -> Result<(), StreamError> {
        self.inner.finish()
    }

    /// Takes the longest piece of at most so many bytes that may be cut off here; see [`writer::Writer::take`].
    pub fn take(&mut self, max: usize) -> Option<Vec<u8>> {
        self.inner.take(max)
    }
}
