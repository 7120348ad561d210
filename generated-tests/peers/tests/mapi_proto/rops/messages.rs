//! Messages and recipients.

use super::prelude::*;

/// A subject's part, and how they read it.
fn typed_string(r: &mut Round) -> (TypedString<'static>, Option<String>) {
    let g = &mut r.g;
    match g.pick(5) {
        0 => {
            r.arms.met("no subject prefix");
            (TypedString::NoString, None)
        }
        1 => (TypedString::Empty, Some(String::new())),
        2 => {
            let text = ascii(g, 40);
            (TypedString::String8(String8::new(text.clone().into_bytes())), Some(text))
        }
        3 => {
            // Each byte is the low half of a UTF-16 unit.
            let bytes = g.string8(40);
            let text = bytes.as_bytes().iter().copied().map(char::from).collect();
            (TypedString::ReducedUnicode(bytes), Some(text))
        }
        _ => {
            let text = text(g, 40);
            (TypedString::Unicode(Utf16::new(text.clone())), Some(text))
        }
    }
}

/// Recipients of a reply, with the bytes of their rows.
fn recipients(r: &mut Round, columns: &[PropertyTag]) -> (Vec<OpenRecipientRow<'static>>, Vec<(u8, u16, String)>) {
    let rows: Vec<_> = r.g.list(|g| {
        let unicode = g.bool();
        let address = match g.pick(3) {
            0 => RecipientRowAddress::NoType(g.bool().then(|| g.string8(10))),
            1 => RecipientRowAddress::X500DN {
                address_prefix_used: g.u8(),
                display_type: DisplayType(g.u8()),
                x500_dn: g.string8(30),
            },
            _ => RecipientRowAddress::SMTP,
        };
        let typed = matches!(address, RecipientRowAddress::NoType(Some(_)));
        let kind = match address {
            RecipientRowAddress::NoType(_) => AddressType::NO_TYPE,
            RecipientRowAddress::SMTP => AddressType::SMTP,
            _ => AddressType::X500_DN,
        };
        let text = |g: &mut generated_tests::Choices| g.bool().then(|| g.string_value(unicode, 20));
        let count = g.pick(columns.len() + 1);
        let [email_address, display_name, simple_display_name, transmittable_display_name] =
            std::array::from_fn(|_| text(g));
        let recipient_flags = RecipientFlags(0)
            .with_type(kind)
            .with_u(unicode)
            .with_o(typed)
            .with_e(email_address.is_some())
            .with_d(display_name.is_some())
            .with_i(simple_display_name.is_some())
            .with_t(transmittable_display_name.is_some());
        let recipient_row = RecipientRow {
            recipient_flags,
            address,
            email_address,
            display_name,
            simple_display_name,
            transmittable_display_name,
            recipient_column_count: u16::try_from(count).unwrap(),
            recipient_properties: any_row(g, &columns[..count], &mut r.arms),
        };
        OpenRecipientRow { recipient_type: RecipientType(g.u8()), code_page_id: g.u16(), recipient_row }
    });
    let their = rows.iter().map(|row| {
        let mut e = Encoder::new();
        row.recipient_row.pack(&mut e, columns).unwrap();
        (row.recipient_type.0, row.code_page_id, hex(e.as_slice()))
    });
    let their = their.collect();
    (rows, their)
}

/// What they have to read in a message that was opened.
struct Opened {
    named: bool,
    prefix: Option<String>,
    subject: Option<String>,
    count: u16,
    rows: Vec<(u8, u16, String)>,
}

impl Opened {
    fn check(&self, theirs: &theirs::OpenMessageResponse) {
        assert_eq!(theirs.has_named_properties(), self.named);
        assert_eq!(theirs.subject_prefix(), self.prefix.as_deref());
        assert_eq!(theirs.normalized_subject(), self.subject.as_deref());
        assert_eq!(theirs.recipient_count(), self.count);
        let row = |row: &theirs::OpenRecipient| (row.recipient_type().as_u8(), row.code_page(), hex(row.row_bytes()));
        assert_eq!(theirs.recipients().iter().map(row).collect::<Vec<_>>(), self.rows);
    }
}

pub(super) fn open_message(r: &mut Round) {
    let (slot, parent) = r.handle::<Logon>();
    let (folder, message) = (r.g.u64(), r.g.u64());
    let (mode, flags) = *r.g.one_of(&[
        (theirs::MessageMode::ReadOnly, 0),
        (theirs::MessageMode::ReadWrite, 1),
        (theirs::MessageMode::BestAccess, 3),
    ]);
    r.theirs.open_message(slot, theirs::FolderId::new(folder), theirs::MessageId::new(message), mode);
    let flags = MessageOpenModeFlags(flags);
    r.ours.rop_open_message(&parent, CODE_PAGE_OF_THE_LOGON, FolderId(folder), flags, MessageId(message)).unwrap();
    let ((subject_prefix, prefix), (normalized_subject, subject)) = (typed_string(r), typed_string(r));
    let recipient_columns = r.g.list(any_tag);
    let (recipient_rows, rows) = recipients(r, &recipient_columns);
    let (named, count) = (r.g.bool(), r.g.u16());
    let opened = Opened { named, prefix, subject, count, rows };
    let response = RopOpenMessageResponse {
        has_named_properties: named,
        subject_prefix,
        normalized_subject,
        recipient_count: count,
        recipient_columns,
        recipient_rows,
    };
    answer!(r, RopOpenMessage, ROP_OPEN_MESSAGE, pack_rop_open_message_reply(), response,
        RopResponse::OpenMessage(theirs) => opened.check(theirs));
}

pub(super) fn open_embedded_message(r: &mut Round) {
    let (slot, attachment) = r.handle::<Attachment>();
    r.theirs.open_embedded_message(slot);
    r.ours.rop_open_embedded_message(&attachment, CODE_PAGE_OF_THE_LOGON, AccessMode(0)).unwrap();
    let ((subject_prefix, prefix), (normalized_subject, subject)) = (typed_string(r), typed_string(r));
    let recipient_columns = r.g.list(any_tag);
    let (recipient_rows, rows) = recipients(r, &recipient_columns);
    let (id, named, count) = (r.g.u64(), r.g.bool(), r.g.u16());
    let opened = Opened { named, prefix, subject, count, rows };
    let response = RopOpenEmbeddedMessageResponse {
        message_id: MessageId(id),
        has_named_properties: named,
        subject_prefix,
        normalized_subject,
        recipient_count: count,
        recipient_columns,
        recipient_rows,
    };
    answer!(r, RopOpenEmbeddedMessage, ROP_OPEN_EMBEDDED_MESSAGE, pack_rop_open_embedded_message_reply(), response,
    RopResponse::OpenMessage(theirs) => {
        assert_eq!(theirs.embedded_id(), Some(theirs::MessageId::new(id)));
        opened.check(theirs);
    });
}

pub(super) fn create_message(r: &mut Round) {
    let (slot, parent) = r.handle::<Logon>();
    let id = r.g.u64();
    r.theirs.create_message(slot, theirs::FolderId::new(id));
    r.ours.rop_create_message(&parent, CODE_PAGE_OF_THE_LOGON, FolderId(id), false).unwrap();
    let id = r.g.bool().then(|| r.g.u64());
    answer!(r, RopCreateMessage, ROP_CREATE_MESSAGE, pack_rop_create_message_reply(),
        RopCreateMessageResponse { message_id: id.map(MessageId) },
        RopResponse::CreateMessage(theirs) => assert_eq!(theirs.message_id().map(|id| id.as_u64()), id));
}

pub(super) fn save_message(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.save_message(slot);
    r.ours.rop_save_changes_message(&message, SaveFlags(2)).unwrap();
    let Some(RopRequest::RopSaveChangesMessage(request)) = r.ours.requests().last().cloned() else {
        panic!("another request");
    };
    let id = r.g.u64();
    answer!(r, RopSaveChangesMessage, ROP_SAVE_CHANGES_MESSAGE, pack_rop_save_changes_message_reply(&request),
        RopSaveChangesMessageResponse { message_id: MessageId(id) },
        RopResponse::SaveChanges(theirs) => assert_eq!(theirs.message_id().as_u64(), id));
}

pub(super) fn modify_recipients(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    let mut row_id = 0;
    let (theirs, ours): (Vec<_>, Vec<_>) =
        r.g.list(|g| {
            r.arms.met("recipient");
            let kind = *g.one_of(&[1, 2, 3]);
            let (name, address) = (text(g, 40), text(g, 40));
            let kind_of_theirs = theirs::RecipientType::new(kind);
            let theirs = theirs::Recipient::smtp(kind_of_theirs, name.clone(), address.clone()).unwrap();
            let recipient_row = RecipientRow {
                recipient_flags: RecipientFlags(0).with_u(true).with_s(true).with_o(true).with_e(true).with_d(true),
                address: RecipientRowAddress::NoType(Some("SMTP".into())),
                email_address: Some(StringValue::Utf16(Utf16::new(address))),
                display_name: Some(StringValue::Utf16(Utf16::new(name))),
                simple_display_name: None,
                transmittable_display_name: None,
                recipient_column_count: 0,
                recipient_properties: PropertyRow::StandardPropertyRow(Vec::new()),
            };
            row_id += 1;
            let recipient_type = RecipientType(kind);
            (theirs, ModifyRecipientRow { row_id: row_id - 1, recipient_type, recipient_row: Some(recipient_row) })
        })
        .into_iter()
        .unzip();
    r.theirs.modify_recipients(slot, &theirs);
    r.ours.rop_modify_recipients(&message, Vec::new(), ours).unwrap();
    succeeds!(
        r,
        RopModifyRecipients,
        ROP_MODIFY_RECIPIENTS,
        pack_rop_modify_recipients_reply,
        RopModifyRecipientsResponse
    );
}

pub(super) fn remove_all_recipients(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    r.theirs.remove_all_recipients(slot);
    r.ours.rop_remove_all_recipients(&message).unwrap();
    succeeds!(
        r,
        RopRemoveAllRecipients,
        ROP_REMOVE_ALL_RECIPIENTS,
        pack_rop_remove_all_recipients_reply,
        RopRemoveAllRecipientsResponse
    );
}

pub(super) fn submit_message(r: &mut Round) {
    let (slot, message) = r.handle::<Message>();
    let (theirs, flags) = *r.g.one_of(&[
        (theirs::SubmitFlags::None, 0),
        (theirs::SubmitFlags::PreProcess, 1),
        (theirs::SubmitFlags::NeedsSpooler, 2),
    ]);
    r.theirs.submit_message(slot, theirs);
    r.ours.rop_submit_message(&message, SubmitFlags(flags)).unwrap();
    succeeds!(r, RopSubmitMessage, ROP_SUBMIT_MESSAGE, pack_rop_submit_message_reply, RopSubmitMessageResponse);
}
