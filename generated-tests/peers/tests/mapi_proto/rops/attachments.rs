//! Attachments and streams.

use super::prelude::*;

pub(super) fn attachment_table(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.attachment_table(slot);
    r.ours.rop_get_attachment_table(&message, AttachmentTableFlags::UNICODE).unwrap();
    succeeds!(
        r,
        RopGetAttachmentTable,
        ROP_GET_ATTACHMENT_TABLE,
        pack_rop_get_attachment_table_reply,
        RopGetAttachmentTableResponse
    );
}

pub(super) fn open_attachment(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    let number = r.g.u32();
    r.theirs.open_attachment(slot, number);
    r.ours.rop_open_attachment(&message, AccessMode(0), number).unwrap();
    succeeds!(r, RopOpenAttachment, ROP_OPEN_ATTACHMENT, pack_rop_open_attachment_reply, RopOpenAttachmentResponse);
}

pub(super) fn open_stream(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let property_tag = PropertyTag(r.g.u32());
    let (mode, flags) = *r.g.one_of(&[
        (theirs::StreamMode::ReadOnly, 0),
        (theirs::StreamMode::ReadWrite, 1),
        (theirs::StreamMode::Create, 2),
    ]);
    r.theirs.open_stream(slot, tag(property_tag), mode);
    r.ours.rop_open_stream(&object, property_tag, AccessMode(flags)).unwrap();
    let stream_size = r.g.u32();
    answer!(r, RopOpenStream, ROP_OPEN_STREAM, pack_rop_open_stream_reply(), RopOpenStreamResponse { stream_size },
        RopResponse::StreamSize(theirs) => assert_eq!(theirs.size(), stream_size));
}

pub(super) fn read_stream(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    // 0xBABE says that the size follows: they never ask so, and neither agrees by accident.
    let count = match r.g.u16() {
        0xBABE => 0,
        count => count,
    };
    r.theirs.read_stream(slot, count.into());
    r.ours.rop_read_stream(&stream, count, None).unwrap();
    let data = r.g.blob(300);
    let index = r.newest();
    let read = data.to_vec();
    answer!(always r, RopReadStream, index, pack_rop_read_stream_reply(), RopReadStreamResponse { data },
        RopResponse::ReadStream(theirs) => assert_eq!(theirs.data(), read));
}

pub(super) fn stream_size(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    r.theirs.stream_size(slot);
    r.ours.rop_get_stream_size(&stream).unwrap();
    let stream_size = r.g.u32();
    answer!(r, RopGetStreamSize, ROP_GET_STREAM_SIZE, pack_rop_get_stream_size_reply(),
        RopGetStreamSizeResponse { stream_size },
        RopResponse::StreamSize(theirs) => assert_eq!(theirs.size(), stream_size));
}

pub(super) fn write_stream(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    let data = r.g.blob(300);
    r.theirs.write_stream(slot, &data);
    r.ours.rop_write_stream(&stream, data).unwrap();
    let (written_size, index) = (r.g.u16(), r.newest());
    answer!(always r, RopWriteStream, index, pack_rop_write_stream_reply(), RopWriteStreamResponse { written_size },
        RopResponse::WriteStream(theirs) => assert_eq!(theirs.written(), written_size));
}

pub(super) fn commit_stream(r: &mut Round) {
    let (slot, stream) = r.handle::<Stream>();
    r.theirs.commit_stream(slot);
    r.ours.rop_commit_stream(&stream).unwrap();
    succeeds!(r, RopCommitStream, ROP_COMMIT_STREAM, pack_rop_commit_stream_reply, RopCommitStreamResponse);
}

pub(super) fn create_attachment(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.create_attachment(slot);
    r.ours.rop_create_attachment(&message).unwrap();
    let attachment_id = r.g.u32();
    answer!(r, RopCreateAttachment, ROP_CREATE_ATTACHMENT, pack_rop_create_attachment_reply(),
        RopCreateAttachmentResponse { attachment_id },
        RopResponse::CreateAttachment(theirs) => assert_eq!(theirs.number().as_u32(), attachment_id));
}

pub(super) fn save_attachment(r: &mut Round) {
    let (slot, attachment) = r.handle::<Attachment>();
    r.theirs.save_attachment(slot);
    r.ours.rop_save_changes_attachment(&attachment, SaveFlags(2)).unwrap();
    succeeds!(
        r,
        RopSaveChangesAttachment,
        ROP_SAVE_CHANGES_ATTACHMENT,
        pack_rop_save_changes_attachment_reply,
        RopSaveChangesAttachmentResponse
    );
}
