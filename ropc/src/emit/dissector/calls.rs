//! Operations of RPC whose parameters are numbers, texts, handles and bytes, as tables: those that carry MAPI structures
//! are among them.

use std::fmt::Write as _;

use super::fields::{Fields, Kind};
use super::text::{quoted, table};
use crate::ndr::model::{Field, Interface, Known, Operation, Pointer, Scalar, Size, Type, TypeKind};

/// Statements that fill the tables of calls.
pub fn tables<'i>(interfaces: impl Iterator<Item = &'i Interface>, fields: &mut Fields) -> String {
    let mut out = String::from("description.calls = {}\n");
    for interface in interfaces {
        let Some(uuid) = &interface.uuid else { continue };
        let described =
            interface.operations.iter().filter_map(|of| Some((of.opnum, operation(interface, of, fields)?)));
        let described: Vec<String> = described.map(|(opnum, text)| format!("[{opnum}] = {text}")).collect();
        if !described.is_empty() {
            // Writing to a String cannot fail.
            _ = writeln!(
                out,
                "description.calls[{}] = {{\n  {}\n}}",
                quoted(&uuid.to_ascii_lowercase()),
                described.join(",\n  ")
            );
        }
    }
    out
}

/// An operation, where all its parameters are of these kinds.
fn operation(interface: &Interface, of: &Operation, fields: &mut Fields) -> Option<String> {
    if of.left_out {
        return None;
    }
    let mut sides = [Vec::new(), Vec::new()];
    for param in &of.params {
        let carries = param.carries.as_ref().map(|structure| structure.text.as_str());
        let step = step(interface, of, &param.field, carries, fields)?;
        for (side, sent) in sides.iter_mut().zip([param.input, param.output]) {
            if sent {
                side.push(step.clone());
            }
        }
    }
    let [request, mut response] = sides;
    match &of.returns {
        None => {}
        Some(Type::Scalar(Scalar::I32) | Type::Known(Known::HResult)) => {
            let field = fields.number(&of.name, "ReturnValue", Kind::U32);
            response.push(format!("{{ name = \"return value\", kind = \"code\", size = 4, field = {field} }}"));
        }
        Some(_) => return None,
    }
    let parts = [
        format!("name = {}", quoted(&of.name)),
        format!("request = {}", table(request)),
        format!("response = {}", table(response)),
    ];
    Some(table(parts))
}

/// A parameter: what it is, and its filter field.
fn step(
    interface: &Interface,
    of: &Operation,
    field: &Field,
    carries: Option<&str>,
    fields: &mut Fields,
) -> Option<String> {
    let name = quoted(&field.name);
    let number = |scalar: Scalar, fields: &mut Fields| {
        let (size, kind) = match scalar {
            Scalar::U8 => (1, Kind::U8),
            Scalar::U16 => (2, Kind::U16),
            Scalar::U32 => (4, Kind::U32),
            _ => return None,
        };
        Some((size, fields.number(&of.name, &field.name, kind)))
    };
    let plain =
        |size: u8, field: usize| format!("{{ name = {name}, kind = \"number\", size = {size}, field = {field} }}");
    match &field.ty {
        Type::Scalar(scalar) | Type::Ranged(scalar, ..) => {
            let (size, field) = number(*scalar, fields)?;
            Some(plain(size, field))
        }
        Type::Named(id) => match &interface.get(*id)?.kind {
            TypeKind::Bitmap(flags) => {
                let (size, field) = number(flags.scalar, fields)?;
                let items = flags.items.iter().map(|item| format!("{{ 0x{:X}, {} }}", item.value, quoted(&item.name)));
                let items = table(items);
                Some(format!("{{ name = {name}, kind = \"flags\", size = {size}, field = {field}, items = {items} }}"))
            }
            _ => None,
        },
        Type::Known(Known::ContextHandle) => {
            let field = fields.number(&of.name, &field.name, Kind::BYTES);
            Some(format!("{{ name = {name}, kind = \"handle\", field = {field} }}"))
        }
        Type::Text(text) => {
            let kind = if text.wide || !matches!(text.size, Size::Conformant(_)) { return None } else { "text" };
            let field = fields.number(&of.name, &field.name, Kind::TEXT);
            Some(format!("{{ name = {name}, kind = \"{kind}\", field = {field} }}"))
        }
        Type::Pointer(Pointer::Unique, to) => match &**to {
            Type::Text(text) if !text.wide && matches!(text.size, Size::Conformant(None)) => {
                let field = fields.number(&of.name, &field.name, Kind::TEXT);
                Some(format!("{{ name = {name}, kind = \"pointer\", field = {field} }}"))
            }
            _ => None,
        },
        Type::Array(array) => match (&*array.element, &array.size) {
            (Type::Scalar(Scalar::U16), Size::Fixed(count)) if !array.varying => {
                let field = fields.number(&of.name, &field.name, Kind::U16);
                Some(format!("{{ name = {name}, kind = \"numbers\", size = 2, count = {count}, field = {field} }}"))
            }
            (Type::Scalar(Scalar::U8), Size::Conformant(_)) => {
                let field = fields.number(&of.name, &field.name, Kind::BYTES);
                let carries = carries.map(|name| format!(", carries = {}", quoted(name))).unwrap_or_default();
                let varying = array.varying;
                Some(format!("{{ name = {name}, kind = \"bytes\", varying = {varying}, field = {field}{carries} }}"))
            }
            _ => None,
        },
        _ => None,
    }
}
