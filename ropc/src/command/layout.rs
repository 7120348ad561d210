//! `ropc fmt`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use ropc::ast::Span;
use ropc::diagnostic::Diagnostic;
use ropc::driver;
use ropc::format;
use ropc::source::Sources;

use super::{MISTAKES, OK, Say, USAGE, write};

/// Lays out files, the descriptions of folders, or standard input. What has a mistake stays as it is, and the others are
/// laid out all the same.
pub fn format(paths: &[PathBuf], check: bool, say: Say) -> u8 {
    let mut worst = OK;
    for path in paths {
        let code = if path.as_os_str() == "-" {
            standard_input(check, say)
        } else if path.is_dir() {
            match driver::descriptions(path) {
                Ok(files) => files.iter().map(|file| one(file, check, say)).max().unwrap_or(OK),
                Err(error) => say.complain(&error.to_string()),
            }
        } else {
            one(path, check, say)
        };
        worst = worst.max(code);
    }
    worst
}

fn one(path: &Path, check: bool, say: Say) -> u8 {
    let name = path.display().to_string();
    let read = std::fs::read(path).map_err(|error| error.to_string());
    let text = read.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned()));
    let text = match text {
        Ok(text) => text,
        Err(error) => return say.complain(&format!("{name}: {error}")),
    };
    match laid_out(&name, &text, say) {
        None => MISTAKES,
        Some(out) if out == text => OK,
        Some(_) if check => {
            say.error(&format!("{name} is not laid out as `ropc fmt` does it"));
            MISTAKES
        }
        Some(out) => match std::fs::write(path, out) {
            Ok(()) => OK,
            Err(error) => say.complain(&format!("{name}: {error}")),
        },
    }
}

fn standard_input(check: bool, say: Say) -> u8 {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().lock().read_to_string(&mut text) {
        say.error(&format!("standard input: {error}"));
        return USAGE;
    }
    match laid_out("standard input", &text, say) {
        None => MISTAKES,
        Some(out) if check => {
            if out == text {
                return OK;
            }
            say.error("standard input is not laid out as `ropc fmt` does it");
            MISTAKES
        }
        Some(out) => {
            write::output(&out);
            OK
        }
    }
}

/// `None`: it cannot be, which is said.
fn laid_out(name: &str, text: &str, say: Say) -> Option<String> {
    match format::format(text) {
        Ok(out) => Some(out),
        Err(error) => {
            let mut sources = Sources::default();
            let source = sources.add(name, text);
            let span = Span { source, range: error.range.clone() };
            let message = Diagnostic::error(error.code, error.reason, span, "here").note("the file stays as it is");
            say.diagnostics(&sources, &[message]);
            None
        }
    }
}
