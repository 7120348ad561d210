//! A tree as a hex dump that says beside each line what the bytes are. Every byte stands in it once.

use std::fmt::Write as _;

use super::text::meaning;
use super::tree::{Decoded, LINE, Node};

/// Writes the bytes of what was decoded, a payload after the buffer that it came in.
pub fn render(decoded: &Decoded) -> String {
    let mut out = String::new();
    buffer(&decoded.root, &decoded.root.name, &mut out);
    out
}

fn buffer<'n>(node: &'n Node, path: &str, out: &mut String) {
    let bytes = node.payload.as_deref().unwrap_or_default();
    // Writing to a String cannot fail.
    _ = writeln!(out, "{path}: {} bytes", bytes.len());
    let (mut payloads, mut found) = (Vec::new(), Vec::new());
    for child in &node.children {
        leaves(child, "", &mut payloads, &mut |leaf: &'n Node, path: &str| {
            if leaf.size > 0 {
                found.push((leaf, path.to_owned()));
            }
        });
    }
    // What a pointer leads to stands behind what comes after the pointer.
    found.sort_by_key(|(leaf, _)| leaf.offset);
    let mut done = 0;
    for (leaf, path) in found {
        rows(bytes, done..leaf.offset, "not decoded", out);
        let start = leaf.offset.max(done);
        let end = leaf.offset.saturating_add(leaf.size);
        let meaning = leaf.value.as_ref().map(|value| meaning(value, leaf.size)).unwrap_or_default();
        rows(bytes, start..end, format!("{path}: {meaning}").trim_end_matches([':', ' ']), out);
        done = done.max(end);
    }
    rows(bytes, done..bytes.len(), "not decoded", out);
    for (payload, within) in payloads {
        out.push('\n');
        buffer(payload, &format!("{path}.{within}"), out);
    }
}

/// Calls a function for the nodes without parts, in order; collects those with buffers of their own.
fn leaves<'n>(
    node: &'n Node,
    above: &str,
    payloads: &mut Vec<(&'n Node, String)>,
    each: &mut impl FnMut(&'n Node, &str),
) {
    let path = match above {
        "" => node.name.clone(),
        above if node.name.starts_with('[') => format!("{above}{}", node.name),
        above => format!("{above}.{}", node.name),
    };
    if node.payload.is_some() {
        each(node, &path);
        payloads.push((node, path));
    } else if node.children.is_empty() {
        each(node, &path);
    } else {
        node.children.iter().for_each(|child| leaves(child, &path, payloads, each));
    }
}

/// Bytes in rows, the meaning beside the first.
fn rows(bytes: &[u8], range: std::ops::Range<usize>, text: &str, out: &mut String) {
    let range = range.start.min(bytes.len())..range.end.min(bytes.len());
    let Some(part) = bytes.get(range.clone()) else { return };
    for (index, row) in part.chunks(LINE).enumerate() {
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = if index == 0 { text } else { "" };
        let line = format!("{:08x}  {:<47}  {text}", range.start.saturating_add(index * LINE), hex.join(" "));
        _ = writeln!(out, "{}", line.trim_end());
    }
}
