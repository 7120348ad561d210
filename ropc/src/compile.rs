//! Trees in, Rust and diagnostics out: the compiler as a function, without files.

use crate::ast::{self, File, SourceId};
use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::file::{FormatError, RustFile, header};
use crate::emit::reuse::{self, Earlier, Made};
use crate::emit::{self, Output};
use crate::key::Key;
use crate::lower;
use crate::model::Program;
use crate::ndr;
use crate::ndr::model::Interface;
use crate::parallel;
use crate::source::Sources;

/// What compiling gave.
#[derive(Debug, Default)]
pub struct Compiled {
    /// What the MAPI interfaces mean.
    pub program: Program,
    /// The NDR interfaces, with the file that each was written in and the name of its module.
    pub ndr: Vec<(SourceId, String, Interface)>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Something keeps code from being written.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Checks parsed files, imported ones first, and resolves what they mean.
#[must_use]
pub fn compile(files: &[(SourceId, File)]) -> Compiled {
    let trees: Vec<&File> = files.iter().map(|(_, file)| file).collect();
    // The two encodings have nothing to do with each other.
    let ((program, mut diagnostics), (ndr, found)) = parallel::both(|| compile_mapi(&trees), || compile_ndr(files));
    diagnostics.extend(found);
    Compiled { program, ndr, diagnostics }
}

fn compile_mapi(trees: &[&File]) -> (Program, Vec<Diagnostic>) {
    let (program, mut diagnostics) = lower::lower(trees);
    if diagnostics.is_empty() {
        diagnostics.extend(emit::tests::check_vectors(&program));
    }
    (program, diagnostics)
}

fn compile_ndr(files: &[(SourceId, File)]) -> (Vec<(SourceId, String, Interface)>, Vec<Diagnostic>) {
    let (mut modules, mut diagnostics) = (Vec::new(), Vec::new());
    for (source, file) in files {
        for item in &file.items {
            let ast::Item::Interface(interface) = item else { continue };
            if !ndr::is_ndr(interface) {
                continue;
            }
            let (model, found) = ndr::check_interface(interface, &ndr::Scope::default());
            if found.iter().all(|diagnostic| diagnostic.severity != Severity::Error) {
                modules.push((*source, interface.name.text.clone(), model));
            }
            diagnostics.extend(found);
        }
    }
    (modules, diagnostics)
}

/// Writes the Rust of what was compiled: the files of the crate's `src`.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit(sources: &Sources, compiled: &Compiled) -> Result<Vec<Output>, FormatError> {
    Ok(outputs(emit_again(sources, compiled, &reuse::nothing)?))
}

/// The same, with what stands of it taken from there.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_again(sources: &Sources, compiled: &Compiled, earlier: Earlier<'_>) -> Result<Vec<Made>, FormatError> {
    let mut made = emit::emit_again(&compiled.program, &origins(sources, &compiled.program), earlier)?;
    made.extend(of_ndr(sources, compiled, earlier, |mut rust, _, model| {
        let module = ndr::module(model);
        rust.docs(module.docs);
        module.items.into_iter().for_each(|item| rust.push(item));
        rust
    })?);
    made.sort_by(|a, b| a.output.path.cmp(&b.output.path));
    let paths = made.iter().map(|made| made.output.path.as_str());
    let root = emit::crate_root(paths);
    made.push(Made::each_time(root));
    Ok(made)
}

/// One file an NDR interface.
fn of_ndr(
    sources: &Sources,
    compiled: &Compiled,
    earlier: Earlier<'_>,
    fill: impl Fn(RustFile, &str, &Interface) -> RustFile + Sync,
) -> Result<Vec<Made>, FormatError> {
    let made = parallel::map(&compiled.ndr, |(source, name, model)| {
        let (file, text) = sources.get(*source).map_or(("", ""), |s| (s.name.as_str(), s.text.as_str()));
        // Everything that the emitter sees.
        let key = Some(Key::of(format!("{model:?}").as_bytes()));
        let path = format!("{name}.rs");
        reuse::file(earlier, path, header(file, text), key, |header| fill(RustFile::under(header), name, model))
    });
    made.into_iter().collect()
}

fn outputs(made: Vec<Made>) -> Vec<Output> {
    made.into_iter().map(|made| made.output).collect()
}

/// Writes the tests of what was compiled.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_tests(sources: &Sources, compiled: &Compiled) -> Result<Vec<Output>, FormatError> {
    Ok(outputs(emit_tests_again(sources, compiled, &reuse::nothing)?))
}

/// The same, with what stands of it taken from there.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_tests_again(
    sources: &Sources,
    compiled: &Compiled,
    earlier: Earlier<'_>,
) -> Result<Vec<Made>, FormatError> {
    let ndr = of_ndr(sources, compiled, earlier, |mut rust, name, model| {
        let tests = ndr::oracles(model);
        if !tests.is_empty() {
            rust.docs([format!("Values of `{name}`, and what has to hold for them.")]);
            tests.into_iter().for_each(|item| rust.push(item));
        }
        rust
    })?;
    emit::tests::emit_tests_again(&compiled.program, &origins(sources, &compiled.program), ndr, earlier)
}

/// Writes the reference pages of what was compiled.
#[must_use]
pub fn emit_reference(sources: &Sources, files: &[(SourceId, File)], compiled: &Compiled) -> Vec<Output> {
    emit::reference::emit_reference(sources, files, &compiled.program)
}

/// Writes a dissector for Wireshark, in Lua, of what was compiled.
#[must_use]
pub fn emit_dissector(sources: &Sources, compiled: &Compiled) -> String {
    let texts: String = origins(sources, &compiled.program).into_iter().map(|(_, text)| text).collect();
    emit::dissector::emit(&compiled.program, &texts)
}

/// Name and text of the file that each module was written in.
fn origins(sources: &Sources, program: &Program) -> Vec<(String, String)> {
    let origin = |module: &crate::model::Module| {
        sources.get(module.span.source).map(|s| (s.name.clone(), s.text.clone())).unwrap_or_default()
    };
    program.modules.iter().map(origin).collect()
}
