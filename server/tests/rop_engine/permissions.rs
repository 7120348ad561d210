//! Who may do what with a folder: the permissions table, changes of it, and what follows for another user.

use protocol::oxcdata::{
    AddressBookEntryId, AddressBookEntryType, ErrorCode, FolderId, MessageId, PropertyTag, PropertyValue,
    TaggedPropertyValue,
};
use protocol::oxcperm::*;
use protocol::oxcprpt::AccessMode;
use protocol::oxcstor::{ResponseFlags, RopLogonResponseStore};
use protocol::oxctabl::*;
use runtime::String8;
use server::rop::Locale;
use server::store::value::{binary, string};
use server::store::{SpecialFolder, tags};

use crate::client::{Answer, Cells, Client, one};
use crate::fixture::{ANNA_DN, BRUNO_DN, Fixture, first_text};
use crate::folder_changes::create_request;
use crate::record;

const MEMBER_COLUMNS: [PropertyTag; 4] =
    [tags::PID_TAG_ENTRY_ID, tags::PID_TAG_MEMBER_ID, tags::PID_TAG_MEMBER_NAME, tags::PID_TAG_MEMBER_RIGHTS];

const READ: u32 = 0x0001;
const CREATE: u32 = 0x0002;
const EDIT_OWNED: u32 = 0x0008;
const DELETE_OWNED: u32 = 0x0010;
const EDIT_ANY: u32 = 0x0020;
const DELETE_ANY: u32 = 0x0040;
const CREATE_SUB_FOLDER: u32 = 0x0080;
const OWNER: u32 = 0x0100;
const VISIBLE: u32 = 0x0400;
const SIMPLE: u32 = 0x0800;
const DETAILED: u32 = 0x1000;

fn prove(test: &str, ids: &[&str]) {
    ids.iter().for_each(|id| record(test, &[&format!("MS-OXCPERM_R{id}")]));
}

/// The entry id of a user of the address book.
fn entry_id(dn: &str) -> Vec<u8> {
    let id = AddressBookEntryId { r#type: AddressBookEntryType::LOCAL_MAIL_USER, x500_dn: String8::from_text(dn) };
    let mut e = runtime::Encoder::new();
    id.pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn data(flags: PermissionDataFlags, values: &[(PropertyTag, PropertyValue<'static>)]) -> PermissionData<'static> {
    let property_values = values.iter().map(|(property_tag, property_value)| TaggedPropertyValue {
        property_tag: *property_tag,
        property_value: property_value.clone(),
    });
    PermissionData { permission_data_flags: flags, property_values: property_values.collect() }
}

fn rights(rights: u32) -> (PropertyTag, PropertyValue<'static>) {
    (tags::PID_TAG_MEMBER_RIGHTS, PropertyValue::PtypInteger32(rights.cast_signed()))
}

fn member(id: i64) -> (PropertyTag, PropertyValue<'static>) {
    (tags::PID_TAG_MEMBER_ID, PropertyValue::PtypInteger64(id))
}

fn add(dn: &str, wanted: u32) -> PermissionData<'static> {
    data(PermissionDataFlags::ADD_ROW, &[(tags::PID_TAG_ENTRY_ID, binary(entry_id(dn))), rights(wanted)])
}

fn modify(id: i64, wanted: u32) -> PermissionData<'static> {
    data(PermissionDataFlags::MODIFY_ROW, &[member(id), rights(wanted)])
}

fn remove(id: i64) -> PermissionData<'static> {
    data(PermissionDataFlags::REMOVE_ROW, &[member(id)])
}

impl Client {
    fn permissions_table(&mut self, folder: u32, flags: u8) -> Answer<u32> {
        let request = RopGetPermissionsTableRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            table_flags: PermissionsTableFlags(flags),
        };
        let (result, table) = one!(self, folder, RopGetPermissionsTable, request);
        result.map(|_| table)
    }

    /// PidTagMemberId, PidTagMemberName and PidTagMemberRights of all entries, free/busy included.
    fn members(&mut self, folder: u32) -> Answer<Vec<(i64, String, u32)>> {
        let table = self.permissions_table(folder, 0x02)?;
        self.set_columns(table, &MEMBER_COLUMNS)?;
        let (_, rows) = self.query(table, Self::query_request(0, true, 50))?;
        self.release(table);
        Ok(rows.iter().map(entry).collect())
    }

    fn modify_permissions(&mut self, folder: u32, flags: u8, data: Vec<PermissionData<'static>>) -> Answer<()> {
        let request = RopModifyPermissionsRequest {
            logon_id: 0,
            input_handle_index: 0,
            modify_flags: ModifyPermissionsFlags(flags),
            permissions_data: data,
        };
        one!(self, folder, RopModifyPermissions, request).0.map(|_| ())
    }

    /// The id of a folder that is made.
    fn make_folder(&mut self, parent: u32, name: &str) -> Answer<FolderId> {
        self.create_folder(parent, create_request(name)).map(|(id, _)| id)
    }
}

fn entry(row: &Cells) -> (i64, String, u32) {
    let Ok(PropertyValue::PtypInteger64(id)) = row[1] else { panic!("no id: {row:?}") };
    let Ok(PropertyValue::PtypInteger32(rights)) = row[3] else { panic!("no rights: {row:?}") };
    (id, crate::fixture::text(row[2].as_ref().unwrap()), rights.cast_unsigned())
}

/// Anna's Inbox as Bruno sees it with these rights.
struct Shared {
    fixture: Fixture,
    anna: Client,
    inbox: u32,
}

impl Shared {
    fn new() -> Self {
        let fixture = Fixture::new();
        let (anna, inbox) = fixture.opened(SpecialFolder::Inbox);
        Self { fixture, anna, inbox }
    }

    /// Gives Bruno these rights and nothing else.
    fn grant(&mut self, wanted: u32) {
        self.anna.modify_permissions(self.inbox, 0x01, vec![add(BRUNO_DN, wanted)]).unwrap();
    }

    /// A session of Bruno that is logged on to Anna's mailbox.
    fn bruno(&self) -> (Client, u32) {
        let mut client = self.fixture.client_of(&self.fixture.bruno, Locale::default());
        let (result, logon) = client.log_on(Client::logon_request(ANNA_DN));
        result.unwrap();
        (client, logon)
    }

    /// The same with the Inbox open.
    fn bruno_in_inbox(&mut self, wanted: u32) -> (Client, u32) {
        self.grant(wanted | VISIBLE);
        let (mut client, logon) = self.bruno();
        let inbox = client.open_folder(logon, self.fixture.inbox()).unwrap();
        (client, inbox)
    }
}

#[test]
fn permissions_begin_with_the_entries_for_nobody_alone() {
    const TEST: &str = "permissions_begin_with_the_entries_for_nobody_alone";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    let table = client.permissions_table(inbox, 0).unwrap();
    client.set_columns(table, &MEMBER_COLUMNS).unwrap();
    let (_, rows) = client.query(table, Client::query_request(0, true, 9)).unwrap();
    assert_eq!(rows[0], [Ok(binary(b"".to_vec())), Ok(member(0).1), Ok(string("")), Ok(rights(0).1)]);
    prove(TEST, &["9", "27", "28", "154", "155", "179", "190", "1080", "1164", "2006", "2014"]);
    prove(TEST, &["1066", "1068", "1070", "1071", "1076", "1082"]);
    assert_eq!(rows[1], [Ok(binary(b"".to_vec())), Ok(member(-1).1), Ok(string("Anonymous")), Ok(rights(0).1)]);
    prove(TEST, &["189", "1079", "1081"]);
    assert_eq!(rows.len(), 2);
    // Tables of permissions are read and moved in, not sorted, restricted or searched.
    let keys = [(tags::PID_TAG_MEMBER_ID, protocol::oxcdata::SortDirection::ASCENDING)];
    assert_eq!(client.sort(table, Client::sort_request(&keys)), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.restrict(table, None), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.bookmark(table), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(client.seek(table, Bookmark::BOOKMARK_BEGINNING, 1), Ok((false, 1)));
    assert_eq!(client.position(table), Ok((1, 2)));
    let request = RopQueryColumnsAllRequest { logon_id: 0, input_handle_index: 0 };
    assert_eq!(one!(client, table, RopQueryColumnsAll, request).0.unwrap().property_tags, MEMBER_COLUMNS);
    // Everybody sees when the owner of a calendar is free.
    let (mut client, calendar) = fixture.opened(SpecialFolder::Calendar);
    assert_eq!(client.members(calendar).unwrap()[0].2, SIMPLE);
}

#[test]
fn permissions_are_added_changed_and_removed() {
    const TEST: &str = "permissions_are_added_changed_and_removed";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    assert_eq!(client.modify_permissions(inbox, 0, vec![add(BRUNO_DN, READ | VISIBLE)]), Ok(()));
    prove(TEST, &["65", "66", "1170"]);
    let members = client.members(inbox).unwrap();
    assert_eq!(members.len(), 3);
    let bruno = members[2].0;
    assert_eq!(members[2], (bruno, "bruno".to_owned(), READ | VISIBLE));
    assert!(bruno > 0);
    prove(TEST, &["47", "51", "74", "87", "182", "142", "102"]);
    let table = client.permissions_table(inbox, 0).unwrap();
    client.set_columns(table, &MEMBER_COLUMNS).unwrap();
    let rows = client.read_table(table, 9);
    assert_eq!(rows[2][0], Ok(binary(entry_id(BRUNO_DN))));
    prove(TEST, &["1069"]);
    assert_eq!(client.modify_permissions(inbox, 0, vec![modify(bruno, CREATE | VISIBLE), modify(0, VISIBLE)]), Ok(()));
    let members = client.members(inbox).unwrap();
    assert_eq!((members[0].2, members[2].2), (VISIBLE, CREATE | VISIBLE));
    prove(TEST, &["52", "1187", "139"]);
    // Who is not in the list is passed over; what no flag means is not kept.
    assert_eq!(
        client.modify_permissions(inbox, 0, vec![modify(4711, READ), modify(bruno, 0xFFFF_0000 | READ)]),
        Ok(())
    );
    assert_eq!(client.members(inbox).unwrap()[2].2, READ);
    prove(TEST, &["1093"]);
    assert_eq!(client.modify_permissions(inbox, 0, vec![remove(bruno)]), Ok(()));
    assert_eq!(client.members(inbox).unwrap().len(), 2);
    prove(TEST, &["186", "1188"]);
    // The same user has the same id again, and in other folders.
    client.modify_permissions(inbox, 0, vec![add(BRUNO_DN, READ)]).unwrap();
    assert_eq!(client.members(inbox).unwrap()[2].0, bruno);
    // Nothing of a request that fails.
    let stranger = add("/o=Example/ou=First/cn=Recipients/cn=nobody", READ);
    let request = vec![remove(bruno), stranger];
    assert_eq!(client.modify_permissions(inbox, 0, request), Err(ErrorCode::EC_UNKNOWN_USER));
    assert_eq!(client.members(inbox).unwrap().len(), 3);
    assert_eq!(client.modify_permissions(inbox, 0, vec![remove(0)]), Err(ErrorCode::EC_ACCESS_DENIED));
    let nameless = data(PermissionDataFlags::ADD_ROW, &[rights(READ)]);
    assert_eq!(client.modify_permissions(inbox, 0, vec![nameless]), Err(ErrorCode::EC_INVALID_PARAM));
}

#[test]
fn replaced_permissions_keep_the_entry_for_everybody() {
    const TEST: &str = "replaced_permissions_keep_the_entry_for_everybody";
    let fixture = Fixture::new();
    let (mut client, inbox) = fixture.opened(SpecialFolder::Inbox);
    client.modify_permissions(inbox, 0, vec![modify(0, VISIBLE), modify(-1, READ), add(ANNA_DN, READ)]).unwrap();
    assert_eq!(client.modify_permissions(inbox, 0x01, vec![add(BRUNO_DN, CREATE)]), Ok(()));
    let members: Vec<(String, u32)> =
        client.members(inbox).unwrap().into_iter().map(|(_, name, rights)| (name, rights)).collect();
    assert_eq!(members, [("".into(), VISIBLE), ("Anonymous".into(), 0), ("bruno".into(), CREATE)]);
    prove(TEST, &["1197"]);
    // Replacing is adding.
    let bruno = client.members(inbox).unwrap()[2].0;
    assert_eq!(client.modify_permissions(inbox, 0x01, vec![remove(bruno)]), Err(ErrorCode::EC_INVALID_PARAM));
    assert_eq!(client.modify_permissions(inbox, 0x01, vec![modify(bruno, READ)]), Err(ErrorCode::EC_INVALID_PARAM));
    prove(TEST, &["45"]);
    assert_eq!(client.members(inbox).unwrap().len(), 3);
}

#[test]
fn to_see_when_somebody_is_free_is_changed_only_where_it_is_meant() {
    const TEST: &str = "to_see_when_somebody_is_free_is_changed_only_where_it_is_meant";
    let fixture = Fixture::new();
    let (mut client, calendar) = fixture.opened(SpecialFolder::Calendar);
    client.modify_permissions(calendar, 0x02, vec![add(BRUNO_DN, VISIBLE | SIMPLE)]).unwrap();
    assert_eq!(client.members(calendar).unwrap()[2].2, VISIBLE | SIMPLE);
    prove(TEST, &["19", "40", "96", "90"]);
    let bruno = client.members(calendar).unwrap()[2].0;
    client.modify_permissions(calendar, 0, vec![modify(bruno, READ | DETAILED)]).unwrap();
    assert_eq!(client.members(calendar).unwrap()[2].2, READ | SIMPLE);
    client.modify_permissions(calendar, 0x02, vec![modify(bruno, READ | DETAILED)]).unwrap();
    assert_eq!(client.members(calendar).unwrap()[2].2, READ | DETAILED);
    // A table that does not ask for them shows none.
    let table = client.permissions_table(calendar, 0).unwrap();
    client.set_columns(table, &MEMBER_COLUMNS).unwrap();
    assert_eq!(entry(&client.read_table(table, 9)[2]).2, READ);
}

#[test]
fn new_folders_have_the_permissions_of_the_one_around_them() {
    let mut shared = Shared::new();
    shared.grant(READ | VISIBLE);
    let folder = shared.anna.make_folder(shared.inbox, "Inner").unwrap();
    let inner = shared.anna.open_folder(shared.inbox, folder).unwrap();
    assert_eq!(shared.anna.members(inner).unwrap()[2].1, "bruno");
}

#[test]
fn mailboxes_of_others_are_open_to_those_with_rights() {
    const TEST: &str = "mailboxes_of_others_are_open_to_those_with_rights";
    let mut shared = Shared::new();
    let mut client = shared.fixture.client_of(&shared.fixture.bruno, Locale::default());
    let (result, _) = client.log_on(Client::logon_request(ANNA_DN));
    assert!(result.is_err());
    shared.grant(VISIBLE);
    let (result, logon) = client.log_on(Client::logon_request(ANNA_DN));
    let RopLogonResponseStore::Mailbox { response_flags, .. } = result.unwrap().store else { panic!("no mailbox") };
    assert!(!response_flags.contains(ResponseFlags::OWNER_RIGHT) && response_flags.contains(ResponseFlags::RESERVED));
    assert_eq!(client.value(logon, tags::PID_TAG_MAILBOX_OWNER_NAME), string("anna"));
    assert!(client.open_folder(logon, shared.fixture.inbox()).is_ok());
    prove(TEST, &["103", "1120", "173", "175", "2016", "2005"]);
    let sent = shared.fixture.special(SpecialFolder::SentItems);
    assert_eq!(client.open_folder(logon, sent), Err(ErrorCode::EC_ACCESS_DENIED));
    prove(TEST, &["1192"]);
    // What is the owner's alone.
    let values = [(tags::PID_TAG_OUT_OF_OFFICE_STATE, PropertyValue::PtypBoolean(true))];
    assert_eq!(client.set(logon, &values), Err(ErrorCode::EC_ACCESS_DENIED));
    // For everybody without an entry of their own.
    shared.anna.modify_permissions(shared.inbox, 0x01, Vec::new()).unwrap();
    assert_eq!(client.open_folder(logon, shared.fixture.inbox()), Err(ErrorCode::EC_ACCESS_DENIED));
    shared.anna.modify_permissions(shared.inbox, 0, vec![modify(0, VISIBLE)]).unwrap();
    assert!(client.open_folder(logon, shared.fixture.inbox()).is_ok());
    prove(TEST, &["176"]);
}

#[test]
fn folders_that_may_not_be_seen_are_not_listed() {
    const TEST: &str = "folders_that_may_not_be_seen_are_not_listed";
    let mut shared = Shared::new();
    let visible = shared.anna.make_folder(shared.inbox, "Visible").unwrap();
    shared.anna.make_folder(shared.inbox, "Hidden").unwrap();
    let folder = shared.anna.open_folder(shared.inbox, visible).unwrap();
    shared.anna.modify_permissions(folder, 0, vec![add(BRUNO_DN, VISIBLE)]).unwrap();
    let (mut bruno, inbox) = shared.bruno_in_inbox(0);
    let (table, count) = bruno.hierarchy(inbox, 0).unwrap();
    assert_eq!(count, 1);
    bruno.set_columns(table, &[tags::PID_TAG_DISPLAY_NAME, tags::PID_TAG_RIGHTS, tags::PID_TAG_ACCESS]).unwrap();
    let rows = bruno.read_table(table, 9);
    assert_eq!(first_text(&rows[0]), "Visible");
    assert_eq!(rows[0][1], Ok(PropertyValue::PtypInteger32(VISIBLE.cast_signed())));
    assert_eq!(rows[0][2], Ok(PropertyValue::PtypInteger32(0)));
    prove(TEST, &["103"]);
    let (_, count) = shared.anna.hierarchy(shared.inbox, 0).unwrap();
    assert_eq!(count, 2);
}

#[test]
fn messages_of_others_are_read_with_that_right_alone() {
    const TEST: &str = "messages_of_others_are_read_with_that_right_alone";
    let mut shared = Shared::new();
    let id = shared.fixture.deliver_subject("for Anna", 0);
    let (mut bruno, inbox) = shared.bruno_in_inbox(CREATE);
    assert_eq!(bruno.open_message(inbox, shared.fixture.inbox(), id, 0).err(), Some(ErrorCode::EC_ACCESS_DENIED));
    let (table, count) = bruno.contents(inbox, 0).unwrap();
    assert_eq!(count, 0);
    bruno.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    assert_eq!(bruno.read_table(table, 9).len(), 0);
    prove(TEST, &["144"]);
    let of_messages = ["MS-OXCMSG_R324", "MS-OXCMSG_R2184"];
    record(TEST, &of_messages);
    // What Bruno has made he sees.
    let (_, message) = bruno.create_message(inbox, shared.fixture.inbox(), false).unwrap();
    bruno.set(message, &[(tags::PID_TAG_SUBJECT, string("by Bruno"))]).unwrap();
    bruno.save(message, 0).unwrap();
    bruno.seek(table, Bookmark::BOOKMARK_BEGINNING, 0).unwrap();
    let rows = bruno.read_table(table, 9);
    assert_eq!(rows.iter().map(first_text).collect::<Vec<_>>(), ["by Bruno"]);
    prove(TEST, &["140"]);
    let (mut bruno, inbox) = shared.bruno_in_inbox(READ);
    assert!(bruno.open_message(inbox, shared.fixture.inbox(), id, 0).is_ok());
    let (table, count) = bruno.contents(inbox, 0).unwrap();
    assert_eq!(count, 2);
    bruno.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    assert_eq!(bruno.read_table(table, 9).len(), 2);
    prove(TEST, &["143"]);
    let refused = bruno.create_message(inbox, shared.fixture.inbox(), false);
    assert_eq!(refused.err(), Some(ErrorCode::EC_ACCESS_DENIED));
    prove(TEST, &["141"]);
}

/// A message that Bruno has made in Anna's Inbox.
fn made_by_bruno(shared: &mut Shared) -> MessageId {
    let (mut bruno, inbox) = shared.bruno_in_inbox(CREATE);
    let (_, message) = bruno.create_message(inbox, shared.fixture.inbox(), false).unwrap();
    bruno.save(message, 0).unwrap()
}

#[test]
fn messages_are_changed_with_the_right_for_them() {
    const TEST: &str = "messages_are_changed_with_the_right_for_them";
    let mut shared = Shared::new();
    let annas = shared.fixture.deliver_subject("x", 0);
    let brunos = made_by_bruno(&mut shared);
    let folder = shared.fixture.inbox();
    for (granted, id, allowed, proved) in [
        (READ, annas, false, ["125", "123"]),
        (READ, brunos, false, ["132", "130"]),
        (READ | EDIT_OWNED, annas, false, ["125", "123"]),
        (READ | EDIT_OWNED, brunos, true, ["131", "130"]),
        (READ | EDIT_ANY, annas, true, ["124", "123"]),
        (READ | EDIT_ANY, brunos, true, ["124", "123"]),
    ] {
        let (mut bruno, inbox) = shared.bruno_in_inbox(granted);
        let opened = bruno.open_message(inbox, folder, id, 0x01);
        assert_eq!(opened.is_ok(), allowed, "{granted:#x}");
        if !allowed {
            assert_eq!(opened.err(), Some(ErrorCode::EC_ACCESS_DENIED));
        }
        // The best there is: it writes where that is allowed.
        let (_, message) = bruno.open_message(inbox, folder, id, 0x03).unwrap();
        let set = bruno.set(message, &[(tags::PID_TAG_SUBJECT, string("changed"))]);
        assert_eq!(set, if allowed { Ok(Vec::new()) } else { Err(ErrorCode::EC_ACCESS_DENIED) });
        if allowed {
            assert_eq!(bruno.save(message, 0), Ok(id));
        }
        let access = match bruno.value(message, tags::PID_TAG_ACCESS_LEVEL) {
            PropertyValue::PtypInteger32(level) => level == 1,
            other => panic!("{other:?}"),
        };
        assert_eq!(access, allowed);
        prove(TEST, &proved);
    }
}

#[test]
fn messages_are_deleted_with_the_right_for_them() {
    const TEST: &str = "messages_are_deleted_with_the_right_for_them";
    let mut shared = Shared::new();
    for (granted, own, allowed, proved) in [
        (READ, true, false, ["128", "126"]),
        (READ, false, false, ["122", "120"]),
        (READ | DELETE_OWNED, false, false, ["122", "120"]),
        (READ | DELETE_OWNED, true, true, ["127", "126"]),
        (READ | DELETE_ANY, false, true, ["121", "120"]),
        (READ | DELETE_ANY, true, true, ["121", "120"]),
    ] {
        let id = if own { made_by_bruno(&mut shared) } else { shared.fixture.deliver_subject("x", 0) };
        let (mut bruno, inbox) = shared.bruno_in_inbox(granted);
        assert_eq!(bruno.delete_messages(inbox, &[id]), Ok(!allowed), "{granted:#x} {own}");
        let gone = shared.fixture.mailbox.message(id).map_or(true, |message| message.soft_deleted);
        assert_eq!(gone, allowed, "{granted:#x} {own}");
        prove(TEST, &proved);
    }
}

#[test]
fn folders_are_made_and_changed_with_the_right_for_it() {
    const TEST: &str = "folders_are_made_and_changed_with_the_right_for_it";
    let mut shared = Shared::new();
    let (mut bruno, inbox) = shared.bruno_in_inbox(READ);
    assert_eq!(bruno.make_folder(inbox, "Mine"), Err(ErrorCode::EC_ACCESS_DENIED));
    record(TEST, &["MS-OXCFOLD_R489"]);
    prove(TEST, &["119"]);
    let comment = [(tags::PID_TAG_COMMENT, string("changed"))];
    assert_eq!(bruno.set(inbox, &comment), Err(ErrorCode::EC_ACCESS_DENIED));
    assert_eq!(bruno.modify_permissions(inbox, 0, vec![add(BRUNO_DN, OWNER)]), Err(ErrorCode::EC_ACCESS_DENIED));
    assert_eq!(ErrorCode::EC_ACCESS_DENIED.0, 0x8007_0005);
    prove(TEST, &["181", "116001"]);
    let (mut bruno, inbox) = shared.bruno_in_inbox(CREATE_SUB_FOLDER);
    let made = bruno.make_folder(inbox, "Mine").unwrap();
    prove(TEST, &["117", "118"]);
    // Who makes a folder may do everything with it.
    let folder = bruno.open_folder(inbox, made).unwrap();
    assert_eq!(bruno.set(folder, &comment), Ok(Vec::new()));
    let (mut bruno, inbox) = shared.bruno_in_inbox(OWNER);
    assert_eq!(bruno.set(inbox, &comment), Ok(Vec::new()));
    assert_eq!(bruno.modify_permissions(inbox, 0, vec![modify(0, VISIBLE)]), Ok(()));
    assert_eq!(shared.anna.members(shared.inbox).unwrap()[0].2, VISIBLE);
    prove(TEST, &["114", "115002"]);
}

#[test]
fn permissions_are_shown_to_those_who_see_the_folder() {
    const TEST: &str = "permissions_are_shown_to_those_who_see_the_folder";
    let mut shared = Shared::new();
    let (mut bruno, inbox) = shared.bruno_in_inbox(0);
    assert_eq!(bruno.members(inbox).unwrap().len(), 3);
    prove(TEST, &["2014"]);
    let table = bruno.permissions_table(inbox, 0).unwrap();
    bruno.set_columns(table, &MEMBER_COLUMNS).unwrap();
    shared.grant(READ);
    let request = protocol::rops::RopRequest::RopQueryRows(Client::query_request(0, true, 9));
    let bytes = bruno.run_bytes(&[request], &[table]).unwrap();
    let code = ErrorCode::unpack(&mut runtime::Cursor::new(&bytes[4..])).unwrap();
    assert_eq!(code, ErrorCode::EC_ACCESS_DENIED);
    prove(TEST, &["2007"]);
    // Nobody, not even the owner, reads them as a stream.
    let xml = PropertyTag(0x0E6A_001F);
    let refused = shared.anna.open_stream(shared.inbox, xml, AccessMode::READ_ONLY);
    assert_eq!(refused, Err(ErrorCode::EC_NOT_IMPLEMENTED));
    prove(TEST, &["152", "183"]);
}
