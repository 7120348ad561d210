//! The binary: exit codes, where messages go, what `explain` says, imports.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn ropc(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ropc")).current_dir(directory).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn check_is_silent_where_nothing_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.idl"), "const uint8 One = 1;\n").unwrap();
    let output = ropc(directory.path(), &["check", "a.idl"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
}

#[test]
fn check_reports_all_files_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.idl"), "const uint8 One = 1\n").unwrap();
    fs::write(directory.path().join("b.idl"), "stuct X { uint8 A; }\n").unwrap();
    let output = ropc(directory.path(), &["check", "a.idl", "b.idl"]);
    assert_eq!(output.status.code(), Some(1));
    let messages = text(&output.stderr);
    for part in
        ["error[R0011]", "--> a.idl:1:19", "error[R0010]", "--> b.idl:1:1", "did you mean `struct`?", "2 errors"]
    {
        assert!(messages.contains(part), "{part} is missing in\n{messages}");
    }
    assert!(!messages.contains('\u{1b}'), "colours without a terminal");
}

#[test]
fn messages_for_programs_are_json_lines() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.idl"), "const uint8 One = 1\n").unwrap();
    let output = ropc(directory.path(), &["check", "--message-format=json", "a.idl"]);
    let messages = text(&output.stderr);
    assert_eq!(messages.lines().count(), 1);
    assert!(messages.starts_with(r#"{"code":"R0011","severity":"error","#), "{messages}");
}

#[test]
fn usage_and_unreadable_files_are_another_code() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in
        [&["check"][..], &["frobnicate"], &["check", "missing.idl"], &["explain", "R9999"], &["build", "missing"]]
    {
        assert_eq!(ropc(directory.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn explain_prints_the_page_of_a_code() {
    let output = ropc(Path::new("."), &["explain", "r0011"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("# R0011: a missing `;`\n"));
}

#[test]
fn imports_are_found_beside_the_importing_file_and_read_once() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("common/deep");
    fs::create_dir_all(&deep).unwrap();
    fs::write(directory.path().join("a.idl"), "import \"common/b.idl\", \"common/deep/c.idl\";\n").unwrap();
    fs::write(directory.path().join("common/b.idl"), "import \"deep/c.idl\";\nimport \"../a.idl\";\n").unwrap();
    // the mistake of a file that two others import is reported once
    fs::write(deep.join("c.idl"), "const uint8 One = 1\n").unwrap();
    let output = ropc(directory.path(), &["check", "a.idl"]);
    let messages = text(&output.stderr);
    assert_eq!(messages.matches("error[").count(), 1, "{messages}");
    assert!(messages.contains("--> common/deep/c.idl:1:19"), "{messages}");
}

#[test]
fn imported_files_come_before_those_that_import_them() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.idl"), "import \"b.idl\";\nconst uint8 A = 1;\n").unwrap();
    fs::write(directory.path().join("b.idl"), "import \"c.idl\";\n").unwrap();
    fs::write(directory.path().join("c.idl"), "const uint8 C = 1;\n").unwrap();
    let loaded = ropc::driver::load(&[directory.path().join("a.idl")]).unwrap();
    let names: Vec<&str> = loaded
        .files
        .iter()
        .map(|(source, _)| loaded.sources.get(*source).unwrap().name.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["c.idl", "b.idl", "a.idl"]);
}

#[test]
fn a_missing_import_is_a_message_with_a_place() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.idl"), "import \"nowhere.idl\";\n").unwrap();
    let output = ropc(directory.path(), &["check", "a.idl"]);
    assert_eq!(output.status.code(), Some(1));
    let messages = text(&output.stderr);
    assert!(
        messages.contains("error[R0018]: cannot read `nowhere.idl`") && messages.contains("a.idl:1:8"),
        "{messages}"
    );
}

/// A crate of descriptions with one ROP.
fn small_crate() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("idl/src")).unwrap();
    let description = "[encoding(mapi)]\ninterface oxctest {\nrop RopTest = 0x10 { request { input handle Object; uint8 A; } success {} }\n}\n";
    fs::write(directory.path().join("idl/oxctest.idl"), description).unwrap();
    directory
}

#[test]
fn build_writes_what_check_then_accepts() {
    let directory = small_crate();
    let run = |arguments: &[&str]| ropc(directory.path(), arguments);
    assert_eq!(run(&["build", "--check"]).status.code(), Some(1), "nothing is written yet");
    assert!(!directory.path().join("idl/src/oxctest.rs").exists(), "--check writes nothing");
    assert_eq!(run(&["build"]).status.code(), Some(0));
    assert!(
        fs::read_to_string(directory.path().join("idl/src/oxctest.rs")).unwrap().starts_with("// @generated by ropc")
    );
    assert_eq!(run(&["build", "--check"]).status.code(), Some(0));
    // generated files bear the same names wherever the compiler runs
    assert_eq!(ropc(&directory.path().join("idl"), &["build", "--check", "."]).status.code(), Some(0));
}

#[test]
fn build_notices_edited_and_left_over_files() {
    let directory = small_crate();
    let run = |arguments: &[&str]| ropc(directory.path(), arguments);
    assert_eq!(run(&["build"]).status.code(), Some(0));
    let made = directory.path().join("idl/src/oxctest.rs");
    let text = fs::read_to_string(&made).unwrap();
    fs::write(&made, format!("{text}// edited\n")).unwrap();
    let left_over = directory.path().join("idl/src/oxcgone.rs");
    fs::write(&left_over, "// @generated by ropc from idl/oxcgone.idl; do not edit.\n").unwrap();
    let by_hand = directory.path().join("idl/src/by_hand.rs");
    fs::write(&by_hand, "//! By hand.\n").unwrap();
    let check = run(&["build", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    let messages = text_of(&check);
    assert!(
        messages.contains("oxctest.rs") && messages.contains("oxcgone.rs") && !messages.contains("by_hand.rs"),
        "{messages}"
    );
    assert_eq!(run(&["build"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&made).unwrap(), text);
    assert!(!left_over.exists() && by_hand.exists());
}

#[test]
fn build_writes_nothing_where_a_description_has_a_mistake() {
    let directory = small_crate();
    fs::write(directory.path().join("idl/wrong.idl"), "const uint8 One = 1\n").unwrap();
    assert_eq!(ropc(directory.path(), &["build"]).status.code(), Some(1));
    assert!(!directory.path().join("idl/src/oxctest.rs").exists());
}

fn text_of(output: &Output) -> String {
    text(&output.stderr)
}
