//! Filter fields: their names and what they hold.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::quoted;
use crate::model::{Extent, IntKind, Program, Text, Type, TypeId, TypeKind};

/// What a filter field holds: the name that the runtime has for it, and the named type of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    named: Option<TypeId>,
}

impl Kind {
    /// A node with parts and no value of its own.
    pub const NONE: Self = Self::of("none");
    /// One byte, two bytes, four bytes.
    pub const U8: Self = Self::of("u8");
    pub const U16: Self = Self::of("u16");
    pub const U32: Self = Self::of("u32");
    pub const TEXT: Self = Self::of("text");
    pub const BYTES: Self = Self::of("bytes");
    /// A flag.
    pub const BOOL: Self = Self::of("bool8");
    pub const U64: Self = Self::of("u64");

    const fn of(name: &'static str) -> Self {
        Self { name, named: None }
    }

    /// An integer of the wire.
    fn integer(kind: IntKind) -> Self {
        Self::of(match (kind.signed, kind.size) {
            (false, 1) => "u8",
            (false, 2) => "u16",
            (false, 4) => "u32",
            (false, _) => "u64",
            (true, 1) => "i8",
            (true, 2) => "i16",
            (true, 4) => "i32",
            (true, _) => "i64",
        })
    }

    /// What a named type holds.
    pub fn of_named(program: &Program, id: TypeId) -> Self {
        match &program.ty(id).kind {
            TypeKind::Enum(def) => Self { named: Some(id), ..Self::integer(IntKind { signed: false, ..def.base }) },
            TypeKind::Bits(def) => Self { named: Some(id), ..Self::integer(IntKind { signed: false, ..def.base }) },
            TypeKind::Struct(_) | TypeKind::Form(_) => Self::NONE,
        }
    }

    /// What a type holds; a list holds what its elements do.
    pub fn of_type(program: &Program, ty: &Type) -> Self {
        match ty {
            Type::Int(kind) => Self::integer(*kind),
            Type::IntByForm(by) => Self::integer(by.widest()),
            Type::Float(4) => Self::of("f32"),
            Type::Float(_) => Self::of("f64"),
            Type::Bool(1) => Self::of("bool8"),
            Type::Bool(_) => Self::of("bool16"),
            Type::U48Be => Self::of("u48be"),
            Type::Guid => Self::of("guid"),
            Type::FileTime => Self::of("time"),
            Type::Named(id, _) => Self::of_named(program, *id),
            Type::Text(Text::BytesCounted(_)) => Self::BYTES,
            Type::Text(_) | Type::GlobSet => Self::TEXT,
            Type::Array(element, Extent::Const(_)) if is_byte(element) => Self::BYTES,
            Type::Array(element, _) => Self::of_type(program, element),
            _ => Self::BYTES,
        }
    }
}

/// A byte without sign: a list of so many, always, is bytes.
pub fn is_byte(ty: &Type) -> bool {
    matches!(ty, Type::Int(IntKind { size: 1, signed: false }))
}

/// All filter fields; each has one name and one kind.
#[derive(Debug, Default)]
pub struct Fields {
    list: Vec<(String, String, Kind)>,
    by_filter: BTreeMap<String, usize>,
}

impl Fields {
    /// The number of the field `mapi.container.name` (`mapi.container` without a name), made where there is none. Where fields of one container have one
    /// name and hold different things, the later ones get a longer name.
    pub fn number(&mut self, container: &str, name: &str, kind: Kind) -> usize {
        let plain = filter(format!("mapi.{container}.{name}").trim_end_matches('.'));
        let name = if name.is_empty() { container } else { name };
        let mut candidate = plain.clone();
        let mut more = 1;
        loop {
            match self.by_filter.get(&candidate).and_then(|index| self.list.get(*index).map(|field| (index, field))) {
                None => {
                    self.by_filter.insert(candidate.clone(), self.list.len());
                    self.list.push((candidate, name.to_owned(), kind));
                    // Lua counts from 1.
                    return self.list.len();
                }
                Some((index, (_, _, known))) if *known == kind => return index + 1,
                Some(_) => {
                    candidate = if more == 1 { format!("{plain}_{}", kind.name) } else { format!("{plain}_{more}") };
                    more += 1;
                }
            }
        }
    }

    /// The table that the runtime makes fields of.
    pub fn table(&self) -> String {
        let mut out = String::from("description.fields = {\n");
        for (filter, name, kind) in &self.list {
            let named = kind.named.map(|id| format!(", {}", id.0 + 1)).unwrap_or_default();
            // Writing to a String cannot fail.
            _ = writeln!(out, "  {{ {}, {}, {}{named} }},", quoted(filter), quoted(name), quoted(kind.name));
        }
        out.push_str("}\n");
        out
    }
}

/// A name as filters allow it.
fn filter(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '_' };
    name.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::{Fields, Kind};

    #[test]
    fn a_filter_stands_for_one_kind_of_value() {
        let mut fields = Fields::default();
        assert_eq!(fields.number("RopX", "Flags", Kind::U8), 1);
        assert_eq!(fields.number("RopX", "Flags", Kind::U8), 1);
        assert_eq!(fields.number("RopX", "Flags", Kind::U32), 2);
        assert_eq!(fields.number("RopX", "Flags", Kind::TEXT), 3);
        assert_eq!(fields.number("RPC_HEADER_EXT", "Flags", Kind::U16), 4);
        let table = fields.table();
        for filter in [
            "\"mapi.ropx.flags\"",
            "\"mapi.ropx.flags_u32\"",
            "\"mapi.ropx.flags_text\"",
            "\"mapi.rpc_header_ext.flags\"",
        ] {
            assert!(table.contains(filter), "{table}");
        }
    }
}
