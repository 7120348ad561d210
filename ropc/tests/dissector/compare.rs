//! A tree of `ropc decode` against what tshark shows.

use std::fmt::Write as _;

use crate::decode::text::meaning;
use crate::decode::tree::{Decoded, Node, Value};
use crate::pdml::Item;

/// Bytes of a label that Wireshark keeps, some left for characters that it does not split.
const LABEL: usize = 230;

/// Fails where the lists differ.
#[track_caller]
pub fn same(shown: &[Item], expected: &[Decoded]) {
    for (index, (shown, expected)) in shown.iter().zip(expected).enumerate() {
        if let Err(difference) = same_body(shown, expected) {
            let bytes = expected.root.payload.as_deref().unwrap_or_default();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            panic!("body {index}, {}: {difference}\n{:?}\n{hex}", expected.root.name, shown.experts());
        }
    }
    assert_eq!(shown.len(), expected.len());
}

fn same_body(shown: &Item, expected: &Decoded) -> Result<(), String> {
    let bytes = expected.root.payload.as_deref().unwrap_or_default();
    if shown.size != bytes.len() {
        return Err(format!("{} bytes, not {}", shown.size, bytes.len()));
    }
    same_children(shown, &expected.root.children, bytes, shown.at, shown.at)?;
    let wanted = expected.fault.as_ref().map(|fault| {
        let mut text = String::new();
        let path = match fault.path.len() {
            121.. => format!("{}…{}", &fault.path[..40], &fault.path[fault.path.len() - 80..]),
            _ => fault.path.clone(),
        };
        if !path.is_empty() {
            // Writing to a String cannot fail.
            _ = write!(text, "{path}: ");
        }
        _ = write!(text, "{} at offset {:#x}", fault.message, fault.offset);
        text
    });
    let own = shown.children.iter().filter(|child| child.filter == "_ws.expert").flat_map(Item::experts).next();
    match (own, &wanted) {
        (None, None) => Ok(()),
        (Some(found), Some(wanted)) if alike(found, wanted) => Ok(()),
        _ => Err(format!("the error is {own:?}, not {wanted:?}")),
    }
}

/// `base`: where the buffer of the nodes begins in the bytes that the positions of items count in; `start`: where the
/// item itself begins in its own.
fn same_children(shown: &Item, nodes: &[Node], buffer: &[u8], base: usize, start: usize) -> Result<(), String> {
    let values = shown.values();
    for (item, node) in values.iter().zip(nodes) {
        let at = base + node.offset;
        // PDML takes a position before that of the parent for one that counts from there.
        let at = if at < start { start + at } else { at };
        if (item.at, item.size) != (at, node.size) {
            let places = (item.at, item.size, at, node.size);
            let labels: Vec<&str> = item.children.iter().map(|item| item.label.as_str()).collect();
            let names: Vec<&str> = node.children.iter().map(|node| node.name.as_str()).collect();
            return Err(format!("{}: position and size {places:?} differ: {labels:?}, not {names:?}", item.label));
        }
        same_node(item, node, buffer, base).map_err(|difference| format!("{}\n> {difference}", node.name))?;
    }
    if values.len() != nodes.len() {
        let labels: Vec<&str> = values.iter().map(|item| item.label.as_str()).collect();
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        return Err(format!("{labels:?}, not {names:?}"));
    }
    Ok(())
}

fn same_node(item: &Item, node: &Node, buffer: &[u8], base: usize) -> Result<(), String> {
    let start = base + node.offset;
    if let Some(payload) = &node.payload {
        let label = format!("{}: {} bytes", node.name, payload.len());
        if item.label != label {
            return Err(format!("{:?}, not {label:?}", item.label));
        }
        let changed = node.bytes(buffer) != payload.as_slice();
        return same_children(item, &node.children, payload, if changed { 0 } else { start }, start);
    }
    // A variant of one value is the value.
    let mut meanings = Vec::new();
    let mut last = node;
    loop {
        meanings.extend(last.value.as_ref().map(|value| shown_meaning(value, last.size)));
        match (&last.value, last.children.as_slice()) {
            (Some(Value::Variant(_, 1)), [one]) if (one.offset, one.size) == (last.offset, last.size) => last = one,
            _ => break,
        }
    }
    let note = node.note.as_ref().filter(|note| !note.is_empty()).map(|note| format!(" {note}")).unwrap_or_default();
    let colon = if meanings.is_empty() { "" } else { ": " };
    let label = format!("{}{note}{colon}{}", node.name, meanings.join(" "));
    if !alike(&item.label, &label) {
        return Err(format!("{:?}, not {label:?}", item.label));
    }
    let bytes = last.bytes(buffer);
    if !item.value.is_empty() && last.children.is_empty() && bytes.len() < 64 {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if item.value != hex {
            return Err(format!("{label}: bytes {}, not {hex}", item.value));
        }
    }
    if last.children.is_empty() {
        // Flags and sub-fields of a number.
        let stray = item.values().into_iter().find(|part| !part.filter.starts_with("mapi.") || part.size != item.size);
        return stray.map_or(Ok(()), |part| Err(format!("{label} has a part {part:?}")));
    }
    same_children(item, &last.children, buffer, base, start)
}

/// The same text, up to where Wireshark cuts it.
fn alike(shown: &str, wanted: &str) -> bool {
    if wanted.len() < LABEL {
        return shown == wanted;
    }
    let common = shown.bytes().zip(wanted.bytes()).take_while(|(a, b)| a == b).count();
    common >= LABEL - 10
}

/// Texts are escaped more simply than Rust does it, and cut earlier.
fn shown_meaning(value: &Value, size: usize) -> String {
    let Value::Text(text) = value else { return meaning(value, size) };
    let mut shown = String::from("\"");
    let mut bytes = 0;
    for (index, c) in text.chars().enumerate() {
        if index == 120 || bytes >= 180 {
            return format!("{shown}\"… ({} characters)", text.chars().count());
        }
        bytes += c.len_utf8();
        match c {
            '"' | '\\' => shown.extend(['\\', c]),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\0' => shown.push_str("\\0"),
            c if c.is_ascii_control() => _ = write!(shown, "\\u{{{:x}}}", u32::from(c)),
            c => shown.push(c),
        }
    }
    shown + "\""
}
