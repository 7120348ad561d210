//! The commands of an administrator. Each works on the data directory; those that need the server stopped say so.

mod mailboxes;
mod maintenance;
mod users;

use std::path::{Path, PathBuf};

use clap::Subcommand;

/// The store in a data directory.
const STORE: &str = "store";

/// What to do instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Adds, lists and removes users; changes passwords
    #[command(subcommand)]
    User(users::UserCommand),
    /// Lists and writes out mailboxes
    #[command(subcommand)]
    Mailbox(mailboxes::MailboxCommand),
    /// Says how much is in the store
    Stats,
    /// Checks that the store agrees with itself; exit code 1 when it does not
    Fsck {
        /// Count again what can be counted (the server has to be stopped)
        #[arg(long)]
        repair: bool,
    },
    /// Copies the data directory, also while the server runs
    Backup {
        /// The directory to make
        target: PathBuf,
    },
    /// Makes the data directory of a backup
    Restore {
        /// The backup
        backup: PathBuf,
    },
}

impl Command {
    /// Carries it out; answers whether all is well.
    ///
    /// # Errors
    /// When it cannot be carried out.
    pub fn run(&self, data_dir: &Path) -> anyhow::Result<bool> {
        match self {
            Self::User(command) => command.run(data_dir).map(|()| true),
            Self::Mailbox(command) => command.run(data_dir).map(|()| true),
            Self::Stats => mailboxes::statistics(data_dir).map(|()| true),
            Self::Fsck { repair } => maintenance::check(data_dir, *repair),
            Self::Backup { target } => maintenance::backup(data_dir, target).map(|()| true),
            Self::Restore { backup } => maintenance::restore(backup, data_dir).map(|()| true),
        }
    }
}

/// A size as people read it.
fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < units.len() {
        size /= 1024.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or("B");
    if unit == 0 { format!("{count} {name}") } else { format!("{size:.1} {name}") }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_a_unit() {
        let read = [0, 1023, 1024, 1_572_864, 1 << 62].map(bytes);
        assert_eq!(read, ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "4194304.0 TiB"]);
    }
}
