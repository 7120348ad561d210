//! What the stream is that an operation opens (MS-OXCFXICS 2.2.4.4, 2.2.3.1.2.1.1), and what it opens it as.

use generated_tests::described::vectors;
use generated_tests::vectors::hex;
use protocol::client::{
    Attachment, Batch, FastTransferDownloadContext, FastTransferUploadContext, Folder, Message,
    SynchronizationDownloadContext, SynchronizationUploadContext,
};
use protocol::oxcfxics::FastTransferRoot as Root;
use protocol::rops::{Conversation, RopRequest};
use runtime::Cursor;
use runtime::rop::{CallError, Handle};

use crate::{packed, record};

const KINDS: [&str; 5] = ["Folder", "Message", "Attachment", "Logon", "Table"];

/// The root for each kind of object of a published request, whose byte after the header is this one.
fn roots(rop: &str, first: Option<u8>) -> [Option<Root>; 5] {
    let vectors = vectors();
    let (_, bytes) = vectors[rop].iter().find(|(target, _)| target == "request").unwrap();
    let mut bytes = bytes.clone();
    if let Some(first) = first {
        bytes[4] = first;
    }
    let request = RopRequest::unpack(&mut Cursor::new(&bytes)).unwrap();
    KINDS.map(|kind| Root::opened_by(&request, kind))
}

#[test]
fn the_operation_says_what_its_stream_is() {
    const TEST: &str = "the_operation_says_what_its_stream_is";
    let always = |root: Root| [Some(root); 5];
    for (rop, first, root, statement) in [
        ("RopSynchronizationConfigure", Some(1), Root::ContentsSync, "R3321"),
        ("RopSynchronizationConfigure", Some(2), Root::HierarchySync, "R3322"),
        ("RopSynchronizationGetTransferState", None, Root::State, "R3323"),
        ("RopFastTransferSourceCopyMessages", None, Root::MessageList, "R3330"),
        ("RopFastTransferSourceCopyFolder", None, Root::TopFolder, "R3331"),
        ("RopFastTransferDestinationConfigure", Some(3), Root::MessageList, "R601"),
        ("RopFastTransferDestinationConfigure", Some(4), Root::TopFolder, "R602"),
    ] {
        assert_eq!(roots(rop, first), always(root), "{rop}");
        record(TEST, &[statement]);
    }
    let by_object = [Some(Root::FolderContent), Some(Root::MessageContent), Some(Root::AttachmentContent), None, None];
    let copies: [(&str, Option<u8>, [&str; 3]); 4] = [
        ("RopFastTransferSourceCopyTo", None, ["R3324", "R3326", "R3328"]),
        ("RopFastTransferSourceCopyProperties", None, ["R3325", "R3327", "R3329"]),
        ("RopFastTransferDestinationConfigure", Some(1), ["R595", "R599", "R597"]),
        ("RopFastTransferDestinationConfigure", Some(2), ["R598", "R596", "R600"]),
    ];
    for (rop, first, statements) in copies {
        assert_eq!(roots(rop, first), by_object, "{rop} {first:?}");
        record(TEST, &statements);
    }
    // Values that the document does not have, and operations that open none.
    assert_eq!(roots("RopSynchronizationConfigure", Some(3)), [None; 5]);
    assert_eq!(roots("RopFastTransferDestinationConfigure", Some(5)), [None; 5]);
    assert_eq!(roots("RopFastTransferSourceGetBuffer", None), [None; 5]);
}

/// A batch of one call on an open object: its ticket opens the object of this kind on success, nothing on failure.
macro_rules! opens {
    ($kind:ty, $input:ty, $statements:expr, |$batch:ident, $object:ident| $call:expr) => {{
        let $object: Handle<$input> = Handle::new(0x107, 0);
        let mut $batch = Batch::new();
        let ticket = $call.unwrap();
        let rop = $batch.requests()[0].rop_id().0;
        // Replies of the operations here are headed by the slot of the new object; the body is an identifier, or none.
        let read = |reply: &str, handle: &str| {
            let reply = hex(reply);
            let size = packed(|e| e.u16(u16::try_from(reply.len() + 3).unwrap()));
            [&size, &[rop][..], &reply, &hex("07 01 00 00"), &hex(handle)].concat()
        };
        let body = if rop == 0x72 { "00 00 00 00 00 00 00 00" } else { "" };
        let output = read(&format!("01 00 00 00 00 {body}"), "2A 00 00 00");
        let replies = $batch.read(&output, &mut Conversation::default()).unwrap();
        let opened: Handle<$kind> = replies.opened(&ticket).unwrap();
        assert_eq!(opened.value(), 0x2A);
        let output = read("01 02 01 04 80", "FF FF FF FF");
        let replies = $batch.read(&output, &mut Conversation::default()).unwrap();
        let failed: Result<Handle<$kind>, _> = replies.opened(&ticket);
        assert!(matches!(failed, Err(CallError::Failed(_))), "{failed:?}");
        record("operations_open_their_contexts", &$statements);
    }};
}

#[test]
fn operations_open_their_contexts() {
    use protocol::oxcfxics::*;
    let send = SendOptions(1);
    opens!(FastTransferDownloadContext, Message, ["R384", "R385"], |b, o| b.rop_fast_transfer_source_copy_to(
        &o,
        0,
        CopyToFlags(0),
        send,
        vec![]
    ));
    opens!(FastTransferDownloadContext, Attachment, ["R455", "R456"], |b, o| b
        .rop_fast_transfer_source_copy_properties(&o, 0, CopyPropertiesFlags(0), send, vec![]));
    opens!(FastTransferDownloadContext, Folder, ["R487", "R488"], |b, o| b.rop_fast_transfer_source_copy_messages(
        &o,
        vec![],
        CopyMessagesFlags(0),
        send
    ));
    opens!(FastTransferDownloadContext, Folder, ["R511", "R512"], |b, o| b.rop_fast_transfer_source_copy_folder(
        &o,
        CopyFolderFlags(0),
        send
    ));
    opens!(FastTransferUploadContext, Folder, ["R590", "R591"], |b, o| b.rop_fast_transfer_destination_configure(
        &o,
        SourceOperation::COPY_FOLDER,
        DestinationCopyFlags(0)
    ));
    opens!(SynchronizationDownloadContext, Folder, ["R669", "R670"], |b, o| b.rop_synchronization_configure(
        &o,
        SynchronizationType::CONTENTS,
        send,
        SynchronizationFlags(0),
        None,
        SynchronizationExtraFlags(0),
        vec![]
    ));
    opens!(FastTransferDownloadContext, SynchronizationDownloadContext, ["R765", "R766"], |b, o| b
        .rop_synchronization_get_transfer_state(&o));
    opens!(SynchronizationUploadContext, Folder, ["R778", "R779"], |b, o| b
        .rop_synchronization_open_collector(&o, true));
    opens!(Message, SynchronizationUploadContext, ["R805", "R806"], |b, o| b
        .rop_synchronization_import_message_change(&o, ImportFlags(0), vec![]));
}

#[test]
fn messages_are_copied_by_their_identifiers() {
    let request = hex("4B 00 00 01  02 00  01 00 00 00 00 00 01 02  02 00 00 00 00 00 03 04  10  01");
    let RopRequest::RopFastTransferSourceCopyMessages(copy) = RopRequest::unpack(&mut Cursor::new(&request)).unwrap()
    else {
        panic!("another operation")
    };
    let ids: Vec<(u16, u64)> = copy.message_ids.iter().map(|id| (id.repl_id(), id.global_counter())).collect();
    assert_eq!(ids, [(1, 0x102), (2, 0x304)]);
    record("messages_are_copied_by_their_identifiers", &["R479"]);
}
