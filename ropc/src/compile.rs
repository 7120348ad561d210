//! Trees in, Rust and diagnostics out: the compiler as a function, without files.

use crate::ast::{File, SourceId};
use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::file::FormatError;
use crate::emit::{self, Output};
use crate::lower;
use crate::model::Program;
use crate::source::Sources;

/// What compiling gave.
#[derive(Debug, Default)]
pub struct Compiled {
    /// What the MAPI interfaces mean.
    pub program: Program,
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
    let (program, diagnostics) = lower::lower(&trees);
    Compiled { program, diagnostics }
}

/// Writes the Rust of a compiled program.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit(sources: &Sources, program: &Program) -> Result<Vec<Output>, FormatError> {
    let origins: Vec<(String, String)> = program
        .modules
        .iter()
        .map(|module| {
            sources.get(module.span.source).map(|s| (s.name.clone(), s.text.clone())).unwrap_or_default()
        })
        .collect();
    emit::emit(program, &origins)
}
