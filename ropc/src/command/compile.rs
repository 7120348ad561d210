//! `ropc check`, `ropc build`, `ropc emit`.

use std::path::{Path, PathBuf};

use ropc::driver::{self, Checked, Earlier, Loaded, Mode, Unreadable};
use ropc::key::Key;
use ropc::{codes, compile};

use super::arguments::Input;
use super::{MISTAKES, OK, Say, USAGE, write};

/// What one run came to.
pub struct Round {
    pub code: u8,
    /// Files that it read, by their bytes, and those that it looked for and did not find.
    pub read: Vec<(PathBuf, Option<Key>)>,
    /// A folder whose descriptions it took.
    pub folder: Option<PathBuf>,
}

impl Round {
    pub fn of(code: u8, read: Vec<(PathBuf, Option<Key>)>) -> Self {
        Self { code, read, folder: None }
    }
}

/// Prints what was found; `Err`: something is wrong.
pub fn checked(loaded: Result<Loaded, Unreadable>, say: Say) -> Result<Checked, Round> {
    let checked = match loaded {
        Ok(loaded) => loaded.check(),
        Err(error) => {
            say.error(&error.to_string());
            return Err(Round::of(USAGE, vec![(error.path, None)]));
        }
    };
    say.diagnostics(&checked.sources, &checked.diagnostics);
    if checked.has_errors() { Err(Round::of(MISTAKES, checked.read)) } else { Ok(checked) }
}

/// Reads descriptions and reports all mistakes.
pub fn check(input: &Input, say: Say) -> Round {
    match checked(driver::load_with(&input.files, input.options()), say) {
        Ok(checked) => Round::of(OK, checked.read),
        Err(round) => round,
    }
}

/// Writes what changed, or with `check` only tells it: then nothing that the last build did counts.
pub fn build(directory: &Path, check: bool, say: Say) -> Round {
    let folder = Some(directory.to_owned());
    let earlier = if check { None } else { Earlier::of(directory) };
    if let Some(earlier) = earlier.as_ref().filter(|earlier| earlier.is_fresh(directory)) {
        return Round { folder, ..Round::of(OK, earlier.read().to_vec()) };
    }
    let mut checked = match checked(driver::load_crate(directory), say) {
        Ok(checked) => checked,
        Err(round) => return Round { folder, ..round },
    };
    let read = std::mem::take(&mut checked.read);
    let round = |code| Round { code, read: read.clone(), folder: folder.clone() };
    if checked.diagnostics.iter().any(|diagnostic| diagnostic.code == codes::NOT_EMITTED) {
        say.error("nothing is written: some of this is checked, but not emitted yet");
        return round(MISTAKES);
    }
    checked.read.clone_from(&read);
    let built = if check {
        driver::build(&checked, directory, Mode::Compare)
    } else {
        driver::build_again(&checked, directory, earlier.as_ref())
    };
    // the process ends: nobody needs the memory back piece by piece
    std::mem::forget(checked);
    match built {
        Err(error) => round(say.complain(&error.to_string())),
        Ok(changed) if check && !changed.is_empty() => {
            for path in &changed {
                say.error(&format!("{} is not what its description makes", path.display()));
            }
            say.error("`ropc build` writes it anew");
            round(MISTAKES)
        }
        Ok(_) => round(OK),
    }
}

/// Writes a dissector to a file or to standard output.
pub fn dissector(directory: &Path, output: Option<&Path>, say: Say) -> u8 {
    let checked = match checked(driver::load_crate(directory), say) {
        Ok(checked) => checked,
        Err(round) => return round.code,
    };
    let text = compile::emit_dissector(&checked.sources, &checked.compiled);
    write::file_or_output(output, &text, say)
}
