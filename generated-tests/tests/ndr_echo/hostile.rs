//! The oracles: round trip, truncation, lies, noise.

use proptest::prelude::*;
use protocol::rpcecho::{
    EchoDataRequest, EchoDataResponse, SourceDataRequest, TestEnumRequest, TestSurroundingRequest,
};
use protocol::rpcecho::{Surrounding, TestCallRequest};
use runtime::ndr::Representation;
use runtime::{UnpackError, Utf16};

use crate::samples::{REPRESENTATIONS, call, samples};

proptest! {
    #[test]
    fn comes_back_as_it_went(call in call()) {
        for representation in REPRESENTATIONS {
            let request = call.encode_request(representation).unwrap();
            prop_assert!(call.is_request(&request, representation).unwrap());
            let response = call.encode_response(representation).unwrap();
            prop_assert!(call.is_response(&response, representation).unwrap());
        }
    }

    #[test]
    fn reads_noise_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for call in samples() {
            for representation in REPRESENTATIONS {
                _ = call.is_request(&bytes, representation);
                _ = call.is_response(&bytes, representation);
            }
        }
    }

    /// One wrong byte in a good message: an error or another message, and then one that packs again.
    #[test]
    fn reads_damaged_messages_without_panic(call in call(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for representation in REPRESENTATIONS {
            let mut request = call.encode_request(representation).unwrap();
            let index = at.index(request.len());
            request[index] = byte;
            _ = call.is_request(&request, representation);
            let mut response = call.encode_response(representation).unwrap();
            if !response.is_empty() {
                let index = at.index(response.len());
                response[index] = byte;
                _ = call.is_response(&response, representation);
            }
        }
    }
}

#[test]
fn rejects_truncation_at_each_byte() {
    for call in samples() {
        for representation in REPRESENTATIONS {
            let request = call.encode_request(representation).unwrap();
            for end in 0..request.len() {
                assert!(call.is_request(&request[..end], representation).is_err(), "{call:?} {end}");
            }
            let response = call.encode_response(representation).unwrap();
            for end in 0..response.len() {
                assert!(call.is_response(&response[..end], representation).is_err(), "{call:?} {end}");
            }
        }
    }
}

#[test]
fn rejects_trailing_bytes_beyond_rounding() {
    for call in samples() {
        let mut request = call.encode_request(Representation::NDR).unwrap();
        request.resize(request.len() + 7, 0);
        assert!(call.is_request(&request, Representation::NDR).unwrap());
        request.push(0);
        assert!(call.is_request(&request, Representation::NDR).is_err());
    }
}

/// Counts that claim four billion elements cost no more than an error.
#[test]
fn makes_no_room_for_lying_counts() {
    let lies = [0xff; 8].repeat(4);
    for call in samples() {
        for representation in REPRESENTATIONS {
            let info = allocation_counter::measure(|| {
                _ = call.is_request(&lies, representation);
                _ = call.is_response(&lies, representation);
            });
            assert!(info.bytes_max < 4096, "{call:?}: {} bytes", info.bytes_max);
        }
    }
}

#[test]
fn names_field_and_offset_of_a_mistake() {
    let text = |result: Result<EchoDataRequest<'_>, UnpackError>| result.unwrap_err().to_string();
    let bytes = [3, 0, 0, 0, 3, 0, 0, 0, 1, 2];
    assert_eq!(
        text(EchoDataRequest::decode(&bytes, Representation::NDR)),
        "EchoData.InData: expected 3 bytes, got 2 at offset 8"
    );
    let bytes = [3, 0, 0, 0, 2, 0, 0, 0, 1, 2];
    assert_eq!(
        text(EchoDataRequest::decode(&bytes, Representation::NDR)),
        "EchoData.InData: expected Length elements, got 0x2 at offset 8"
    );
    // An Enum2 at offset 14 needs an alignment of four.
    let bytes = [2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0];
    assert_eq!(
        TestEnumRequest::decode(&bytes, Representation::NDR).unwrap_err().to_string(),
        "TestEnum.Choice.Enum2.Wide: expected 6 bytes, got 0 at offset 18"
    );
}

#[test]
fn rejects_structure_whose_counts_differ() {
    let bytes = [2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 2, 0];
    let error = TestSurroundingRequest::decode(&bytes, Representation::NDR).unwrap_err();
    assert_eq!(error.to_string(), "TestSurrounding.Data.Surrounding: expected Count elements, got 0x2 at offset 8");
}

#[test]
fn rejects_union_that_is_not_the_one_asked_for() {
    let request = protocol::rpcecho::TestCall2Request { level: 1 };
    let bytes = [2, 0, 0x22, 0x11, 0, 0, 0, 0];
    let error = protocol::rpcecho::TestCall2Response::decode(&bytes, Representation::NDR, &request).unwrap_err();
    assert_eq!(error.to_string(), "TestCall2.Info: expected the arm of Level, got 0x2 at offset 4");
    let bytes = [8, 0, 0x22, 0x11, 0, 0, 0, 0];
    let error = protocol::rpcecho::TestCall2Response::decode(&bytes, Representation::NDR, &request).unwrap_err();
    assert_eq!(error.to_string(), "TestCall2.Info: expected a discriminant of Info, got 0x8 at offset 0");
}

#[test]
fn refuses_response_of_another_size_than_was_asked() {
    let response = EchoDataResponse { out_data: vec![1, 2].into() };
    let request = EchoDataRequest { in_data: vec![1].into() };
    let error = response.encode(Representation::NDR, &request).unwrap_err();
    assert_eq!(error.to_string(), "EchoData.OutData: expected Length elements");
    let response = protocol::rpcecho::SourceDataResponse { data: vec![1, 2].into() };
    assert!(response.encode(Representation::NDR, &SourceDataRequest { length: 3 }).is_err());
}

/// What follows the terminator in a big-endian text is converted with the rest.
#[test]
fn reads_texts_that_do_not_borrow() {
    let request = TestCallRequest { text: Utf16::new("\u{e9}\u{1f600}") };
    for representation in REPRESENTATIONS {
        let bytes = request.encode(representation).unwrap();
        assert_eq!(TestCallRequest::decode(&bytes, representation).unwrap().text.to_text(), "\u{e9}\u{1f600}");
    }
    assert_eq!(Surrounding::default().surrounding.len(), 0);
}
