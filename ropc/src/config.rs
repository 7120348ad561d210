//! For build scripts: descriptions of a crate of one's own, compiled into its `OUT_DIR`.
//!
//! ```no_run
//! fn main() -> Result<(), ropc::config::Error> {
//!     ropc::Config::new().include("idl").compile(&["idl/notes.idl"])
//! }
//! ```
//!
//! and in the crate
//!
//! ```ignore
//! pub mod wire {
//!     include!(concat!(env!("OUT_DIR"), "/ropc.rs"));
//! }
//! ```
//!
//! docs/BUILD-SCRIPTS.md says more.

mod paths;

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::codes;
use crate::compile;
use crate::driver::{self, Checked};
use crate::emit::Output;
use crate::render::{Format, render_all};

/// How descriptions are compiled into a crate.
#[derive(Clone, Debug, Default)]
pub struct Config {
    options: driver::Options,
    out_dir: Option<PathBuf>,
    tests: Option<String>,
}

/// What [`Config::generate`] makes.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Modules, one for each interface, to be included in a module of any place and name.
    pub rust: String,
    /// The same for tests, where they were asked for.
    pub tests: Option<String>,
    /// Messages that are no mistakes, for people.
    pub warnings: String,
    /// All files that were read.
    pub read: Vec<PathBuf>,
}

/// Why nothing was compiled. Shown and debugged it is the same text, since `main` of a build script prints the latter.
pub struct Error {
    text: String,
}

impl Error {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // begins behind `Error: `
        write!(f, "descriptions cannot be compiled\n\n{}", self.text)
    }
}

impl std::error::Error for Error {}

impl Config {
    /// Descriptions are read from the folder of the package, Rust is written to `OUT_DIR`, no tests.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A folder for imported and included files that do not stand beside the file that names them.
    pub fn include(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.options.include.push(folder.into());
        self
    }

    /// A macro of the preprocessor.
    pub fn define(&mut self, name: impl Into<String>, text: impl Into<String>) -> &mut Self {
        self.options.defines.push((name.into(), text.into()));
        self
    }

    /// Another folder than `OUT_DIR`.
    pub fn out_dir(&mut self, folder: impl Into<PathBuf>) -> &mut Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Also makes tests: properties of every type and operation, and the vectors of the descriptions.
    ///
    /// `path` is where tests find the modules: `crate::wire` inside the crate, `my_crate::wire` in a folder `tests`. They
    /// need the crates `generated-tests` and `runtime`.
    pub fn tests(&mut self, path: impl Into<String>) -> &mut Self {
        let path = path.into();
        // a module of the tests may have the name of the crate
        let inside = path.split("::").next().is_some_and(|first| ["crate", "super", "self", ""].contains(&first));
        self.tests = Some(if inside { path } else { format!("::{path}") });
        self
    }

    /// Compiles descriptions and what they import: `ropc.rs` in the folder, with tests also `ropc_tests.rs`.
    /// Cargo is told which files it depends on, and shows the warnings.
    ///
    /// # Errors
    /// All mistakes of the descriptions, rendered; or a file cannot be read or written.
    pub fn compile(&self, files: &[impl AsRef<Path>]) -> Result<(), Error> {
        let folder = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => env::var_os("OUT_DIR")
                .map(PathBuf::from)
                .ok_or_else(|| Error::new("OUT_DIR is not set: this is no build script, or `out_dir` is missing"))?,
        };
        let paths: Vec<PathBuf> = files.iter().map(|path| path.as_ref().to_owned()).collect();
        for path in &paths {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let (read, generated) = self.checked(&paths)?;
        for path in read {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let generated = generated?;
        for line in generated.warnings.lines() {
            println!("cargo::warning={line}");
        }
        write_changed(&folder.join("ropc.rs"), &generated.rust)?;
        if let Some(tests) = &generated.tests {
            write_changed(&folder.join("ropc_tests.rs"), tests)?;
        }
        Ok(())
    }

    /// The same as text.
    ///
    /// # Errors
    /// All mistakes of the descriptions, rendered; or one of them cannot be read.
    pub fn generate(&self, files: &[impl AsRef<Path>]) -> Result<Generated, Error> {
        let paths: Vec<PathBuf> = files.iter().map(|path| path.as_ref().to_owned()).collect();
        self.checked(&paths)?.1
    }

    /// The same of descriptions that are checked already; what is said about them is not said again.
    ///
    /// # Errors
    /// All mistakes of the descriptions, rendered.
    pub fn generate_checked(&self, checked: &Checked) -> Result<Generated, Error> {
        self.generated(checked, &[])
    }

    /// The files that were read, also where there are mistakes, and what they come to.
    fn checked(&self, paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Result<Generated, Error>), Error> {
        let loaded = driver::load_with(paths, self.options.clone()).map_err(|error| Error::new(error.to_string()))?;
        let checked = loaded.check();
        let mut read: Vec<PathBuf> =
            checked.read.iter().filter(|(_, key)| key.is_some()).map(|(path, _)| path.clone()).collect();
        read.sort();
        read.dedup();
        let generated = self.generated(&checked, &read);
        Ok((read, generated))
    }

    fn generated(&self, checked: &Checked, read: &[PathBuf]) -> Result<Generated, Error> {
        let messages = render_all(&checked.sources, &checked.diagnostics, Format::Plain);
        let unfinished = checked.diagnostics.iter().any(|found| found.code == codes::NOT_EMITTED);
        if checked.has_errors() || unfinished {
            return Err(Error::new(messages));
        }
        let ours = |error: crate::emit::file::FormatError| Error::new(error.to_string());
        let mut rust = compile::emit(&checked.sources, &checked.compiled).map_err(ours)?;
        rust.retain(|output| output.path != "lib.rs");
        let modules: Vec<&str> = rust.iter().map(|output| output.path.trim_end_matches(".rs")).collect();
        let tests = match &self.tests {
            Some(path) => {
                let mut tests = compile::emit_tests(&checked.sources, &checked.compiled).map_err(ours)?;
                tests.retain(|output| output.path != "main.rs");
                Some(included(&tests, &modules, Some(path)))
            }
            None => None,
        };
        let rust = included(&rust, &modules, None);
        Ok(Generated { rust, tests, warnings: messages, read: read.to_vec() })
    }
}

/// Modules as one text. Their paths are relative to where they are included; those of tests lead to `path`.
fn included(outputs: &[Output], modules: &[&str], path: Option<&str>) -> String {
    let mut text = String::from("// @generated by ropc; do not edit.\n");
    for output in outputs {
        let name = output.path.trim_end_matches(".rs");
        let body = match path {
            Some(path) => paths::replaced(&output.text, "protocol", path, modules),
            None => paths::replaced(&output.text, "crate", "super", modules),
        };
        let visible = if path.is_some() {
            "#[allow(dead_code, missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]\nmod"
        } else {
            "pub mod"
        };
        // Writing to a String cannot fail.
        _ = write!(text, "\n#[rustfmt::skip]\n{visible} {name} {{\n{body}}}\n");
    }
    text
}

/// What stands already keeps its time.
fn write_changed(path: &Path, text: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|stands| stands == text.as_bytes()) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| Error::file(path, &error))
}
