//! Logon, release, identifiers, and what no request asked for.

use super::prelude::*;

fn logon_flags(g: &mut generated_tests::Choices) -> LogonFlags {
    LogonFlags(g.u8()).with_private(true)
}

fn request_logon(r: &mut Round) {
    let dn = format!("/o={}", ascii(&mut r.g, 60));
    r.theirs.logon(&theirs::LegacyDn::new(dn.clone()).unwrap());
    let essdn = String8::new(dn.into_bytes());
    let flags = LogonFlags(0).with_private(true);
    r.ours.rop_logon(0, flags, OpenFlags(0x0100_0000), Some(essdn)).unwrap();
}

pub(super) fn logon(r: &mut Round) {
    request_logon(r);
    let g = &mut r.g;
    let (flags, folders) = (logon_flags(g), std::array::from_fn(|_| FolderId(g.u64())));
    let (mailbox_guid, repl_id, repl_guid) = (g.guid(), g.u16(), g.guid());
    let logon_time = LogonTime {
        seconds: g.u8(),
        minutes: g.u8(),
        hour: g.u8(),
        day_of_week: g.u8(),
        day: g.u8(),
        month: g.u8(),
        year: g.u16(),
    };
    let (response_flags, gwart_time) = (ResponseFlags(g.u8()), g.u64());
    let store =
        RopLogonResponseStore::Mailbox { response_flags, mailbox_guid, repl_id, repl_guid, logon_time, gwart_time };
    let response = RopLogonResponse { logon_flags: flags, folder_ids: folders, store };
    answer!(r, RopLogon, ROP_LOGON, pack_rop_logon_reply(), response, RopResponse::Logon(theirs) => {
        assert_eq!(theirs.logon_flags(), flags.with_private(true).0);
        assert_eq!(theirs.folder_ids().iter().map(|id| id.as_u64()).collect::<Vec<_>>(), folders.map(|id| id.0));
        assert_eq!(theirs.mailbox_guid(), guid(mailbox_guid));
        assert_eq!(theirs.replica_id().as_u16(), repl_id);
        assert_eq!(theirs.replica_guid(), guid(repl_guid));
    });
}

pub(super) fn redirected_logon(r: &mut Round) {
    request_logon(r);
    let server = ascii(&mut r.g, 250);
    let body = RopLogonWrongServer {
        logon_flags: LogonFlags(r.g.u8()),
        server_name: String8::new(server.clone().into_bytes()),
    };
    let reply = Reply { handle_index: r.newest(), result: Err(RopLogonFailure::WrongServer(body)) };
    pack_rop_logon_reply(&reply, &mut r.replies).unwrap();
    let check = move |theirs: &RopResponse| assert_eq!(theirs.redirect_server(), Some(&*server));
    r.expected.push((RopReply::RopLogon(reply), Box::new(check)));
}

pub(super) fn release(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    r.theirs.release(slot);
    r.ours.rop_release(&folder).unwrap();
}

/// A LongTermId on both sides; they keep the bytes of the counter, most significant first on the wire.
fn long_term_id(r: &mut Round) -> (theirs::LongTermId, LongTermId) {
    let (database_guid, counter) = (r.g.guid(), r.g.bytes::<6>());
    let global_counter = counter.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    (theirs::LongTermId::new(guid(database_guid), counter), LongTermId { database_guid, global_counter })
}

pub(super) fn id_from_long_term_id(r: &mut Round) {
    let (slot, logon) = r.handle::<Logon>();
    let (theirs, ours) = long_term_id(r);
    r.theirs.id_from_long_term_id(slot, &theirs);
    r.ours.rop_id_from_long_term_id(&logon, ours).unwrap();
    let id = r.g.u64();
    answer!(r, RopIdFromLongTermId, ROP_ID_FROM_LONG_TERM_ID, pack_rop_id_from_long_term_id_reply(),
        RopIdFromLongTermIdResponse { object_id: ObjectId(id) },
        RopResponse::IdFromLongTermId(theirs) => assert_eq!(theirs.id().as_u64(), id));
}

pub(super) fn long_term_id_from_id(r: &mut Round) {
    let (slot, logon) = r.handle::<Logon>();
    let id = r.g.u64();
    r.theirs.long_term_id_from_id(slot, theirs::ShortTermId::new(id));
    r.ours.rop_long_term_id_from_id(&logon, ObjectId(id)).unwrap();
    let (expected, long_term_id) = long_term_id(r);
    answer!(r, RopLongTermIdFromId, ROP_LONG_TERM_ID_FROM_ID, pack_rop_long_term_id_from_id_reply(),
        RopLongTermIdFromIdResponse { long_term_id },
        RopResponse::LongTermIdFromId(theirs) => assert_eq!(theirs.id(), expected));
}

/// Answers no request; stands between replies.
pub(super) fn backoff(r: &mut Round) {
    let duration = r.g.u32();
    let response = RopBackoffResponse {
        logon_id: r.g.u8(),
        duration,
        backoff_rop_data: r.g.list(|g| BackoffRop { rop_id_backoff: g.u8(), duration: g.u32() }),
        additional_data: r.g.blob(40),
    };
    RopId::ROP_BACKOFF.pack(&mut r.replies).unwrap();
    response.pack(&mut r.replies).unwrap();
    let check = move |theirs: &RopResponse| assert_eq!(*theirs, RopResponse::Backoff { duration_ms: duration });
    r.expected.push((RopReply::RopBackoff(response), Box::new(check)));
}
