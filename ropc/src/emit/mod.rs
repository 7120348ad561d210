//! Meaning to Rust, as tokens. One file per kind of output.

pub mod file;

mod body;
mod context;
mod dispatch;
mod names;
mod operations;
mod packing;
mod sizes;
mod structs;
mod unpacking;
mod values;

use crate::model::Program;
use context::Context;
use file::{FormatError, RustFile};

/// A file to write: path below the crate's `src`, and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Relative to the output folder.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// Where the modules' sources came from: name and text, in the order of [`Program::modules`].
pub type Origins<'a> = &'a [(String, String)];

/// Emits the Rust modules of a program: one an interface, and `rops` for what spans them.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit(program: &Program, origins: Origins<'_>) -> Result<Vec<Output>, FormatError> {
    let mut outputs = Vec::new();
    for (index, module) in program.modules.iter().enumerate() {
        let (source, text) = origins.get(index).map_or(("", ""), |(name, text)| (name.as_str(), text.as_str()));
        let context = Context::new(program, index);
        let mut items = Vec::new();
        items.extend(values::module_items(&context));
        items.extend(structs::module_items(&context));
        items.extend(operations::module_items(&context));
        let mut file = RustFile::new(source, text);
        file.docs(&module.docs);
        if let Some(spec) = &module.spec {
            file.docs(["", &format!("Specification: {spec}.")]);
        }
        file.push(context.imports());
        items.into_iter().for_each(|item| file.push(item));
        outputs.push(Output { path: format!("{}.rs", module.name), text: file.render()? });
    }
    if !program.rops.is_empty() {
        let sources: String = origins.iter().map(|(_, text)| text.as_str()).collect();
        let mut file = RustFile::new("all descriptions", &sources);
        file.docs([
            "What spans the specifications: every ROP as request and reply, server objects, handlers, dispatch.",
        ]);
        let context = Context::new(program, usize::MAX);
        let items = dispatch::items(&context);
        file.push(context.imports());
        items.into_iter().for_each(|item| file.push(item));
        outputs.push(Output { path: "rops.rs".to_owned(), text: file.render()? });
    }
    Ok(outputs)
}
