//! `--watch`: what it sees, and that mistakes do not end it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// A process that watches; it ends with the test.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ropc"))
            .current_dir(directory)
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// The messages of the next round, and its last line.
    fn round(&self) -> (String, String) {
        let mut messages = String::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("nothing more is said");
            if line.contains("watching") {
                return (messages, line);
            }
            messages.push_str(&line);
            messages.push('\n');
        }
    }

    fn is_silent(&self) -> bool {
        self.lines.recv_timeout(Duration::from_millis(700)).is_err()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// At once, as editors do: a file that is half written would be a round of its own.
fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

#[test]
fn check_goes_on_over_mistakes_and_follows_imported_files() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&directory.path().join(name), text);
    write("a.idl", "import \"b.idl\";\nconst uint8 One = 1;\n");
    write("b.idl", "const uint8 Two = 2;\n");
    let watching = Watching::start(directory.path(), &["check", "--watch", "a.idl"]);
    assert_eq!(watching.round(), (String::new(), "ropc: no mistakes; watching 2 files".to_owned()));
    write("b.idl", "const uint8 Two = 2\n");
    let (messages, last) = watching.round();
    assert!(messages.contains("error[R0011]") && messages.contains("--> b.idl:1:19"), "{messages}");
    assert_eq!(last, "ropc: mistakes; watching 2 files");
    // an import that is missing now may come
    write("a.idl", "import \"c.idl\";\nconst uint8 One = 1;\n");
    let (messages, _) = watching.round();
    assert!(messages.contains("error[R0018]"), "{messages}");
    write("c.idl", "const uint8 Three = 3;\n");
    assert_eq!(watching.round().0, "");
    // the same bytes again are no change
    write("c.idl", "const uint8 Three = 3;\n");
    assert!(watching.is_silent());
    fs::remove_file(directory.path().join("a.idl")).unwrap();
    let (messages, last) = watching.round();
    assert!(messages.contains("a.idl") && last.starts_with("ropc: not done"), "{messages}{last}");
    write("a.idl", "const uint8 One = 1;\n");
    assert_eq!(watching.round().0, "");
}

#[test]
fn build_writes_what_changes_and_takes_new_descriptions() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("idl/src")).unwrap();
    let write = |name: &str, field: &str, end: &str| {
        let text = format!("[encoding(mapi)]\ninterface {name} {{ struct {name}_x {{ uint8 {field}; }} {end}\n");
        put(&directory.path().join(format!("idl/{name}.idl")), &text);
    };
    let made = |name: &str| fs::read_to_string(directory.path().join(format!("idl/src/{name}.rs"))).unwrap_or_default();
    write("first", "Before", "}");
    let watching = Watching::start(directory.path(), &["build", "-w"]);
    assert_eq!(watching.round().0, "");
    assert!(made("first").contains("before"));
    write("first", "After", "");
    let (messages, _) = watching.round();
    assert!(messages.contains("error[R0008]"), "{messages}");
    assert!(made("first").contains("before"), "a description with mistakes changes nothing");
    write("first", "After", "}");
    assert_eq!(watching.round().0, "");
    assert!(made("first").contains("after"));
    write("second", "Other", "}");
    assert_eq!(watching.round().0, "");
    assert!(made("second").contains("other"));
}
