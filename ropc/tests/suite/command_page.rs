//! The examples of docs/COMMAND-LINE.md are what the command prints. `UPDATE_EXPECT=1` writes them anew.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::compare;

/// What `$ ropc ..` prints to both streams.
fn printed(directory: &Path, command: &str) -> String {
    let (words, input) = command.split_once(" < ").map_or((command, None), |(words, file)| (words, Some(file)));
    let mut words = words.split(' ');
    assert_eq!(words.next(), Some("ropc"), "{command}");
    let stdin = input.map_or(Stdio::null(), |file| fs::File::open(directory.join(file)).unwrap().into());
    let output =
        Command::new(env!("CARGO_BIN_EXE_ropc")).current_dir(directory).args(words).stdin(stdin).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn the_examples_of_the_page_print_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/COMMAND-LINE.md");
    let page = fs::read_to_string(&path).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut again = String::new();
    let mut commands = 0;
    for (index, part) in page.split("```").enumerate() {
        if index > 0 {
            again.push_str("```");
        }
        if let Some((name, text)) = part.strip_prefix("idl ").and_then(|rest| rest.split_once('\n')) {
            fs::write(directory.path().join(name), text).unwrap();
        }
        match part.strip_prefix("console\n$ ").and_then(|rest| rest.split_once('\n')) {
            Some((command, _)) => {
                commands += 1;
                again.push_str(&format!("console\n$ {command}\n{}", printed(directory.path(), command)));
            }
            None => again.push_str(part),
        }
    }
    assert!(commands >= 4);
    compare(&path, &again).unwrap();
}
