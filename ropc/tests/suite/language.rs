//! The examples of docs/LANGUAGE.md are compiled.
//!
//! Comments before a block say what it lacks: `<!-- with: .. -->` has declarations, or with `_` what stands around the
//! block; `<!-- wrong: R0302 -->` names the diagnostic that it must give; `<!-- not emitted yet -->` is R0901.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ropc::ast::Item;
use ropc::codes::NOT_EMITTED;
use ropc::compile;
use ropc::lower::is_mapi;
use ropc::parse::parse;
use ropc::render::{Format, render_all};
use ropc::source::Sources;

/// A block of the page with what its comments say.
#[derive(Debug, Default)]
struct Example {
    line: usize,
    with: String,
    wrong: Option<String>,
    text: String,
}

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/LANGUAGE.md")).unwrap()
}

/// The `idl` blocks of a page.
fn examples(page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut next = Example::default();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!-- ") {
            let mut comment = comment.to_owned();
            while !comment.ends_with("-->") {
                let (_, more) = lines.next().expect("the end of a comment");
                comment = format!("{comment}\n{more}");
            }
            let comment = comment.trim_end_matches("-->").trim();
            match comment.split_once(": ") {
                Some(("with", with)) => next.with = with.to_owned(),
                Some(("wrong", code)) => next.wrong = Some(code.to_owned()),
                _ if comment == "not emitted yet" => next.wrong = Some(NOT_EMITTED.to_owned()),
                _ => panic!("line {}: a comment that says nothing: {comment}", at + 1),
            }
        } else if line == "```idl" {
            next.line = at + 1;
            next.text =
                lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect::<Vec<_>>().join("\n");
            found.push(std::mem::take(&mut next));
        }
    }
    found
}

impl Example {
    /// The block as a description of its own.
    fn whole(&self) -> String {
        let text = if self.with.contains(" _ ") {
            self.with.replacen(" _ ", &format!("\n{}\n", self.text), 1)
        } else {
            format!("{}\n{}", self.with, self.text)
        };
        if text.contains("interface ") { text } else { format!("[encoding(mapi)]\ninterface example {{\n{text}\n}}\n") }
    }

    /// What is wrong with it, as text; nothing where all is as the page says.
    fn check(&self) -> Result<(), String> {
        let mut sources = Sources::default();
        let text = self.whole();
        let source = sources.add(format!("docs/LANGUAGE.md:{}", self.line), text.as_str());
        let (file, mut diagnostics) = parse(source, &text);
        if !file.items.iter().any(|item| matches!(item, Item::Interface(_))) {
            return Err(format!("line {}: no interface", self.line));
        }
        let has_mapi = file.items.iter().any(|item| matches!(item, Item::Interface(interface) if is_mapi(interface)));
        let files = [(source, file)];
        let compiled = compile::compile(&files);
        diagnostics.extend(compiled.diagnostics.clone());
        let codes: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        let expected: BTreeSet<&str> = self.wrong.as_deref().into_iter().collect();
        if codes != expected {
            let messages = render_all(&sources, &diagnostics, Format::Plain);
            return Err(format!("line {} must give {expected:?}:\n{text}\n{messages}", self.line));
        }
        if expected.is_empty() {
            let outputs = compile::emit(&sources, &compiled).map_err(|error| format!("line {}: {error}", self.line))?;
            compile::emit_tests(&sources, &compiled).map_err(|error| format!("line {}: {error}", self.line))?;
            let any = outputs.iter().any(|output| output.path != "lib.rs" && output.text.lines().count() > 3);
            if !any && has_mapi && self.text.contains('{') {
                return Err(format!("line {}: nothing is emitted", self.line));
            }
        }
        Ok(())
    }
}

#[test]
fn every_example_of_the_page_compiles_or_is_wrong_as_it_says() {
    let examples = examples(&page());
    let wrong: Vec<String> = examples.iter().filter_map(|example| example.check().err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(examples.len() >= 20, "only {} examples", examples.len());
}

/// A section without an example would be believed unread.
#[test]
fn every_section_about_a_construct_has_an_example() {
    let page = page();
    let mut without = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap_or_default();
        if !section.contains("```idl\n") {
            without.push(title.to_owned());
        }
    }
    without.retain(|title| !title.starts_with("Read, checked"));
    assert_eq!(without, ["Names", "Attributes"]);
}

/// Attributes of MAPI interfaces that the table of the page lists stand in some example.
#[test]
fn every_attribute_of_the_table_is_used_by_an_example() {
    let page = page();
    let table = page.split("\n## Attributes\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks: String = examples(&page).iter().map(|example| example.whole()).collect();
    let mut unused = Vec::new();
    for cell in table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next()) {
        for name in cell.split("`").step_by(2).filter_map(|name| name.split('(').next()).filter(|name| *name != ", ") {
            if !blocks.contains(&format!("[{name}")) && !blocks.contains(&format!(", {name}")) {
                unused.push(name.to_owned());
            }
        }
    }
    assert!(unused.is_empty(), "{unused:?}");
}
