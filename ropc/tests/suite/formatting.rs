//! `ropc fmt`: what it changes, and that it changes nothing that a description says.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use ropc::ast::SourceId;
use ropc::driver;
use ropc::format::format;
use ropc::parse::parse;
use ropc::preprocess;

use crate::robustness::{mutate, mutations};
use crate::support::{compare, descriptions, no_differences, tests_dir};

/// Debug output without places.
pub fn without_places(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("range: ") {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        rest = found["range: ".len()..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    }
    out.push_str(rest);
    out
}

/// The tree of a text and the codes of its messages, without places.
fn meaning(text: &str) -> (String, Vec<&'static str>) {
    let done = preprocess::run(SourceId(0), text, &[], &mut |_| None);
    let (file, mut diagnostics) = parse(SourceId(0), &done.text);
    diagnostics.extend(done.diagnostics);
    (without_places(&format!("{file:?}")), diagnostics.iter().map(|found| found.code).collect())
}

/// What has to hold for every text that can be laid out.
fn assert_laid_out(name: &str, text: &str) {
    let Ok(out) = format(text) else { return };
    assert_eq!(format(&out).as_deref(), Ok(out.as_str()), "{name}: a second time changes something");
    let (before, after) = (meaning(text), meaning(&out));
    // what is mended by its indentation may be mended otherwise
    if before.1.is_empty() {
        assert!(before == after, "{name} means something else:\n{out}");
    }
    for line in out.lines().filter(|line| !line.trim_start().starts_with('#')) {
        assert!(!line.ends_with([' ', '\t']) || line.ends_with('\\'), "{name}: blanks at the end of {line:?}");
    }
}

static TEXTS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    ["golden/hardest", "golden/midl", "golden/edges", "golden/format", "ui", "../../idl"]
        .into_iter()
        .flat_map(descriptions)
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
        .collect()
});

#[test]
fn every_description_keeps_its_tree_and_a_second_time_changes_nothing() {
    for (name, text) in TEXTS.iter() {
        assert_laid_out(name, text);
        assert!(format(text).is_ok() || name.contains("/ui/"), "{name} is refused");
    }
}

/// Comments are not in the tree.
#[test]
fn every_comment_is_kept() {
    let words = |text: &str| text.split_whitespace().collect::<String>();
    for (name, text) in TEXTS.iter() {
        if let Ok(out) = format(text) {
            assert_eq!(words(text), words(&out), "{name}");
        }
    }
}

#[test]
fn the_layout_is_what_the_expected_files_say() {
    no_differences(descriptions("golden/format").into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        compare(&path.with_extension("formatted"), &format(&text).unwrap())
    }));
}

/// The whole model, not only the trees: descriptions as a crate, laid out and not.
#[test]
fn laid_out_descriptions_have_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let original = tests_dir().join("../../idl");
    let other = folder.path().join("idl");
    fs::create_dir(&other).unwrap();
    for path in driver::descriptions(&original).unwrap() {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(other.join(path.file_name().unwrap()), format(&text).unwrap()).unwrap();
    }
    let model = |folder: &Path| {
        let checked = driver::load_crate(folder).unwrap().check();
        assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics);
        let modules: Vec<String> =
            checked.compiled.ndr.iter().map(|(_, name, model)| format!("{name} {model:?}")).collect();
        without_places(&format!("{:?} {modules:?}", checked.compiled.program))
    };
    assert!(model(&original) == model(&other), "the models differ");
}

/// Another writer's line breaks, blanks and comments.
fn respaced(text: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().cycle();
    let mut quoted = false;
    text.chars()
        .map(|c| {
            quoted ^= c == '"';
            match (c, quoted) {
                (' ', false) => match choices.next() {
                    Some(0) => "\n".to_owned(),
                    Some(1) => "\t ".to_owned(),
                    Some(2) => " /* c */ ".to_owned(),
                    Some(3) => "\n\n\n".to_owned(),
                    _ => " ".to_owned(),
                },
                _ => c.to_string(),
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn other_blanks_and_line_breaks_change_no_meaning(
        which in any::<prop::sample::Index>(),
        choices in prop::collection::vec(0..24u8, 1..200),
    ) {
        let (name, text) = which.get(TEXTS.as_slice());
        let start = text.find("\ninterface").unwrap_or(0);
        let piece: String = text[start..].chars().take(4_000).collect();
        assert_laid_out(name, &respaced(&piece, &choices));
        let whole: String = text.chars().take(8_000).collect();
        assert_laid_out(name, &respaced(&whole, &choices));
    }

    #[test]
    fn mutated_descriptions_are_laid_out_or_refused(which in any::<prop::sample::Index>(), mutations in mutations()) {
        let (name, text) = which.get(TEXTS.as_slice());
        let text: String = text.chars().take(8_000).collect();
        assert_laid_out(name, &mutate(&text, &mutations));
    }
}

#[test]
fn what_has_no_end_is_refused_with_its_place() {
    for (text, code, place) in [
        ("struct A {\n", "R0008", 9..10),
        ("struct A { } }\n", "R0013", 13..14),
        ("struct A { ) }\n", "R0013", 11..12),
        ("const string A = \"x\n", "R0005", 17..19),
        ("/* no end\n", "R0006", 0..2),
    ] {
        let error = format(text).unwrap_err();
        assert_eq!((error.code, error.range), (code, place), "{text}");
    }
    assert_eq!(format(&"{".repeat(100_000)).unwrap_err().code, "R0009");
    assert_eq!(format(&"#if 1\n".repeat(100_000)).unwrap_err().code, "R0007");
}

/// Public collections of interface files, where they are at hand: see ropc/tests/collections.rs.
#[test]
fn interface_files_of_public_collections_keep_their_trees() {
    let Some(root) = std::env::var_os("ROPC_COLLECTIONS").map(PathBuf::from) else {
        eprintln!("*** SKIPPED: needs collections of interface files in ROPC_COLLECTIONS ***");
        return;
    };
    let mut folders = vec![root];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "idl" || extension == "acf") {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                assert!(format(&text).is_ok(), "{}: {:?}", path.display(), format(&text));
                assert_laid_out(&path.display().to_string(), &text);
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "no interface files");
}
