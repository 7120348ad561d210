//! Logging on, receive folders, short and long ids.

use protocol::oxcdata::{ErrorCode, LongTermId, ObjectId, PropertyValue};
use protocol::oxcstor::{
    LogonFlags, LogonTime, OpenFlags, RopIdFromLongTermIdRequest, RopLogonFailure, RopLogonRequest,
    RopLogonResponseStore, RopLongTermIdFromIdRequest,
};
use protocol::rops::RopRequest;
use runtime::{Cursor, Guid};
use server::rop::Locale;
use server::store::{self, PropertyChanges, SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::{ANNA_DN, BRUNO_DN, Fixture};
use crate::record;

fn refused(fixture: &Fixture, request: RopLogonRequest<'_>) -> ErrorCode {
    match fixture.client().log_on(request).0 {
        Err(RopLogonFailure::Code(code)) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn logs_on_to_ones_own_mailbox() {
    let fixture = Fixture::new();
    let (response, logon) = fixture.client().log_on(RopLogonRequest {
        logon_flags: LogonFlags(0x0F),
        ..Client::logon_request("/O=EXAMPLE/ou=first/cn=Recipients/cn=ANNA")
    });
    let response = response.unwrap();
    assert_ne!(logon, runtime::rop::INVALID_HANDLE);
    assert_eq!(response.logon_flags, LogonFlags(0x07));
    assert_eq!(response.folder_ids, fixture.mailbox.special_folders().logon());
    let identity = fixture.mailbox.identity();
    let RopLogonResponseStore::Mailbox { response_flags, mailbox_guid, repl_id, repl_guid, logon_time, .. } =
        response.store
    else {
        panic!("not a mailbox")
    };
    assert_eq!(response_flags.0, 0x07);
    assert_eq!((mailbox_guid, repl_id, repl_guid), (fixture.anna.mailbox, identity.repl_id, identity.replica));
    assert_eq!(
        logon_time,
        LogonTime { seconds: 15, minutes: 30, hour: 6, day_of_week: 2, day: 24, month: 11, year: 2026 }
    );
    let ids = [
        "MS-OXCSTOR_R56",
        "MS-OXCSTOR_R785",
        "MS-OXCSTOR_R1062",
        "MS-OXCSTOR_R118",
        "MS-OXCSTOR_R119",
        "MS-OXCSTOR_R123",
        "MS-OXCSTOR_R125",
        "MS-OXCSTOR_R127",
        "MS-OXCSTOR_R131",
        "MS-OXCSTOR_R138",
        "MS-OXCSTOR_R166",
        "MS-OXCSTOR_R2001002",
        "MS-OXCSTOR_R59",
    ];
    record("logs_on_to_ones_own_mailbox", &ids);
}

#[test]
fn tells_that_the_owner_is_out_of_office() {
    let fixture = Fixture::new();
    let mut changes = PropertyChanges::new();
    changes.set(tags::PID_TAG_OUT_OF_OFFICE_STATE, PropertyValue::PtypBoolean(true));
    fixture.mailbox.change_properties(store::ObjectId::Mailbox, &changes).unwrap();
    let response = fixture.client().log_on(Client::logon_request(ANNA_DN)).0.unwrap();
    let RopLogonResponseStore::Mailbox { response_flags, .. } = response.store else { panic!("not a mailbox") };
    assert_eq!(response_flags.0, 0x17);
    record("tells_that_the_owner_is_out_of_office", &["MS-OXCSTOR_R129", "MS-OXCSTOR_R128"]);
}

#[test]
fn refuses_unknown_users_and_other_mailboxes() {
    let fixture = Fixture::new();
    let unknown = Client::logon_request("/o=Example/ou=First/cn=Recipients/cn=carla");
    assert_eq!(refused(&fixture, unknown), ErrorCode::EC_UNKNOWN_USER);
    let nobody = RopLogonRequest { essdn: None, ..Client::logon_request(ANNA_DN) };
    assert_eq!(refused(&fixture, nobody), ErrorCode::EC_UNKNOWN_USER);
    assert_eq!(refused(&fixture, Client::logon_request(BRUNO_DN)), ErrorCode::EC_LOGIN_PERM);
    let administrator = RopLogonRequest { open_flags: OpenFlags(0x0100_0001), ..Client::logon_request(BRUNO_DN) };
    assert_eq!(refused(&fixture, administrator), ErrorCode::EC_LOGIN_PERM);
    let ids = ["MS-OXCSTOR_R788", "MS-OXCSTOR_R173", "MS-OXCSTOR_R174", "MS-OXCSTOR_R189", "MS-OXCSTOR_R1346"];
    record("refuses_unknown_users_and_other_mailboxes", &ids);
}

#[test]
fn each_user_has_their_own_mailbox() {
    let fixture = Fixture::new();
    let mut client = fixture.client_of(&fixture.bruno, Locale::default());
    let response = client.log_on(Client::logon_request(BRUNO_DN)).0.unwrap();
    let RopLogonResponseStore::Mailbox { mailbox_guid, .. } = response.store else { panic!("not a mailbox") };
    assert_eq!(mailbox_guid, fixture.bruno.mailbox);
    let refused = client.log_on(Client::logon_request(ANNA_DN)).0;
    assert!(matches!(refused, Err(RopLogonFailure::Code(ErrorCode::EC_LOGIN_PERM))));
}

#[test]
fn refuses_public_folders_and_undefined_flags() {
    let fixture = Fixture::new();
    let with = |logon: u8, open: u32| RopLogonRequest {
        logon_flags: LogonFlags(logon),
        open_flags: OpenFlags(open),
        ..Client::logon_request(ANNA_DN)
    };
    assert_eq!(refused(&fixture, with(0x00, 0x02)), ErrorCode::EC_LOGIN_FAILURE);
    assert_eq!(refused(&fixture, with(0x00, 0x102)), ErrorCode::EC_LOGIN_FAILURE);
    assert_eq!(refused(&fixture, with(0x01, 0x02)), ErrorCode::EC_INVALID_PARAM);
    assert_eq!(refused(&fixture, with(0x11, 0)), ErrorCode::EC_ERROR);
    assert_eq!(refused(&fixture, with(0x01, 0x8000_0000)), ErrorCode::EC_ERROR);
    let ids = [
        "MS-OXCSTOR_R786",
        "MS-OXCSTOR_R59753",
        "MS-OXCSTOR_R835",
        "MS-OXCSTOR_R1202",
        "MS-OXCSTOR_R3109",
        "MS-OXCSTOR_R167",
    ];
    record("refuses_public_folders_and_undefined_flags", &ids);
}

#[test]
fn refuses_sessions_of_unknown_code_pages() {
    let fixture = Fixture::new();
    for (code_page, expected) in [(1252, None), (65001, None), (0, None), (4242, Some(())), (0x0001_04E4, Some(()))] {
        let mut client = fixture.client_of(&fixture.anna, Locale { code_page, ..Locale::default() });
        let refused = client.log_on(Client::logon_request(ANNA_DN)).0.err();
        let expected = expected.map(|()| RopLogonFailure::Code(ErrorCode::EC_UNKNOWN_CODE_PAGE));
        assert_eq!(refused, expected, "{code_page}");
    }
    let ids = ["MS-OXCSTOR_R3102", "MS-OXCSTOR_R3102001", "MS-OXCSTOR_R175", "MS-OXCSTOR_R176"];
    record("refuses_sessions_of_unknown_code_pages", &ids);
}

#[test]
fn a_failed_logon_leaves_no_handle() {
    let fixture = Fixture::new();
    let mut client = fixture.client();
    let (result, handle) = client.log_on(Client::logon_request(BRUNO_DN));
    assert!(result.is_err());
    assert_eq!(handle, runtime::rop::INVALID_HANDLE);
    assert!(client.objects.is_empty());
}

#[test]
fn receive_folders_are_found_by_the_longest_class() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let inbox = fixture.inbox();
    assert_eq!(client.receive_folder(logon, "IPM.MY.Class"), Ok((inbox, b"IPM".to_vec())));
    assert_eq!(client.receive_folder(logon, "MY.Class"), Ok((inbox, Vec::new())));
    assert_eq!(client.receive_folder(logon, ""), Ok((inbox, Vec::new())));
    let root = fixture.special(SpecialFolder::Root);
    assert_eq!(client.receive_folder(logon, "IPC.Anything"), Ok((root, b"IPC".to_vec())));
    for invalid in [".IPM", "IPM.", "IPM..Note", "Zürich"] {
        assert_eq!(client.receive_folder(logon, invalid), Err(ErrorCode::EC_INVALID_PARAM), "{invalid}");
    }
    let ids = [
        "MS-OXCSTOR_R847",
        "MS-OXCSTOR_R851",
        "MS-OXCSTOR_R852",
        "MS-OXCSTOR_R1223",
        "MS-OXCSTOR_R1224",
        "MS-OXCSTOR_R3120",
        "MS-OXCSTOR_R3118",
        "MS-OXCSTOR_R3119",
        "MS-OXCSTOR_R59784",
        "MS-OXCSTOR_R59785",
        "MS-OXCSTOR_R234",
        "MS-OXCSTOR_R235",
    ];
    record("receive_folders_are_found_by_the_longest_class", &ids);
}

#[test]
fn ids_are_short_and_long() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let identity = fixture.mailbox.identity();
    let short = ObjectId::default().with_repl_id(identity.repl_id).with_global_counter(0x0102_0304_0506);
    let long = LongTermId { database_guid: identity.replica, global_counter: 0x0102_0304_0506 };
    // No object has this id.
    // The same each time.
    for _ in 0..2 {
        assert_eq!(client.long_term_id(logon, short), Ok(long));
        assert_eq!(client.short_id(logon, long), Ok(short));
    }
    let unknown = Err(ErrorCode(0x8004_010F));
    assert_eq!(client.long_term_id(logon, short.with_repl_id(7)), unknown);
    assert_eq!(client.long_term_id(logon, ObjectId(0)), unknown);
    let nowhere = LongTermId { database_guid: Guid([0; 16]), ..long };
    assert_eq!(client.short_id(logon, nowhere), Err(ErrorCode(0x8007_0057)));
    // As bytes: the replica, the counter with its most significant byte first, two bytes of padding.
    let counter = [1, 2, 3, 4, 5, 6];
    let long_bytes = [&identity.replica.0[..], &counter, &[0, 0]].concat();
    let request = RopLongTermIdFromIdRequest { logon_id: 0, input_handle_index: 0, object_id: short };
    let reply = client.run_bytes(&[RopRequest::RopLongTermIdFromId(request)], &[logon]).unwrap();
    assert_eq!(reply[8..reply.len() - 4], long_bytes);
    let request = RopIdFromLongTermIdRequest { logon_id: 0, input_handle_index: 0, long_term_id: long };
    let reply = client.run_bytes(&[RopRequest::RopIdFromLongTermId(request)], &[logon]).unwrap();
    let mut id = Cursor::new(&reply[8..reply.len() - 4]);
    assert_eq!((id.u16(), id.take_rest()), (Ok(identity.repl_id), &counter[..]));
    let ids = [
        "MS-OXCSTOR_R944",
        "MS-OXCSTOR_R945",
        "MS-OXCSTOR_R946",
        "MS-OXCSTOR_R1243",
        "MS-OXCSTOR_R1244",
        "MS-OXCSTOR_R451",
        "MS-OXCSTOR_R452",
        "MS-OXCSTOR_R949",
        "MS-OXCSTOR_R1245",
        "MS-OXCSTOR_R94801",
        "MS-OXCSTOR_R1252",
        "MS-OXCSTOR_R1253",
        "MS-OXCSTOR_R1120",
        "MS-OXCSTOR_R1121",
        "MS-OXCSTOR_R947",
        "MS-OXCSTOR_R952",
    ];
    record("ids_are_short_and_long", &ids);
}

#[test]
fn replicas_of_other_mailboxes_get_ids() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let own = fixture.mailbox.identity();
    let long = |byte| LongTermId { database_guid: Guid([byte; 16]), global_counter: 0x0102_0304_0506 };
    let (first, second) = (client.short_id(logon, long(9)).unwrap(), client.short_id(logon, long(8)).unwrap());
    assert_eq!(first.global_counter(), 0x0102_0304_0506);
    assert_ne!(first.repl_id(), second.repl_id());
    assert!(![0, own.repl_id].contains(&first.repl_id()));
    // The same in a later session, and of no folder of this mailbox.
    let (mut client, logon) = fixture.logged_on();
    assert_eq!(client.short_id(logon, long(9)), Ok(first));
    assert_eq!(client.long_term_id(logon, first), Ok(long(9)));
    assert_eq!(client.long_term_id(logon, second), Ok(long(8)));
    let inbox = protocol::oxcdata::FolderId(ObjectId(fixture.inbox().0).with_repl_id(first.repl_id()).0);
    assert_eq!(client.open_folder(logon, inbox), Err(ErrorCode::EC_NOT_FOUND));
    let ids = [
        "MS-OXCSTOR_R949",
        "MS-OXCSTOR_R950",
        "MS-OXCSTOR_R951",
        "MS-OXCSTOR_R952",
        "MS-OXCSTOR_R1246",
        "MS-OXCSTOR_R1251",
        "MS-OXCSTOR_R947",
        "MS-OXCSTOR_R3114",
    ];
    record("replicas_of_other_mailboxes_get_ids", &ids);
}
