//! `ropc`: checks and compiles descriptions from the command line.

use std::process::ExitCode;

mod command;
#[cfg(feature = "decode")]
mod decode;

fn main() -> ExitCode {
    ExitCode::from(command::run())
}
