//! One function for each operation that mapi-proto knows: the request on both sides, a reply that the generated
//! code writes, and what they have to read in it.

// The macros are in scope of the modules behind them.
/// Writes a reply and remembers what they have to read: `answer!(round, RopX(pack arguments), response, theirs
/// => check)`, where `theirs` is a pattern of [`RopResponse`]. The reply fails now and then with a return value
/// alone; after `always` it does not, because its failures have more.
macro_rules! answer {
    ($r:ident, $rop:ident, $id:ident, $pack:ident($($arg:expr),*), $response:expr, $theirs:pat => $check:expr) => {
        match $r.failure() {
            Some(code) => {
                $r.arms.met("failure");
                let reply = Reply { handle_index: $r.newest(), result: Err(code.into()) };
                $pack(&reply, &mut $r.replies $(, $arg)*).unwrap();
                $r.expected.push((RopReply::$rop(reply), Box::new(move |theirs| check_failed(theirs, RopId::$id.0, code))));
            }
            None => answer!(always $r, $rop, $r.newest(), $pack($($arg),*), $response, $theirs => $check),
        }
    };
    (always $r:ident, $rop:ident, $index:expr, $pack:ident($($arg:expr),*), $response:expr, $theirs:pat => $check:expr) => {{
        let reply = Reply { handle_index: $index, result: Ok($response) };
        $pack(&reply, &mut $r.replies $(, $arg)*).unwrap();
        let check = move |theirs: &RopResponse| {
            let $theirs = theirs else { panic!("they read {theirs:?}") };
            $check
        };
        $r.expected.push((RopReply::$rop(reply), Box::new(check)));
    }};
}

/// They read that an operation succeeded, and nothing more.
macro_rules! succeeds {
    ($r:ident, $rop:ident, $id:ident, $pack:ident, $response:expr) => {
        answer!($r, $rop, $id, $pack(), $response, RopResponse::Succeeded { rop } => assert_eq!(rop.as_u8(), RopId::$id.0))
    };
}

mod attachments;
mod logon;
mod messages;
mod moves;
mod properties;
mod tables;

use crate::round::Round;

/// The code page of the logon, and that they ask for nothing else.
const CODE_PAGE_OF_THE_LOGON: u16 = 0x0FFF;

type Operation = fn(&mut Round);

/// Every operation that mapi-proto sends, and replies without a request.
pub const OPERATIONS: [(&str, Operation); 37] = [
    ("RopLogon", logon::logon),
    ("RopLogon, redirected", logon::redirected_logon),
    ("RopRelease", logon::release),
    ("RopOpenFolder", tables::open_folder),
    ("RopGetHierarchyTable", tables::hierarchy_table),
    ("RopGetContentsTable, RopSetColumns, RopQueryRows", tables::rows),
    ("RopSortTable", tables::sort_table),
    ("RopRestrict", tables::restrict),
    ("RopOpenMessage", messages::open_message),
    ("RopGetAttachmentTable", attachments::attachment_table),
    ("RopOpenAttachment", attachments::open_attachment),
    ("RopOpenEmbeddedMessage", messages::open_embedded_message),
    ("RopOpenStream", attachments::open_stream),
    ("RopReadStream", attachments::read_stream),
    ("RopGetStreamSize", attachments::stream_size),
    ("RopWriteStream", attachments::write_stream),
    ("RopCommitStream", attachments::commit_stream),
    ("RopIdFromLongTermId", logon::id_from_long_term_id),
    ("RopLongTermIdFromId", logon::long_term_id_from_id),
    ("RopGetPropertiesSpecific", properties::get_properties),
    ("RopGetPropertiesAll", properties::get_all_properties),
    ("RopSetProperties", properties::set_properties),
    ("RopDeleteProperties", properties::delete_properties),
    ("RopGetPropertyIdsFromNames", properties::ids_from_names),
    ("RopGetNamesFromPropertyIds", properties::names_from_ids),
    ("RopCreateMessage", messages::create_message),
    ("RopSaveChangesMessage", messages::save_message),
    ("RopModifyRecipients", messages::modify_recipients),
    ("RopRemoveAllRecipients", messages::remove_all_recipients),
    ("RopSubmitMessage", messages::submit_message),
    ("RopMoveCopyMessages", moves::move_copy_messages),
    ("RopMoveCopyMessages, no destination", moves::move_copy_nowhere),
    ("RopSetReadFlags", moves::set_read_flags),
    ("RopDeleteMessages", moves::delete_messages),
    ("RopCreateAttachment", attachments::create_attachment),
    ("RopSaveChangesAttachment", attachments::save_attachment),
    ("RopBackoff", logon::backoff),
];

/// What the operations are written with.
mod prelude {
    pub(super) use super::CODE_PAGE_OF_THE_LOGON;
    pub(super) use crate::round::{Round, check_failed, hex};
    pub(super) use crate::values::{
        any_name, any_restriction, any_row, any_sent, any_tag, any_tagged, ascii, guid, same_cells, tag, text,
        their_tags, their_value,
    };
    pub(super) use mapi_proto as theirs;
    pub(super) use mapi_proto::RopResponse;
    pub(super) use protocol::client::{Attachment, Folder, Logon, Message, Stream, Table};
    pub(super) use protocol::oxcdata::*;
    pub(super) use protocol::oxcfold::*;
    pub(super) use protocol::oxcmsg::*;
    pub(super) use protocol::oxcprpt::*;
    pub(super) use protocol::oxcrops::{BackoffRop, RopBackoffResponse};
    pub(super) use protocol::oxcstor::*;
    pub(super) use protocol::oxctabl::*;
    pub(super) use protocol::oxomsg::*;
    pub(super) use protocol::rops::*;
    pub(super) use runtime::rop::Reply;
    pub(super) use runtime::{Encoder, String8, StringValue, Utf16};
}
