//! Nanoseconds per ROP: `cargo bench -p generated-tests`.

#![allow(missing_docs, clippy::unwrap_used)]

use divan::{Bencher, black_box};
use generated_tests::samples;
use protocol::oxcdata::{PropertyRow, TaggedPropertyValue};
use protocol::oxctabl::{Bookmark, RopQueryRowsResponse};
use protocol::rops::RopRequest;
use runtime::{Cursor, Encoder};

fn main() {
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

#[divan::bench(args = names())]
fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = packed(&[one(name)]);
    bencher.bench_local(|| RopRequest::unpack(&mut Cursor::new(black_box(&bytes))).unwrap());
}

#[divan::bench(args = names())]
fn encode(bencher: Bencher<'_, '_>, name: &str) {
    let request = one(name);
    bencher.bench_local(|| {
        let mut e = Encoder::new();
        black_box(&request).pack(&mut e).unwrap();
        e.finish()
    });
}

#[divan::bench]
fn decode_batch_of_twelve(bencher: Bencher<'_, '_>) {
    let bytes = packed(&samples::requests());
    bencher.counter(divan::counter::BytesCount::new(bytes.len())).bench_local(|| {
        let mut c = Cursor::new(black_box(&bytes));
        let mut requests = Vec::new();
        while !c.is_empty() {
            requests.push(RopRequest::unpack(&mut c).unwrap());
        }
        requests
    });
}

#[divan::bench]
fn decode_twenty_tagged_values(bencher: Bencher<'_, '_>) {
    let mut e = Encoder::new();
    samples::tagged(&samples::tags(20), 24).iter().try_for_each(|value| value.pack(&mut e)).unwrap();
    let bytes = e.finish();
    bencher.counter(divan::counter::BytesCount::new(bytes.len())).bench_local(|| {
        let mut c = Cursor::new(black_box(&bytes));
        let mut values = Vec::with_capacity(20);
        while !c.is_empty() {
            values.push(TaggedPropertyValue::unpack(&mut c).unwrap());
        }
        values.len()
    });
}

#[divan::bench]
fn encode_fifty_rows_of_twenty_columns(bencher: Bencher<'_, '_>) {
    let columns = samples::tags(20);
    let rows: Vec<PropertyRow<'static>> = (0..50).map(|_| samples::row(&columns, 24)).collect();
    let response = RopQueryRowsResponse { origin: Bookmark::BOOKMARK_CURRENT, row_data: rows };
    let size = response.packed_size();
    bencher.counter(divan::counter::BytesCount::new(size)).bench_local(|| {
        let mut e = Encoder::with_limit(32 * 1024);
        e.reserve(size);
        black_box(&response).pack(&mut e, &columns).unwrap();
        e.finish()
    });
}

#[divan::bench]
fn decode_fifty_rows_of_twenty_columns(bencher: Bencher<'_, '_>) {
    let columns = samples::tags(20);
    let rows: Vec<PropertyRow<'static>> = (0..50).map(|_| samples::row(&columns, 24)).collect();
    let mut e = Encoder::new();
    RopQueryRowsResponse { origin: Bookmark::BOOKMARK_CURRENT, row_data: rows }.pack(&mut e, &columns).unwrap();
    let bytes = e.finish();
    bencher
        .counter(divan::counter::BytesCount::new(bytes.len()))
        .bench_local(|| RopQueryRowsResponse::unpack(&mut Cursor::new(black_box(&bytes)), &columns).unwrap());
}
