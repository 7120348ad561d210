//! The values that fields of replies may have, against the document's statements.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use ropc::model::{Member, Program, Type, TypeKind};

use crate::layouts::{descriptions, record};
use crate::support::tests_dir;

/// The names of a field's type with their numbers.
fn named(program: &Program, body: &[Member], field: &str) -> Option<BTreeMap<String, u64>> {
    body.iter().find_map(|member| match member {
        Member::Field(found) if found.name == field => {
            let Type::Named(id, _) = &found.ty else { return None };
            match &program.ty(*id).kind {
                TypeKind::Enum(def) => Some(def.items.iter().map(|(name, value, _)| (name.clone(), *value)).collect()),
                TypeKind::Bits(def) => Some(def.masks.iter().map(|(name, value, _)| (name.clone(), *value)).collect()),
                TypeKind::Struct(_) | TypeKind::Form(_) => None,
            }
        }
        Member::If(conditional) => named(program, &conditional.then, field),
        _ => None,
    })
}

#[test]
fn every_enumeration_has_the_stated_values() {
    let program = descriptions();
    let text = fs::read_to_string(tests_dir().join("data/rop-enumerations.tsv")).unwrap();
    let (mut wrong, mut proved) = (String::new(), BTreeMap::new());
    for line in text.lines().skip(1) {
        let [statement, name, _, field, values] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not five columns: {line}");
        };
        let rop = program.rops.iter().find(|rop| rop.name == name).unwrap_or_else(|| panic!("{name} is not described"));
        let found = rop.success.as_ref().and_then(|def| named(&program, &def.body, field)).unwrap_or_default();
        let differs = |stated: &str| {
            let (name, value) = stated.split_once('=').unwrap();
            found.get(name).copied() != u64::from_str_radix(value.trim_start_matches("0x"), 16).ok()
        };
        let missing: Vec<&str> = values.split(',').filter(|stated| differs(stated)).collect();
        if missing.is_empty() {
            proved.insert(statement, format!("enumerations::{name} {field}"));
        } else {
            writeln!(wrong, "{statement} {name} {field}: not {missing:?} but {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "not as stated:\n{wrong}");
    record("ropc-enumerations", &proved);
}
