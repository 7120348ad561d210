//! Search folders: what they look for and what they show.

use protocol::oxcdata::{
    ErrorCode, FolderId, FuzzyLevelHigh, FuzzyLevelLow, MessageId, PropertyValue, Restriction, TaggedPropertyValue,
};
use protocol::oxcfold::*;
use protocol::oxcstor::RopGetStoreStateRequest;
use runtime::String8;
use server::store::value::string;
use server::store::{SpecialFolder, tags};

use crate::client::{Answer, Client, one};
use crate::fixture::Fixture;
use crate::folder_changes::create_request;
use crate::record;

const STOP: u32 = 0x0001;
const RESTART: u32 = 0x0002;
const RECURSIVE: u32 = 0x0004;
const SHALLOW: u32 = 0x0008;
const FOREGROUND: u32 = 0x0010;
const STATIC: u32 = 0x0004_0000;

fn prove(test: &str, ids: &[&str]) {
    ids.iter().for_each(|id| record(test, &[&format!("MS-OXCFOLD_R{id}")]));
}

fn subject_has(text: &'static str) -> Restriction<'static> {
    Restriction::ContentRestriction {
        fuzzy_level_low: FuzzyLevelLow::FL_SUBSTRING,
        fuzzy_level_high: FuzzyLevelHigh::FL_IGNORECASE,
        property_tag: tags::PID_TAG_SUBJECT,
        tagged_value: TaggedPropertyValue { property_tag: tags::PID_TAG_SUBJECT, property_value: string(text) },
    }
}

impl Client {
    fn make_search_folder(&mut self, parent: u32, name: &str) -> Answer<(FolderId, u32)> {
        let request = RopCreateFolderRequest { folder_type: FolderType::SEARCH, ..create_request(name) };
        self.create_folder(parent, request)
    }

    fn search(
        &mut self,
        folder: u32,
        restriction: Option<Restriction<'_>>,
        folders: &[FolderId],
        flags: u32,
    ) -> Answer<()> {
        let request = RopSetSearchCriteriaRequest {
            logon_id: 0,
            input_handle_index: 0,
            restriction_data: restriction,
            folder_ids: folders.to_vec(),
            search_flags: SearchRequestFlags(flags),
        };
        one!(self, folder, RopSetSearchCriteria, request).0.map(|_| ())
    }

    fn criteria(
        &mut self,
        folder: u32,
        use_unicode: bool,
        include_restriction: bool,
        include_folders: bool,
    ) -> Answer<RopGetSearchCriteriaResponse<'static>> {
        let request = RopGetSearchCriteriaRequest {
            logon_id: 0,
            input_handle_index: 0,
            use_unicode,
            include_restriction,
            include_folders,
        };
        one!(self, folder, RopGetSearchCriteria, request).0
    }

    /// The subjects that a folder shows, sorted.
    fn shown(&mut self, folder: u32) -> Vec<String> {
        self.subjects(folder, 0)
    }

    fn counts(&mut self, folder: u32) -> (i32, i32) {
        let mut count = |tag| match self.value(folder, tag) {
            PropertyValue::PtypInteger32(count) => count,
            other => panic!("{other:?}"),
        };
        (count(tags::PID_TAG_CONTENT_COUNT), count(tags::PID_TAG_CONTENT_UNREAD_COUNT))
    }
}

/// A search folder below the Finder, the Inbox, and a folder in the Inbox, all open.
struct Searching {
    fixture: Fixture,
    client: Client,
    logon: u32,
    search: u32,
    search_id: FolderId,
    inner: FolderId,
}

impl Searching {
    fn new() -> Self {
        let fixture = Fixture::new();
        let inner = fixture.create_folder(fixture.inbox(), "Inner");
        fixture.deliver_subject("Offer one", 0);
        fixture.deliver_subject("nothing", 1);
        deliver_in(&fixture, inner, "offer two");
        let (mut client, logon) = fixture.logged_on();
        let finder = client.open_folder(logon, fixture.special(SpecialFolder::Search)).unwrap();
        let (search_id, search) = client.make_search_folder(finder, "Offers").unwrap();
        Self { fixture, client, logon, search, search_id, inner }
    }

    fn inbox(&self) -> FolderId {
        self.fixture.inbox()
    }
}

fn deliver_in(fixture: &Fixture, folder: FolderId, subject: &str) -> MessageId {
    let id = fixture.deliver_subject(subject, 3);
    fixture.mailbox.move_messages(fixture.inbox(), folder, &[id]).unwrap();
    let query = server::store::TableQuery::default();
    fixture.mailbox.contents(folder, server::store::ContentsKind::Normal, &query).unwrap()[0]
}

#[test]
fn a_search_folder_shows_what_matches_and_follows_it() {
    const TEST: &str = "a_search_folder_shows_what_matches_and_follows_it";
    let mut s = Searching::new();
    assert_eq!(s.client.value(s.search, tags::PID_TAG_FOLDER_TYPE), PropertyValue::PtypInteger32(2));
    prove(TEST, &["47", "409"]);
    let folders = [s.inbox()];
    assert_eq!(s.client.search(s.search, Some(subject_has("offer")), &folders, RESTART | SHALLOW), Ok(()));
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    prove(TEST, &["98", "119", "512", "515", "766", "772", "552"]);
    assert_eq!(s.client.counts(s.search), (1, 1));
    // What comes, what changes, what is read, what goes.
    let third = s.fixture.deliver_subject("third offer", 5);
    assert_eq!(s.client.shown(s.search), ["Offer one", "third offer"]);
    let mut change = server::store::MessageChange::new(server::store::MessageTarget::Update {
        id: third,
        expected_change_number: None,
    });
    change.properties.set(tags::PID_TAG_SUBJECT, string("something else"));
    s.fixture.mailbox.save_message(&change).unwrap();
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    change.properties.set(tags::PID_TAG_SUBJECT, string("OFFER again"));
    s.fixture.mailbox.save_message(&change).unwrap();
    assert_eq!(s.client.shown(s.search), ["OFFER again", "Offer one"]);
    s.fixture.mailbox.set_read(third, true).unwrap();
    assert_eq!(s.client.counts(s.search), (2, 1));
    s.fixture.mailbox.delete_messages(s.fixture.inbox(), &[third], false).unwrap();
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    assert_eq!(s.client.counts(s.search), (1, 1));
    prove(TEST, &["1097", "1210", "1096"]);
    // A message that moves out of the folder is no longer in the search.
    deliver_in(&s.fixture, s.inner, "offer five");
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    prove(TEST, &["1095"]);
    // Other criteria: what no longer matches is no longer shown.
    let folders = [s.inbox()];
    s.client.search(s.search, Some(subject_has("nothing")), &folders, RESTART).unwrap();
    assert_eq!(s.client.shown(s.search), ["nothing"]);
    prove(TEST, &["519"]);
}

#[test]
fn a_recursive_search_looks_below_its_folders() {
    const TEST: &str = "a_recursive_search_looks_below_its_folders";
    let mut s = Searching::new();
    let inbox = s.inbox();
    s.client.search(s.search, Some(subject_has("offer")), &[inbox], RESTART | RECURSIVE).unwrap();
    assert_eq!(s.client.shown(s.search), ["Offer one", "offer two"]);
    let flags = s.client.criteria(s.search, true, false, false).unwrap().search_flags;
    assert!(flags.contains(SearchResponseFlags::SEARCH_RECURSIVE));
    prove(TEST, &["770", "789"]);
    // A folder that moves in brings its messages, one that moves out takes them along.
    let other = s.fixture.create_folder(s.fixture.special(SpecialFolder::IpmSubtree), "Other");
    deliver_in(&s.fixture, other, "offer three");
    assert_eq!(s.client.shown(s.search).len(), 2);
    s.fixture.mailbox.move_folder(other, s.inner, "Other").unwrap();
    assert_eq!(s.client.shown(s.search), ["Offer one", "offer three", "offer two"]);
    s.fixture.mailbox.move_folder(other, s.fixture.special(SpecialFolder::IpmSubtree), "Other").unwrap();
    assert_eq!(s.client.shown(s.search).len(), 2);
    // Without either flag the search is shallow, and what is left out is as before.
    s.client.search(s.search, None, &[], 0).unwrap();
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    prove(TEST, &["1200", "105", "109", "1241", "767"]);
    let flags = s.client.criteria(s.search, true, false, false).unwrap().search_flags;
    assert!(!flags.contains(SearchResponseFlags::SEARCH_RECURSIVE));
    prove(TEST, &["960"]);
}

#[test]
fn a_static_search_shows_what_matched_when_it_was_started() {
    const TEST: &str = "a_static_search_shows_what_matched_when_it_was_started";
    let mut s = Searching::new();
    let inbox = s.inbox();
    s.client.search(s.search, Some(subject_has("offer")), &[inbox], RESTART | STATIC).unwrap();
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    let flags = s.client.criteria(s.search, true, false, false).unwrap().search_flags;
    assert!(flags.contains(SearchResponseFlags::SEARCH_STATIC));
    prove(TEST, &["795"]);
    s.fixture.deliver_subject("offer six", 6);
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    prove(TEST, &["784", "549", "1084", "1093"]);
    s.client.search(s.search, None, &[], RESTART | STATIC).unwrap();
    assert_eq!(s.client.shown(s.search), ["Offer one", "offer six"]);
    prove(TEST, &["546", "551"]);
}

#[test]
fn a_search_that_is_stopped_before_it_began_shows_nothing() {
    const TEST: &str = "a_search_that_is_stopped_before_it_began_shows_nothing";
    let mut s = Searching::new();
    let inbox = s.inbox();
    s.client.search(s.search, Some(subject_has("offer")), &[inbox], STOP).unwrap();
    assert_eq!(s.client.shown(s.search), [""; 0]);
    s.fixture.deliver_subject("offer seven", 7);
    assert_eq!(s.client.shown(s.search), [""; 0]);
    let flags = s.client.criteria(s.search, true, false, false).unwrap().search_flags;
    assert!(!flags.contains(SearchResponseFlags::SEARCH_COMPLETE));
    prove(TEST, &["673", "54301"]);
    s.client.search(s.search, None, &[], RESTART).unwrap();
    assert_eq!(s.client.shown(s.search).len(), 2);
    prove(TEST, &["768"]);
    // A search that is done goes on when it is stopped.
    s.client.search(s.search, None, &[], STOP).unwrap();
    s.fixture.deliver_subject("offer eight", 8);
    assert_eq!(s.client.shown(s.search).len(), 3);
}

#[test]
fn criteria_are_told_as_they_are_wanted() {
    const TEST: &str = "criteria_are_told_as_they_are_wanted";
    let mut s = Searching::new();
    assert_eq!(s.client.criteria(s.search, true, true, true).err(), Some(ErrorCode::EC_NOT_INITIALIZED));
    let folders = [s.inbox(), s.inner];
    s.client.search(s.search, Some(subject_has("offer")), &folders, RESTART | FOREGROUND).unwrap();
    let whole = s.client.criteria(s.search, true, true, true).unwrap();
    assert_eq!(whole.restriction_data, Some(subject_has("offer")));
    prove(TEST, &["120", "121", "127", "129", "134", "137", "957", "958", "1100", "1103"]);
    assert_eq!(whole.folder_ids, folders);
    prove(TEST, &["131", "138", "140", "2140", "1104"]);
    assert_eq!(whole.logon_id, 0);
    let narrow = s.client.criteria(s.search, false, true, false).unwrap();
    let Some(Restriction::ContentRestriction { tagged_value, .. }) = narrow.restriction_data else { panic!("another") };
    assert_eq!(tagged_value.property_value, PropertyValue::PtypString8(String8::from_text("offer")));
    assert_eq!(tagged_value.property_tag.0, 0x0037_001E);
    assert_eq!(narrow.folder_ids, []);
    prove(TEST, &["128", "132", "139", "2141"]);
    let flags = s.client.criteria(s.search, true, false, true).unwrap();
    assert_eq!((flags.restriction_data, flags.folder_ids.len()), (None, 2));
    prove(TEST, &["130", "136", "959"]);
}

#[test]
fn criteria_that_cannot_be_are_refused() {
    const TEST: &str = "criteria_that_cannot_be_are_refused";
    let mut s = Searching::new();
    let (inbox, own) = (s.inbox(), s.search_id);
    let offer = || Some(subject_has("offer"));
    assert_eq!(s.client.search(s.search, offer(), &[], RESTART), Err(ErrorCode::EC_NOT_INITIALIZED));
    assert_eq!(ErrorCode::EC_NOT_INITIALIZED.0, 0x8004_0605);
    prove(TEST, &["565", "566", "1240"]);
    assert_eq!(s.client.search(s.search, None, &[inbox], RESTART), Err(ErrorCode::EC_NOT_INITIALIZED));
    let refused = s.client.search(s.search, offer(), &[inbox, own], RESTART);
    assert_eq!(refused, Err(ErrorCode::EC_SEARCH_FOLDER_SCOPE_VIOLATION));
    assert_eq!(ErrorCode::EC_SEARCH_FOLDER_SCOPE_VIOLATION.0, 0x0000_0490);
    prove(TEST, &["1243", "1244", "124201", "1233"]);
    for flags in [0x0000_0040, 0x8000_0000, STOP | RESTART, RECURSIVE | SHALLOW] {
        assert_eq!(s.client.search(s.search, offer(), &[inbox], flags), Err(ErrorCode::EC_INVALID_PARAM), "{flags:#x}");
    }
    assert_eq!(ErrorCode::EC_INVALID_PARAM.0, 0x8007_0057);
    prove(TEST, &["1091", "1092", "116001"]);
    let nowhere = FolderId::default().with_repl_id(1).with_global_counter(0xFFFF);
    assert_eq!(s.client.search(s.search, offer(), &[nowhere], RESTART), Err(ErrorCode::EC_NOT_FOUND));
    let handle = s.client.open_folder(s.logon, inbox).unwrap();
    assert_eq!(s.client.search(handle, offer(), &[inbox], RESTART), Err(ErrorCode::EC_NOT_SEARCH_FOLDER));
    assert_eq!(ErrorCode::EC_NOT_SEARCH_FOLDER.0, 0x0000_0461);
    prove(TEST, &["569", "570"]);
    assert_eq!(s.client.criteria(handle, true, true, true).err(), Some(ErrorCode::EC_NOT_SEARCH_FOLDER));
    prove(TEST, &["579", "580"]);
    assert_eq!(s.client.search(s.logon, offer(), &[inbox], RESTART), Err(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(s.client.criteria(s.logon, true, true, true).err(), Some(ErrorCode::EC_NOT_SUPPORTED));
    assert_eq!(ErrorCode::EC_NOT_SUPPORTED.0, 0x8004_0102);
    prove(TEST, &["573", "574", "581", "582"]);
    // None of them has begun a search.
    assert_eq!(s.client.criteria(s.search, true, true, true).err(), Some(ErrorCode::EC_NOT_INITIALIZED));
}

#[test]
fn messages_are_used_through_the_search_folder() {
    const TEST: &str = "messages_are_used_through_the_search_folder";
    let mut s = Searching::new();
    let (inbox, inner) = (s.inbox(), s.inner);
    s.client.search(s.search, Some(subject_has("offer")), &[inbox], RESTART | RECURSIVE).unwrap();
    let (table, _) = s.client.contents(s.search, 0).unwrap();
    let columns = [tags::PID_TAG_MID, tags::PID_TAG_PARENT_ENTRY_ID, tags::PID_TAG_SUBJECT, tags::PID_TAG_ENTRY_ID];
    s.client.set_columns(table, &columns).unwrap();
    let rows = s.client.read_table(table, 9);
    let row = rows.iter().find(|row| row[2] == Ok(string("offer two"))).unwrap();
    // The entry ids are those of the folder that the message is in.
    let folder = s.client.open_folder(s.logon, inner).unwrap();
    assert_eq!(row[1].clone().unwrap(), s.client.value(folder, tags::PID_TAG_ENTRY_ID));
    let Ok(PropertyValue::PtypInteger64(id)) = row[0] else { panic!("no id") };
    let id = MessageId(id.cast_unsigned());
    let (_, message) = s.client.open_message(s.logon, s.search_id, id, 0).unwrap();
    assert_eq!(row[3].clone().unwrap(), s.client.value(message, tags::PID_TAG_ENTRY_ID));
    // Copied, moved and deleted from it.
    let drafts = s.client.open_folder(s.logon, s.fixture.special(SpecialFolder::Drafts)).unwrap();
    assert_eq!(s.client.transfer(s.search, drafts, &[id], true), Ok(false));
    prove(TEST, &["121702"]);
    assert_eq!(s.client.transfer(s.search, drafts, &[id], false), Ok(false));
    assert_eq!(s.client.shown(s.search), ["Offer one"]);
    assert_eq!(s.client.shown(drafts), ["offer two", "offer two"]);
    prove(TEST, &["121701"]);
    assert_eq!(s.client.transfer(drafts, s.search, &[id], true), Err(ErrorCode::EC_SEARCH_FOLDER));
    assert_eq!(s.client.transfer(drafts, s.search, &[id], false), Err(ErrorCode::EC_SEARCH_FOLDER));
    prove(TEST, &["1216", "121801", "121802", "1246"]);
    let created = s.client.create_message(s.logon, s.search_id, false);
    assert_eq!(created.err(), Some(ErrorCode::EC_SEARCH_FOLDER));
    assert_eq!(s.client.empty_folder(s.search, false), Err(ErrorCode::EC_NOT_SUPPORTED));
    prove(TEST, &["124901"]);
}

#[test]
fn a_search_folder_goes_without_its_messages() {
    let mut s = Searching::new();
    let inbox = s.inbox();
    s.client.search(s.search, Some(subject_has("offer")), &[inbox], RESTART).unwrap();
    let request = RopGetStoreStateRequest { logon_id: 0, input_handle_index: 0 };
    assert_eq!(one!(s.client, s.logon, RopGetStoreState, request).0.unwrap().store_state.0, 0x0100_0000);
    let ids = ["MS-OXCSTOR_R3228", "MS-OXCSTOR_R4001"];
    record("a_search_folder_goes_without_its_messages", &ids);
    let finder = s.client.open_folder(s.logon, s.fixture.special(SpecialFolder::Search)).unwrap();
    assert_eq!(s.client.delete_folder(finder, s.search_id, 0), Ok(false));
    assert_eq!(s.fixture.mailbox.folder(inbox).unwrap().content_count, 2);
    let request = RopGetStoreStateRequest { logon_id: 0, input_handle_index: 0 };
    assert_eq!(one!(s.client, s.logon, RopGetStoreState, request).0.unwrap().store_state.0, 0);
}
