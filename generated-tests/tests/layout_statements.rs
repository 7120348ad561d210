//! Which statements of MS-OXCFXICS, MS-OXCMAPIHTTP and MS-OXNSPI are about layout, and that a test proves each of these.
//!
//! `data/layout-statements.tsv` has a line for each statement about a server that can be observed from outside: layout,
//! or why not. Layout is what messages and their headers look like: fields, sizes, values, the order of elements, what
//! they always have. What is done, when, and what a value means is behaviour.
//!
//! Tests of several packages prove them, so the records are complete when all have run: with `ROPC_REQUIRE_RECORDS=1`
//! a statement without a record is a failure, else it is skipped.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use generated_tests::described::root;

/// Statements that can be observed: 640, 473 and 617 of the documents; the first two share two.
const STATEMENTS: usize = 640 + 473 - 2 + 617;

struct Statement {
    id: String,
    kind: String,
    reason: String,
}

fn statements() -> Vec<Statement> {
    let path: PathBuf = root().join("generated-tests/tests/data/layout-statements.tsv");
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        let [id, _, kind] = [(); 3].map(|()| columns.next().unwrap_or_else(|| panic!("columns are missing: {line}")));
        Statement { id, kind, reason: columns.next().unwrap_or_default() }
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn every_statement_is_about_layout_or_has_a_reason() {
    let all = statements();
    assert_eq!(all.len(), STATEMENTS);
    let ids: BTreeSet<&str> = all.iter().map(|statement| statement.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "a statement is there twice");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for statement in &all {
        *kinds.entry(&statement.kind).or_default() += 1;
        assert_eq!(statement.kind == "layout", statement.reason.is_empty(), "{}", statement.id);
    }
    // `open`: layout that no test proves; `contradicted`: what other documents say otherwise.
    assert!(kinds.keys().all(|kind| ["layout", "behaviour", "open", "contradicted"].contains(kind)), "{kinds:?}");
}

#[test]
fn every_statement_about_layout_is_proved() {
    let required = std::env::var("ROPC_REQUIRE_RECORDS").is_ok_and(|value| value == "1");
    if !required {
        // Past the test harness, which keeps what passing tests print.
        let text = b"SKIPPED: records of proved statements (run all tests, then this with ROPC_REQUIRE_RECORDS=1)\n";
        std::io::stderr().write_all(text).unwrap();
        return;
    }
    let mut recorded = BTreeSet::new();
    for file in fs::read_dir(root().join("target/spec-coverage")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        recorded.extend(text.lines().filter_map(|line| Some(line.split_once('\t')?.0.to_owned())));
    }
    let missing: Vec<String> = statements()
        .into_iter()
        .filter(|statement| statement.kind == "layout" && !recorded.contains(&statement.id))
        .map(|statement| statement.id)
        .collect();
    assert!(missing.is_empty(), "no test proved {missing:?}");
}
