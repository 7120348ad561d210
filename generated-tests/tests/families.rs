//! What has to hold for bytes that no single type is: whole ROP buffers and compressed data.
#![allow(clippy::unwrap_used, missing_docs)]

use generated_tests::fuzz::coverage;
use generated_tests::oracles::{self, Broken, property};
use generated_tests::{Choices, attacks, samples};
use protocol::rops::RopInputBuffer;
use runtime::codec::lz77;
use runtime::{Cursor, Encoder};

fn packed(batch: &RopInputBuffer<'_>) -> Vec<u8> {
    let mut e = Encoder::new();
    batch.pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn check(rule: &str, bytes: &[u8], holds: bool) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(oracles::broken(rule, bytes, "")) }
}

#[test]
fn any_bytes_are_a_rop_buffer_that_comes_back_or_an_error_in_them() {
    property(|g| {
        let all = samples::requests();
        let requests = g.list(|g| g.one_of(&all).clone());
        let handles = g.list(Choices::u32);
        let bytes = packed(&RopInputBuffer { requests, handles });
        attacks::each("", &bytes, g, &|bytes| {
            let batch = match RopInputBuffer::unpack(bytes) {
                Ok(batch) => batch,
                Err(error) => {
                    coverage::error(&error);
                    return check("an error lies in the bytes", bytes, error.offset() <= bytes.len());
                }
            };
            batch.requests.iter().for_each(|request| coverage::value(request));
            coverage::word("handles", batch.handles.len() as u64);
            let mut e = Encoder::new();
            if batch.pack(&mut e).is_err() {
                // What a request refuses to write, the tests of its type say.
                return Ok(());
            }
            let again = RopInputBuffer::unpack(e.as_slice());
            check("a buffer that is read comes back", bytes, again.is_ok_and(|again| packed(&again) == e.as_slice()))
        })
    });
}

#[test]
fn any_bytes_are_compressed_data_of_the_size_that_is_said_or_an_error_in_them() {
    property(|g| {
        let pieces = g.list(|g| g.blob(40).repeat(1 + g.len(20)));
        let data = pieces.concat();
        let stream = lz77::compress(&data);
        let again = lz77::decompress(Cursor::new(&stream), data.len());
        check("what is compressed comes back", &data, again.as_deref() == Ok(data.as_slice()))?;
        attacks::each("", &stream, g, &|bytes| match lz77::decompress(Cursor::new(bytes), data.len()) {
            Ok(plain) => {
                coverage::word("plain", plain.iter().filter(|byte| **byte == 0).count() as u64);
                check("data have the size that is said", bytes, plain.len() == data.len())?;
                let again = lz77::decompress(Cursor::new(&lz77::compress(&plain)), plain.len());
                check("data that were read come back", bytes, again.as_deref() == Ok(plain.as_slice()))
            }
            Err(error) => {
                coverage::error(&error);
                check("an error lies in the bytes", bytes, error.offset() <= bytes.len())
            }
        })
    });
}
