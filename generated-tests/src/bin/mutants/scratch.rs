//! The copy of the workspace that the mutants are built in: `target/mutants`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use generated_tests::described::root;

/// The members that the tests need; their files are copied.
const MEMBERS: [&str; 4] = ["runtime", "ropc", "idl", "generated-tests"];

/// What the compiler takes into itself.
const DOCS: &str = "docs/diagnostics";

/// What mutants ask at run time.
const MODULE: &str = "
/// Which mutants are on.
#[allow(missing_docs, dead_code, clippy::all)]
pub mod mutants {
    use runtime::{Cursor, Encoder, PackError, UnpackError};
    static ON: std::sync::LazyLock<Vec<u32>> = std::sync::LazyLock::new(|| {
        let named = std::env::var(\"ROPC_MUTANTS\").unwrap_or_default();
        named.split(',').filter_map(|number| number.parse().ok()).collect()
    });
    pub fn on(number: u32) -> bool {
        ON.contains(&number)
    }
    /// Without the last byte that it writes: half a terminator.
    pub fn cut(e: &mut Encoder, write: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Result<(), PackError> {
        write(e)?;
        e.truncate(e.len().saturating_sub(1));
        Ok(())
    }
    /// Leaves the terminator behind a text where it is.
    pub fn unterminated<'a>(
        c: &mut Cursor<'a>,
        read: impl FnOnce(&mut Cursor<'a>) -> Result<&'a [u8], UnpackError>,
    ) -> Result<&'a [u8], UnpackError> {
        let mut ahead = c.clone();
        let text = read(&mut ahead)?;
        c.take(text.len())
    }
}
";

/// The folder of the copy.
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub fn new() -> Self {
        Self { folder: root().join("target/mutants") }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What did not compile the last time: of no use again.
    pub fn refused(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(self.folder.join("refused.txt")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Notes what does not compile.
    pub fn refuse(&self, refused: &BTreeSet<String>) {
        let text: String = refused.iter().map(|key| format!("{key}\n")).collect();
        put(&self.folder.join("refused.txt"), &text);
    }

    /// Copies what is not mutated; what is the same already keeps its time, so that it is not built again.
    pub fn copy(&self) {
        let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        let members = format!("members = {MEMBERS:?}");
        let lines = manifest.lines().map(|line| if line.starts_with("members = ") { &members } else { line });
        // Nothing is looked up by line here, and less is faster; what is made by machine is not linted.
        let text = lines.map(|line| format!("{line}\n")).collect::<String>().replace("\"line-tables-only\"", "0");
        let text = text.replace("= \"warn\"", "= \"allow\"");
        put(&self.folder.join("Cargo.toml"), &text);
        put(&self.folder.join("Cargo.lock"), &fs::read_to_string(root().join("Cargo.lock")).unwrap());
        for member in MEMBERS.into_iter().chain([DOCS]) {
            self.copy_folder(Path::new(member));
        }
    }

    fn copy_folder(&self, folder: &Path) {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let is_generated = path.starts_with("idl/src");
            if path.ends_with("peers") || path.ends_with("target") || is_generated {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                self.copy_folder(&path);
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                put(&self.folder.join(&path), &text);
            }
        }
    }

    /// The generated code by the names of its files.
    pub fn sources(&self) -> BTreeMap<String, String> {
        let files = fs::read_dir(root().join("idl/src")).unwrap().map(|entry| entry.unwrap());
        let named = files
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path()).unwrap()));
        named.collect()
    }

    /// Writes the code with its mutants.
    pub fn write(&self, files: &BTreeMap<String, String>) {
        for (name, text) in files {
            let text = if name == "lib.rs" { format!("{text}{MODULE}") } else { text.clone() };
            put(&self.folder.join("idl/src").join(name), &text);
        }
    }

    /// Where the compiler says no: file and line.
    pub fn errors(&self) -> Vec<(String, usize)> {
        let output = self.cargo(&["check", "--quiet", "--package", "protocol", "--message-format", "short"]);
        if output.status.success() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let errors = text.lines().filter(|line| line.contains(": error")).filter_map(|line| {
            let (path, rest) = line.split_once(".rs:")?;
            let name = path.rsplit('/').next()?;
            Some((format!("{name}.rs"), rest.split(':').next()?.parse().ok()?))
        });
        let errors: Vec<_> = errors.collect();
        assert!(!errors.is_empty(), "{text}");
        errors
    }

    /// The binary of a file of tests.
    pub fn tests(&self, name: &str) -> PathBuf {
        let output = self.cargo(&["test", "--no-run", "--package", "generated-tests", "--test", name]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let path = text.lines().find(|line| line.contains("Executable")).and_then(|line| {
            let (_, path) = line.rsplit_once('(')?;
            Some(path.trim_end().trim_end_matches(')').to_owned())
        });
        let path = path.unwrap_or_else(|| panic!("{text}"));
        self.folder.join(path)
    }

    fn cargo(&self, arguments: &[&str]) -> std::process::Output {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // What is not ours is built once for both workspaces.
        let target = root().canonicalize().unwrap().join("target");
        let mut command = Command::new(cargo);
        command.args(arguments).current_dir(&self.folder).env("CARGO_TARGET_DIR", target);
        command.output().unwrap()
    }
}

/// Writes a file that has another text.
fn put(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|found| found == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
