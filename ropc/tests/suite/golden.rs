//! The hardest declarations of the protocols, read without a message, and their trees.

use std::fs;

use ropc::ast::{DeclKind, Item, SourceId};
use ropc::codes::NOT_EMITTED;
use ropc::driver;
use ropc::parse::parse;
use ropc::render::{Format, render_all};

use crate::support::{compare, descriptions, no_differences};
use crate::tree::compact;

#[test]
fn the_hardest_declarations_are_read_without_a_message() {
    let paths = descriptions("golden/hardest");
    assert_eq!(paths.len(), 12);
    for path in paths {
        let loaded = driver::load(std::slice::from_ref(&path)).unwrap();
        let messages = render_all(&loaded.sources, &loaded.diagnostics, Format::Plain);
        assert!(loaded.diagnostics.is_empty(), "{messages}");
    }
}

/// Emission may come later: building refuses what only its check knows.
#[test]
fn the_hardest_declarations_check_without_a_mistake() {
    for path in descriptions("golden/hardest") {
        let checked = driver::load(std::slice::from_ref(&path)).unwrap().check();
        let mistakes: Vec<_> = checked.diagnostics.iter().filter(|found| found.code != NOT_EMITTED).cloned().collect();
        assert!(mistakes.is_empty(), "{}", render_all(&checked.sources, &mistakes, Format::Plain));
    }
}

#[test]
fn the_hardest_declarations_keep_their_trees() {
    no_differences(descriptions("golden/hardest").into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let (file, _) = parse(SourceId(0), &text);
        compare(&path.with_extension("tree"), &compact(&file.items))
    }));
}

#[test]
fn nothing_of_the_hardest_declarations_is_lost() {
    for path in descriptions("golden/hardest") {
        let text = fs::read_to_string(&path).unwrap();
        let (file, _) = parse(SourceId(0), &text);
        assert!(file.lost.is_empty(), "{}", path.display());
        let rops: usize = file
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Interface(interface) => Some(interface),
                _ => None,
            })
            .flat_map(|interface| &interface.decls)
            .filter(|decl| matches!(decl.kind, DeclKind::Rop(_)))
            .count();
        assert_eq!(rops, text.lines().filter(|line| line.starts_with("rop ")).count(), "{}", path.display());
    }
}

/// The descriptions of this project, and an ordinary MIDL file.
#[test]
fn real_interfaces_are_read_without_a_message() {
    let mut paths = descriptions("golden/midl");
    paths.extend(descriptions("../../idl"));
    for path in paths {
        let loaded = driver::load(std::slice::from_ref(&path)).unwrap();
        let messages = render_all(&loaded.sources, &loaded.diagnostics, Format::Plain);
        assert!(loaded.diagnostics.is_empty(), "{messages}");
    }
}

/// What the protocols do not use (yet), and what generated code has to get right all the same.
#[test]
fn edges_of_the_language_are_emitted_without_a_message() {
    for path in descriptions("golden/edges") {
        let checked = driver::load(std::slice::from_ref(&path)).unwrap().check();
        let messages = render_all(&checked.sources, &checked.diagnostics, Format::Plain);
        assert!(checked.diagnostics.is_empty(), "{messages}");
        ropc::compile::emit(&checked.sources, &checked.compiled).unwrap();
        ropc::compile::emit_tests(&checked.sources, &checked.compiled).unwrap();
    }
}
