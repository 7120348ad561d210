//! The interfaces that are described here and that Samba knows too, compared with it: what generated code packs is
//! unpacked and packed by Samba to the same bytes, in NDR 2.0 of both byte orders and in NDR64.
//!
//! Structures and operations that cannot agree are listed with the reason; one that agrees all the same is a mistake
//! of the list.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use generated_tests::ndr::{Operation, Structure, samples};

#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../generated/mgmt.rs"]
mod mgmt;
mod pdus;
#[path = "../ndr_peer/mod.rs"]
#[allow(dead_code)]
mod peer;
#[rustfmt::skip]
#[allow(dead_code)]
#[path = "../generated/rpcecho.rs"]
mod rpcecho;
mod towers;

/// Values of each structure and operation.
const COUNT: usize = 40;

/// What is called otherwise there.
const RENAMED: &[&str] = &[
    "rpcecho=echo",
    "rpcecho.Info1=echo.info1",
    "rpcecho.Info2=echo.info2",
    "rpcecho.Info3=echo.info3",
    "rpcecho.Info4=echo.info4",
    "rpcecho.Info5=echo.info5",
    "rpcecho.Info6=echo.info6",
    "rpcecho.Info7=echo.info7",
    "mgmt.rpc_if_id_t=misc.ndr_syntax_id",
    "mgmt.rpc__mgmt_inq_if_ids=mgmt.inq_if_ids",
    "mgmt.rpc__mgmt_inq_stats=mgmt.inq_stats",
    "mgmt.rpc__mgmt_is_server_listening=mgmt.is_server_listening",
    "mgmt.rpc__mgmt_stop_server_listening=mgmt.stop_server_listening",
    "mgmt.rpc__mgmt_inq_princ_name=mgmt.inq_princ_name",
    "epmapper.rpc_if_id_t=epmapper.rpc_if_id_t",
    "epmapper.ept_insert=epmapper.epm_Insert",
    "epmapper.ept_delete=epmapper.epm_Delete",
    "epmapper.ept_lookup=epmapper.epm_Lookup",
    "epmapper.ept_map=epmapper.epm_Map",
    "epmapper.ept_lookup_handle_free=epmapper.epm_LookupHandleFree",
    "epmapper.ept_inq_object=epmapper.epm_InqObject",
    "epmapper.ept_mgmt_delete=epmapper.epm_MgmtDelete",
];

/// What is compared in some representations only, in which, and why.
const NOT_IN_ALL: &[(&str, &str, &str)] = &[
    ("epmapper.ept_insert", "le,be", "the annotation and the size before a tower have 32 bits there in NDR64, too"),
    ("epmapper.ept_delete", "le,be", "the same"),
    ("epmapper.ept_lookup", "le,be", "the same"),
    ("epmapper.ept_map", "le,be", "the same"),
    ("epmapper.ept_mgmt_delete", "le,be", "the same"),
    ("mgmt.rpc_if_id_t", "le,ndr64", "two versions of 16 bits are one of 32 there"),
    ("dcerpc.ncacn_packet", "le", "the samples are in one representation"),
];

/// Where Samba has unique pointers and C706 full ones: the ids are others.
const OTHER_POINTERS: &[&str] =
    &["epmapper.ept_insert", "epmapper.ept_delete", "epmapper.ept_lookup", "epmapper.ept_map"];

/// Where Samba has something else than the documents.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("mgmt.rpc__mgmt_inq_if_ids", "two versions of 16 bits are one of 32 there, which big-endian shows"),
    ("mgmt.rpc__mgmt_inq_stats", "the request has two parameters there, the response a structure"),
];

/// Asks Samba about lines of samples; gives for each name how often it agreed, and the first answer that is none.
fn ask(python: &str, lines: &[String]) -> BTreeMap<String, (usize, Option<String>)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/ndr_diff.py");
    let mut child = Command::new(python)
        .arg(script)
        .args(RENAMED)
        .args(NOT_IN_ALL.iter().flat_map(|(name, which, _)| ["--only".to_owned(), format!("{name}={which}")]))
        .args(OTHER_POINTERS.iter().flat_map(|name| ["--ids", name]))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().unwrap();
    let text = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), lines.len());
    let mut found: BTreeMap<String, (usize, Option<String>)> = BTreeMap::new();
    for line in text.lines() {
        let [_, name, answer] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (agreed, other) = found.entry(name.to_owned()).or_default();
        if answer == "ok" {
            *agreed += 1;
        } else if other.is_none() {
            *other = Some(answer.to_owned());
        }
    }
    found
}

#[test]
fn samba_agrees_on_every_structure_and_operation() {
    let Some(python) = peer::python() else { return };
    let interfaces: [(&str, &[Structure], &[Operation]); 2] =
        [("rpcecho", rpcecho::STRUCTURES, rpcecho::OPERATIONS), ("mgmt", mgmt::STRUCTURES, mgmt::OPERATIONS)];
    let (mut lines, mut operations_of) = (Vec::new(), Vec::new());
    for (seed, (interface, structures, operations)) in interfaces.into_iter().enumerate() {
        operations_of.extend(operations.iter().map(|operation| format!("{interface}.{}", operation.name)));
        let samples = samples(structures, operations, seed as u64 + 1, COUNT);
        lines.extend(samples.iter().map(|sample| sample.line(interface)));
    }
    lines.extend(towers::lines(COUNT));
    lines.extend(pdus::lines(4 * COUNT));
    let found = ask(python, &lines);
    let (mut problems, mut agreeing) = (Vec::new(), 0);
    for (name, (agreed, other)) in &found {
        agreeing += usize::from(other.is_none());
        // Python sees only the structures that are public there; operations hold the others.
        if other.as_deref() == Some("unknown -") && !operations_of.contains(name) {
            continue;
        }
        match (EXCEPTIONS.iter().find(|(excepted, _)| excepted == name), other) {
            (None, Some(answer)) => problems.push(format!("{name} (agrees {agreed} times): {answer}")),
            (Some((_, why)), None) => problems.push(format!("{name} agrees, though {why}")),
            _ => {}
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(agreeing >= 20, "only {agreeing} agree");
}
