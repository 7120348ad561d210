//! Filter fields: names, values, and what the page says of them.

use std::collections::BTreeSet;

use crate::exchanges::{capture, captured, request, response};
use crate::support::{Tshark, dissector, root};

/// The filter fields that the dissector declares.
fn declared() -> Vec<String> {
    let text = dissector();
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("{ \"mapi."));
    lines.map(|line| format!("mapi.{}", line.split('"').next().unwrap())).collect()
}

#[test]
fn filters_are_unique_and_follow_the_names_of_fields() {
    let declared = declared();
    let distinct: BTreeSet<&String> = declared.iter().collect();
    assert_eq!(distinct.len(), declared.len());
    for expected in [
        "mapi.ropopenfolder.folderid",
        "mapi.ropsetcolumns.propertytags",
        "mapi.connect.userdn",
        "mapi.rop.returnvalue",
    ] {
        assert!(distinct.contains(&expected.to_owned()), "{expected}");
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_';
    assert!(declared.iter().all(|filter| filter.chars().all(allowed)));
}

#[test]
fn filters_are_those_of_no_other_dissector() {
    let Some(tshark) = Tshark::find() else { return };
    let known = tshark.command(&["-G", "fields"]);
    let known: Vec<&str> = known.lines().filter_map(|line| line.strip_prefix("F\t")?.split('\t').nth(1)).collect();
    for filter in declared() {
        assert_eq!(known.iter().filter(|known| **known == filter).count(), 1, "{filter}");
    }
}

#[test]
fn the_examples_of_the_page_print_what_it_says() {
    let Some(tshark) = Tshark::find() else { return };
    let messages = captured().into_iter().map(|(key, q, r)| (request(&key, "one", &q), response("", &r, false)));
    std::fs::write(tshark.path("session.pcap"), capture(messages.collect())).unwrap();
    let page = std::fs::read_to_string(root().join("docs/DISSECTOR.md")).unwrap();
    let blocks = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut run = 0;
    for block in blocks {
        let (command, expected) = block.split_once('\n').unwrap();
        let Some(arguments) = command.strip_prefix("$ tshark -X lua_script:mapi.lua ") else { continue };
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in arguments.chars() {
            match c {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trimmed(&tshark.command(&words)).trim(), trimmed(expected).trim(), "{command}");
        run += 1;
    }
    assert!(run >= 2, "the page has no examples");
}
