//! Runs the suite that the authors of mapi-client run against an Exchange server, against ours: `tests/live.rs` of
//! the crate, built by `generated-tests/peers/run live`.
//!
//! `MAPI_LIVE_AUTH` (basic, ntlm, negotiate) says how the suite logs on, where a test does not say so itself.
//!
//! Usage: `live TEST_PROGRAM SEED_PROGRAM` (ROPC_SERVER names the server, as in the other tests).
//! Tests that are known to fail stand with their reason in `live-known.tsv`; one of them that passes, and any other
//! that fails, is a failure.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, ensure};
use peers::account::{self, ALICE, BOB};
use peers::server::{Server, program};

/// Tests that fail, and why: name, tab, reason.
const KNOWN: &str = include_str!("../live-known.tsv");

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("live: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<bool> {
    let mut arguments = std::env::args_os().skip(1);
    let suite = arguments.next().context("no test program is named")?;
    let seed = arguments.next().context("no program that fills a mailbox is named")?;
    let place = tempfile::tempdir()?;
    let data_dir = place.path().join("data");
    Server::start(&data_dir)?.stop()?;
    let seeded = Command::new(seed).arg(&data_dir).arg(ALICE).arg(BOB).status()?;
    ensure!(seeded.success(), "the mailbox cannot be filled");
    let password = account::password(&data_dir, ALICE)?;
    let config = place.path().join("server.toml");
    std::fs::write(&config, "[authentication]\nntlm = true\n")?;
    let config: [&OsStr; 2] = ["--config".as_ref(), config.as_os_str()];
    for address in [ALICE, BOB] {
        set_password(&data_dir, address, &password)?;
    }
    let server = Server::start_with(&data_dir, &config)?;
    let authority = server.authority.replace("127.0.0.1", "localhost");
    let endpoint = format!("https://{authority}/mapi/emsmdb/");
    let dn =
        |name: &str| format!("/o=Example/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={name}");
    let output = Command::new(suite)
        .args(["--ignored", "--test-threads=1"])
        .args(std::env::args_os().skip(3))
        .env("SSL_CERT_FILE", data_dir.join("tls/ca.pem"))
        .env("MAPI_LIVE_ENDPOINT", &endpoint)
        .env("MAPI_LIVE_USER_DN", dn("alice"))
        .env("MAPI_LIVE_USERNAME", ALICE)
        .env("MAPI_LIVE_PASSWORD", &password)
        .env("MAPI_LIVE_SECOND_ENDPOINT", &endpoint)
        .env("MAPI_LIVE_SECOND_USER_DN", dn("bob"))
        .env("MAPI_LIVE_SECOND_USERNAME", BOB)
        .env("MAPI_LIVE_SHARED_ADDRESS", BOB)
        .output()
        .context("the suite does not start")?;
    server.stop()?;
    std::io::stdout().write_all(&output.stdout)?;
    std::io::stderr().write_all(&output.stderr)?;
    Ok(judge(&String::from_utf8_lossy(&output.stdout)))
}

/// Gives a user another password, as an administrator does.
fn set_password(data_dir: &Path, address: &str, password: &str) -> anyhow::Result<()> {
    let mut command = Command::new(program()?)
        .arg("--data")
        .arg(data_dir)
        .args(["user", "passwd", address, "--password-stdin", "--ntlm"])
        .stdin(Stdio::piped())
        .spawn()?;
    command.stdin.take().context("no standard input")?.write_all(password.as_bytes())?;
    ensure!(command.wait()?.success(), "the password of {address} cannot be set");
    Ok(())
}

/// Compares the outcome of each test with what is known.
fn judge(output: &str) -> bool {
    let known: BTreeMap<&str, &str> = KNOWN.lines().filter_map(|line| line.split_once('\t')).collect();
    let (mut passed, mut failed, mut well) = (0, 0, true);
    let mut before = "";
    for line in output.lines() {
        // What a test prints stands between its name and its outcome.
        let named = line
            .strip_prefix("test ")
            .and_then(|rest| rest.split(" ... ").next())
            .map(|name| name.split(" - ").next().unwrap_or(name));
        before = named.unwrap_or(before);
        let outcome = line.rsplit(" ... ").next().unwrap_or(line);
        let ok = match outcome {
            "ok" => true,
            "FAILED" => false,
            _ => continue,
        };
        if ok {
            passed += 1
        } else {
            failed += 1
        }
        match (ok, known.get(before)) {
            (true, Some(_)) => {
                well = false;
                eprintln!("live: {before} passes: take it out of live-known.tsv");
            }
            (false, None) => {
                well = false;
                eprintln!("live: {before} fails");
            }
            _ => {}
        }
    }
    println!("live: {passed} passed, {failed} failed, {} known to fail", known.len());
    well && passed + failed > 0
}
