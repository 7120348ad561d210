//! Properties of messages and attachments: set by one handle, saved, read by another in the type that the document
//! gives them.

use protocol::oxcdata::{FolderId, PropertyName, PropertyTag, PropertyType, PropertyValue};
use runtime::{FileTime, Guid, Utf16};
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::Fixture;
use crate::record;

const PS_PUBLIC_STRINGS: Guid = Guid([0x29, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
const PS_INTERNET_HEADERS: Guid = Guid([0x86, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
const PSETID_COMMON: Guid = Guid([8, 0x20, 6, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
const PSETID_ATTACHMENT: Guid =
    Guid([0x7F, 0x7F, 0x35, 0x96, 0xE1, 0x59, 0xD0, 0x47, 0x99, 0xA7, 0x46, 0x51, 0x5C, 0x18, 0x3B, 0x54]);

/// Which property.
enum Named {
    /// By its tag.
    Tag(u32),
    /// By a long id in PSETID_Common.
    Lid(u32),
    /// By a string in a set.
    Name(Guid, &'static str),
}

use Named::{Lid, Name, Tag};

fn int(value: i32) -> PropertyValue<'static> {
    PropertyValue::PtypInteger32(value)
}

fn yes() -> PropertyValue<'static> {
    PropertyValue::PtypBoolean(true)
}

fn time() -> PropertyValue<'static> {
    PropertyValue::PtypTime(FileTime(134_000_000_000_000_000))
}

fn strings() -> PropertyValue<'static> {
    PropertyValue::PtypMultipleString(vec![Utf16::new("one".to_owned()), Utf16::new("two".to_owned())])
}

/// Properties of messages, a value of each, and the statements that give the type or where the property is.
fn of_messages() -> Vec<(Named, PropertyValue<'static>, &'static [u32])> {
    vec![
        (Tag(0x001A), string("IPM.Note.Types"), &[499]),
        (Tag(0x0037), string("A subject"), &[1237]),
        (Tag(0x003D), string("RE: "), &[57]),
        (Tag(0x0E1D), string("normalized"), &[63]),
        (Tag(0x0017), int(2), &[69]),
        (Tag(0x0026), int(-1), &[75]),
        (Tag(0x0036), int(3), &[81]),
        (Tag(0x3FF1), int(0x0407), &[505]),
        (Tag(0x3FFD), int(1252), &[503]),
        (Lid(0x8514), yes(), &[89]),
        (Lid(0x8506), yes(), &[92]),
        (Lid(0x8510), int(0x0179), &[94]),
        (Name(PS_PUBLIC_STRINGS, "Keywords"), strings(), &[108]),
        (Lid(0x8516), time(), &[111]),
        (Lid(0x8517), time(), &[115]),
        (Tag(0x0005), yes(), &[1106]),
        (Tag(0x0004), string("forwarded"), &[1152]),
        (Lid(0x9000), strings(), &[1153]),
        (Lid(0x85B6), string("secret"), &[1155]),
        (Lid(0x85B7), string("keep it"), &[1157]),
        (Lid(0x85B5), yes(), &[1159]),
        (Tag(0x1039), string("<a@example.test>"), &[1161]),
        (Lid(0x85B1), string("form"), &[1165]),
        (Tag(0x64F0), binary(*b"skeleton"), &[1168]),
        (Tag(0x007F), binary(*b"key"), &[1175]),
        (Tag(0x39FF), string("anna"), &[2197]),
        (Lid(0x850E), yes(), &[1187]),
        (Lid(0x8552), int(160_000), &[1190]),
        (Lid(0x8554), string("16.0"), &[1192]),
        (Tag(0x0002), yes(), &[1194]),
        (Tag(0x0E0F), yes(), &[1196]),
        (Name(PS_INTERNET_HEADERS, "Content-Base"), string("http://example.test/"), &[1207]),
        (Name(PS_INTERNET_HEADERS, "Accept-Language"), string("de"), &[1209]),
        (Tag(0x4083), string("example.test"), &[1213]),
        (Name(PS_INTERNET_HEADERS, "Content-Class"), string("fax"), &[1248]),
        (Name(PS_INTERNET_HEADERS, "Content-Type"), string("text/plain"), &[2037]),
        (Name(PS_INTERNET_HEADERS, "msip_labels"), string("label"), &[218_101]),
        (Tag(0x1000), string("a body"), &[2052]),
        (Tag(0x1013), binary(*b"<p>x</p>"), &[2081]),
        (Tag(0x1009), binary(*b"rtf"), &[2065]),
        (Tag(0x0E1F), yes(), &[2067]),
        (Tag(0x3FDE), int(65_001), &[2069]),
        (Tag(0x1015), string("id"), &[2071]),
        (Tag(0x1014), string("http://example.test/x"), &[2075]),
        (Tag(0x3018), binary([1; 16]), &[2109, 2194]),
        (Tag(0x3019), binary([2; 16]), &[2111, 2113]),
        (Tag(0x301A), int(30), &[2116, 2119]),
        (Tag(0x301B), binary([3; 12]), &[2125]),
        (Tag(0x301C), time(), &[2134]),
        (Tag(0x301D), int(1), &[2147, 2149]),
        (Tag(0x301E), int(60), &[2163, 2165]),
        (Tag(0x301F), time(), &[2172]),
    ]
}

/// The same of attachments.
fn of_attachments() -> Vec<(Named, PropertyValue<'static>, &'static [u32])> {
    vec![
        (Tag(0x3001), string("a.txt"), &[226]),
        (Tag(0x3701), binary(*b"content"), &[235, 236]),
        (Tag(0x3705), int(1), &[239]),
        (Tag(0x3707), string("a long name.txt"), &[599]),
        (Tag(0x3704), string("along~1.txt"), &[601]),
        (Tag(0x3703), string(".txt"), &[603]),
        (Tag(0x370D), string("//host/share/a long name.txt"), &[605]),
        (Tag(0x3708), string("//host/share/along~1.txt"), &[607]),
        (Tag(0x370A), binary([0x2A, 0x86, 0x48, 0x86, 0xF7, 0x14, 3, 10, 1]), &[609]),
        (Tag(0x370B), int(17), &[613]),
        (Tag(0x3709), binary(*b"picture"), &[616]),
        (Tag(0x3714), int(4), &[618]),
        (Tag(0x370C), string("transport"), &[622]),
        (Tag(0x3702), binary([0x2A, 0x86]), &[624]),
        (Tag(0x370F), binary(*b"more"), &[629]),
        (Tag(0x7FFA), int(0), &[632]),
        (Tag(0x7FFD), int(0), &[635]),
        (Tag(0x7FFE), yes(), &[638]),
        (Tag(0x371B), string("utf-8"), &[1278]),
        (Tag(0x370E), string("text/plain"), &[959]),
        (Tag(0x3712), string("cid"), &[960]),
        (Tag(0x3713), string("a.txt"), &[961]),
        (Tag(0x3711), string("http://example.test/"), &[962]),
        (Tag(0x371A), string("class"), &[1554]),
        (Tag(0x3719), string("{0}"), &[1553]),
        (Name(PSETID_ATTACHMENT, "AttachmentProviderType"), string("OneDrivePro"), &[128_001]),
        (Name(PSETID_ATTACHMENT, "AttachmentOriginalPermissionType"), int(1), &[128_007]),
        (Name(PSETID_ATTACHMENT, "AttachmentPermissionType"), int(2), &[128_015]),
    ]
}

/// The property's id and the tag of a value of it.
fn tag_of(client: &mut Client, object: u32, named: Named, value: &PropertyValue<'_>) -> PropertyTag {
    let id = match named {
        Tag(id) => return PropertyTag(id << 16).with_property_type(value.property_type()),
        Lid(lid) => PropertyName::LID { guid: PSETID_COMMON, lid },
        Name(guid, name) => PropertyName::Name { guid, name: Utf16::new(name.to_owned()) },
    };
    let (result, ids) = client.ids(object, 0x02, vec![id]);
    result.unwrap();
    PropertyTag(u32::from(ids[0]) << 16).with_property_type(value.property_type())
}

/// The value of a property that is asked for without its type: it brings its own.
fn untyped(client: &mut Client, object: u32, tag: PropertyTag) -> PropertyValue<'static> {
    match client.value(object, tag.with_property_type(PropertyType::PTYP_UNSPECIFIED)) {
        PropertyValue::PtypUnspecified(typed) => {
            assert_eq!(typed.property_type, typed.property_value.property_type());
            typed.property_value
        }
        value => value,
    }
}

fn prove(test: &str, ids: &[u32]) {
    ids.iter().for_each(|id| record(test, &[&format!("MS-OXCMSG_R{id}")]));
}

#[test]
fn message_properties_keep_their_types() {
    const TEST: &str = "message_properties_keep_their_types";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    for (named, value, ids) in of_messages() {
        let message = client.draft(&fixture, drafts);
        let tag = tag_of(&mut client, message, named, &value);
        assert_eq!(client.set(message, &[(tag, value.clone())]), Ok(Vec::new()), "{tag:?}");
        let id = client.save(message, 0x02).unwrap();
        let (_, again) = client.open_message(drafts, FolderId(0), id, 0).unwrap();
        // Whoever leaves the type open learns it.
        assert_eq!(untyped(&mut client, again, tag), value, "{tag:?}");
        assert!(client.list(again).contains(&tag), "{tag:?}");
        prove(TEST, ids);
        client.release(message);
        client.release(again);
    }
}

#[test]
fn attachment_properties_keep_their_types() {
    const TEST: &str = "attachment_properties_keep_their_types";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let message = client.draft(&fixture, drafts);
    let (number, attachment) = client.create_attachment(message).unwrap();
    let (other, _) = client.create_attachment(message).unwrap();
    assert_ne!(number, other);
    prove(TEST, &[1836, 867]);
    let mut expected = Vec::new();
    for (named, value, ids) in of_attachments() {
        let tag = tag_of(&mut client, attachment, named, &value);
        assert_eq!(client.set(attachment, &[(tag, value.clone())]), Ok(Vec::new()), "{tag:?}");
        expected.push((tag, value, ids));
    }
    client.save_attachment(attachment).unwrap();
    let id = client.save(message, 0x02).unwrap();
    let (_, message) = client.open_message(drafts, FolderId(0), id, 0).unwrap();
    let mode = protocol::oxcprpt::AccessMode::READ_ONLY;
    let attachment = client.open_attachment(message, number, mode).unwrap();
    for (tag, value, ids) in expected {
        assert_eq!(untyped(&mut client, attachment, tag), value, "{tag:?}");
        prove(TEST, ids);
    }
    for (tag, ids) in [
        (tags::PID_TAG_LAST_MODIFICATION_TIME, [222]),
        (tags::PID_TAG_CREATION_TIME, [224]),
        (tags::PID_TAG_ATTACH_SIZE, [229]),
        (tags::PID_TAG_ATTACH_NUMBER, [232]),
        (tags::PID_TAG_RECORD_KEY, [1827]),
    ] {
        assert_eq!(untyped(&mut client, attachment, tag).property_type(), tag.property_type(), "{tag:?}");
        prove(TEST, &ids);
    }
    // What the server works out is not the client's to set.
    let (_, message) = client.open_message(drafts, FolderId(0), id, 1).unwrap();
    let attachment = client.open_attachment(message, number, protocol::oxcprpt::AccessMode::READ_WRITE).unwrap();
    assert_eq!(client.set(attachment, &[(tags::PID_TAG_ATTACH_SIZE, int(1))]).unwrap().len(), 1);
    prove(TEST, &[231]);
}

#[test]
fn computed_message_properties_have_their_types() {
    const TEST: &str = "computed_message_properties_have_their_types";
    let fixture = Fixture::new();
    let (mut client, drafts) = fixture.opened(SpecialFolder::Drafts);
    let message = client.draft(&fixture, drafts);
    let id = client.save(message, 0x0A).unwrap();
    client.set_status(drafts, id, 0x1000, 0x1000).unwrap();
    let (_, message) = client.open_message(drafts, FolderId(0), id, 1).unwrap();
    let types: [(PropertyTag, &[u32]); 19] = [
        (tags::PID_TAG_MESSAGE_FLAGS, &[507]),
        (tags::PID_TAG_HAS_ATTACHMENTS, &[497]),
        (tags::PID_TAG_MESSAGE_SIZE, &[539]),
        (tags::PID_TAG_MESSAGE_STATUS, &[118]),
        (tags::PID_TAG_CREATOR_ENTRY_ID, &[1181]),
        (tags::PID_TAG_CREATOR_NAME, &[2040]),
        (tags::PID_TAG_LAST_MODIFIER_ENTRY_ID, &[1184]),
        (tags::PID_TAG_HAS_NAMED_PROPERTIES, &[1203]),
        (PropertyTag(0x0E79_0003), &[1218]),
        (tags::PID_TAG_LOCAL_COMMIT_TIME, &[1887]),
        (tags::PID_TAG_READ, &[2044]),
        (tags::PID_TAG_NATIVE_BODY, &[2055]),
        (tags::PID_TAG_STORE_ENTRY_ID, &[1215]),
        (tags::PID_TAG_ACCESS, &[1097]),
        (tags::PID_TAG_ACCESS_LEVEL, &[1098]),
        (tags::PID_TAG_CHANGE_KEY, &[1099]),
        (tags::PID_TAG_CREATION_TIME, &[1100]),
        (tags::PID_TAG_LAST_MODIFICATION_TIME, &[1101]),
        (tags::PID_TAG_SEARCH_KEY, &[1105]),
    ];
    for (tag, ids) in types {
        assert_eq!(untyped(&mut client, message, tag).property_type(), tag.property_type(), "{tag:?}");
        prove(TEST, ids);
    }
    for (tag, id) in [
        (tags::PID_TAG_CHANGE_KEY, "313"),
        (tags::PID_TAG_CREATION_TIME, "314"),
        (tags::PID_TAG_LAST_MODIFIER_NAME, "315"),
        (tags::PID_TAG_LAST_MODIFICATION_TIME, "316"),
        (tags::PID_TAG_SEARCH_KEY, "319"),
    ] {
        assert_eq!(untyped(&mut client, message, tag).property_type(), tag.property_type(), "{tag:?}");
        record(TEST, &[&format!("MS-OXCPRPT_R{id}")]);
    }
    for (tag, value, id) in [(tags::PID_TAG_HAS_ATTACHMENTS, yes(), 15), (tags::PID_TAG_MESSAGE_SIZE, int(1), 47)] {
        assert_eq!(client.set(message, &[(tag, value)]).unwrap().len(), 1, "{tag:?}");
        prove(TEST, &[id]);
    }
}
