//! Compiles the examples of docs/LANGUAGE.md that are interfaces of `encoding(ndr)`, each into a module of its own, with
//! their tests.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

#[allow(dead_code, clippy::panic, clippy::expect_used)]
#[path = "../../ropc/tests/suite/page.rs"]
mod page;

const PAGE: &str = "../../docs/LANGUAGE.md";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    println!("cargo::rerun-if-changed={PAGE}");
    let (mut rust, mut tests) = (String::new(), String::new());
    let text = fs::read_to_string(PAGE)?;
    let examples = page::examples(&text).into_iter().filter(|example| example.is_ndr() && example.wrong.is_none());
    for (number, example) in (1..).zip(examples) {
        let name = format!("example_{number}");
        let file = out.join(&name).with_extension("idl");
        fs::write(&file, example.whole())?;
        if let Some(acf) = &example.acf {
            fs::write(file.with_extension("acf"), acf)?;
        }
        let generated = ropc::Config::new().tests(format!("language::{name}")).generate(&[&file])?;
        writeln!(rust, "/// The example of line {}.\npub mod {name} {{\n{}\n}}", example.line, generated.rust)?;
        writeln!(tests, "mod {name} {{\n{}\n}}", generated.tests.unwrap_or_default())?;
    }
    fs::write(out.join("examples.rs"), rust)?;
    fs::write(out.join("examples_tests.rs"), tests)?;
    Ok(())
}
