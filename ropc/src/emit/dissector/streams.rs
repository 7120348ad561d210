//! Stream grammars as tables: what the automaton of `lua/streams.lua` walks.

use std::fmt::Write as _;

use super::bodies::Bodies;
use super::fields::{Fields, Kind};
use super::text::{number, quoted, table};
use crate::model::{Class, Program, Set, Step, Stream, StructDef, TagRule, TypeId, Wire};

/// Statements that fill the table of streams.
pub fn tables(program: &Program, fields: &mut Fields) -> String {
    let mut out = String::new();
    for stream in &program.streams {
        let text = grammar(program, stream, fields);
        // Writing to a String cannot fail.
        _ = writeln!(out, "description.streams[{}] = {text}", quoted(&stream.name));
    }
    out
}

fn grammar(program: &Program, stream: &Stream, fields: &mut Fields) -> String {
    let tags = program.types.iter().position(|def| def.name == "PropertyTag").map(TypeId);
    let marker = fields.number(&stream.name, "marker", Kind::of_named(program, stream.marker));
    let tag = fields.number(&stream.name, "PropertyTag", tags.map_or(Kind::U32, |id| Kind::of_named(program, id)));
    let mut parts = vec![
        format!("marker = {{ type = {}, field = {marker} }}", stream.marker.0 + 1),
        format!("tag = {{ field = {tag}{} }}", tags.map(|id| format!(", type = {}", id.0 + 1)).unwrap_or_default()),
        format!(
            "markers = {}",
            list(&stream.markers, |(value, name)| format!("{{ {}, {} }}", hex(*value), quoted(name)))
        ),
        format!("named_from = {}", hex(stream.named_from.into())),
        format!("types = {}", list(&stream.types, |ty| format!("[{}] = {}", hex(ty.number.into()), wire(ty.wire)))),
        format!(
            "flagged = {}",
            list(&stream.flagged, |(mask, of)| format!("{{ {}, {} }}", hex((*mask).into()), wire(*of)))
        ),
        format!("tags = {}", list(&stream.tags, rule)),
        format!("classes = {}", list(&stream.classes, class)),
        format!("sets = {}", list(&stream.sets, |of| set(*of))),
        format!("steps = {}", list(&stream.steps, |of| step(*of))),
        format!(
            "productions = {}",
            list(&stream.productions, |of| format!("{{ {}, {} }}", quoted(&of.name), of.start))
        ),
        format!("roots = {}", list(&stream.roots, u16::to_string)),
        format!("values = {}", values(stream, None)),
        format!(
            "values_within = {}",
            list(&withins(stream), |(number, name)| format!("[{}] = {}", quoted(name), values(stream, Some(*number))))
        ),
        format!("deepest = {}", stream.max_recursion),
    ];
    let bodies = Bodies { program, fields, container: &stream.name };
    let of_type =
        list(&stream.types, |ty| format!("[{}] = {}", hex(ty.number.into()), bodies.ty(&StructDef::default(), &ty.ty)));
    parts.push(format!("value_types = {of_type}"));
    if let Some(recovery) = &stream.recovery {
        let within = list(&recovery.within, u16::to_string);
        let first = set(recovery.first);
        parts
            .push(format!("recovery = {{ production = {}, first = {first}, within = {within} }}", recovery.production));
    }
    format!("{{\n  {}\n}}", parts.join(",\n  "))
}

/// The structures of values: those of one production, or those of all.
fn values(stream: &Stream, within: Option<u16>) -> String {
    let of_it = stream.values.iter().filter(|rule| rule.within == within);
    table(of_it.map(|rule| format!("[{}] = {}", hex(rule.tag), rule.ty.0 + 1)))
}

/// Productions that give values structures of their own, by number and name.
fn withins(stream: &Stream) -> Vec<(u16, &str)> {
    let mut all: Vec<(u16, &str)> = Vec::new();
    for number in stream.values.iter().filter_map(|rule| rule.within) {
        let name = stream.productions.get(usize::from(number)).map_or("", |production| production.name.as_str());
        if !all.contains(&(number, name)) {
            all.push((number, name));
        }
    }
    all
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    table(items.iter().map(text))
}

fn hex(value: u32) -> String {
    number(value.into())
}

fn wire(of: Wire) -> String {
    match of {
        Wire::Fixed(size) => format!("{{ size = {size} }}"),
        Wire::Variable => "{}".to_owned(),
        Wire::FixedList(size) => format!("{{ list = true, size = {size} }}"),
        Wire::VariableList => "{ list = true }".to_owned(),
    }
}

fn rule(rule: &TagRule) -> String {
    format!("[{}] = {{ of = {}, wire = {} }}", hex(rule.tag), hex(rule.of), wire(rule.wire))
}

fn class(class: &Class) -> String {
    let value = class.value.map(|value| format!(", value = {}", hex(value))).unwrap_or_default();
    format!("{{ tag = {}, name = {}{value} }}", hex(class.tag), quoted(&class.name))
}

/// The words of a set, by number.
fn set(of: Set) -> String {
    let words = (0..Set::BITS).filter(|word| of >> word & 1 == 1);
    format!("Set({})", table(words.map(|word| word.to_string())))
}

fn step(of: Step) -> String {
    match of {
        Step::Take(set) => format!("Take({set})"),
        Step::Test(set, otherwise) => format!("Test({set}, {otherwise})"),
        Step::Go(to) => format!("Go({to})"),
        Step::Call(production) => format!("Call({production})"),
        Step::Return => "Return".to_owned(),
    }
}
