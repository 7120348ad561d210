//! Which statements of the specifications the tests prove.
//!
//! Other crates' tests include this file by `#[path]`, so it uses nothing but the standard library.

use std::io::Write as _;

/// Records that a test has proved a statement (`MS-OXCTABL_R71`): call it after the assertion that
/// would have failed otherwise. Appends a line to `target/spec-coverage/<crate>.tsv` in the
/// workspace, once; that it cannot is no reason for a test to fail.
pub fn record(id: &str, test: &str) {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/spec-coverage");
    let file = format!("{directory}/{}.tsv", env!("CARGO_PKG_NAME"));
    let line = format!("{id}\t{test}\n");
    if std::fs::read_to_string(&file).is_ok_and(|text| text.lines().any(|known| known == line.trim_end())) {
        return;
    }
    _ = std::fs::create_dir_all(directory);
    // One write of a whole line, so that tests that run at the same time do not mix theirs.
    if let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(&file) {
        _ = file.write_all(line.as_bytes());
    }
}
