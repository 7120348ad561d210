//! Text to the streams of the process. Who closes one does not want the rest.

use std::io::Write as _;

/// To standard output.
pub fn output(text: &str) {
    _ = std::io::stdout().write_all(text.as_bytes());
}

/// To standard error.
pub fn error(text: &str) {
    _ = std::io::stderr().write_all(text.as_bytes());
}
