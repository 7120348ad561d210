//! The numbers of a run, and what survived.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::run::{Outcome, Stage, Verdict};
use crate::sites::{Kind, Mutant};

#[derive(Default)]
struct Row {
    all: usize,
    by_type: usize,
    by_module: usize,
    by_all: usize,
    aborted: usize,
    endless: usize,
    survived: usize,
}

/// The report as text, and how many were killed in percent.
pub fn report(mutants: &[Mutant], results: &[Verdict], refused: usize, took: Duration) -> (String, f64) {
    let mut rows: BTreeMap<Kind, Row> = BTreeMap::new();
    let mut survivors = String::new();
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for (mutant, verdict) in mutants.iter().zip(results) {
        let row = rows.entry(mutant.kind).or_default();
        row.all += 1;
        let stage = match verdict.outcome {
            Outcome::Failed(stage) => {
                let rule = if verdict.rule.is_empty() { "another assertion (vectors)" } else { &verdict.rule };
                *rules.entry(rule).or_default() += 1;
                Some(stage)
            }
            Outcome::Aborted(stage) => {
                row.aborted += 1;
                Some(stage)
            }
            Outcome::Endless(stage) => {
                row.endless += 1;
                Some(stage)
            }
            Outcome::Survived => {
                row.survived += 1;
                _ = writeln!(survivors, "{mutant}");
                None
            }
        };
        match stage {
            Some(Stage::Type) => row.by_type += 1,
            Some(Stage::Module) => row.by_module += 1,
            Some(Stage::All | Stage::Others) => row.by_all += 1,
            None => {}
        }
    }
    let mut text = format!(
        "{:<30} {:>6} {:>9} {:>9} {:>9} {:>8} {:>8} {:>9}\n",
        "kind", "mutants", "by type", "by module", "by others", "aborted", "endless", "survived"
    );
    let mut line = |name: &str, row: &Row| {
        _ = writeln!(
            text,
            "{name:<30} {:>7} {:>9} {:>9} {:>9} {:>8} {:>8} {:>9}",
            row.all, row.by_type, row.by_module, row.by_all, row.aborted, row.endless, row.survived
        );
    };
    let mut total = Row::default();
    for (kind, row) in &rows {
        line(kind.name(), row);
        total.all += row.all;
        total.by_type += row.by_type;
        total.by_module += row.by_module;
        total.by_all += row.by_all;
        total.aborted += row.aborted;
        total.endless += row.endless;
        total.survived += row.survived;
    }
    line("all", &total);
    let killed = 100.0 * (total.all - total.survived) as f64 / total.all.max(1) as f64;
    _ = writeln!(text, "{killed:.1} % killed in {} s; {refused} sites do not compile as mutants", took.as_secs());
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    text.push_str("\nwhat failed first:\n");
    for (rule, count) in rules {
        _ = writeln!(text, "{count:>6} {rule}");
    }
    if !survivors.is_empty() {
        _ = write!(text, "\nsurvivors:\n{survivors}");
    }
    (text, killed)
}

/// A line for each mutant: the mutant, what ended it, the test, the oracle and milliseconds, between tabs.
pub fn lines(mutants: &[Mutant], results: &[Verdict]) -> String {
    let mut text = String::new();
    for (mutant, Verdict { outcome, test, rule, took }) in mutants.iter().zip(results) {
        _ = writeln!(text, "{mutant}\t{outcome:?}\t{test}\t{rule}\t{}", took.as_millis());
    }
    text
}
