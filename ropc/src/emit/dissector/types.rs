//! Named types and constants as tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::bodies::Bodies;
use super::fields::{Fields, Kind};
use super::text::{key, number, quoted, raw, table};
use crate::ast::ReservedRule;
use crate::model::{BitsDef, BitsField, ConstValue, EnumDef, NamedId, Program, Type, TypeId, TypeKind};

/// Statements that fill the tables of types and GUIDs.
pub fn tables(program: &Program, fields: &mut Fields) -> String {
    let mut out = String::from("local types, guids = description.types, description.guids\n");
    let constants = constants(program);
    for (index, def) in program.types.iter().enumerate() {
        let constants = constants.get(&TypeId(index));
        let text = match &def.kind {
            TypeKind::Enum(e) => enumeration(e, constants),
            TypeKind::Bits(b) => bits(&def.name, b, constants, fields),
            // Arguments are numbers of forms: nothing is read of it.
            TypeKind::Form(_) => "{}".to_owned(),
            TypeKind::Struct(s) => Bodies { program, fields: &mut *fields, container: &def.name }.body(s),
        };
        // Writing to a String cannot fail.
        _ = writeln!(out, "types[{}] = {text} -- {}", index + 1, def.name);
        if def.name == "PropertyName" {
            _ = writeln!(out, "types[{}].names_property = true", index + 1);
        }
    }
    out.push_str(&properties(program));
    let mut seen = Vec::new();
    for constant in program.modules.iter().flat_map(|module| &module.consts) {
        if let ConstValue::Guid(bytes) = &constant.value
            && !seen.contains(bytes)
        {
            seen.push(*bytes);
            _ = writeln!(out, "guids[{}] = {}", raw(bytes), quoted(&constant.name));
        }
    }
    out
}

/// Named properties by set and identifier; the first of several names.
fn properties(program: &Program) -> String {
    let mut sets: BTreeMap<[u8; 16], BTreeMap<&NamedId, &str>> = BTreeMap::new();
    for property in program.modules.iter().flat_map(|module| &module.properties) {
        sets.entry(property.guid).or_default().entry(&property.id).or_insert(&property.name);
    }
    let mut out = String::new();
    for (guid, names) in sets {
        let lines = names.iter().map(|(id, name)| match id {
            NamedId::Lid(lid) => format!("[{}] = {}", number(u64::from(*lid)), quoted(name)),
            NamedId::Name(string) => format!("[{}] = {}", quoted(string), quoted(name)),
        });
        let lines: Vec<String> = lines.collect();
        // Writing to a String cannot fail.
        _ = writeln!(out, "description.properties[{}] = {{\n  {}\n}}", raw(&guid), lines.join(",\n  "));
    }
    out
}

/// Constants of named types in the order of their declaration.
fn constants(program: &Program) -> BTreeMap<TypeId, Vec<String>> {
    let mut all: BTreeMap<TypeId, Vec<String>> = BTreeMap::new();
    for constant in program.modules.iter().flat_map(|module| &module.consts) {
        if let (Type::Named(id, _), ConstValue::Int(value)) = (&constant.ty, &constant.value)
            && let Some(value) = key(*value)
        {
            all.entry(*id).or_default().push(format!("{{ {value}, {} }}", quoted(&constant.name)));
        }
    }
    all
}

fn with_constants(constants: Option<&Vec<String>>) -> String {
    constants.map(|list| format!(", constants = {{\n  {}\n}}", list.join(",\n  "))).unwrap_or_default()
}

fn enumeration(def: &EnumDef, constants: Option<&Vec<String>>) -> String {
    let mut names: BTreeMap<u64, &str> = BTreeMap::new();
    for (name, value, _) in &def.items {
        names.entry(*value).or_insert(name);
    }
    let values = names.iter().filter_map(|(value, name)| Some(format!("[{}] = {}", key(*value)?, quoted(name))));
    format!("{{ size = {}, values = {}{} }}", def.base.size, table(values), with_constants(constants))
}

fn bits(name: &str, def: &BitsDef, constants: Option<&Vec<String>>, fields: &mut Fields) -> String {
    // Parts of a number with a name of its own (a property tag) are not shown.
    let shown = constants.is_none();
    let parts = table(def.fields.iter().map(|part| sub_field(name, part, shown, fields)).collect::<Vec<_>>());
    let masks = def.masks.iter().map(|(mask, value, _)| {
        let field = if shown { format!(", {}", fields.number(name, mask, Kind::BOOL)) } else { String::new() };
        format!("{{ {}, {}{field} }}", quoted(mask), number(*value))
    });
    let masks = table(masks.collect::<Vec<_>>());
    let reserved = match def.reserved {
        ReservedRule::Ignore => "",
        ReservedRule::Reject => ", reserved = \"reject\"",
        _ => ", reserved = \"zero\"",
    };
    format!(
        "{{ size = {}, parts = {parts}, masks = {masks}, known = {}{reserved}{} }}",
        def.base.size,
        number(def.known),
        with_constants(constants)
    )
}

fn sub_field(container: &str, part: &BitsField, shown: bool, fields: &mut Fields) -> String {
    let mut text = format!("{{ name = {}, at = {}, width = {}", quoted(&part.name), part.at, part.width);
    if part.big_endian {
        text.push_str(", big = true");
    }
    if let Some(id) = part.ty {
        // Writing to a String cannot fail.
        _ = write!(text, ", type = {}", id.0 + 1);
    }
    if shown {
        let kind = match part.width {
            1 => Kind::BOOL,
            2..=32 => Kind::U32,
            _ => Kind::U64,
        };
        _ = write!(text, ", field = {}", fields.number(container, &part.name, kind));
    }
    text.push_str(" }");
    text
}
