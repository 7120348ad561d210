//! `ropc::Config` for build scripts, and the commands that do the same.

use std::fs;
use std::path::Path;
use std::process::Command;

use ropc::Config;

const GOOD: &str = "[encoding(mapi)] interface first { struct One { uint8 A; vector \"01\" { A: 1 } } }\n";
const IMPORTS: &str =
    "import \"first.idl\";\n[encoding(mapi)] interface second { struct Two { One One; utf16 Name; } }\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("common")).unwrap();
    fs::write(folder.path().join("common/first.idl"), GOOD).unwrap();
    fs::write(folder.path().join("second.idl"), IMPORTS).unwrap();
    folder
}

#[test]
fn modules_find_each_other_wherever_they_are_included() {
    let folder = folder();
    let mut config = Config::new();
    config.include(folder.path().join("common")).tests("my_crate::wire");
    let generated = config.generate(&[folder.path().join("second.idl")]).unwrap();
    assert!(generated.rust.contains("pub mod first {") && generated.rust.contains("pub mod second {"));
    assert!(generated.rust.contains("use super::first::One;"), "{}", generated.rust);
    assert!(!generated.rust.contains("crate::"), "{}", generated.rust);
    let tests = generated.tests.unwrap();
    assert!(tests.contains("use ::my_crate::wire::first::One;"), "{tests}");
    assert!(tests.contains("fn one_vector_1()") && !tests.contains("protocol::"), "{tests}");
    assert_eq!(generated.read.len(), 2, "{:?}", generated.read);
}

#[test]
fn compiling_writes_what_has_changed() {
    let folder = folder();
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let mut config = Config::new();
    config.include(folder.path().join("common")).out_dir(&out);
    let compile = || config.compile(&[folder.path().join("second.idl")]).unwrap();
    compile();
    assert!(!out.join("ropc_tests.rs").exists());
    let time = || fs::metadata(out.join("ropc.rs")).unwrap().modified().unwrap();
    let before = time();
    compile();
    assert_eq!(time(), before, "the same text is not written again");
}

#[test]
fn mistakes_are_shown_as_the_command_shows_them() {
    let folder = folder();
    fs::write(
        folder.path().join("second.idl"),
        "[encoding(mapi)] interface second { struct Two { Uno One; uint8 A } }\n",
    )
    .unwrap();
    let error = Config::new().generate(&[folder.path().join("second.idl")]).unwrap_err();
    // `main` of a build script prints it with `Debug`
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(text.contains("error[R0011]") && text.contains("error[R0102]") && text.contains("2 errors"), "{text}");
        assert!(
            text.lines().any(|line| line.trim_start().starts_with("--> ") && line.contains("second.idl:1:")),
            "{text}"
        );
    }
    let error = Config::new().generate(&[folder.path().join("missing.idl")]).unwrap_err();
    assert!(error.to_string().contains("missing.idl"), "{error}");
    let error = Config::new().generate(&[folder.path().join("nothing.idl"), folder.path().join("second.idl")]);
    assert!(error.is_err());
}

fn ropc(directory: &Path, line: &str) -> (Option<i32>, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ropc")).current_dir(directory).args(line.split(' ')).output().unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn emit_writes_rust_and_tests_for_other_crates() {
    let folder = folder();
    let (code, rust) = ropc(folder.path(), "emit rust -I common second.idl");
    assert!(code == Some(0) && rust.contains("pub mod second {"), "{rust}");
    assert_eq!(
        ropc(folder.path(), "emit tests -I common second.idl --path a::b -o tests.rs"),
        (Some(0), String::new())
    );
    assert!(fs::read_to_string(folder.path().join("tests.rs")).unwrap().contains("use ::a::b::second::Two;"));
    let (code, messages) = ropc(folder.path(), "emit rust second.idl");
    assert!(code == Some(1) && messages.contains("error[R0018]"), "{messages}");
}

#[test]
fn build_makes_a_crate_of_files_and_spares_what_is_written_by_hand() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(ropc(folder.path(), "build second.idl -I common"), (Some(0), String::new()));
    let manifest = fs::read_to_string(path("second/Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"second\"") && manifest.contains("runtime = {"), "{manifest}");
    let root = fs::read_to_string(path("second/src/lib.rs")).unwrap();
    assert!(root.contains("pub mod first;") && root.contains("Generated from `first.idl`, `second.idl`."), "{root}");
    assert!(fs::read_to_string(path("second/src/second.rs")).unwrap().contains("use crate::first::One;"));
    // the manifest belongs to its user from then on
    fs::write(path("second/Cargo.toml"), "# mine\n").unwrap();
    assert_eq!(ropc(folder.path(), "build second.idl -I common").0, Some(0));
    assert_eq!(fs::read_to_string(path("second/Cargo.toml")).unwrap(), "# mine\n");
    fs::write(path("second/src/lib.rs"), "//! By hand.\n").unwrap();
    let (code, messages) = ropc(folder.path(), "build second.idl -I common");
    assert!(code == Some(2) && messages.contains("not generated"), "{messages}");
    assert_eq!(fs::read_to_string(path("second/src/lib.rs")).unwrap(), "//! By hand.\n");
    assert_eq!(ropc(folder.path(), "build second.idl common").0, Some(2), "a directory beside a file");
    assert_eq!(ropc(folder.path(), "build --check second.idl").0, Some(2));
}
