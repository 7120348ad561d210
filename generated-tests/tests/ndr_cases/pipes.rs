//! Parameters and pipes: C706 14.3.9 and 14.3.12; in NDR64 a chunk is followed by its count, negated (MS-RPCE 2.2.5.3.5).

use runtime::Blob;

use crate::assert_case;
use crate::cases::{BothRequest, DrawResponse, Inner, ListsRequest, PourRequest, TopRequest};

#[test]
fn what_a_pipe_carries_ends_a_request_and_ends_with_an_empty_chunk() {
    assert_case!(
        PourRequest,
        PourRequest { kind: 1, data: Blob::Borrowed(&[5, 6, 7]), end: 2 },
        "01 (gap) 00 0200 (chunk) 03000000 050607 (gap) 00 (chunk) 00000000",
        "01 (gap) 00 0002 (chunk) 00000003 050607 (gap) 00 (chunk) 00000000",
        "01 (gap) 00 0200 (gap) 00000000 (chunk) 0300000000000000 050607 (gap) 0000000000 FDFFFFFFFFFFFFFF
         (chunk) 0000000000000000 0000000000000000"
    );
    assert_case!(
        PourRequest,
        PourRequest { kind: 1, data: Blob::Borrowed(&[]), end: 2 },
        "01 (gap) 00 0200 (chunk) 00000000",
        "01 (gap) 00 0002 (chunk) 00000000",
        "01 (gap) 00 0200 (gap) 00000000 (chunk) 0000000000000000 0000000000000000"
    );
}

/// The elements of a chunk stand at their own alignment.
#[test]
fn what_a_pipe_carries_begins_a_response() {
    assert_case!(
        DrawResponse,
        DrawResponse { done: 9, values: vec![5] },
        "(chunk) 01000000 (gap) 00000000 0500000000000000 (chunk) 00000000 (done) 09",
        "(chunk) 00000001 (gap) 00000000 0000000000000005 (chunk) 00000000 (done) 09",
        "(chunk) 0100000000000000 0500000000000000 FFFFFFFFFFFFFFFF
         (chunk) 0000000000000000 0000000000000000 (done) 09"
    );
}

#[test]
fn pipes_follow_each_other_in_the_order_of_the_parameters() {
    assert_case!(
        BothRequest,
        BothRequest { first: vec![Inner { x: 1, y: 2 }, Inner { x: 3, y: 4 }], second: Blob::Borrowed(&[8]) },
        "(chunk) 02000000 01 000000 02000000 03 000000 04000000 (chunk) 00000000
         (chunk) 01000000 08 (gap) 000000 (chunk) 00000000",
        "(chunk) 00000002 01 000000 00000002 03 000000 00000004 (chunk) 00000000
         (chunk) 00000001 08 (gap) 000000 (chunk) 00000000",
        "(chunk) 0200000000000000 01 000000 02000000 03 000000 04000000 FEFFFFFFFFFFFFFF
         (chunk) 0000000000000000 0000000000000000
         (chunk) 0100000000000000 08 (gap) 00000000000000 FFFFFFFFFFFFFFFF
         (chunk) 0000000000000000 0000000000000000"
    );
}

/// What a parameter points to follows it at once.
#[test]
fn reference_pointers_at_the_top_have_no_ids() {
    assert_case!(
        TopRequest,
        TopRequest { value: 1, maybe: Some(2), deep: Some(3) },
        "01 000000 (maybe) 00000200 0200 (gap) 0000 (deep) 04000200 03000000",
        "01 000000 (maybe) 00020000 0002 (gap) 0000 (deep) 00020004 00000003",
        "01 00000000000000 (maybe) 0000020000000000 0200 (gap) 000000000000 (deep) 0400020000000000 03000000"
    );
    assert_case!(
        TopRequest,
        TopRequest { value: 1, maybe: None, deep: None },
        "01 000000 (maybe) 00000000 (deep) 00000000",
        "01 000000 (maybe) 00000000 (deep) 00000000",
        "01 00000000000000 (maybe) 0000000000000000 (deep) 0000000000000000"
    );
}

/// The count is the array's own length.
#[test]
fn the_count_of_an_array_stands_directly_before_it() {
    assert_case!(
        ListsRequest,
        ListsRequest { values: vec![5, 6], last: 7 },
        "02 (gap) 000000 (maximum) 02000000 0500 0600 07",
        "02 (gap) 000000 (maximum) 00000002 0005 0006 07",
        "02 (gap) 00000000000000 (maximum) 0200000000000000 0500 0600 07"
    );
}
