//! What the command line says, and what is done about it.

mod arguments;
mod compile;
mod layout;
mod outside;
mod pages;
mod watch;
mod write;

use clap::{CommandFactory as _, Parser as _};
use ropc::codes;
use ropc::diagnostic::Diagnostic;
use ropc::driver::{self, Checked};
use ropc::render::{self, Format};
use ropc::source::Sources;

use arguments::{Arguments, Command, Emit, MessageFormat, Messages};

/// Everything was in order.
const OK: u8 = 0;
/// What was given has mistakes: descriptions, bytes, files that are not what they should be.
const MISTAKES: u8 = 1;
/// The command makes no sense, or a file cannot be read or written.
const USAGE: u8 = 2;

/// Does what the command line says; gives the exit code.
pub fn run() -> u8 {
    let arguments = Arguments::parse();
    let format = arguments.message_format;
    match arguments.command {
        Command::Check { input, watch, messages } => {
            let say = Say::new(format, messages);
            let round = || compile::check(&input, say);
            if watch { watch::run(say, round) } else { round().code }
        }
        Command::Build(arguments) => {
            let say = Say::new(format, arguments.messages);
            let round = || match arguments.paths.as_slice() {
                [directory] if directory.extension().is_none_or(|extension| extension != "idl") => {
                    compile::build(directory, arguments.check, say)
                }
                _ => outside::build(&arguments, say),
            };
            if arguments.watch { watch::run(say, round) } else { round().code }
        }
        Command::Fmt { check, paths, messages } => layout::format(&paths, check, Say::new(format, messages)),
        Command::Emit { what, messages } => {
            let say = Say::new(format, messages);
            match what {
                Emit::Dissector { idl, output } => compile::dissector(&idl, output.as_deref(), say),
                Emit::Rust { input, output } => outside::rust(&input, output.as_deref(), say),
                Emit::Tests { input, path, output } => outside::tests(&input, &path, output.as_deref(), say),
            }
        }
        #[cfg(feature = "decode")]
        Command::Decode(arguments) => decode(&arguments, Say::new(format, Messages::default())),
        Command::Explain { code } => explain(code.as_deref(), Say::new(format, Messages::default())),
        Command::Completions { shell } => pages::completions(shell, &mut Arguments::command()),
        Command::Man { output } => {
            pages::manual(Arguments::command(), output.as_deref(), Say::new(format, Messages::default()))
        }
    }
}

/// How messages are written.
#[derive(Clone, Copy)]
struct Say {
    format: Format,
}

impl Say {
    fn new(format: MessageFormat, messages: Messages) -> Self {
        let format = match format {
            MessageFormat::Json => Format::Json,
            MessageFormat::Human if messages.color.is_on() => Format::Coloured,
            MessageFormat::Human => Format::Plain,
        };
        Self { format }
    }

    fn diagnostics(self, sources: &Sources, diagnostics: &[Diagnostic]) {
        write::error(&render::render_all(sources, diagnostics, self.format));
    }

    /// A message without a place in a description.
    fn error(self, message: &str) {
        write::error(&render::error(message, self.format));
    }

    /// The command cannot be carried out.
    fn complain(self, message: &str) -> u8 {
        self.error(message);
        USAGE
    }
}

#[cfg(feature = "decode")]
fn decode(arguments: &crate::decode::command::Arguments, say: Say) -> u8 {
    if !arguments.idl.is_dir() {
        return say.complain(&format!("there are no descriptions in `{}`: --idl says where", arguments.idl.display()));
    }
    let checked: Checked = match compile::checked(driver::load_crate(&arguments.idl), say) {
        Ok(checked) => checked,
        Err(round) => return round.code,
    };
    match crate::decode::command::run(arguments, &checked) {
        Ok(true) => OK,
        Ok(false) => MISTAKES,
        Err(message) => say.complain(&message),
    }
}

/// The page of a code, or the list of all.
fn explain(code: Option<&str>, say: Say) -> u8 {
    let Some(code) = code else {
        let lines: String = codes::CODES.iter().map(|entry| format!("{}  {}\n", entry.code, entry.title)).collect();
        write::output(&lines);
        return OK;
    };
    match codes::find(code) {
        Some(entry) => {
            write::output(entry.page);
            OK
        }
        None => say.complain(&format!("there is no diagnostic `{code}`: `ropc explain` lists them, as R0011")),
    }
}
