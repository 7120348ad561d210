//! Asks the compiler what the descriptions say, for tests in the build's folder:
//!
//! - `readers.rs`: the structures and bodies with their generated code, for tests that compare all of them with
//!   something else;
//! - `vectors.rs`: tests of the vectors in `vectors/*.toml`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a build that cannot read its sources ends here")]

#[path = "build/vectors.rs"]
mod vectors;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ropc::driver::load_crate;
use ropc::model::{Param, Program, StructDef, Type, TypeKind};

/// A list: its name, the parameters of its structures, the name of its readers' type and the arguments that they take.
const LISTS: [(&str, &[Argument], &str, &[&str]); 5] = [
    ("PLAIN", &[], "Reader", &[]),
    ("BY_TYPE", &[Argument::Type], "ReaderByType", &[TYPE]),
    ("BY_COLUMNS", &[Argument::Columns], "ReaderByColumns", &["&[protocol::oxcdata::PropertyTag]"]),
    ("BY_FORM", &[Argument::Form], "ReaderByForm", &[FORM]),
    ("BY_FORM_AND_TYPE", &[Argument::Form, Argument::Type], "ReaderByFormAndType", &[FORM, TYPE]),
];
const TYPE: &str = "protocol::oxcdata::PropertyType";
const FORM: &str = "protocol::oxcdata::WireForm";

/// What a structure takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument {
    Form,
    Type,
    Columns,
    Other,
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (idl, given) = (root.join("../idl"), root.join("vectors"));
    println!("cargo::rerun-if-changed={}", idl.display());
    println!("cargo::rerun-if-changed={}", given.display());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/vectors.rs");
    let checked = load_crate(&idl).unwrap().check();
    let problems: Vec<&str> = checked.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert!(!checked.has_errors(), "the descriptions: {problems:?}");
    let program = &checked.compiled.program;
    let out = std::env::var("OUT_DIR").unwrap();
    fs::write(Path::new(&out).join("readers.rs"), readers(program)).unwrap();
    fs::write(Path::new(&out).join("vectors.rs"), vectors::tests(program, &given)).unwrap();
}

fn readers(program: &Program) -> String {
    let mut found: Vec<(String, &str, Vec<Argument>)> = Vec::new();
    let mut add = |module: usize, name: &str, written: &'static str, def: &StructDef| {
        let module = &program.modules.get(module).unwrap().name;
        let path = format!("protocol::{module}::{}", ropc::emit::rust_name(&format!("{name}{written}")));
        found.push((path, written, def.params.iter().map(|param| argument(program, param)).collect()));
    };
    let mut names = Vec::new();
    for def in &program.types {
        if let TypeKind::Struct(body) = &def.kind {
            add(def.module, &def.name, "", body);
            names.push(def.name.clone());
        }
    }
    for request in &program.requests {
        let failure = request.failure.as_ref().map(|failure| ("Failure", failure));
        let bodies = [("Request", &request.request), ("Response", &request.success)].into_iter().chain(failure);
        for (written, body) in bodies {
            add(request.module, &request.name, written, body);
            names.push(format!("{}{written}", request.name));
        }
    }
    let mut out = String::new();
    for (list, params, reader, arguments) in LISTS {
        let ty: String = arguments.iter().map(|argument| format!(", {argument}")).collect();
        let pass: String = (0..arguments.len()).map(|at| format!(", argument_{at}")).collect();
        let taken = format!("c{pass}");
        _ = writeln!(out, "type {reader} = fn(&mut Cursor<'_>{ty}) -> Result<(), UnpackError>;");
        _ = writeln!(out, "/// Names of the descriptions with the code that reads them.");
        _ = writeln!(out, "pub const {list}: &[(&str, {reader})] = &[");
        for ((path, ..), name) in found.iter().zip(&names).filter(|((.., of), _)| of == params) {
            _ = writeln!(out, "    (\"{name}\", |{taken}| {path}::unpack(c{pass}).map(drop)),");
        }
        _ = writeln!(out, "];");
    }
    out
}

fn argument(program: &Program, param: &Param) -> Argument {
    let Type::Named(id, _) = &param.ty else { return Argument::Other };
    match (program.ty(*id).name.as_str(), param.list, param.optional) {
        ("WireForm", false, false) => Argument::Form,
        ("PropertyType", false, false) => Argument::Type,
        ("PropertyTag", true, false) => Argument::Columns,
        _ => Argument::Other,
    }
}
