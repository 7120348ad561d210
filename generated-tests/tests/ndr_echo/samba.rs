//! Against Samba's library (Debian's `python3-samba`), through `peers/ndr_samba.py`: it unpacks what
//! we packed to the values that were meant, and packs them to the same bytes in all representations.
//!
//! Skips where the library is missing; with `ROPC_REQUIRE_PEERS=1` that is a failure.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::samples::{Call, REPRESENTATIONS, call, samples};

const NAMES: [&str; 3] = ["le", "be", "ndr64"];

/// A Python that has Samba's bindings: Debian's own, which another one in the path may hide.
fn python() -> Option<&'static str> {
    let works = |python: &&str| {
        let mut command = Command::new(python);
        command.args(["-c", "import samba.dcerpc.echo"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = ["/usr/bin/python3", "python3"].into_iter().find(works);
    if found.is_none() {
        let required = std::env::var("ROPC_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "python3-samba is missing (apt-get install python3-samba)");
        eprintln!("SKIPPED: python3-samba is missing (apt-get install python3-samba)");
    }
    found
}

/// Answers of the peer, one a line.
fn ask(python: &str, lines: &[String]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/ndr_samba.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
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

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a call in every representation and compares bytes; gives the values that the peer saw.
fn compare(python: &str, calls: &[Call]) -> Vec<[String; 2]> {
    let mut lines = Vec::new();
    for call in calls {
        for (representation, name) in REPRESENTATIONS.into_iter().zip(NAMES) {
            let request = hex(&call.encode_request(representation).unwrap());
            let response = hex(&call.encode_response(representation).unwrap());
            lines.push(format!("{} in {name} {request}", call.name()));
            lines.push(format!("{} out {name} {request} {response}", call.name()));
        }
    }
    let answers = ask(python, &lines);
    let mut seen = Vec::new();
    for (call, answers) in calls.iter().zip(answers.chunks(6)) {
        let requests: Vec<String> = REPRESENTATIONS.map(|r| hex(&call.encode_request(r).unwrap())).to_vec();
        let responses: Vec<String> = REPRESENTATIONS.map(|r| hex(&call.encode_response(r).unwrap())).to_vec();
        let mut values = [String::new(), String::new()];
        for (index, answer) in answers.iter().enumerate() {
            let words: Vec<&str> = answer.split(' ').collect();
            let ["ok", value, packed @ ..] = words.as_slice() else {
                panic!("{call:?}: {answer}");
            };
            let expected = if index % 2 == 0 { &requests } else { &responses };
            assert_eq!(packed, expected.as_slice(), "{call:?} from {}", NAMES[index / 2]);
            if index > 1 {
                assert_eq!(values[index % 2], *value, "{call:?} from {}", NAMES[index / 2]);
            }
            values[index % 2] = (*value).to_owned();
        }
        seen.push(values);
    }
    seen
}

/// Samba hands no text over that is not valid UTF-16, and stops at a zero inside.
fn is_plain(call: &Call) -> bool {
    let plain = |text: &runtime::Utf16<'_>| {
        let text = text.to_text();
        !text.contains(['\0', char::REPLACEMENT_CHARACTER])
            && text.chars().all(|c| !c.is_whitespace() && u32::from(c) < 0xfffe)
    };
    match call {
        Call::TestCall(request, response) => plain(&request.text) && response.answer.as_ref().is_none_or(plain),
        _ => true,
    }
}

#[test]
fn samba_sees_the_same_values_and_writes_the_same_bytes() {
    let Some(python) = python() else { return };
    let calls: Vec<Call> = samples().into_iter().filter(is_plain).collect();
    let seen = compare(python, &calls);
    for (name, request, response) in EXPECTED {
        let found = calls
            .iter()
            .zip(&seen)
            .any(|(call, values)| call.name() == *name && values[0] == *request && values[1] == *response);
        assert!(found, "{name}: {:#?}", calls.iter().zip(&seen).filter(|(c, _)| c.name() == *name).collect::<Vec<_>>());
    }
}

/// What Samba has to see in the samples: operation, request, response.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("AddOne", "in_in_data=16909060", "out_out_data=16909061"),
    ("EchoData", "in_in_data=[1,2,3];in_len=3", "out_out_data=[1,2,3]"),
    ("SinkData", "in_data=[254,255];in_len=2", "-"),
    ("SourceData", "in_len=2", "out_data=[7,8]"),
    ("TestCall", "in_s1=abc", "out_s2=de"),
    ("TestSleep", "in_seconds=3", "result=3"),
    ("TestEnum", "in_foo1=1;in_foo2={e1:1,e2:2};in_foo3=2", "out_foo1=2;out_foo2={e1:1,e2:2};out_foo3={e1:1,e2:2}"),
    ("TestSurrounding", "in_data={surrounding:[2571,3085,1],x:3}", "out_data={surrounding:[5],x:1}"),
    ("TestDoublePointer", "in_data={value:4660}", "result=4660"),
    ("TestCall2", "in_level=1", "out_info={v:17};result=3221225473"),
    ("TestCall2", "in_level=5", "out_info={v1:153,v2:1234605616436508552};result=3221225473"),
    ("TestCall2", "in_level=6", "out_info={info1:{v:17},v1:153};result=3221225473"),
    ("TestCall2", "in_level=7", "out_info={info4:{v:1234605616436508552},v1:153};result=3221225473"),
];

#[test]
fn samba_agrees_on_generated_calls() {
    let Some(python) = python() else { return };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let calls: Vec<Call> = std::iter::repeat_with(|| call().new_tree(&mut runner).unwrap().current())
        .filter(is_plain)
        .take(500)
        .collect();
    compare(python, &calls);
}
