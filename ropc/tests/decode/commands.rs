//! The command: inputs and outputs.

use crate::support::{ropc, text};

const SET_COLUMNS: &str = "12 00 01 00 02 00  1F 00 37 00  0A 00 06 0E";

#[test]
fn reads_arguments_files_and_standard_input_alike() {
    let directory = tempfile::tempdir().unwrap();
    let (written, binary) = (directory.path().join("a.hex"), directory.path().join("a.bin"));
    std::fs::write(&written, format!("# columns\n{SET_COLUMNS}\n")).unwrap();
    std::fs::write(&binary, crate::decode::input::hex(SET_COLUMNS).unwrap()).unwrap();
    let first = ropc(&["decode", "RopSetColumns", "--hex", SET_COLUMNS], "");
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    for (arguments, input) in [
        (["decode", "RopSetColumns", written.to_str().unwrap()], ""),
        (["decode", "RopSetColumns", binary.to_str().unwrap()], ""),
        (["decode", "RopSetColumns", "-"], SET_COLUMNS),
    ] {
        assert_eq!(text(&ropc(&arguments, input).stdout), text(&first.stdout), "{arguments:?}");
    }
}

#[test]
fn shows_names_of_tags_also_of_another_type() {
    let output = text(&ropc(&["decode", "RopSetColumns", "--hex", SET_COLUMNS], "").stdout);
    assert!(output.contains("[0]: 0x0037001F PidTagSubject\n"), "{output}");
    assert!(output.contains("[1]: 0x0E06000A PidTagMessageDeliveryTime, as PtypErrorCode\n"), "{output}");
    assert!(!output.contains('\u{1b}'), "colours without a terminal");
}

#[test]
fn shows_the_property_that_set_and_identifier_name() {
    let request = "56 00 00  00  02 00
        00 02200600 0000 0000 C000000000000046 05820000
        01 29030200 0000 0000 C000000000000046 12 4B00 6500 7900 7700 6F00 7200 6400 7300 0000";
    let output = ropc(&["decode", "RopGetPropertyIdsFromNames", "--hex", request], "");
    let output = text(&output.stdout);
    assert!(output.contains("[0] PidLidBusyStatus"), "{output}");
    assert!(output.contains("[1] PidNameKeywords"), "{output}");
    assert!(output.contains("PSETID_Appointment"), "{output}");
}

#[test]
fn writes_values_as_json() {
    let output = ropc(&["decode", "RopSetColumns", "--hex", SET_COLUMNS, "--format", "json"], "");
    let json = text(&output.stdout);
    assert_eq!(json.lines().count(), 1);
    for part in [
        r#"{"name":"RopId","offset":0,"size":1,"bytes":"12","value":18,"names":["RopSetColumns"],"meaning":"0x12 RopSetColumns"}"#,
        r#"{"name":"[0]","offset":6,"size":4,"bytes":"1f003700","value":3604511,"names":["PidTagSubject"],"meaning":"0x0037001F PidTagSubject"}"#,
        r#""error":null}"#,
    ] {
        assert!(json.contains(part), "{part} is missing in\n{json}");
    }
    let output = ropc(&["decode", "SortOrder", "--hex", "1F00", "--format", "json"], "");
    let end = r#""error":{"path":"PropertyTag","offset":0,"size":2,"message":"expected 4 bytes, got 2"}}"#;
    assert!(text(&output.stdout).trim_end().ends_with(end), "{}", text(&output.stdout));
}

#[test]
fn writes_a_dump_that_says_what_the_bytes_are() {
    let output = text(&ropc(&["decode", "RopSetColumns", "--hex", SET_COLUMNS, "--format", "hex"], "").stdout);
    let line = "0000000a  0a 00 06 0e                                      RopSetColumns.PropertyTags[1]: 0x0E06000A";
    assert!(output.contains(line), "{output}");
}

#[test]
fn answers_lines_of_values_with_their_size() {
    let input = "SortOrder 1f00370001\nSortOrder 1f00370001ffff\nSortOrder 1f\nPropertyRow;Columns=1 00\nNothing 00\n";
    let output = ropc(&["decode", "lines"], input);
    assert_eq!(output.status.code(), Some(1));
    let answers = text(&output.stdout);
    assert_eq!(
        answers.lines().collect::<Vec<_>>(),
        ["ok 5", "ok 5", "error 0 PropertyTag: expected 4 bytes, got 1", "ok 1", "unknown Nothing"]
    );
}

#[test]
fn decodes_conversations_from_standard_input() {
    let conversation = include_str!("conversation.txt");
    let output = ropc(&["decode", "conversation"], conversation);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains("not decoded"));
    let output = ropc(&["decode", "conversation"], "ropz 00 00\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("line 1"), "{}", text(&output.stderr));
}

#[test]
fn numbers_with_names_stand_alone_too() {
    for (name, bytes, meaning) in [
        ("PropertyTag", "1F 00 37 00", "PropertyTag: 0x0037001F PidTagSubject"),
        ("ErrorCode", "0F 01 04 80", "ErrorCode: 0x8004010F ecNotFound"),
        ("RecipientFlags", "1B 02", "RecipientFlags: 0x021B Type=SMTP, E, D, U"),
        ("FolderId", "01 00 00 00 00 00 01 0D", "ReplId=0x1, GlobalCounter=0x10D"),
    ] {
        let output = text(&ropc(&["decode", name, "--hex", bytes], "").stdout);
        assert!(output.contains(meaning), "{output}");
    }
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for() {
    let coloured = |arguments: &[&str]| {
        let all = [&["decode", "RopSetColumns", "--hex", SET_COLUMNS], arguments].concat();
        text(&ropc(&all, "").stdout).contains("\u{1b}[1mPropertyTags\u{1b}[0m")
    };
    assert!(!coloured(&[]) && !coloured(&["--color", "never"]));
    assert!(coloured(&["--color", "always"]));
    assert!(!coloured(&["--color", "always", "--format", "json"]));
}

#[test]
fn a_name_that_is_almost_right_is_answered_with_the_right_one() {
    for (name, right) in [("SortOder", "SortOrder"), ("RopSetColum", "RopSetColumns")] {
        let output = ropc(&["decode", name, "--hex", "00"], "");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(&format!("`{name}`; there are {right}")), "{}", text(&output.stderr));
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    use crate::decode::text::{Style, render};
    let decoded = crate::support::decode_hex("RopSetColumns", &[], SET_COLUMNS);
    let coloured = render(&decoded, Style { coloured: true });
    assert!(coloured.contains("\u{1b}[1mPropertyTags\u{1b}[0m"));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    let trimmed: Vec<&str> = plain.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, render(&decoded, Style::default()).lines().collect::<Vec<_>>());
}

#[test]
fn what_the_bytes_depend_on_is_asked_for_by_its_name() {
    for (arguments, told) in [
        (["PropertyRow", "--hex", "00 01"], "Columns not known: `--param Columns=..` says it"),
        (["RopQueryRowsReply", "--hex", "15 00 00000000 02 0100 00 4100"], "`--param Columns=..` says it"),
    ] {
        let output = ropc(&[&["decode"], &arguments[..]].concat(), "");
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
    let output = ropc(&["decode", "SortOrder", "--idl", "nowhere", "--hex", "00"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "ropc: there are no descriptions in `nowhere`: --idl says where\n");
}

#[test]
fn the_examples_of_the_help_decode() {
    let help = text(&ropc(&["decode", "--help"], "").stdout);
    let examples: Vec<&str> = help.lines().filter_map(|line| line.trim().strip_prefix("ropc decode ")).collect();
    let own: Vec<&&str> = examples.iter().filter(|line| !line.starts_with(['[', '<'])).collect();
    assert!(own.len() > 5, "{help}");
    for example in own {
        let words = crate::page::words(example);
        let output = ropc(&[vec!["decode"], words.iter().map(String::as_str).collect()].concat(), "");
        assert_eq!(output.status.code(), Some(0), "{example}: {}", text(&output.stderr));
    }
}

#[test]
fn hex_dumps_of_other_tools_are_bytes() {
    let dump = "0000  12 00 01 00 02 00 1f 00 37 00 0a 00 06 0e         ......7.......";
    let first = ropc(&["decode", "RopSetColumns", "--hex", SET_COLUMNS], "");
    assert_eq!(text(&ropc(&["decode", "RopSetColumns"], dump).stdout), text(&first.stdout));
}
