//! Relative pointers whose data fill a part from its end: `flag(NDR_RELATIVE_REVERSE)` of PIDL, and indexes that do not
//! begin at 0.

use runtime::Utf16;
use runtime::ndr::Representation;

use crate::bytes::hex;
use crate::cases::{BoundsRequest, Form, FormInfo, GetFormRequest, GetFormResponse};

fn response<'a>(name: Option<&'a str>, comment: Option<&'a str>) -> GetFormResponse<'a> {
    let form = Form { flags: 1, name: name.map(Utf16::new), comment: comment.map(Utf16::new) };
    GetFormResponse { info: Some(Box::new(FormInfo::One(form))), needed: 9 }
}

/// The first of the texts stands last. Where the caller's room is odd, they go to even places, and a byte is left
/// behind them.
#[test]
fn what_relative_pointers_lead_to_fills_the_room_from_its_end() {
    let pointer = "00000200";
    let cases = [
        (24, Some("ab"), Some("c"), "01000000 12000000 0E000000 (room) 0000 6300 0000 6100 6200 0000"),
        (23, Some("ab"), Some("c"), "01000000 10000000 0C000000 6300 0000 6100 6200 0000 (left) 00 (gap) 00"),
        (22, Some("ab"), Some("c"), "01000000 10000000 0C000000 6300 0000 6100 6200 0000"),
        (20, None, Some("c"), "01000000 00000000 10000000 (room) 00000000 6300 0000"),
        (12, None, None, "01000000 00000000 00000000"),
    ];
    for (offered, name, comment, bytes) in cases {
        let request = GetFormRequest { level: 1, offered };
        let gap = if offered == 22 { "0000" } else { "" };
        let expected = hex(&format!("{pointer} {offered:02X}000000 {bytes} {gap} 09000000"));
        let value = response(name, comment);
        assert_eq!(value.encode(Representation::NDR, &request).unwrap(), expected, "{offered}");
        let back = GetFormResponse::decode(&expected, Representation::NDR, &request).unwrap();
        assert_eq!(back, value, "{offered}");
    }
}

#[test]
fn what_does_not_fit_into_the_room_is_an_error() {
    let value = response(Some("ab"), Some("c"));
    for offered in [0, 12, 21] {
        let error = value.encode(Representation::NDR, &GetFormRequest { level: 1, offered }).unwrap_err();
        assert!(error.to_string().starts_with("GetForm.info"), "{error}");
    }
    // without a part there is no end
    let error = runtime::ndr::encode(Representation::NDR, |e| value.info.as_ref().unwrap().pack(e)).unwrap_err();
    assert!(error.to_string().contains("a part whose size is said"), "{error}");
}

/// The same pointers in the other representations: only how wide counts are differs, and that structures of NDR64 are filled up.
#[test]
fn the_order_is_the_same_in_every_representation() {
    for (representation, offered, bytes) in [
        (
            Representation::NDR_BIG_ENDIAN,
            24,
            "00020000 00000018 00000001 00000012 0000000E (room) 0000 0063 0000 0061 0062 0000 00000009",
        ),
        (
            Representation::NDR64,
            32,
            "0000020000000000 2000000000000000 01000000 1A000000 16000000 (gap) 00000000 (room) 000000000000 6300 0000 6100 6200 0000 09000000",
        ),
    ] {
        let (request, value) = (GetFormRequest { level: 1, offered }, response(Some("ab"), Some("c")));
        assert_eq!(value.encode(representation, &request).unwrap(), hex(bytes), "{representation:?}");
        assert_eq!(GetFormResponse::decode(&hex(bytes), representation, &request).unwrap(), value);
    }
}

/// Indexes 2 to 6, of which 3 and 4 are sent: five elements, the second and the third of them.
#[test]
fn indexes_begin_where_the_description_says() {
    let value = BoundsRequest { low: 2, high: 6, first: 3, last: 4, values: vec![7, 8] };
    let bytes =
        hex("02000000 06000000 03000000 04000000 (maximum) 05000000 (offset) 01000000 (actual) 02000000 0700 0800");
    assert_eq!(value.encode(Representation::NDR).unwrap(), bytes);
    assert_eq!(BoundsRequest::decode(&bytes, Representation::NDR).unwrap(), value);
    let wrong = BoundsRequest { first: 1, ..value };
    assert!(wrong.encode(Representation::NDR).is_err());
}
