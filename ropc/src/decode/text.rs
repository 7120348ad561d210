//! A tree as text: a line a value, with offset, bytes and meaning.

use std::fmt::Write as _;

use super::meaning::date;
use super::tree::{Decoded, Node, Value};

/// Bytes that a line shows of a longer value.
const SHOWN: usize = 8;
/// Characters that a line shows of a longer text.
const SHOWN_TEXT: usize = 120;

/// How text is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// In colours of a terminal.
    pub coloured: bool,
}

/// Writes what was decoded, without the error.
pub fn render(decoded: &Decoded, style: Style) -> String {
    let mut out = String::new();
    buffer(&decoded.root, 0, style, &mut out);
    out
}

/// A node with a buffer of its own: its title, then what is in it.
fn buffer(node: &Node, depth: usize, style: Style, out: &mut String) {
    let bytes = node.payload.as_deref().unwrap_or_default();
    let title = style.bold(&node.name);
    let note = node.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
    // Writing to a String cannot fail.
    _ = writeln!(out, "{:indent$}{title}{note}: {} bytes", "", bytes.len(), indent = depth * 2);
    node.children.iter().for_each(|child| line(child, bytes, depth + 1, style, out));
}

fn line(node: &Node, bytes: &[u8], depth: usize, style: Style, out: &mut String) {
    if node.payload.is_some() {
        let offset = style.dim(&format!("{:04x}", node.offset));
        let raw = style.cyan(&format!("{:<25}", shortened(node.bytes(bytes))));
        _ = write!(out, "{offset}  {raw}");
        return buffer(node, depth, style, out);
    }
    // A variant of one value is the value.
    let mut meanings = Vec::new();
    let mut last = node;
    loop {
        meanings.extend(last.value.as_ref().map(|value| meaning(value, last.size)));
        match (&last.value, last.children.as_slice()) {
            (Some(Value::Variant(_, 1)), [one]) if (one.offset, one.size) == (last.offset, last.size) => last = one,
            _ => break,
        }
    }
    let raw = if last.children.is_empty() { shortened(last.bytes(bytes)) } else { String::new() };
    let offset = style.dim(&format!("{:04x}", node.offset));
    let raw = style.cyan(&format!("{raw:<25}"));
    let name = style.bold(&node.name);
    let note = node.note.as_ref().filter(|note| !note.is_empty()).map(|note| format!(" {note}")).unwrap_or_default();
    let colon = if meanings.is_empty() { "" } else { ": " };
    let text = format!("{offset}  {raw}{:indent$}{name}{note}{colon}{}", "", meanings.join(" "), indent = depth * 2);
    _ = writeln!(out, "{}", text.trim_end());
    last.children.iter().for_each(|child| line(child, bytes, depth + 1, style, out));
}

fn shortened(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    shown.join(" ") + more
}

/// A value as people read it.
pub fn meaning(value: &Value, size: usize) -> String {
    match value {
        Value::Number(value, _) if (-9..=9).contains(value) => value.to_string(),
        Value::Number(value, _) if *value < 0 => value.to_string(),
        Value::Number(value, _) => format!("{value} (0x{value:X})"),
        Value::Named { value, size, names } => {
            let digits = usize::from(*size) * 2;
            format!("0x{value:0digits$X} {}", names.join(", ")).trim_end().to_owned()
        }
        Value::Bool(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(text) => quoted(text),
        Value::Guid(text, name) => format!("{{{text}}} {}", name.as_deref().unwrap_or_default()).trim_end().to_owned(),
        Value::Time(ticks) => date(*ticks),
        Value::Bytes => format!("{size} bytes"),
        Value::Variant(name, _) => name.clone(),
        Value::Opaque(why) => format!("{size} bytes not decoded: {why}"),
        Value::Mistake(what) => what.clone(),
    }
}

fn quoted(text: &str) -> String {
    match text.char_indices().nth(SHOWN_TEXT) {
        Some((end, _)) => format!("{:?}… ({} characters)", text.get(..end).unwrap_or_default(), text.chars().count()),
        None => format!("{text:?}"),
    }
}

impl Style {
    fn paint(self, text: &str, code: &str) -> String {
        if self.coloured && !text.trim().is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn dim(self, text: &str) -> String {
        self.paint(text, "2")
    }

    fn cyan(self, text: &str) -> String {
        self.paint(text, "36")
    }

    fn bold(self, text: &str) -> String {
        self.paint(text, "1")
    }
}
