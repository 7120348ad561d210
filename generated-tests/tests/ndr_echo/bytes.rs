//! Bytes of every operation, worked out by hand from C706 14 and MS-RPCE 2.2.5.

use protocol::rpcecho::{
    AddOneRequest, AddOneResponse, EchoDataRequest, EchoDataResponse, Enum1, Enum1_32, Enum2, Enum3, Info, Info1,
    Info2, Info3, Info4, Info5, Info6, Info7, SinkDataRequest, SinkDataResponse, SourceDataRequest, SourceDataResponse,
    Surrounding, TestCall2Request, TestCall2Response, TestCallRequest, TestCallResponse, TestDoublePointerRequest,
    TestDoublePointerResponse, TestEnumRequest, TestEnumResponse, TestSleepRequest, TestSleepResponse,
    TestSurroundingRequest, TestSurroundingResponse,
};
use runtime::Utf16;
use runtime::ndr::NtStatus;

use crate::samples::{Call, REPRESENTATIONS};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digits = digits.as_chunks::<2>().0;
    digits.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// NDR 2.0 little-endian, big-endian, NDR64.
type Three<'t> = [&'t str; 3];

#[track_caller]
fn assert_bytes(call: &Call, request: Three<'_>, response: Three<'_>) {
    for (index, representation) in REPRESENTATIONS.into_iter().enumerate() {
        let name = format!("{} {representation:?}", call.name());
        let (request, response) = (hex(request[index]), hex(response[index]));
        assert_eq!(call.encode_request(representation).unwrap(), request, "request of {name}");
        assert_eq!(call.encode_response(representation).unwrap(), response, "response of {name}");
        assert!(call.is_request(&request, representation).unwrap(), "request of {name}");
        assert!(call.is_response(&response, representation).unwrap(), "response of {name}");
    }
}

#[test]
fn add_one_is_a_number_each_way() {
    assert_bytes(
        &Call::AddOne(AddOneRequest { in_data: 0x0102_0304 }, AddOneResponse { out_data: 0x0102_0305 }),
        ["04 03 02 01", "01 02 03 04", "04 03 02 01"],
        ["05 03 02 01", "01 02 03 05", "05 03 02 01"],
    );
}

/// The length is no field in Rust; the array has its maximum count besides, of 64 bits in NDR64.
#[test]
fn echo_data_has_length_and_maximum_count() {
    assert_bytes(
        &Call::EchoData(
            EchoDataRequest { in_data: vec![1, 2, 3].into() },
            EchoDataResponse { out_data: vec![1, 2, 3].into() },
        ),
        ["03000000 03000000 010203", "00000003 00000003 010203", "03000000 00000000 0300000000000000 010203"],
        ["03000000 010203", "00000003 010203", "0300000000000000 010203"],
    );
}

#[test]
fn sink_data_answers_nothing() {
    assert_bytes(
        &Call::SinkData(SinkDataRequest { data: vec![0xfe, 0xff].into() }, SinkDataResponse),
        ["02000000 02000000 feff", "00000002 00000002 feff", "02000000 00000000 0200000000000000 feff"],
        ["", "", ""],
    );
}

#[test]
fn source_data_is_as_long_as_was_asked() {
    assert_bytes(
        &Call::SourceData(SourceDataRequest { length: 2 }, SourceDataResponse { data: vec![7, 8].into() }),
        ["02000000", "00000002", "02000000"],
        ["02000000 0708", "00000002 0708", "0200000000000000 0708"],
    );
}

/// Maximum count, offset, actual count, characters with terminator. The answer is behind a pointer.
#[test]
fn test_call_counts_terminators() {
    assert_bytes(
        &Call::TestCall(
            TestCallRequest { text: Utf16::new("abc") },
            TestCallResponse { answer: Some(Utf16::new("de")) },
        ),
        [
            "04000000 00000000 04000000 6100 6200 6300 0000",
            "00000004 00000000 00000004 0061 0062 0063 0000",
            "0400000000000000 0000000000000000 0400000000000000 6100 6200 6300 0000",
        ],
        [
            "00000200 03000000 00000000 03000000 6400 6500 0000",
            "00020000 00000003 00000000 00000003 0064 0065 0000",
            "0000020000000000 0300000000000000 0000000000000000 0300000000000000 6400 6500 0000",
        ],
    );
    assert_bytes(
        &Call::TestCall(TestCallRequest { text: Utf16::new("") }, TestCallResponse { answer: None }),
        [
            "01000000 00000000 01000000 0000",
            "00000001 00000000 00000001 0000",
            "0100000000000000 0000000000000000 0100000000000000 0000",
        ],
        ["00000000", "00000000", "0000000000000000"],
    );
}

#[track_caller]
fn assert_info(info: Info, request: Three<'_>, response: Three<'_>) {
    let level = TestCall2Request { level: info.discriminant() };
    assert_bytes(
        &Call::TestCall2(level, TestCall2Response { info, return_value: NtStatus(0xc000_0001) }),
        request,
        response,
    );
}

/// In NDR 2.0 an arm stands at its own alignment; in NDR64 the tag and every arm stand at the
/// largest one of the union, which is 8 here, and a structure is filled up at its end.
#[test]
fn test_call2_aligns_each_arm() {
    assert_info(
        Info::Info1(Info1 { value: 0x11 }),
        ["0100", "0001", "0100"],
        ["0100 11 00 010000c0", "0001 11 00 c0000001", "0100 000000000000 11 000000 010000c0"],
    );
    assert_info(
        Info::Info2(Info2 { value: 0x1122 }),
        ["0200", "0002", "0200"],
        ["0200 2211 010000c0", "0002 1122 c0000001", "0200 000000000000 2211 0000 010000c0"],
    );
    assert_info(
        Info::Info3(Info3 { value: 0x1122_3344 }),
        ["0300", "0003", "0300"],
        ["0300 0000 44332211 010000c0", "0003 0000 11223344 c0000001", "0300 000000000000 44332211 010000c0"],
    );
    assert_info(
        Info::Info4(Info4 { value: 0x1122_3344_5566_7788 }),
        ["0400", "0004", "0400"],
        [
            "0400 000000000000 8877665544332211 010000c0",
            "0004 000000000000 1122334455667788 c0000001",
            "0400 000000000000 8877665544332211 010000c0",
        ],
    );
    assert_info(
        Info::Info5(Info5 { value1: 0x99, value2: 0x1122_3344_5566_7788 }),
        ["0500", "0005", "0500"],
        [
            "0500 000000000000 99 00000000000000 8877665544332211 010000c0",
            "0005 000000000000 99 00000000000000 1122334455667788 c0000001",
            "0500 000000000000 99 00000000000000 8877665544332211 010000c0",
        ],
    );
    assert_info(
        Info::Info6(Info6 { value1: 0x99, info1: Info1 { value: 0x11 } }),
        ["0600", "0006", "0600"],
        ["0600 99 11 010000c0", "0006 99 11 c0000001", "0600 000000000000 99 11 0000 010000c0"],
    );
    assert_info(
        Info::Info7(Info7 { value1: 0x99, info4: Info4 { value: 0x1122_3344_5566_7788 } }),
        ["0700", "0007", "0700"],
        [
            "0700 000000000000 99 00000000000000 8877665544332211 010000c0",
            "0007 000000000000 99 00000000000000 1122334455667788 c0000001",
            "0700 000000000000 99 00000000000000 8877665544332211 010000c0",
        ],
    );
}

#[test]
fn test_sleep_returns_a_number() {
    assert_bytes(
        &Call::TestSleep(TestSleepRequest { seconds: 3 }, TestSleepResponse { return_value: 4 }),
        ["03000000", "00000003", "03000000"],
        ["04000000", "00000004", "04000000"],
    );
}

/// Enumerations of 16 bits have 32 in NDR64, those of `v1_enum` always. The first parameter is the
/// discriminant of the third and no field in Rust.
#[test]
fn test_enum_widens_in_ndr64() {
    let pair = Enum2 { narrow: Enum1::ECHO_ENUM1, wide: Enum1_32::ECHO_ENUM2_32 };
    assert_bytes(
        &Call::TestEnum(
            TestEnumRequest { pair, choice: Enum3::Enum1(Enum1::ECHO_ENUM2) },
            TestEnumResponse { pair, choice: Enum3::Enum2(pair) },
        ),
        [
            "0100 0000 | 0100 0000 02000000 | 0100 0200",
            "0001 0000 | 0001 0000 00000002 | 0001 0002",
            "01000000 | 01000000 02000000 | 0100 0000 02000000",
        ],
        [
            "0200 0000 | 0100 0000 02000000 | 0200 0000 0100 0000 02000000",
            "0002 0000 | 0001 0000 00000002 | 0002 0000 0001 0000 00000002",
            "02000000 | 01000000 02000000 | 0200 0000 01000000 02000000",
        ],
    );
}

/// The maximum count stands before the structure, the count in it, the numbers at its end; in NDR64
/// it is filled up to its alignment of four.
#[test]
fn test_surrounding_hoists_the_maximum_count() {
    assert_bytes(
        &Call::TestSurrounding(
            TestSurroundingRequest { data: Surrounding { surrounding: vec![0x0a0b, 0x0c0d, 1] } },
            TestSurroundingResponse { data: Surrounding { surrounding: vec![5] } },
        ),
        [
            "03000000 03000000 0b0a 0d0c 0100",
            "00000003 00000003 0a0b 0c0d 0001",
            "0300000000000000 03000000 0b0a 0d0c 0100 0000",
        ],
        ["01000000 01000000 0500", "00000001 00000001 0005", "0100000000000000 01000000 0500 0000"],
    );
}

/// The reference pointer at the top leaves no trace; the others have ids, followed at once.
#[test]
fn test_double_pointer_follows_unique_pointers() {
    assert_bytes(
        &Call::TestDoublePointer(
            TestDoublePointerRequest { data: Some(Some(0x1234)) },
            TestDoublePointerResponse { return_value: 0x1234 },
        ),
        ["00000200 04000200 3412", "00020000 00020004 1234", "0000020000000000 0400020000000000 3412"],
        ["3412", "1234", "3412"],
    );
    assert_bytes(
        &Call::TestDoublePointer(
            TestDoublePointerRequest { data: Some(None) },
            TestDoublePointerResponse { return_value: 0 },
        ),
        ["00000200 00000000", "00020000 00000000", "0000020000000000 0000000000000000"],
        ["0000", "0000", "0000"],
    );
    assert_bytes(
        &Call::TestDoublePointer(
            TestDoublePointerRequest { data: None },
            TestDoublePointerResponse { return_value: 0 },
        ),
        ["00000000", "00000000", "0000000000000000"],
        ["0000", "0000", "0000"],
    );
}
