//! How long the descriptions of this project take: `cargo bench -p ropc`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use divan::Bencher;
use ropc::{compile, driver};

fn main() {
    divan::main();
}

fn load() -> driver::Loaded {
    driver::load_crate(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl")).unwrap()
}

#[divan::bench]
fn read_and_parse() {
    divan::black_box(load());
}

#[divan::bench]
fn check(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(load).bench_local_values(driver::Loaded::check);
}

#[divan::bench]
fn emit_and_format(bencher: Bencher<'_, '_>) {
    let checked = load().check();
    bencher.bench_local(|| compile::emit(&checked.sources, &checked.compiled).unwrap());
}
