//! How a property is run: cases from a seed that a failure names, cases that were filed, fuzzing instead where that is
//! asked for, and a record of it for `suite`.
//!
//! | variable | |
//! |---|---|
//! | `ROPC_SEED` | the number that all cases follow from, with the name of the test, or `random`; else always the same |
//! | `ROPC_REPORT` | a folder for records: [`Record`] |
//! | `ROPC_FUZZ`, `ROPC_FUZZ_SECONDS` | a folder for what fuzzing finds, and how long each test goes on |

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::choices::{Choices, choices_of};
use crate::oracles::Broken;
use crate::{attacks, finds, fuzz, ways};

/// A property of choices.
pub type Holds<'p> = &'p dyn Fn(&mut Choices) -> Result<(), Broken>;

thread_local! {
    /// How often each oracle was applied on this thread.
    static APPLIED: RefCell<BTreeMap<&'static str, u64>> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts that an oracle is applied.
pub fn applied(oracle: &'static str) {
    APPLIED.with_borrow_mut(|applied| *applied.entry(oracle).or_default() += 1);
}

/// What a property came to: a line of `runs.tsv`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The test.
    pub test: String,
    /// Cases of choices.
    pub cases: u64,
    /// How often each oracle was applied.
    pub oracles: BTreeMap<String, u64>,
    /// How long it took.
    pub micros: u64,
    /// It held.
    pub held: bool,
}

impl Record {
    /// As a line.
    #[must_use]
    pub fn line(&self) -> String {
        let oracles: Vec<String> = self.oracles.iter().map(|(name, count)| format!("{name}={count}")).collect();
        format!("{}\t{}\t{}\t{}\t{}\n", self.test, self.cases, self.micros, self.held, oracles.join(","))
    }

    /// Of a line; `None` where it is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split('\t');
        let mut next = || parts.next();
        let (test, cases, micros, held) = (next()?.to_owned(), next()?, next()?, next()?);
        let oracles = next()?.split(',').filter_map(|part| part.split_once('='));
        let oracles = oracles.map(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
        Some(Self {
            test,
            cases: cases.parse().ok()?,
            oracles: oracles.collect::<Option<_>>()?,
            micros: micros.parse().ok()?,
            held: held.parse().ok()?,
        })
    }
}

/// A folder that a variable names.
pub(crate) fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// The name of the test that runs on this thread, with its modules.
#[must_use]
pub fn test_name() -> String {
    std::thread::current().name().unwrap_or("unknown").to_owned()
}

/// A run without a seed is the same each time: what fails, fails again, and all ways of the values are known to be taken.
const SEED: u64 = 1;

/// The number that all cases follow from.
fn seed() -> u64 {
    let given = std::env::var("ROPC_SEED").unwrap_or_default();
    if given == "random" {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        return u64::try_from(now.as_nanos() & u128::from(u32::MAX)).unwrap_or_default();
    }
    given.parse().unwrap_or(SEED)
}

/// FNV-1a.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

fn rng(seed: u64, test: &str) -> TestRng {
    let mut bytes = [0; 32];
    let words = [seed, hash(test.as_bytes())];
    for (at, byte) in bytes.iter_mut().enumerate().take(16) {
        *byte = (words[at / 8] >> (at % 8 * 8)) as u8;
    }
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// Runs a property: so many cases of at most so many words each.
///
/// # Panics
/// With the smallest choices for which it does not hold.
pub fn run(cases: Option<u32>, words: usize, holds: Holds<'_>) {
    let test = test_name();
    if let Some(folder) = folder("ROPC_FUZZ") {
        fuzz::run(&folder, &test, words, holds);
        return;
    }
    finds::replay(&test, holds);
    let config = Config { failure_persistence: None, ..Config::default() };
    let enough = cases.unwrap_or(ALL_WAYS);
    let cases = cases.filter(|_| std::env::var_os("PROPTEST_CASES").is_none()).unwrap_or(config.cases);
    let (seed, start) = (seed(), Instant::now());
    APPLIED.take();
    ways::forget();
    let mut runner = TestRunner::new_with_rng(Config { cases, ..config }, rng(seed, &test));
    let last = RefCell::new(None);
    let tried = std::cell::Cell::new(0u64);
    let result = runner.run(&choices_of(words), |mut g| {
        tried.set(tried.get() + 1);
        holds(&mut g).map_err(|broken| {
            let reason = TestCaseError::fail(broken.to_string());
            last.replace(Some(broken));
            reason
        })
    });
    record(&test, tried.get(), start.elapsed(), result.is_ok());
    let Err(error) = result else {
        all_ways(seed == SEED && cases >= enough);
        return;
    };
    // The last one that failed is the smallest.
    let text = match (error, last.take()) {
        (TestError::Fail(reason, g), Some(broken)) => {
            let failure = Failure { test: test.clone(), seed, words: g.words().to_vec(), broken };
            if let Some(folder) = folder("ROPC_REPORT") {
                failure.keep(&folder);
            }
            format!("{reason}\n{}", failure.again())
        }
        (error, _) => format!("{error}\nagain: ROPC_SEED={seed}"),
    };
    panic!("{test}: {text}");
}

/// Cases that together take all ways where it is not said how many are tried.
const ALL_WAYS: u32 = 256;

/// Says how many ways the values of the cases went, of those that they have; with `due` none may be left out.
fn all_ways(due: bool) {
    let ways = ways::summary();
    println!("ways: {} of {} taken", ways.taken, ways.possible);
    assert!(!due || ways.missing.is_empty(), "ways that no case takes:\n{}", ways.missing.join("\n"));
}

fn record(test: &str, cases: u64, took: Duration, held: bool) {
    let oracles = APPLIED.take();
    let Some(folder) = folder("ROPC_REPORT") else { return };
    let record = Record {
        test: test.to_owned(),
        cases,
        oracles: oracles.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        held,
    };
    append(&folder.join("runs.tsv"), &record.line());
}

/// Appends to a file, which may not exist yet.
pub(crate) fn append(path: &Path, text: &str) {
    let opened = path.parent().map(fs::create_dir_all).unwrap_or(Ok(()));
    let opened = opened.and_then(|()| OpenOptions::new().create(true).append(true).open(path));
    if let Err(error) = opened.and_then(|mut file| file.write_all(text.as_bytes())) {
        eprintln!("{}: {error}", path.display());
    }
}

/// The smallest case for which a property does not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The test.
    pub test: String,
    /// What it was found with.
    pub seed: u64,
    /// The choices.
    pub words: Vec<u32>,
    /// What does not hold, for which bytes.
    pub broken: Broken,
}

impl Failure {
    /// How to run it again.
    #[must_use]
    pub fn again(&self) -> String {
        let name = self.test.rsplit("::").next().unwrap_or_default();
        format!("again: ROPC_SEED={} cargo test -p generated-tests {name}", self.seed)
    }

    /// As a file of `failures`: what [`finds::Find`] reads, and what does not hold.
    fn keep(&self, folder: &Path) {
        let mut text = String::new();
        for line in self.broken.to_string().lines().take(40) {
            _ = writeln!(text, "# {line}");
        }
        let find = finds::Find {
            test: self.test.clone(),
            slot: attacks::slot().to_owned(),
            words: self.words.clone(),
            bytes: self.broken.bytes().to_vec(),
        };
        _ = writeln!(text, "# seed {}\n# rule {}\n{}", self.seed, self.broken.rule(), find.to_toml());
        append(&folder.join("failures").join(format!("{}.toml", self.test.replace("::", "."))), &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_is_written() {
        let oracles = BTreeMap::from([("round trip".to_owned(), 256), ("truncation".to_owned(), 1)]);
        let record = Record { test: "a::b".to_owned(), cases: 256, oracles, micros: 17, held: true };
        assert_eq!(Record::parse(record.line().trim_end()), Some(record));
        assert_eq!(Record::parse("a\tb"), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_cases_and_another_test_others() {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let words = |seed, test: &str| {
            let mut runner = TestRunner::new_with_rng(Config::default(), rng(seed, test));
            choices_of(40).new_tree(&mut runner).unwrap().current().words().to_vec()
        };
        assert_eq!(words(7, "a"), words(7, "a"));
        assert_ne!(words(7, "a"), words(7, "b"));
        assert_ne!(words(7, "a"), words(8, "a"));
    }
}
