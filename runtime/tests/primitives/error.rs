use runtime::{At as _, Cursor, Encoder, PackError, PackErrorKind, UnpackError, UnpackErrorKind};

fn read_tags(c: &mut Cursor<'_>) -> Result<Vec<u32>, UnpackError> {
    (0..4).map(|index| c.u32().at("PropertyType").at_index(index)).collect()
}

#[test]
fn collects_the_path_from_the_inside_out() {
    let error = read_tags(&mut Cursor::new(&[0; 13])).at("PropertyTags").at("RopSetColumns").unwrap_err();
    assert_eq!(error.path(), "RopSetColumns.PropertyTags[3].PropertyType");
    assert_eq!(error.to_string(), "RopSetColumns.PropertyTags[3].PropertyType: expected 4 bytes, got 1 at offset 12");
    assert_eq!(format!("{error:?}"), format!("UnpackError({error})"));
}

#[test]
fn an_error_without_path_is_only_its_message() {
    let error = Cursor::new(&[]).u8().unwrap_err();
    assert_eq!((error.path().as_str(), error.to_string().as_str()), ("", "expected 1 bytes, got 0 at offset 0"));
    let error = Encoder::with_limit(0).u8(1).at_index(2).unwrap_err();
    assert_eq!((error.path().as_str(), error.to_string().as_str()), ("[2]", "[2]: 1 bytes do not fit the limit of 0"));
}

#[test]
fn a_value_passes_through() {
    assert_eq!(Cursor::new(&[7]).u8().at("A").at_index(1).unwrap(), 7);
}

#[test]
fn messages_say_expected_and_got() {
    let unpack = |kind| UnpackError::new(kind, 5).to_string();
    assert_eq!(unpack(UnpackErrorKind::TrailingBytes { count: 3 }), "3 bytes left over at offset 5");
    assert_eq!(
        unpack(UnpackErrorKind::InvalidValue { found: 0x1F, expected: "0 to 3" }),
        "expected 0 to 3, got 0x1f at offset 5",
    );
    assert_eq!(unpack(UnpackErrorKind::Unterminated), "text without terminator at offset 5");
    assert_eq!(unpack(UnpackErrorKind::TooDeep { limit: 9 }), "nested deeper than 9 at offset 5");
    assert_eq!(unpack(UnpackErrorKind::TooLarge { found: 9, limit: 8 }), "9 is over the limit of 8 at offset 5");
    assert_eq!(unpack(UnpackErrorKind::MissingContext { what: "columns" }), "columns not known at offset 5");
    assert_eq!(unpack(UnpackErrorKind::Compression { reason: "why" }), "compressed data: why at offset 5");

    let pack = |kind| PackError::new(kind, 5).to_string();
    assert_eq!(pack(PackErrorKind::TooLarge { value: 256, limit: 255 }), "256 is over the field's limit of 255");
    assert_eq!(pack(PackErrorKind::InvalidValue { found: 1, expected: "0" }), "expected 0, got 0x1");
    assert_eq!(pack(PackErrorKind::Mismatch { expected: "as many rows" }), "expected as many rows");
    assert_eq!(pack(PackErrorKind::TooDeep { limit: 9 }), "nested deeper than 9");
    assert_eq!(pack(PackErrorKind::MissingContext { what: "columns" }), "columns not known");
}

#[test]
fn results_stay_one_word_wide() {
    assert_eq!(size_of::<Result<(), UnpackError>>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), PackError>>(), size_of::<usize>());
}
