//! mapi-proto: a client's half, so it reads replies and writes requests.

use divan::{Bencher, black_box};
use mapi_proto::{
    FileTime, Headers, LegacyDn, ObjectHandle, PropertyTag, PropertyValue, RopBatch, Session, TableString, TaggedValue,
};
use protocol::oxcdata::{ErrorCode, PropertyValue as Value};
use protocol::oxcmapihttp::ConnectResponse;
use runtime::{Blob, Encoder, String8, Utf16};

use crate::{ours, samples};

fn headers() -> Headers {
    let mut headers = Headers::new();
    headers.append("X-ResponseCode", "0");
    headers
}

fn payload(body: &[u8]) -> Vec<u8> {
    [b"PROCESSING\r\nDONE\r\nX-ElapsedTime: 5\r\n\r\n", body].concat()
}

fn connected() -> Session {
    let mut session = Session::new();
    session.begin_connect(&LegacyDn::new("/o=Example/cn=alice").unwrap()).unwrap();
    let response = ConnectResponse {
        error_code: ErrorCode::EC_NONE,
        polls_max: 60_000,
        retry_count: 6,
        retry_delay: 10_000,
        dn_prefix: String8::from_text("/o=Example"),
        display_name: Utf16::new("Alice"),
        auxiliary_buffer: Blob::Borrowed(&[]),
    };
    let mut e = Encoder::new();
    response.pack(&mut e).unwrap();
    session.on_response(&headers(), &payload(e.as_slice())).unwrap();
    session
}

/// mapi-proto: an Execute response of fifty rows, owned.
#[divan::bench(sample_size = 64)]
fn client_reads_fifty_rows(bencher: Bencher<'_, '_>) {
    let mut session = connected();
    let mut batch = RopBatch::new();
    let table = batch.bind(ObjectHandle::new(7));
    let columns: Vec<PropertyTag> = samples::table_columns().iter().map(|tag| PropertyTag::new(tag.0)).collect();
    batch.set_columns(table, &columns).query_rows(table, 50);
    session.execute(batch).unwrap();
    let (headers, payload) = (headers(), payload(&ours::rows_body()));
    let outcome = session.clone().on_response(&headers, &payload).unwrap();
    assert!(format!("{outcome:?}").contains("Minutes"), "rows are read");
    bencher.with_inputs(|| session.clone()).bench_local_refs(|session| {
        drop(black_box(session.on_response(&headers, black_box(&payload)).unwrap()));
    });
}

/// mapi-proto: a batch that sets ten properties, as an HTTP request.
#[divan::bench(sample_size = 64)]
fn client_sets_ten_properties(bencher: Bencher<'_, '_>) {
    let session = connected();
    let values: Vec<TaggedValue> = samples::message()
        .iter()
        .map(|tagged| {
            let value = match &tagged.property_value {
                Value::PtypInteger32(value) => PropertyValue::Integer32(value.cast_unsigned()),
                Value::PtypInteger64(value) => PropertyValue::Integer64(value.cast_unsigned()),
                Value::PtypBoolean(value) => PropertyValue::Boolean(*value),
                Value::PtypTime(time) => PropertyValue::Time(FileTime::new(time.0)),
                Value::PtypBinary(bytes) => PropertyValue::Binary(bytes.to_vec()),
                Value::PtypString(text) => PropertyValue::String(TableString::Complete(text.to_text().into_owned())),
                other => panic!("no sample has {other:?}"),
            };
            TaggedValue::new(PropertyTag::new(tagged.property_tag.0), value).unwrap()
        })
        .collect();
    bencher.with_inputs(|| session.clone()).bench_local_refs(|session| {
        let mut batch = RopBatch::new();
        let message = batch.bind(ObjectHandle::new(7));
        batch.set_properties(message, black_box(&values));
        drop(black_box(session.execute(batch).unwrap()));
    });
}
