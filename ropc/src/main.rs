//! `ropc`: checks and compiles descriptions from the command line.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[cfg(feature = "decode")]
mod decode;

use clap::{Parser, Subcommand, ValueEnum};
use ropc::driver::{self, Checked, Earlier, Loaded, Mode, Unreadable};
use ropc::render::{self, Format};
use ropc::{codes, compile};

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
        /// A folder for imported and included files that do not stand beside the file that names them.
        #[arg(short = 'I', long, value_name = "FOLDER")]
        include: Vec<PathBuf>,
        /// A macro of the preprocessor: NAME or NAME=TEXT.
        #[arg(short = 'D', long, value_name = "NAME")]
        define: Vec<String>,
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
    /// Writes something else than Rust of a directory of descriptions.
    Emit {
        #[command(subcommand)]
        what: Emit,
    },
    /// Shows what bytes of the wire mean by a directory of descriptions.
    #[cfg(feature = "decode")]
    Decode(Box<decode::command::Arguments>),
    /// Explains the code of a message.
    Explain {
        /// For example R0011.
        code: String,
    },
}

#[derive(Subcommand)]
enum Emit {
    /// A dissector for Wireshark: one file of Lua.
    Dissector {
        /// Directory with the descriptions.
        #[arg(long, default_value = "idl")]
        idl: PathBuf,
        /// The file; standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
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
        Command::Check { files, include, define } => {
            let defines = define
                .iter()
                .map(|text| text.split_once('=').unwrap_or((text, "1")))
                .map(|(name, body)| (name.to_owned(), body.to_owned()))
                .collect();
            let options = driver::Options { include, defines };
            checked(driver::load_with(&files, options), format).map_or_else(|code| code, |_| OK)
        }
        Command::Build { check, directory } => build(&directory, check, format),
        Command::Emit { what: Emit::Dissector { idl, output } } => checked(driver::load_crate(&idl), format)
            .map_or_else(
                |code| code,
                |checked| put(&compile::emit_dissector(&checked.sources, &checked.compiled), output),
            ),
        #[cfg(feature = "decode")]
        Command::Decode(arguments) if !arguments.idl.is_dir() => {
            complain(&format!("there are no descriptions in `{}`: --idl says where", arguments.idl.display()))
        }
        #[cfg(feature = "decode")]
        Command::Decode(arguments) => checked(driver::load_crate(&arguments.idl), format)
            .map_or_else(|code| code, |checked| decode(&arguments, &checked)),
        Command::Explain { code } => explain(&code),
    };
    ExitCode::from(code)
}

fn coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints what was found; `Err`: the exit code where something is wrong.
fn checked(loaded: Result<Loaded, Unreadable>, format: Format) -> Result<Checked, u8> {
    let checked = loaded.map_err(|error| complain(&error.to_string()))?.check();
    say(&render::render_all(&checked.sources, &checked.diagnostics, format));
    if checked.has_errors() { Err(MISTAKES) } else { Ok(checked) }
}

/// Writes what changed, or with `check` only tells it: then nothing that the last build did counts.
fn build(directory: &Path, check: bool, format: Format) -> u8 {
    let earlier = if check { None } else { Earlier::of(directory) };
    if earlier.as_ref().is_some_and(|earlier| earlier.is_fresh(directory)) {
        return OK;
    }
    let checked = match checked(driver::load_crate(directory), format) {
        Ok(checked) => checked,
        Err(code) => return code,
    };
    if checked.diagnostics.iter().any(|diagnostic| diagnostic.code == codes::NOT_EMITTED) {
        say("nothing is written: some of this is checked, but not emitted yet\n");
        return MISTAKES;
    }
    let built = if check {
        driver::build(&checked, directory, Mode::Compare)
    } else {
        driver::build_again(&checked, directory, earlier.as_ref())
    };
    // the process ends: nobody needs the memory back piece by piece
    std::mem::forget(checked);
    match built {
        Err(error) => complain(&error.to_string()),
        Ok(changed) if check && !changed.is_empty() => {
            for path in &changed {
                say(&format!("{} is not what its description makes\n", path.display()));
            }
            say("`ropc build` writes it anew\n");
            MISTAKES
        }
        Ok(_) => OK,
    }
}

/// Writes a file, or standard output.
fn put(text: &str, output: Option<PathBuf>) -> u8 {
    match output {
        Some(path) => {
            std::fs::write(&path, text).map_or_else(|error| complain(&format!("{}: {error}", path.display())), |()| OK)
        }
        None => {
            // a closed pipe is the reader's choice
            let _ = std::io::stdout().write_all(text.as_bytes());
            OK
        }
    }
}

#[cfg(feature = "decode")]
fn decode(arguments: &decode::command::Arguments, checked: &Checked) -> u8 {
    match decode::command::run(arguments, checked) {
        Ok(true) => OK,
        Ok(false) => MISTAKES,
        Err(message) => complain(&message),
    }
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
