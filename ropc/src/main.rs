//! `ropc`: checks and compiles descriptions from the command line.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use ropc::codes;
use ropc::driver::{self, Loaded, Unreadable};
use ropc::render::{self, Format};

/// Compiler for Exchange protocol descriptions.
#[derive(Parser)]
#[command(name = "ropc", version)]
struct Arguments {
    /// How messages are written.
    #[arg(long, value_enum, default_value_t = MessageFormat::Human, global = true)]
    message_format: MessageFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum MessageFormat {
    /// With the source underlined; in colours on a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Reads descriptions and reports all mistakes.
    Check {
        /// Description files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Writes the Rust code of a directory of descriptions.
    Build {
        /// Writes nothing; fails if a file would change.
        #[arg(long)]
        check: bool,
        /// Directory with the descriptions.
        #[arg(default_value = "idl")]
        directory: PathBuf,
    },
    /// Explains the code of a message.
    Explain {
        /// For example R0011.
        code: String,
    },
}

/// Everything was in order.
const OK: u8 = 0;
/// The descriptions have mistakes.
const MISTAKES: u8 = 1;
/// The command makes no sense, or a file cannot be read.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let format = match arguments.message_format {
        MessageFormat::Json => Format::Json,
        MessageFormat::Human if coloured() => Format::Coloured,
        MessageFormat::Human => Format::Plain,
    };
    let code = match arguments.command {
        Command::Check { files } => finish(driver::load(&files), format, |_| OK),
        Command::Build { check, directory } => {
            let loaded = driver::descriptions(&directory).and_then(|paths| driver::load(&paths));
            finish(loaded, format, |loaded| build(loaded, check))
        }
        Command::Explain { code } => explain(&code),
    };
    ExitCode::from(code)
}

fn coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints what was found and goes on where nothing is wrong.
fn finish(loaded: Result<Loaded, Unreadable>, format: Format, go_on: impl FnOnce(&Loaded) -> u8) -> u8 {
    match loaded {
        Err(error) => complain(&error.to_string()),
        Ok(loaded) => {
            say(&render::render_all(&loaded.sources, &loaded.diagnostics, format));
            if loaded.has_errors() { MISTAKES } else { go_on(&loaded) }
        }
    }
}

/// Nothing is connected here yet that makes code, and saying so is no success.
fn build(_loaded: &Loaded, _check: bool) -> u8 {
    complain("no code generator is connected")
}

fn explain(code: &str) -> u8 {
    match codes::find(code) {
        Some(entry) => {
            // a closed pipe is the reader's choice
            let _ = std::io::stdout().write_all(entry.page.as_bytes());
            OK
        }
        None => complain(&format!("there is no diagnostic `{code}`: codes look like R0011")),
    }
}

fn complain(message: &str) -> u8 {
    say(&format!("ropc: {message}\n"));
    USAGE
}

/// Messages go to standard error; a closed one is the reader's choice.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
