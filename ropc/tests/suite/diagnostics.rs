//! Every number has its page, and the examples of the pages behave as the pages say.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use ropc::ast::SourceId;
use ropc::codes::CODES;
use ropc::compile::compile;
use ropc::diagnostic::Diagnostic;
use ropc::parse::parse;
use ropc::preprocess;

/// Codes whose page has no pair of examples, each with its reason.
const WITHOUT_EXAMPLES: [(&str, &str); 4] = [
    ("R0018", "it takes files: a test below reads one"),
    ("R0019", "it takes 200 mistakes: tests/ui/too_many.idl has them"),
    ("R0099", "only a mistake of the compiler itself brings it"),
    ("R0725", "it takes two files: tests/suite/midl.rs has them"),
];

/// Codes of the reader that no description in tests/ui can show, each with its reason.
const WITHOUT_UI_TEST: [(&str, &str); 1] = [("R0099", "only a mistake of the compiler itself brings it")];

fn crate_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn texts_below(directory: &Path, extension: &str, texts: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts_below(&path, extension, texts);
        } else if path.extension().is_some_and(|e| e == extension) {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// `R` and four digits between these two texts.
fn codes_between(text: &str, before: &str, after: char) -> BTreeSet<String> {
    text.match_indices(before)
        .filter_map(|(at, _)| {
            let code = text.get(at + before.len()..at + before.len() + 5)?;
            let is_code = code.starts_with('R') && code[1..].bytes().all(|b| b.is_ascii_digit());
            (is_code && text[at + before.len() + 5..].starts_with(after)).then(|| code.to_owned())
        })
        .collect()
}

#[test]
fn every_code_of_the_sources_is_registered() {
    let mut texts = Vec::new();
    texts_below(&crate_dir().join("src"), "rs", &mut texts);
    let used: BTreeSet<String> = texts.iter().flat_map(|text| codes_between(text, "\"", '"')).collect();
    assert!(used.len() > 20, "the search finds next to nothing: {used:?}");
    let unknown: Vec<_> = used.iter().filter(|code| ropc::codes::find(code).is_none()).collect();
    assert!(unknown.is_empty(), "not in codes.rs: {unknown:?}");
}

#[test]
fn numbers_ascend_and_every_page_begins_with_its_own() {
    for pair in CODES.windows(2) {
        assert!(pair[0].code < pair[1].code, "{} stands before {}", pair[0].code, pair[1].code);
    }
    for entry in CODES {
        let heading = format!("# {}: {}\n", entry.code, entry.title);
        assert!(entry.page.starts_with(&heading), "docs/diagnostics/{}.md does not begin with {heading}", entry.code);
    }
}

#[test]
fn every_page_belongs_to_a_code() {
    for entry in fs::read_dir(crate_dir().join("../docs/diagnostics")).unwrap() {
        let path = entry.unwrap().path();
        let code = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(ropc::codes::find(&code).is_some(), "{} has no line in codes.rs", path.display());
    }
}

/// The codes that a text shows as messages do: in brackets.
pub fn shown_codes(text: &str) -> BTreeSet<String> {
    codes_between(text, "[", ']')
}

#[test]
fn every_reading_mistake_has_a_ui_test() {
    let mut texts = Vec::new();
    texts_below(&crate_dir().join("tests/ui"), "stderr", &mut texts);
    let shown: BTreeSet<String> = texts.iter().flat_map(|text| shown_codes(text)).collect();
    for entry in CODES.iter().filter(|entry| entry.code.starts_with("R00")) {
        let excused = WITHOUT_UI_TEST.iter().any(|(code, _)| *code == entry.code);
        assert!(
            shown.contains(entry.code) != excused,
            "{}: no file of tests/ui shows it, or it needs no excuse",
            entry.code
        );
    }
}

/// The examples of a page: the wrong one, the right one.
pub fn examples(page: &str) -> Vec<&str> {
    page.split("```idl\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// The codes of all messages about a text, reading and meaning.
fn codes(text: &str) -> BTreeSet<&'static str> {
    let done = preprocess::run(SourceId(0), text, &[], &mut |_| None);
    let (file, mut diagnostics): (_, Vec<Diagnostic>) = parse(SourceId(0), &done.text);
    diagnostics.extend(done.diagnostics);
    let compiled = compile(&[(SourceId(0), file)]);
    diagnostics.iter().chain(&compiled.diagnostics).map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn examples_of_the_pages_show_their_mistake_and_nothing_else() {
    let mut seen = 0;
    let mut wrongly = Vec::new();
    for entry in CODES {
        if let [wrong, right] = examples(entry.page)[..] {
            if codes(wrong) != BTreeSet::from([entry.code]) {
                wrongly.push(format!("{}: the wrong example gives {:?}", entry.code, codes(wrong)));
            }
            if !codes(right).is_empty() {
                wrongly.push(format!("{}: the right example gives {:?}", entry.code, codes(right)));
            }
            seen += 1;
        } else if !WITHOUT_EXAMPLES.iter().any(|(code, _)| *code == entry.code) {
            wrongly.push(format!("{}: the page has no wrong and right example", entry.code));
        }
    }
    assert!(wrongly.is_empty(), "{}", wrongly.join("\n"));
    assert_eq!(seen + WITHOUT_EXAMPLES.len(), CODES.len());
}

#[test]
fn the_example_of_a_missing_import_shows_it() {
    let page = ropc::codes::find("R0018").unwrap().page;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("example.idl");
    fs::write(&path, examples(page)[0]).unwrap();
    let checked = ropc::driver::load(&[path]).unwrap().check();
    assert_eq!(checked.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), ["R0018"]);
}
