//! The headers of requests and replies, which no description writes out: the compiler makes them of the handles.
//!
//! `ropc/tests/data/rop-layouts.tsv` lists the fields of every buffer in order with the statements that give them their
//! sizes. Each field of a header gets a value of its own here, and generated code has to read it from that byte.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use generated_tests::described::{Vectors, root, vectors};
use generated_tests::spec_coverage;
use protocol::rops::{Conversation, RopId, RopRequest};
use runtime::{Cursor, Encoder};

use crate::return_values::{decoded, kind};

/// The vectors of the descriptions, read once.
static VECTORS: LazyLock<Vectors> = LazyLock::new(vectors);

/// A value for a byte of a header that no other byte has.
const MARK: u8 = 0x51;

/// A return value whose bytes are all different, and that no body belongs to.
const CODE: [u8; 4] = [0x54, 0x63, 0x72, 0x81];

/// A field of the sheet: its name, its bytes, the statement.
type Row = (String, String, String);

/// The buffers of the sheet: operation, buffer, fields in order.
fn sheet() -> BTreeMap<(String, String), Vec<Row>> {
    let text = std::fs::read_to_string(root().join("ropc/tests/data/rop-layouts.tsv")).unwrap();
    let mut buffers: BTreeMap<(String, String), Vec<(u32, Row)>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let [rop, buffer, position, field, size, statement, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("columns are missing: {line}")
        };
        let rop = rop.replace("RopGetStoreStage", "RopGetStoreState");
        let buffer = buffer.trim_end_matches([' ', ',']).to_ascii_lowercase();
        let row = (field.to_owned(), size.to_owned(), statement.to_owned());
        buffers.entry((rop, buffer)).or_default().push((position.parse().unwrap(), row));
    }
    let number = |row: &Row| row.2.rsplit('R').next().and_then(|number| number.parse::<u64>().ok());
    let ordered = |(key, mut rows): ((String, String), Vec<(u32, Row)>)| {
        if rows.iter().filter(|(position, _)| *position == 1).count() > 1 {
            rows.sort_by_key(|(_, row)| number(row));
        }
        (key, rows.into_iter().map(|(_, row)| row).collect())
    };
    buffers.into_iter().map(ordered).collect()
}

fn rop_id(name: &str) -> u8 {
    RopId::NAMES.iter().find(|(_, known)| *known == name).unwrap_or_else(|| panic!("{name} has no RopId")).0
}

/// `InputHandleIndex` as Rust has it.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// Requests of this operation that may be whole ones: published bytes, or zeros with a size that may have to count
/// what follows it.
fn requests(name: &str, header: usize) -> Vec<Vec<u8>> {
    let published = VECTORS.get(name).cloned().unwrap_or_default();
    let mut all: Vec<Vec<u8>> =
        published.into_iter().filter(|(target, _)| target == "request").map(|(_, bytes)| bytes).collect();
    for size in [0, 4] {
        let mut bytes = vec![0; header];
        bytes.push(size);
        bytes.extend([0; 400]);
        all.push(bytes);
    }
    all
}

/// What is wrong with the header of a request.
fn wrong_in_request(name: &str, header: &[Row]) -> Vec<String> {
    let mut wrong = Vec::new();
    let request = requests(name, header.len()).into_iter().find_map(|mut bytes| {
        bytes[0] = rop_id(name);
        for (at, byte) in (0_u8..).zip(&mut bytes[..header.len()]).skip(1) {
            *byte = MARK + at;
        }
        let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
        let request = RopRequest::unpack(&mut Cursor::new(bytes)).ok()?;
        Some((bytes, request))
    });
    let Some((bytes, request)) = request else { return vec![format!("no request of {name}")] };
    let text = format!("{request:?}");
    for (at, (field, size, statement)) in (0_u8..).zip(header) {
        let read = match field.as_str() {
            "RopId" => request.rop_id().name() == Some(name),
            field => {
                text.contains(&format!("{}: {},", snake(field), MARK + at))
                    || text.contains(&format!("{}: {} ", snake(field), MARK + at))
            }
        };
        if !read || size != "1 byte" {
            wrong.push(format!("{statement}: {name} {field} of {size} at {at}: {text:.200}"));
        }
    }
    let mut e = Encoder::new();
    request.pack(&mut e).unwrap();
    if e.as_slice()[..header.len()] != bytes[..header.len()] {
        wrong.push(format!("{name}: written {:02x?}", &e.as_slice()[..header.len()]));
    }
    wrong
}

#[test]
fn a_request_begins_with_bytes_for_rop_logon_and_handles() {
    let (mut wrong, mut proved) = (Vec::new(), Vec::new());
    for ((name, buffer), rows) in sheet() {
        if buffer != "request buffer" {
            continue;
        }
        let is_header = |row: &&Row| matches!(row.0.as_str(), "RopId" | "LogonId") || row.0.ends_with("HandleIndex");
        let mut header: Vec<Row> = rows.iter().take_while(is_header).cloned().collect();
        if header.first().is_none_or(|row| row.0 != "RopId") {
            // The statement about it bears another operation's name, or there is none.
            header.insert(0, ("RopId".to_owned(), "1 byte".to_owned(), String::new()));
        }
        assert!(header.len() >= 3, "{name}: {header:?}");
        wrong.extend(wrong_in_request(&name, &header));
        proved.extend(header.into_iter().map(|(_, _, statement)| statement).filter(|statement| !statement.is_empty()));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(proved.len() > 350, "{} statements", proved.len());
    let test = "a_request_begins_with_bytes_for_rop_logon_and_handles";
    proved.iter().for_each(|statement| spec_coverage::record(statement, test));
}

/// Replies to check: an index of its own, and a return value that differs from the published one in one byte each,
/// is the published one, or has four different bytes.
fn wrong_in_reply(name: &str, which: &[&str]) -> Vec<String> {
    let all = VECTORS.get(name).cloned().unwrap_or_default();
    let request = requests(name, 3).into_iter().find_map(|mut bytes| {
        bytes[0] = rop_id(name);
        RopRequest::unpack(&mut Cursor::new(&bytes)).ok()?;
        // What follows it would be another request.
        let mut c = Cursor::new(&bytes);
        _ = RopRequest::unpack(&mut c);
        let length = c.offset();
        Some(bytes[..length].to_vec())
    });
    let Some(request) = request else { return vec![format!("no request of {name}")] };
    let is_wanted = |bytes: &Vec<u8>| kind(&request, bytes).is_some_and(|kind| which.contains(&kind));
    let mut replies: Vec<Vec<u8>> = all.into_iter().map(|(_, bytes)| bytes).filter(is_wanted).collect();
    if replies.is_empty() && which.contains(&"success") {
        // Lists without elements, numbers that are 0.
        let of_zeros = |zeros: usize| [vec![request_reply_id(name)], vec![0; 5 + zeros]].concat();
        replies.extend((0..200).map(of_zeros).find(is_wanted));
    }
    let mut wrong = Vec::new();
    let mut seen = 0;
    for published in replies {
        seen += 1;
        let mut reply = published.clone();
        reply[1] = MARK;
        match decoded(&request, &reply) {
            Some(text) if text.contains(&format!("handle_index: {MARK},")) => {}
            other => wrong.push(format!("{name}: the index at 1 is read as {other:?}")),
        }
        let own = kind(&request, &published);
        for at in 2..6 {
            let mut changed = published.clone();
            changed[at] ^= 0x40;
            if own != Some("other") && kind(&request, &changed) == own {
                wrong.push(format!("{name}: byte {at} is none of ReturnValue, {own:?} either way"));
            }
        }
    }
    if which.contains(&"other") {
        // Without a body, or with one of so many zeros.
        let failing = (0..64).find_map(|zeros| {
            let head = [&[request_reply_id(name), MARK], &CODE[..], &vec![0; zeros]].concat();
            decoded(&request, &head)
        });
        let code = "ErrorCode(0x81726354)";
        match failing {
            Some(text) if text.contains(&format!("handle_index: {MARK},")) && text.contains(code) => seen += 1,
            other => wrong.push(format!("{name}: a failing reply is read as {other:?}")),
        }
    }
    if seen == 0 {
        wrong.push(format!("{name}: no reply is {which:?}"));
    }
    wrong
}

/// The RopId of replies: RopGetMessageStatus is answered under another one (MS-OXCROPS 2.2.6.9).
fn request_reply_id(name: &str) -> u8 {
    rop_id(if name == "RopGetMessageStatus" { "RopSetMessageStatus" } else { name })
}

#[test]
fn a_reply_begins_with_bytes_for_rop_and_handle_and_four_for_its_value() {
    let (mut wrong, mut proved) = (Vec::new(), Vec::new());
    for ((name, buffer), rows) in sheet() {
        let which: &[&str] = match buffer.as_str() {
            "request buffer" => continue,
            "failure response buffer" => &["other"],
            "null destination failure response buffer" => &["DstNullObject"],
            "redirect response buffer" => &["WrongServer"],
            "response buffer" => &["success", "other"],
            _ => &["success"],
        };
        let header: Vec<&Row> = rows.iter().take(3).collect();
        let names: Vec<&str> = header.iter().map(|row| row.0.as_str()).collect();
        let sizes: Vec<&str> = header.iter().map(|row| row.1.as_str()).collect();
        if !names.contains(&"ReturnValue") {
            let unsolicited = wrong_in_unsolicited(&name, header[0]);
            wrong.extend(unsolicited);
            proved.push(header[0].2.clone());
            continue;
        }
        if names[0] != "RopId" || names[2] != "ReturnValue" || sizes != ["1 byte", "1 byte", "4 bytes"] {
            wrong.push(format!("{name} {buffer}: {header:?}"));
            continue;
        }
        wrong.extend(wrong_in_reply(&name, which).into_iter().map(|text| format!("{buffer}: {text}")));
        proved.extend(header.iter().map(|row| row.2.clone()));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(proved.len() > 400, "{} statements", proved.len());
    let test = "a_reply_begins_with_bytes_for_rop_and_handle_and_four_for_its_value";
    proved.iter().for_each(|statement| spec_coverage::record(statement, test));
}

/// What is wrong with a reply that nothing asked for: only its RopId stands before the body.
fn wrong_in_unsolicited(name: &str, row: &Row) -> Option<String> {
    let published = VECTORS.get(name).cloned().unwrap_or_default().into_iter().map(|(_, bytes)| bytes);
    let of_zeros = [vec![rop_id(name)], vec![0; 200]].concat();
    let read = published.chain([of_zeros]).any(|bytes| {
        let mut c = Cursor::new(&bytes);
        let id = RopId::unpack(&mut c).unwrap();
        c.offset() == 1
            && id.name() == Some(name)
            && Conversation::default().unpack_unsolicited(id, &mut c).is_ok_and(|reply| reply.is_some())
    });
    (!read || row.0 != "RopId" || row.1 != "1 byte").then(|| format!("{name}: {row:?}"))
}
