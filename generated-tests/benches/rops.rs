//! Nanoseconds per ROP: `cargo bench -p generated-tests`.

#![allow(missing_docs, clippy::unwrap_used)]

use divan::{Bencher, black_box};
use generated_tests::samples;
use protocol::oxcdata::{PropertyRow, PropertyValue, Restriction, TaggedPropertyValue};
use protocol::oxctabl::{Bookmark, RopQueryRowsResponse};
use protocol::rops::{RopInputBuffer, RopRequest};
use runtime::{Cursor, Encoder};

fn main() {
    assert_eq!(texts_of(&samples::requests()).len(), 32);
    divan::main();
}

fn packed(requests: &[RopRequest<'_>]) -> Vec<u8> {
    let mut e = Encoder::new();
    requests.iter().try_for_each(|request| request.pack(&mut e)).unwrap();
    e.finish().to_vec()
}

/// The names of the twelve requests.
fn names() -> Vec<String> {
    samples::requests().iter().map(|request| format!("{:?}", request.rop_id())).collect()
}

fn one(name: &str) -> RopRequest<'static> {
    samples::requests().into_iter().find(|request| format!("{:?}", request.rop_id()) == name).unwrap()
}

/// Every text of the batch, in UTF-8.
fn texts_of(requests: &[RopRequest<'_>]) -> Vec<String> {
    let mut texts = Vec::with_capacity(32);
    let mut value = |value: &PropertyValue<'_>| {
        if let PropertyValue::PtypString(text) = value {
            texts.push(text.to_text().into_owned());
        }
    };
    for request in requests {
        match request {
            RopRequest::RopSetProperties(request) => {
                request.property_values.iter().for_each(|v| value(&v.property_value))
            }
            RopRequest::RopRestrict(request) => {
                if let Some(Restriction::AndRestriction(parts)) = &request.restriction_data {
                    for part in parts {
                        if let Restriction::ContentRestriction { tagged_value, .. } = part {
                            value(&tagged_value.property_value);
                        }
                    }
                }
            }
            RopRequest::RopModifyRecipients(request) => {
                for row in request.recipient_rows.iter().filter_map(|row| row.recipient_row.as_ref()) {
                    if let PropertyRow::StandardPropertyRow(values) = &row.recipient_properties {
                        values.iter().for_each(&mut value);
                    }
                }
            }
            _ => {}
        }
    }
    let recipients = requests.iter().filter_map(|request| match request {
        RopRequest::RopModifyRecipients(request) => Some(&request.recipient_rows),
        _ => None,
    });
    for row in recipients.flatten().filter_map(|row| row.recipient_row.as_ref()) {
        let names = [&row.email_address, &row.display_name];
        texts.extend(names.into_iter().flatten().map(|text| text.to_text(1252).into_owned()));
    }
    texts
}

#[divan::bench(args = names(), sample_size = 64)]
fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = packed(&[one(name)]);
    bencher.bench_local(|| RopRequest::unpack(&mut Cursor::new(black_box(&bytes))).unwrap());
}

#[divan::bench(args = names(), sample_size = 64)]
fn encode(bencher: Bencher<'_, '_>, name: &str) {
    let request = one(name);
    bencher.bench_local(|| {
        let mut e = Encoder::new();
        black_box(&request).pack(&mut e).unwrap();
        e.finish()
    });
}

/// A ROP input buffer of the twelve requests.
fn batch() -> Vec<u8> {
    let mut e = Encoder::new();
    RopInputBuffer { requests: samples::requests(), handles: vec![1, 2, 3, 4] }.pack(&mut e).unwrap();
    e.finish().to_vec()
}

#[divan::bench(sample_size = 64)]
fn decode_batch_of_twelve(bencher: Bencher<'_, '_>) {
    let bytes = batch();
    bencher
        .counter(divan::counter::BytesCount::new(bytes.len()))
        .bench_local(|| drop(black_box(RopInputBuffer::unpack(black_box(&bytes)).unwrap())));
}

/// The same, with every text of it in UTF-8.
#[divan::bench(sample_size = 64)]
fn decode_batch_of_twelve_with_texts(bencher: Bencher<'_, '_>) {
    let bytes = batch();
    bencher
        .counter(divan::counter::BytesCount::new(bytes.len()))
        .bench_local(|| drop(black_box(texts_of(&RopInputBuffer::unpack(black_box(&bytes)).unwrap().requests))));
}

/// The limit: the bytes of the batch, copied.
#[divan::bench(sample_size = 64)]
fn copy_batch_of_twelve(bencher: Bencher<'_, '_>) {
    let bytes = batch();
    bencher
        .counter(divan::counter::BytesCount::new(bytes.len()))
        .bench_local(|| drop(black_box(black_box(&bytes).clone())));
}

#[divan::bench(sample_size = 64)]
fn decode_twenty_tagged_values(bencher: Bencher<'_, '_>) {
    let mut e = Encoder::new();
    samples::values().iter().try_for_each(|value| value.pack(&mut e)).unwrap();
    let bytes = e.finish();
    bencher.counter(divan::counter::BytesCount::new(bytes.len())).bench_local(|| {
        let mut c = Cursor::new(black_box(&bytes));
        let mut values = Vec::with_capacity(20);
        while !c.is_empty() {
            TaggedPropertyValue::unpack_with(&mut c, |value| values.push(value)).unwrap();
        }
        drop(black_box(values));
    });
}

#[divan::bench(sample_size = 64)]
fn encode_fifty_rows_of_twenty_columns(bencher: Bencher<'_, '_>) {
    let columns = samples::table_columns();
    let response = RopQueryRowsResponse { origin: Bookmark::BOOKMARK_CURRENT, row_data: samples::rows() };
    let size = response.packed_size();
    bencher.counter(divan::counter::BytesCount::new(size)).bench_local(|| {
        let mut e = Encoder::with_limit(32 * 1024);
        e.reserve(size);
        black_box(&response).pack(&mut e, &columns).unwrap();
        drop(black_box(e.finish()));
    });
}

#[divan::bench(sample_size = 64)]
fn decode_fifty_rows_of_twenty_columns(bencher: Bencher<'_, '_>) {
    let columns = samples::table_columns();
    let mut e = Encoder::new();
    RopQueryRowsResponse { origin: Bookmark::BOOKMARK_CURRENT, row_data: samples::rows() }
        .pack(&mut e, &columns)
        .unwrap();
    let bytes = e.finish();
    bencher.counter(divan::counter::BytesCount::new(bytes.len())).bench_local(|| {
        drop(black_box(RopQueryRowsResponse::unpack(&mut Cursor::new(black_box(&bytes)), &columns).unwrap()));
    });
}
