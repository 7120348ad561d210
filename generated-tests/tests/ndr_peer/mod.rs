//! Samba's library (Debian's `python3-samba`), asked through `peers/ndr_samba.py`: it unpacks what we
//! packed and packs it again in every representation.
//!
//! Skips where the library is missing; with `ROPC_REQUIRE_PEERS=1` that is a failure.

use std::io::Write as _;
use std::process::{Command, Stdio};

use runtime::ndr::Representation;

/// The three representations that are in use.
pub const REPRESENTATIONS: [Representation; 3] =
    [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64];

/// What the script calls them.
pub const NAMES: [&str; 3] = ["le", "be", "ndr64"];

/// A Python that has Samba's bindings: Debian's own, which another one in the path may hide.
pub fn python() -> Option<&'static str> {
    let works = |python: &&str| {
        let mut command = Command::new(python);
        command.args(["-c", "import samba.dcerpc.echo"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = ["/usr/bin/python3", "python3"].into_iter().find(works);
    if found.is_none() {
        let required = std::env::var("ROPC_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "python3-samba is missing (apt-get install python3-samba)");
        // Past the test harness, which keeps what passing tests print.
        let text = b"SKIPPED: python3-samba is missing (apt-get install python3-samba)\n";
        std::io::stderr().write_all(text).unwrap();
    }
    found
}

/// Answers of the peer, one a line.
fn ask(python: &str, lines: &[String]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/ndr_samba.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
    let mut stdin = child.stdin.take().unwrap();
    let text = lines.join("\n") + "\n";
    // From a thread of its own: pipes hold only so much.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len());
    answers
}

/// Bytes as the script reads them.
fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One direction of a call: what the request and, for a response, the response are in every
/// representation.
pub struct Exchange {
    /// `echo.AddOne`
    pub operation: String,
    /// For error messages.
    pub name: String,
    /// In the order of [`REPRESENTATIONS`].
    pub request: [Vec<u8>; 3],
    /// The response; `None` compares the request.
    pub response: Option<[Vec<u8>; 3]>,
}

/// Compares bytes, and gives what the peer saw in each message.
pub fn compare(python: &str, exchanges: &[Exchange]) -> Vec<String> {
    let mut lines = Vec::new();
    for exchange in exchanges {
        for (index, name) in NAMES.into_iter().enumerate() {
            let request = hex(&exchange.request[index]);
            lines.push(match &exchange.response {
                None => format!("{} in {name} {request}", exchange.operation),
                Some(response) => format!("{} out {name} {request} {}", exchange.operation, hex(&response[index])),
            });
        }
    }
    let answers = ask(python, &lines);
    let mut seen = Vec::new();
    for (exchange, answers) in exchanges.iter().zip(answers.chunks(3)) {
        let expected: Vec<String> =
            exchange.response.as_ref().unwrap_or(&exchange.request).iter().map(|b| hex(b)).collect();
        let mut values: Option<&str> = None;
        for (answer, from) in answers.iter().zip(NAMES) {
            let words: Vec<&str> = answer.split(' ').collect();
            let ["ok", value, packed @ ..] = words.as_slice() else {
                panic!("{} from {from}: {answer}", exchange.name);
            };
            assert_eq!(packed, expected.as_slice(), "{} from {from}", exchange.name);
            assert_eq!(values.unwrap_or(value), *value, "{} from {from}", exchange.name);
            values = Some(value);
        }
        seen.push(values.unwrap_or_default().to_owned());
    }
    seen
}
