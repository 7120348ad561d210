//! `ropc completions` and `ropc man`.

use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{OK, Say, write};

/// What makes a shell complete commands.
pub fn completions(shell: Shell, command: &mut Command) -> u8 {
    let mut text = Vec::new();
    clap_complete::generate(shell, command, "ropc", &mut text);
    write::output(&String::from_utf8_lossy(&text));
    OK
}

/// The manual page, or one for each command in a folder.
pub fn manual(command: Command, folder: Option<&Path>, say: Say) -> u8 {
    let done = match folder {
        Some(folder) => std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder)),
        None => {
            let mut text = Vec::new();
            Man::new(command).render(&mut text).map(|()| write::output(&String::from_utf8_lossy(&text)))
        }
    };
    match done {
        Ok(()) => OK,
        Err(error) => say.complain(&format!("the manual cannot be written: {error}")),
    }
}
