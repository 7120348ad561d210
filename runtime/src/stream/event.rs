//! What a stream consists of.

use super::grammar::Wire;
use crate::Guid;

/// A part of a stream. `P` and `M` are productions and markers: numbers, or the types that `ropc` makes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a, P = u16, M = u32> {
    /// A production begins.
    Begin(P),
    /// A production ends. It is incomplete where an error interrupted it.
    End {
        /// Which.
        production: P,
        /// It has all of its parts.
        complete: bool,
    },
    /// A marker.
    Marker(M),
    /// A property, whose value follows.
    Property(Property<'a>),
    /// A value of fixed size, or an element of a list of these.
    Value(&'a [u8]),
    /// The elements of a list; they follow.
    Count(u32),
    /// The bytes of a value, or of an element of a list; chunks with them follow, none where there are no bytes.
    Length(u32),
    /// Some of a value's bytes, at least one.
    Chunk {
        /// The bytes.
        bytes: &'a [u8],
        /// Bytes of the value that are not here yet.
        left: u32,
    },
    /// The property's value is complete.
    EndProperty,
}

/// What stands before a property's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property<'a> {
    /// Its tag: the type in the lower 16 bits, the identifier in the upper.
    pub tag: u32,
    /// How its value travels.
    pub wire: Wire,
    /// Its name; only properties whose identifier the sender chose have one.
    pub name: Option<PropertyName<'a>>,
}

/// The name of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropertyName<'a> {
    /// What the name belongs to.
    pub set: Guid,
    /// The name within it.
    pub id: PropertyId<'a>,
}

/// What a property is called within its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyId<'a> {
    /// A number.
    Dispid(u32),
    /// UTF-16, little-endian, without terminator.
    Name(&'a [u8]),
}

impl<'a> Event<'a> {
    /// The same with productions and markers of other types; `None` where a production has no such type.
    pub fn typed<P, M>(
        self,
        production: impl Fn(u16) -> Option<P>,
        marker: impl Fn(u32) -> M,
    ) -> Option<Event<'a, P, M>> {
        Some(match self {
            Event::Begin(number) => Event::Begin(production(number)?),
            Event::End { production: number, complete } => Event::End { production: production(number)?, complete },
            Event::Marker(value) => Event::Marker(marker(value)),
            Event::Property(property) => Event::Property(property),
            Event::Value(value) => Event::Value(value),
            Event::Count(count) => Event::Count(count),
            Event::Length(length) => Event::Length(length),
            Event::Chunk { bytes, left } => Event::Chunk { bytes, left },
            Event::EndProperty => Event::EndProperty,
        })
    }
}
