//! The header of every failing reply: which handle index it repeats, and that it says so.

use protocol::rops::RopRequest;
use runtime::rop::INVALID_HANDLE;
use runtime::{Cursor, Encoder};

use crate::fixture::Fixture;
use crate::spec_coverage;

/// Statements of MS-OXCROPS: RopId, name, buffer, what it is about, offset of the index in the request, id.
const STATEMENTS: &str = include_str!("../data/reply-headers.tsv");

/// A request of this operation whose index fields are 1, 2 and 3; the rest is zeros, but for a size that
/// has to count the field after it.
fn request(rop_id: u8) -> Option<RopRequest<'static>> {
    // LogonId, then at most three indexes.
    for (indexes, size) in [(3, 0), (2, 0), (1, 0), (1, 4)] {
        let mut bytes = vec![rop_id, 0];
        bytes.extend((1..=indexes).map(|index: u8| index));
        bytes.push(size);
        bytes.extend([0; 400]);
        let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
        if let Ok(request) = RopRequest::unpack(&mut Cursor::new(bytes)) {
            return Some(request);
        }
    }
    None
}

#[test]
fn a_failing_reply_repeats_the_index_that_the_document_names() {
    let fixture = Fixture::new();
    let (mut client, _) = fixture.logged_on();
    let (mut wrong, mut proved) = (Vec::new(), Vec::new());
    for line in STATEMENTS.lines().skip(1) {
        let [rop_id, name, _, about, offset, statement] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let rop_id = u8::from_str_radix(rop_id.trim_start_matches("0x"), 16).unwrap();
        let request = request(rop_id).unwrap_or_else(|| panic!("no request for {name}"));
        let mut e = Encoder::new();
        request.pack(&mut e).unwrap();
        let sent = e.finish();
        // No slot holds an object, so that every operation fails, whatever it asks for.
        let output = client.run_bytes(&[request], &[INVALID_HANDLE; 4]).unwrap();
        let mut c = Cursor::new(&output);
        c.u16().unwrap();
        // RopGetMessageStatus is answered under another RopId (MS-OXCROPS 2.2.6.9).
        let (_, index, return_value) = (c.u8().unwrap(), c.u8().unwrap(), c.u32().unwrap());
        let holds = match about {
            "index" => index == sent[offset.parse::<usize>().unwrap()],
            _ => return_value != 0,
        };
        if holds {
            proved.push(statement);
        } else {
            wrong.push(format!("{statement}: {name}, {about}: index {index}, value {return_value:#x}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(proved.len(), 187);
    let test = "a_failing_reply_repeats_the_index_that_the_document_names";
    proved.into_iter().for_each(|statement| spec_coverage::record(statement, test));
}
