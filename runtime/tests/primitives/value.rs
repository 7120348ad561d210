use runtime::{Cursor, Encoder, FileTime, Guid};

#[test]
fn a_guid_stands_on_the_wire_with_its_first_fields_little_endian() {
    let guid = Guid::new(0x0002_0329, 0x1234, 0xABCD, [0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
    assert_eq!(guid.to_string(), "00020329-1234-abcd-c000-000000000046");
    assert_eq!(format!("{guid:?}"), "{00020329-1234-abcd-c000-000000000046}");
    let mut e = Encoder::new();
    guid.pack(&mut e).unwrap();
    assert_eq!(e.as_slice(), b"\x29\x03\x02\x00\x34\x12\xCD\xAB\xC0\x00\x00\x00\x00\x00\x00\x46");
    assert_eq!(Guid::unpack(&mut Cursor::new(e.as_slice())).unwrap(), guid);
    assert!(Guid::unpack(&mut Cursor::new(&[0; 15])).is_err());
}

#[test]
fn a_file_time_counts_from_1601() {
    assert_eq!(FileTime::from_unix_seconds(0), FileTime::UNIX_EPOCH);
    assert_eq!(FileTime(0).to_unix_seconds(), -11_644_473_600);
    assert_eq!(FileTime::from_unix_seconds(-11_644_473_600), FileTime(0));
    // 2026-01-01 00:00:00 UTC.
    assert_eq!(FileTime::from_unix_seconds(1_767_225_600), FileTime(134_116_992_000_000_000));
}

#[test]
fn times_that_cannot_be_said_are_cut_to_those_that_can() {
    assert_eq!(FileTime::from_unix_seconds(i64::MIN), FileTime(0));
    assert_eq!(FileTime::from_unix_seconds(i64::MAX), FileTime(u64::MAX));
    assert_eq!(FileTime(u64::MAX).to_unix_seconds(), 1_833_029_933_770);
}

#[test]
fn seconds_are_rounded_down() {
    let just_before = FileTime(FileTime::UNIX_EPOCH.0 - 1);
    assert_eq!(just_before.to_unix_seconds(), -1);
    assert_eq!(FileTime(FileTime::UNIX_EPOCH.0 + 9_999_999).to_unix_seconds(), 0);
}

#[test]
fn a_file_time_is_eight_bytes() {
    let mut e = Encoder::new();
    FileTime(0x0102_0304_0506_0708).pack(&mut e).unwrap();
    assert_eq!(e.as_slice(), [8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(FileTime::unpack(&mut Cursor::new(e.as_slice())).unwrap(), FileTime(0x0102_0304_0506_0708));
}
