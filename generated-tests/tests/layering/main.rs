//! Who may depend on whom: each rule of docs/ARCHITECTURE.md is a test here.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod manifest;
mod source;

use std::collections::BTreeSet;
use std::process::Command;

use manifest::Manifest;
use source::{File, code, files, read};

/// The members of the workspace: folder and package.
const MEMBERS: [(&str, &str); 7] = [
    ("ropc", "ropc"),
    ("runtime", "runtime"),
    ("idl", "protocol"),
    ("generated-tests", "generated-tests"),
    ("server", "server"),
    ("examples/notes", "notes"),
    ("examples/language", "language"),
];

fn ours(names: &BTreeSet<String>) -> Vec<&str> {
    MEMBERS.iter().map(|(_, package)| *package).filter(|package| names.contains(*package)).collect()
}

/// Fails with the places where code of these folders names one of the words outside the allowed paths.
#[track_caller]
fn only(allowed: &[&str], folders: &[&str], words: &[&str]) {
    let outside = |file: &File| !allowed.iter().any(|path| file.path.starts_with(path));
    let found: Vec<String> = files(folders, "rs").filter(outside).flat_map(|file| file.naming(words)).collect();
    assert!(found.is_empty(), "only {allowed:?} may name {words:?}:\n{}", found.join("\n"));
}

// Packages

#[test]
fn the_runtime_depends_on_nothing_of_ours() {
    let runtime = Manifest::of("runtime");
    assert_eq!(ours(&runtime.all()), [""; 0]);
}

#[test]
fn the_compiler_depends_on_nothing_of_ours() {
    // The binary may interpret descriptions on the runtime's primitives, the library stays alone:
    // then the dependency is one that the library can be built without.
    let compiler = Manifest::of("ropc");
    assert_eq!(ours(&compiler.required), [""; 0]);
    assert!(ours(&compiler.all()).iter().all(|package| *package == "runtime"), "{:?}", ours(&compiler.all()));
}

#[test]
fn only_decoding_uses_the_runtime_in_the_compiler() {
    // Emitters write paths of the runtime into what they make; using it takes an import. The library does
    // not contain `decode`: the binary does.
    let imports = |file: &File| code(&file.text).lines().any(|line| line.trim_start().starts_with("use runtime"));
    let using: Vec<String> = files(&["ropc/src"], "rs").filter(imports).map(|file| file.path).collect();
    let outside: Vec<&String> = using.iter().filter(|path| !path.starts_with("ropc/src/decode/")).collect();
    assert!(outside.is_empty() && !using.is_empty(), "{using:?}");
    assert!(!read("ropc/src/lib.rs").contains("decode"), "the library contains decode");
}

#[test]
fn the_protocol_depends_on_the_runtime_only() {
    let protocol = Manifest::of("idl");
    assert_eq!(protocol.all().iter().collect::<Vec<_>>(), ["runtime"]);
}

#[test]
fn the_tests_of_generated_code_never_use_the_server() {
    let tests = Manifest::of("generated-tests");
    assert!(!tests.all().contains("server"));
    // Clients that others wrote talk to a running server; they do not link it.
    if let Some(peers) = Manifest::find("generated-tests/peers") {
        assert!(!peers.all().contains("server"));
    }
}

#[test]
fn nobody_depends_on_the_tests_or_the_server() {
    for (folder, package) in MEMBERS {
        let all = Manifest::of(folder).all();
        // Examples show crates of others, which test with what ours do.
        assert!(!all.contains("generated-tests") || folder.starts_with("examples/"), "{package}");
        assert!(!all.contains("server"), "{package}");
    }
}

#[test]
fn the_workspace_has_no_other_members() {
    let text = read("Cargo.toml");
    let members = text.lines().find(|line| line.starts_with("members")).unwrap();
    let listed: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    assert_eq!(listed.iter().collect::<BTreeSet<_>>(), MEMBERS.iter().map(|(folder, _)| folder).collect());
}

#[test]
fn versions_stand_once_in_the_workspace() {
    for (folder, _) in MEMBERS {
        let versions = Manifest::of(folder).with_version;
        assert!(versions.is_empty(), "{folder}/Cargo.toml: {versions:?}");
    }
}

#[test]
fn nothing_is_built_on_ring_or_openssl() {
    // The lock file also lists what no feature asks for.
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--workspace", "--edges", "all", "--prefix", "none", "--format", "{p}"])
        .current_dir(source::root())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let packages: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(packages.contains("runtime") && packages.contains("bytes"), "the tree is not read: {text}");
    for refused in ["ring", "openssl", "openssl-sys", "native-tls"] {
        assert!(!packages.contains(refused), "{refused} is built");
    }
}

// Code

#[test]
fn no_code_is_unsafe() {
    only(&[], &["ropc", "runtime", "idl", "generated-tests", "server"], &["unsafe"]);
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
    for (folder, _) in MEMBERS {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{folder} leaves the lints of the workspace out");
    }
}

#[test]
fn only_the_parser_names_the_parser_generator() {
    only(&["ropc/src/parse"], &["ropc", "runtime", "idl", "generated-tests", "server"], &["pest", "pest_derive"]);
}

#[test]
fn only_the_transport_names_the_http_library() {
    // `fetch` is a client, and tests may talk HTTP to the server.
    let allowed = ["server/src/transport", "server/src/fetch.rs", "server/tests", "server/examples/bars"];
    only(&allowed, &["server"], &["hyper", "hyper_util", "http_body_util"]);
}

#[test]
fn only_the_sqlite_store_names_sqlite() {
    // One test damages a database behind the store's back.
    let allowed = ["server/src/store/sqlite", "server/tests/live_administration.rs"];
    only(&allowed, &["server"], &["rusqlite", "libsqlite3_sys"]);
}

#[test]
fn only_the_language_server_names_the_editor_protocol() {
    only(&["ropc/src/lsp"], &["ropc"], &["lsp_server", "lsp_types"]);
}

#[test]
fn the_runtime_does_no_input_output_and_knows_no_time() {
    only(&[], &["runtime/src"], &["std::fs", "std::net", "std::time", "std::thread", "std::process", "std::env"]);
    only(&[], &["runtime/src"], &["tokio", "async", "println", "eprintln"]);
}

#[test]
fn compiling_reads_no_file_and_prints_nothing() {
    let edges = [
        "ropc/src/main.rs",
        "ropc/src/command",
        "ropc/src/driver",
        "ropc/src/config",
        "ropc/src/lsp",
        "ropc/src/decode/command.rs",
        // Unit tests hold what is made against files.
        "ropc/src/ndr/tests.rs",
    ];
    only(&edges, &["ropc/src"], &["std::fs", "std::env", "std::process", "println", "eprintln", "stdout", "stderr"]);
}

#[test]
fn the_engine_knows_no_sockets_files_or_clock() {
    let engine = ["server/src/engine", "server/src/rop"];
    only(&[], &engine, &["std::fs", "std::net", "tokio", "SystemTime::now", "Instant::now", "getrandom"]);
}

#[test]
fn the_engine_is_below_the_handlers_and_they_below_the_transports() {
    only(&[], &["server/src/engine"], &["crate::rop", "crate::transport", "crate::store::sqlite", "crate::import"]);
    only(&[], &["server/src/rop"], &["crate::transport", "crate::store::sqlite", "crate::import"]);
    only(&[], &["server/src/store"], &["crate::rop", "crate::engine", "crate::transport"]);
}

/// Where bytes of our own making are written, which no description describes.
const OWN_FORMATS: [&str; 5] = [
    // The oracle of where fields stand, which has to know it from elsewhere.
    "generated-tests/src/layout.rs",
    // Messages worked out from the documents, which must not rest on what is tested with them.
    "generated-tests/tests/rpc_documents",
    // Values in the columns of the database.
    "server/src/store/sqlite",
    // What a keyed hash runs over.
    "server/src/auth",
    // Bytes that are wrong on purpose.
    "server/tests/live_fuzz",
];

#[test]
fn nobody_writes_the_wire_by_hand() {
    const BY_HAND: [&str; 14] = [
        "to_le_bytes",
        "from_le_bytes",
        "to_ne_bytes",
        "from_ne_bytes",
        "put_u16_le",
        "put_u32_le",
        "put_u64_le",
        "put_i32_le",
        "get_u16_le",
        "get_u32_le",
        "get_u64_le",
        "get_i32_le",
        "read_u16",
        "write_u16",
    ];
    only(&OWN_FORMATS, &["idl", "server", "generated-tests"], &BY_HAND);
}

#[test]
fn generated_files_say_so() {
    let unmarked = |file: &File| !file.text.lines().take(10).any(|line| line.contains("@generated"));
    let folders = ["idl/src", "generated-tests/src/generated", "generated-tests/tests/generated"];
    let found: Vec<String> = files(&folders, "rs").filter(unmarked).map(|file| file.path).collect();
    assert!(found.is_empty(), "written by hand, or the header is missing: {found:?}");
}

#[test]
fn the_checks_run_the_commands_of_the_readme() {
    let readme = read("README.md");
    let commands: Vec<&str> = readme.split("```sh\n").skip(1).filter_map(|block| block.lines().next()).collect();
    assert_eq!(commands, ["cargo run --release", "cargo test"]);
    let checks = read(".ci/run");
    assert!(checks.lines().any(|line| line.starts_with("step ") && line.ends_with(" cargo test")));
}

#[test]
fn what_the_architecture_maps_is_there() {
    let text = read("docs/ARCHITECTURE.md");
    let map = text.split("\n## ").find(|section| section.starts_with("The map")).unwrap();
    let mut missing = Vec::new();
    let mut seen = 0;
    for row in map.lines().filter(|line| line.starts_with("| `")) {
        // Names after the first stand in the same folder.
        let names = row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2);
        let mut folder = "";
        for name in names {
            let path = if name.contains('/') { name.to_owned() } else { format!("{folder}/{name}") };
            folder = name.rsplit_once('/').map_or(folder, |(folder, _)| folder);
            seen += 1;
            if !there(&path) {
                missing.push(path);
            }
        }
    }
    assert!(seen > 20, "the map is not read");
    assert!(missing.is_empty(), "docs/ARCHITECTURE.md maps what is not there: {missing:?}");
}

/// A file, a folder, a module, or one file of a pattern.
fn there(path: &str) -> bool {
    if let Some((folder, extension)) = path.split_once("/*.") {
        return files(&[folder], extension).next().is_some();
    }
    source::root().join(path).exists() || source::root().join(format!("{path}.rs")).exists()
}

// The rules' own tools

#[test]
fn every_folder_of_the_workspace_is_looked_at() {
    for folder in ["ropc/src", "runtime/src", "idl/src", "generated-tests", "server/src"] {
        assert!(files(&[folder], "rs").count() > 0, "{folder}");
    }
    assert!(files(&["generated-tests"], "rs").any(|file| file.path == "generated-tests/tests/layering/main.rs"));
}

#[test]
fn a_word_is_found_only_as_code() {
    let file = File {
        path: "a.rs".to_owned(),
        text: "use pest::Parser; // pest\nlet tempest = \"pest\"; /* pest /* pest */ pest */\nlet c = '\"'; pest!()"
            .to_owned(),
    };
    assert_eq!(file.naming(&["pest"]), ["a.rs:1: pest", "a.rs:3: pest"]);
    assert_eq!(file.naming(&["pest::Parser"]), ["a.rs:1: pest::Parser"]);
    let grouped =
        File { path: "b.rs".to_owned(), text: "use std::{fmt, fs};\nuse crate::{rop, store::sqlite};".to_owned() };
    assert_eq!(grouped.naming(&["std::fs", "crate::rop"]), ["b.rs:1: std::fs", "b.rs:2: crate::rop"]);
    assert_eq!(grouped.naming(&["crate::store::sqlite"]), ["b.rs:2: crate::store::sqlite"]);
    assert_eq!(grouped.naming(&["std::net", "crate::sqlite"]), [""; 0]);
}

#[test]
fn strings_and_comments_are_not_code() {
    assert_eq!(code("a\"b\\\"c\"d").split_whitespace().collect::<Vec<_>>(), ["a", "d"]);
    assert_eq!(code("a r#\"b\"c\"# d").split_whitespace().collect::<Vec<_>>(), ["a", "d"]);
    assert_eq!(code("a b\"c\" 'd' '\\'' e").split_whitespace().collect::<Vec<_>>(), ["a", "e"]);
    assert_eq!(code("fn f<'a>(x: &'a u8) {} // y"), "fn f<'a>(x: &'a u8) {}     ");
    assert_eq!(code("a /* b\n c */ d").lines().count(), 2);
}

#[test]
fn a_manifest_is_read_in_all_its_forms() {
    let manifest = Manifest::parse(
        "[package]\nname = \"x\"\nversion = \"9\"\n[dependencies]\na.workspace = true # one\nb = { workspace = true, optional = true }\n\
         c = \"1\"\n[dependencies.d]\npath = \"../d\"\n[dev-dependencies]\ne = { version = \"2\" }\n\
         [target.'cfg(unix)'.build-dependencies]\nf.workspace = true\n[features]\ng = []\n",
    );
    assert_eq!(manifest.required.iter().collect::<Vec<_>>(), ["a", "c", "d", "f"]);
    assert_eq!(manifest.all().iter().collect::<Vec<_>>(), ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(manifest.with_version, ["c", "e"]);
}
