//! The examples of docs/DECODE.md are what the command prints.

use crate::support::{root, ropc, text};

/// The words of a command line, quotes undone.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' | '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_examples_of_the_page_print_what_it_says() {
    let page = std::fs::read_to_string(root().join("docs/DECODE.md")).unwrap();
    let blocks: Vec<&str> = page.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 3);
    for block in blocks {
        let (command, expected) = block.split_once('\n').unwrap();
        let words = words(command.strip_prefix("$ ropc ").unwrap());
        let output = ropc(&words.iter().map(String::as_str).collect::<Vec<_>>(), "");
        assert_eq!(text(&output.stdout) + &text(&output.stderr), expected, "{command}");
    }
}
