//! Streams by a grammar: markers and properties in an order that productions say, in pieces of any size
//! (MS-OXCFXICS 2.2.4).
//!
//! | module | what it has |
//! |---|---|
//! | [`grammar`] | what the words are and which may follow each other: tables that `ropc` makes |
//! | [`event`] | what a stream consists of |
//! | [`machine`] | the productions that are open: an automaton with a stack, no recursion |
//! | `required` | properties that open productions have to have |
//! | [`decoder`] | pieces to events |
//! | [`writer`] | events to pieces, cut only where that is allowed |
//! | [`typed`] | the same with the names of a description |
//! | [`error`] | why a stream is refused |

pub mod decoder;
pub mod error;
pub mod event;
pub mod grammar;
pub mod machine;
mod required;
pub mod typed;
pub mod writer;

pub use decoder::{Decoder, Limits};
pub use error::{StreamError, StreamErrorKind};
pub use event::{Event, Property, PropertyId, PropertyName};
pub use grammar::{Class, Grammar, Production, Recovery, Requirement, Rule, Set, Step, TagRule, Wire};
pub use machine::Machine;
pub use writer::Writer;

#[cfg(test)]
mod tests;
