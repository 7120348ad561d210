//! Replies that nobody asked for, with rows of the tables that they are about, and replies in place of others.

use crate::decode::rops::Decoder;
use crate::decode::script::rops;
use crate::decode::text::{Style, render};
use crate::decode::tree::Decoded;
use crate::support::{decode_hex, program};

/// A buffer of these operations and handles.
fn buffer(rops: &str, handles: &[u32]) -> Vec<u8> {
    let rops = crate::decode::input::hex(rops).unwrap();
    let mut bytes = u16::try_from(rops.len() + 2).unwrap().to_le_bytes().to_vec();
    bytes.extend(rops);
    handles.iter().for_each(|handle| bytes.extend(handle.to_le_bytes()));
    bytes
}

fn replies(decoder: &mut Decoder<'_>, request: &str, reply: &str) -> Decoded {
    rops(decoder, Some(&buffer(request, &[7])), Some(&buffer(reply, &[7]))).pop().unwrap()
}

fn text(decoded: &Decoded) -> String {
    render(decoded, Style::default())
}

const SET_COLUMNS: &str = "12 00 00 00 01 00  14 00 4A 67";
const COLUMNS_SET: &str = "12 00 00 00 00 00 00";
const RESET: &str = "81 00 00";
const RESET_DONE: &str = "81 00 00 00 00 00";
/// RopNotify: a row of a table of folders is new.
const ROW_ADDED: &str =
    "00  00 01 03 00  01 00 00 00 00 00 00 01  00 00 00 00 00 00 00 00  09 00 00 01 00 00 00 00 00 01 45";

fn row_added(handle: &str) -> String {
    format!("2A {handle} 00 00 00 {ROW_ADDED}")
}

#[test]
fn a_row_is_read_in_the_columns_of_the_table_that_its_handle_names() {
    let mut decoder = Decoder::new(program());
    let all = text(&replies(&mut decoder, SET_COLUMNS, &format!("{COLUMNS_SET} {}", row_added("07"))));
    assert!(all.contains("TableRowData: Decoded"), "{all}");
    assert!(all.contains("[0] PidTagMid: PtypInteger64"), "{all}");
    // The handle value decides, in whatever slot it stands.
    let other = replies(&mut decoder, "", &row_added("08"));
    assert_eq!(other.fault, None);
    assert!(text(&other).contains("TableRowData: Opaque 9 bytes not decoded: Columns not known"), "{}", text(&other));
    // Other replies are read all the same: nothing is lost with a row.
    assert!(!other.root.has_opaque());
}

#[test]
fn columns_are_those_that_are_set_when_the_notification_is_written() {
    let mut decoder = Decoder::new(program());
    let set = format!("{} {COLUMNS_SET} {}", row_added("07"), row_added("07"));
    let all = text(&replies(&mut decoder, SET_COLUMNS, &set));
    assert_eq!((all.matches("Opaque").count(), all.matches("Decoded").count()), (1, 1), "{all}");
    let all = text(&replies(&mut decoder, RESET, &format!("{} {RESET_DONE} {}", row_added("07"), row_added("07"))));
    assert_eq!((all.matches("Opaque").count(), all.matches("Decoded").count()), (1, 1), "{all}");
}

#[test]
fn a_table_that_is_opened_has_no_columns_though_another_one_had_its_handle() {
    let mut decoder = Decoder::new(program());
    replies(&mut decoder, SET_COLUMNS, COLUMNS_SET);
    let (open, refused, opened) = ("05 00 00 00 00", "05 00 0F 01 04 80", "05 00 00 00 00 00  03 00 00 00");
    let all = text(&replies(&mut decoder, open, &format!("{refused} {}", row_added("07"))));
    assert!(all.contains("Decoded"), "{all}");
    let all = text(&replies(&mut decoder, open, &format!("{opened} {}", row_added("07"))));
    assert!(all.contains("Columns not known"), "{all}");
}

#[test]
fn a_malformed_row_in_known_columns_is_a_mistake() {
    let mut decoder = Decoder::new(program());
    let cut = row_added("07").replace("09 00 00 01", "08 00 00 01");
    let found = replies(&mut decoder, SET_COLUMNS, &format!("{COLUMNS_SET} {}", cut.trim_end_matches(" 45")));
    let fault = found.fault.unwrap();
    assert!(fault.path.starts_with("RopNotify.NotificationData.Change.Row.TableRowData"), "{}", fault.path);
    assert!(!fault.missing_context);
}

#[test]
fn columns_can_be_given() {
    let bytes = row_added("07");
    let all = text(&decode_hex("RopNotify", &["Columns=PidTagMid"], &bytes));
    assert!(all.contains("[0] PidTagMid"), "{all}");
    let all = text(&decode_hex("RopNotify", &[], &bytes));
    assert!(all.contains("Columns not known"), "{all}");
}

const EMPTY_FOLDER: &str = "58 00 00 01 00";
const EMPTIED: &str = "58 00 00 00 00 00 01";
const PROGRESS: &str = "50 00 00 00";
const UNDER_WAY: &str = "50 00 00 00 00 00  00  1D 00 00 00  D9 02 00 00";

#[test]
fn a_reply_of_rop_progress_stands_in_place_of_another_and_the_other_way_round() {
    let mut decoder = Decoder::new(program());
    let all = text(&replies(&mut decoder, EMPTY_FOLDER, UNDER_WAY));
    assert!(all.contains("TotalTaskCount: 729"), "{all}");
    let all = text(&replies(&mut decoder, PROGRESS, UNDER_WAY));
    assert!(all.contains("CompletedTaskCount: 29"), "{all}");
    let all = text(&replies(&mut decoder, PROGRESS, EMPTIED));
    assert!(all.contains("PartialCompletion: true"), "{all}");
    // A ROP that does not go on after its reply has its own.
    let found = replies(&mut decoder, SET_COLUMNS, UNDER_WAY);
    assert!(found.fault.unwrap().message.contains("expected 0x12"));
}
