//! Values as Lua writes them.

use crate::model::ConstValue;

/// The first number that is not exact in Lua.
const INEXACT: u64 = 1 << 53;

/// An integer.
pub fn number(value: u64) -> String {
    if value < INEXACT {
        return if value < 10 { value.to_string() } else { format!("0x{value:X}") };
    }
    format!("Wide(0x{:X}, 0x{:X})", value & 0xFFFF_FFFF, value >> 32)
}

/// A number that can be a key of a table.
pub fn key(value: u64) -> Option<String> {
    (value < INEXACT).then(|| number(value))
}

/// A string of letters, digits and signs that names and messages have.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A string of any bytes.
pub fn raw(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.iter().map(|byte| format!("\\{byte:03}")).collect::<String>())
}

/// A constant as the runtime compares it: a number, or the bytes of a GUID.
pub fn constant(value: &ConstValue) -> String {
    match value {
        ConstValue::Int(value) => number(*value),
        ConstValue::Guid(bytes) => raw(bytes),
    }
}

/// A table of what there is.
pub fn table<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.as_ref().to_owned()).collect();
    if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) }
}
