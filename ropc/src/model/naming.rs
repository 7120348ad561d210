//! What members and expressions are called where they are shown.

use super::{Expr, Match, Member, Role};
use crate::ast::BinaryOp;

impl Expr {
    /// The condition that this field is not 0.
    #[must_use]
    pub fn is_some_of(&self, size: &str) -> bool {
        match self {
            Self::Binary(BinaryOp::Gt | BinaryOp::Ne, field, zero) => {
                matches!((&**field, &**zero), (Self::Field(name), Self::Int(0)) if name == size)
            }
            _ => false,
        }
    }

    /// The field that it begins with.
    #[must_use]
    pub fn first_field(&self) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name),
            Self::Len(inner)
            | Self::Bits(inner, ..)
            | Self::Member(inner, _)
            | Self::At(inner)
            | Self::Not(inner)
            | Self::Slice(inner, _) => inner.first_field(),
            Self::Binary(_, a, b) => a.first_field().or_else(|| b.first_field()),
            Self::Ternary(c, ..) => c.first_field(),
            _ => None,
        }
    }

    /// The list that it takes the element of.
    #[must_use]
    pub fn element_list(&self) -> Option<&Self> {
        match self {
            Self::At(list) => Some(list),
            Self::Bits(inner, ..) | Self::Member(inner, _) => inner.element_list(),
            Self::Binary(_, a, b) => a.element_list().or_else(|| b.element_list()),
            _ => None,
        }
    }
}

impl Member {
    /// Its first field, which an error in the extent around it is said of.
    #[must_use]
    pub fn first_name(&self) -> Option<&str> {
        match self {
            Self::Field(field) if matches!(field.role, Role::Plain) => Some(&field.name),
            Self::Match(m) => Some(&m.field),
            Self::If(c) => c.then.iter().chain(&c.otherwise).find_map(Self::first_name),
            Self::Sized(_, inner) | Self::Tail(inner) => inner.iter().find_map(Self::first_name),
            _ => None,
        }
    }
}

impl Match {
    /// Its name as the document spells names: the Rust name without underscores.
    #[must_use]
    pub fn spelled(&self) -> String {
        let capital = |word: &str| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        };
        self.field.split('_').map(capital).collect()
    }
}
