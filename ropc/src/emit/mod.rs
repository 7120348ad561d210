//! Meaning to Rust, as tokens. One file per kind of output.

pub mod file;
mod in_place;

mod body;
mod client;
mod context;
mod dispatch;
pub mod dissector;
pub(crate) mod names;
mod operations;
mod packing;
mod properties;
pub mod reference;
pub mod reuse;
mod sizes;
mod slice;
mod streams;
mod structs;
pub mod tests;
mod transforms;
mod unpacking;
mod values;

pub(crate) use operations::failure_body;

use proc_macro2::TokenStream;

use crate::model::{Module, Program};
use crate::parallel;
use context::Context;
use file::{FormatError, RustFile, Tokens, header};
use reuse::{Earlier, Made};
use slice::{Part, Slices};

/// A type or variant as it is called in Rust: `RPC_HEADER_EXT` is `RpcHeaderExt`.
#[must_use]
pub fn rust_name(name: &str) -> String {
    names::verbatim_text(name)
}

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

/// Emits the Rust modules of a program: one an interface, `rops` and `client` for what spans them; what stands of it
/// is taken from there.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_again(program: &Program, origins: Origins<'_>, earlier: Earlier<'_>) -> Result<Vec<Made>, FormatError> {
    // The largest first.
    let mut jobs = Vec::new();
    if !program.rops.is_empty() {
        jobs.push(Job::Rops);
    }
    if !program.rops.is_empty() || !program.requests.is_empty() {
        jobs.push(Job::Client);
    }
    let modules = jobs.len();
    jobs.extend(program.modules.iter().enumerate().map(|(index, module)| Job::Module(index, module)));
    let slices = Slices::new(program);
    let of_all = header("all descriptions", &origins.iter().map(|(_, text)| text.as_str()).collect::<String>());
    let made = parallel::map(&jobs, |job| match job {
        Job::Rops => rops(&slices, of_all.clone(), earlier),
        Job::Client => client_file(&slices, of_all.clone(), earlier),
        Job::Module(index, module) => {
            let (source, text) = origins.get(*index).map_or(("", ""), |(name, text)| (name.as_str(), text.as_str()));
            module_file(&slices, header(source, text), *index, module, earlier)
        }
    });
    let mut made: Vec<Made> = made.into_iter().collect::<Result<_, _>>()?;
    made.rotate_left(modules);
    Ok(made)
}

/// A file to make.
enum Job<'p> {
    Module(usize, &'p Module),
    Rops,
    Client,
}

fn module_file(
    slices: &Slices<'_>,
    header: String,
    index: usize,
    module: &Module,
    earlier: Earlier<'_>,
) -> Result<Made, FormatError> {
    let key = Some(slices.key(Part::Module(index)));
    reuse::file(earlier, format!("{}.rs", module.name), header, key, |header| {
        let slice = slices.cut(Part::Module(index));
        let context = Context::within(&slice, index);
        let mut items = Vec::new();
        items.extend(values::module_items(&context));
        items.extend(properties::module_items(&context));
        items.extend(structs::module_items(&context));
        items.extend(streams::module_items(&context));
        items.extend(operations::module_items(&context));
        let mut file = RustFile::under(header);
        if module.docs.is_empty() {
            file.docs([format!("The interface `{}`.", module.name)]);
        }
        file.docs(&module.docs);
        if let Some(spec) = &module.spec {
            file.docs(["", &format!("Specification: {spec}.")]);
        }
        filled(file, &context, items)
    })
}

/// The file with these items and what they import.
fn filled(mut file: RustFile, context: &Context<'_>, items: Vec<TokenStream>) -> RustFile {
    let items: Vec<Tokens> = items.into_iter().map(Tokens::from).collect();
    file.push(context.imports_of(&items));
    file.extend(items);
    file
}

fn rops(slices: &Slices<'_>, header: String, earlier: Earlier<'_>) -> Result<Made, FormatError> {
    let key = Some(slices.key(Part::Operations));
    reuse::file(earlier, "rops.rs".to_owned(), header, key, |header| {
        let slice = slices.cut(Part::Operations);
        let context = Context::within(&slice, usize::MAX);
        let mut file = RustFile::under(header);
        file.docs([
            "What spans the specifications: every ROP as request and reply, server objects, handlers, dispatch.",
        ]);
        filled(file, &context, dispatch::items(&context))
    })
}

fn client_file(slices: &Slices<'_>, header: String, earlier: Earlier<'_>) -> Result<Made, FormatError> {
    let key = Some(slices.key(Part::Operations));
    reuse::file(earlier, "client.rs".to_owned(), header, key, |header| {
        let slice = slices.cut(Part::Operations);
        let context = Context::within(&slice, client::MODULE);
        let mut file = RustFile::under(header);
        file.docs(client::MODULE_DOCS.iter().copied());
        filled(file, &context, client::items(&context))
    })
}

/// What the root of a crate of the project's descriptions says of itself.
pub(crate) const ROOT_DOCS: &str =
    "The Exchange client protocols, generated from the descriptions beside this crate's manifest.";

/// The root of the crate: one module a file.
#[must_use]
pub fn crate_root<'p>(paths: impl IntoIterator<Item = &'p str>) -> Output {
    use std::fmt::Write as _;
    let mut text = format!("// @generated by ropc from all descriptions; do not edit.\n\n//! {ROOT_DOCS}\n\n");
    for path in paths {
        let name = path.trim_end_matches(".rs");
        // Writing to a String cannot fail.
        _ = writeln!(text, "#[rustfmt::skip]\npub mod {name};");
    }
    Output { path: "lib.rs".to_owned(), text }
}
