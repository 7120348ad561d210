//! What failed, as it is filed: a vector in TOML, and what `ropc decode` makes of its bytes.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use ropc::driver::load_crate;
use ropc::model::TypeKind;

use crate::described::root;
use crate::finds::Find;

/// A property that does not hold, with the smallest case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// The case.
    pub find: Find,
    /// What it was found with.
    pub seed: u64,
    /// What does not hold.
    pub rule: String,
    /// The type of the descriptions, where the test is one of theirs.
    pub described: Option<String>,
}

/// The failures that were recorded in a folder.
///
/// # Errors
/// When one cannot be read.
pub fn failures(folder: &Path) -> io::Result<Vec<Failed>> {
    let folder = folder.join("failures");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let names = names();
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path)?;
        let find = Find::parse(&text).map_err(io::Error::other)?;
        let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default().to_owned();
        let described = names.iter().find(|name| is_test_of(&find.test, name)).cloned();
        Ok(Failed { seed: line("# seed ").parse().unwrap_or_default(), rule: line("# rule "), described, find })
    };
    paths.iter().map(read).collect()
}

/// What the descriptions of `encoding(mapi)` have tests of.
fn names() -> Vec<String> {
    let Ok(loaded) = load_crate(&root().join("idl")) else { return Vec::new() };
    let program = loaded.check().compiled.program;
    let types = program.types.iter().filter(|def| matches!(def.kind, TypeKind::Struct(_))).map(|def| def.name.clone());
    let rops = program.rops.iter().flat_map(|rop| ["Request", "Response"].map(|body| format!("{}{body}", rop.name)));
    let bodies = ["Request", "Response", "Failure"];
    let requests = program.requests.iter().flat_map(|request| bodies.map(|body| format!("{}{body}", request.name)));
    types.chain(rops).chain(requests).collect()
}

fn is_test_of(test: &str, name: &str) -> bool {
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let test = test.rsplit("::").next().unwrap_or_default();
    test.strip_suffix("_round_trips").is_some_and(|test| plain(test) == plain(name))
}

impl Failed {
    /// The bytes in hexadecimal.
    fn hex(&self) -> String {
        let bytes: Vec<String> = self.find.bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        bytes.join(" ")
    }

    /// Ready for `vectors/*.toml`, but for what the bytes mean.
    #[must_use]
    pub fn vector(&self) -> String {
        let mut text = String::from("[[vector]]\n");
        let name = self.described.clone().unwrap_or_else(|| self.find.test.clone());
        _ = writeln!(text, "type = {name:?}");
        _ = writeln!(text, "bytes = {:?}", self.hex());
        if !self.find.slot.is_empty() {
            _ = writeln!(text, "representation = {:?}", self.find.slot);
        }
        _ = writeln!(text, "source = {:?}", format!("{}, seed {}: {}", self.find.test, self.seed, self.rule));
        text
    }

    /// What `ropc decode` shows of the bytes; `None` where the test is not one of a described type.
    #[must_use]
    pub fn tree(&self) -> Option<String> {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = Command::new(cargo);
        command.args(["run", "--quiet", "--package", "ropc", "--", "decode", self.described.as_deref()?]);
        let output = command.args(["--hex", &self.hex()]).current_dir(root()).output();
        // Bytes that are wrong are shown as far as they go, with the mistake.
        let output = output.ok()?;
        Some([output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat())
    }

    /// For people: the rule, the vector, the tree, and how to run it again.
    #[must_use]
    pub fn shown(&self) -> String {
        let Find { test, .. } = &self.find;
        let name = test.rsplit("::").next().unwrap_or_default();
        let mut text = format!("\n{test}: {}\n\n{}\n", self.rule, self.vector());
        if let Some(tree) = self.tree() {
            _ = writeln!(text, "{tree}");
        }
        _ = writeln!(text, "again: cargo run -p generated-tests --bin suite -- --seed {} {name}", self.seed);
        text
    }
}
