//! ROPs, bodies of MAPI over HTTP, and what stands around them, as tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::bodies::Bodies;
use super::exprs::expr;
use super::fields::{Fields, Kind};
use super::text::{constant, quoted, table};
use crate::model::{ConstValue, Effect, EffectValue, Handle, Program, Request, Rop, State, StructDef, Type, TypeId};

/// What the runtime reads without a field that has it: a response, and what the buffers in bodies have.
const LOOKED_FOR: [&str; 4] = ["CommonResponse", "AuxiliaryBuffer", "RopInputBuffers", "RopOutputBuffers"];

/// Statements that fill the tables of operations.
pub fn tables(program: &Program, fields: &mut Fields) -> String {
    let mut out = String::from("local rops, requests = description.rops, description.requests\n");
    // Writing to a String cannot fail.
    for rop in &program.rops {
        let text = operation(program, rop, fields);
        _ = writeln!(out, "rops[#rops + 1] = {text}");
    }
    let mut ids = BTreeSet::new();
    for rop in program.rops.iter().filter(|rop| ids.insert(rop.id)) {
        _ = writeln!(out, "description.rop_names[0x{:02X}] = {}", rop.id, quoted(&rop.name));
    }
    for request in &program.requests {
        let text = body_pair(program, request, fields);
        _ = writeln!(out, "requests[#requests + 1] = {text}");
    }
    for (index, object) in program.objects.iter().enumerate() {
        for state in &object.state {
            if let Some(value) = initial(state) {
                _ = writeln!(
                    out,
                    "description.initial[{}] = {value}",
                    quoted(&format!("{}.{}", index + 1, state.name))
                );
            }
        }
    }
    if let Some(id) = error_code(program) {
        _ = writeln!(out, "description.error_code = {}", id.0 + 1);
    }
    for name in LOOKED_FOR {
        if let Some(id) = program.types.iter().position(|def| def.name == name) {
            _ = writeln!(out, "description.structures.{name} = {}", id + 1);
        }
    }
    out.push_str(&header(program, fields));
    out
}

fn error_code(program: &Program) -> Option<TypeId> {
    program.types.iter().position(|def| def.name == "ErrorCode").map(TypeId)
}

/// Fields of headers, which no body declares.
fn header(program: &Program, fields: &mut Fields) -> String {
    let code = error_code(program).map_or(Kind::U32, |id| Kind::of_named(program, id));
    let mut named: Vec<(&str, &str, &str, Kind)> = vec![
        ("Rop", "rop", "", Kind::TEXT),
        ("RopId", "rop", "RopId", Kind::U8),
        ("LogonId", "rop", "LogonId", Kind::U8),
        ("HandleIndex", "rop", "HandleIndex", Kind::U8),
        ("ReturnValue", "rop", "ReturnValue", code),
        ("RopSize", "rop", "RopSize", Kind::U16),
        ("Handle", "rop", "Handle", Kind::U32),
    ];
    let indexes: BTreeSet<&str> = program.rops.iter().flat_map(|rop| &rop.header).map(String::as_str).collect();
    named.extend(indexes.into_iter().map(|name| (name, "rop", name, Kind::U8)));
    let mut out = String::new();
    for (key, container, name, kind) in named {
        // Writing to a String cannot fail.
        _ = writeln!(out, "description.header[{}] = {}", quoted(key), fields.number(container, name, kind));
    }
    out
}

/// What a state is before anything sets it, where that is a value.
fn initial(state: &State) -> Option<String> {
    let is_bool = matches!(state.ty, Type::Bool(_));
    match &state.initial {
        Some(value) => Some(stated(value, is_bool)),
        None if state.list || state.optional => None,
        None if is_bool => Some("false".to_owned()),
        None => Some("0".to_owned()),
    }
}

/// A constant as the value of a state.
fn stated(value: &ConstValue, is_bool: bool) -> String {
    match value {
        ConstValue::Int(value) if is_bool => (*value != 0).to_string(),
        value => constant(value),
    }
}

fn operation(program: &Program, rop: &Rop, fields: &mut Fields) -> String {
    let mut bodies = Bodies { program, fields, container: &rop.name };
    let mut parts = vec![format!("name = {}", quoted(&rop.name)), format!("id = 0x{:02X}", rop.id)];
    parts.push(format!("header = {}", table(rop.header.iter().map(|name| quoted(name)))));
    let mut body = |key: &str, def: Option<&StructDef>| {
        if let Some(def) = def {
            parts.push(format!("{key} = {}", bodies.body(def)));
        }
    };
    body("request", Some(&rop.request).filter(|_| rop.unsolicited.is_none()));
    body("success", rop.success.as_ref());
    body("other", rop.other.as_ref());
    body("unsolicited", rop.unsolicited.as_ref());
    let on: Vec<String> = rop
        .on
        .iter()
        .flat_map(|(codes, def)| codes.iter().map(move |(_, code)| (*code, def)))
        .map(|(code, def)| format!("[0x{code:X}] = {}", bodies.body(def)))
        .collect();
    parts.push(format!("on = {}", table(on)));
    parts.push(format!("handles = {}", table(rop.inputs.iter().chain(&rop.output).map(handle))));
    parts.extend(rop.inputs.first().map(|input| format!("input = {}", quoted(&input.name))));
    parts.extend(rop.output.as_ref().map(|output| format!("output = {}", quoted(&output.name))));
    let needs = rop
        .needs_state
        .iter()
        .map(|(of, state)| format!("[{}] = {{ handle = {}, state = {} }}", quoted(state), quoted(of), quoted(state)));
    parts.push(format!("needs = {}", table(needs)));
    let looks_up = rop.looks_up.iter().map(|of| {
        let key = quoted(&format!("{}.{}", of.object + 1, of.state));
        format!("[{}] = {{ offset = {}, key = {key} }}", quoted(&of.state), of.offset)
    });
    parts.push(format!("looks_up = {}", table(looks_up)));
    let others = program.rops.iter().filter(|other| rop.answered_by.contains(&other.id));
    let others = others.map(|other| format!("[0x{:02X}] = true", other.reply_id.unwrap_or(other.id)));
    parts.push(format!("answered_by = {}", table(others)));
    parts.push(format!("effects = {}", table(rop.effects.iter().map(|effect| self::effect(program, rop, effect)))));
    if let Some(input) = rop.inputs.first().filter(|_| rop.releases) {
        parts.push(format!("releases = {}", quoted(&input.name)));
    }
    if let Some(output) = &rop.output {
        let mut opens = vec![format!("handle = {}", quoted(&output.name))];
        let object = output.objects.first().and_then(|&id| Some((id, program.objects.get(id)?)));
        let states = object.into_iter().flat_map(|(id, object)| object.state.iter().map(move |state| (id, state)));
        opens.extend(states.map(|(id, state)| quoted(&format!("{}.{}", id + 1, state.name))));
        parts.push(format!("opens = {}", table(opens)));
    }
    if let Some(id) = rop.reply_id {
        parts.push(format!("reply_id = 0x{id:02X}"));
    }
    table(parts)
}

fn handle(handle: &Handle) -> String {
    // Of several kinds, state belongs to the first.
    let object = handle.objects.first().map(|object| format!(", object = {}", object + 1)).unwrap_or_default();
    format!("[{}] = {{ index = {}{object} }}", quoted(&handle.name), quoted(&handle.index_field))
}

fn effect(program: &Program, rop: &Rop, effect: &Effect) -> String {
    let mut parts = vec![
        format!("on_success = {}", effect.on_success),
        format!("handle = {}", quoted(&effect.handle)),
        format!("state = {}", quoted(&effect.state)),
    ];
    let objects = rop.inputs.iter().chain(&rop.output).filter(|handle| handle.name == effect.handle);
    let mut states = objects.filter_map(|handle| program.objects.get(*handle.objects.first()?)).flat_map(|o| &o.state);
    let is_bool = states.any(|state| state.name == effect.state && matches!(state.ty, Type::Bool(_)));
    match &effect.value {
        None => {}
        Some(EffectValue::Request(e)) => parts.push(format!("request = {}", expr(program, e))),
        Some(EffectValue::Reply(e)) => parts.push(format!("reply = {}", expr(program, e))),
        Some(EffectValue::Const(value)) => parts.push(format!("constant = {}", stated(value, is_bool))),
    }
    table(parts)
}

fn body_pair(program: &Program, request: &Request, fields: &mut Fields) -> String {
    let mut bodies = Bodies { program, fields, container: &request.key };
    let mut parts = vec![format!("key = {}", quoted(&request.key))];
    parts.push(format!("request = {}", bodies.body(&request.request)));
    parts.push(format!("success = {}", bodies.body(&request.success)));
    parts.extend(request.failure.as_ref().map(|def| format!("failure = {}", bodies.body(def))));
    parts.push(format!("status = {}", request.status.is_some()));
    table(parts)
}
