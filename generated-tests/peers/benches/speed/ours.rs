//! Generated code.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use protocol::oxcdata::{ErrorCode, PropertyRow, PropertyValue, Restriction, TaggedPropertyValue, WireForm};
use protocol::oxcmapihttp::ExecuteResponse;
use protocol::oxcprpt::RopSetPropertiesRequest;
use protocol::oxcrpc::{ExtendedBufferOfRopInputBuffer, ExtendedBufferOfRopOutputBuffer, RpcHeaderFlags};
use protocol::oxctabl::{
    AsynchronousFlags, Bookmark, QueryRowsFlags, RopQueryRowsRequest, RopQueryRowsResponse, RopSetColumnsRequest,
    RopSetColumnsResponse, TableStatus,
};
use protocol::rops::{
    Conversation, RopInputBuffer, RopOutputBuffer, RopReply, RopRequest, pack_rop_query_rows_reply,
    pack_rop_set_columns_reply,
};
use runtime::rop::{Reply, pack_batch};
use runtime::{Blob, Cursor, Encoder, StringValue, Utf16};

use crate::samples;

/// A ROP input buffer of twelve requests.
fn batch() -> Vec<u8> {
    let mut e = Encoder::new();
    RopInputBuffer { requests: samples::requests(), handles: vec![1, 2, 3, 4] }.pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn text_of(value: &PropertyValue<'_>, then: &mut impl FnMut(&Utf16<'_>)) {
    if let PropertyValue::PtypString(text) = value {
        then(text);
    }
}

fn each_text_of_row(row: &PropertyRow<'_>, then: &mut impl FnMut(&Utf16<'_>)) {
    if let PropertyRow::StandardPropertyRow(values) = row {
        values.iter().for_each(|value| text_of(value, then));
    }
}

/// Every text of a batch.
fn each_text(requests: &[RopRequest<'_>], then: &mut impl FnMut(&Utf16<'_>)) {
    for request in requests {
        match request {
            RopRequest::RopSetProperties(request) => {
                request.property_values.iter().for_each(|value| text_of(&value.property_value, then));
            }
            RopRequest::RopRestrict(request) => {
                if let Some(Restriction::AndRestriction(parts)) = &request.restriction_data
                    && let Some(Restriction::ContentRestriction { tagged_value, .. }) = parts.first()
                {
                    text_of(&tagged_value.property_value, then);
                }
            }
            RopRequest::RopModifyRecipients(request) => {
                for row in request.recipient_rows.iter().filter_map(|row| row.recipient_row.as_ref()) {
                    for name in [&row.email_address, &row.display_name].into_iter().flatten() {
                        if let StringValue::Utf16(text) = name {
                            then(text);
                        }
                    }
                    each_text_of_row(&row.recipient_properties, then);
                }
            }
            _ => {}
        }
    }
}

/// Every text of a batch, in UTF-8.
pub fn texts_of(requests: &[RopRequest<'_>]) -> Vec<String> {
    let mut texts = Vec::with_capacity(32);
    each_text(requests, &mut |text| texts.push(text.to_text().into_owned()));
    texts
}

#[divan::bench(sample_size = 64)]
fn decode_batch_of_twelve(bencher: Bencher<'_, '_>) {
    let bytes = batch();
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| drop(black_box(RopInputBuffer::unpack(black_box(&bytes)).unwrap())));
}

#[divan::bench(sample_size = 64)]
fn decode_batch_of_twelve_with_texts(bencher: Bencher<'_, '_>) {
    let bytes = batch();
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        drop(black_box(texts_of(&RopInputBuffer::unpack(black_box(&bytes)).unwrap().requests)));
    });
}

/// The same, each text in one buffer after the other.
#[divan::bench(sample_size = 64)]
fn decode_batch_of_twelve_with_texts_in_a_buffer(bencher: Bencher<'_, '_>) {
    let bytes = batch();
    let mut buffer = String::new();
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        buffer.clear();
        let batch = RopInputBuffer::unpack(black_box(&bytes)).unwrap();
        each_text(&batch.requests, &mut |text| text.push_to(&mut buffer));
        black_box(&buffer);
    });
}

#[divan::bench(sample_size = 64)]
fn encode_batch_of_twelve(bencher: Bencher<'_, '_>) {
    let batch = RopInputBuffer { requests: samples::requests(), handles: vec![1, 2, 3, 4] };
    bencher.bench_local(|| {
        let mut e = Encoder::new();
        black_box(&batch).pack(&mut e).unwrap();
        drop(black_box(e.finish()));
    });
}

#[divan::bench(sample_size = 64)]
fn decode_twenty_tagged_values(bencher: Bencher<'_, '_>) {
    let mut e = Encoder::new();
    samples::values().iter().try_for_each(|value| value.pack(&mut e, WireForm::Rop)).unwrap();
    let bytes = e.finish();
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut c = Cursor::new(black_box(&bytes));
        let mut values = Vec::with_capacity(20);
        while !c.is_empty() {
            TaggedPropertyValue::unpack_with(&mut c, WireForm::Rop, |value| values.push(value)).unwrap();
        }
        drop(black_box(values));
    });
}

#[divan::bench(sample_size = 64)]
fn encode_fifty_rows(bencher: Bencher<'_, '_>) {
    let columns = samples::table_columns();
    let response = RopQueryRowsResponse { origin: Bookmark::BOOKMARK_CURRENT, row_data: samples::rows() };
    let size = response.packed_size();
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let mut e = Encoder::with_limit(32 * 1024);
        e.reserve(size);
        black_box(&response).pack(&mut e, &columns).unwrap();
        drop(black_box(e.finish()));
    });
}

/// The names of the twelve requests.
fn names() -> Vec<String> {
    samples::requests().iter().map(|request| format!("{:?}", request.rop_id())).collect()
}

fn one(name: &str) -> RopRequest<'static> {
    samples::requests().into_iter().find(|request| format!("{:?}", request.rop_id()) == name).unwrap()
}

#[divan::bench(args = names(), sample_size = 64)]
fn decode_request(bencher: Bencher<'_, '_>, name: &str) {
    let mut e = Encoder::new();
    one(name).pack(&mut e).unwrap();
    let bytes = e.finish();
    bencher.bench_local(|| drop(black_box(RopRequest::unpack(&mut Cursor::new(black_box(&bytes))).unwrap())));
}

#[divan::bench(args = names(), sample_size = 64)]
fn encode_request(bencher: Bencher<'_, '_>, name: &str) {
    let request = one(name);
    bencher.bench_local(|| {
        let mut e = Encoder::new();
        black_box(&request).pack(&mut e).unwrap();
        drop(black_box(e.finish()));
    });
}

/// The limits: the same bytes, copied.
#[divan::bench(args = [3_340, 22_000], sample_size = 64)]
fn copy(bencher: Bencher<'_, '_>, size: usize) {
    let bytes = vec![0x5A_u8; size];
    bencher.counter(BytesCount::new(size)).bench_local(|| drop(black_box(black_box(&bytes).clone())));
}

/// The requests that fifty rows answer.
pub fn row_requests() -> Vec<RopRequest<'static>> {
    vec![
        RopRequest::RopSetColumns(RopSetColumnsRequest {
            logon_id: 0,
            input_handle_index: 0,
            set_columns_flags: AsynchronousFlags(0),
            property_tags: samples::table_columns(),
        }),
        RopRequest::RopQueryRows(RopQueryRowsRequest {
            logon_id: 0,
            input_handle_index: 0,
            query_rows_flags: QueryRowsFlags(0),
            forward_read: true,
            row_count: 50,
        }),
    ]
}

/// The body of an Execute response with fifty rows.
pub fn rows_body() -> Vec<u8> {
    let columns = samples::table_columns();
    let mut replies = Encoder::new();
    let done = RopSetColumnsResponse { table_status: TableStatus::TBLSTAT_COMPLETE };
    pack_rop_set_columns_reply(&Reply::<_, ErrorCode> { handle_index: 0, result: Ok(done) }, &mut replies).unwrap();
    let rows = RopQueryRowsResponse { origin: Bookmark::BOOKMARK_CURRENT, row_data: samples::rows() };
    pack_rop_query_rows_reply(&Reply { handle_index: 0, result: Ok(rows) }, &mut replies, &columns).unwrap();
    let (mut rops, mut payload, mut body) = (Encoder::new(), Encoder::new(), Encoder::new());
    pack_batch(&mut rops, replies.as_slice(), &[7]).unwrap();
    let buffer = ExtendedBufferOfRopOutputBuffer { flags: RpcHeaderFlags::LAST, payload: rops.as_slice().into() };
    buffer.pack(&mut payload).unwrap();
    let response = ExecuteResponse {
        error_code: ErrorCode::EC_NONE,
        rop_buffer: Blob::Borrowed(payload.as_slice()),
        auxiliary_buffer: Blob::Borrowed(&[]),
    };
    response.pack(&mut body).unwrap();
    body.finish().to_vec()
}

fn rows(body: &[u8], requests: &[RopRequest<'_>], mut with: impl FnMut(&PropertyRow<'_>)) {
    let response = ExecuteResponse::unpack(&mut Cursor::new(body)).unwrap();
    let payload = ExtendedBufferOfRopOutputBuffer::unpack(&mut Cursor::new(&response.rop_buffer)).unwrap().payload;
    let output = RopOutputBuffer::unpack(&payload, requests, &mut Conversation::default()).unwrap();
    for reply in &output.replies {
        if let RopReply::RopQueryRows(Reply { result: Ok(rows), .. }) = reply {
            rows.row_data.iter().for_each(&mut with);
        }
    }
    black_box(&output);
}

/// Ours: an Execute response of fifty rows, borrowed.
#[divan::bench(sample_size = 64)]
fn client_reads_fifty_rows(bencher: Bencher<'_, '_>) {
    let (body, requests) = (rows_body(), row_requests());
    bencher.bench_local(|| rows(black_box(&body), &requests, |_| ()));
}

/// Ours: the same, with all texts in UTF-8, as mapi-proto gives them.
#[divan::bench(sample_size = 64)]
fn client_reads_fifty_rows_with_texts(bencher: Bencher<'_, '_>) {
    let (body, requests) = (rows_body(), row_requests());
    bencher.bench_local(|| {
        let mut texts = Vec::new();
        rows(black_box(&body), &requests, |row| {
            each_text_of_row(row, &mut |text| texts.push(text.to_text().into_owned()))
        });
        drop(black_box(texts));
    });
}

/// Ours: a batch that sets ten properties.
#[divan::bench(sample_size = 64)]
fn client_sets_ten_properties(bencher: Bencher<'_, '_>) {
    let values = samples::message();
    bencher.bench_local(|| {
        let request =
            RopSetPropertiesRequest { logon_id: 0, input_handle_index: 0, property_values: black_box(&values).clone() };
        let mut e = Encoder::new();
        RopInputBuffer { requests: vec![RopRequest::RopSetProperties(request)], handles: vec![7] }
            .pack(&mut e)
            .unwrap();
        let mut payload = Encoder::new();
        let buffer = ExtendedBufferOfRopInputBuffer { flags: RpcHeaderFlags::LAST, payload: e.as_slice().into() };
        buffer.pack(&mut payload).unwrap();
        drop(black_box(payload.finish()));
    });
}
