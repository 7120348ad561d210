//! The descriptions, the binary, and bytes decoded in this process.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use ropc::driver::load_crate;
use ropc::model::Program;

use crate::decode::input::hex;
use crate::decode::rops::Decoder;
use crate::decode::target::Target;
use crate::decode::tree::{Decoded, Node};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The descriptions of the project.
pub fn program() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let checked = load_crate(&root().join("idl")).unwrap().check();
        assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
        checked.compiled.program
    })
}

/// Bytes as a type with its context, all of them used.
pub fn decode(name: &str, params: &[&str], bytes: &[u8]) -> Decoded {
    let target = Target::find(program(), name).unwrap_or_else(|| panic!("nothing is called {name}"));
    let mut decoder = Decoder::new(program());
    for text in params {
        target.give(&mut decoder, text).unwrap();
    }
    decoder.buffer(name, bytes, |this, c, node| target.read(this, c, node))
}

pub fn decode_hex(name: &str, params: &[&str], text: &str) -> Decoded {
    decode(name, params, &hex(text).unwrap())
}

/// All nodes, parents before children.
pub fn nodes(node: &Node) -> Vec<&Node> {
    let mut all = vec![node];
    node.children.iter().for_each(|child| all.extend(nodes(child)));
    all
}

/// Runs the binary in the project's folder.
pub fn ropc(arguments: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    let mut process = Command::new(env!("CARGO_BIN_EXE_ropc"))
        .current_dir(root())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Dropped at once: the end of the input.
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
