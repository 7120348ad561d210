//! Programs that others wrote: where they are, and what they say of bytes.

use std::io::Write as _;
use std::process::{Command, Stdio};

use generated_tests::described::root;

/// Skips loudly, past the test harness, which keeps what passing tests print; a failure where peers are required.
fn missing(what: &str) {
    let required = std::env::var("ROPC_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "{what}");
    std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes()).unwrap();
}

/// A Python that has impacket: Debian's own, which another one in the path may hide.
pub fn impacket() -> Option<&'static str> {
    let works = |python: &&str| {
        let mut command = Command::new(python);
        command.args(["-c", "import impacket.dcerpc.v5.nspi"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = ["/usr/bin/python3", "python3"].into_iter().find(works);
    if found.is_none() {
        missing("impacket is missing (apt-get install python3-impacket)");
    }
    found
}

/// What Wireshark finds in a capture: a line a packet, these columns; `None` where it is missing.
pub fn tshark(capture: &[u8], fields: &[&str]) -> Option<Vec<Vec<String>>> {
    if Command::new("tshark").arg("--version").output().is_err() {
        missing("tshark is missing (apt-get install tshark)");
        return None;
    }
    let directory = std::env::temp_dir().join(format!("rpc-documents-{}-{}", std::process::id(), capture.len()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("a.pcap");
    std::fs::write(&file, capture).unwrap();
    let mut command = Command::new("tshark");
    command.env("HOME", &directory).env("LC_ALL", "C.UTF-8").arg("-r").arg(&file).args(["-T", "fields"]);
    command.args(fields.iter().flat_map(|field| ["-e", field]));
    let output = command.output().unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

/// The answers of a program to lines on its standard input.
pub fn ask(command: &mut Command, lines: &[String]) -> Vec<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().unwrap();
    let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    // From a thread of its own: pipes hold only so much.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// impacket's answers, one a line.
pub fn ask_impacket(python: &str, lines: &[String]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/ndr_impacket.py");
    let answers = ask(Command::new(python).arg(script), lines);
    assert_eq!(answers.len(), lines.len());
    answers
}

/// The trees of `ropc decode lines`, an object a buffer.
pub fn trees(lines: &[String]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--offline", "--locked", "--package", "ropc", "--"]);
    command.args(["decode", "lines", "--format", "json"]).current_dir(root());
    ask(&mut command, lines)
}

/// A capture of IP packets: each of these on a TCP connection of its own.
pub fn capture(payloads: &[Vec<u8>]) -> Vec<u8> {
    let alone: Vec<[Vec<u8>; 1]> = payloads.iter().map(|payload| [payload.clone()]).collect();
    conversations(&alone)
}

/// The same of conversations: the client begins, and both take turns.
pub fn conversations<const N: usize>(all: &[[Vec<u8>; N]]) -> Vec<u8> {
    let mut file = [0xA1B2_C3D4_u32, 0x0002_0004, 0, 0, 0x0004_0000, 101].map(u32::to_be_bytes).concat();
    let mut number = 0_u32;
    for (index, payloads) in all.iter().enumerate() {
        let (client, server) = (20_000 + index as u16, 49_152_u16);
        let mut sent = [1_u32; 2];
        for (turn, payload) in payloads.iter().enumerate() {
            let side = turn % 2;
            let (from, to) = if side == 0 { (client, server) } else { (server, client) };
            let mut packet = vec![0x45, 0];
            packet.extend((40 + payload.len() as u16).to_be_bytes());
            packet.extend([0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1 + side as u8, 127, 0, 0, 2 - side as u8]);
            packet.extend([from.to_be_bytes(), to.to_be_bytes()].concat());
            packet.extend([sent[side].to_be_bytes(), sent[1 - side].to_be_bytes()].concat());
            packet.extend([0x50, 0x18, 0x20, 0, 0, 0, 0, 0]);
            packet.extend(payload);
            sent[side] += payload.len() as u32;
            let size = packet.len() as u32;
            file.extend([number, 0, size, size].map(u32::to_be_bytes).concat());
            file.extend(packet);
            number += 1;
        }
    }
    file
}
