//! The described ROPs against the sheet of the document's statements: every request and every reply, field by
//! field in order, with sizes where they are fixed.
//!
//! `data/rop-layouts.tsv` lists what MS-OXCROPS states, a field a line with the statement that orders and sizes it;
//! `data/rop-id-values.tsv` lists the RopIds that begin the buffers, `data/rop-extents.tsv` what says how many
//! elements or bytes a field has and whether it is there (MS-OXCROPS_R640 names ServerCount as ServersCount).
//! Where a description differs on purpose, [`DIFFERENCES`] says why; a difference that is not listed fails, and so
//! does a listed one that is no more.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ropc::ast::BinaryOp;
use ropc::driver;
use ropc::model::{Expr, Extent, Member, Program, Role, Rop, StructDef, Type};

use crate::bodies::types;
use crate::support::tests_dir;

/// A reply or request of the sheet: which ROP, which buffer, its fields.
type Buffers = BTreeMap<(String, Form), Vec<Row>>;

/// A line of the sheet.
struct Row {
    /// From 1; it begins again where the sheet names one buffer in two ways.
    position: u32,
    field: String,
    /// Bytes; `None` where they vary.
    size: Option<u64>,
    statement: String,
    /// What the statement calls it: `uint`, `bool`, `bytes`, a structure's name, `X[]`; `-` where it does not say.
    kind: String,
}

/// A described field: its name, its bytes where they are always as many, what its type may be called.
type Field = (String, Option<u64>, Vec<String>);

/// The buffers that a ROP may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Request,
    Success,
    /// RopLogon to a mailbox.
    Mailbox,
    /// RopLogon to the public folders.
    PublicFolders,
    /// The reply whatever its return value.
    Any,
    Failure,
    NullDestination,
    Redirect,
}

impl Form {
    fn parse(text: &str) -> Self {
        match text.trim_end_matches([' ', ',']).to_ascii_lowercase().as_str() {
            "request buffer" => Self::Request,
            "success response buffer" => Self::Success,
            "success response buffer for private mailboxes" => Self::Mailbox,
            "success response buffer for public folders" => Self::PublicFolders,
            "response buffer" => Self::Any,
            "failure response buffer" => Self::Failure,
            "null destination failure response buffer" => Self::NullDestination,
            "redirect response buffer" => Self::Redirect,
            other => panic!("no such buffer: {other}"),
        }
    }
}

/// Rows of the sheet under another name than the ROP's.
const MISSPELLED: &[(&str, &str)] = &[("RopGetStoreStage", "RopGetStoreState")];

/// Where a description differs from the sheet: ROP, buffer, field, how, why.
const DIFFERENCES: &[(&str, Form, &str, &str)] = &[
    (
        "RopFastTransferSourceGetBuffer",
        Form::Any,
        "BackoffTime is not described here",
        "only with ecServerBusy, which has a reply of its own",
    ),
    (
        "RopModifyRules",
        Form::Request,
        "RopId is not in the sheet",
        "MS-OXCROPS_R3564 states it under the name of RopGetRulesTable",
    ),
    (
        "RopSeekRowBookmark",
        Form::Success,
        "RowsSought: int4, the sheet says uint",
        "negative where the seek went backwards (MS-OXCTABL_R193)",
    ),
    (
        "RopSeekStream",
        Form::Request,
        "Offset: int8, the sheet says uint",
        "the value can be negative (MS-OXCPRPT_R34000)",
    ),
    (
        "RopSetMessageReadFlag",
        Form::Request,
        "ClientData is not described here",
        "only in a logon to the public folders: the kind of logon is no context yet",
    ),
    (
        "RopSynchronizationConfigure",
        Form::Request,
        "RestrictionData is not in the sheet",
        "MS-OXCROPS_R3925 to R3927 state it",
    ),
    (
        "RopWriteStreamExtended",
        Form::Request,
        "RopId is not in the sheet",
        "every request begins with it, and MS-OXCROPS 2.2.9.4.1 gives its value",
    ),
];

fn sheet() -> Buffers {
    let text = fs::read_to_string(tests_dir().join("data/rop-layouts.tsv")).unwrap();
    let mut buffers = Buffers::new();
    for line in text.lines().skip(1) {
        let [rop, buffer, position, field, size, statement, _, kind] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not eight columns: {line}");
        };
        let rop = MISSPELLED.iter().find(|(wrong, _)| *wrong == rop).map_or(rop, |(_, right)| right);
        let size = size.split_once(" byte").map(|(bytes, _)| bytes.parse().unwrap());
        let position = position.parse().unwrap();
        let (field, statement, kind) = (field.to_owned(), statement.to_owned(), kind.to_owned());
        let row = Row { position, field, size, statement, kind };
        buffers.entry((rop.to_owned(), Form::parse(buffer))).or_default().push(row);
    }
    for rows in buffers.values_mut().filter(|rows| rows.iter().filter(|row| row.position == 1).count() > 1) {
        // The two halves go into each other by the numbers of their statements.
        rows.sort_by_key(|row| row.statement.rsplit('R').next().and_then(|number| number.parse::<u64>().ok()));
    }
    buffers
}

pub fn descriptions() -> Program {
    let idl = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("idl");
    let checked = driver::load(&driver::descriptions(&idl).unwrap()).unwrap().check();
    assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics);
    checked.compiled.program
}

/// The fields of a body on the wire, those of conditions and extents in their place; of a match the arm of this name.
fn flatten(program: &Program, body: &[Member], arm: &str, fields: &mut Vec<Field>) {
    for member in body {
        match member {
            Member::Field(field) => {
                let layout = program.layout(&field.ty);
                fields.push((field.name.clone(), layout.fixed.then_some(layout.min_size), types(program, &field.ty)));
            }
            Member::If(c) => {
                flatten(program, &c.then, arm, fields);
                flatten(program, &c.otherwise, arm, fields);
            }
            Member::Match(m) => {
                let arm_body = m.arms.iter().find(|a| a.name == arm).unwrap_or_else(|| panic!("no arm {arm}"));
                flatten(program, &arm_body.body, arm, fields);
            }
            Member::Sized(_, inner) | Member::Tail(inner) => flatten(program, inner, arm, fields),
            Member::Let(..) | Member::Require(_) => {}
        }
    }
}

/// What is described for a buffer; several where more than one reply has to be as the sheet says. The headers are
/// what the compiler makes of the handles: their fields and order are compared here, their bytes with generated code.
fn described(program: &Program, rop: &Rop, form: Form) -> Vec<Vec<Field>> {
    let byte = |name: &str| (name.to_owned(), Some(1), Vec::new());
    let body = |head: Vec<Field>, def: Option<&StructDef>| {
        let mut fields = head;
        let arm = if form == Form::PublicFolders { "PublicFolders" } else { "Mailbox" };
        if let Some(def) = def {
            flatten(program, &def.body, arm, &mut fields);
        }
        fields
    };
    if form == Form::Request {
        let indexes = rop.header.iter().map(|name| byte(name));
        let head = [byte("RopId"), byte("LogonId")].into_iter().chain(indexes).collect();
        return vec![body(head, Some(&rop.request))];
    }
    if let Some(unsolicited) = &rop.unsolicited {
        return vec![body(vec![byte("RopId")], Some(unsolicited))];
    }
    let handle = rop.output.as_ref().or(rop.response.as_ref()).or(rop.inputs.first());
    let index = handle.map_or("InputHandleIndex", |handle| handle.index_field.as_str());
    let head = || vec![byte("RopId"), byte(index), ("ReturnValue".to_owned(), Some(4), Vec::new())];
    let on = |code: &str| rop.on.iter().find(|(codes, _)| codes.iter().any(|(c, _)| c == code)).map(|(_, def)| def);
    let def = match form {
        Form::Success | Form::Mailbox | Form::PublicFolders => rop.success.as_ref(),
        Form::Failure => rop.other.as_ref(),
        Form::NullDestination => on("ecDstNullObject"),
        Form::Redirect => on("ecWrongServer"),
        Form::Any | Form::Request => {
            return vec![body(head(), rop.success.as_ref()), body(head(), rop.other.as_ref())];
        }
    };
    vec![body(head(), def)]
}

/// A field of a header. Its bytes are proved where generated code reads them (generated-tests/tests/statements).
fn in_header(rop: &Rop, form: Form, row: &Row) -> bool {
    match row.field.as_str() {
        "RopId" | "ReturnValue" => true,
        "LogonId" => form == Form::Request,
        // DestHandleIndex of a reply has four bytes and stands after ReturnValue; so does an index said twice.
        field if form == Form::Request => rop.header.iter().any(|name| name == field),
        field => {
            let handle = rop.output.as_ref().or(rop.response.as_ref()).or(rop.inputs.first());
            handle.is_some_and(|handle| handle.index_field == field)
        }
    }
}

/// How described fields differ from the sheet's, and the rows that they agree with.
fn differences<'r>(rows: &'r [Row], fields: &[Field]) -> (Vec<String>, Vec<&'r Row>) {
    let (mut differences, mut agreed) = (Vec::new(), Vec::new());
    let mut rest = fields;
    for row in rows {
        let Some(at) = rest.iter().position(|(name, ..)| *name == row.field) else {
            differences.push(format!("{} is not described here", row.field));
            continue;
        };
        differences.extend(rest[..at].iter().map(|(name, ..)| format!("{name} is not in the sheet")));
        let (_, size, types) = &rest[at];
        let is_kind = |name: &String| match row.kind.as_str() {
            // Of the size that the row gives.
            "uint" | "int" | "bool" => name.trim_end_matches(|c: char| c.is_ascii_digit()) == row.kind,
            kind => name == kind,
        };
        if *size != row.size {
            let bytes = |size: Option<u64>| size.map_or("varies".to_owned(), |n| format!("{n}"));
            differences.push(format!("{}: {} bytes, the sheet says {}", row.field, bytes(*size), bytes(row.size)));
        } else if row.kind != "-" && !types.is_empty() && !types.iter().any(is_kind) {
            differences.push(format!("{}: {}, the sheet says {}", row.field, types.join(" or "), row.kind));
        } else {
            agreed.push(row);
        }
        rest = &rest[at + 1..];
    }
    differences.extend(rest.iter().map(|(name, ..)| format!("{name} is not in the sheet")));
    (differences, agreed)
}

#[test]
fn every_rop_id_is_described() {
    let text = fs::read_to_string(tests_dir().join("data/ropids.tsv")).unwrap();
    let listed: BTreeMap<u8, &str> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(id, name)| (u8::from_str_radix(id.trim_start_matches("0x"), 16).unwrap(), name))
        .collect();
    let program = descriptions();
    let described: BTreeMap<u8, &str> = program.rops.iter().map(|rop| (rop.id, rop.name.as_str())).collect();
    assert_eq!(described, listed);
    assert_eq!(described.len(), 132);
}

#[test]
fn every_rop_id_has_the_stated_value() {
    let text = fs::read_to_string(tests_dir().join("data/rop-id-values.tsv")).unwrap();
    let program = descriptions();
    let mut proved = BTreeMap::new();
    for line in text.lines().skip(1) {
        let [statement, name, buffer, value] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not four columns: {line}");
        };
        let rop = program.rops.iter().find(|rop| rop.name == name).unwrap_or_else(|| panic!("{name} is not described"));
        let id = if Form::parse(buffer) == Form::Request { rop.id } else { rop.reply_id.unwrap_or(rop.id) };
        assert_eq!(format!("{id:#04X}").replace('X', "x"), value, "{statement}");
        proved.insert(statement, format!("layouts::{name} {buffer} RopId"));
    }
    record("ropc-rop-ids", &proved);
}

#[test]
fn every_field_is_counted_sized_and_present_as_stated() {
    let text = fs::read_to_string(tests_dir().join("data/rop-extents.tsv")).unwrap();
    let program = descriptions();
    let (mut wrong, mut proved) = (String::new(), BTreeMap::new());
    for line in text.lines().skip(1) {
        let [statement, name, buffer, field, rule, by] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not six columns: {line}");
        };
        let rop = program.rops.iter().find(|rop| rop.name == name).unwrap_or_else(|| panic!("{name} is not described"));
        let body = if Form::parse(buffer) == Form::Request {
            Some(&rop.request)
        } else {
            rop.success.as_ref().or(rop.unsolicited.as_ref())
        };
        let mut rules = Vec::new();
        governed(&body.unwrap().body, field, &mut Vec::new(), &mut rules);
        let stated = by.split(',').map(|by| (rule, by.to_owned()));
        if stated.clone().all(|rule| rules.contains(&rule)) {
            proved.insert(statement, format!("layouts::{name} {buffer} {field} {rule}"));
        } else {
            writeln!(wrong, "{line}: {rules:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "not as stated:\n{wrong}");
    record("ropc-extents", &proved);
}

/// What the number of a field's elements, its bytes and its presence depend on.
pub fn governed(
    body: &[Member],
    name: &str,
    around: &mut Vec<(&'static str, String)>,
    rules: &mut Vec<(&'static str, String)>,
) {
    for member in body {
        match member {
            Member::Field(field) if field.name == name => {
                rules.append(&mut around.clone());
                if let Role::Fixed(value) = field.role {
                    rules.push(("value", text(&Expr::Int(value))));
                }
                match &field.ty {
                    Type::Bool(size) => rules.push(("type", format!("bool{size}"))),
                    Type::Array(_, Extent::Count(by)) => rules.push(("count", text(by))),
                    Type::Bytes(Extent::Count(by)) => rules.push(("size", text(by))),
                    _ => {}
                }
            }
            Member::Field(_) | Member::Let(..) | Member::Require(_) => {}
            Member::If(c) => {
                around.push(("present", text(&c.cond)));
                governed(&c.then, name, around, rules);
                around.pop();
            }
            Member::Match(m) => m.arms.iter().for_each(|arm| governed(&arm.body, name, around, rules)),
            Member::Tail(inner) => governed(inner, name, around, rules),
            Member::Sized(size, inner) => {
                around.push(("size", text(size)));
                governed(inner, name, around, rules);
                around.pop();
            }
        }
    }
}

/// An expression as the data file has it.
pub fn text(expr: &Expr) -> String {
    match expr {
        Expr::Field(name) => name.clone(),
        Expr::Int(value) => format!("{value:#X}").replace('X', "x"),
        Expr::Bits(of, _, sub) => format!("{}.{sub}", text(of)),
        Expr::Not(inner) => format!("!{}", text(inner)),
        Expr::Binary(BinaryOp::Eq, a, b) => format!("{} == {}", text(a), text(b)),
        Expr::Binary(BinaryOp::Gt, a, b) => format!("{} > {}", text(a), text(b)),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_buffer_is_laid_out_as_stated() {
    let (program, sheet) = (descriptions(), sheet());
    let mut unexplained = String::new();
    let mut occurred = Vec::new();
    let mut proved = BTreeMap::new();
    for ((name, form), rows) in &sheet {
        let rop =
            program.rops.iter().find(|rop| rop.name == *name).unwrap_or_else(|| panic!("{name} is not described"));
        for fields in described(&program, rop, *form) {
            let (differences, agreed) = differences(rows, &fields);
            for difference in differences {
                let known =
                    DIFFERENCES.iter().position(|(r, f, d, _)| (*r, f, *d) == (name, form, difference.as_str()));
                match known {
                    Some(index) => occurred.push(index),
                    None => writeln!(unexplained, "    (\"{name}\", Form::{form:?}, \"{difference}\", \"\"),").unwrap(),
                }
            }
            for row in agreed.into_iter().filter(|row| !in_header(rop, *form, row)) {
                proved.insert(row.statement.as_str(), format!("layouts::{name} {form:?} {}", row.field));
            }
        }
    }
    assert!(unexplained.is_empty(), "not as the sheet says:\n{unexplained}");
    for (index, difference) in DIFFERENCES.iter().enumerate() {
        assert!(occurred.contains(&index), "this difference is no more: {difference:?}");
    }
    record("ropc-layouts", &proved);
}

#[test]
fn replies_of_other_rops_are_the_same() {
    let program = descriptions();
    let rop = |name: &str| program.rops.iter().find(|rop| rop.name == name).unwrap();
    let replies = |name: &str| described(&program, rop(name), Form::Any);

    assert_eq!(replies("RopGetMessageStatus"), replies("RopSetMessageStatus"));
    assert_eq!(rop("RopGetMessageStatus").reply_id, Some(0x20));
    assert_eq!(replies("RopWriteAndCommitStream"), replies("RopWriteStream"));
    assert_eq!((rop("RopWriteAndCommitStream").id, rop("RopWriteAndCommitStream").reply_id), (0x90, None));
    let test = "layouts::replies_of_other_rops_are_the_same".to_owned();
    let ids = ["MS-OXCROPS_R2046", "MS-OXCROPS_R20004", "MS-OXCROPS_R3481"];
    record("ropc-shared-replies", &ids.into_iter().map(|id| (id, test.clone())).collect());
}

/// Notes the statements that the layouts prove.
pub fn record(file: &str, proved: &BTreeMap<&str, String>) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/spec-coverage");
    let lines: String = proved.iter().map(|(id, test)| format!("{id}\t{test}\n")).collect();
    // That it cannot be noted is no reason to fail.
    _ = fs::create_dir_all(&directory);
    _ = fs::write(directory.join(format!("{file}.tsv")), lines);
}
