//! Trees in, Rust and diagnostics out: the compiler as a function, without files.

use crate::ast::{File, Item, SourceId};
use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::file::{FormatError, RustFile};
use crate::emit::{self, Output};
use crate::lower;
use crate::model::Program;
use crate::ndr::{self, Module};
use crate::parallel;
use crate::source::Sources;

/// What compiling gave.
#[derive(Debug, Default)]
pub struct Compiled {
    /// What the MAPI interfaces mean.
    pub program: Program,
    /// The NDR interfaces, with the file that each was written in, as Rust modules.
    pub ndr: Vec<(SourceId, String, Module)>,
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

fn compile_ndr(files: &[(SourceId, File)]) -> (Vec<(SourceId, String, Module)>, Vec<Diagnostic>) {
    let (mut modules, mut diagnostics) = (Vec::new(), Vec::new());
    for (source, file) in files {
        for item in &file.items {
            let Item::Interface(interface) = item else { continue };
            if !ndr::is_ndr(interface) {
                continue;
            }
            let (module, found) = ndr::compile_interface(interface, &ndr::Scope::default());
            diagnostics.extend(found);
            modules.extend(module.map(|module| (*source, interface.name.text.clone(), module)));
        }
    }
    (modules, diagnostics)
}

/// Writes the Rust of what was compiled: the files of the crate's `src`.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit(sources: &Sources, compiled: &Compiled) -> Result<Vec<Output>, FormatError> {
    let mut outputs = emit::emit(&compiled.program, &origins(sources, &compiled.program))?;
    for (source, name, module) in &compiled.ndr {
        let (file, text) = sources.get(*source).map_or(("", ""), |s| (s.name.as_str(), s.text.as_str()));
        let mut rust = RustFile::new(file, text);
        rust.docs(&module.docs);
        module.items.iter().for_each(|item| rust.push(item.clone()));
        outputs.push(Output { path: format!("{name}.rs"), text: rust.render()? });
    }
    outputs.sort_by(|a, b| a.path.cmp(&b.path));
    outputs.push(emit::crate_root(&outputs));
    Ok(outputs)
}

/// Writes the tests of what was compiled.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_tests(sources: &Sources, compiled: &Compiled) -> Result<Vec<Output>, FormatError> {
    let mut ndr = Vec::new();
    for (source, name, module) in compiled.ndr.iter().filter(|(.., module)| !module.tests.is_empty()) {
        let (file, text) = sources.get(*source).map_or(("", ""), |s| (s.name.as_str(), s.text.as_str()));
        let mut rust = RustFile::new(file, text);
        rust.docs([format!("Values of `{name}`, and what has to hold for them.")]);
        module.tests.iter().for_each(|item| rust.push(item.clone()));
        ndr.push(Output { path: format!("{name}.rs"), text: rust.render()? });
    }
    emit::tests::emit_tests(&compiled.program, &origins(sources, &compiled.program), ndr)
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
