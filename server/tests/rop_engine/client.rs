//! A client that packs requests, runs them and decodes the replies.

use protocol::client::Batch;
use protocol::oxcdata::{
    ErrorCode, FlaggedCell, FlaggedPropertyValue, FolderId, LongTermId, MessageId, ModifyRecipientRow, ObjectId,
    PropertyProblem, PropertyRow, PropertyTag, PropertyValue, Restriction, SortDirection, SortOrder,
    TaggedPropertyValue,
};
use protocol::oxcfold::*;
use protocol::oxcmsg::*;
use protocol::oxcprpt::*;
use protocol::oxcrops::RopReleaseRequest;
use protocol::oxcstor::*;
use protocol::oxctabl::*;
use protocol::rops::{Conversation, RopDispatch, RopReply, RopRequest, ServerObject};
use runtime::Encoder;
use runtime::rop::{
    ExecuteError, INVALID_HANDLE, ObjectTable, Replies, execute, execute_then, pack_batch, unpack_batch,
};
use server::engine::{SessionHandlers as _, append_notifications};
use server::rop::RopHandlers;

pub type Answer<T> = Result<T, ErrorCode>;

/// What RopPending calls the session.
pub const SESSION_INDEX: u16 = 7;

/// A session of one user.
pub struct Client {
    pub handlers: RopHandlers,
    pub objects: ObjectTable<ServerObject<RopHandlers>>,
    conversation: Conversation,
    /// Bytes of the output buffer.
    pub limit: usize,
    /// What came unasked behind replies.
    pub notifications: Vec<RopReply<'static>>,
}

/// What a batch answered.
pub struct Output {
    pub replies: Vec<RopReply<'static>>,
    pub handles: Vec<u32>,
}

/// Runs a batch of one request with an input and an output slot; answers the result and the output handle.
macro_rules! one {
    ($client:expr, $input:expr, $variant:ident, $request:expr) => {{
        let request = protocol::rops::RopRequest::$variant($request);
        let mut output = $client.run(&[request], &[$input, runtime::rop::INVALID_HANDLE]);
        assert_eq!(output.replies.len(), 1);
        match output.replies.pop() {
            Some(protocol::rops::RopReply::$variant(reply)) => (reply.result, output.handles[1]),
            other => panic!("unexpected reply {other:?}"),
        }
    }};
}

/// Runs a batch of one request with two input slots; answers the result.
macro_rules! two {
    ($client:expr, $source:expr, $dest:expr, $variant:ident, $request:expr) => {{
        let mut output = $client.run(&[protocol::rops::RopRequest::$variant($request)], &[$source, $dest]);
        match output.replies.pop() {
            Some(protocol::rops::RopReply::$variant(reply)) => reply.result,
            other => panic!("unexpected reply {other:?}"),
        }
    }};
}

pub(crate) use {one, two};

impl Client {
    pub fn new(handlers: RopHandlers) -> Self {
        let (objects, conversation) = (ObjectTable::new(500), Conversation::default());
        Self { handlers, objects, conversation, limit: 32 * 1024, notifications: Vec::new() }
    }

    /// Runs a batch as bytes.
    pub fn run_bytes(&mut self, requests: &[RopRequest<'_>], handles: &[u32]) -> Result<Vec<u8>, ExecuteError> {
        let mut rops = Encoder::new();
        requests.iter().for_each(|request| request.pack(&mut rops).unwrap());
        self.run_packed(&rops.finish(), handles)
    }

    /// Runs requests that are bytes already.
    pub fn run_packed(&mut self, rops: &[u8], handles: &[u32]) -> Result<Vec<u8>, ExecuteError> {
        let mut batch = Encoder::new();
        pack_batch(&mut batch, rops, handles).unwrap();
        let input = batch.finish();
        let limit = self.limit;
        self.handlers.batch_begins();
        let dispatch = &mut RopDispatch(&mut self.handlers);
        let output = execute_then(dispatch, &mut self.objects, &input, limit, |dispatch, objects, e| {
            append_notifications(&mut *dispatch.0, objects, SESSION_INDEX, e);
        });
        self.handlers.batch_ends();
        output.map(|bytes| bytes.to_vec())
    }

    /// Runs a batch and decodes its replies.
    pub fn run(&mut self, requests: &[RopRequest<'_>], handles: &[u32]) -> Output {
        let bytes = self.run_bytes(requests, handles).unwrap();
        assert!(bytes.len() <= self.limit);
        // Replies borrow from the buffer; tests are short.
        let bytes: &'static [u8] = Box::leak(bytes.into_boxed_slice());
        let batch = unpack_batch(bytes).unwrap();
        let replies = self.conversation.unpack_replies(requests, &batch.handles, batch.rops).unwrap();
        let unasked = |reply: &RopReply<'_>| matches!(reply, RopReply::RopNotify(_) | RopReply::RopPending(_));
        let (notifications, replies) = replies.into_iter().partition(unasked);
        self.notifications = notifications;
        Output { replies, handles: batch.handles }
    }

    /// Runs a batch that the generated builder made, and decodes its replies.
    pub fn run_batch(&mut self, batch: &Batch<'_>) -> Replies<RopReply<'static>> {
        let mut input = Encoder::new();
        batch.pack(&mut input).unwrap();
        let dispatch = &mut RopDispatch(&mut self.handlers);
        let output = execute(dispatch, &mut self.objects, input.as_slice(), self.limit).unwrap();
        // Replies borrow from the buffer; tests are short.
        let output: &'static [u8] = Box::leak(output.to_vec().into_boxed_slice());
        batch.read(output, &mut self.conversation).unwrap()
    }

    pub fn logon_request(essdn: &'static str) -> RopLogonRequest<'static> {
        RopLogonRequest {
            logon_id: 0,
            output_handle_index: 1,
            logon_flags: LogonFlags(0x01),
            open_flags: OpenFlags(0x0100_0000),
            essdn: Some(essdn.into()),
        }
    }

    pub fn log_on(
        &mut self,
        request: RopLogonRequest<'_>,
    ) -> (Result<RopLogonResponse, RopLogonFailure<'static>>, u32) {
        one!(self, INVALID_HANDLE, RopLogon, request)
    }

    pub fn release(&mut self, handle: u32) {
        let request = RopReleaseRequest { logon_id: 0, input_handle_index: 0 };
        assert!(self.run(&[RopRequest::RopRelease(request)], &[handle]).replies.is_empty());
    }

    pub fn open_folder(&mut self, parent: u32, folder_id: FolderId) -> Answer<u32> {
        let open_mode_flags = OpenModeFlags(0);
        let request = RopOpenFolderRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            folder_id,
            open_mode_flags,
        };
        let (result, handle) = one!(self, parent, RopOpenFolder, request);
        result.map(|response| {
            assert!(!response.has_rules && !response.is_ghosted);
            handle
        })
    }

    /// The table of a folder's folders with its RowCount.
    pub fn hierarchy(&mut self, folder: u32, flags: u8) -> Answer<(u32, u32)> {
        let table_flags = HierarchyTableFlags(flags);
        let request =
            RopGetHierarchyTableRequest { logon_id: 0, input_handle_index: 0, output_handle_index: 1, table_flags };
        let (result, handle) = one!(self, folder, RopGetHierarchyTable, request);
        result.map(|response| (handle, response.row_count))
    }

    /// The table of a folder's messages with its RowCount.
    pub fn contents(&mut self, folder: u32, flags: u8) -> Answer<(u32, u32)> {
        let table_flags = ContentsTableFlags(flags);
        let request =
            RopGetContentsTableRequest { logon_id: 0, input_handle_index: 0, output_handle_index: 1, table_flags };
        let (result, handle) = one!(self, folder, RopGetContentsTable, request);
        result.map(|response| (handle, response.row_count))
    }

    pub fn attachment_table(&mut self, message: u32) -> Answer<u32> {
        let request = RopGetAttachmentTableRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            table_flags: AttachmentTableFlags(0),
        };
        let (result, handle) = one!(self, message, RopGetAttachmentTable, request);
        result.map(|_| handle)
    }

    pub fn set_columns(&mut self, table: u32, tags: &[PropertyTag]) -> Answer<TableStatus> {
        let request = RopSetColumnsRequest {
            logon_id: 0,
            input_handle_index: 0,
            set_columns_flags: AsynchronousFlags(0),
            property_tags: tags.to_vec(),
        };
        one!(self, table, RopSetColumns, request).0.map(|response| response.table_status)
    }

    pub fn sort_request(keys: &[(PropertyTag, SortDirection)]) -> RopSortTableRequest {
        let sort_orders =
            keys.iter().map(|(property_tag, order)| SortOrder { property_tag: *property_tag, order: *order });
        RopSortTableRequest {
            logon_id: 0,
            input_handle_index: 0,
            sort_table_flags: AsynchronousFlags(0),
            category_count: 0,
            expanded_count: 0,
            sort_orders: sort_orders.collect(),
        }
    }

    pub fn sort(&mut self, table: u32, request: RopSortTableRequest) -> Answer<TableStatus> {
        one!(self, table, RopSortTable, request).0.map(|response| response.table_status)
    }

    pub fn restrict(&mut self, table: u32, restriction_data: Option<Restriction<'_>>) -> Answer<TableStatus> {
        let request = RopRestrictRequest {
            logon_id: 0,
            input_handle_index: 0,
            restrict_flags: AsynchronousFlags(0),
            restriction_data,
        };
        one!(self, table, RopRestrict, request).0.map(|response| response.table_status)
    }

    pub fn query_request(flags: u8, forward_read: bool, row_count: u16) -> RopQueryRowsRequest {
        let query_rows_flags = QueryRowsFlags(flags);
        RopQueryRowsRequest { logon_id: 0, input_handle_index: 0, query_rows_flags, forward_read, row_count }
    }

    pub fn query(&mut self, table: u32, request: RopQueryRowsRequest) -> Answer<(Bookmark, Vec<Cells>)> {
        let (result, _) = one!(self, table, RopQueryRows, request);
        result.map(|response| (response.origin, response.row_data.into_iter().map(cells).collect()))
    }

    /// Reads a whole table forwards, so many rows at a time.
    pub fn read_table(&mut self, table: u32, page: u16) -> Vec<Cells> {
        let mut all = Vec::new();
        loop {
            let (origin, rows) = self.query(table, Self::query_request(0, true, page)).unwrap();
            assert!(rows.len() <= usize::from(page));
            all.extend(rows);
            if origin == Bookmark::BOOKMARK_END {
                return all;
            }
        }
    }

    pub fn position(&mut self, table: u32) -> Answer<(u32, u32)> {
        let request = RopQueryPositionRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, table, RopQueryPosition, request).0.map(|response| (response.numerator, response.denominator))
    }

    pub fn seek(&mut self, table: u32, origin: Bookmark, row_count: i32) -> Answer<(bool, i32)> {
        let request =
            RopSeekRowRequest { logon_id: 0, input_handle_index: 0, origin, row_count, want_row_moved_count: true };
        one!(self, table, RopSeekRow, request).0.map(|response| (response.has_sought_less, response.rows_sought))
    }

    pub fn reset(&mut self, table: u32) -> Answer<()> {
        let request = RopResetTableRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, table, RopResetTable, request).0.map(|_| ())
    }

    pub fn open_message(
        &mut self,
        parent: u32,
        folder_id: FolderId,
        message_id: MessageId,
        mode: u8,
    ) -> Answer<(RopOpenMessageResponse<'static>, u32)> {
        let request = RopOpenMessageRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            code_page_id: CODE_PAGE_OF_LOGON,
            folder_id,
            open_mode_flags: MessageOpenModeFlags(mode),
            message_id,
        };
        let (result, handle) = one!(self, parent, RopOpenMessage, request);
        result.map(|response| (response, handle))
    }

    pub fn create_message(
        &mut self,
        parent: u32,
        folder_id: FolderId,
        associated_flag: bool,
    ) -> Answer<(MessageId, u32)> {
        let request = RopCreateMessageRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            code_page_id: CODE_PAGE_OF_LOGON,
            folder_id,
            associated_flag,
        };
        let (result, handle) = one!(self, parent, RopCreateMessage, request);
        result.map(|response| (response.message_id.unwrap(), handle))
    }

    pub fn save(&mut self, message: u32, flags: u8) -> Answer<MessageId> {
        let request = RopSaveChangesMessageRequest {
            logon_id: 0,
            response_handle_index: 1,
            input_handle_index: 0,
            save_flags: SaveFlags(flags),
        };
        one!(self, message, RopSaveChangesMessage, request).0.map(|response| response.message_id)
    }

    pub fn modify_recipients(
        &mut self,
        message: u32,
        columns: &[PropertyTag],
        recipient_rows: Vec<ModifyRecipientRow<'_>>,
    ) -> Answer<()> {
        let request = RopModifyRecipientsRequest {
            logon_id: 0,
            input_handle_index: 0,
            recipient_columns: columns.to_vec(),
            recipient_rows,
        };
        one!(self, message, RopModifyRecipients, request).0.map(|_| ())
    }

    pub fn open_attachment(&mut self, message: u32, attachment_id: u32, mode: AccessMode) -> Answer<u32> {
        let request = RopOpenAttachmentRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            open_attachment_flags: mode,
            attachment_id,
        };
        let (result, handle) = one!(self, message, RopOpenAttachment, request);
        result.map(|_| handle)
    }

    pub fn get(&mut self, object: u32, tags: &[PropertyTag]) -> Cells {
        self.get_limited(object, tags, 0, true)
    }

    pub fn get_limited(
        &mut self,
        object: u32,
        tags: &[PropertyTag],
        property_size_limit: u16,
        want_unicode: bool,
    ) -> Cells {
        let request = RopGetPropertiesSpecificRequest {
            logon_id: 0,
            input_handle_index: 0,
            property_size_limit,
            want_unicode,
            property_tags: tags.to_vec(),
        };
        cells(one!(self, object, RopGetPropertiesSpecific, request).0.unwrap().row_data)
    }

    /// One property that is there.
    pub fn value(&mut self, object: u32, tag: PropertyTag) -> PropertyValue<'static> {
        self.get(object, &[tag]).remove(0).unwrap()
    }

    pub fn all(
        &mut self,
        object: u32,
        property_size_limit: u16,
        want_unicode: bool,
    ) -> Vec<TaggedPropertyValue<'static>> {
        let request =
            RopGetPropertiesAllRequest { logon_id: 0, input_handle_index: 0, property_size_limit, want_unicode };
        one!(self, object, RopGetPropertiesAll, request).0.unwrap().property_values
    }

    pub fn list(&mut self, object: u32) -> Vec<PropertyTag> {
        let request = RopGetPropertiesListRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, object, RopGetPropertiesList, request).0.unwrap().property_tags
    }

    pub fn set(
        &mut self,
        object: u32,
        values: &[(PropertyTag, PropertyValue<'static>)],
    ) -> Answer<Vec<PropertyProblem>> {
        let property_values = values.iter().map(|(property_tag, property_value)| TaggedPropertyValue {
            property_tag: *property_tag,
            property_value: property_value.clone(),
        });
        let request =
            RopSetPropertiesRequest { logon_id: 0, input_handle_index: 0, property_values: property_values.collect() };
        one!(self, object, RopSetProperties, request).0.map(|response| response.property_problems)
    }

    /// A stream and its StreamSize.
    pub fn open_stream(&mut self, object: u32, property_tag: PropertyTag, mode: AccessMode) -> Answer<(u32, u32)> {
        let request = RopOpenStreamRequest {
            logon_id: 0,
            input_handle_index: 0,
            output_handle_index: 1,
            property_tag,
            open_mode_flags: mode,
        };
        let (result, handle) = one!(self, object, RopOpenStream, request);
        result.map(|response| (handle, response.stream_size))
    }

    pub fn read_stream(
        &mut self,
        stream: u32,
        byte_count: u16,
        maximum: Option<u32>,
    ) -> Result<Vec<u8>, RopReadStreamFailure<'static>> {
        let request =
            RopReadStreamRequest { logon_id: 0, input_handle_index: 0, byte_count, maximum_byte_count: maximum };
        one!(self, stream, RopReadStream, request).0.map(|response| response.data.into_owned())
    }

    pub fn read_whole(&mut self, stream: u32) -> Vec<u8> {
        let mut whole = Vec::new();
        loop {
            let piece = self.read_stream(stream, 0x4000, None).unwrap();
            if piece.is_empty() {
                return whole;
            }
            whole.extend(piece);
        }
    }

    pub fn stream_size(&mut self, stream: u32) -> Answer<u32> {
        let request = RopGetStreamSizeRequest { logon_id: 0, input_handle_index: 0 };
        one!(self, stream, RopGetStreamSize, request).0.map(|response| response.stream_size)
    }

    pub fn receive_folder(&mut self, logon: u32, class: &'static str) -> Answer<(FolderId, Vec<u8>)> {
        let request = RopGetReceiveFolderRequest { logon_id: 0, input_handle_index: 0, message_class: class.into() };
        let (result, _) = one!(self, logon, RopGetReceiveFolder, request);
        result.map(|response| (response.folder_id, response.explicit_message_class.as_bytes().to_vec()))
    }

    pub fn long_term_id(&mut self, logon: u32, object_id: ObjectId) -> Answer<LongTermId> {
        let request = RopLongTermIdFromIdRequest { logon_id: 0, input_handle_index: 0, object_id };
        one!(self, logon, RopLongTermIdFromId, request).0.map(|response| response.long_term_id)
    }

    pub fn short_id(&mut self, logon: u32, long_term_id: LongTermId) -> Answer<ObjectId> {
        let request = RopIdFromLongTermIdRequest { logon_id: 0, input_handle_index: 0, long_term_id };
        one!(self, logon, RopIdFromLongTermId, request).0.map(|response| response.object_id)
    }
}

/// The cells of a row in the order of its columns.
pub type Cells = Vec<Result<PropertyValue<'static>, ErrorCode>>;

/// Values and errors of a row, whichever kind of row it is.
pub fn cells(row: PropertyRow<'static>) -> Cells {
    let flagged = |value: FlaggedPropertyValue<'static>| match value {
        FlaggedPropertyValue::Present(value) => Ok(value),
        FlaggedPropertyValue::Error(code) => Err(code),
        FlaggedPropertyValue::Absent => panic!("an absent value"),
    };
    match row {
        PropertyRow::StandardPropertyRow(values) => values.into_iter().map(Ok).collect(),
        PropertyRow::FlaggedPropertyRow(cells) => cells
            .into_iter()
            .map(|cell| match cell {
                FlaggedCell::Typed(value) => flagged(value),
                FlaggedCell::Untyped(cell) => flagged(cell.value),
            })
            .collect(),
    }
}
