//! The descriptions, the dissector made of them, and tshark.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use ropc::compile::emit_dissector;
use ropc::driver::load_crate;
use ropc::model::Program;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The descriptions of the project, and the text of the dissector of them.
fn made() -> &'static (Program, String) {
    static MADE: OnceLock<(Program, String)> = OnceLock::new();
    MADE.get_or_init(|| {
        let checked = load_crate(&root().join("idl")).unwrap().check();
        assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
        let text = emit_dissector(&checked.sources, &checked.compiled);
        (checked.compiled.program, text)
    })
}

/// The descriptions.
pub fn program() -> &'static Program {
    &made().0
}

/// The text of the dissector.
pub fn dissector() -> &'static str {
    &made().1
}

/// tshark with the dissector, and a folder for captures.
pub struct Tshark {
    directory: tempfile::TempDir,
}

impl Tshark {
    /// `None` where tshark is not there.
    pub fn find() -> Option<Self> {
        if Command::new("tshark").arg("--version").output().is_err() {
            let required = std::env::var("ROPC_REQUIRE_PEERS").is_ok_and(|value| value == "1");
            assert!(!required, "tshark is missing (apt-get install tshark)");
            // Past the test harness, which keeps what passing tests print.
            std::io::stderr().write_all(b"SKIPPED: tshark is missing (apt-get install tshark)\n").unwrap();
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let tshark = Self { directory };
        tshark.load(dissector());
        Some(tshark)
    }

    /// Takes another dissector.
    pub fn load(&self, text: &str) {
        std::fs::write(self.path("mapi.lua"), text).unwrap();
    }

    /// What tshark prints of a capture; no Lua error may be in it.
    pub fn run(&self, capture: &[u8], arguments: &[&str]) -> String {
        let file = self.directory.path().join("a.pcap");
        std::fs::write(&file, capture).unwrap();
        self.command(&[&["-r", file.to_str().unwrap()], arguments].concat())
    }

    /// tshark with any arguments.
    pub fn command(&self, arguments: &[&str]) -> String {
        let output = Command::new("tshark")
            .current_dir(self.directory.path())
            // No settings and plugins of the user, and no colours or language of the terminal.
            .env("HOME", self.directory.path())
            .env("LC_ALL", "C.UTF-8")
            // In this order: lists (`-G`) are asked for by the first argument.
            .args(arguments)
            .args(["-X", "lua_script:mapi.lua"])
            .output()
            .unwrap();
        let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {errors}");
        for found in [&text, &errors] {
            let wrong = found.lines().find(|line| line.contains("Lua Error:") || line.contains("mapi.lua:"));
            assert!(wrong.is_none(), "{wrong:?}");
        }
        text.into_owned()
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
