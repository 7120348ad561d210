//! The described bodies of MAPI over HTTP against the document's statements: every request and every reply, field
//! by field in order, with types, sizes, and what says whether a field is there and how long it is.
//!
//! `data/http-bodies.tsv` lists what MS-OXCMAPIHTTP 2.2.4 and 2.2.5 state, a field a line; `data/http-extents.tsv`
//! lists the rules. A type or a number of bytes that a statement leaves open is `-` there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use ropc::model::{Expr, Extent, Field, IntKind, Member, Program, StructDef, Text, Type, TypeKind};

use crate::layouts::{descriptions, governed, record};
use crate::support::tests_dir;

/// Where a description differs from the statements: request, body, field, what the field is called here or `None`
/// where it is not there, why.
const DIFFERENCES: &[(&str, &str, &str, Option<&str>, &str)] = &[
    ("ResolveNames", "success", "PropertyTags", Some("Columns"), "one structure with the columns of other replies"),
    ("Unbind", "failure", "ErrorCode", None, "no other failure has one, and MS-OXCMAPIHTTP 2.2.5 sends none"),
];

/// A body with the columns and rows of a table, which are one structure here, as fields of its own.
fn spelled_out(program: &Program, body: &[Member]) -> Vec<Member> {
    let mut members = Vec::new();
    for member in body {
        match member {
            Member::Field(field) if field.name == "ColumnsAndRows" => {
                let Type::Named(id, _) = &field.ty else { panic!("no structure") };
                let TypeKind::Struct(def) = &program.ty(*id).kind else { panic!("no structure") };
                members.extend(def.body.iter().cloned());
            }
            Member::If(conditional) => {
                let mut conditional = conditional.clone();
                conditional.then = spelled_out(program, &conditional.then);
                members.push(Member::If(conditional));
            }
            other => members.push(other.clone()),
        }
    }
    members
}

/// A field as the sheet has it: its name, the names that its type may have there, its bytes where they are fixed.
struct Listed {
    name: String,
    types: Vec<String>,
    bytes: Option<u64>,
}

fn listed(program: &Program, field: &Field) -> Listed {
    let layout = program.layout(&field.ty);
    Listed {
        name: field.name.clone(),
        types: types(program, &field.ty),
        bytes: layout.fixed.then_some(layout.min_size),
    }
}

/// What a type may be called in a statement.
pub fn types(program: &Program, ty: &Type) -> Vec<String> {
    let int = |kind: &IntKind| format!("{}int{}", if kind.signed { "" } else { "u" }, kind.size);
    match ty {
        Type::Int(kind) => vec![int(kind)],
        Type::Bool(size) => vec![format!("bool{size}")],
        Type::Guid => vec!["guid".to_owned()],
        Type::Text(Text::Utf16Nul) => vec!["utf16".to_owned()],
        Type::Text(Text::String8Nul) => vec!["string8".to_owned()],
        Type::Bytes(_) => vec!["bytes".to_owned()],
        // Six bytes of a counter.
        Type::U48Be => vec!["bytes".to_owned()],
        Type::Array(element, _) => {
            let of_bytes = matches!(**element, Type::Int(IntKind { size: 1, .. })).then(|| "bytes".to_owned());
            types(program, element).iter().map(|name| format!("{name}[]")).chain(of_bytes).collect()
        }
        Type::Named(id, _) => {
            let def = program.ty(*id);
            // A number with named values is one in the statements.
            let number = match &def.kind {
                TypeKind::Enum(e) => Some(int(&e.base)),
                TypeKind::Bits(b) => Some(int(&b.base)),
                TypeKind::Struct(_) | TypeKind::Form(_) => None,
            };
            [Some(def.name.clone()), number].into_iter().flatten().collect()
        }
        Type::FileTime => vec!["filetime".to_owned(), "uint8".to_owned()],
        other => vec![format!("{other:?}")],
    }
}

/// The fields of a body in order. A counted list of tags is a LargePropertyTagArray, spelled out or not.
fn fields(program: &Program, body: &[Member], all: &mut Vec<Listed>) {
    let counted_tags = |members: &[Member]| match members {
        [Member::Field(count), Member::Field(tags), ..] => match &tags.ty {
            Type::Array(_, Extent::Count(Expr::Field(by))) if *by == count.name => {
                let (count, tags) = (listed(program, count), listed(program, tags));
                let is_array = count.types == ["uint4"] && tags.types.contains(&"PropertyTag[]".to_owned());
                is_array.then_some(Listed { types: vec!["LargePropertyTagArray".to_owned()], ..tags })
            }
            _ => None,
        },
        _ => None,
    };
    let mut rest = body;
    while let Some((member, after)) = rest.split_first() {
        if let Some(array) = counted_tags(rest) {
            all.push(array);
            rest = &rest[2..];
            continue;
        }
        match member {
            Member::Field(field) => all.push(listed(program, field)),
            Member::If(conditional) => {
                fields(program, &conditional.then, all);
                assert!(conditional.otherwise.is_empty());
            }
            Member::Let(..) | Member::Require(_) => {}
            other => panic!("not in a body: {other:?}"),
        }
        rest = after;
    }
}

fn body<'p>(program: &'p Program, name: &str, which: &str) -> &'p StructDef {
    let request = program.requests.iter().find(|request| request.name == name);
    let request = request.unwrap_or_else(|| panic!("{name} is not described"));
    match which {
        "request" => &request.request,
        "success" => &request.success,
        "failure" => request.failure.as_ref().unwrap_or_else(|| panic!("{name} has no failure")),
        other => panic!("no such body: {other}"),
    }
}

/// What the field of a statement is called in the description.
fn name_here<'n>(request: &str, which: &str, field: &'n str, used: &mut Vec<&'static str>) -> Option<&'n str> {
    let known = DIFFERENCES.iter().find(|(r, w, f, ..)| (*r, *w, *f) == (request, which, field));
    let Some((_, _, key, here, _)) = known else { return Some(field) };
    used.push(key);
    *here
}

#[test]
fn every_body_has_the_stated_fields_in_order() {
    let program = descriptions();
    let text = fs::read_to_string(tests_dir().join("data/http-bodies.tsv")).unwrap();
    let mut sheet: BTreeMap<(&str, &str), Vec<[&str; 4]>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let [statement, request, which, field, ty, bytes] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not six columns: {line}");
        };
        sheet.entry((request, which)).or_default().push([statement, field, ty, bytes]);
    }
    let (mut wrong, mut proved, mut used) = (String::new(), BTreeMap::new(), Vec::new());
    for ((request, which), rows) in &sheet {
        let mut described = Vec::new();
        fields(&program, &spelled_out(&program, &body(&program, request, which).body), &mut described);
        let stated: Vec<(&[&str; 4], &str)> =
            rows.iter().filter_map(|row| Some((row, name_here(request, which, row[1], &mut used)?))).collect();
        let names: Vec<&str> = described.iter().map(|field| field.name.as_str()).collect();
        let expected: Vec<&str> = stated.iter().map(|(_, name)| *name).collect();
        if names != expected {
            writeln!(wrong, "{request} {which}:\n  described {names:?}\n  stated    {expected:?}").unwrap();
            continue;
        }
        for (([statement, name, ty, bytes], _), field) in stated.iter().zip(&described) {
            let long = field.bytes.map_or("varies".to_owned(), |bytes| bytes.to_string());
            if (*ty == "-" || field.types.iter().any(|one| one == ty)) && (*bytes == "-" || long == *bytes) {
                proved.insert(*statement, format!("bodies::{request} {which} {name}"));
            } else {
                writeln!(wrong, "{statement}: {request} {which} {name}: {:?}, {long}", field.types).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "not as stated:\n{wrong}");
    assert_eq!(used.len(), DIFFERENCES.len(), "a difference is no more: {used:?}");
    assert_eq!(program.requests.iter().filter(|request| request.status.is_some()).count(), 23);
    record("ropc-bodies", &proved);
}

#[test]
fn every_field_of_a_body_is_there_and_as_long_as_stated() {
    let program = descriptions();
    let text = fs::read_to_string(tests_dir().join("data/http-extents.tsv")).unwrap();
    let (mut wrong, mut proved, mut used) = (String::new(), BTreeMap::new(), Vec::new());
    for line in text.lines().skip(1) {
        let [statement, request, which, field, rule, by] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not six columns: {line}");
        };
        let members = spelled_out(&program, &body(&program, request, which).body);
        let name = name_here(request, which, field, &mut used).unwrap_or(field);
        let mut rules = Vec::new();
        governed(&members, name, &mut Vec::new(), &mut rules);
        let mut all = Vec::new();
        fields(&program, &members, &mut all);
        let bytes = all.iter().find(|listed| listed.name == name).and_then(|listed| listed.bytes);
        rules.extend(bytes.map(|bytes| ("bytes", bytes.to_string())));
        if rules.contains(&(rule, by.to_owned())) {
            proved.insert(statement, format!("bodies::{request} {which} {field} {rule}"));
        } else {
            writeln!(wrong, "{line}: {rules:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "not as stated:\n{wrong}");
    record("ropc-bodies-extents", &proved);
}
