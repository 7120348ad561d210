//! Messages as people see them: every description of tests/ui with its .stderr.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ropc::driver;
use ropc::render::{Format, render_all};

use crate::support::{compare, descriptions, no_differences, tests_dir};

/// All messages for a file, with paths as the repository has them.
fn messages(path: &Path) -> String {
    let checked = driver::load(&[path.to_owned()]).unwrap().check();
    let text = render_all(&checked.sources, &checked.diagnostics, Format::Plain);
    text.replace(&format!("{}/", tests_dir().display()), "")
}

fn compare_all(paths: Vec<PathBuf>) {
    no_differences(paths.into_iter().map(|path| {
        let text = messages(&path);
        compare(&path.with_extension("stderr"), &text)
    }));
}

#[test]
fn messages_are_what_the_expected_files_say() {
    compare_all(descriptions("ui"));
}

#[test]
fn every_description_with_mistakes_brings_a_message() {
    for path in descriptions("ui") {
        assert!(messages(&path).contains("error[R"), "{} brings no message", path.display());
    }
}

/// The parser generator's own names are not for people.
#[test]
fn no_message_names_a_rule_of_the_grammar() {
    for path in descriptions("ui") {
        let text = messages(&path);
        for name in ["kw_", "_member", "_decl", "_item", "type_ref", "type_spec", "declarator", "attr_list"] {
            let shown = text.lines().filter(|line| !line.contains('|')).any(|line| line.contains(name));
            assert!(!shown, "{} shows {name}:\n{text}", path.display());
        }
    }
}

#[test]
fn twenty_mistakes_bring_twenty_messages_in_one_run() {
    let checked = driver::load(&[tests_dir().join("ui/twenty_mistakes.idl")]).unwrap().check();
    let messages: Vec<&str> = checked.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(messages.len(), 20, "{messages:#?}");
    let different: BTreeSet<&str> = messages.iter().copied().collect();
    assert_eq!(different.len(), 20, "{messages:#?}");
}
