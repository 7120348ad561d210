//! Lists the structures and bodies of the descriptions with their generated code, for tests that compare all of
//! them with something else: `readers.rs` in the build's folder.
#![allow(clippy::unwrap_used, reason = "a build that cannot read its sources ends here")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A list: its name, the parameters of its structures as descriptions write them, the name of its readers' type
/// and the arguments that they take.
const LISTS: [(&str, &str, &str, &[&str]); 5] = [
    ("PLAIN", "", "Reader", &[]),
    ("BY_TYPE", "(PropertyType PropertyType)", "ReaderByType", &[TYPE]),
    ("BY_COLUMNS", "(PropertyTag Columns[])", "ReaderByColumns", &["&[protocol::oxcdata::PropertyTag]"]),
    ("BY_FORM", "<WireForm F>", "ReaderByForm", &[FORM]),
    ("BY_FORM_AND_TYPE", "<WireForm F>(PropertyType PropertyType)", "ReaderByFormAndType", &[FORM, TYPE]),
];
const TYPE: &str = "protocol::oxcdata::PropertyType";
const FORM: &str = "protocol::oxcdata::WireForm";

fn main() {
    let idl = Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl");
    println!("cargo::rerun-if-changed={}", idl.display());
    let mut found: Vec<(String, String, String)> = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(&idl).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "idl")) {
        let text = fs::read_to_string(path).unwrap();
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        // Without generated code there is nothing to compare: NDR, and what is only checked so far.
        let Ok(code) = fs::read_to_string(idl.join("src").join(format!("{module}.rs"))) else { continue };
        if text.contains("encoding(mapi)") {
            for (name, params) in names(&text) {
                let rust = rust_name(&name);
                if is_generated(&code, &rust) {
                    found.push((format!("protocol::{module}::{rust}"), name, params));
                }
            }
        }
    }
    let mut out = String::new();
    for (list, params, reader, arguments) in LISTS {
        let ty: String = arguments.iter().map(|argument| format!(", {argument}")).collect();
        let pass: String = (0..arguments.len()).map(|at| format!(", argument_{at}")).collect();
        let names = format!("c{pass}");
        _ = writeln!(out, "type {reader} = fn(&mut Cursor<'_>{ty}) -> Result<(), UnpackError>;");
        _ = writeln!(out, "/// Names of the descriptions with the code that reads them.");
        _ = writeln!(out, "pub const {list}: &[(&str, {reader})] = &[");
        for (path, name, _) in found.iter().filter(|(.., of)| of == params) {
            _ = writeln!(out, "    (\"{name}\", |{names}| {path}::unpack(c{pass}).map(drop)),");
        }
        _ = writeln!(out, "];");
    }
    fs::write(Path::new(&std::env::var("OUT_DIR").unwrap()).join("readers.rs"), out).unwrap();
}

/// The code declares a type of this name.
fn is_generated(code: &str, name: &str) -> bool {
    let whole = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let declared = |what: &str| code.split(what).skip(1).any(|rest| rest.strip_prefix(name).is_some_and(whole));
    declared("pub struct ") || declared("pub enum ")
}

/// The structures and bodies that a description declares, with their parameters.
fn names(text: &str) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("struct ") {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let params = rest.get(name.len()..).unwrap_or_default();
            names.push((name, params.split(" {").next().unwrap_or_default().to_owned()));
        }
        if let Some((name, _)) = line.strip_prefix("request ").and_then(|rest| rest.split_once(" = ")) {
            names.extend(["Request", "Response", "Failure"].map(|body| (format!("{name}{body}"), String::new())));
        }
    }
    names
}

/// A name in capitals with underscores loses these: `RPC_HEADER_EXT` is `RpcHeaderExt`.
fn rust_name(name: &str) -> String {
    if !name.contains('_') || name.contains(|c: char| c.is_ascii_lowercase()) {
        return name.to_owned();
    }
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_ascii_lowercase())
    };
    name.split('_').map(word).collect()
}
