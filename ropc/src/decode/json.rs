//! A tree as JSON: `{"name","offset","size","bytes","value","meaning","children"}`, nested.

use std::fmt::Write as _;

use super::text::meaning;
use super::tree::{Decoded, Fault, Node, Value};

/// One object: the tree, and the error or `null`.
pub fn render(decoded: &Decoded) -> String {
    let mut out = String::from("{\"tree\":");
    node(&decoded.root, &[], &mut out);
    out.push_str(",\"error\":");
    match &decoded.fault {
        Some(fault) => error(fault, &mut out),
        None => out.push_str("null"),
    }
    out.push('}');
    out
}

fn error(fault: &Fault, out: &mut String) {
    out.push_str("{\"path\":");
    string(&fault.path, out);
    // Writing to a String cannot fail.
    _ = write!(out, ",\"offset\":{},\"size\":{},\"message\":", fault.offset, fault.size);
    string(&fault.message, out);
    out.push('}');
}

fn node(node: &Node, outer: &[u8], out: &mut String) {
    out.push_str("{\"name\":");
    string(&node.name, out);
    if let Some(note) = &node.note {
        out.push_str(",\"of\":");
        string(note, out);
    }
    _ = write!(out, ",\"offset\":{},\"size\":{}", node.offset, node.size);
    let buffer = node.payload.as_deref().unwrap_or(outer);
    let bytes = node.payload.as_deref().or_else(|| node.children.is_empty().then(|| node.bytes(outer)));
    if let Some(bytes) = bytes {
        out.push_str(",\"bytes\":\"");
        bytes.iter().for_each(|byte| _ = write!(out, "{byte:02x}"));
        out.push('"');
    }
    if let Some(value) = &node.value {
        plain(value, out);
        out.push_str(",\"meaning\":");
        string(&meaning(value, node.size), out);
    }
    if !node.children.is_empty() {
        out.push_str(",\"children\":[");
        for (index, child) in node.children.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            self::node(child, buffer, out);
        }
        out.push(']');
    }
    out.push('}');
}

/// The value itself where JSON has one for it. Integers over 53 bits are strings.
fn plain(value: &Value, out: &mut String) {
    const EXACT: i128 = 1 << 53;
    let mut number = |value: i128| {
        if (-EXACT..=EXACT).contains(&value) {
            _ = write!(out, ",\"value\":{value}");
        } else {
            _ = write!(out, ",\"value\":\"{value}\"");
        }
    };
    match value {
        Value::Number(value, _) => number(*value),
        Value::Named { value, .. } => number(i128::from(*value)),
        Value::Time(ticks) => number(i128::from(*ticks)),
        Value::Bool(value) => _ = write!(out, ",\"value\":{value}"),
        Value::Float(value) if value.is_finite() => _ = write!(out, ",\"value\":{value:?}"),
        Value::Text(text) | Value::Guid(text, _) | Value::Variant(text, _) => {
            out.push_str(",\"value\":");
            string(text, out);
        }
        Value::Float(_) | Value::Bytes | Value::Opaque(_) | Value::Mistake(_) => {}
    }
    if let Value::Named { names, .. } = value {
        out.push_str(",\"names\":[");
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            string(name, out);
        }
        out.push(']');
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' || c == '\u{7f}' => _ = write!(out, "\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
}
