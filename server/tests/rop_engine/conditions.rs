//! Restrictions on what rows show and the store does not keep.

use protocol::oxcdata::{
    BitmapRelOp, FolderId, MessageId, PropertyTag, PropertyValue, RelOp, Restriction, TaggedPropertyValue,
};
use server::store::value::binary;
use server::store::{SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::Fixture;
use crate::record;

fn condition(rel_op: RelOp, tag: PropertyTag, property_value: PropertyValue<'static>) -> Restriction<'static> {
    let tagged_value = TaggedPropertyValue { property_tag: tag, property_value };
    Restriction::PropertyRestriction { rel_op, prop_tag: tag, tagged_value }
}

fn is(tag: PropertyTag, value: PropertyValue<'static>) -> Restriction<'static> {
    condition(RelOp::RELATIONAL_OPERATOR_EQUAL, tag, value)
}

fn is_not(tag: PropertyTag, value: PropertyValue<'static>) -> Restriction<'static> {
    condition(RelOp::RELATIONAL_OPERATOR_NOT_EQUAL, tag, value)
}

fn not(restriction: Restriction<'static>) -> Restriction<'static> {
    Restriction::NotRestriction(Box::new(restriction))
}

/// The ids in the first column of the rows that match.
fn matching(client: &mut Client, table: u32, restriction: Restriction<'static>) -> Vec<u64> {
    client.restrict(table, Some(restriction)).unwrap();
    let id = |row: Vec<Result<PropertyValue<'static>, _>>| match row.into_iter().next() {
        Some(Ok(PropertyValue::PtypInteger64(id))) => id.cast_unsigned(),
        other => panic!("{other:?} is no id"),
    };
    client.read_table(table, 10).into_iter().map(id).collect()
}

/// The Inbox's contents table, its rows the ids of messages, and two messages, the first one read.
fn two_messages(fixture: &Fixture) -> (Client, u32, u32, [MessageId; 2]) {
    let ids = [fixture.deliver_subject("read", 1), fixture.deliver_subject("unread", 0)];
    fixture.mailbox.set_read(ids[0], true).unwrap();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_MID]).unwrap();
    (client, inbox, table, ids)
}

#[test]
fn messages_are_found_by_entry_id_and_keys() {
    let fixture = Fixture::new();
    let (mut client, inbox, table, ids) = two_messages(&fixture);
    let (_, message) = client.open_message(inbox, fixture.inbox(), ids[1], 0).unwrap();
    for tag in [tags::PID_TAG_ENTRY_ID, tags::PID_TAG_RECORD_KEY, tags::PID_TAG_INSTANCE_KEY] {
        let value = client.value(message, tag);
        assert_eq!(matching(&mut client, table, is(tag, value.clone())), [ids[1].0], "{tag:?}");
        assert_eq!(matching(&mut client, table, is_not(tag, value.clone())), [ids[0].0], "{tag:?}");
        assert_eq!(matching(&mut client, table, not(is(tag, value))), [ids[0].0], "{tag:?}");
        assert_eq!(matching(&mut client, table, Restriction::ExistRestriction(tag)).len(), 2);
        let none = binary(vec![1, 2, 3]);
        assert!(matching(&mut client, table, is(tag, none)).is_empty());
    }
    // The same message counter in another folder's entry id.
    let PropertyValue::PtypBinary(id) = client.value(message, tags::PID_TAG_ENTRY_ID) else { panic!("no entry id") };
    let mut elsewhere = id.into_owned();
    elsewhere[43] ^= 1;
    assert!(matching(&mut client, table, is(tags::PID_TAG_ENTRY_ID, binary(elsewhere))).is_empty());
    record("messages_are_found_by_entry_id_and_keys", &["MS-OXCTABL_R117", "MS-OXCTABL_R452"]);
}

#[test]
fn messages_are_found_by_being_read_and_by_rights() {
    let fixture = Fixture::new();
    let (mut client, _, table, ids) = two_messages(&fixture);
    let boolean = PropertyValue::PtypBoolean;
    assert_eq!(matching(&mut client, table, is(tags::PID_TAG_READ, boolean(true))), [ids[0].0]);
    assert_eq!(matching(&mut client, table, is(tags::PID_TAG_READ, boolean(false))), [ids[1].0]);
    let may = |mask| Restriction::BitMaskRestriction {
        bitmap_rel_op: BitmapRelOp::BMR_NEZ,
        prop_tag: tags::PID_TAG_ACCESS,
        mask,
    };
    assert_eq!(matching(&mut client, table, may(0x02)).len(), 2);
    assert!(matching(&mut client, table, may(0x10)).is_empty());
    let both = Restriction::AndRestriction(vec![may(0x04), is(tags::PID_TAG_READ, boolean(true))]);
    assert_eq!(matching(&mut client, table, both), [ids[0].0]);
    record("messages_are_found_by_being_read_and_by_rights", &["MS-OXCTABL_R451"]);
}

#[test]
fn folders_are_found_by_their_own_and_their_parents_entry_id() {
    let fixture = Fixture::new();
    let projects = fixture.create_folder(fixture.inbox(), "Projects");
    let alpha = fixture.create_folder(projects, "Alpha");
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let (table, _) = client.hierarchy(inbox, 0x04).unwrap();
    client.set_columns(table, &[tags::PID_TAG_FOLDER_ID]).unwrap();
    let entry_id = |client: &mut Client, id: FolderId| {
        let folder = client.open_folder(inbox, id).unwrap();
        client.value(folder, tags::PID_TAG_ENTRY_ID)
    };
    let of_projects = entry_id(&mut client, projects);
    assert_eq!(matching(&mut client, table, is(tags::PID_TAG_ENTRY_ID, of_projects.clone())), [projects.0]);
    assert_eq!(matching(&mut client, table, is(tags::PID_TAG_PARENT_ENTRY_ID, of_projects)), [alpha.0]);
    let rights = is(tags::PID_TAG_HAS_RULES, PropertyValue::PtypBoolean(true));
    assert!(matching(&mut client, table, rights).is_empty());
    record("folders_are_found_by_their_own_and_their_parents_entry_id", &["MS-OXCTABL_R833"]);
}

#[test]
fn folders_that_nobody_hid_are_found_as_not_hidden() {
    let fixture = Fixture::new();
    let [shown, hidden] = ["Shown", "Hidden"].map(|name| fixture.create_folder(fixture.inbox(), name));
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let folder = client.open_folder(inbox, hidden).unwrap();
    let boolean = PropertyValue::PtypBoolean;
    client.set(folder, &[(tags::PID_TAG_ATTRIBUTE_HIDDEN, boolean(true))]).unwrap();
    let (table, _) = client.hierarchy(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_FOLDER_ID]).unwrap();
    let is_hidden = |value| is(tags::PID_TAG_ATTRIBUTE_HIDDEN, boolean(value));
    assert_eq!(matching(&mut client, table, is_hidden(false)), [shown.0]);
    assert_eq!(matching(&mut client, table, is_hidden(true)), [hidden.0]);
    assert_eq!(matching(&mut client, table, not(is_hidden(true))), [shown.0]);
    client.set_columns(table, &[tags::PID_TAG_ATTRIBUTE_HIDDEN]).unwrap();
    client.restrict(table, None).unwrap();
    assert_eq!(client.read_table(table, 10), [vec![Ok(boolean(true))], vec![Ok(boolean(false))]]);
    let ids = ["MS-OXCFOLD_R356", "MS-OXCFOLD_R1032", "MS-OXCFOLD_R1033"];
    record("folders_that_nobody_hid_are_found_as_not_hidden", &ids);
}

#[test]
fn rows_without_categories_have_no_depth() {
    let fixture = Fixture::new();
    let (mut client, _, table, ids) = two_messages(&fixture);
    client.set_columns(table, &[tags::PID_TAG_ROW_TYPE, tags::PID_TAG_DEPTH, tags::PID_TAG_MID]).unwrap();
    let integer = |value| Ok(PropertyValue::PtypInteger32(value));
    for (row, id) in client.read_table(table, 10).into_iter().zip(ids) {
        let mid = Ok(PropertyValue::PtypInteger64(id.0.cast_signed()));
        assert_eq!(row, [integer(1), integer(0), mid]);
    }
    let ids = ["MS-OXCTABL_R15", "MS-OXCTABL_R19", "MS-OXCTABL_R620", "MS-OXCTABL_R636"];
    record("rows_without_categories_have_no_depth", &ids);
}
