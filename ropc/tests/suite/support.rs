//! Files of the tests.

use std::path::{Path, PathBuf};
use std::{env, fs};

pub fn tests_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The description files of a directory below tests, in order.
pub fn descriptions(directory: &str) -> Vec<PathBuf> {
    let paths = ropc::driver::descriptions(&tests_dir().join(directory)).unwrap();
    assert!(!paths.is_empty(), "no descriptions in {directory}");
    paths
}

/// Compares with a file, or writes it. `Err`: how they differ.
pub fn compare(path: &Path, actual: &str) -> Result<(), String> {
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, actual).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let same = expected.lines().zip(actual.lines()).take_while(|(left, right)| left == right).count();
    Err(format!(
        "{} differs from line {}:\n  expected: {}\n  actual:   {}\n(UPDATE_EXPECT=1 rewrites it)",
        path.display(),
        same + 1,
        expected.lines().nth(same).unwrap_or("<end>"),
        actual.lines().nth(same).unwrap_or("<end>"),
    ))
}

/// Fails with all differences, not only the first.
pub fn no_differences(results: impl IntoIterator<Item = Result<(), String>>) {
    let differences: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
