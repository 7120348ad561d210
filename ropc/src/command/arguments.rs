//! The grammar of the command line.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use ropc::driver::Options;

const CODES: &str = "\
Exit codes:
  0  everything is in order
  1  what was given has mistakes: a description, bytes, a file that is not as it should be
  2  the command makes no sense, or a file cannot be read or written";

/// Compiler for Exchange protocol descriptions.
#[derive(Parser)]
#[command(name = "ropc", version, after_help = CODES)]
pub struct Arguments {
    /// How messages are written.
    #[arg(long, value_enum, default_value_t = MessageFormat::Human, global = true)]
    pub message_format: MessageFormat,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum MessageFormat {
    /// With the source underlined; in colours on a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
pub enum Command {
    /// Reads descriptions and reports all mistakes.
    Check {
        #[command(flatten)]
        input: Input,
        /// Checks again whenever a file changes, until it is stopped.
        #[arg(short, long)]
        watch: bool,
        #[command(flatten)]
        messages: Messages,
    },
    /// Writes the Rust code of a directory of descriptions, or a crate of description files from anywhere.
    Build(Build),
    /// Lays descriptions out in one way; keeps all that they say, comments too.
    Fmt {
        /// Writes nothing; names the files that would change, and fails if there is one.
        #[arg(long)]
        check: bool,
        /// Files, directories with descriptions, or `-` for standard input.
        #[arg(default_value = "idl")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        messages: Messages,
    },
    /// Writes something else than a crate.
    Emit {
        #[command(subcommand)]
        what: Emit,
        #[command(flatten)]
        messages: Messages,
    },
    /// Shows what bytes of the wire mean by a directory of descriptions.
    #[cfg(feature = "decode")]
    Decode(Box<crate::decode::command::Arguments>),
    /// Explains the code of a message.
    Explain {
        /// For example R0011; without one all codes are listed.
        code: Option<String>,
    },
    /// Writes what makes a shell complete commands of ropc.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Writes the manual page of ropc.
    Man {
        /// A folder for the pages of all commands.
        #[arg(short, long, value_name = "FOLDER")]
        output: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum Emit {
    /// A dissector for Wireshark: one file of Lua.
    Dissector {
        /// Directory with the descriptions.
        #[arg(long, default_value = "idl")]
        idl: PathBuf,
        /// The file; standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// The Rust of description files as one file, to be included in a module.
    Rust {
        #[command(flatten)]
        input: Input,
        /// The file; standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Tests of the Rust of description files as one file; they use the crate generated-tests.
    Tests {
        #[command(flatten)]
        input: Input,
        /// Where the tests find the modules of the Rust: `my_crate::wire`.
        #[arg(long, value_name = "PATH", default_value = "crate")]
        path: String,
        /// The file; standard output without it.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// What is built, and where.
#[derive(Args)]
pub struct Build {
    /// Writes nothing; fails if a file would change.
    #[arg(long)]
    pub check: bool,
    /// Builds again whenever a description changes, until it is stopped.
    #[arg(short, long, conflicts_with = "check")]
    pub watch: bool,
    /// A directory with descriptions, whose Rust goes into its `src`; or description files, of which a crate is made.
    #[arg(default_value = "idl")]
    pub paths: Vec<PathBuf>,
    /// The folder of the crate that is made of files; one with the name of the first file without it.
    #[arg(short, long, value_name = "FOLDER", conflicts_with = "check")]
    pub output: Option<PathBuf>,
    /// The crate `runtime` that the manifest of a new crate names; that of the compiler's sources without it.
    #[arg(long, value_name = "FOLDER")]
    pub runtime: Option<PathBuf>,
    /// A folder for imported and included files, where files are given.
    #[arg(short = 'I', long, value_name = "FOLDER")]
    pub include: Vec<PathBuf>,
    /// A macro of the preprocessor, where files are given: NAME or NAME=TEXT.
    #[arg(short = 'D', long, value_name = "NAME")]
    pub define: Vec<String>,
    #[command(flatten)]
    pub messages: Messages,
}

/// Description files and what they need.
#[derive(Args)]
pub struct Input {
    /// Description files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// A folder for imported and included files that do not stand beside the file that names them.
    #[arg(short = 'I', long, value_name = "FOLDER")]
    pub include: Vec<PathBuf>,
    /// A macro of the preprocessor: NAME or NAME=TEXT.
    #[arg(short = 'D', long, value_name = "NAME")]
    pub define: Vec<String>,
}

impl Input {
    pub fn options(&self) -> Options {
        options(&self.include, &self.define)
    }
}

impl Build {
    pub fn options(&self) -> Options {
        options(&self.include, &self.define)
    }
}

fn options(include: &[PathBuf], define: &[String]) -> Options {
    let defines = define.iter().map(|text| text.split_once('=').unwrap_or((text, "1")));
    let defines = defines.map(|(name, body)| (name.to_owned(), body.to_owned())).collect();
    Options { include: include.to_vec(), defines }
}

/// How messages look.
#[derive(Args, Clone, Copy, Default)]
pub struct Messages {
    /// Whether messages are in colours; by itself on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Also where they are written to a file or another program.
    Always,
    /// Never.
    Never,
}

impl Color {
    pub fn is_on(self) -> bool {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.is_on_for(std::io::stderr().is_terminal(), refused)
    }

    fn is_on_for(self, terminal: bool, refused: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && !refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        let on = |color: Color| [(true, false), (true, true), (false, false)].map(|(t, r)| color.is_on_for(t, r));
        assert_eq!(on(Color::Auto), [true, false, false]);
        assert_eq!(on(Color::Always), [true, true, true]);
        assert_eq!(on(Color::Never), [false, false, false]);
    }
}
