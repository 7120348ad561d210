//! Wrong bytes: where, in which field, what was expected, and how it is shown.

use crate::decode::rops::Decoder;
use crate::decode::script::{mapi_http, rops};
use crate::support::{decode_hex, nodes, program, ropc, text};

#[track_caller]
fn wrong(name: &str, params: &[&str], bytes: &str, path: &str, offset: usize, message: &str) {
    let fault = decode_hex(name, params, bytes).fault.unwrap_or_else(|| panic!("{bytes} is accepted"));
    assert_eq!((fault.path.as_str(), fault.offset), (path, offset), "{fault}");
    assert!(fault.message.contains(message), "{fault}");
}

#[test]
fn points_at_the_byte_and_names_the_field() {
    wrong("Restriction", &[], "0C", "RestrictType", 0, "expected a known RestrictType, got 0xc");
    wrong("Restriction", &[], "02 0C", "Restriction.RestrictType", 1, "got 0xc");
    wrong("Restriction", &[], "00 02 00  08 1F 00 37 00  0D", "Restricts[1].RestrictType", 8, "got 0xd");
    wrong("Restriction", &[], "00 02 00  08 1F 00 37 00", "Restricts[1].RestrictType", 8, "expected 1 bytes, got 0");
    wrong("SortOrder", &[], "1F 00 37", "PropertyTag", 0, "expected 4 bytes, got 3");
    wrong("SortOrder", &[], "1F 00 37 00 01 AA", "", 5, "1 bytes left over");
    wrong("PropertyRow", &["Columns=PidTagSubject"], "00 61 00", "ValueArray[0].Value", 1, "text without terminator");
    wrong("FlaggedPropertyValue", &["PropertyType=PtypBoolean"], "02", "Flag", 0, "got 0x2");
    wrong("RopSetColumns", &[], "12 00 01 00 02 00 1F 00 37 00 1F", "RopSetColumns.PropertyTags[1]", 10, "got 1");
    wrong("RopSetColumns", &[], "00", "RopId", 0, "expected a known RopId, got 0x00");
}

#[test]
fn sizes_that_lie_are_found_where_they_end() {
    // RestrictionDataSize is one byte too large, then one too small.
    wrong(
        "RopRestrict",
        &[],
        "14 00 00 00 06 00 08 1F 00 37 00",
        "RopRestrict.RestrictionData",
        6,
        "expected 6 bytes, got 5",
    );
    wrong(
        "RopRestrict",
        &[],
        "14 00 00 00 04 00 08 1F 00 37 00",
        "RopRestrict.RestrictionData.PropTag",
        7,
        "expected 4 bytes, got 3",
    );
    wrong(
        "RopRestrict",
        &[],
        "14 00 00 00 06 00 08 1F 00 37 00 00",
        "RopRestrict.RestrictionData",
        11,
        "1 bytes left over",
    );
}

#[test]
fn operations_before_a_handle_table_that_is_cut_off_are_in_the_tree() {
    let request = [0x05, 0, 1, 0, 0, 7, 0, 0, 0, 1, 0];
    let reply = [0x02, 0, 7, 0, 0];
    let all = rops(&mut Decoder::new(program()), Some(&request), Some(&reply));
    let names: Vec<&str> = nodes(&all[0].root).iter().map(|node| node.name.as_str()).collect();
    assert!(names.contains(&"RopRelease") && names.contains(&"[0]"), "{names:?}");
    for (decoded, path) in all.iter().zip(["ServerObjectHandleTable[1]", "ServerObjectHandleTable[0]"]) {
        assert_eq!(decoded.fault.as_ref().unwrap().path, path);
    }
}

#[test]
fn what_was_read_before_the_mistake_is_in_the_tree() {
    let decoded = decode_hex("Restriction", &[], "00 02 00  08 1F 00 37 00  0D");
    let names: Vec<&str> = nodes(&decoded.root).iter().map(|node| node.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Restriction",
            "RestrictType",
            "RestrictCount",
            "Restricts",
            "[0]",
            "RestrictType",
            "PropTag",
            "[1]",
            "RestrictType"
        ]
    );
}

#[test]
fn the_line_with_the_byte_is_marked() {
    let fault =
        decode_hex("Restriction", &[], "02 02 02 02 02 02 02 02 02 02 02 02 02 02 02 02 02 0C 11 22").fault.unwrap();
    let shown = fault.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[1], "  0010  02 0c 11 22");
    assert_eq!(lines[2], "           ^^");
    let fault = decode_hex("SortOrder", &[], "1F 00 37").fault.unwrap().to_string();
    assert_eq!(fault.lines().skip(1).collect::<Vec<_>>(), ["  0000  1f 00 37", "        ^^ ^^ ^^"]);
    let fault = decode_hex("SortOrder", &[], "1F 00 37 00").fault.unwrap().to_string();
    assert_eq!(fault.lines().skip(1).collect::<Vec<_>>(), ["  0000  1f 00 37 00", "                    ^^"]);
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let too_deep = "02".repeat(65);
    let fault = decode_hex("Restriction", &[], &too_deep).fault.unwrap();
    assert_eq!((fault.offset, fault.message.as_str()), (64, "nested deeper than 64"));
}

#[test]
fn context_that_is_not_given_is_said() {
    let fault = decode_hex("RopQueryRowsReply", &[], "15 00 00 00 00 00 02 01 00 00").fault.unwrap();
    assert!(fault.missing_context);
    assert_eq!(fault.message, "Columns of the Table not known");
    let fault = decode_hex("PropertyRow", &[], "00").fault.unwrap();
    assert!(fault.missing_context);
}

#[test]
fn framing_of_buffers_is_checked() {
    let mut decoder = Decoder::new(program());
    for (bytes, path, offset) in [
        (&[1, 0][..], "RopSize", 0),
        (&[9, 0, 1, 0, 0], "RopsList", 2),
        (&[5, 0, 1, 0, 0, 1, 2], "ServerObjectHandleTable[0]", 5),
        (&[3, 0, 0x28], "RopId", 2),
    ] {
        let fault = rops(&mut decoder, Some(bytes), None).pop().unwrap().fault.unwrap();
        assert_eq!((fault.path.as_str(), fault.offset), (path, offset), "{fault}");
    }
}

#[test]
fn a_mistake_inside_a_payload_counts_from_its_first_byte() {
    // Execute with one extended buffer of a ROP buffer whose operation is reserved.
    let body =
        [&[0, 0, 0, 0, 11, 0, 0, 0][..], &[0, 0, 4, 0, 3, 0, 3, 0], &[3, 0, 0x28], &[0, 0, 1, 0, 0, 0, 0, 0]].concat();
    let decoded = mapi_http(&mut Decoder::new(program()), "Execute", Some(&body), None).unwrap().pop().unwrap();
    let fault = decoded.fault.unwrap();
    assert_eq!((fault.path.as_str(), fault.offset), ("RopBuffer[0].RopId", 2));
    assert_eq!(fault.window, Some((0, vec![3, 0, 0x28])));
}

#[test]
fn the_exit_code_tells_wrong_bytes_from_a_wrong_command() {
    let output = ropc(&["decode", "Restriction", "--hex", "0C"], "");
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.starts_with("error: RestrictType: expected a known RestrictType, got 0xc at offset 0x0\n"),
        "{error}"
    );
    assert!(text(&output.stdout).contains("RestrictType: 12 (0xC)"));
    for arguments in [
        &["decode"][..],
        &["decode", "Nothing", "--hex", "00"],
        &["decode", "SortOrder", "--hex", "0"],
        &["decode", "SortOrder", "/does/not/exist"],
        &["decode", "PropertyRow", "--hex", "00", "--param", "Colums=1"],
        &["decode", "PropertyRow", "--hex", "00", "--param", "Columns=PidTagNothing"],
        &["decode", "rops"],
        &["decode", "mapihttp", "Nothing", "--request", "00"],
        &["decode", "SortOrder", "--hex", "00", "--idl", "/does/not/exist"],
    ] {
        assert_eq!(ropc(arguments, "").status.code(), Some(2), "{arguments:?}");
    }
}
