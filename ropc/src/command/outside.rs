//! Rust of description files from anywhere, for crates outside this project.

use std::path::{Path, PathBuf};

use ropc::config::Generated;
use ropc::driver;
use ropc::{Config, codes};

use super::arguments::{Build, Input};
use super::compile::{Round, checked};
use super::{MISTAKES, OK, Say, write};

/// Makes a crate of description files.
pub fn build(arguments: &Build, say: Say) -> Round {
    if let Some(path) = arguments.paths.iter().find(|path| path.is_dir()) {
        return Round::of(say.complain(&format!("{}: a directory is built alone", path.display())), Vec::new());
    }
    if arguments.check {
        return Round::of(say.complain("`--check` is for directories of descriptions"), Vec::new());
    }
    let first = arguments.paths.first().and_then(|path| path.file_stem()).map(PathBuf::from).unwrap_or_default();
    let folder = arguments.output.as_ref().unwrap_or(&first);
    let checked = match checked(driver::load_with(&arguments.paths, arguments.options()), say) {
        Ok(checked) => checked,
        Err(round) => return round,
    };
    if checked.diagnostics.iter().any(|diagnostic| diagnostic.code == codes::NOT_EMITTED) {
        say.error("nothing is written: some of this is checked, but not emitted yet");
        return Round::of(MISTAKES, checked.read);
    }
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let code = match driver::build_crate(&checked, folder, &manifest(&name, arguments.runtime.as_deref())) {
        Ok(_) => OK,
        Err(error) => say.complain(&error.to_string()),
    };
    Round::of(code, checked.read)
}

/// The manifest of a crate that has none.
fn manifest(name: &str, runtime: Option<&Path>) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut name: String = name.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert_str(0, "idl-");
    }
    // beside the compiler, where that was built from its sources and they are still there
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime"));
    let found = runtime.map(Path::to_owned).or_else(|| beside.is_dir().then(|| beside.to_owned()));
    let found = found.map(|path| path.canonicalize().unwrap_or(path).display().to_string());
    let version = env!("CARGO_PKG_VERSION");
    let runtime = match found {
        Some(path) => format!("{{ version = \"{version}\", path = {path:?} }}"),
        None => format!("\"{version}\""),
    };
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.95\"\n\n\
         [dependencies]\nruntime = {runtime}\n"
    )
}

/// Writes the Rust as one file.
pub fn rust(input: &Input, output: Option<&Path>, say: Say) -> u8 {
    emit(&Config::new(), input, output, say, |generated| Some(generated.rust))
}

/// Writes the tests as one file.
pub fn tests(input: &Input, path: &str, output: Option<&Path>, say: Say) -> u8 {
    emit(Config::new().tests(path), input, output, say, |generated| generated.tests)
}

fn emit(
    config: &Config,
    input: &Input,
    output: Option<&Path>,
    say: Say,
    part: impl FnOnce(Generated) -> Option<String>,
) -> u8 {
    let checked = match checked(driver::load_with(&input.files, input.options()), say) {
        Ok(checked) => checked,
        Err(round) => return round.code,
    };
    match config.generate_checked(&checked) {
        Ok(generated) => write::file_or_output(output, &part(generated).unwrap_or_default(), say),
        Err(error) => {
            say.error(&error.to_string());
            MISTAKES
        }
    }
}
