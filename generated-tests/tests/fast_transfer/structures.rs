//! Structures inside streams, field by field.

use generated_tests::vectors::hex;
use protocol::oxcdata::PropertyTag;
use protocol::oxcfxics::{
    CN, ExtendedErrorInfo, FolderReplicaInfo, GroupPropertyName, GroupPropertyNameId, PredecessorChangeList,
    ProgressInformation, PropertyGroupInfo, SizedXid, XID,
};
use runtime::{Cursor, Encoder};

use crate::{both_ways, packed, record};

const GUID: &str = "01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10";

#[test]
fn a_change_number_is_a_replica_and_a_counter() {
    let bytes = hex("02 01  00 00 00 00 01 02");
    let cn = both_ways(&bytes, CN::unpack, |cn, e| cn.pack(e));
    assert_eq!((cn.replica_id(), cn.global_counter()), (0x0102, 0x0102));
    record("a_change_number_is_a_replica_and_a_counter", &["R3053", "R3054"]);
}

#[test]
fn identifiers_are_a_guid_and_what_is_local_to_it() {
    const TEST: &str = "identifiers_are_a_guid_and_what_is_local_to_it";
    for local in 1..=8_usize {
        let bytes = [hex(GUID), vec![0xAA; local]].concat();
        let xid = both_ways(&bytes, XID::unpack, |xid, e| xid.pack(e));
        assert_eq!((xid.namespace_guid.0.as_slice(), xid.local_id.as_ref()), (&bytes[..16], &bytes[16..]));
        let sized = [vec![16 + local as u8], bytes.clone()].concat();
        let read = both_ways(&sized, SizedXid::unpack, |xid, e| xid.pack(e));
        assert_eq!(read.local_id.len(), local);
        // The size decides, whatever follows.
        let two = [sized.clone(), sized.clone()].concat();
        let list = both_ways(&two, PredecessorChangeList::unpack, |list, e| list.pack(e));
        assert_eq!(list.xids.len(), 2);
        assert!(SizedXid::unpack(&mut Cursor::new(&sized[..sized.len() - 1])).is_err());
    }
    record(TEST, &["R153", "R155", "R165", "R170", "R171", "R173"]);
    // What is shorter or longer is read and not written.
    for local in [0, 9, 100] {
        let bytes = [hex(GUID), vec![0xAA; local]].concat();
        let xid = XID::unpack(&mut Cursor::new(&bytes)).unwrap();
        assert_eq!(xid.local_id.len(), local);
        assert!(xid.pack(&mut Encoder::new()).is_err(), "{local}");
        let sized = SizedXid { namespace_guid: xid.namespace_guid, local_id: xid.local_id };
        assert!(sized.pack(&mut Encoder::new()).is_err(), "{local}");
    }
    record(TEST, &["R157"]);
}

#[test]
fn changes_are_written_in_the_order_of_their_replicas() {
    const TEST: &str = "changes_are_written_in_the_order_of_their_replicas";
    let xid = |first: u8, last: u8, local: usize| {
        let mut guid = [0; 16];
        (guid[0], guid[15]) = (first, last);
        SizedXid { namespace_guid: runtime::Guid(guid), local_id: vec![7; local].into() }
    };
    let write = |xids: &[SizedXid<'_>]| {
        let mut e = Encoder::new();
        PredecessorChangeList { xids: xids.to_vec() }.pack(&mut e).map(|()| e.finish().to_vec())
    };
    // By bytes, which is not how GUIDs are read as numbers.
    let (first, second, third) = (xid(1, 9, 6), xid(2, 1, 4), xid(2, 2, 6));
    let bytes = write(&[first.clone(), second.clone(), third.clone()]).unwrap();
    assert_eq!(bytes.len(), 23 + 21 + 23);
    for wrong in [[&second, &first, &third], [&first, &third, &second], [&third, &second, &first]] {
        assert!(write(&wrong.map(Clone::clone)).is_err());
    }
    // What others wrote in another order is read.
    let turned = [&bytes[23..44], &bytes[..23], &bytes[44..]].concat();
    assert_eq!(PredecessorChangeList::unpack(&mut Cursor::new(&turned)).unwrap().xids.len(), 3);
    record(TEST, &["R169"]);
    assert!(write(&[first.clone(), xid(1, 9, 6), third.clone()]).is_ok());
    assert!(write(&[first, xid(1, 9, 5), third]).is_err());
    record(TEST, &["R2737"]);
}

#[test]
fn progress_has_counts_and_sizes() {
    let bytes =
        hex("00 00  00 00  01 00 00 00  02 00 00 00 00 00 00 00  03 00 00 00  00 00 00 00  04 00 00 00 00 00 00 00");
    let read = both_ways(&bytes, ProgressInformation::unpack, |progress, e| progress.pack(e));
    let expected = (1, 2, 3, 4);
    assert_eq!(
        (
            read.fai_message_count,
            read.fai_message_total_size,
            read.normal_message_count,
            read.normal_message_total_size
        ),
        expected
    );
    let written = packed(|e| read.pack(e));
    assert_eq!(written.get(..2), Some(&[0, 0][..]), "the version");
    // Whatever came as padding is written as 0.
    let mut odd = bytes.clone();
    (odd[2], odd[3]) = (0xFF, 0xFF);
    odd[20..24].fill(0xFF);
    let read = ProgressInformation::unpack(&mut Cursor::new(&odd)).unwrap();
    assert_eq!(packed(|e| read.pack(e)), bytes);
    record("progress_has_counts_and_sizes", &["R224", "R233"]);
    record("progress_has_counts_and_sizes", &["R220", "R222", "R226", "R228", "R230", "R236"]);
}

#[test]
fn groups_have_properties_with_their_names() {
    const TEST: &str = "groups_have_properties_with_their_names";
    let head = "07 00 00 00  00 00 00 00";
    let number = format!("03 00 01 80  {GUID}  00 00 00 00  80 85 00 00");
    let text = format!("03 00 02 80  {GUID}  01 00 00 00  04 00 00 00  61 00 62 00");
    let bytes = hex(&format!("{head}  02 00 00 00  01 00 00 00 1F 00 FF 7F  02 00 00 00 {number} {text}"));
    let read = both_ways(&bytes, PropertyGroupInfo::unpack, |info, e| info.pack(e));
    assert_eq!((read.group_id, read.groups.len()), (7, 2));
    record(TEST, &["R240", "R242", "R243", "R244", "R246", "R247"]);
    let of = |group: usize| -> Vec<PropertyTag> {
        read.groups[group].property_tags.iter().map(|property| property.property_tag).collect()
    };
    assert_eq!(of(0), [PropertyTag(0x7FFF_001F)]);
    assert_eq!(of(1), [PropertyTag(0x8001_0003), PropertyTag(0x8002_0003)]);
    assert!(read.groups[0].property_tags[0].name.is_none());
    record(TEST, &["R248", "R249", "R251", "R253", "R254"]);
    let named = |at: usize| read.groups[1].property_tags[at].name.as_ref().unwrap();
    let GroupPropertyName { id: GroupPropertyNameId::LID(lid), .. } = named(0) else { panic!("a number") };
    assert_eq!(*lid, 0x8580);
    let GroupPropertyName { id: GroupPropertyNameId::Name(name), .. } = named(1) else { panic!("a text") };
    assert_eq!(name.as_ref(), hex("61 00 62 00"));
    let other = hex(&format!("{GUID}  02 00 00 00  80 85 00 00"));
    assert!(GroupPropertyName::unpack(&mut Cursor::new(&other)).is_err());
    // A list of none is read and not written.
    let none = hex(&format!("{head}  00 00 00 00"));
    let info = PropertyGroupInfo::unpack(&mut Cursor::new(&none)).unwrap();
    assert!(info.groups.is_empty() && info.pack(&mut Encoder::new()).is_err());
    record(TEST, &["R245"]);
    let none = hex(&format!("{head}  01 00 00 00  00 00 00 00"));
    let info = PropertyGroupInfo::unpack(&mut Cursor::new(&none)).unwrap();
    assert!(info.groups[0].property_tags.is_empty() && info.pack(&mut Encoder::new()).is_err());
    record(TEST, &["R250"]);
    record(TEST, &["R256", "R257", "R258", "R259", "R262", "R263", "R264", "R26201", "R3670"]);
}

#[test]
fn an_error_may_say_more_at_an_offset() {
    let head = format!(
        "00 00 00 00  0F 01 04 80  {GUID} 00 00 00 00 00 2A 00 00  {GUID} 00 00 00 00 00 2B 00 00 {}",
        "00 ".repeat(24)
    );
    let plain = hex(&format!("{head} 00 00 00 00  00 00 00 00"));
    let read = both_ways(&plain, ExtendedErrorInfo::unpack, |info, e| info.pack(e));
    assert_eq!((read.folder_gid.global_counter, read.message_gid.global_counter), (42, 43));
    assert!(read.aux_bytes.is_none());
    let bytes = hex(&format!("{head} 02 00 00 00  58 00 00 00  AA BB"));
    let read = both_ways(&bytes, ExtendedErrorInfo::unpack, |info, e| info.pack(e));
    assert_eq!(read.aux_bytes.as_deref(), Some(&[0xAA, 0xBB][..]));
    // Elsewhere behind the structure, and outside of it.
    let later = hex(&format!("{head} 02 00 00 00  5A 00 00 00  00 00 AA BB"));
    let read = ExtendedErrorInfo::unpack(&mut Cursor::new(&later)).unwrap();
    assert_eq!(read.aux_bytes.as_deref(), Some(&[0xAA, 0xBB][..]));
    let outside = hex(&format!("{head} 02 00 00 00  5A 00 00 00  AA BB"));
    assert!(ExtendedErrorInfo::unpack(&mut Cursor::new(&outside)).is_err());
    let names = ["R284", "R290", "R291", "R298", "R307", "R308", "R309", "R310", "R311", "R316", "R317", "R318"];
    record("an_error_may_say_more_at_an_offset", &names);
}

#[test]
fn a_folder_has_its_servers() {
    const TEST: &str = "a_folder_has_its_servers";
    let bytes = hex(&format!(
        "00 00 00 00  00 00 00 00  {GUID} 00 00 00 00 00 2A 00 00  02 00 00 00  01 00 00 00  2F 61 00  2F 62 00"
    ));
    let read = both_ways(&bytes, FolderReplicaInfo::unpack, |info, e| info.pack(e));
    assert_eq!(read.folder_long_term_id.global_counter, 42);
    assert_eq!(read.cheap_server_dn_count, 1);
    let servers: Vec<&[u8]> = read.server_dn_array.iter().map(|name| name.as_bytes()).collect();
    assert_eq!(servers, [b"/a", b"/b"]);
    // Other values of Flags and Depth are read, and written as they have to be.
    let mut odd = bytes.clone();
    (odd[0], odd[4]) = (1, 1);
    assert_eq!(packed(|e| FolderReplicaInfo::unpack(&mut Cursor::new(&odd)).unwrap().pack(e)), bytes);
    let with = |servers: usize, cheap: u32| {
        let mut info = read.clone();
        info.server_dn_array.truncate(servers);
        info.cheap_server_dn_count = cheap;
        info.pack(&mut Encoder::new())
    };
    assert!(with(0, 0).is_err());
    record(TEST, &["R3085"]);
    assert!(with(2, 0).is_ok() && with(2, 2).is_ok() && with(1, 1).is_ok());
    assert!(with(2, 3).is_err() && with(1, 2).is_err());
    record(TEST, &["R3087"]);
    record(TEST, &["R3081", "R3082", "R3083", "R3084", "R273", "R3086", "R3088", "R3089"]);
}
