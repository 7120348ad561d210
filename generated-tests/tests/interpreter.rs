//! `ropc decode` interprets the descriptions; this crate's code is generated from them. Both accept the same
//! bytes and use as many of them: over the published vectors, over a captured conversation, each with bytes
//! changed, cut and added, and over bytes at random.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use generated_tests::Choices;
use generated_tests::described::{root, vectors};
use generated_tests::streams::sample;
use protocol::oxcdata::{PropertyTag, PropertyType, WireForm};
use protocol::oxcfxics::{FastTransfer, FastTransferDecoder, FastTransferRoot};
use protocol::oxcmapihttp::{ExecuteRequest, ExecuteResponse};
use protocol::oxcnotif::{ChangedTableRow, DeletedTableRow, NotificationData, TableChange};
use protocol::oxcrpc::{RopInputBuffers, RopOutputBuffers};
use protocol::rops::{Conversation, RopId, RopInputBuffer, RopOutputBuffer, RopReply, RopRequest};
use readers::{BY_COLUMNS, BY_FORM, BY_FORM_AND_TYPE, BY_TYPE, PLAIN};
use runtime::stream::StreamError;
use runtime::stream::typed::Stream as _;
use runtime::{Cursor, UnpackError, UnpackErrorKind};

/// Columns of rows: types of fixed and of other sizes, lists, and none.
const COLUMNS: [PropertyTag; 8] = [
    PropertyTag(0x0037_001F),
    PropertyTag(0x0E06_0040),
    PropertyTag(0x6748_0014),
    PropertyTag(0x0FFF_0102),
    PropertyTag(0x0E1B_000B),
    PropertyTag(0x0000_0000),
    PropertyTag(0x8001_101F),
    PropertyTag(0x3008_001E),
];

/// Forms of values with their names.
const FORMS: [(&str, WireForm); 3] =
    [("rop", WireForm::Rop), ("rule", WireForm::Rule), ("extended", WireForm::Extended)];

type Read = Box<dyn Fn(&mut Cursor<'_>) -> Result<(), UnpackError>>;

/// What a line names, and the generated code that reads it.
struct Type {
    name: String,
    read: Read,
}

/// All structures and bodies: `PLAIN`, `BY_TYPE`, `BY_COLUMNS`, `BY_FORM`, `BY_FORM_AND_TYPE`.
mod readers {
    use runtime::{Cursor, UnpackError};

    include!(concat!(env!("OUT_DIR"), "/readers.rs"));
}

fn types() -> Vec<Type> {
    let mut types = Vec::new();
    let mut add = |name: String, read: Read| types.push(Type { name, read });
    for (name, read) in PLAIN {
        add((*name).to_owned(), Box::new(read));
    }
    for (name, read) in BY_COLUMNS {
        for count in [0, 1, 2, 4, COLUMNS.len()] {
            let columns = &COLUMNS[..count];
            let written: Vec<String> = columns.iter().map(|tag| tag.0.to_string()).collect();
            add(format!("{name};Columns={}", written.join(",")), Box::new(move |c| read(c, columns)));
        }
    }
    let property_types = || PropertyType::NAMES.iter().map(|(value, _)| *value).chain([0x0999]).map(PropertyType);
    for (name, read) in BY_TYPE {
        for ty in property_types() {
            add(format!("{name};PropertyType={}", ty.0), Box::new(move |c| read(c, ty)));
        }
    }
    for (form_name, form) in FORMS {
        for (name, read) in BY_FORM {
            add(format!("{name};F={form_name}"), Box::new(move |c| read(c, form)));
        }
        for (name, read) in BY_FORM_AND_TYPE {
            for ty in property_types() {
                let name = format!("{name};F={form_name};PropertyType={}", ty.0);
                add(name, Box::new(move |c| read(c, form, ty)));
            }
        }
    }
    for m in [false, true] {
        add(format!("DeletedTableRow;M={m}"), Box::new(move |c| DeletedTableRow::unpack(c, m).map(drop)));
    }
    for columns in [None, Some(&COLUMNS[2..3]), Some(&COLUMNS[..0]), Some(&COLUMNS[..])] {
        let given = columns.map(|columns| {
            let columns: Vec<String> = columns.iter().map(|tag| tag.0.to_string()).collect();
            format!(";Columns={}", columns.join(","))
        });
        let given = given.unwrap_or_default();
        for m in [false, true] {
            let name = format!("ChangedTableRow;M={m}{given}");
            add(name, Box::new(move |c| ChangedTableRow::unpack(c, m, columns).map(drop)));
            add(format!("TableChange;M={m}{given}"), Box::new(move |c| TableChange::unpack(c, m, columns).map(drop)));
        }
        add(format!("NotificationData{given}"), Box::new(move |c| NotificationData::unpack(c, columns).map(drop)));
    }
    types
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count.max(1) as u64).unwrap()
    }

    /// Few bytes, most of them small: counts, flags and short lengths.
    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(40);
        let byte = |noise: &mut Self| {
            let any = noise.next().to_be_bytes()[0];
            if noise.below(3) == 0 { any } else { any % 4 }
        };
        (0..length).map(|_| byte(self)).collect()
    }
}

/// These bytes, and many like them: each byte changed, each length, something after the end.
fn like(bytes: &[u8], noise: &mut Noise, most: usize) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec(), [bytes, &[0, 1]].concat()];
    let places: Vec<usize> = if bytes.len() <= most {
        (0..bytes.len()).collect()
    } else {
        (0..most).map(|_| noise.below(bytes.len())).collect()
    };
    for at in places {
        all.push(bytes[..at].to_vec());
        let any = noise.next().to_be_bytes()[0];
        for value in [0, 1, 0xFF, bytes[at] ^ 1, bytes[at].wrapping_add(1), any] {
            let mut changed = bytes.to_vec();
            changed[at] = value;
            all.push(changed);
        }
    }
    all.dedup();
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// Lines for the interpreter, each with the answer of generated code.
#[derive(Default)]
struct Cases {
    lines: String,
    expected: Vec<String>,
}

impl Cases {
    fn value(&mut self, name: &str, bytes: &[u8], read: impl Fn(&mut Cursor<'_>) -> Result<(), UnpackError>) {
        let mut c = Cursor::new(bytes);
        let answer = read(&mut c);
        self.expected.push(answer.map_or_else(|_| "error".to_owned(), |()| format!("ok {}", c.offset())));
        _ = writeln!(self.lines, "{name} {}", hex(bytes));
    }

    /// A request or an unsolicited reply, RopId first.
    fn operation(&mut self, bytes: &[u8]) {
        let Some(name) = bytes.first().and_then(|id| RopId(*id).name()) else { return };
        self.value(name, bytes, |c| {
            let mut after = c.clone();
            let id = RopId::unpack(&mut after)?;
            if Conversation::default().unpack_unsolicited(id, &mut after)?.is_some() {
                *c = after;
                return Ok(());
            }
            RopRequest::unpack(c).map(drop)
        });
    }

    fn exchange(&mut self, request: &[u8], reply: &[u8]) {
        let answer = RopInputBuffer::unpack(request).and_then(|input| {
            let output = RopOutputBuffer::unpack(reply, &input.requests, &mut Conversation::default())?;
            let opaque = output.replies.iter().any(|reply| matches!(reply, RopReply::Opaque(_)));
            Ok(if opaque { "opaque" } else { "ok" })
        });
        self.expected.push(answer.unwrap_or("error").to_owned());
        // No bytes are a word, too.
        _ = writeln!(self.lines, "rops 0x{} 0x{}", hex(request), hex(reply));
    }

    /// Asks the interpreter, and answers how many of the answers were each kind.
    #[track_caller]
    fn compare(&self) -> BTreeMap<String, usize> {
        let answers = interpreted(&self.lines);
        assert_eq!(answers.len(), self.expected.len(), "an answer for each line");
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for ((line, expected), answer) in self.lines.lines().zip(&self.expected).zip(&answers) {
            let kind = expected.split(' ').next().unwrap();
            *kinds.entry(kind.to_owned()).or_default() += 1;
            let same = if expected == "error" { answer.starts_with("error ") } else { answer == expected };
            if !same {
                wrong.push(format!("generated code: {expected}, interpreter: {answer}\n    {line:.1000}"));
            }
        }
        let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(wrong.is_empty(), "{} of {} differ:\n{shown}", wrong.len(), answers.len());
        kinds
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
fn structures_and_bodies_agree() {
    let (vectors, mut noise, mut cases) = (vectors(), Noise(1), Cases::default());
    for ty in types() {
        let name = ty.name.split(';').next().unwrap();
        let own = vectors.get(name).into_iter().flatten().map(|(_, bytes)| bytes.clone());
        let bodies = ["Request", "Response", "Failure"].iter().filter_map(|what| vectors.get(name.strip_suffix(what)?));
        let of_bodies = bodies.flatten().map(|(_, bytes)| bytes.clone());
        let values: Vec<Vec<u8>> = own.chain(of_bodies).collect();
        for bytes in values {
            like(&bytes, &mut noise, 30).iter().for_each(|bytes| cases.value(&ty.name, bytes, &ty.read));
        }
        for _ in 0..50 {
            cases.value(&ty.name, &noise.bytes(), &ty.read);
        }
    }
    let read = PLAIN.len() > 50 && BY_TYPE.len() > 1 && BY_COLUMNS.len() > 2 && BY_FORM.len() > 5;
    assert!(read && !BY_FORM_AND_TYPE.is_empty(), "the descriptions are not read");
    let kinds = cases.compare();
    assert!(kinds["ok"] > 3_000 && kinds["error"] > 3_000, "{kinds:?}");
}

/// Reads a stream of a root to its end.
fn stream(c: &mut Cursor<'_>, root: FastTransferRoot) -> Result<(), UnpackError> {
    let mut decoder = FastTransferDecoder::new(root);
    let mut read = |mut piece: &[u8]| -> Result<(), StreamError> {
        while decoder.next(&mut piece)?.is_some() {}
        while decoder.finish()?.is_some() {}
        Ok(())
    };
    let result = read(c.peek());
    c.take_rest();
    result.map_err(|_| c.error(UnpackErrorKind::MissingContext { what: "a stream of the grammar" }))
}

#[test]
fn streams_agree() {
    let (mut noise, mut cases) = (Noise(5), Cases::default());
    for root in FastTransfer::ROOTS {
        let number = FastTransfer::root(*root);
        let name = format!("FastTransfer;root={}", FastTransfer::GRAMMAR.production_name(number));
        for _ in 0..12 {
            let words = (0..200).map(|_| u32::try_from(noise.next() >> 32).unwrap()).collect();
            let (_, mut writer) = sample(FastTransfer::GRAMMAR, number, &mut Choices::new(words));
            let bytes = writer.take(usize::MAX).unwrap_or_default();
            for bytes in like(&bytes, &mut noise, 12) {
                cases.value(&name, &bytes, |c| stream(c, *root));
            }
        }
    }
    let kinds = cases.compare();
    assert!(kinds["ok"] > 500 && kinds["error"] > 1_000, "{kinds:?}");
}

#[test]
fn requests_agree() {
    let (mut noise, mut cases) = (Noise(2), Cases::default());
    for (target, bytes) in vectors().into_values().flatten() {
        if target == "request" {
            like(&bytes, &mut noise, 40).iter().for_each(|bytes| cases.operation(bytes));
        }
    }
    for (id, _) in RopId::NAMES {
        for _ in 0..60 {
            cases.operation(&[&[*id], noise.bytes().as_slice()].concat());
        }
    }
    let kinds = cases.compare();
    assert!(kinds["ok"] > 3_000 && kinds["error"] > 3_000, "{kinds:?}");
}

/// A ROP buffer of these operations with four handles.
fn buffer(operations: &[&[u8]]) -> Vec<u8> {
    let mut e = runtime::Encoder::new();
    runtime::rop::pack_batch(&mut e, &operations.concat(), &[5, 6, 7, 8]).unwrap();
    e.finish().to_vec()
}

#[test]
fn replies_agree() {
    // RopSetColumns of the table behind each of the first two indexes, so that rows can be read.
    const SET: [&[u8]; 2] = [
        b"\x12\x00\x00\x00\x02\x00\x1F\x00\x37\x00\x14\x00\x48\x67",
        b"\x12\x00\x01\x00\x02\x00\x1F\x00\x37\x00\x14\x00\x48\x67",
    ];
    const DONE: [&[u8]; 2] = [b"\x12\x00\0\0\0\0\0", b"\x12\x01\0\0\0\0\0"];
    let (mut noise, mut cases) = (Noise(3), Cases::default());
    for of_one in vectors().into_values() {
        let Some((_, request)) = of_one.iter().find(|(target, _)| target == "request") else { continue };
        if RopRequest::unpack(&mut Cursor::new(request)).is_err() {
            continue;
        }
        let input = buffer(&[SET[0], SET[1], request]);
        for (_, reply) in of_one.iter().filter(|(target, _)| target != "request") {
            for reply in like(reply, &mut noise, 30) {
                cases.exchange(&input, &buffer(&[DONE[0], DONE[1], &reply]));
            }
        }
        for code in [0_u8, 1, 2] {
            for _ in 0..20 {
                let head = [request[0], request[2], code, 0, 0, 0];
                cases.exchange(&input, &buffer(&[DONE[0], DONE[1], &head, &noise.bytes()]));
            }
        }
    }
    let kinds = cases.compare();
    assert!(kinds["ok"] > 500 && kinds["error"] > 1_000, "{kinds:?}");
}

#[test]
fn notifications_and_replies_in_place_of_others_agree() {
    // Columns of the first two handles: those of the rows, and others.
    const SET: &[u8] =
        b"\x12\x00\x00\x00\x01\x00\x03\x00\x02\x36\x12\x00\x01\x00\x02\x00\x14\x00\x48\x67\x03\x00\x02\x36";
    const DONE: &[u8] = b"\x12\x00\0\0\0\0\0\x12\x01\0\0\0\0\0";
    let (vectors, mut noise, mut cases) = (vectors(), Noise(6), Cases::default());
    let mut notify: Vec<Vec<u8>> = vectors["RopNotify"].iter().map(|(_, bytes)| bytes.clone()).collect();
    // Rows of each table and of none; the row of a message.
    for handle in [5, 6, 9] {
        let head = [0x2A, handle, 0, 0, 0, 0];
        for (event, row) in [(3, &[5, 0, 0, 7, 0, 0, 0][..]), (5, &[5, 0, 1, 0, 7, 0, 0][..]), (3, &[1, 0, 0][..])] {
            notify.push([&head[..], &[0, 1, event, 0], &[0x11; 8], &[0x22; 8], row].concat());
            notify.push([&head[..], &[0, 0x81, event, 0], &[0x11; 20], &[0x22; 20], row].concat());
        }
    }
    for bytes in &notify {
        for changed in like(bytes, &mut noise, 50) {
            cases.exchange(&buffer(&[SET]), &buffer(&[DONE, &changed]));
            cases.exchange(&buffer(&[SET]), &buffer(&[&changed, DONE, &changed]));
        }
    }
    let of = |name: &str, target: &'static str| {
        vectors[name].iter().filter(move |(of, _)| of == target).map(|(_, bytes)| bytes)
    };
    let asynchronous = ["RopCopyTo", "RopCopyProperties", "RopEmptyFolder", "RopDeleteMessages", "RopProgress"];
    for name in asynchronous.into_iter().chain(["RopSetColumns"]) {
        for (request, other) in of(name, "request").flat_map(|request| asynchronous.map(|other| (request, other))) {
            for reply in of(other, "success") {
                for changed in like(reply, &mut noise, 12) {
                    cases.exchange(&buffer(&[request]), &buffer(&[&changed]));
                }
            }
        }
    }
    let kinds = cases.compare();
    assert!(kinds["ok"] > 1_000 && kinds["error"] > 1_000 && !kinds.contains_key("opaque"), "{kinds:?}");
}

/// The ROP buffers of the captured conversation.
fn captured() -> Vec<(Vec<u8>, Vec<u8>)> {
    let text = std::fs::read_to_string(root().join("ropc/tests/decode/conversation.txt")).unwrap();
    let mut exchanges = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("mapihttp Execute ")) {
        let (request, response) = line.split_once(' ').unwrap();
        let (request, response) = (generated_tests::vectors::hex(request), generated_tests::vectors::hex(response));
        let body = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let request = ExecuteRequest::unpack(&mut Cursor::new(&request)).unwrap();
        let response = ExecuteResponse::unpack(&mut Cursor::new(&response[body..])).unwrap();
        let asks = RopInputBuffers::unpack(&mut Cursor::new(&request.rop_buffer)).unwrap();
        let answers = RopOutputBuffers::unpack(&mut Cursor::new(&response.rop_buffer)).unwrap();
        exchanges.push((asks.payloads[0].payload.to_vec(), answers.payloads[0].payload.to_vec()));
    }
    exchanges
}

#[test]
fn captured_exchanges_agree() {
    let (mut noise, mut cases) = (Noise(4), Cases::default());
    let exchanges = captured();
    assert!(exchanges.len() > 20);
    for (request, reply) in exchanges {
        for changed in like(&request, &mut noise, 12) {
            cases.exchange(&changed, &reply);
        }
        for changed in like(&reply, &mut noise, 12) {
            cases.exchange(&request, &changed);
        }
    }
    let kinds = cases.compare();
    assert!(kinds["ok"] > 500 && kinds["error"] > 500 && kinds["opaque"] > 3, "{kinds:?}");
}
