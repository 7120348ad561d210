//! The commands of an administrator, as a shell runs them, beside a server that runs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A data directory, served or not.
struct Place {
    root: TempDir,
    server: Option<Child>,
}

/// What a command said, and whether it went well.
struct Said {
    well: bool,
    output: String,
    errors: String,
}

impl Place {
    fn served() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut place = Self { root, server: None };
        place.start();
        place
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn start(&mut self) {
        let mut server = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().starts_with("Listening on ")), "it does not listen");
        self.server = Some(server);
    }

    fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        assert!(Command::new("kill").args(["-INT", &server.id().to_string()]).status().unwrap().success());
        server.wait().unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .current_dir(self.root.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that wants no input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Said {
            well: output.status.success(),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn users_are_added_and_get_passwords_while_the_server_runs() {
    let place = Place::served();
    let added = place.run(&["user", "add", "Eve@Example.Test", "--name", "Eve Example"]);
    assert!(added.well, "{}", added.errors);
    assert!(added.output.starts_with("Added eve@example.test.\nThe password, not shown again: "), "{}", added.output);
    let again = place.run(&["user", "add", "eve@example.test"]);
    assert!(!again.well && again.errors.contains("exists"), "{}", again.errors);
    let chosen = place.run_with(&["user", "passwd", "eve@example.test", "--password-stdin"], "correct horse\n");
    assert_eq!((chosen.well, chosen.output.as_str()), (true, "eve@example.test has a new password.\n"));
    let empty = place.run_with(&["user", "passwd", "eve@example.test", "--password-stdin"], "\n");
    assert!(!empty.well && empty.errors.contains("empty"), "{}", empty.errors);
    let unknown = place.run(&["user", "passwd", "nobody@example.test"]);
    assert!(!unknown.well && unknown.errors.contains("nobody@example.test"), "{}", unknown.errors);
    let listed = place.run(&["user", "list"]).output;
    let line = listed.lines().find(|line| line.starts_with("eve@example.test ")).unwrap();
    assert!(line.ends_with("  Eve Example"), "{line}");
    let refused = place.run(&["user", "add", "no address"]);
    assert!(!refused.well && refused.errors.contains("no mail address"), "{}", refused.errors);
}

#[test]
fn users_are_removed_when_the_server_is_stopped() {
    let mut place = Place::served();
    let remove = ["user", "delete", "bob@example.test", "--confirm", "bob@example.test"];
    let refused = place.run(&remove);
    assert!(!refused.well && refused.errors.contains("has to be stopped"), "{}", refused.errors);
    place.stop();
    let unconfirmed = place.run(&["user", "delete", "bob@example.test", "--confirm", "alice@example.test"]);
    assert!(!unconfirmed.well && unconfirmed.errors.contains("--confirm"), "{}", unconfirmed.errors);
    assert!(place.run(&remove).well);
    assert!(!place.run(&["user", "list"]).output.contains("bob@example.test"));
    assert!(place.run(&["fsck"]).well, "nothing of the mailbox is left");
}

#[test]
fn mailboxes_are_listed_counted_and_written_out_while_the_server_runs() {
    let place = Place::served();
    let listed = place.run(&["mailbox", "list"]).output;
    let alice: Vec<&str> = listed.lines().find(|line| line.starts_with("alice@")).unwrap().split_whitespace().collect();
    let messages: usize = alice.get(2).unwrap().parse().unwrap();
    assert!(messages > 30, "{listed}");
    let stats = place.run(&["stats"]).output;
    assert!(stats.lines().any(|line| line.starts_with("users  ")), "{stats}");

    let written = place.run(&["mailbox", "export", "alice@example.test", "alice.jsonl"]);
    assert!(written.well, "{}", written.errors);
    assert!(written.output.contains(&format!("and {messages} messages")), "{}", written.output);
    let file = place.file("alice.jsonl");
    assert_eq!(mode(&file), 0o600);
    let lines = fs::read_to_string(&file).unwrap();
    assert_eq!(lines.lines().filter(|line| line.starts_with("{\"kind\":\"message\"")).count(), messages);
    assert_eq!(fs::read_dir(place.root.path()).unwrap().count(), 2, "only the data directory and the file");
    let taken = place.run(&["mailbox", "export", "alice@example.test", "alice.jsonl"]);
    assert!(!taken.well && taken.errors.contains("is there already"), "{}", taken.errors);
}

#[test]
fn a_backup_of_a_running_server_starts_as_a_server() {
    let mut place = Place::served();
    let made = place.run(&["backup", "saved"]);
    assert!(made.well, "{}", made.errors);
    assert_eq!(mode(&place.file("saved")), 0o700);
    let taken = place.run(&["restore", "saved"]);
    assert!(!taken.well && taken.errors.contains("is there already"), "{}", taken.errors);
    let before = place.run(&["mailbox", "list"]).output;
    place.stop();
    fs::remove_dir_all(place.data()).unwrap();
    let restored = place.run(&["restore", "saved"]);
    assert!(restored.well, "{}", restored.errors);
    assert!(place.run(&["fsck"]).well);
    assert_eq!(place.run(&["mailbox", "list"]).output, before);
    place.start();
    place.stop();
}

#[test]
fn a_check_finds_what_was_counted_wrong_and_repairs_it() {
    let mut place = Place::served();
    assert_eq!(place.run(&["fsck"]).output, "Nothing is wrong.\n");
    let refused = place.run(&["fsck", "--repair"]);
    assert!(!refused.well && refused.errors.contains("another process"), "{}", refused.errors);
    place.stop();
    let mailboxes = place.data().join("store/mailboxes");
    let mut files = fs::read_dir(mailboxes).unwrap().map(|entry| entry.unwrap().path());
    let database = files.find(|path| path.extension().is_some_and(|end| end == "sqlite")).unwrap();
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.execute("UPDATE folder SET child_count = child_count + 1 WHERE folder_type = 0 AND id > 0", []).unwrap();
    drop(connection);
    let found = place.run(&["fsck"]);
    assert!(!found.well && found.output.contains("wrong number of subfolders"), "{}", found.output);
    assert!(place.run(&["fsck", "--repair"]).well);
    assert!(place.run(&["fsck"]).well);
}

#[test]
fn commands_make_no_data_directory() {
    let place = Place { root: tempfile::tempdir().unwrap(), server: None };
    for command in [&["user", "list"][..], &["user", "add", "a@example.test"], &["stats"], &["fsck"], &["backup", "x"]]
    {
        let said = place.run(command);
        assert!(!said.well && said.errors.contains("no such store"), "{command:?}: {}", said.errors);
    }
    assert_eq!(fs::read_dir(place.root.path()).unwrap().count(), 0);
}

#[test]
fn a_configuration_file_is_used_and_its_mistakes_are_named() {
    let place = Place { root: tempfile::tempdir().unwrap(), server: None };
    fs::write(place.file("server.toml"), "listen = '127.0.0.1:0'\ndata = 'mail'\n[limits]\nkeepalive = '5s'\n")
        .unwrap();
    let run = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_server");
        let output = Command::new(program).args(arguments).current_dir(place.root.path()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (well, errors) = run(&["--config", "server.toml"]);
    assert!(!well && errors.contains("server.toml") && errors.contains("line 4, column 1"), "{errors}");
    fs::write(place.file("server.toml"), "listen = '127.0.0.1:0'\ndata = 'mail'\n[limits]\nkeep-alive = '5s'\n")
        .unwrap();
    let (well, errors) = run(&["--config", "server.toml", "stats"]);
    assert!(!well && errors.contains("no such store"), "{errors}");
    let (well, errors) = run(&["--config", "missing.toml"]);
    assert!(!well && errors.contains("cannot read missing.toml"), "{errors}");
}
