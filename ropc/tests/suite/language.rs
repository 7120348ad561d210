//! The examples of docs/LANGUAGE.md are compiled. The Rust of those of `encoding(ndr)` is built and tested by
//! examples/language.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ropc::ast::Item;
use ropc::compile;
use ropc::configure::configure;
use ropc::lower::is_mapi;
use ropc::parse::{parse, parse_acf};
use ropc::preprocess;
use ropc::render::{Format, render_all};
use ropc::source::Sources;

use crate::page::{Example, examples};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/LANGUAGE.md")).unwrap()
}

impl Example {
    /// What is wrong with it, as text; nothing where all is as the page says.
    fn check(&self) -> Result<(), String> {
        let mut sources = Sources::default();
        let text = self.whole();
        let source = sources.add(format!("docs/LANGUAGE.md:{}", self.line), text.as_str());
        let done = preprocess::run(source, &text, &[], &mut |_| None);
        let (mut file, mut diagnostics) = parse(source, &done.text);
        diagnostics.extend(done.diagnostics);
        if let Some(acf) = &self.acf {
            let (acf, found) = parse_acf(sources.add("x.acf", acf.as_str()), acf);
            diagnostics.extend(found);
            diagnostics.extend(configure(&mut file, &acf));
        }
        if !file.items.iter().any(|item| matches!(item, Item::Interface(_))) {
            return Err(format!("line {}: no interface", self.line));
        }
        let has_mapi = file.items.iter().any(|item| matches!(item, Item::Interface(interface) if is_mapi(interface)));
        let files = [(source, file)];
        let compiled = compile::compile(&files);
        diagnostics.extend(compiled.diagnostics.clone());
        let codes: BTreeSet<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        let expected: BTreeSet<&str> = self.wrong.iter().chain(&self.warns).map(String::as_str).collect();
        if codes != expected {
            let messages = render_all(&sources, &diagnostics, Format::Plain);
            return Err(format!("line {} must give {expected:?}:\n{text}\n{messages}", self.line));
        }
        if self.wrong.is_none() {
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

/// What interface files of the MIDL and PIDL family write, word by word: each stands in an example of `encoding(ndr)`.
const FAMILY: &str = "import include cpp_quote #define #if #ifdef #ifndef #else #elif #endif const sizeof typedef struct union enum \
    interface pointer_default ref unique ptr size_is length_is max_is min_is first_is last_is string range switch_type \
    switch_is case default v1_enum context_handle pipe ignore callback idempotent maybe broadcast async call_as ms_union \
    strict_context_handle byte_count transmit_as represent_as wire_marshal in out local bitmap bitmap8bit bitmap16bit \
    bitmap64bit enum8bit enum16bit subcontext subcontext_size relative relative_short relative_base flag charset \
    nodiscriminant value noprint nopush nopull public todo gensize max_recursion skip noopnum DATA_BLOB string_array u16string \
    NDR_NOALIGN NDR_ALIGN2 NDR_ALIGN4 NDR_ALIGN8 NDR_REMAINING NDR_BIG_ENDIAN NDR_LITTLE_ENDIAN NDR_RELATIVE_REVERSE \
    STR_NULLTERM STR_NOTERM STR_SIZE2 STR_SIZE4 STR_LEN4 STR_ASCII STR_UTF8 STR_RAW8 STR_BYTESIZE STR_CHARLEN \
    uint8 uint16 uint32 uint64 int8 int16 int32 int64 hyper small short long char wchar_t byte boolean float double \
    uint1632 int1632 uint3264 int3264 __int3264 udlong dlong udlongr NTTIME NTTIME_hyper NTTIME_1sec time_t uid_t gid_t \
    ipv4address ipv6address NTSTATUS WERROR HRESULT GUID policy_handle error_status_t dom_sid dom_sid2 dom_sid28 dom_sid0 \
    handle_t boolean8 bool8 boolean32 strlen_m strlen_m_term ndr_size_ NDR_ROUND void";

#[test]
fn every_construct_of_the_family_stands_in_an_example() {
    let page = page();
    let all = examples(&page).into_iter().filter(|example| example.is_ndr() || example.wrong.is_some());
    let blocks: String =
        all.map(|example| format!("{} {}\n", example.whole(), example.acf.unwrap_or_default())).collect();
    let missing: Vec<&str> = FAMILY.split_whitespace().filter(|word| !has_word(&blocks, word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let begins = !text[..at].ends_with(part);
        begins && (word.ends_with('_') || !text[at + word.len()..].starts_with(part))
    })
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
