//! Security descriptors of MS-DTYP, with Samba's library (Debian's `python3-samba`) as a second opinion through
//! `peers/security_samba.py`, in both directions.
//!
//! Skips where the library is missing; with `ROPC_REQUIRE_PEERS=1` that is a failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use generated_tests::vectors::hex;
use protocol::dtyp::{ACE, ACEAce, ACL, SID, SecurityDescriptor, TransferSecurityDescriptor};
use runtime::{Cursor, Encoder, Guid};

/// In the syntax of SDDL: owners, groups, and entries of every kind that Samba reads.
const DESCRIPTORS: [&str; 8] = [
    "O:BAG:SYD:(A;OICI;FA;;;WD)(OA;;CR;ab721a54-1e2f-11d0-9819-00aa0040529b;;AU)(D;;WD;;;S-1-5-21-1-2-3-500)\
     S:(AU;SAFA;WDWO;;;WD)",
    "O:DAG:DU",
    "D:",
    "G:BA",
    "O:S-1-5-21-1-2-3-4-5-6-7-8-9-10-11-12-13-14D:(A;;GA;;;CO)",
    "O:BAD:PAI(OD;CIIOID;RPWP;bf967a86-0de6-11d0-a285-00aa003049e2;bf967aba-0de6-11d0-a285-00aa003049e2;PS)",
    "S:PAI(OU;CISA;CR;;bf967aba-0de6-11d0-a285-00aa003049e2;WD)",
    "O:S-1-0-0G:S-1-281474976710655-4294967295D:ARAI(A;;0x1f01ff;;;S-1-1-0)(A;NP;0xffffffff;;;AN)",
];

/// A Python that has Samba's bindings: Debian's own, which another one in the path may hide.
fn python() -> Option<&'static str> {
    let works = |python: &&str| {
        let mut command = Command::new(python);
        command.args(["-c", "import samba.dcerpc.security"]).stdout(Stdio::null()).stderr(Stdio::null());
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
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/security_samba.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python starts");
    // Few and short: they fit into the pipe.
    child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "{}", output.status);
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len());
    answers
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sid(sid: &SID) -> String {
    // Large authorities are written in hexadecimal (MS-DTYP 2.4.2.1).
    let mut text = match sid.identifier_authority {
        small @ ..0x1_0000_0000 => format!("S-1-{small}"),
        large => format!("S-1-{large:#x}"),
    };
    for number in &sid.sub_authority {
        write!(text, "-{number}").unwrap();
    }
    text
}

fn guid(guid: Option<Guid>) -> String {
    guid.map_or("-".to_owned(), |guid| guid.to_string().trim_matches(['{', '}']).to_ascii_lowercase())
}

fn ace(ace: &ACE<'_>) -> String {
    let flags = ace.ace_flags.0;
    match &ace.ace {
        ACEAce::Plain { ace_type, mask, sid: of, .. } => {
            format!("{:02x}:{flags:02x}:{:08x}:{}", ace_type.0, mask.0, sid(of))
        }
        ACEAce::Object { ace_type, mask, object_type, inherited_object_type, sid: of, .. } => {
            let (object, inherited) = (guid(*object_type), guid(*inherited_object_type));
            format!("{:02x}:{flags:02x}:{:08x}:{object}:{inherited}:{}", ace_type.0, mask.0, sid(of))
        }
        ACEAce::Other { ace_type, .. } => panic!("{ace_type:?}"),
    }
}

fn acl(acl: Option<&ACL<'_>>) -> String {
    acl.map_or("-".to_owned(), |acl| format!("[{}]", acl.aces.iter().map(ace).collect::<Vec<_>>().join(",")))
}

/// What the bytes say, as the script says it, and the bytes that are written for it.
fn show(bytes: &[u8]) -> String {
    let mut c = Cursor::new(bytes);
    let found = SecurityDescriptor::unpack(&mut c).unwrap();
    assert!(c.is_empty());
    let one = |of: &Option<SID>| of.as_ref().map_or("-".to_owned(), sid);
    let mut e = Encoder::new();
    found.pack(&mut e).unwrap();
    assert_eq!(found.packed_size(), e.as_slice().len());
    let (owner, group) = (one(&found.owner_sid), one(&found.group_sid));
    let (sacl, dacl) = (acl(found.sacl.as_ref()), acl(found.dacl.as_ref()));
    format!("{:04x} {owner} {group} {sacl} {dacl} {}", found.control.0, to_hex(e.as_slice()))
}

#[test]
fn descriptors_of_samba_are_read_and_written_alike() {
    let Some(python) = python() else { return };
    let packed = ask(python, &DESCRIPTORS.map(|text| format!("pack {text}")));
    let shown = ask(python, &packed.iter().map(|bytes| format!("show {bytes}")).collect::<Vec<_>>());
    for ((text, bytes), theirs) in DESCRIPTORS.iter().zip(&packed).zip(&shown) {
        let bytes = hex(bytes);
        assert_eq!(show(&bytes), *theirs, "{text}");
        assert_eq!(theirs.rsplit(' ').next(), Some(to_hex(&bytes).as_str()), "{text}");
    }
}

/// A descriptor whose parts stand in another order than they are written, and one with a list in two places.
const OTHER_ORDERS: [&str; 2] = [
    "01 00 04 80  2C 00 00 00  20 00 00 00  00 00 00 00  14 00 00 00
     02 00 08 00 00 00 00 00  FF FF FF FF  01 01 00 00 00 00 00 05 12 00 00 00
     01 02 00 00 00 00 00 05 20 00 00 00 20 02 00 00",
    "01 00 04 80  14 00 00 00  20 00 00 00  00 00 00 00  2C 00 00 00
     01 01 00 00 00 00 00 01 00 00 00 00  01 01 00 00 00 00 00 05 12 00 00 00  02 00 08 00 00 00 00 00",
];

#[test]
fn parts_may_stand_in_any_order() {
    for text in OTHER_ORDERS {
        let bytes = hex(text);
        let ours = show(&bytes);
        // Written again they have the order of the document, which is read as the same.
        let written = hex(ours.rsplit(' ').next().unwrap());
        assert_eq!(show(&written), ours, "{text}");
    }
    let Some(python) = python() else { return };
    let lines = OTHER_ORDERS.map(|text| format!("show {}", to_hex(&hex(text))));
    for (theirs, text) in ask(python, &lines).iter().zip(OTHER_ORDERS) {
        assert_eq!(show(&hex(text)), *theirs);
    }
}

#[test]
fn sizes_and_offsets_that_lie_are_refused() {
    let whole = hex(OTHER_ORDERS[1]);
    for (at, wrong) in [(4, 0x13), (4, 0x38), (4, 0xFF), (0x2E, 0x07), (0x2E, 0x09), (0x30, 0x01), (0x15, 0x10), (0, 2)]
    {
        let mut bytes = whole.clone();
        bytes[at] = wrong;
        assert!(SecurityDescriptor::unpack(&mut Cursor::new(&bytes)).is_err(), "{wrong:#x} at {at:#x}");
    }
    // Two identifiers in the bytes of one, and no room for both.
    let shared =
        hex("01 00 00 80  14 00 00 00  14 00 00 00  00 00 00 00  00 00 00 00  01 01 00 00 00 00 00 01 00 00 00 00");
    assert!(SecurityDescriptor::unpack(&mut Cursor::new(&shared)).is_err());
    for size in 0..whole.len() {
        assert!(SecurityDescriptor::unpack(&mut Cursor::new(&whole[..size])).is_err(), "{size}");
    }
}

#[test]
fn a_property_has_a_header_before_the_descriptor() {
    // A longer header than ours is kept; offsets count from the descriptor, not from the property.
    let descriptor = hex(OTHER_ORDERS[1]);
    for extra in ["", "AA BB CC DD"] {
        let extra = hex(extra);
        let head = [&[8 + extra.len() as u8, 0][..], &hex("03 00  07 00 00 00"), &extra].concat();
        let bytes = [head, descriptor.clone()].concat();
        let mut c = Cursor::new(&bytes);
        let value = TransferSecurityDescriptor::unpack(&mut c).unwrap();
        assert!(c.is_empty());
        assert_eq!((value.version, value.security_information.0, &value.extra[..]), (3, 7, &extra[..]));
        assert_eq!(value.security_descriptor.owner_sid.as_ref().map(sid).as_deref(), Some("S-1-1-0"));
        let mut e = Encoder::new();
        value.pack(&mut e).unwrap();
        assert_eq!(e.finish()[..], bytes);
    }
}
