//! Fuzzing on stable Rust: the properties of the tests, for as long as is asked for, with what the decoders were seen
//! to do as guide.
//!
//! Values of choices are packed as ever: these are the seeds. Their bytes, and all bytes that showed something new
//! ([`coverage`]), are changed ([`mutate`]), and have to keep what [`attacks::each`](crate::attacks::each) asks for. `fuzz/run` starts it.

pub mod coverage;
pub mod mutate;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::attacks::Attack;
use crate::choices::{Choices, Noise};
use crate::finds::Find;
use crate::runs::{Holds, append, hash};
use crate::vectors;

/// Inputs that are tried for each value of choices.
const BURST: u32 = 400;
/// Inputs that are kept of one reader.
const MOST_INPUTS: usize = 1_000;

/// The fuzzing of one test.
struct Session {
    test: String,
    folder: PathBuf,
    noise: Noise,
    /// Inputs that showed something new, by the reader that they are for.
    inputs: BTreeMap<&'static str, Vec<Vec<u8>>>,
    seen: BTreeSet<u64>,
    executions: u64,
    /// Rules that did not hold, so that each is filed once.
    finds: BTreeSet<String>,
    until: Instant,
    /// Each input is written to a file before it is tried.
    traced: bool,
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// Fuzzes a property; what is found is filed in the folder, as is what it came to.
pub fn run(folder: &Path, test: &str, words: usize, holds: Holds<'_>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<f64>().ok());
    let seconds = number("ROPC_FUZZ_SECONDS").unwrap_or(10.0).clamp(0.01, 1e6);
    let start = Instant::now();
    let traced = std::env::var_os("ROPC_FUZZ_TRACE").is_some();
    let seed = std::env::var("ROPC_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut noise = Noise::new(hash(test.as_bytes()) ^ seed);
    let session = Session {
        test: test.to_owned(),
        folder: folder.to_owned(),
        noise: noise.clone(),
        inputs: BTreeMap::new(),
        seen: BTreeSet::new(),
        executions: 0,
        finds: BTreeSet::new(),
        until: start + Duration::from_secs_f64(seconds),
        traced,
    };
    let until = session.until;
    SESSION.set(Some(session));
    let mut values = 0u64;
    while Instant::now() < until {
        let count = usize::try_from(noise.number()).unwrap_or_default() % words.max(1);
        let words: Vec<u32> = (0..count).map(|_| noise.number() as u32).collect();
        values += 1;
        let result = catch_unwind(AssertUnwindSafe(|| holds(&mut Choices::new(words.clone()))));
        let broken = match result {
            Ok(Ok(())) => continue,
            Ok(Err(broken)) => Find { bytes: broken.bytes().to_vec(), ..found(test, "", words, &broken.to_string()) },
            Err(panic) => found(test, "", words, &message(&*panic)),
        };
        SESSION.with_borrow_mut(|session| session.as_mut().map(|session| session.file("value", &broken)));
    }
    if let Some(session) = SESSION.take() {
        session.end(values, start.elapsed());
    }
}

fn found(test: &str, slot: &str, words: Vec<u32>, what: &str) -> Find {
    eprintln!("{test}: {what}");
    Find { test: test.to_owned(), slot: slot.to_owned(), words, bytes: Vec::new() }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("of no text"))
}

/// Tries many changes of a value's bytes where this thread fuzzes; else answers false.
pub(crate) fn session(slot: &'static str, bytes: &[u8], g: &Choices, holds: Attack<'_>) -> bool {
    // The session is put back after each access: what is tried may look for it, too.
    let Some(mut session) = SESSION.take() else { return false };
    session.load(slot);
    session.attempt(slot, bytes.to_vec(), g, holds);
    for count in 0..BURST {
        if count % 16 == 0 && Instant::now() >= session.until {
            break;
        }
        let input = session.next(slot, bytes);
        session.attempt(slot, input, g, holds);
    }
    SESSION.set(Some(session));
    true
}

impl Session {
    /// The inputs of earlier sessions.
    fn load(&mut self, slot: &'static str) {
        if self.inputs.contains_key(slot) {
            return;
        }
        let text = fs::read_to_string(self.path(slot)).unwrap_or_default();
        self.inputs.insert(slot, text.lines().filter_map(|line| vectors::parse(line).ok()).collect());
    }

    fn path(&self, slot: &str) -> PathBuf {
        let name = self.test.replace("::", ".");
        self.folder.join("inputs").join(format!("{name}{}{slot}.hex", if slot.is_empty() { "" } else { "-" }))
    }

    fn next(&mut self, slot: &'static str, bytes: &[u8]) -> Vec<u8> {
        let noise = &mut self.noise;
        let inputs = self.inputs.get(slot).map_or(&[][..], Vec::as_slice);
        let mut pick = || {
            let index = usize::try_from(noise.number()).unwrap_or_default();
            let fresh = index.is_multiple_of(3) || inputs.is_empty();
            if fresh { bytes } else { inputs[index / 3 % inputs.len()].as_slice() }
        };
        let (first, second) = (pick(), pick());
        mutate::mutate(first, second, noise)
    }

    fn attempt(&mut self, slot: &'static str, input: Vec<u8>, g: &Choices, holds: Attack<'_>) {
        self.executions += 1;
        if self.traced {
            _ = fs::write(self.folder.join("trace.txt"), format!("{} {slot} {input:02X?}", self.test));
        }
        let (broken, seen) = coverage::watch(|| broken(&input, holds));
        if let Some(rule) = broken {
            self.find(slot, &rule, &input, g, holds);
            return;
        }
        let mut new = false;
        for feature in seen {
            new |= self.seen.insert(feature);
        }
        let inputs = self.inputs.entry(slot).or_default();
        if new && inputs.len() < MOST_INPUTS {
            inputs.push(input);
        }
    }

    fn find(&mut self, slot: &str, rule: &str, input: &[u8], g: &Choices, holds: Attack<'_>) {
        if self.finds.contains(&format!("{slot} {rule}")) {
            return;
        }
        let same = |bytes: &[u8]| broken(bytes, holds).is_some_and(|other| other == rule);
        let bytes = mutate::minimised(input, &same);
        let what = match catch_unwind(AssertUnwindSafe(|| holds(&bytes))) {
            Ok(Err(broken)) => broken.to_string(),
            _ => rule.to_owned(),
        };
        let find = Find { bytes, ..found(&self.test, slot, g.words().to_vec(), &what) };
        self.file(&format!("{slot} {rule}"), &find);
    }

    fn file(&mut self, rule: &str, find: &Find) {
        if !self.finds.insert(rule.to_owned()) {
            return;
        }
        let name = format!("{}-{:08x}.toml", self.test.replace("::", "."), hash(find.to_toml().as_bytes()) as u32);
        append(&self.folder.join("finds").join(name), &format!("# {}\n{}", rule.trim(), find.to_toml()));
    }

    /// What it came to, as a line, and the inputs for the next time.
    fn end(&self, values: u64, took: Duration) {
        for (slot, inputs) in &self.inputs {
            let mut text = String::new();
            for input in inputs {
                input.iter().for_each(|byte| _ = write!(text, "{byte:02X}"));
                text.push('\n');
            }
            let path = self.path(slot);
            _ = path.parent().map(fs::create_dir_all);
            if let Err(error) = fs::write(&path, text) {
                eprintln!("{}: {error}", path.display());
            }
        }
        let errors = self.seen.iter().filter(|feature| coverage::is_error(**feature)).count();
        let inputs: usize = self.inputs.values().map(Vec::len).sum();
        let line = format!(
            "{}\t{:.3}\t{values}\t{}\t{}\t{errors}\t{inputs}\t{}\n",
            self.test,
            took.as_secs_f64(),
            self.executions,
            self.seen.len() - errors,
            self.finds.len()
        );
        append(&self.folder.join("runs.tsv"), &line);
    }
}

/// The rule that does not hold for these bytes.
fn broken(bytes: &[u8], holds: Attack<'_>) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| holds(bytes))) {
        Ok(Ok(())) => None,
        Ok(Err(broken)) => Some(broken.rule().to_owned()),
        Err(panic) => Some(message(&*panic)),
    }
}
