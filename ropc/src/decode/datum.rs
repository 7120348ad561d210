//! What expressions look at: values of fields and parameters.

use std::rc::Rc;

use ropc::model::{IntKind, StructDef, Type};

/// A value as expressions see it.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum<'p> {
    /// A number, an enumeration, a bit record, a time.
    Number(i128),
    /// A condition.
    Bool(bool),
    /// Bytes, or a GUID.
    Bytes(Rc<[u8]>),
    /// The first so many elements of a list.
    List(Rc<Vec<Datum<'p>>>, usize),
    /// A structure.
    Record(Rc<Record<'p>>),
    /// What no expression looks into: text, fractions.
    Plain,
    /// A parameter that is not known.
    Unset,
}

/// Fields by name, in wire order.
pub type Record<'p> = Vec<(&'p str, Datum<'p>)>;

/// A list of values.
pub fn list(items: Vec<Datum<'_>>) -> Datum<'_> {
    let length = items.len();
    Datum::List(Rc::new(items), length)
}

/// A field of a record, the last one of the name.
pub fn find<'r, 'p>(record: &'r Record<'p>, name: &str) -> Option<&'r Datum<'p>> {
    record.iter().rev().find(|(field, _)| *field == name).map(|(_, value)| value)
}

impl Datum<'_> {
    /// As a length or for arithmetic.
    pub fn wide(&self) -> u64 {
        match self {
            // A signed number is widened as two's complement.
            Self::Number(value) => *value as u64,
            Self::Bool(value) => u64::from(*value),
            _ => 0,
        }
    }

    /// As a condition.
    pub fn truth(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// A list's elements, or bytes.
    pub fn count(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::List(items, length) => items.len().min(*length),
            _ => 0,
        }
    }

    /// The same in the integer of its place: lengths are cut to the size of a field.
    pub fn fitted(self, ty: &Type) -> Self {
        match (&self, ty) {
            (Self::Number(value), Type::Int(IntKind { size, signed: false })) if *size < 8 => {
                Self::Number(value & ((1 << (u32::from(*size) * 8)) - 1))
            }
            _ => self,
        }
    }
}

/// What the members of a body can name.
#[derive(Debug)]
pub struct Scope<'p> {
    /// The body.
    pub def: &'p StructDef,
    /// Fields and `let`s so far, with their offsets.
    pub fields: Vec<(&'p str, Datum<'p>, usize)>,
    /// Values of the parameters.
    pub params: Vec<(&'p str, Datum<'p>)>,
    /// The element inside a list.
    pub index: Option<usize>,
    /// The element that may end its list.
    pub item: Option<Datum<'p>>,
}

impl<'p> Scope<'p> {
    /// The scope of a body with its arguments.
    pub fn new(def: &'p StructDef, args: Vec<Datum<'p>>) -> Self {
        let params = def.params.iter().map(|param| param.name.as_str()).zip(args).collect();
        Self { def, fields: Vec::new(), params, index: None, item: None }
    }

    /// A field by name, with its offset.
    pub fn field(&self, name: &str) -> Option<(&Datum<'p>, usize)> {
        self.fields.iter().rev().find(|(field, ..)| *field == name).map(|(_, value, offset)| (value, *offset))
    }

    /// Adds a field.
    pub fn add(&mut self, name: &'p str, value: Datum<'p>, offset: usize) {
        self.fields.push((name, value, offset));
    }

    /// Its fields.
    pub fn record(self) -> Record<'p> {
        self.fields.into_iter().map(|(name, value, _)| (name, value)).collect()
    }
}
