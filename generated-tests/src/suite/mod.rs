//! What the tests came to, for people and for machines: `cargo run -p generated-tests --bin suite`.

mod failures;
mod junit;

pub use failures::{Failed, failures};
pub use junit::junit;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::runs::Record;

/// A test as the test program tells of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Its name, with its modules.
    pub test: String,
    /// It passed.
    pub passed: bool,
    /// What was run of a property.
    pub record: Option<Record>,
}

/// The tests that the output of a test program tells of, with the records of the properties among them.
#[must_use]
pub fn outcomes(output: &str, records: &[Record]) -> Vec<Outcome> {
    let tests = output.lines().filter_map(|line| {
        let (test, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
        let passed = match result.split(' ').next()? {
            "ok" => true,
            "FAILED" => false,
            _ => return None,
        };
        let record = records.iter().find(|record| record.test == test).cloned();
        Some(Outcome { test: test.to_owned(), passed, record })
    });
    tests.collect()
}

/// The records in a folder.
///
/// # Errors
/// When there are some that cannot be read.
pub fn records(folder: &Path) -> io::Result<Vec<Record>> {
    match fs::read_to_string(folder.join("runs.tsv")) {
        Ok(text) => Ok(text.lines().filter_map(Record::parse).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A summary: types, operations, vectors, oracles, cases, time.
#[must_use]
pub fn summary(outcomes: &[Outcome], seed: u64, seconds: f64) -> String {
    let name = |outcome: &Outcome| outcome.test.rsplit("::").next().unwrap_or_default().to_owned();
    let is_operation = |name: &str| name.starts_with("rop_") || name.ends_with("_holds");
    let properties: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.record.is_some()).collect();
    let operations = properties.iter().filter(|outcome| is_operation(&name(outcome))).count();
    let vectors = outcomes.iter().filter(|outcome| name(outcome).contains("vector_")).count();
    let failed: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.passed).collect();
    let records = || properties.iter().filter_map(|outcome| outcome.record.as_ref());
    let cases: u64 = records().map(|record| record.cases).sum();
    let mut oracles: BTreeMap<&str, u64> = BTreeMap::new();
    for (oracle, count) in records().flat_map(|record| &record.oracles) {
        *oracles.entry(oracle).or_default() += count;
    }
    let mut text = String::new();
    _ = writeln!(text, "{:>10} types", properties.len() - operations);
    _ = writeln!(text, "{operations:>10} operations and their bodies");
    _ = writeln!(text, "{vectors:>10} vectors");
    _ = writeln!(text, "{:>10} other tests", outcomes.len() - properties.len() - vectors);
    _ = writeln!(text, "{cases:>10} cases");
    for (oracle, count) in oracles {
        _ = writeln!(text, "{count:>10} times {oracle}");
    }
    let mut slow: Vec<&Record> = records().collect();
    slow.sort_by_key(|record| std::cmp::Reverse(record.micros));
    for record in slow.iter().take(3) {
        _ = writeln!(text, "{:>9.1}s {}", record.micros as f64 / 1e6, record.test);
    }
    let (passed, all) = (outcomes.len() - failed.len(), outcomes.len());
    _ = writeln!(text, "{passed} of {all} tests passed in {seconds:.1} s; seed {seed}");
    for outcome in failed {
        _ = writeln!(text, "FAILED {}", outcome.test);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_with_what_is_recorded_of_them() {
        let output = "running 3 tests\ntest a::x_round_trips ... ok\ntest a::x_vector_1 ... FAILED\n\
                      test a::y ... ignored\ntest a::rop_z_request_round_trips ... ok\n";
        let record = |test: &str| Record {
            test: test.to_owned(),
            cases: 256,
            oracles: [("round trip".to_owned(), 200)].into(),
            micros: 5,
            held: true,
        };
        let outcomes = outcomes(output, &[record("a::x_round_trips"), record("a::rop_z_request_round_trips")]);
        assert_eq!(outcomes.len(), 3);
        let text = summary(&outcomes, 7, 1.25);
        for line in
            ["1 types", "1 operations", "1 vectors", "512 cases", "400 times round trip", "FAILED a::x_vector_1"]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.contains("2 of 3 tests passed in 1.2 s; seed 7"), "{text}");
    }
}
