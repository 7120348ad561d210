//! Stream grammars: checked, with the tables of their automata.

use super::{ConstValue, Type, TypeId};
use crate::ast::{Span, StreamRule};

/// Words of a stream, one bit each: markers in the order of [`Stream::markers`], then the properties of
/// [`Stream::classes`], then all other properties.
pub type Set = u128;

/// A stream.
#[derive(Clone, Debug, Hash)]
pub struct Stream {
    /// As written.
    pub name: String,
    /// Index of its module.
    pub module: usize,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// Cited section.
    pub spec: Option<String>,
    /// Where its name stands.
    pub span: Span,
    /// How often a production may be open at once.
    pub max_recursion: u16,
    /// The enumeration of markers.
    pub marker: TypeId,
    /// Markers with their names, ascending.
    pub markers: Vec<(u32, String)>,
    /// Properties with this identifier or a higher one bring their name.
    pub named_from: u16,
    /// Types with how their values travel, ascending.
    pub types: Vec<ValueType>,
    /// Bits of types that say how values travel, whatever the rest of the type is.
    pub flagged: Vec<(u16, Wire)>,
    /// Tags with rules of their own, ascending.
    pub tags: Vec<TagRule>,
    /// Tags whose values have a structure.
    pub values: Vec<ValueRule>,
    /// Properties that productions name, ascending; the one of any value behind those of one.
    pub classes: Vec<Class>,
    /// Sets of words.
    pub sets: Vec<Set>,
    /// The steps of all productions.
    pub steps: Vec<Step>,
    /// The productions.
    pub productions: Vec<Production>,
    /// Productions that a stream may be, by number.
    pub roots: Vec<u16>,
    /// What may interrupt productions.
    pub recovery: Option<Recovery>,
    /// Properties that `prop(!structural)` is not.
    pub structural: Set,
    /// What productions have to have.
    pub requirements: Vec<Required>,
    /// ROPs that open such a stream.
    pub openers: Vec<Opener>,
}

/// A type that properties may have.
#[derive(Clone, Debug, Hash)]
pub struct ValueType {
    /// Its number in tags.
    pub number: u16,
    /// How its values travel.
    pub wire: Wire,
    /// What a value is, or an element of a list.
    pub ty: Type,
}

/// How the value of a property travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// So many bytes.
    Fixed(u8),
    /// A length, then bytes.
    Variable,
    /// A count, then elements of so many bytes.
    FixedList(u8),
    /// A count, then elements with a length each.
    VariableList,
}

/// A property that productions name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    /// Its tag.
    pub tag: u32,
    /// Its value, where only this one is meant.
    pub value: Option<u32>,
    /// As written.
    pub name: String,
}

/// What holds for one tag, whatever its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TagRule {
    /// The tag.
    pub tag: u32,
    /// The property that it is another tag of.
    pub of: u32,
    /// How its value travels.
    pub wire: Wire,
}

/// A tag whose values have a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueRule {
    /// The tag.
    pub tag: u32,
    /// The production that the property stands in; `None` for any.
    pub within: Option<u16>,
    /// What the value is.
    pub ty: TypeId,
}

/// What is required of the properties of a production.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Required {
    /// The production, by number.
    pub production: u16,
    /// What is required.
    pub rule: StreamRule,
    /// The words of each property.
    pub words: Vec<Set>,
    /// The roots for which it holds, by number; empty for all.
    pub roots: Vec<u16>,
    /// Decoders pass over it.
    pub lenient: bool,
}

/// A ROP that opens a stream, and what the stream is then.
#[derive(Clone, Debug, Hash)]
pub struct Opener {
    /// The ROP, by its name.
    pub rop: String,
    /// The kinds of its input object; empty for any.
    pub of: Vec<String>,
    /// A field of its request, its type, and a value.
    pub when: Option<(String, Type, ConstValue)>,
    /// The root, a production by number.
    pub root: u16,
}

/// A production.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Production {
    /// As written; of a labelled alternative the production's name with the label behind it.
    pub name: String,
    /// Its first step.
    pub start: u16,
}

/// A step of a production.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The next word has to be of this set, and is taken.
    Take(u16),
    /// Goes on with the next step if the next word is of the first, a set, else with the second.
    Test(u16, u16),
    /// Goes on elsewhere.
    Go(u16),
    /// Opens a production.
    Call(u16),
    /// Closes the production.
    Return,
}

/// What may interrupt a production at any word.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recovery {
    /// The production that interrupts.
    pub production: u16,
    /// The words that it begins with.
    pub first: Set,
    /// Productions that go on afterwards.
    pub within: Vec<u16>,
}
