//! The binary: exit codes, where messages go, what `explain` says, imports.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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

/// 0: in order; 1: mistakes in what was given; 2: the command cannot be carried out.
#[test]
fn exit_codes_are_those_that_the_help_names() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("good.idl", "const uint8 One = 1;\n");
    write("wrong.idl", "const uint8 One = 1\n");
    write("wide.idl", "const  uint8 One = 1;\n");
    fs::create_dir_all(directory.path().join("crate/src")).unwrap();
    fs::copy(directory.path().join("wrong.idl"), directory.path().join("crate/wrong.idl")).unwrap();
    for (arguments, code) in [
        ("check good.idl", 0),
        ("check wrong.idl", 1),
        ("check wrong.idl missing.idl", 2),
        ("check", 2),
        ("build crate", 1),
        ("build missing", 2),
        ("build --check --watch", 2),
        ("fmt --check good.idl", 0),
        ("fmt --check wide.idl", 1),
        ("fmt --check wide.idl missing.idl", 2),
        ("fmt", 2),
        ("emit dissector --idl crate", 1),
        ("emit dissector --idl missing", 2),
        ("explain", 0),
        ("explain R0011", 0),
        ("explain R9999", 2),
        ("completions bash", 0),
        ("completions cobol", 2),
        ("man", 0),
        ("--version", 0),
        ("--help", 0),
        ("--color always check good.idl", 2),
        ("frobnicate", 2),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        assert_eq!(ropc(directory.path(), &arguments).status.code(), Some(code), "{arguments:?}");
    }
    let help = text(&ropc(directory.path(), &["--help"]).stdout);
    for line in ["0  everything is in order", "1  what was given has mistakes", "2  the command makes no sense"] {
        assert!(help.contains(line), "{help}");
    }
}

#[test]
fn colours_come_where_they_are_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.idl"), "const uint8 One = 1\n").unwrap();
    for (arguments, coloured) in [
        (&["check", "a.idl"][..], false),
        (&["check", "--color", "always", "a.idl"], true),
        (&["check", "--color", "never", "a.idl"], false),
        (&["check", "--color", "always", "--message-format", "json", "a.idl"], false),
    ] {
        let messages = ropc(directory.path(), arguments).stderr;
        assert_eq!(messages.contains(&0x1B), coloured, "{arguments:?}");
    }
}

#[test]
fn every_message_for_programs_is_a_line_of_json() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("wide.idl"), "const  uint8 One = 1;\n").unwrap();
    for arguments in
        [&["check", "missing.idl"][..], &["fmt", "--check", "wide.idl"], &["explain", "R9999"], &["build", "missing"]]
    {
        let output = ropc(directory.path(), &[&["--message-format=json"], arguments].concat());
        let messages = text(&output.stderr);
        assert_eq!(messages.lines().count(), 1, "{messages}");
        assert!(messages.starts_with(r#"{"code":null,"severity":"error","message":""#), "{messages}");
        assert!(messages.ends_with("\"}\n"), "{messages}");
    }
}

#[test]
fn fmt_lays_out_files_folders_and_standard_input() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("idl");
    fs::create_dir(&folder).unwrap();
    let (wide, narrow) = ("const  uint8 One=1; // one\n", "const uint8 One = 1; // one\n");
    fs::write(folder.join("a.idl"), wide).unwrap();
    fs::write(folder.join("b.idl"), "struct {\n").unwrap();
    let check = ropc(directory.path(), &["fmt", "--check"]);
    assert_eq!(check.status.code(), Some(1));
    let messages = text(&check.stderr);
    assert!(messages.contains("idl/a.idl is not laid out"), "{messages}");
    assert!(messages.contains("error[R0008]") && messages.contains("--> idl/b.idl:1:8"), "{messages}");
    assert_eq!(fs::read_to_string(folder.join("a.idl")).unwrap(), wide, "--check writes nothing");
    assert_eq!(ropc(directory.path(), &["fmt"]).status.code(), Some(1), "b.idl has a mistake");
    assert_eq!(fs::read_to_string(folder.join("a.idl")).unwrap(), narrow, "the others are laid out");
    assert_eq!(fs::read_to_string(folder.join("b.idl")).unwrap(), "struct {\n");

    let mut child = Command::new(env!("CARGO_BIN_EXE_ropc"))
        .args(["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(wide.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), narrow.to_owned()));
}

#[test]
fn shells_complete_commands_and_the_manual_has_them() {
    let directory = tempfile::tempdir().unwrap();
    for (shell, part) in [("bash", "complete -F _ropc"), ("zsh", "#compdef ropc"), ("fish", "complete -c ropc")] {
        let script = text(&ropc(directory.path(), &["completions", shell]).stdout);
        assert!(script.contains(part) && script.contains("message-format") && script.contains("fmt"), "{script}");
    }
    let page = text(&ropc(directory.path(), &["man"]).stdout);
    assert!(page.contains(".TH ropc 1") && page.contains("Exit codes"), "{page}");
    assert_eq!(ropc(directory.path(), &["man", "-o", "pages"]).status.code(), Some(0));
    for name in ["ropc.1", "ropc-check.1", "ropc-build.1", "ropc-fmt.1", "ropc-explain.1"] {
        let page = fs::read_to_string(directory.path().join("pages").join(name)).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{name}: {page}");
    }
}

#[test]
fn explain_without_a_code_lists_all() {
    let list = text(&ropc(Path::new("."), &["explain"]).stdout);
    assert_eq!(list.lines().count(), ropc::codes::CODES.len());
    assert!(list.starts_with("R0001  text that does not fit the grammar\n"), "{list}");
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
