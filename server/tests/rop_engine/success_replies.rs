//! The header of every reply that succeeds: which index of the request it repeats, and that it says so.

use protocol::oxcdata::{LongTermId, ObjectId, SortDirection, TaggedPropertyValue};
use protocol::oxcfold::*;
use protocol::oxcmsg::*;
use protocol::oxcprpt::*;
use protocol::oxcstor::*;
use protocol::oxctabl::*;
use protocol::rops::{RopId, RopRequest};
use runtime::rop::INVALID_HANDLE;
use runtime::{Cursor, Encoder};
use server::store::value::string;
use server::store::{SpecialFolder, tags};

use crate::client::Client;
use crate::fixture::{ANNA_DN, Fixture};
use crate::spec_coverage;

/// Statements of MS-OXCROPS: RopId, name, what they are about, offset in the request of the index, id.
const STATEMENTS: &str = include_str!("../data/success-replies.tsv");

/// Where the object stands that a request works on, where a new one goes, and what heads a reply where that is
/// neither of them: no two indexes are the same, and none is 0.
const INPUT: u8 = 3;
const OUTPUT: u8 = 5;
const RESPONSE: u8 = 6;

/// A request of each kind that succeeds, and the object that it works on.
fn requests(fixture: &Fixture, client: &mut Client, logon: u32) -> Vec<(RopRequest<'static>, u32)> {
    let identity = fixture.mailbox.identity();
    let drafts = fixture.special(SpecialFolder::Drafts);
    let stored = fixture.deliver_subject("stored", 0);
    let inbox = client.open_folder(logon, fixture.inbox()).unwrap();
    let (table, _) = client.contents(inbox, 0).unwrap();
    client.set_columns(table, &[tags::PID_TAG_SUBJECT]).unwrap();
    let (_, message) = client.open_message(logon, fixture.inbox(), stored, 0).unwrap();
    let (_, created) = client.create_message(logon, drafts, false).unwrap();
    let (stream, _) = client.open_stream(message, tags::PID_TAG_SUBJECT, AccessMode::READ_ONLY).unwrap();
    let (input_handle_index, output_handle_index) = (INPUT, OUTPUT);
    let long = LongTermId { database_guid: identity.replica, global_counter: 7 };
    let short = ObjectId::default().with_repl_id(identity.repl_id).with_global_counter(7);
    let subject = TaggedPropertyValue { property_tag: tags::PID_TAG_SUBJECT, property_value: string("new") };
    vec![
        (
            RopRequest::RopLogon(RopLogonRequest {
                output_handle_index,
                logon_id: 9,
                ..Client::logon_request(ANNA_DN)
            }),
            INVALID_HANDLE,
        ),
        (
            RopRequest::RopGetReceiveFolder(RopGetReceiveFolderRequest {
                logon_id: 0,
                input_handle_index,
                message_class: "IPM".into(),
            }),
            logon,
        ),
        (
            RopRequest::RopLongTermIdFromId(RopLongTermIdFromIdRequest {
                logon_id: 0,
                input_handle_index,
                object_id: short,
            }),
            logon,
        ),
        (
            RopRequest::RopIdFromLongTermId(RopIdFromLongTermIdRequest {
                logon_id: 0,
                input_handle_index,
                long_term_id: long,
            }),
            logon,
        ),
        (
            RopRequest::RopOpenFolder(RopOpenFolderRequest {
                logon_id: 0,
                input_handle_index,
                output_handle_index,
                folder_id: fixture.inbox(),
                open_mode_flags: OpenModeFlags(0),
            }),
            logon,
        ),
        (
            RopRequest::RopGetHierarchyTable(RopGetHierarchyTableRequest {
                logon_id: 0,
                input_handle_index,
                output_handle_index,
                table_flags: HierarchyTableFlags(0),
            }),
            inbox,
        ),
        (
            RopRequest::RopGetContentsTable(RopGetContentsTableRequest {
                logon_id: 0,
                input_handle_index,
                output_handle_index,
                table_flags: ContentsTableFlags(0),
            }),
            inbox,
        ),
        (
            RopRequest::RopSetColumns(RopSetColumnsRequest {
                logon_id: 0,
                input_handle_index,
                set_columns_flags: AsynchronousFlags(0),
                property_tags: vec![tags::PID_TAG_SUBJECT],
            }),
            table,
        ),
        (
            RopRequest::RopSortTable(RopSortTableRequest {
                input_handle_index,
                ..Client::sort_request(&[(tags::PID_TAG_SUBJECT, SortDirection(0))])
            }),
            table,
        ),
        (
            RopRequest::RopRestrict(RopRestrictRequest {
                logon_id: 0,
                input_handle_index,
                restrict_flags: AsynchronousFlags(0),
                restriction_data: None,
            }),
            table,
        ),
        (
            RopRequest::RopQueryRows(RopQueryRowsRequest { input_handle_index, ..Client::query_request(0, true, 50) }),
            table,
        ),
        (RopRequest::RopQueryPosition(RopQueryPositionRequest { logon_id: 0, input_handle_index }), table),
        (
            RopRequest::RopSeekRow(RopSeekRowRequest {
                logon_id: 0,
                input_handle_index,
                origin: Bookmark::BOOKMARK_BEGINNING,
                row_count: 0,
                want_row_moved_count: false,
            }),
            table,
        ),
        (
            RopRequest::RopOpenMessage(RopOpenMessageRequest {
                logon_id: 0,
                input_handle_index,
                output_handle_index,
                code_page_id: CODE_PAGE_OF_LOGON,
                folder_id: fixture.inbox(),
                open_mode_flags: MessageOpenModeFlags(0),
                message_id: stored,
            }),
            logon,
        ),
        (
            RopRequest::RopCreateMessage(RopCreateMessageRequest {
                logon_id: 0,
                input_handle_index,
                output_handle_index,
                code_page_id: CODE_PAGE_OF_LOGON,
                folder_id: drafts,
                associated_flag: false,
            }),
            logon,
        ),
        (
            RopRequest::RopGetPropertiesSpecific(RopGetPropertiesSpecificRequest {
                logon_id: 0,
                input_handle_index,
                property_size_limit: 0,
                want_unicode: true,
                property_tags: vec![tags::PID_TAG_SUBJECT],
            }),
            message,
        ),
        (
            RopRequest::RopGetPropertiesAll(RopGetPropertiesAllRequest {
                logon_id: 0,
                input_handle_index,
                property_size_limit: 0,
                want_unicode: true,
            }),
            message,
        ),
        (RopRequest::RopGetPropertiesList(RopGetPropertiesListRequest { logon_id: 0, input_handle_index }), message),
        (
            RopRequest::RopSetProperties(RopSetPropertiesRequest {
                logon_id: 0,
                input_handle_index,
                property_values: vec![subject],
            }),
            created,
        ),
        (
            RopRequest::RopSaveChangesMessage(RopSaveChangesMessageRequest {
                logon_id: 0,
                response_handle_index: RESPONSE,
                input_handle_index,
                save_flags: SaveFlags(0x0A),
            }),
            created,
        ),
        (
            RopRequest::RopOpenStream(RopOpenStreamRequest {
                logon_id: 0,
                input_handle_index,
                output_handle_index,
                property_tag: tags::PID_TAG_SUBJECT,
                open_mode_flags: AccessMode::READ_ONLY,
            }),
            message,
        ),
        (RopRequest::RopGetStreamSize(RopGetStreamSizeRequest { logon_id: 0, input_handle_index }), stream),
    ]
}

#[test]
fn a_reply_that_succeeds_repeats_the_index_that_the_document_names() {
    let fixture = Fixture::new();
    let (mut client, logon) = fixture.logged_on();
    let mut wrong = Vec::new();
    let mut proved = Vec::new();
    for (request, object) in requests(&fixture, &mut client, logon) {
        let mut e = Encoder::new();
        request.pack(&mut e).unwrap();
        let sent = e.finish();
        let mut handles = [INVALID_HANDLE; 8];
        handles[usize::from(INPUT)] = object;
        let reply = client.run_packed(&sent, &handles).unwrap();
        let mut c = Cursor::new(&reply);
        let (_, rop_id, index) = (c.u16().unwrap(), c.u8().unwrap(), c.u8().unwrap());
        let (return_value, after) = (c.u32().unwrap(), c.u8().unwrap());
        assert_eq!(RopId(rop_id), request.rop_id());
        for line in STATEMENTS.lines().skip(1) {
            let [of, name, about, offset, statement] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            if of != format!("0x{rop_id:02X}") {
                continue;
            }
            let asked = || sent[offset.parse::<usize>().unwrap()];
            let holds = match about {
                "index" => index == asked(),
                "echo" => after == asked(),
                _ => return_value == 0,
            };
            if holds {
                proved.push(statement);
            } else {
                wrong.push(format!(
                    "{statement}: {name}, {about}: index {index}, value {return_value:#x}, then {after}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(proved.len(), STATEMENTS.lines().count() - 1, "a statement without a request");
    let test = "a_reply_that_succeeds_repeats_the_index_that_the_document_names";
    proved.into_iter().for_each(|statement| spec_coverage::record(statement, test));
}
