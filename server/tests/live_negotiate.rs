//! Negotiate as clients that others wrote speak it, with an MIT KDC on loopback: curl with Kerberos and with NTLM inside
//! SPNEGO (gss-ntlmssp), and Python's GSSAPI for tokens that are sent twice, are too late or are bound to another channel.
//!
//! What is not there is skipped loudly; with ROPC_REQUIRE_PEERS=1 that is a failure.
#![cfg(all(unix, feature = "negotiate"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PASSWORD: &str = "correct horse; 7 batteries";
const REQUEST: &str = "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\">\
    <Request><EMailAddress>eve@example.test</EMailAddress><AcceptableResponseSchema>\
    http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>\
    </Request></Autodiscover>";

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first of the places where a program may be.
fn program(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/usr/sbin", "/sbin", "/usr/local/bin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|p| p.exists())
}

/// Whether to go on without a client.
fn skips(what: &str, there: bool) -> bool {
    if !there {
        assert!(std::env::var_os("ROPC_REQUIRE_PEERS").is_none(), "{what} is required");
        eprintln!("*** SKIPPED: {what} is not there ***");
    }
    !there
}

/// MIT Kerberos with a realm of its own.
struct Realm {
    root: TempDir,
    _kdc: Running,
}

impl Realm {
    /// A KDC that knows `eve` and the service `HTTP/localhost`; `None` where MIT Kerberos is not there.
    fn start() -> Option<Self> {
        let tools = ["krb5kdc", "kdb5_util", "kadmin.local", "kinit"];
        if skips("MIT Kerberos (krb5-kdc, krb5-admin-server, krb5-user)", tools.iter().all(|t| program(t).is_some())) {
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = root.path().display();
        fs::write(
            root.path().join("krb5.conf"),
            format!(
                "[libdefaults]\n default_realm = EXAMPLE.TEST\n dns_lookup_kdc = false\n dns_lookup_realm = false\n \
                 rdns = false\n dns_canonicalize_hostname = false\n\
                 [realms]\n EXAMPLE.TEST = {{\n  kdc = 127.0.0.1:{port}\n }}\n\
                 [domain_realm]\n localhost = EXAMPLE.TEST\n"
            ),
        )
        .unwrap();
        fs::write(
            root.path().join("kdc.conf"),
            format!(
                "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n\
                 [realms]\n EXAMPLE.TEST = {{\n  database_name = {place}/principal\n  \
                 key_stash_file = {place}/stash\n  acl_file = {place}/acl\n \
                 supported_enctypes = aes256-cts:normal aes128-cts:normal\n }}\n\
                 [logging]\n default = FILE:{place}/log\n kdc = FILE:{place}/log\n"
            ),
        )
        .unwrap();
        let run = |tool: &str, arguments: &[&str]| {
            let output =
                environment(Command::new(program(tool).unwrap()).args(arguments), root.path()).output().unwrap();
            assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
        };
        run("kdb5_util", &["create", "-s", "-r", "EXAMPLE.TEST", "-P", "the master's"]);
        run("kadmin.local", &["-q", &format!("addprinc -pw \"{PASSWORD}\" eve")]);
        run("kadmin.local", &["-q", &format!("addprinc -pw \"{PASSWORD}\" nobody")]);
        run("kadmin.local", &["-q", "addprinc -randkey HTTP/localhost"]);
        let kdc = environment(Command::new(program("krb5kdc").unwrap()).arg("-n"), root.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let realm = Self { root, _kdc: Running(kdc) };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "the KDC does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        realm.keytab("keytab");
        realm.log_on("eve");
        Some(realm)
    }

    /// Writes the service's new keys to a file; those that it had before are gone.
    fn keytab(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name);
        let query = format!("ktadd -k {} HTTP/localhost", path.display());
        let tool = program("kadmin.local").unwrap();
        let output = environment(Command::new(tool).args(["-q", &query]), self.root.path()).output().unwrap();
        assert!(path.exists(), "{}", String::from_utf8_lossy(&output.stderr));
        path
    }

    fn log_on(&self, user: &str) {
        let mut kinit = environment(Command::new(program("kinit").unwrap()).arg(user), self.root.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(kinit.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        assert!(kinit.wait().unwrap().success());
    }

    /// Lets a client find the realm and the tickets.
    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        environment(&mut command, self.root.path());
        command
    }
}

fn environment<'a>(command: &'a mut Command, root: &Path) -> &'a mut Command {
    command
        .env("KRB5_CONFIG", root.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", root.join("kdc.conf"))
        .env("KRB5CCNAME", root.join("tickets"))
}

struct Served {
    root: TempDir,
    _server: Running,
    port: String,
}

impl Served {
    fn start(authentication: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let config = format!("listen = '127.0.0.1:0'\ndata = 'data'\n[authentication]\n{authentication}\n");
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
        let served = Self { root, _server: Running(server), port };
        served.user(&["add", "eve@example.test", "--ntlm", "--password-stdin"]);
        served
    }

    fn with_keytab(keytab: &Path) -> Self {
        Self::start(&format!("keytab = '{}'\n", keytab.display()))
    }

    fn user(&self, arguments: &[&str]) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("user")
            .args(arguments)
            .arg("--config")
            .arg(self.root.path().join("server.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn ca(&self) -> PathBuf {
        self.root.path().join("data/tls/ca.pem")
    }

    /// What curl sees of two requests on one connection.
    fn curl(&self, curl: &mut Command) -> String {
        let url = format!("https://localhost:{}/autodiscover/autodiscover.xml", self.port);
        let output = curl
            .args(["--silent", "--show-error", "--include", "--negotiate", "--user", ":", "--cacert"])
            .arg(self.ca())
            .args(["--header", "Content-Type: text/xml", "--data", REQUEST, &url, &url])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn statuses(output: &str) -> Vec<u16> {
    // A body ends without a line break before the next response.
    output.split("HTTP/1.1 ").skip(1).filter_map(|rest| rest.split(' ').next()?.parse().ok()).collect()
}

fn curl_has(feature: &str) -> bool {
    let version = Command::new("curl").arg("--version").output();
    version.is_ok_and(|version| String::from_utf8_lossy(&version.stdout).split_whitespace().any(|word| word == feature))
}

#[test]
fn curl_logs_on_with_its_ticket_and_the_server_proves_itself() {
    if skips("curl with SPNEGO", curl_has("SPNEGO")) {
        return;
    }
    let Some(realm) = Realm::start() else { return };
    let served = Served::with_keytab(&realm.root.path().join("keytab"));
    let seen = served.curl(&mut realm.client("curl"));
    // The second request is on the connection that is logged on; curl may present a ticket again.
    assert_eq!(statuses(&seen).last(), Some(&200), "{seen}");
    assert!(statuses(&seen).iter().filter(|status| **status == 200).count() == 2, "{seen}");
    assert!(statuses(&seen).iter().filter(|status| **status == 401).count() <= 1, "{seen}");
    let negotiate = seen.lines().filter(|line| line.to_lowercase().starts_with("www-authenticate: negotiate "));
    assert!(negotiate.count() >= 1, "no token that proves the server: {seen}");
    assert!(!seen.to_lowercase().contains("www-authenticate: ntlm"), "{seen}");
}

#[test]
fn a_ticket_of_nobodys_and_a_ticket_under_other_keys_are_refused() {
    if skips("curl with SPNEGO", curl_has("SPNEGO")) {
        return;
    }
    let Some(realm) = Realm::start() else { return };
    let keytab = realm.root.path().join("keytab");
    let served = Served::with_keytab(&keytab);
    // The realm knows this user, the server has no mailbox of it.
    realm.log_on("nobody");
    let seen = served.curl(&mut realm.client("curl"));
    assert!(statuses(&seen).iter().all(|status| *status == 401), "{seen}");
    // The service has new keys, which the server has not been told.
    realm.keytab("newer");
    realm.log_on("eve");
    let seen = served.curl(&mut realm.client("curl"));
    assert!(statuses(&seen).iter().all(|status| *status == 401), "{seen}");
    let newer = Served::with_keytab(&realm.root.path().join("newer"));
    let seen = newer.curl(&mut realm.client("curl"));
    assert_eq!(statuses(&seen).last(), Some(&200), "{seen}");
}

/// Sends tokens of GSSAPI by hand: each case is a list of connections, each connection a list of tokens.
const PYTHON: &str = r"
import base64, gssapi, hashlib, http.client, ssl, sys
from gssapi.raw import ChannelBindings
port, ca, body = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
spnego = gssapi.OID.from_int_seq('1.3.6.1.5.5.2')
kerberos = gssapi.OID.from_int_seq('1.2.840.113554.1.2.2')
name = gssapi.Name('HTTP@localhost', gssapi.NameType.hostbased_service)

def connect():
    connection = http.client.HTTPSConnection('localhost', int(port), context=context)
    connection.connect()
    return connection

def binding(connection):
    certificate = connection.sock.getpeercert(binary_form=True)
    return ChannelBindings(application_data=b'tls-server-end-point:' + hashlib.sha256(certificate).digest())

def send(connection, token):
    headers = {'Content-Type': 'text/xml'}
    if token is not None:
        headers['Authorization'] = 'Negotiate ' + base64.b64encode(token).decode()
    connection.request('POST', '/autodiscover/autodiscover.xml', body, headers)
    response = connection.getresponse()
    response.read()
    said = [value for key, value in response.getheaders() if key.lower() == 'www-authenticate']
    answers = [base64.b64decode(value[10:]) for value in said if value.startswith('Negotiate ')]
    return response.status, answers[0] if answers else None

def first(mech, bindings=None):
    flags = gssapi.RequirementFlag.mutual_authentication
    side = gssapi.SecurityContext(name=name, usage='initiate', mech=mech, flags=flags, channel_bindings=bindings)
    return side, side.step()

for mech in (spnego, kerberos):
    connection = connect()
    side, token = first(mech, binding(connection))
    status, answer = send(connection, token)
    side.step(answer)
    print('bound', status, side.complete, send(connection, None)[0])
    print('again', send(connect(), token)[0])
    side, token = first(mech, ChannelBindings(application_data=b'tls-server-end-point:' + bytes(32)))
    print('elsewhere', send(connect(), token)[0])
    changed = bytearray(token)
    changed[-20] ^= 1
    print('changed', send(connect(), bytes(changed))[0])
    print('cut', send(connect(), token[:-1])[0])
print('nobody', send(connect(), None)[0])
";

#[test]
fn tokens_sent_twice_changed_or_bound_to_another_channel_are_refused() {
    let there = || {
        let python = Command::new("/usr/bin/python3").args(["-c", "import gssapi"]).output();
        python.is_ok_and(|output| output.status.success())
    };
    if skips("python3-gssapi", there()) {
        return;
    }
    let Some(realm) = Realm::start() else { return };
    let served = Served::with_keytab(&realm.root.path().join("keytab"));
    let output = realm
        .client("/usr/bin/python3")
        .args(["-c", PYTHON, &served.port])
        .arg(served.ca())
        .arg(REQUEST)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let each = "bound 200 True 200\nagain 401\nelsewhere 401\nchanged 401\ncut 401\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{each}{each}nobody 401\n"));
}

#[test]
fn without_kerberos_spnego_carries_ntlm() {
    let mechanism = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .iter()
        .any(|target| Path::new("/usr/lib").join(target).join("gssntlmssp/gssntlmssp.so").exists());
    if skips("gss-ntlmssp", mechanism) || skips("curl with SPNEGO", curl_has("SPNEGO")) {
        return;
    }
    let served = Served::start("ntlm = true");
    let secret = served.root.path().join("ntlm-user");
    let run = |password: &str| {
        fs::write(&secret, format!("EXAMPLE:eve:{password}\n")).unwrap();
        let mut curl = Command::new("curl");
        curl.env("NTLM_USER_FILE", &secret).env("KRB5_CONFIG", "/dev/null");
        served.curl(&mut curl)
    };
    let seen = run(PASSWORD);
    assert_eq!(statuses(&seen).last(), Some(&200), "{seen}");
    let seen = run("wrong");
    assert!(statuses(&seen).iter().all(|status| *status == 401), "{seen}");
}

#[test]
fn a_keytab_that_others_may_read_or_that_is_none_keeps_the_server_from_starting() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    let start = |content: &[u8], mode: u32| {
        fs::write(root.path().join("keytab"), content).unwrap();
        fs::set_permissions(root.path().join("keytab"), fs::Permissions::from_mode(mode)).unwrap();
        let config = "listen = '127.0.0.1:0'\ndata = 'data'\n[authentication]\nkeytab = 'keytab'\n";
        fs::write(root.path().join("server.toml"), config).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("--config")
            .arg(root.path().join("server.toml"))
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(start(b"\x05\x02", 0o644).contains("others than its owner"));
    assert!(start(b"\x05\x01", 0o600).contains("no keytab of version 5.2"));
    assert!(start(b"\x05\x02", 0o600).contains("no AES key of a principal HTTP/"));
}
