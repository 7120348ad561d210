//! Text to the streams of the process. Who closes one does not want the rest.

use std::io::Write as _;
use std::path::Path;

use super::{OK, Say};

/// To standard output.
pub fn output(text: &str) {
    _ = std::io::stdout().write_all(text.as_bytes());
}

/// To standard error.
pub fn error(text: &str) {
    _ = std::io::stderr().write_all(text.as_bytes());
}

/// To a file, or to standard output where there is none; gives the exit code.
pub fn file_or_output(path: Option<&Path>, text: &str, say: Say) -> u8 {
    match path.map(|path| (path, std::fs::write(path, text))) {
        Some((path, Err(error))) => say.complain(&format!("{}: {error}", path.display())),
        Some(_) => OK,
        None => {
            output(text);
            OK
        }
    }
}
