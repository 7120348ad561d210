//! The operations on properties, on every kind of object that the document names.

use protocol::oxcdata::{ErrorCode, PropertyName, PropertyTag, PropertyValue, TaggedPropertyValue};
use protocol::oxcprpt::*;
use runtime::{Guid, Utf16};
use server::store::value::string;
use server::store::{SpecialFolder, tags};

use crate::client::{Answer, Client, one};
use crate::fixture::Fixture;
use crate::record;

const OWN: PropertyTag = PropertyTag(0x6001_001F);
const SET: Guid = Guid([9; 16]);

fn prove(test: &str, ids: &[&str]) {
    ids.iter().for_each(|id| record(test, &[&format!("MS-OXCPRPT_R{id}")]));
}

impl Client {
    fn set_no_replicate(&mut self, object: u32, tag: PropertyTag, value: PropertyValue<'static>) -> Answer<usize> {
        let property_values = vec![TaggedPropertyValue { property_tag: tag, property_value: value }];
        let request = RopSetPropertiesNoReplicateRequest { logon_id: 0, input_handle_index: 0, property_values };
        let result = one!(self, object, RopSetPropertiesNoReplicate, request).0;
        result.map(|response| response.property_problems.len())
    }

    fn delete_no_replicate(&mut self, object: u32, tag: PropertyTag) -> Answer<usize> {
        let request =
            RopDeletePropertiesNoReplicateRequest { logon_id: 0, input_handle_index: 0, property_tags: vec![tag] };
        let result = one!(self, object, RopDeletePropertiesNoReplicate, request).0;
        result.map(|response| response.property_problems.len())
    }
}

/// A logon, an open folder, a message that is saved, and an attachment that is.
struct Objects {
    fixture: Fixture,
    client: Client,
    logon: u32,
    folder: u32,
    message: u32,
    attachment: u32,
}

impl Objects {
    fn new() -> Self {
        let fixture = Fixture::new();
        let (mut client, logon) = fixture.logged_on();
        let folder = client.open_folder(logon, fixture.special(SpecialFolder::Drafts)).unwrap();
        let message = client.draft(&fixture, folder);
        let (_, attachment) = client.create_attachment(message).unwrap();
        client.save_attachment(attachment).unwrap();
        client.save(message, 0x0A).unwrap();
        Self { fixture, client, logon, folder, message, attachment }
    }

    /// Message, folder, attachment, logon: the order in which the statements name them.
    fn all(&self) -> [u32; 4] {
        [self.message, self.folder, self.attachment, self.logon]
    }
}

#[test]
fn properties_are_set_read_listed_and_deleted() {
    const TEST: &str = "properties_are_set_read_listed_and_deleted";
    let mut o = Objects::new();
    for (object, [set, get_all, list, delete]) in o.all().into_iter().zip([
        ["10201", "8001", "9701", "11401"],
        ["10202", "8002", "9702", "11402"],
        ["10203", "8003", "9703", "11403"],
        ["10204", "8004", "9704", "11404"],
    ]) {
        assert_eq!(o.client.set(object, &[(OWN, string("value"))]), Ok(Vec::new()));
        assert_eq!(o.client.value(object, OWN), string("value"));
        prove(TEST, &[set, "101", "10701", "108", "47502", "45602", "457", "76"]);
        let all = o.client.all(object, 0, true);
        let own = all.iter().find(|tagged| tagged.property_tag == OWN).unwrap();
        assert_eq!(own.property_value, string("value"));
        prove(TEST, &[get_all, "9201", "8502", "90703", "90705"]);
        let narrow = o.client.all(object, 0, false);
        let own = narrow.iter().find(|tagged| tagged.property_tag.property_id() == OWN.property_id()).unwrap();
        assert!(matches!(own.property_value, PropertyValue::PtypString8(_)));
        prove(TEST, &["8702"]);
        assert!(o.client.list(object).contains(&OWN));
        prove(TEST, &[list, "9903", "100", "47102"]);
        assert_eq!(o.client.delete_properties(object, &[OWN]), Ok(Vec::new()));
        assert_eq!(o.client.get(object, &[OWN]), [Err(ErrorCode::EC_NOT_FOUND)]);
        prove(TEST, &[delete, "113", "11901", "120", "48402", "875"]);
    }
    prove(TEST, &["5803", "490", "49201"]);
    // One problem in the reply for each property that is refused.
    let computed = [(tags::PID_TAG_ACCESS, PropertyValue::PtypInteger32(1)), (OWN, string("x"))];
    let problems = o.client.set(o.message, &computed).unwrap();
    assert_eq!(problems.iter().map(|problem| problem.index).collect::<Vec<_>>(), [0]);
    assert_eq!(o.client.delete_properties(o.message, &[OWN, tags::PID_TAG_ACCESS]).unwrap().len(), 1);
    prove(TEST, &["107", "119", "92", "99"]);
}

#[test]
fn properties_without_replication_are_set_and_deleted_the_same_way() {
    const TEST: &str = "properties_without_replication_are_set_and_deleted_the_same_way";
    let mut o = Objects::new();
    for (object, [set, delete]) in
        o.all().into_iter().zip([["826", "837"], ["828", "839"], ["830", "841"], ["832", "843"]])
    {
        assert_eq!(o.client.set_no_replicate(object, OWN, string("value")), Ok(0));
        assert_eq!(o.client.value(object, OWN), string("value"));
        prove(TEST, &[set, "112", "822", "83306", "83307", "83308"]);
        assert_eq!(o.client.delete_no_replicate(object, OWN), Ok(0));
        assert_eq!(o.client.get(object, &[OWN]), [Err(ErrorCode::EC_NOT_FOUND)]);
        assert!(o.client.all(object, 0, true).iter().all(|tagged| tagged.property_tag != OWN));
        prove(TEST, &[delete, "124", "835", "836", "84404", "84405", "84406", "84407", "83603"]);
    }
    // Messages and attachments keep it for themselves until they are saved; the mailbox has it at once.
    let (drafts, stored) = (o.fixture.special(SpecialFolder::Drafts), o.fixture.mailbox.clone());
    let query = server::store::TableQuery::default();
    let id = stored.contents(drafts, server::store::ContentsKind::Normal, &query).unwrap()[0];
    let fixture = &o.fixture;
    let of_message = || fixture.stored(id, OWN);
    o.client.set_no_replicate(o.message, OWN, string("new")).unwrap();
    assert!(o.client.all(o.message, 0, true).iter().any(|tagged| tagged.property_tag == OWN));
    prove(TEST, &["823", "824"]);
    assert_eq!(of_message(), None);
    o.client.save(o.message, 0x0A).unwrap();
    assert_eq!(of_message(), Some(string("new")));
    prove(TEST, &["82401"]);
    o.client.delete_no_replicate(o.message, OWN).unwrap();
    assert_eq!(o.client.get(o.message, &[OWN]), [Err(ErrorCode::EC_NOT_FOUND)]);
    prove(TEST, &["83604", "83605", "8360501"]);
    assert_eq!(of_message(), Some(string("new")));
    o.client.save(o.message, 0x0A).unwrap();
    assert_eq!(of_message(), None);
    prove(TEST, &["83606"]);
    let of_attachment = || {
        let object = server::store::ObjectId::Attachment(id, 0);
        server::store::property(fixture.mailbox.as_ref(), object, OWN).unwrap()
    };
    o.client.set_no_replicate(o.attachment, OWN, string("part")).unwrap();
    assert_eq!((o.client.value(o.attachment, OWN), of_attachment()), (string("part"), None));
    prove(TEST, &["825"]);
    o.client.save_attachment(o.attachment).unwrap();
    assert_eq!(of_attachment(), None);
    o.client.save(o.message, 0x0A).unwrap();
    assert_eq!(of_attachment(), Some(string("part")));
    prove(TEST, &["82501"]);
    o.client.delete_no_replicate(o.attachment, OWN).unwrap();
    assert_eq!(o.client.get(o.attachment, &[OWN]), [Err(ErrorCode::EC_NOT_FOUND)]);
    prove(TEST, &["83607"]);
    assert_eq!(of_attachment(), Some(string("part")));
    o.client.save_attachment(o.attachment).unwrap();
    o.client.save(o.message, 0x0A).unwrap();
    assert_eq!(of_attachment(), None);
    prove(TEST, &["83608", "491"]);
    let of_mailbox =
        || server::store::property(fixture.mailbox.as_ref(), server::store::ObjectId::Mailbox, OWN).unwrap();
    o.client.set_no_replicate(o.logon, OWN, string("mine")).unwrap();
    assert_eq!(of_mailbox(), Some(string("mine")));
    prove(TEST, &["82502"]);
    o.client.delete_no_replicate(o.logon, OWN).unwrap();
    assert_eq!(of_mailbox(), None);
    prove(TEST, &["83609"]);
}

#[test]
fn some_properties_are_of_messages_alone() {
    const TEST: &str = "some_properties_are_of_messages_alone";
    let mut o = Objects::new();
    for (tag, folder, logon) in [
        (tags::PID_TAG_ACCESS_LEVEL, "2401", "2402"),
        (tags::PID_TAG_LAST_MODIFIER_NAME, "3401", "3402"),
        (tags::PID_TAG_SEARCH_KEY, "5501", "5502"),
    ] {
        assert!(o.client.get(o.message, &[tag])[0].is_ok(), "{tag:?}");
        assert_eq!(o.client.get(o.folder, &[tag]), [Err(ErrorCode::EC_NOT_FOUND)], "{tag:?}");
        assert_eq!(o.client.get(o.logon, &[tag]), [Err(ErrorCode::EC_NOT_FOUND)], "{tag:?}");
        prove(TEST, &[folder, logon]);
    }
    for object in [o.message, o.attachment] {
        let PropertyValue::PtypInteger32(level) = o.client.value(object, tags::PID_TAG_ACCESS_LEVEL) else { panic!() };
        assert!([0, 1].contains(&level));
    }
    prove(TEST, &["26"]);
    for object in [o.message, o.folder, o.attachment] {
        let PropertyValue::PtypInteger32(access) = o.client.value(object, tags::PID_TAG_ACCESS) else { panic!() };
        assert_eq!(access & !0x3F, 0);
    }
    prove(TEST, &["14"]);
    assert_eq!(o.client.value(o.message, tags::PID_TAG_LAST_MODIFIER_NAME), string("anna"));
    prove(TEST, &["34"]);
}

#[test]
fn names_and_ids_are_told_by_every_object() {
    const TEST: &str = "names_and_ids_are_told_by_every_object";
    let mut o = Objects::new();
    let lid = |lid| PropertyName::LID { guid: SET, lid };
    let name = |text: &str| PropertyName::Name { guid: SET, name: Utf16::new(text.to_owned()) };
    for (object, [ids_of, names_of]) in
        o.all().into_iter().zip([["20701", "23701"], ["20703", "23703"], ["20702", "23702"], ["20704", "23704"]])
    {
        let (unknown, ids) = o.client.ids(object, 0, vec![lid(object | 0x4000_0000), lid(7)]);
        assert_eq!((unknown, ids[0]), (Ok(()), 0));
        prove(TEST, &["62801", "220", "226", "642"]);
        let (result, ids) = o.client.ids(object, 0x02, vec![lid(object | 0x4000_0000), name("word"), lid(7)]);
        assert_eq!((result, ids.len()), (Ok(()), 3));
        prove(TEST, &[ids_of, "198", "628", "215", "21502", "216", "218", "21801", "52502", "41404"]);
        assert!(ids.iter().all(|id| id & 0x8000 != 0));
        prove(TEST, &["238", "41405"]);
        let (_, reversed) = o.client.ids(object, 0x02, vec![lid(7), name("word"), lid(object | 0x4000_0000)]);
        assert_eq!(reversed, ids.iter().rev().copied().collect::<Vec<_>>());
        prove(TEST, &["222"]);
        assert_eq!(o.client.names_of(object, &ids), [lid(object | 0x4000_0000), name("word"), lid(7)]);
        prove(TEST, &[names_of, "230", "248", "24802", "249", "250", "51802"]);
    }
    // A name in the set of the fixed properties.
    let mapi = Guid([0x28, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
    let odd = PropertyName::Name { guid: mapi, name: Utf16::new("word".to_owned()) };
    assert_eq!(o.client.ids(o.logon, 0x02, vec![odd]).1, [0]);
    prove(TEST, &["225"]);
    // Which of them an object has.
    for (object, proved) in o.all().into_iter().zip(["12901", "12902", "12903", "12904"]) {
        let (_, ids) = o.client.ids(object, 0x02, vec![lid(7), name("word")]);
        let tags = [0, 1].map(|at: usize| PropertyTag((u32::from(ids[at]) << 16) | 0x0003));
        let values = tags.map(|tag| (tag, PropertyValue::PtypInteger32(5)));
        assert_eq!(o.client.set(object, &values), Ok(Vec::new()));
        let found = o.client.query_names(object, 0, Some(SET));
        assert!(ids.iter().all(|id| found.contains(id)));
        prove(TEST, &[proved, "138", "141", "14101", "14201", "14202", "49502"]);
        let lids = o.client.query_names(object, 0x01, Some(SET));
        assert!(lids.contains(&ids[0]) && !lids.contains(&ids[1]));
        prove(TEST, &["132"]);
        let words = o.client.query_names(object, 0x02, Some(SET));
        assert!(!words.contains(&ids[0]) && words.contains(&ids[1]));
        prove(TEST, &["134"]);
        assert_eq!(o.client.query_names(object, 0, Some(Guid([1; 16]))), [0_u16; 0]);
    }
}

#[test]
fn properties_are_copied_between_objects_of_a_kind() {
    const TEST: &str = "properties_are_copied_between_objects_of_a_kind";
    let mut o = Objects::new();
    let drafts = o.folder;
    let other = o.client.draft(&o.fixture, drafts);
    let (_, part) = o.client.create_attachment(other).unwrap();
    let inbox = o.client.open_folder(o.logon, o.fixture.inbox()).unwrap();
    for (source, dest, [some, rest]) in [
        (o.message, other, ["14901", "17201"]),
        (o.folder, inbox, ["14902", "17203"]),
        (o.attachment, part, ["14903", "17202"]),
    ] {
        o.client.set(source, &[(OWN, string("copied"))]).unwrap();
        assert_eq!(o.client.copy_properties(source, dest, 0, &[OWN]), Ok(Vec::new()));
        assert_eq!(o.client.value(dest, OWN), string("copied"));
        assert_eq!(o.client.value(source, OWN), string("copied"));
        prove(TEST, &[some, "146", "15204", "15901", "265", "165", "16502", "167", "50003", "170"]);
        // What the destination has stays where that is wanted.
        o.client.set(dest, &[(OWN, string("kept"))]).unwrap();
        o.client.copy_properties(source, dest, 0x02, &[OWN]).unwrap();
        assert_eq!(o.client.value(dest, OWN), string("kept"));
        prove(TEST, &["264"]);
        // All but those that are left out.
        let second = PropertyTag(0x6002_001F);
        o.client.set(source, &[(second, string("second"))]).unwrap();
        o.client.copy_to(source, dest, false, &[OWN, tags::PID_TAG_DISPLAY_NAME]).unwrap();
        assert_eq!((o.client.value(dest, OWN), o.client.value(dest, second)), (string("kept"), string("second")));
        prove(TEST, &[rest, "171", "177", "191", "18501", "192", "19201", "193", "197", "50702"]);
        o.client.copy_to(source, dest, false, &[tags::PID_TAG_DISPLAY_NAME]).unwrap();
        assert_eq!(o.client.value(dest, OWN), string("copied"));
        prove(TEST, &["625"]);
    }
    // Of one kind only, and with flags that there are.
    assert_eq!(o.client.copy_properties(o.message, inbox, 0, &[OWN]), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(o.client.copy_to(o.message, inbox, false, &[]), Err(ErrorCode::EC_NOT_SUPPORTED));
    prove(TEST, &["150", "890"]);
    assert_eq!(o.client.copy_properties(o.message, other, 0x10, &[OWN]), Err(ErrorCode::EC_INVALID_PARAM));
    prove(TEST, &["88001"]);
    assert_eq!(o.client.copy_properties(o.folder, inbox, 0x01, &[OWN]), Err(ErrorCode::EC_NOT_SUPPORTED));
    prove(TEST, &["882"]);
    // The folder has it at once, the message when it is saved.
    let folder = server::store::ObjectId::Folder(o.fixture.inbox());
    let stored = server::store::property(o.fixture.mailbox.as_ref(), folder, OWN).unwrap();
    assert_eq!(stored, Some(string("copied")));
    prove(TEST, &["5070509"]);
    let id = o.client.save(other, 0x0A).unwrap();
    assert_eq!(o.fixture.stored(id, OWN), Some(string("copied")));
    o.client.set(o.message, &[(OWN, string("later"))]).unwrap();
    o.client.copy_properties(o.message, other, 0, &[OWN]).unwrap();
    assert_eq!(o.fixture.stored(id, OWN), Some(string("copied")));
    prove(TEST, &["849"]);
    // With its parts, where these are wanted.
    let (bare, whole) = (o.client.draft(&o.fixture, drafts), o.client.draft(&o.fixture, drafts));
    o.client.copy_to(o.message, bare, false, &[]).unwrap();
    o.client.copy_to(o.message, whole, true, &[]).unwrap();
    assert_eq!(o.client.valid_attachments(bare).unwrap().len(), 0);
    assert_eq!(o.client.valid_attachments(whole).unwrap().len(), 1);
    prove(TEST, &["181", "182"]);
}

#[test]
fn streams_are_read_written_sized_and_copied() {
    const TEST: &str = "streams_are_read_written_sized_and_copied";
    let mut o = Objects::new();
    let tag = tags::PID_TAG_ATTACH_DATA_BINARY;
    let (stream, size) = o.client.open_stream(o.attachment, tag, AccessMode::CREATE).unwrap();
    assert_eq!(size, 0);
    prove(TEST, &["276", "27601", "537"]);
    assert_eq!(o.client.write(stream, b"0123456789"), Ok(10));
    prove(TEST, &["297", "29801", "303", "304", "30401", "55703"]);
    assert_eq!(o.client.stream_size(stream), Ok(10));
    prove(TEST, &["308", "30901", "320", "32003", "57502"]);
    assert_eq!(o.client.seek_stream(stream, 0, 4), Ok(4));
    prove(TEST, &["330", "33101", "341", "57902"]);
    assert_eq!(o.client.read_stream(stream, 3, None).unwrap(), b"456");
    prove(TEST, &["27800", "286", "55202"]);
    assert_eq!(o.client.set_stream_size(stream, 6), Ok(()));
    assert_eq!(o.client.stream_size(stream), Ok(6));
    prove(TEST, &["322", "32301", "32801", "57702"]);
    assert_eq!(o.client.commit_stream(stream), Ok(()));
    prove(TEST, &["305", "30601", "56902"]);
    let clone = o.client.clone_stream(stream).unwrap();
    assert_eq!(o.client.stream_size(clone), Ok(6));
    prove(TEST, &["39801", "75603"]);
    let (target, _) = o.client.open_stream(o.message, PropertyTag(0x6005_0102), AccessMode::CREATE).unwrap();
    prove(TEST, &["25506"]);
    o.client.seek_stream(stream, 0, 0).unwrap();
    assert_eq!(o.client.copy_stream(stream, target, 100), Ok((6, 6)));
    prove(TEST, &["34301", "34701", "34901", "34902", "76002", "352"]);
    assert_eq!(o.client.seek_stream(stream, 9, 0), Err(ErrorCode(0x8003_0057)));
    prove(TEST, &["903"]);
    let missing = o.client.open_stream(o.message, PropertyTag(0x6006_0102), AccessMode::READ_ONLY);
    assert_eq!(missing, Err(ErrorCode(0x8004_010F)));
    prove(TEST, &["891"]);
}
