//! A client and a server that never meet but in bytes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use notes::wire::note::{Audience, Note, NoteFlags};
use notes::wire::notes::dispatch;
use notes::{Client, Notebook};
use runtime::ndr::Representation;
use runtime::{FileTime, String8, Utf16};

fn note(title: &str) -> Note<'_> {
    Note {
        flags: NoteFlags::PINNED,
        audience: Audience::EVERYONE,
        written: FileTime(0),
        title: Utf16::from(title),
        lines: vec![String8::from("a line")],
    }
}

#[test]
fn notes_are_kept_and_listed_in_every_representation() {
    for representation in [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64] {
        let mut notebook = Notebook::default();
        let mut client = Client::new(representation, |representation, opnum, stub| {
            dispatch(&mut notebook, representation, opnum, stub)
        });
        assert_eq!(client.put(&note("Milk")).unwrap(), 1);
        assert_eq!(client.put(&note("Bread")).unwrap(), 2);
        assert_eq!(client.list("").unwrap(), [(1, "Milk".to_owned()), (2, "Bread".to_owned())]);
        assert_eq!(client.list("B").unwrap(), [(2, "Bread".to_owned())]);
    }
}

#[test]
fn a_note_that_is_cut_off_is_the_operations_error_and_an_unknown_operation_a_fault() {
    use notes::wire::notes::PutRequest;
    let bytes = PutRequest::pack_data(&note("Milk")).unwrap();
    let cut = PutRequest { data: bytes[..bytes.len() - 1].to_vec().into() };
    let mut notebook = Notebook::default();
    let stub = cut.encode(Representation::NDR).unwrap();
    assert!(dispatch(&mut notebook, Representation::NDR, PutRequest::OPNUM, &stub).is_err());
    assert!(dispatch(&mut notebook, Representation::NDR, 7, &[]).is_err());
}
