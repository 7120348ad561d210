//! Names this build of the compiler, `ROPC_BUILD`: what another one has made is not taken for fresh.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

fn main() {
    let mut files = vec![PathBuf::from("build.rs"), PathBuf::from("Cargo.toml")];
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=src");
    // Versions of dependencies; not there where the crate stands alone.
    let lock = Path::new("../Cargo.lock");
    if lock.is_file() {
        println!("cargo::rerun-if-changed=../Cargo.lock");
        files.push(lock.to_owned());
    }
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(file.to_string_lossy().as_bytes());
        hasher.write(&fs::read(&file).unwrap_or_default());
    }
    println!("cargo::rustc-env=ROPC_BUILD={:016x}", hasher.finish());
}
