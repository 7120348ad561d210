//! Every published vector of the descriptions decodes and uses all its bytes; every refused one is refused.

use ropc::ast::{Expected, Value, Vector};
use ropc::model::TypeKind;

use crate::decode::input::hex;
use crate::decode::tree::Node;
use crate::support::{decode, program};

/// The names of the types that vectors are of, with the vectors.
fn all() -> Vec<(String, &'static Vector)> {
    let mut all = Vec::new();
    for def in &program().types {
        if let TypeKind::Struct(body) = &def.kind {
            all.extend(body.vectors.iter().map(|vector| (def.name.clone(), vector)));
        }
    }
    for rop in &program().rops {
        for vector in &rop.vectors {
            let reply = vector.target.as_ref().is_some_and(|target| target.text != "request");
            all.push((format!("{}{}", rop.name, if reply { "Reply" } else { "" }), vector));
        }
    }
    for request in &program().requests {
        for vector in &request.vectors {
            let target = vector.target.as_ref().map_or("request", |target| target.text.as_str());
            let zero = hex(&vector.bytes.text).is_some_and(|bytes| bytes.starts_with(&[0; 4]));
            let side = match target {
                "request" => "Request",
                "success" => "Response",
                "reply" if zero => "Response",
                _ => "Failure",
            };
            all.push((format!("{}{side}", request.name), vector));
        }
    }
    all
}

fn written(value: &Value) -> String {
    match value {
        Value::Int(number, _) => number.to_string(),
        Value::Name(name) => name.text.clone(),
        Value::List(items, _) => items.iter().map(written).collect::<Vec<_>>().join(","),
        other => panic!("context of a kind that no vector has so far: {other:?}"),
    }
}

/// Nodes without parts lie one behind the other and inside their buffer; so do those of a buffer inside.
fn covers(node: &Node, size: usize) {
    assert_eq!(end(node, 0), size, "{}", node.name);
}

fn end(node: &Node, start: usize) -> usize {
    node.children.iter().fold(start, |at, child| {
        if let Some(payload) = &child.payload {
            covers(child, payload.len());
        } else if !child.children.is_empty() {
            return end(child, at);
        }
        assert_eq!(child.offset, at, "{}: {child:?}", node.name);
        at + child.size
    })
}

#[test]
fn every_vector_decodes_to_its_last_byte() {
    let vectors = all();
    assert!(vectors.len() > 250, "{} vectors: the descriptions are not read", vectors.len());
    let mut wrong = Vec::new();
    let mut bytes_in_all = 0;
    for (name, vector) in vectors {
        let params: Vec<String> =
            vector.context.iter().map(|(name, value)| format!("{}={}", name.text, written(value))).collect();
        let params: Vec<&str> = params.iter().map(String::as_str).collect();
        let bytes = hex(&vector.bytes.text).unwrap();
        let decoded = decode(&name, &params, &bytes);
        match (&vector.expected, &decoded.fault) {
            (Some(Expected::Error(text)), Some(fault)) if fault.to_string().contains(&text.text) => {}
            (Some(Expected::Error(text)), fault) => wrong.push(format!("{name}: {:?}, not {fault:?}", text.text)),
            (_, Some(fault)) => wrong.push(format!("{name} {params:?} {}: {fault}", vector.bytes.text)),
            (_, None) => {
                covers(&decoded.root, bytes.len());
                bytes_in_all += bytes.len();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(bytes_in_all > 4_000, "{bytes_in_all} bytes");
}

#[test]
fn every_vector_cut_short_is_refused_or_a_value_of_its_own() {
    for (name, vector) in all() {
        if vector.expected.as_ref().is_some_and(|expected| matches!(expected, Expected::Error(_))) {
            continue;
        }
        let params: Vec<String> =
            vector.context.iter().map(|(name, value)| format!("{}={}", name.text, written(value))).collect();
        let params: Vec<&str> = params.iter().map(String::as_str).collect();
        let bytes = hex(&vector.bytes.text).unwrap();
        for end in 0..bytes.len() {
            let decoded = decode(&name, &params, &bytes[..end]);
            if let Some(fault) = decoded.fault {
                assert!(fault.offset <= end, "{name} cut at {end}: {fault}");
            }
        }
    }
}
