//! NTLM over HTTP as clients that others wrote speak it: curl, and Python's requests_ntlm, which binds the channel.
//!
//! A client that is not there is skipped loudly; with ROPC_REQUIRE_PEERS=1 that is a failure.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// curl widens each byte of a password: only ASCII comes through.
const PASSWORD: &str = "correct horse; 7 batteries";
const REQUEST: &str = "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\">\
    <Request><EMailAddress>eve@example.test</EMailAddress><AcceptableResponseSchema>\
    http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>\
    </Request></Autodiscover>";

struct Served {
    root: TempDir,
    server: Child,
    port: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Served {
    /// A server with the user `eve@example.test`, who may use NTLM where `ntlm` says so.
    fn start(ntlm: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        let config = format!("listen = '127.0.0.1:0'\ndata = 'data'\n[authentication]\nntlm = {ntlm}\n");
        fs::write(root.path().join("server.toml"), config).unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("--config")
            .arg(root.path().join("server.toml"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
        let listening =
            lines.into_iter().find_map(|line| line.strip_prefix("Listening on https://localhost:").map(str::to_owned));
        let port = listening.unwrap().split('/').next().unwrap().to_owned();
        let served = Self { root, server, port };
        served.user(&["add", "eve@example.test", "--ntlm", "--password-stdin"], PASSWORD);
        served
    }

    fn user(&self, arguments: &[&str], password: &str) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("user")
            .args(arguments)
            .arg("--config")
            .arg(self.root.path().join("server.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn ca(&self) -> PathBuf {
        self.root.path().join("data/tls/ca.pem")
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/autodiscover/autodiscover.xml", self.port)
    }

    /// The statuses of curl's requests, one after the other on one connection, and what it saw of the headers.
    fn curl(&self, user: &str, password: &str, more: &[&str]) -> String {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--include", "--cacert"])
            .arg(self.ca())
            .args(["--user", &format!("{user}:{password}"), "--header", "Content-Type: text/xml", "--data", REQUEST])
            .args(more)
            .arg(self.url())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn ntlm(&self, user: &str, password: &str) -> Vec<u16> {
        statuses(&self.curl(user, password, &["--ntlm"]))
    }
}

fn statuses(output: &str) -> Vec<u16> {
    output.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")?.split(' ').next()?.parse().ok()).collect()
}

/// Whether to go on without a client.
fn skips(client: &str, there: bool) -> bool {
    if !there {
        assert!(std::env::var_os("ROPC_REQUIRE_PEERS").is_none(), "{client} is required");
        eprintln!("*** SKIPPED: {client} is not there ***");
    }
    !there
}

fn curl_is_there() -> bool {
    let version = Command::new("curl").arg("--version").output();
    version.is_ok_and(|version| String::from_utf8_lossy(&version.stdout).contains("NTLM"))
}

#[test]
fn curl_logs_on_by_each_form_of_the_name_and_not_with_a_wrong_secret() {
    if skips("curl with NTLM", curl_is_there()) {
        return;
    }
    let served = Served::start(true);
    for user in ["eve@example.test", "EXAMPLE\\eve", "example.test\\Eve", "eve"] {
        assert_eq!(served.ntlm(user, PASSWORD), [401, 200], "{user}");
    }
    for (user, password) in [("eve@example.test", "wrong"), ("nobody@example.test", PASSWORD), ("OTHER\\eve", PASSWORD)]
    {
        assert_eq!(served.ntlm(user, password), [401, 401], "{user}");
    }
    // A user whom the administrator has not set up for it, with the right password.
    let sample = fs::read_to_string(served.root.path().join("data/sample-accounts.txt")).unwrap();
    let alice = sample.lines().find_map(|line| line.strip_prefix("alice@example.test\t")).unwrap();
    assert_eq!(served.ntlm("alice@example.test", alice), [401, 401]);
    assert_eq!(statuses(&served.curl("alice@example.test", alice, &["--basic"])), [200]);
    assert_eq!(statuses(&served.curl("eve@example.test", PASSWORD, &["--basic"])), [200]);
}

#[test]
fn a_new_password_ends_ntlm_unless_it_is_asked_for_again() {
    if skips("curl with NTLM", curl_is_there()) {
        return;
    }
    let served = Served::start(true);
    served.user(&["passwd", "eve@example.test", "--password-stdin"], "second");
    assert_eq!(served.ntlm("eve@example.test", PASSWORD), [401, 401]);
    assert_eq!(served.ntlm("eve@example.test", "second"), [401, 401]);
    served.user(&["passwd", "eve@example.test", "--password-stdin", "--ntlm"], "third");
    assert_eq!(served.ntlm("eve@example.test", "third"), [401, 200]);
}

#[test]
fn ntlm_is_offered_only_where_it_is_served() {
    if skips("curl with NTLM", curl_is_there()) {
        return;
    }
    let offers = |served: &Served| {
        let seen = served.curl("eve@example.test", "wrong", &["--basic"]);
        seen.lines().filter(|line| line.to_lowercase().starts_with("www-authenticate: ntlm")).count()
    };
    assert_eq!(offers(&Served::start(true)), 1);
    let without = Served::start(false);
    assert_eq!(offers(&without), 0);
    assert_eq!(statuses(&without.curl("eve@example.test", PASSWORD, &["--basic"])), [200]);
}

#[test]
fn guessing_by_ntlm_is_limited_as_by_basic() {
    if skips("curl with NTLM", curl_is_there()) {
        return;
    }
    let served = Served::start(true);
    for _ in 0..10 {
        assert_eq!(served.ntlm("eve@example.test", "wrong"), [401, 401]);
    }
    let limited = served.curl("eve@example.test", PASSWORD, &["--ntlm"]);
    assert_eq!(statuses(&limited), [401, 401]);
    assert!(limited.to_lowercase().contains("retry-after:"), "{limited}");
}

const PYTHON: &str = r"
import sys, requests
from requests_ntlm import HttpNtlmAuth
url, ca, user, password, binding, body = sys.argv[1:]
session = requests.Session()
session.trust_env = False
session.verify = ca
session.auth = HttpNtlmAuth(user, password, send_cbt=binding == 'binding')
headers = {'Content-Type': 'text/xml'}
# The second request is on a connection that is logged on.
print([session.post(url, data=body.encode(), headers=headers).status_code for _ in range(2)])
";

const OPENSSL: &str = "openssl_conf = init\n[init]\nproviders = providers\n[providers]\ndefault = active\nlegacy = active\n\
    [active]\nactivate = 1\n";

#[test]
fn requests_ntlm_logs_on_with_and_without_its_channel_bound() {
    let python = || Command::new("/usr/bin/python3");
    let there = python().args(["-c", "import requests_ntlm"]).output().is_ok_and(|output| output.status.success());
    if skips("python3-requests-ntlm", there) {
        return;
    }
    let served = Served::start(true);
    // OpenSSL 3 keeps MD4 in a provider that has to be asked for.
    let openssl = served.root.path().join("openssl.cnf");
    fs::write(&openssl, OPENSSL).unwrap();
    let run = |password: &str, binding: &str| {
        let output = python()
            .env("OPENSSL_CONF", &openssl)
            .args(["-c", PYTHON, &served.url()])
            .arg(served.ca())
            .args(["EXAMPLE\\eve", password, binding, REQUEST])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(run(PASSWORD, "binding"), "[200, 200]");
    assert_eq!(run(PASSWORD, "none"), "[200, 200]");
    assert_eq!(run("wrong", "binding"), "[401, 401]");
    served.user(&["passwd", "eve@example.test", "--password-stdin", "--ntlm"], "Größe 7 – \u{1F40E}");
    assert_eq!(run("Größe 7 – \u{1F40E}", "binding"), "[200, 200]");
}
