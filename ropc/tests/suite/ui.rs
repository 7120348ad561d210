//! Messages as people see them: every description of tests/ui with its .stderr, and the example of every page of
//! docs/diagnostics with tests/ui/codes/Rxxxx.stderr.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ropc::codes::CODES;
use ropc::driver;
use ropc::render::{Format, render_all};

use crate::diagnostics::{examples, shown_codes};
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

/// Codes without a file of their own in tests/ui/codes, each with what shows it instead.
const WITHOUT_EXAMPLE: [(&str, &str); 2] = [
    ("R0019", "tests/ui/too_many.idl: its page has no two hundred mistakes"),
    ("R0099", "only a mistake of the compiler itself brings it"),
];

/// An interface for the example of R0725.
const CONFIGURED: &str =
    "[uuid(0b7a1c55-6f1e-4a5e-8d36-2f0c9a7e5b02), version(1.0)]\ninterface example { void There(); }";

#[test]
fn the_example_of_every_page_shows_the_message_of_the_expected_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    for entry in CODES {
        let Some(example) = examples(entry.page).first().copied() else { continue };
        // what configures an interface stands in a file of its own beside it
        let (idl, acf) = if entry.code == "R0725" { (CONFIGURED, Some(example)) } else { (example, None) };
        let path = directory.path().join(format!("{}.idl", entry.code));
        fs::write(&path, format!("{idl}\n")).unwrap();
        if let Some(acf) = acf {
            fs::write(path.with_extension("acf"), format!("{acf}\n")).unwrap();
        }
        let text = messages(&path).replace(&format!("{}/", directory.path().display()), "docs/diagnostics/");
        let expected = tests_dir().join("ui/codes").join(entry.code).with_extension("stderr");
        found.push(compare(&expected, &text));
    }
    no_differences(found);
}

/// The codes, their pages and what tests/ui shows are the same.
#[test]
fn every_code_has_a_page_and_a_ui_test() {
    let codes: BTreeSet<&str> = CODES.iter().map(|entry| entry.code).collect();
    let names = |directory: &Path, extension: &str| -> BTreeSet<String> {
        let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let pages = names(&tests_dir().join("../../docs/diagnostics"), "md");
    assert_eq!(pages.iter().map(String::as_str).collect::<BTreeSet<_>>(), codes);
    let mut shown = names(&tests_dir().join("ui/codes"), "stderr");
    for code in &shown {
        let text = fs::read_to_string(tests_dir().join("ui/codes").join(code).with_extension("stderr")).unwrap();
        assert!(shown_codes(&text).contains(code), "tests/ui/codes/{code}.stderr does not show {code}:\n{text}");
    }
    for (code, why) in WITHOUT_EXAMPLE {
        assert!(shown.insert(code.to_owned()), "{code} has an example, though {why}");
    }
    assert_eq!(shown.iter().map(String::as_str).collect::<BTreeSet<_>>(), codes);
}

/// Ten mistakes of ten numbers in ten declarations, some met by reading, some by what is meant: none hides another.
#[test]
fn ten_mistakes_in_ten_declarations_bring_ten_messages_in_one_run() {
    let checked = driver::load(&[tests_dir().join("ui/ten_declarations.idl")]).unwrap().check();
    let codes: Vec<&str> = checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes.len(), 10, "{codes:?}");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 10, "{codes:?}");
    let lines = |found: &ropc::diagnostic::Diagnostic| checked.sources.line_column(&found.primary.0).0;
    let lines: BTreeSet<_> = checked.diagnostics.iter().map(lines).collect();
    assert_eq!(lines.len(), 10, "{codes:?}");
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
        for name in ["kw_", "_member", "_decl ", "_decl`", "_item", "type_ref", "type_spec", "declarator", "attr_list"]
        {
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
