//! Reference pages: what they show, that their links lead somewhere, and that nothing is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ropc::driver::{self, Checked};
use ropc::emit::Output;
use ropc::render::{Format, render_all};

use crate::support::{compare, no_differences, tests_dir};

fn pages(checked: &Checked) -> Vec<Output> {
    ropc::compile::emit_reference(&checked.sources, &checked.files, &checked.compiled)
}

fn project() -> Checked {
    driver::load_crate(&tests_dir().join("../../idl")).unwrap().check()
}

#[test]
fn a_page_shows_layouts_conditions_replies_and_effects() {
    let path = tests_dir().join("golden/reference/sample.idl");
    let checked = driver::load(std::slice::from_ref(&path)).unwrap().check();
    let mistakes: Vec<_> = checked.diagnostics.iter().filter(|d| d.code != ropc::codes::NOT_EMITTED).cloned().collect();
    assert!(mistakes.is_empty(), "{}", render_all(&checked.sources, &mistakes, Format::Plain));
    // Where the description stands is the machine's matter.
    let here = path.display().to_string();
    let pages: BTreeMap<String, String> =
        pages(&checked).into_iter().map(|page| (page.path, page.text.replace(&here, "sample.idl"))).collect();
    assert_eq!(pages.keys().collect::<Vec<_>>(), ["README.md", "conformance.md", "sample.md"]);
    no_differences(["sample.md", "conformance.md"].map(|page| compare(&path.with_file_name(page), &pages[page])));
}

/// The descriptions that the compiler reads without making code of them are shown, too.
#[test]
fn pages_of_the_hardest_declarations_name_all_of_them() {
    for path in crate::support::descriptions("golden/hardest") {
        let checked = driver::load(std::slice::from_ref(&path)).unwrap().check();
        let all: String = pages(&checked).into_iter().map(|page| page.text).collect();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let mut words = line.split([' ', '<', '(']).filter(|word| !word.is_empty());
            if let (Some("struct" | "rop" | "stream" | "bits" | "form"), Some(name)) = (words.next(), words.next())
                && line.starts_with(|first: char| first.is_ascii_lowercase())
                && fs::read_to_string(&path).unwrap().contains("interface ")
            {
                assert!(all.contains(&format!("## {name}\n")), "{}: {name}", path.display());
            }
        }
    }
}

#[test]
fn every_link_leads_to_a_heading() {
    let pages = pages(&project());
    let mut anchors: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for page in &pages {
        let headings = page.text.lines().filter_map(|line| line.strip_prefix("## "));
        anchors.insert(&page.path, headings.map(|heading| heading.to_lowercase()).collect());
    }
    let mut links = 0;
    for page in &pages {
        for link in page.text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { &page.path } else { file };
            let known = anchors.get(file).is_some_and(|known| anchor.is_empty() || known.contains(anchor));
            assert!(known, "{}: {link} leads nowhere", page.path);
            links += 1;
        }
    }
    assert!(links > 1000, "{links}");
}

#[test]
fn every_described_rop_is_in_the_table_of_operations_with_its_section() {
    let checked = project();
    let pages = pages(&checked);
    let table = &pages.iter().find(|page| page.path == "conformance.md").unwrap().text;
    for rop in &checked.compiled.program.rops {
        let spec = rop.spec.as_deref().unwrap_or("an example");
        let row = table.lines().find(|line| line.contains(&format!("[`{}`](", rop.name))).unwrap_or_default();
        assert!(row.starts_with(&format!("| `0x{:02X}` |", rop.id)) && row.contains(spec), "{}: {row}", rop.name);
        match &rop.unserved {
            Some(why) => assert!(row.ends_with(&format!("| no: {why} |")), "{row}"),
            None => assert!(!row.contains("| no"), "{row}"),
        }
    }
    assert!(checked.compiled.program.rops.len() >= 132);
}

/// The transport's list of request types is written by hand: it and the descriptions agree.
#[test]
fn requests_are_served_where_the_transport_knows_them() {
    let pages = pages(&project());
    let table = &pages.iter().find(|page| page.path == "conformance.md").unwrap().text;
    let requests = table.split("## Requests").nth(1).unwrap().split("\n## ").next().unwrap();
    let served: BTreeSet<&str> =
        requests.lines().filter(|line| line.ends_with("| yes |")).filter_map(|line| line.split('`').nth(1)).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/transport/mapi_http/request.rs");
    let transport = fs::read_to_string(path).unwrap();
    let known: BTreeSet<&str> = transport
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("(\"")?.split_once("\", RequestType::"))
        .map(|(name, _)| name)
        .collect();
    assert!(known.contains("Execute"), "the search finds nothing");
    assert_eq!(served, known);
}

/// Offsets of a request whose fields all have a fixed size, from MS-OXCROPS 2.2.6.1.1.
#[test]
fn offsets_count_the_header() {
    let pages = pages(&project());
    let page = &pages.iter().find(|page| page.path == "oxcmsg.md").unwrap().text;
    let part = page.split("## RopOpenMessage\n").nth(1).unwrap().split("**Reply**").next().unwrap();
    let offsets: Vec<(&str, &str)> = part
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            Some((cells.get(1)?.parse::<u64>().ok().map(|_| cells[1])?, cells[3].trim_matches('`')))
        })
        .collect();
    assert_eq!(
        offsets,
        [
            ("0", "RopId"),
            ("1", "LogonId"),
            ("2", "InputHandleIndex"),
            ("3", "OutputHandleIndex"),
            ("4", "CodePageId"),
            ("6", "FolderId"),
            ("14", "OpenModeFlags"),
            ("15", "MessageId"),
        ]
    );
}
