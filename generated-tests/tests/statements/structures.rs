//! Structures of MS-OXCROPS and MS-OXCDATA that replies carry.

use generated_tests::vectors::hex;
use protocol::oxcdata::{
    DisplayType, ErrorCode, FlaggedPropertyValue, PropertyTag, PropertyType, PropertyValue, RecipientRow,
    RecipientRowAddress, WireForm,
};
use protocol::oxcmsg::ReadRecipientRow;
use protocol::oxcstor::{LogonFlags, ReceiveFolderRow, RopLogonResponse, RopLogonResponseStore, RopLogonWrongServer};
use protocol::rops::{Conversation, RopInputBuffer, RopOutputBuffer};
use runtime::{Blob, Cursor, UnpackErrorKind};

use crate::{both_ways, record};

/// Two columns: a number and a string.
const COLUMNS: [PropertyTag; 2] = [PropertyTag(0x3FFD_0003), PropertyTag(0x3001_001F)];

fn recipient(bytes: &[u8]) -> RecipientRow<'_> {
    let (row, written) = both_ways(bytes, |c| RecipientRow::unpack(c, &COLUMNS), |row, e| row.pack(e, &COLUMNS));
    assert_eq!(written, bytes);
    row
}

#[test]
fn a_recipient_has_as_many_columns_as_it_says() {
    const TEST: &str = "a_recipient_has_as_many_columns_as_it_says";
    // An address without a type, then the count, then a row of so many values.
    let rows =
        [("00 00  00 00  00", 0), ("00 00  01 00  00 07 00 00 00", 1), ("00 00  02 00  00 07 00 00 00 41 00 00 00", 2)];
    for (bytes, count) in rows {
        let row = hex(bytes);
        let row = recipient(&row);
        assert_eq!(row.recipient_column_count, count);
        let text = format!("{:?}", row.recipient_properties);
        assert_eq!(text.matches("Ptyp").count(), usize::from(count), "{text}");
    }
    // There are no more than the operation named.
    let three = hex("00 00  03 00  00 07 00 00 00 41 00 00 00 00");
    assert!(RecipientRow::unpack(&mut Cursor::new(&three), &COLUMNS).is_err());
    record(TEST, "MS-OXCDATA", &["R176", "R177"]);
}

#[test]
fn a_recipient_of_the_directory_has_a_prefix_and_a_kind() {
    const TEST: &str = "a_recipient_of_the_directory_has_a_prefix_and_a_kind";
    let names = ["DT_MAILUSER", "DT_DISTLIST", "DT_FORUM", "DT_AGENT", "DT_ORGANIZATION", "DT_PRIVATE_DISTLIST"];
    for (value, name) in (0..).zip(names.into_iter().chain(["DT_REMOTE_MAILUSER"])) {
        let bytes = hex(&format!("01 00  21  {value:02X}  2F 63 6E 3D 62 00  00 00  00"));
        let RecipientRowAddress::X500DN { address_prefix_used, display_type, x500_dn } = recipient(&bytes).address
        else {
            panic!("another address")
        };
        assert_eq!((address_prefix_used, display_type, x500_dn.as_bytes()), (0x21, DisplayType(value), &b"/cn=b"[..]));
        assert_eq!(display_type.name(), Some(name));
    }
    assert_eq!(DisplayType(7).name(), None);
    record(TEST, "MS-OXCDATA", &["R131", "R134", "R2764"]);
}

#[test]
fn a_recipient_of_a_personal_list_has_an_entry_id_and_a_search_key() {
    for kind in ["06", "07"] {
        let bytes = hex(&format!("{kind} 00  02 00 AB CD  03 00 01 02 03  00 00  00"));
        let row = recipient(&bytes);
        let (RecipientRowAddress::PersonalDistributionList1(list)
        | RecipientRowAddress::PersonalDistributionList2(list)) = row.address
        else {
            panic!("another address")
        };
        assert_eq!((&list.entry_id[..], &list.search_key[..]), (&[0xAB, 0xCD][..], &[1, 2, 3][..]));
    }
    // More than 8 bits could count.
    let long = [hex("06 00  00 01"), vec![0xAB; 0x100], hex("01 01"), vec![0xCD; 0x101], hex("00 00  00")].concat();
    assert!(format!("{:?}", recipient(&long).address).contains("PersonalDistributionList1"));
    let test = "a_recipient_of_a_personal_list_has_an_entry_id_and_a_search_key";
    record(test, "MS-OXCDATA", &["R140", "R148"]);
}

#[test]
fn a_recipient_that_is_read_is_a_row_of_its_size() {
    const TEST: &str = "a_recipient_that_is_read_is_a_row_of_its_size";
    for kind in 1..=3 {
        let bytes = hex(&format!("04 03 02 01  {kind:02X}  E4 04  00 00  03 00  AB CD EF"));
        let (row, written) = both_ways(&bytes, ReadRecipientRow::unpack, |row, e| row.pack(e));
        assert_eq!((row.row_id, row.recipient_type.0, row.code_page_id), (0x0102_0304, kind, 1252));
        assert_eq!((row.recipient_row, &written), (Blob::Borrowed(&[0xAB, 0xCD, 0xEF]), &bytes));
    }
    record(TEST, "MS-OXCROPS", &["R1920", "R1922", "R1923", "R1925", "R1927", "R1929", "R1931"]);
    // Whatever came as Reserved is written as 0.
    let bytes = hex("04 03 02 01  01  E4 04  FF FF  01 00  AB");
    let (_, written) = both_ways(&bytes, ReadRecipientRow::unpack, |row, e| row.pack(e));
    assert_eq!(written, hex("04 03 02 01  01  E4 04  00 00  01 00  AB"));
    record(TEST, "MS-OXCROPS", &["R1928"]);
    // A size that lies.
    let more = hex("04 03 02 01  01  E4 04  00 00  04 00  AB CD EF");
    assert!(ReadRecipientRow::unpack(&mut Cursor::new(&more)).is_err());
    let mut c = Cursor::new(&bytes);
    ReadRecipientRow::unpack(&mut c).unwrap();
    assert!(c.is_empty());
    record(TEST, "MS-OXCROPS", &["R1933"]);
}

#[test]
fn a_redirection_names_a_server_with_its_terminator() {
    const TEST: &str = "a_redirection_names_a_server_with_its_terminator";
    for flags in [0x01, 0x02, 0x04, 0x07] {
        let bytes = hex(&format!("{flags:02X}  05 2F 63 6E 3D 00"));
        let (reply, written) = both_ways(&bytes, RopLogonWrongServer::unpack, |reply, e| reply.pack(e));
        let named = LogonFlags(flags);
        assert_eq!(reply.logon_flags, named);
        assert_eq!(
            (named.private(), named.undercover(), named.ghosted()),
            (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
        );
        assert_eq!((reply.server_name.as_bytes(), &written), (&b"/cn="[..], &bytes));
    }
    record(TEST, "MS-OXCROPS", &["R121"]);
    // One more or less than the characters with their terminator is refused.
    for size in [4, 6] {
        let bytes = hex(&format!("01  {size:02X} 2F 63 6E 3D 00"));
        assert!(RopLogonWrongServer::unpack(&mut Cursor::new(&bytes)).is_err(), "{size}");
    }
    record(TEST, "MS-OXCROPS", &["R124", "R126"]);
}

#[test]
fn a_logon_without_private_is_one_to_the_public_folders() {
    let common = [vec![0; 13 * 8], hex("05 00"), vec![0xAA; 16], vec![0; 16]].concat();
    let bytes = [hex("00"), common.clone()].concat();
    let (reply, written) = both_ways(&bytes, RopLogonResponse::unpack, |reply, e| reply.pack(e));
    assert!(matches!(reply.store, RopLogonResponseStore::PublicFolders { repl_id: 5, .. }), "{:?}", reply.store);
    assert_eq!(written, bytes);
    // With Private the same bytes are no whole reply.
    let private = [hex("01"), common].concat();
    assert!(RopLogonResponse::unpack(&mut Cursor::new(&private)).is_err());
    record("a_logon_without_private_is_one_to_the_public_folders", "MS-OXCROPS", &["R100"]);
}

#[test]
fn a_receive_folder_is_a_row_of_three_properties() {
    const TEST: &str = "a_receive_folder_is_a_row_of_three_properties";
    // PidTagFolderId, PidTagMessageClass, PidTagLastModificationTime.
    let standard = hex("00  01 00 00 00 00 00 00 0D  49 50 4D 00  00 80 3E D5 DE B1 9D 01");
    let (row, written) = both_ways(&standard, ReceiveFolderRow::unpack, |row, e| row.pack(e));
    let ReceiveFolderRow::StandardPropertyRow { folder_id, message_class, last_modification_time } = row else {
        panic!("{row:?}")
    };
    assert_eq!((folder_id.0, message_class.as_bytes()), (0x0D00_0000_0000_0001, &b"IPM"[..]));
    assert_eq!((last_modification_time.0, &written), (0x019D_B1DE_D53E_8000, &standard));
    let flagged = hex("01  00 01 00 00 00 00 00 00 0D  0A 0F 01 04 80  01");
    let (row, written) = both_ways(&flagged, ReceiveFolderRow::unpack, |row, e| row.pack(e));
    let ReceiveFolderRow::FlaggedPropertyRow { folder_id, message_class, last_modification_time } = row else {
        panic!("{row:?}")
    };
    assert_eq!(folder_id, FlaggedPropertyValue::Present(PropertyValue::PtypInteger64(0x0D00_0000_0000_0001)));
    assert_eq!(message_class, FlaggedPropertyValue::Error(ErrorCode::EC_NOT_FOUND));
    assert_eq!((last_modification_time, &written), (FlaggedPropertyValue::Absent, &flagged));
    for other in 2..=0xFF {
        let bytes = [&[other], &standard[1..]].concat();
        assert!(ReceiveFolderRow::unpack(&mut Cursor::new(&bytes)).is_err(), "{other}");
    }
    record(TEST, "MS-OXCROPS", &["R209", "R211"]);
}

#[test]
fn expanded_rows_have_the_columns_of_their_table() {
    let ask = hex("59 00 01  05 00  01 00 00 00 00 00 00 00");
    let answer = hex("59 01 00 00 00 00  02 00 00 00  01 00  00 41 00 00 00");
    let with = |columns: &str| {
        let input = crate::return_values::buffer(&[&hex(columns), &ask]);
        let output = crate::return_values::buffer(&[&hex("12 01 00 00 00 00 00"), &answer]);
        let requests = RopInputBuffer::unpack(&input).unwrap().requests;
        let output = RopOutputBuffer::unpack(&output, &requests, &mut Conversation::default());
        output.map(|output| format!("{:?}", output.replies[1]))
    };
    let text = with("12 00 01 00  01 00  1F 00 37 00").unwrap();
    assert!(text.contains("StandardPropertyRow([PtypString("), "{text}");
    let text = with("12 00 01 00  01 00  03 00 FE 0F").unwrap();
    assert!(text.contains("StandardPropertyRow([PtypInteger32(65)"), "{text}");
    assert!(with("12 00 01 00  02 00  03 00 FE 0F  03 00 FD 0F").is_err());
    record("expanded_rows_have_the_columns_of_their_table", "MS-OXCROPS", &["R1560"]);
}

#[test]
fn strings_end_with_their_terminator() {
    const TEST: &str = "strings_end_with_their_terminator";
    let value = |bytes: &str, ty: PropertyType| {
        let bytes = hex(bytes);
        let unpack = |c: &mut Cursor<'_>| PropertyValue::unpack(c, WireForm::Rop, ty).map(PropertyValue::into_owned);
        let (read, written) = both_ways(&bytes, unpack, |value, e| value.pack(e, WireForm::Rop, ty));
        assert_eq!(written, bytes);
        read
    };
    assert_eq!(value("41 00 00 00", PropertyType::PTYP_STRING), PropertyValue::PtypString("A".into()));
    assert_eq!(value("41 00", PropertyType::PTYP_STRING8), PropertyValue::PtypString8("A".into()));
    for (bytes, ty) in [("41 00", PropertyType::PTYP_STRING), ("41", PropertyType::PTYP_STRING8)] {
        assert!(PropertyValue::unpack(&mut Cursor::new(&hex(bytes)), WireForm::Rop, ty).is_err());
    }
    record(TEST, "MS-OXCDATA", &["R455"]);
}

#[test]
fn a_flagged_value_is_a_value_nothing_or_an_error() {
    const TEST: &str = "a_flagged_value_is_a_value_nothing_or_an_error";
    let ty = PropertyType::PTYP_INTEGER32;
    let flagged = |bytes: &str| {
        let bytes = hex(bytes);
        let (read, written) = both_ways(&bytes, |c| FlaggedPropertyValue::unpack(c, ty), |value, e| value.pack(e, ty));
        assert_eq!(written, bytes);
        read.into_owned()
    };
    assert_eq!(flagged("00  06 00 00 00"), FlaggedPropertyValue::Present(PropertyValue::PtypInteger32(6)));
    assert_eq!(flagged("0A  0F 01 04 80"), FlaggedPropertyValue::Error(ErrorCode::EC_NOT_FOUND));
    record(TEST, "MS-OXCDATA", &["R473", "R476"]);
    assert_eq!(flagged("01"), FlaggedPropertyValue::Absent);
    record(TEST, "MS-OXCDATA", &["R479"]);
    for other in (0..=0xFF).filter(|flag| ![0x00, 0x01, 0x0A].contains(flag)) {
        let bytes = [other, 0, 0, 0, 0];
        let error = FlaggedPropertyValue::unpack(&mut Cursor::new(&bytes), ty).unwrap_err();
        assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { .. }), "{other}: {error}");
    }
    record(TEST, "MS-OXCDATA", &["R475"]);
}
