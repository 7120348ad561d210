//! The status with which replies of MAPI over HTTP begin: of success it is 0 and nothing else.

use generated_tests::vectors::hex;
use protocol::oxcmapihttp as http;
use protocol::oxcmapihttp::{CommonResponse, LargePropertyTagArray, NotificationWaitResponse, ResponseCode};
use runtime::{Cursor, Encoder, UnpackErrorKind};

use crate::both_ways;

/// For each request type: what is wrong with the status in its reply of success.
macro_rules! statuses {
    ($($response:ident $statement:literal,)+) => {
        [$(($statement, {
            const SIZE: usize = http::$response::MIN_SIZE;
            let mut wrong = Vec::new();
            let shortest = [0; SIZE];
            match http::$response::unpack(&mut Cursor::new(&shortest)) {
                Ok(response) => {
                    let mut e = Encoder::new();
                    response.pack(&mut e).unwrap();
                    if e.finish()[..] != shortest {
                        wrong.push(format!("{} writes another body", stringify!($response)));
                    }
                }
                Err(error) => wrong.push(format!("{}: {error}", stringify!($response))),
            }
            for bit in 0..32 {
                let mut bytes = shortest;
                bytes[bit / 8] = 1 << (bit % 8);
                match http::$response::unpack(&mut Cursor::new(&bytes)) {
                    Err(error) if matches!(error.kind(), UnpackErrorKind::InvalidValue { .. }) => {}
                    other => wrong.push(format!("{other:?}")),
                }
            }
            wrong
        })),+]
    };
}

#[test]
fn a_reply_of_success_begins_with_a_status_of_zero() {
    let all = statuses![
        ConnectResponse "R1349",
        ExecuteResponse "R1356",
        DisconnectResponse "R1363",
        NotificationWaitResponse "R1369",
        BindResponse "R347",
        UnbindResponse "R1291",
        CompareMinIdsResponse "R1290",
        DnToMinIdResponse "R1287",
        GetMatchesResponse "R525",
        GetPropListResponse "R580",
        GetPropsResponse "R620",
        GetSpecialTableResponse "R665",
        GetTemplateInfoResponse "R714",
        ModLinkAttResponse "R758",
        ModPropsResponse "R797",
        QueryRowsResponse "R844",
        QueryColumnsResponse "R886",
        ResolveNamesResponse "R935",
        ResortRestrictionResponse "R994",
        SeekEntriesResponse "R1039",
        UpdateStatResponse "R1075",
        GetMailboxUrlResponse "R1100",
        GetAddressBookUrlResponse "R1118",
    ];
    for (statement, wrong) in all {
        assert!(wrong.is_empty(), "{statement}: {wrong:#?}");
        crate::record("a_reply_of_success_begins_with_a_status_of_zero", "MS-OXCMAPIHTTP", &[statement]);
    }
}

#[test]
fn a_wait_says_whether_there_is_something() {
    const TEST: &str = "a_wait_says_whether_there_is_something";
    for (pending, statement) in [(1, "R1371"), (0, "R1372")] {
        let bytes = hex(&format!("00 00 00 00  00 00 00 00  {pending:02X} 00 00 00  00 00 00 00"));
        let unpack = |c: &mut Cursor<'_>| NotificationWaitResponse::unpack(c).map(NotificationWaitResponse::into_owned);
        let (read, written) = both_ways(&bytes, unpack, |body, e| body.pack(e));
        assert_eq!((read.event_pending, &written), (pending, &bytes));
        crate::record(TEST, "MS-OXCMAPIHTTP", &[statement]);
    }
}

#[test]
fn a_body_stands_behind_a_blank_line() {
    const TEST: &str = "a_body_stands_behind_a_blank_line";
    // A body that looks like lines is a body all the same.
    let bytes = [b"PROCESSING\r\nPENDING\r\nDONE\r\nX-StartTime: x\r\n\r\n", &b"\0\r\n\r\nDONE\r\n"[..]].concat();
    let unpack = |c: &mut Cursor<'_>| CommonResponse::unpack(c).map(CommonResponse::into_owned);
    let (read, written) = both_ways(&bytes, unpack, |body, e| body.pack(e));
    assert_eq!((read.meta_tags.len(), read.additional_headers.len()), (2, 1));
    assert_eq!((&read.response_body[..], &written), (&b"\0\r\n\r\nDONE\r\n"[..], &bytes));
    let without = b"DONE\r\nX-StartTime: x\r\n";
    assert!(CommonResponse::unpack(&mut Cursor::new(without)).is_err());
    crate::record(TEST, "MS-OXCMAPIHTTP", &["R1462", "R1463"]);
    let known: Vec<u32> = (0..=0x40).filter(|code| ResponseCode(*code).name().is_some()).collect();
    assert_eq!(known, (0..=18).collect::<Vec<_>>());
}

#[test]
fn a_list_of_tags_has_a_limit() {
    let list = |count: usize| LargePropertyTagArray {
        property_tags: vec![protocol::oxcdata::PropertyTag(0x3001_001F); count],
    };
    let mut e = Encoder::new();
    list(100_000).pack(&mut e).unwrap();
    let bytes = e.finish().to_vec();
    assert_eq!(LargePropertyTagArray::unpack(&mut Cursor::new(&bytes)).unwrap(), list(100_000));
    assert!(list(100_001).pack(&mut Encoder::new()).is_err());
    let more = [&hex("A1 86 01 00"), &bytes[4..], &[0; 4]].concat();
    assert!(LargePropertyTagArray::unpack(&mut Cursor::new(&more)).is_err());
    crate::record("a_list_of_tags_has_a_limit", "MS-OXCMAPIHTTP", &["R25"]);
}

#[test]
fn requests_are_told_apart_by_their_types() {
    use protocol::oxcmapihttp::*;
    use runtime::keyed::KeyedRequest as _;
    let mailbox = [ConnectRequest::KEY, ExecuteRequest::KEY, DisconnectRequest::KEY, NotificationWaitRequest::KEY];
    assert_eq!(mailbox, ["Connect", "Execute", "Disconnect", "NotificationWait"]);
    crate::record("requests_are_told_apart_by_their_types", "MS-OXCMAPIHTTP", &["R176"]);
    let address_book = [
        (BindRequest::KEY, "Bind"),
        (UnbindRequest::KEY, "Unbind"),
        (CompareMinIdsRequest::KEY, "CompareMIds"),
        (DnToMinIdRequest::KEY, "DNToMId"),
        (GetMatchesRequest::KEY, "GetMatches"),
        (GetPropListRequest::KEY, "GetPropList"),
        (GetPropsRequest::KEY, "GetProps"),
        (GetSpecialTableRequest::KEY, "GetSpecialTable"),
        (GetTemplateInfoRequest::KEY, "GetTemplateInfo"),
        (ModLinkAttRequest::KEY, "ModLinkAtt"),
        (ModPropsRequest::KEY, "ModProps"),
        (QueryColumnsRequest::KEY, "QueryColumns"),
        (QueryRowsRequest::KEY, "QueryRows"),
        (ResolveNamesRequest::KEY, "ResolveNames"),
        (ResortRestrictionRequest::KEY, "ResortRestriction"),
        (SeekEntriesRequest::KEY, "SeekEntries"),
        (UpdateStatRequest::KEY, "UpdateStat"),
        (GetMailboxUrlRequest::KEY, "GetMailboxUrl"),
        (GetAddressBookUrlRequest::KEY, "GetAddressBookUrl"),
    ];
    for (key, expected) in address_book {
        assert_eq!(key, expected);
    }
    crate::record("requests_are_told_apart_by_their_types", "MS-OXCMAPIHTTP", &["R321"]);
}
