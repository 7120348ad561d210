//! The configuration file: TOML, every key optional, unknown keys refused.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserializer, Error as _, Visitor};

use super::Config;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is not what it has to be; the text names line and column.
    #[error("{path}: {problem}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        problem: String,
    },
    /// A bound that lets nothing through.
    #[error("{key} must not be zero")]
    Zero {
        /// The key, with its table.
        key: &'static str,
    },
}

impl Config {
    /// Reads a configuration file. Paths in it are relative to its own directory.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| ConfigError::Syntax { path: path.to_owned(), problem: error.to_string() })?;
        let directory = path.parent().unwrap_or(Path::new(""));
        config.data_dir = directory.join(&config.data_dir);
        if let Some(certificate) = &mut config.certificate {
            certificate.chain = directory.join(&certificate.chain);
            certificate.key = directory.join(&certificate.key);
        }
        if let Some(keytab) = &mut config.authentication.keytab {
            *keytab = directory.join(&keytab);
        }
        if let Some(bearer) = &mut config.authentication.bearer {
            if !bearer.keys.contains("://") {
                bearer.keys = directory.join(&bearer.keys).display().to_string();
            }
            bearer.ca = bearer.ca.as_ref().map(|ca| directory.join(ca));
        }
        config.check()?;
        Ok(config)
    }

    /// Refuses bounds that would let nothing through.
    ///
    /// # Errors
    /// [`ConfigError::Zero`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let counts = [
            ("limits.connections", self.limits.connections),
            ("limits.headers", self.limits.headers),
            ("limits.request-body", self.limits.request_body),
            ("limits.autodiscover-body", self.limits.autodiscover_body),
            ("limits.engine-calls", self.limits.engine_calls),
            ("sessions.per-user", self.sessions.per_user),
            ("sessions.total", self.sessions.total),
            ("authentication.hashes", self.authentication.hashes),
            ("authentication.failures-per-user", self.authentication.failures_per_user as usize),
            ("authentication.failures-per-source", self.authentication.failures_per_source as usize),
        ];
        let times = [
            ("limits.handshake", self.limits.handshake),
            ("limits.header-read", self.limits.header_read),
            ("limits.body-read", self.limits.body_read),
            ("limits.write-stall", self.limits.write_stall),
            ("limits.keep-alive", self.limits.keep_alive),
            ("sessions.pending-period", self.sessions.pending_period),
            ("sessions.idle", self.sessions.idle),
        ];
        let zero = counts.into_iter().find(|(_, count)| *count == 0).map(|(key, _)| key);
        let zero = zero.or_else(|| times.into_iter().find(|(_, time)| time.is_zero()).map(|(key, _)| key));
        zero.map_or(Ok(()), |key| Err(ConfigError::Zero { key }))
    }
}

/// A time as `"250ms"`, `"10s"`, `"5m"` or `"1h"`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time such as \"250ms\", \"10s\", \"5m\" or \"1h\"")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Duration, E> {
            parse(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }
    deserializer.deserialize_str(Text).map_err(D::Error::custom)
}

fn parse(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number: u64 = number.parse().ok()?;
    match unit.trim_start() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("server.toml");
        fs::write(&path, text).unwrap();
        let mut config = Config::load(&path)?;
        // What depends on the place of the file is looked at below.
        config.data_dir = config.data_dir.strip_prefix(place.path()).unwrap_or(&config.data_dir).to_owned();
        Ok(config)
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        assert_eq!(load("").unwrap(), Config::default());
    }

    #[test]
    fn what_is_set_is_taken_and_the_rest_stays() {
        let config = load(
            "listen = '[::1]:444'\ndata = 'mail'\npublic-authority = 'mail.example.test'\n\
             [limits]\nconnections = 7\nbody-read = '2m'\n[sessions]\nidle = '1h'\nprompt = '250ms'\n\
             [authentication]\nfailures-per-user = 3\n",
        )
        .unwrap();
        assert_eq!(config.listen, "[::1]:444".parse().unwrap());
        assert_eq!(config.data_dir, Path::new("mail"));
        assert_eq!(config.public_authority.as_deref(), Some("mail.example.test"));
        assert_eq!((config.limits.connections, config.limits.body_read), (7, Duration::from_secs(120)));
        assert_eq!(config.limits.keep_alive, super::super::Limits::default().keep_alive);
        assert_eq!(config.sessions.idle, Duration::from_secs(3600));
        assert_eq!(config.sessions.prompt, Duration::from_millis(250));
        assert_eq!(config.authentication.failures_per_user, 3);
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("server.toml");
        fs::write(&path, "data = 'd'\n[certificate]\nchain = 'c.pem'\nkey = '/k.pem'\n").unwrap();
        let config = Config::load(&path).unwrap();
        assert_eq!(config.data_dir, place.path().join("d"));
        let certificate = config.certificate.unwrap();
        assert_eq!(certificate.chain, place.path().join("c.pem"));
        assert_eq!(certificate.key, Path::new("/k.pem"));
    }

    #[test]
    fn mistakes_are_named_with_line_and_column() {
        for (text, line, column, part) in [
            ("listen = '127.0.0.1:1'\nlisten-on = 1\n", 2, 1, "unknown field `listen-on`"),
            ("[limits]\nconections = 1\n", 2, 1, "unknown field `conections`"),
            ("[limit]\n", 1, 2, "unknown field `limit`"),
            ("[limits]\nkeep-alive = '10 days'\n", 2, 14, "a time such as"),
            ("[limits]\nkeep-alive = 10\n", 2, 14, "a time such as"),
            ("[certificate]\nchain = 'x'\n", 1, 1, "missing field `key`"),
            ("listen = 'localhost'\n", 1, 10, "invalid socket address"),
            ("data = \n", 1, 8, "value"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(&format!("line {line}, column {column}")), "{text}: {error}");
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn bounds_that_let_nothing_through_are_refused() {
        for (text, key) in [
            ("[limits]\nconnections = 0\n", "limits.connections"),
            ("[sessions]\nidle = '0s'\n", "sessions.idle"),
            ("[authentication]\nhashes = 0\n", "authentication.hashes"),
        ] {
            assert!(matches!(load(text), Err(ConfigError::Zero { key: found }) if found == key), "{text}");
        }
    }

    #[test]
    fn times_have_a_unit() {
        for text in ["", "10", "s", "-1s", "1.5s", "1d", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("10 s"), Some(Duration::from_secs(10)));
    }
}
