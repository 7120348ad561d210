//! Markers, properties and their values: the lexical structure, and where it may be cut.

use generated_tests::vectors::hex;
use protocol::oxcdata::{FolderId, PropertyTag, PropertyType};
use protocol::oxcfxics::{
    self, FastTransfer, FastTransferDecoder, FastTransferEvent, FastTransferRoot, FastTransferWriter, Marker,
    PredecessorChangeList, XID,
};
use protocol::oxprops;
use runtime::stream::typed::Stream as _;
use runtime::stream::{Event, Limits, Property, PropertyId, PropertyName, StreamErrorKind};
use runtime::{Cursor, Guid};

use crate::{Word, begun, record, whole};

/// A folder that changed, from the beginning of a stream that "How to parse the FastTransfer Stream" (Open
/// Specifications blog) publishes.
const PUBLISHED: &str = "
    03 00 12 40 02 01 E1 65 00 00 00 00 02 01 E0 65 16 00 00 00 52 F6 85 EC 7D 43 2E 4A A9 60 34 50
    88 53 D9 0A 00 00 00 00 03 F5 40 00 08 30 00 D0 9E A8 81 85 D0 01 02 01 E2 65 16 00 00 00 52 F6
    85 EC 7D 43 2E 4A A9 60 34 50 88 53 D9 0A 00 00 00 00 20 7C 02 01 E3 65 17 00 00 00 16 52 F6 85
    EC 7D 43 2E 4A A9 60 34 50 88 53 D9 0A 00 00 00 00 20 7C 1F 00 01 30 0C 00 00 00 49 00 4E 00 42
    00 4F 00 58 00 00 00 14 00 48 67 01 00 00 00 00 00 03 F4 03 00 39 66 FB 03 00 00 40 00 07 30 80
    39 06 A8 81 85 D0 01 0B 00 F4 10 00 00";

/// Properties with their values, read from pieces.
#[derive(Debug, Default)]
struct Read {
    markers: Vec<Marker>,
    properties: Vec<(u32, Vec<u8>)>,
}

impl Read {
    fn note(&mut self, event: FastTransferEvent<'_>) {
        match event {
            Event::Marker(marker) => self.markers.push(marker),
            Event::Property(Property { tag, .. }) => self.properties.push((tag, Vec::new())),
            Event::Value(bytes) | Event::Chunk { bytes, .. } => {
                self.properties.last_mut().unwrap().1.extend_from_slice(bytes);
            }
            _ => {}
        }
    }

    fn of(root: FastTransferRoot, pieces: &[&[u8]]) -> Self {
        let (mut read, mut decoder) = (Self::default(), FastTransferDecoder::new(root));
        for piece in pieces {
            let mut piece = *piece;
            while let Some(event) = decoder.next(&mut piece).unwrap() {
                read.note(event);
            }
        }
        read
    }

    fn value(&self, tag: PropertyTag) -> &[u8] {
        &self.properties.iter().find(|(found, _)| *found == tag.0).unwrap().1
    }
}

#[test]
fn a_published_folder_change_is_read() {
    const TEST: &str = "a_published_folder_change_is_read";
    let bytes = hex(PUBLISHED);
    let read = Read::of(FastTransferRoot::HierarchySync, &[&bytes]);
    assert_eq!(read.markers, [Marker::INCR_SYNC_CHG]);
    let tags: Vec<u32> = read.properties.iter().map(|(tag, _)| *tag).collect();
    let expected = [
        0x65E1_0102,
        0x65E0_0102,
        0x3008_0040,
        0x65E2_0102,
        0x65E3_0102,
        0x3001_001F,
        0x6748_0014,
        0x6639_0003,
        0x3007_0040,
        0x10F4_000B,
    ];
    assert_eq!(tags, expected);
    assert!(read.value(oxprops::PID_TAG_PARENT_SOURCE_KEY).is_empty());
    let set = hex("52 F6 85 EC 7D 43 2E 4A A9 60 34 50 88 53 D9 0A");
    for (tag, counter) in
        [(oxprops::PID_TAG_SOURCE_KEY, "00 00 00 00 03 F5"), (oxprops::PID_TAG_CHANGE_KEY, "00 00 00 00 20 7C")]
    {
        let xid = XID::unpack(&mut Cursor::new(read.value(tag))).unwrap();
        assert_eq!((xid.namespace_guid.0.as_slice(), xid.local_id.as_ref()), (set.as_slice(), hex(counter).as_slice()));
    }
    let changes = PredecessorChangeList::unpack(&mut Cursor::new(read.value(oxprops::PID_TAG_PREDECESSOR_CHANGE_LIST)));
    let changes = changes.unwrap();
    assert_eq!(changes.xids.len(), 1);
    assert_eq!(changes.xids[0].local_id.as_ref(), hex("00 00 00 00 20 7C"));
    let id = FolderId::unpack(&mut Cursor::new(read.value(oxprops::PID_TAG_FOLDER_ID))).unwrap();
    assert_eq!((id.repl_id(), id.global_counter()), (1, 0x3F4));
    assert_eq!(read.value(oxprops::PID_TAG_DISPLAY_NAME), hex("49 00 4E 00 42 00 4F 00 58 00 00 00"));
    assert_eq!(read.properties.last().unwrap().1, [0, 0]);
    record(TEST, &["R1271", "R1273", "R1274", "R3019"]);

    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(Read::of(FastTransferRoot::HierarchySync, &single).properties, read.properties);
}

#[test]
fn markers_have_the_published_numbers() {
    const TEST: &str = "markers_have_the_published_numbers";
    let table = [
        (Marker::START_TOP_FLD, 0x4009_0003, "StartTopFld", "R1002"),
        (Marker::END_FOLDER, 0x400B_0003, "EndFolder", "R1003"),
        (Marker::START_SUB_FLD, 0x400A_0003, "StartSubFld", "R1004"),
        (Marker::START_MESSAGE, 0x400C_0003, "StartMessage", "R1006"),
        (Marker::END_MESSAGE, 0x400D_0003, "EndMessage", "R2681"),
        (Marker::START_FAI_MSG, 0x4010_0003, "StartFAIMsg", "R1008"),
        (Marker::START_EMBED, 0x4001_0003, "StartEmbed", "R1010"),
        (Marker::END_EMBED, 0x4002_0003, "EndEmbed", "R1011"),
        (Marker::START_RECIP, 0x4003_0003, "StartRecip", "R1012"),
        (Marker::END_TO_RECIP, 0x4004_0003, "EndToRecip", "R1013"),
        (Marker::NEW_ATTACH, 0x4000_0003, "NewAttach", "R1014"),
        (Marker::END_ATTACH, 0x400E_0003, "EndAttach", "R1015"),
        (Marker::INCR_SYNC_CHG, 0x4012_0003, "IncrSyncChg", "R1016"),
        (Marker::INCR_SYNC_CHG_PARTIAL, 0x407D_0003, "IncrSyncChgPartial", "R1017"),
        (Marker::INCR_SYNC_DEL, 0x4013_0003, "IncrSyncDel", "R1018"),
        (Marker::INCR_SYNC_END, 0x4014_0003, "IncrSyncEnd", "R1019"),
        (Marker::INCR_SYNC_READ, 0x402F_0003, "IncrSyncRead", "R1020"),
        (Marker::INCR_SYNC_STATE_BEGIN, 0x403A_0003, "IncrSyncStateBegin", "R1021"),
        (Marker::INCR_SYNC_STATE_END, 0x403B_0003, "IncrSyncStateEnd", "R1022"),
        (Marker::INCR_SYNC_PROGRESS_MODE, 0x4074_000B, "IncrSyncProgressMode", "R1023"),
        (Marker::INCR_SYNC_PROGRESS_PER_MSG, 0x4075_000B, "IncrSyncProgressPerMsg", "R1024"),
        (Marker::INCR_SYNC_MESSAGE, 0x4015_0003, "IncrSyncMessage", "R1025"),
        (Marker::INCR_SYNC_GROUP_INFO, 0x407B_0102, "IncrSyncGroupInfo", "R1026"),
        (Marker::FX_ERROR_INFO, 0x4018_0003, "FXErrorInfo", "R1027"),
    ];
    for (marker, value, name, id) in table {
        assert_eq!((marker.0, marker.name()), (value, Some(name)));
        // The same four bytes are a marker in a stream, and no property.
        assert_eq!(FastTransfer::GRAMMAR.marker_name(value), Some(name));
        record(TEST, &[id]);
    }
    assert_eq!(table.len(), FastTransfer::GRAMMAR.markers.len());
    let mut writer = begun(FastTransferRoot::MessageList, &[Word::Mark(Marker::START_MESSAGE)]);
    assert_eq!(writer.take(100).unwrap(), hex("03 00 0C 40"));
    record(TEST, &["R1050", "R996"]);
}

#[test]
fn properties_have_the_published_tags() {
    const TEST: &str = "properties_have_the_published_tags";
    let (integer, boolean, binary) =
        (PropertyType::PTYP_INTEGER32, PropertyType::PTYP_BOOLEAN, PropertyType::PTYP_BINARY);
    let long = PropertyType::PTYP_INTEGER64;
    let table: [(PropertyTag, u16, PropertyType, &[&str]); 25] = [
        (oxcfxics::META_TAG_IDSET_GIVEN, 0x4017, integer, &["R3006", "R3657"]),
        (oxcfxics::META_TAG_CNSET_SEEN, 0x6796, binary, &["R3009", "R3659"]),
        (oxcfxics::META_TAG_CNSET_SEEN_FAI, 0x67DA, binary, &["R1265", "R3660"]),
        (oxcfxics::META_TAG_CNSET_READ, 0x67D2, binary, &["R3012", "R3661"]),
        (oxcfxics::META_TAG_IDSET_DELETED, 0x67E5, binary, &["R3030", "R3662"]),
        (oxcfxics::META_TAG_IDSET_NO_LONGER_IN_SCOPE, 0x4021, binary, &["R3031", "R3663"]),
        (oxcfxics::META_TAG_IDSET_EXPIRED, 0x6793, binary, &["R3033", "R3664"]),
        (oxcfxics::META_TAG_IDSET_READ, 0x402D, binary, &["R3035", "R3665"]),
        (oxcfxics::META_TAG_IDSET_UNREAD, 0x402E, binary, &["R3037", "R3666"]),
        (oxcfxics::META_TAG_FX_DEL_PROP, 0x4016, integer, &["R3285"]),
        (oxcfxics::META_TAG_EC_WARNING, 0x400F, integer, &["R3286"]),
        (oxcfxics::META_TAG_NEW_FX_FOLDER, 0x4011, binary, &["R1037"]),
        (oxcfxics::META_TAG_INCR_SYNC_GROUP_ID, 0x407C, integer, &["R3289"]),
        (oxcfxics::META_TAG_INCREMENTAL_SYNC_MESSAGE_PARTIAL, 0x407A, integer, &["R3290"]),
        (oxcfxics::META_TAG_DN_PREFIX, 0x4008, PropertyType::PTYP_STRING8, &["R3291"]),
        (oxprops::PID_TAG_MID, 0x674A, long, &["R3016"]),
        (oxprops::PID_TAG_FOLDER_ID, 0x6748, long, &["R3018"]),
        (oxprops::PID_TAG_CHANGE_NUMBER, 0x67A4, long, &["R3020"]),
        (oxprops::PID_TAG_PARENT_FOLDER_ID, 0x6749, long, &["R3021"]),
        (oxprops::PID_TAG_SOURCE_KEY, 0x65E0, binary, &["R3022"]),
        (oxprops::PID_TAG_PARENT_SOURCE_KEY, 0x65E1, binary, &["R3025"]),
        (oxprops::PID_TAG_CHANGE_KEY, 0x65E2, binary, &["R3026"]),
        (oxprops::PID_TAG_PREDECESSOR_CHANGE_LIST, 0x65E3, binary, &["R3027"]),
        (oxprops::PID_TAG_ASSOCIATED, 0x67AA, boolean, &["R3047"]),
        (oxprops::PID_TAG_MESSAGE_SIZE, 0x0E08, integer, &["R1284"]),
    ];
    for (tag, id, ty, statements) in table {
        assert_eq!((tag.property_id(), tag.property_type()), (id, ty), "{statements:?}");
        record(TEST, statements);
    }
}

/// The value of one property of a message, as text where it has a name.
fn value_of(property: &str) -> Vec<String> {
    let bytes = [hex("03 00 0C 40"), hex(property), hex("03 00 0D 40")].concat();
    let mut decoder = FastTransferDecoder::new(FastTransferRoot::MessageList);
    let mut piece = bytes.as_slice();
    let mut found = Vec::new();
    while let Some(event) = decoder.next(&mut piece).unwrap() {
        match event {
            Event::Property(Property { name: Some(PropertyName { set, id }), .. }) => {
                let id = match id {
                    PropertyId::Dispid(number) => format!("{number:#x}"),
                    PropertyId::Name(text) => format!("{text:02x?}"),
                };
                found.push(format!("{} {id}", set.0[0]));
            }
            Event::Value(bytes) | Event::Chunk { bytes, .. } => found.push(format!("{bytes:02x?}")),
            Event::Count(count) => found.push(format!("#{count}")),
            Event::Length(length) => found.push(format!("[{length}]")),
            _ => {}
        }
    }
    while decoder.finish().unwrap().is_some() {}
    found
}

#[test]
fn values_travel_by_their_types() {
    const TEST: &str = "values_travel_by_their_types";
    let set = "08 20 06 00 00 00 00 00 C0 00 00 00 00 00 00 46";
    let eight = "[01, 02, 03, 04, 05, 06, 07, 08]";
    let table: [(String, &[&str]); 20] = [
        ("02 00 01 0E 34 12".to_owned(), &["[34, 12]"]),
        ("03 00 01 0E 01 02 03 04".to_owned(), &["[01, 02, 03, 04]"]),
        ("04 00 01 0E 01 02 03 04".to_owned(), &["[01, 02, 03, 04]"]),
        ("05 00 01 0E 01 02 03 04 05 06 07 08".to_owned(), &[eight]),
        ("06 00 01 0E 01 02 03 04 05 06 07 08".to_owned(), &[eight]),
        ("07 00 01 0E 01 02 03 04 05 06 07 08".to_owned(), &[eight]),
        ("0B 00 01 0E 01 00".to_owned(), &["[01, 00]"]),
        ("14 00 01 0E 01 02 03 04 05 06 07 08".to_owned(), &[eight]),
        ("40 00 01 0E 01 02 03 04 05 06 07 08".to_owned(), &[eight]),
        (format!("48 00 01 0E {set}"), &["[08, 20, 06, 00, 00, 00, 00, 00, c0, 00, 00, 00, 00, 00, 00, 46]"]),
        ("1F 00 01 0E 04 00 00 00 61 00 00 00".to_owned(), &["[4]", "[61, 00, 00, 00]"]),
        ("1E 00 01 0E 02 00 00 00 61 00".to_owned(), &["[2]", "[61, 00]"]),
        ("02 01 01 0E 01 00 00 00 FF".to_owned(), &["[1]", "[ff]"]),
        ("FB 00 01 0E 01 00 00 00 FF".to_owned(), &["[1]", "[ff]"]),
        ("0D 00 01 0E 01 00 00 00 FF".to_owned(), &["[1]", "[ff]"]),
        // A code page in the type: 1200 is 0x4B0.
        ("B0 84 01 0E 04 00 00 00 61 00 00 00".to_owned(), &["[4]", "[61, 00, 00, 00]"]),
        ("02 10 01 0E 02 00 00 00 34 12 78 56".to_owned(), &["#2", "[34, 12]", "[78, 56]"]),
        (
            "02 11 01 0E 03 00 00 00 01 00 00 00 AA 00 00 00 00 01 00 00 00 BB".to_owned(),
            &["#3", "[1]", "[aa]", "[0]", "[1]", "[bb]"],
        ),
        (format!("02 00 01 80 {set} 00 80 85 00 00 34 12"), &["8 0x8580", "[34, 12]"]),
        (format!("02 00 01 80 {set} 01 61 00 62 00 00 00 34 12"), &["8 [61, 00, 62, 00]", "[34, 12]"]),
    ];
    for (bytes, expected) in &table {
        assert_eq!(value_of(bytes), *expected, "{bytes}");
    }
    record(TEST, &["R2740", "R989", "R990", "R992", "R3256", "R3257"]);
    // The tag says integer, the value is a set: MS-OXCFXICS 2.2.1.1.1.
    for tag in ["03 00 17 40", "02 01 17 40"] {
        let bytes = [hex("03 00 3A 40"), hex(tag), hex("02 00 00 00 AB CD  03 00 3B 40")].concat();
        let read = Read::of(FastTransferRoot::State, &[&bytes]);
        assert_eq!(read.properties[0].1, [0xAB, 0xCD]);
    }
    record(TEST, &["R2657", "R2658", "R33551"]);
    // Written with the tag of an integer.
    let mut writer = begun(FastTransferRoot::State, &[Word::Mark(Marker::INCR_SYNC_STATE_BEGIN)]);
    writer.variable(oxcfxics::META_TAG_IDSET_GIVEN.0, None, &[0xAB]).unwrap();
    assert_eq!(writer.take(100).unwrap(), hex("03 00 3A 40  03 00 17 40  01 00 00 00  AB"));
    record(TEST, &["R2656", "R33541"]);
}

#[test]
fn a_value_beyond_the_limit_is_an_error_and_not_cut_off() {
    const TEST: &str = "a_value_beyond_the_limit_is_an_error_and_not_cut_off";
    let limits = Limits { value: 3, elements: 2, ..Limits::default() };
    let read = |property: &str| {
        let bytes = [hex("03 00 0C 40"), hex(property)].concat();
        let mut decoder = FastTransferDecoder::new(FastTransferRoot::MessageList).with_limits(limits);
        let mut piece = bytes.as_slice();
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                Err(error) => return Err(error.kind().clone()),
            }
        }
    };
    assert_eq!(read("02 01 01 0E 03 00 00 00 AA BB CC"), Ok(()));
    assert_eq!(read("02 01 01 0E 04 00 00 00"), Err(StreamErrorKind::TooLarge { found: 4, limit: 3 }));
    assert_eq!(read("02 10 01 0E 02 00 00 00 34 12 78 56"), Ok(()));
    assert_eq!(read("02 10 01 0E 03 00 00 00"), Err(StreamErrorKind::TooLarge { found: 3, limit: 2 }));
    record(TEST, &["R262501"]);
}

#[test]
fn a_stream_is_cut_between_atoms_or_inside_values_with_a_length() {
    const TEST: &str = "a_stream_is_cut_between_atoms_or_inside_values_with_a_length";
    let write = || {
        let mut writer = FastTransferWriter::new(FastTransferRoot::MessageList);
        writer.marker(Marker::START_MESSAGE).unwrap();
        writer.fixed(0x674A_0014, None, &[1; 8]).unwrap();
        let name = PropertyName { set: Guid([7; 16]), id: PropertyId::Dispid(0x8580) };
        writer.fixed(0x8001_0003, Some(name), &[2; 4]).unwrap();
        writer.variable(0x1000_001F, None, &[3; 40]).unwrap();
        writer.marker(Marker::END_MESSAGE).unwrap();
        writer.finish().unwrap();
        writer
    };
    // Where atoms end: marker; propDef and value; propDef with its name and value; propDef, length; value; marker.
    let mut atoms: Vec<usize> = vec![4, 8, 16, 41, 45, 49, 53];
    atoms.extend(54..=93);
    atoms.push(97);
    let bytes = write().take(1000).unwrap();
    assert_eq!(bytes.len(), 97);
    for max in 25..97 {
        let mut writer = write();
        let mut at = 0;
        let mut pieces = Vec::new();
        while let Some(piece) = writer.take(max) {
            at += piece.len();
            assert!(piece.len() <= max && atoms.contains(&at), "{max}: cut at {at}");
            // As long as it may be: the next atom would not have fitted.
            let next = atoms.iter().find(|end| **end > at);
            assert!(next.is_none_or(|end| at - piece.len() + max < *end), "{max}: cut at {at}");
            pieces.push(piece);
        }
        assert_eq!(at, bytes.len());
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let whole = Read::of(FastTransferRoot::MessageList, &[&bytes]);
        assert_eq!(Read::of(FastTransferRoot::MessageList, &pieces).properties, whole.properties);
    }
    // What must not be cut is longer than the piece.
    let mut writer = write();
    assert_eq!(writer.take(24).unwrap().len(), 16);
    assert_eq!(writer.take(24), None);
    record(TEST, &["R981", "R982", "R983"]);
}

#[test]
fn an_empty_list_of_messages_needs_no_bytes_of_its_own() {
    whole(FastTransferRoot::TopFolder, &[Word::Mark(Marker::START_TOP_FLD), Word::Mark(Marker::END_FOLDER)]);
}
