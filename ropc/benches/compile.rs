//! How long the descriptions of this project take: `cargo bench -p ropc`.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use divan::Bencher;
use ropc::driver::Earlier;
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

/// A copy of the descriptions, with the folders that files are generated in.
struct Project {
    folder: tempfile::TempDir,
    idl: PathBuf,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for path in ["idl/src", "generated-tests/tests/generated", "docs/reference", "target"] {
            fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        fs::write(folder.path().join("target/CACHEDIR.TAG"), "").unwrap();
        let idl = folder.path().join("idl");
        for path in driver::descriptions(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl")).unwrap() {
            fs::copy(&path, idl.join(path.file_name().unwrap())).unwrap();
        }
        Self { folder, idl }
    }

    /// As `ropc build` does it.
    fn build(&self) {
        let earlier = Earlier::of(&self.idl);
        if earlier.as_ref().is_some_and(|earlier| earlier.is_fresh(&self.idl)) {
            return;
        }
        let checked = driver::load_crate(&self.idl).unwrap().check();
        assert!(!checked.has_errors());
        driver::build_again(&checked, &self.idl, earlier.as_ref()).unwrap();
        std::mem::forget(checked);
    }
}

#[divan::bench(sample_count = 20)]
fn build_from_nothing(bencher: Bencher<'_, '_>) {
    let project = Project::new();
    let forget = || {
        for path in ["idl/src", "generated-tests/tests/generated", "docs/reference"] {
            let path = project.folder.path().join(path);
            fs::remove_dir_all(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
        _ = fs::remove_dir_all(project.folder.path().join("target/ropc"));
    };
    bencher.with_inputs(forget).bench_local_values(|()| project.build());
}

/// A structure more and a word more in the first ROP, and gone again.
#[divan::bench(args = ["oxtnef.idl", "oxcfold.idl", "oxcmapihttp.idl", "oxcdata.idl"], sample_count = 40)]
fn build_with_one_file_changed(bencher: Bencher<'_, '_>, name: &str) {
    let project = Project::new();
    let path = project.idl.join(name);
    let before = fs::read_to_string(&path).unwrap();
    let after = changed_text(&before);
    project.build();
    let changed = Cell::new(false);
    let change = || {
        changed.set(!changed.get());
        fs::write(&path, if changed.get() { &after } else { &before }).unwrap();
    };
    bencher.with_inputs(change).bench_local_values(|()| project.build());
}

/// Types that are declared later get other numbers by the structure; `rops` and `client` have the ROP.
fn changed_text(text: &str) -> String {
    let end = text.rfind('}').unwrap();
    let text = format!("{}    struct AddedHere {{ uint32 Added; }}\n{}", &text[..end], &text[end..]);
    let of_rop = text.find("\n    rop ").and_then(|rop| Some(rop + text[rop..].find("/// ")? + 4));
    match of_rop {
        Some(at) => format!("{}Changed. {}", &text[..at], &text[at..]),
        None => text,
    }
}

#[divan::bench]
fn build_with_nothing_changed(bencher: Bencher<'_, '_>) {
    let project = Project::new();
    project.build();
    bencher.bench_local(|| project.build());
}
