//! What happens to many messages at once.

use super::prelude::*;

fn message_ids(r: &mut Round) -> (Vec<theirs::MessageId>, Vec<MessageId>) {
    let ids: Vec<u64> = r.g.list(|g| g.u64());
    (ids.iter().copied().map(theirs::MessageId::new).collect(), ids.into_iter().map(MessageId).collect())
}

/// The index of the source's slot.
fn request_move(r: &mut Round) -> u8 {
    let ((slot, source), (their_dest, dest)) = (r.handle::<Folder>(), r.handle::<Folder>());
    let (theirs, ours) = message_ids(r);
    let copy = r.g.bool();
    r.theirs.move_copy_messages(slot, their_dest, &theirs, copy);
    r.ours.rop_move_copy_messages(&source, &dest, ours, false, copy).unwrap();
    r.newest() - 1
}

pub(super) fn move_copy_messages(r: &mut Round) {
    let index = request_move(r);
    let partial_completion = r.g.bool();
    answer!(always r, RopMoveCopyMessages, index, pack_rop_move_copy_messages_reply(),
        RopMoveCopyMessagesResponse { partial_completion },
        RopResponse::MoveCopyMessages(theirs) => assert_eq!(theirs.is_partial(), partial_completion));
}

pub(super) fn move_copy_nowhere(r: &mut Round) {
    let index = request_move(r);
    let (dest_handle_index, partial_completion) = (r.g.u32(), r.g.bool());
    let body = RopMoveCopyMessagesDstNullObject { dest_handle_index, partial_completion };
    let reply = Reply { handle_index: index, result: Err(RopMoveCopyMessagesFailure::DstNullObject(body)) };
    pack_rop_move_copy_messages_reply(&reply, &mut r.replies).unwrap();
    let check = move |theirs: &RopResponse| {
        let RopResponse::MoveCopyMessages(theirs) = theirs else { panic!("they read {theirs:?}") };
        assert_eq!(theirs.is_partial(), partial_completion);
    };
    r.expected.push((RopReply::RopMoveCopyMessages(reply), Box::new(check)));
}

pub(super) fn set_read_flags(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let (theirs, ours) = message_ids(r);
    let (flags, our_flags) = *r.g.one_of(&[
        (theirs::ReadFlags::Read, 0),
        (theirs::ReadFlags::ReadQuietly, 0x01),
        (theirs::ReadFlags::Unread, 0x05),
        (theirs::ReadFlags::ReceiptOnly, 0x10),
    ]);
    r.theirs.set_read_flags(slot, flags, &theirs);
    r.ours.rop_set_read_flags(&folder, false, ReadFlags(our_flags), ours).unwrap();
    let (partial_completion, index) = (r.g.bool(), r.newest());
    answer!(always r, RopSetReadFlags, index, pack_rop_set_read_flags_reply(),
        RopSetReadFlagsResponse { partial_completion },
        RopResponse::SetReadFlags(theirs) => assert_eq!(theirs.is_partial(), partial_completion));
}

pub(super) fn delete_messages(r: &mut Round) {
    let (slot, folder) = r.handle::<Folder>();
    let (theirs, ours) = message_ids(r);
    r.theirs.delete_messages(slot, &theirs);
    r.ours.rop_delete_messages(&folder, false, false, ours).unwrap();
    let (partial_completion, index) = (r.g.bool(), r.newest());
    answer!(always r, RopDeleteMessages, index, pack_rop_delete_messages_reply(),
        RopDeleteMessagesResponse { partial_completion },
        RopResponse::DeleteMessages(theirs) => assert_eq!(theirs.is_partial(), partial_completion));
}
