//! Times of many requests, and the table of what was measured.

use std::fmt;
use std::time::Duration;

/// How long each request took.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that this share of the requests did not exceed.
    pub fn quantile(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        // A share of a length is a position in it.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = (last as f64 * share).round() as usize;
        self.0.get(at.min(last)).copied().unwrap_or_default()
    }

    /// Median and 99th percentile.
    pub fn text(&mut self) -> String {
        format!("{} (p99 {})", millis(self.quantile(0.5)), millis(self.quantile(0.99)))
    }
}

/// A duration in milliseconds.
pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Lines of what was measured, the bar and the figure.
#[derive(Default)]
pub struct Table(Vec<[String; 3]>);

impl Table {
    /// Adds a line, and shows it at once.
    pub fn line(&mut self, what: impl Into<String>, bar: impl Into<String>, found: impl Into<String>) {
        let line = [what.into(), bar.into(), found.into()];
        println!("{}", line.join(" | "));
        self.0.push(line);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | bar | measured |\n|---|---|---|")?;
        self.0.iter().try_for_each(|line| writeln!(f, "| {} |", line.join(" | ")))
    }
}
