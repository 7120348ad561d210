//! Bearer tokens that openssl has signed, sent by curl; the issuer's keys in a file, and at an address that Python serves.
//!
//! What is not there is skipped loudly; with ROPC_REQUIRE_PEERS=1 that is a failure.
#![cfg(all(unix, feature = "bearer"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const REQUEST: &str = "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\">\
    <Request><EMailAddress>eve@example.test</EMailAddress><AcceptableResponseSchema>\
    http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>\
    </Request></Autodiscover>";
const ISSUER: &str = "https://login.example.test/";
const AUDIENCE: &str = "https://mail.example.test/";

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn skips() -> bool {
    let there = |program: &str, argument: &str| Command::new(program).arg(argument).output().is_ok();
    let all = there("curl", "--version") && there("openssl", "version") && there("/usr/bin/python3", "--version");
    if !all {
        assert!(std::env::var_os("ROPC_REQUIRE_PEERS").is_none(), "curl, openssl and python3 are required");
        eprintln!("*** SKIPPED: curl, openssl or python3 is not there ***");
    }
    !all
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// An RSA key of openssl's.
fn make_key(path: &Path) {
    openssl(&["genrsa", "-out", path.to_str().unwrap(), "2048"]);
}

/// The JSON Web Key of a key (RFC 7518 6.3.1); openssl makes all its keys with the exponent 65537.
fn public(path: &Path, kid: &str) -> Value {
    let modulus = openssl(&["rsa", "-in", path.to_str().unwrap(), "-noout", "-modulus"]);
    let digits = String::from_utf8(modulus).unwrap().trim().strip_prefix("Modulus=").unwrap().to_owned();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": URL_SAFE_NO_PAD.encode(bytes), "e": "AQAB"})
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token that openssl signs.
fn token(key: &Path, header: &Value, claims: &Value) -> String {
    let signed = format!("{}.{}", part(header), part(claims));
    let mut signing = Command::new("openssl")
        .args(["dgst", "-sha256", "-sign"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    signing.stdin.take().unwrap().write_all(signed.as_bytes()).unwrap();
    let signature = signing.wait_with_output().unwrap().stdout;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({"iss": ISSUER, "aud": AUDIENCE, "exp": now + 600, "nbf": now, "email": "eve@example.test"})
}

fn header(kid: &str) -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": kid})
}

struct Served {
    root: tempfile::TempDir,
    _server: Running,
    port: String,
}

impl Served {
    fn start(bearer: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("server.toml"), format!("listen = '127.0.0.1:0'\ndata = 'data'\n{bearer}")).unwrap();
        let server = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
            command.arg("--config").arg(root.path().join("server.toml"));
            command
        };
        let mut running = server().stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(running.stdout.take().unwrap()).lines().map(Result::unwrap);
        let listening =
            lines.into_iter().find_map(|line| line.strip_prefix("Listening on https://localhost:").map(str::to_owned));
        let port = listening.unwrap().split('/').next().unwrap().to_owned();
        let running = Running(running);
        let added = server().args(["user", "add", "eve@example.test"]).stdout(Stdio::null()).status().unwrap();
        assert!(added.success());
        Self { root, _server: running, port }
    }

    /// The status and headers of a request with this token.
    fn ask(&self, token: &str) -> String {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--dump-header", "-", "--output", "/dev/null", "--cacert"])
            .arg(self.root.path().join("data/tls/ca.pem"))
            .args(["--oauth2-bearer", token, "--header", "Content-Type: text/xml", "--data", REQUEST])
            .arg(format!("https://localhost:{}/autodiscover/autodiscover.xml", self.port))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn status(&self, token: &str) -> u16 {
        self.ask(token).split(' ').nth(1).unwrap().parse().unwrap()
    }
}

#[test]
fn only_valid_tokens_of_the_issuer_log_on() {
    if skips() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let (key, other) = (place.path().join("key"), place.path().join("other"));
    make_key(&key);
    make_key(&other);
    let keys = place.path().join("keys.json");
    fs::write(&keys, json!({"keys": [public(&key, "first")]}).to_string()).unwrap();
    let served = Served::start(&format!(
        "[authentication.bearer]\nissuer = '{ISSUER}'\naudience = '{AUDIENCE}'\nkeys = '{}'\n",
        keys.display()
    ));
    let good = token(&key, &header("first"), &claims());
    assert_eq!(served.status(&good), 200);
    let changed = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        token(&key, &header("first"), &claims)
    };
    let refused = [
        ("another issuer", changed("iss", json!("https://other.test/"))),
        ("another audience", changed("aud", json!("https://other.test/"))),
        ("expired", changed("exp", json!(1_700_000_000))),
        ("not yet valid", changed("nbf", json!(4_000_000_000_u64))),
        ("nobody here", changed("email", json!("nobody@example.test"))),
        ("an unknown key", token(&key, &header("second"), &claims())),
        ("another's key", token(&other, &header("first"), &claims())),
        ("HS256", token(&key, &json!({"alg": "HS256", "kid": "first"}), &claims())),
        ("none", format!("{}.{}.", part(&json!({"alg": "none", "kid": "first"})), part(&claims()))),
        ("no signature", good.rsplit_once('.').unwrap().0.to_owned() + "."),
        ("no token", "x".to_owned()),
    ];
    for (what, token) in refused {
        let seen = served.ask(&token).to_lowercase();
        assert!(seen.starts_with("http/1.1 401 "), "{what}: {seen}");
        assert!(seen.contains("www-authenticate: bearer"), "{what}: {seen}");
    }
}

#[test]
fn without_an_issuer_no_token_logs_on() {
    if skips() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let key = place.path().join("key");
    make_key(&key);
    let served = Served::start("");
    let seen = served.ask(&token(&key, &header("first"), &claims())).to_lowercase();
    assert!(seen.starts_with("http/1.1 401 ") && !seen.contains("bearer"), "{seen}");
}

/// Serves a file over TLS on a port that it prints.
const PYTHON: &str = r"
import http.server, ssl, sys
chain, key, directory = sys.argv[1:]
class Quiet(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments):
        super().__init__(*arguments, directory=directory)
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(('127.0.0.1', 0), Quiet)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(chain, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";

#[test]
fn keys_come_from_an_address_whose_certificate_is_trusted() {
    if skips() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    make_key(&at("signer"));
    fs::write(at("keys.json"), json!({"keys": [public(&at("signer"), "first")]}).to_string()).unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(at("tls.pem"), made.cert.pem()).unwrap();
    fs::write(at("tls.key"), made.signing_key.serialize_pem()).unwrap();
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", PYTHON])
        .args([at("tls.pem"), at("tls.key"), place.path().to_owned()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(python.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let _python = Running(python);
    let settings = |ca: &str| {
        let url = format!("https://localhost:{}/keys.json", port.trim());
        format!("[authentication.bearer]\nissuer = '{ISSUER}'\naudience = '{AUDIENCE}'\nkeys = '{url}'\n{ca}")
    };
    let good = token(&at("signer"), &header("first"), &claims());
    let served = Served::start(&settings(&format!("ca = '{}'\n", at("tls.pem").display())));
    assert_eq!(served.status(&good), 200);
    // The system's authorities do not vouch for this address: its keys are not taken.
    assert_eq!(Served::start(&settings("")).status(&good), 401);
}
