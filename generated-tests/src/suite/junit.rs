//! JUnit's XML, which servers for continuous integration read.

use std::fmt::Write as _;

use super::{Failed, Outcome};

/// The tests as one test suite.
#[must_use]
pub fn junit(outcomes: &[Outcome], failures: &[Failed], seed: u64, seconds: f64) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    _ = writeln!(
        text,
        "  <testsuite name=\"generated-tests\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" time=\"{seconds:.3}\">",
        outcomes.len()
    );
    _ = writeln!(text, "    <properties><property name=\"seed\" value=\"{seed}\"/></properties>");
    for outcome in outcomes {
        let (module, name) = outcome.test.rsplit_once("::").unwrap_or(("generated-tests", &outcome.test));
        let time = outcome.record.as_ref().map_or(0.0, |record| record.micros as f64 / 1e6);
        _ = write!(
            text,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{time:.6}\"",
            escaped(module),
            escaped(name)
        );
        if outcome.passed {
            text.push_str("/>\n");
            continue;
        }
        let of = failures.iter().find(|failure| failure.find.test == outcome.test);
        let (rule, detail) =
            of.map_or(("it failed", String::new()), |failure| (failure.rule.as_str(), failure.vector()));
        _ = writeln!(
            text,
            ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
            escaped(rule),
            escaped(&detail)
        );
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_stands_in_its_test_and_nothing_breaks_the_markup() {
        let outcome = |test: &str, passed| Outcome { test: test.to_owned(), passed, record: None };
        let failure = Failed { rule: "a < b & \"c\"".to_owned(), ..Failed::default() };
        let failure =
            Failed { find: crate::finds::Find { test: "m::b".to_owned(), ..failure.find.clone() }, ..failure };
        let text = junit(&[outcome("m::a", true), outcome("m::b", false)], &[failure], 7, 1.0);
        assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
        assert!(text.contains("<testcase classname=\"m\" name=\"a\" time=\"0.000000\"/>"), "{text}");
        assert!(text.contains("<failure message=\"a &lt; b &amp; &quot;c&quot;\">"), "{text}");
    }
}
