//! Interface files of public collections: which compile, and what stops the others.
//!
//! The collections are not part of this repository. To make docs/NDR-COLLECTIONS.md anew, put each into a folder:
//!
//! ```text
//! ROPC_COLLECTIONS=/tmp/collections cargo test -p ropc --test collections
//! ```
//!
//! Every folder in it is a collection. With ROPC_COLLECTIONS_OUT the generated Rust goes there, and
//! messages.tsv with all messages.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use ropc::diagnostic::Severity;
use ropc::{compile, driver};

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("idl")) {
            found.push(path);
        }
    }
}

/// How one file fared.
struct Row {
    file: String,
    lines: usize,
    /// Types and operations that need code of one's own.
    warnings: usize,
    /// The first mistake, with its place.
    stopped: Option<String>,
}

impl Row {
    fn is_com(&self) -> bool {
        self.stopped.as_ref().is_some_and(|text| text.starts_with("R0014 "))
    }
}

fn compile_file(path: &Path, root: &Path, include: &[PathBuf], out: Option<&Path>, messages: &mut String) -> Row {
    let options = driver::Options { include: include.to_vec(), defines: Vec::new() };
    let mut checked = driver::load_with(&[path.to_owned()], options).unwrap().check();
    // imported files have rows of their own
    let own = checked.files.last().map(|(source, _)| *source);
    checked.compiled.ndr.retain(|(source, ..)| Some(*source) == own);
    let file = path.strip_prefix(root).unwrap().display().to_string();
    let place = |found: &ropc::diagnostic::Diagnostic| {
        let name = checked.sources.get(found.primary.0.source).unwrap().name.clone();
        let name = name.rsplit('/').next().unwrap().to_owned();
        format!("{name}:{}", checked.sources.line_column(&found.primary.0).0)
    };
    for found in &checked.diagnostics {
        let severity = if found.severity == Severity::Error { "error" } else { "warning" };
        let label = &found.primary.1;
        writeln!(messages, "{file}\t{severity}\t{}\t{}\t{}\t{label}", found.code, place(found), found.message).unwrap();
    }
    let mut errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    // what is of COM stays out, whatever else is missing
    let first = errors.clone().find(|found| found.code == "R0014").or_else(|| errors.next());
    let mut stopped = first.map(|found| format!("{} {} ({})", found.code, found.message, place(found)));
    if stopped.is_none() {
        match compile::emit_ndr(&checked.sources, &checked.compiled) {
            Ok(outputs) => {
                for (output, out) in outputs.into_iter().zip(out.into_iter().cycle()) {
                    let folder = out.join(root.file_name().unwrap()).join(file.replace(['/', '.'], "_"));
                    fs::create_dir_all(&folder).unwrap();
                    fs::write(folder.join(&output.path), output.text).unwrap();
                }
            }
            Err(error) => stopped = Some(format!("a mistake of ours: {error}")),
        }
    }
    let warnings = checked.diagnostics.iter().filter(|found| ["R0721", "R0722"].contains(&found.code)).count();
    Row { file, lines: fs::read(path).unwrap().iter().filter(|b| **b == b'\n').count(), warnings, stopped }
}

/// The page about all folders of `root`, each a collection.
fn table(root: &Path, out: Option<&Path>, messages: &mut String) -> String {
    let mut text = String::from(
        "# Interface files of public collections\n\nMade by `ropc/tests/collections.rs`. Own code: types and operations \
         that the file leaves to code of one's own (R0721, R0722); Rust is made of everything else.\n\
         Of the Samba tree it was built, too; of the others not. docs/NDR-DIFFERENTIAL.md says how far another implementation agrees.\n\
         microsoft/open-specifications are the appendices \"Full IDL\" of the MS-* documents, each a file.\n\
         Files that describe COM (R0014) are only counted.\n",
    );
    let mut collections: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    collections.sort();
    for collection in collections {
        let mut files = Vec::new();
        files_below(&collection, &mut files);
        let include: Vec<PathBuf> = files
            .iter()
            .flat_map(|path| path.ancestors().skip(1).take_while(|folder| folder.starts_with(&collection)))
            .map(Path::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut rows: Vec<Row> =
            files.iter().map(|path| compile_file(path, &collection, &include, out, messages)).collect();
        rows.sort_by(|a, b| a.file.cmp(&b.file));
        let good = rows.iter().filter(|row| row.stopped.is_none()).count();
        let name = collection.file_name().unwrap().to_str().unwrap().replace('+', "/");
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &rows {
            if let Some(code) = row.stopped.as_ref().and_then(|text| text.split(' ').next()) {
                *reasons.entry(code).or_default() += 1;
            }
        }
        let reasons: Vec<String> = reasons.iter().map(|(code, count)| format!("{code}: {count}")).collect();
        writeln!(text, "\n## {name}\n\n{good} of {} files compile. {}\n", rows.len(), reasons.join(", ")).unwrap();
        writeln!(text, "| file | lines | own code | stopped by |\n|---|---|---|---|").unwrap();
        for row in rows.iter().filter(|row| !row.is_com()) {
            let stopped = row.stopped.as_deref().unwrap_or("").replace('|', "\\|");
            writeln!(text, "| {} | {} | {} | {stopped} |", row.file, row.lines, row.warnings).unwrap();
        }
    }
    text
}

#[test]
fn the_table_says_what_compiles_and_what_stops_the_others() {
    let root = tempfile::tempdir().unwrap();
    let collection = root.path().join("example+files");
    fs::create_dir(&collection).unwrap();
    let head = "uuid(60a15ec5-4de8-11d7-a637-005056a20182), version(1.0)";
    fs::write(collection.join("good.idl"), format!("[{head}] interface good {{ void Nothing(); }}\n")).unwrap();
    fs::write(collection.join("com.idl"), format!("[{head}, object]\ninterface com {{ void Nothing(); }}\n")).unwrap();
    let mut messages = String::new();
    let text = table(root.path(), None, &mut messages);
    assert!(text.contains("\n## example/files\n\n1 of 2 files compile. R0014: 1\n"), "{text}");
    assert!(text.contains("\n| good.idl | 1 | 0 |  |\n"), "{text}");
    assert!(!text.contains("com.idl"), "{text}");
    assert!(messages.starts_with("com.idl\terror\tR0014\tcom.idl:1\t"), "{messages}");
}

/// Writes the page, where collections are at hand.
#[test]
fn table_of_public_collections() {
    let Some(root) = env::var_os("ROPC_COLLECTIONS").map(PathBuf::from) else {
        eprintln!("*** SKIPPED: needs collections of interface files in ROPC_COLLECTIONS ***");
        return;
    };
    let out = env::var_os("ROPC_COLLECTIONS_OUT").map(PathBuf::from);
    let mut messages = String::new();
    let text = table(&root, out.as_deref(), &mut messages);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/NDR-COLLECTIONS.md");
    fs::write(docs, text).unwrap();
    if let Some(out) = out {
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("messages.tsv"), messages).unwrap();
    }
}
