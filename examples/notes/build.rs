//! Compiles the descriptions of `idl` into `OUT_DIR`.

fn main() -> Result<(), ropc::config::Error> {
    // The tests in `tests/wire.rs` find the modules below this path.
    ropc::Config::new().tests("notes::wire").compile(&["idl/notes.idl"])
}
