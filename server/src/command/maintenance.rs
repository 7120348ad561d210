//! `fsck`, `backup`, `restore`.

use std::path::Path;

use server::store::sqlite::maintenance::{self, BackupFigures};

use super::{STORE, bytes};
use crate::say;

/// Answers whether the store is as it has to be when this is done.
pub fn check(data_dir: &Path, repair: bool) -> anyhow::Result<bool> {
    let store = data_dir.join(STORE);
    let findings = if repair { maintenance::repair(&store)? } else { maintenance::check(&store)? };
    for finding in &findings {
        let outcome = match (finding.repairable, repair) {
            (true, true) => " (counted again)",
            (true, false) => " (--repair counts again)",
            (false, _) => "",
        };
        say(&format!("{finding}{outcome}\n"));
    }
    if findings.is_empty() {
        say("Nothing is wrong.\n");
    }
    Ok(findings.iter().all(|finding| repair && finding.repairable))
}

pub fn backup(data_dir: &Path, target: &Path) -> anyhow::Result<()> {
    let copied = maintenance::backup(data_dir, target)?;
    say(&format!("{} in {}.\n", counted(copied), target.display()));
    Ok(())
}

pub fn restore(backup: &Path, data_dir: &Path) -> anyhow::Result<()> {
    let copied = maintenance::restore(backup, data_dir)?;
    say(&format!(
        "{} in {}. Ids given out after the backup are not given out again.\n",
        counted(copied),
        data_dir.display()
    ));
    Ok(())
}

fn counted(copied: BackupFigures) -> String {
    format!("{} mailboxes, {} files, {}", copied.mailboxes, copied.files, bytes(copied.bytes))
}
