//! `ropc decode` interprets interfaces of RPC; this crate's code is generated from them. Both accept the same bytes and use as
//! many of them: over values that are made, each with bytes changed, cut and added, in NDR 2.0 of both byte orders and NDR64.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use generated_tests::described::root;
use generated_tests::ndr::{Bytes, Operation, REPRESENTATIONS, Sample, Structure, samples};
use generated_tests::oracles::Noise;

macro_rules! interfaces {
    ($($name:ident $path:literal;)*) => {
        $(
            #[rustfmt::skip]
            #[allow(dead_code)]
            #[path = $path]
            mod $name;
        )*

        const INTERFACES: &[(&str, &[Structure], &[Operation])] =
            &[$((stringify!($name), $name::STRUCTURES, $name::OPERATIONS)),*];
    };
}

interfaces! {
    asyncemsmdb "generated/asyncemsmdb.rs";
    emsmdb "generated/emsmdb.rs";
    epmapper "generated/epmapper.rs";
    mgmt "generated/mgmt.rs";
    nspi "generated/nspi.rs";
    rfr "generated/rfr.rs";
    rpcecho "generated/rpcecho.rs";
}

/// Values of each structure and operation.
const COUNT: usize = 4;
/// Changes of each.
const CHANGES: usize = 14;
const NAMES: [&str; 3] = ["le", "be", "ndr64"];

/// The same, and the same with a byte changed, cut off, or bytes added.
fn like(bytes: &[u8], noise: &mut Noise) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec(), [bytes, &[0; 7]].concat(), [bytes, &[0; 9]].concat()];
    for _ in 0..CHANGES {
        if bytes.is_empty() {
            break;
        }
        let at = noise.number() as usize % bytes.len();
        let mut changed = bytes.to_vec();
        match noise.number() % 4 {
            0 => changed.truncate(at),
            1 => changed[at] = 0,
            2 => changed[at] = changed[at].wrapping_add(1),
            _ => changed[at] = noise.number() as u8,
        }
        all.push(changed);
    }
    all
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A line for the interpreter, and the answer of generated code.
type Case = (String, String);

fn answer(is_right: bool) -> String {
    if is_right { "ok".to_owned() } else { "error".to_owned() }
}

fn of_structure(interface: &str, structure: &Structure, all: &Bytes, noise: &mut Noise, cases: &mut Vec<Case>) {
    for (index, bytes) in all.iter().enumerate() {
        for bytes in like(bytes, noise) {
            let size = (structure.size)(&bytes, REPRESENTATIONS[index]);
            let answer = size.map_or_else(|| "error".to_owned(), |size| format!("ok {size}"));
            cases.push((format!("rpc {interface}.{} type {} {}", structure.name, NAMES[index], hex(&bytes)), answer));
        }
    }
}

fn of_operation(interface: &str, operation: &Operation, all: [&Bytes; 2], noise: &mut Noise, cases: &mut Vec<Case>) {
    let [requests, responses] = all;
    for (index, (request, response)) in requests.iter().zip(responses).enumerate() {
        let representation = REPRESENTATIONS[index];
        let name = format!("rpc {interface}.{}", operation.name);
        for bytes in like(request, noise) {
            let line = format!("{name} in {} {}", NAMES[index], hex(&bytes));
            cases.push((line, answer((operation.asks)(&bytes, representation))));
        }
        for bytes in like(response, noise) {
            let line = format!("{name} out {} {} {}", NAMES[index], hex(request), hex(&bytes));
            cases.push((line, answer((operation.answers)(request, &bytes, representation))));
        }
    }
}

/// The interpreter's answers to lines.
fn interpreted(lines: &str) -> Vec<String> {
    let mut process = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--locked", "--package", "ropc", "--", "decode", "lines"])
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It answers when it has read all. One that reads nothing says why.
    _ = process.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = process.wait_with_output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    assert!(!answers.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    answers.lines().map(str::to_owned).collect()
}

#[test]
fn structures_and_operations_agree() {
    let (mut noise, mut cases) = (Noise::new(0x0DCE), Vec::new());
    for (seed, (interface, structures, operations)) in INTERFACES.iter().enumerate() {
        for sample in samples(structures, operations, seed as u64 + 1, COUNT) {
            match sample {
                Sample::Structure(name, all) => {
                    let structure = structures.iter().find(|structure| structure.name == name).unwrap();
                    of_structure(interface, structure, &all, &mut noise, &mut cases);
                }
                Sample::Operation(name, request, response) => {
                    let operation = operations.iter().find(|operation| operation.name == name).unwrap();
                    of_operation(interface, operation, [&request, &response], &mut noise, &mut cases);
                }
            }
        }
    }
    // What carries MAPI structures is looked into by the interpreter, not by `decode`: bytes of their own are made there.
    let carries = ["emsmdb.EcDoConnectEx", "emsmdb.EcDoRpcExt2"];
    cases.retain(|(line, _)| !carries.iter().any(|name| line.contains(name)));
    let lines: String = cases.iter().map(|(line, _)| format!("{line}\n")).collect();
    let answers = interpreted(&lines);
    assert_eq!(answers.len(), cases.len());
    let mut wrong = Vec::new();
    for ((line, expected), answer) in cases.iter().zip(&answers) {
        let same = if expected == "error" { answer.starts_with("error ") } else { answer == expected };
        if !same {
            wrong.push(format!("generated code: {expected}, interpreter: {answer}\n    {line:.600}"));
        }
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {} differ:\n{shown}", wrong.len(), answers.len());
    let right = cases.iter().filter(|(_, answer)| answer.starts_with("ok")).count();
    assert!(right > 5_000 && cases.len() - right > 5_000, "{right} of {}", cases.len());
}
