//! Streams as trees, whole and in pieces.

use crate::decode::tree::Value;
use crate::support::{decode_hex, nodes};

/// Names of nodes, parents before children.
fn names(name: &str, params: &[&str], text: &str) -> Vec<String> {
    let decoded = decode_hex(name, params, text);
    assert!(decoded.fault.is_none(), "{:?}", decoded.fault);
    nodes(&decoded.root).iter().skip(1).map(|node| node.name.clone()).collect()
}

const STATE: &str = "03 00 3A 40  03 00 17 40 18 00 00 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 \
                     06 00 00 00 00 00 2A 00  03 00 3B 40";

#[test]
fn productions_hold_markers_and_properties() {
    let expected = [
        "state",
        "marker",
        "property",
        "PropertyTag",
        "Length",
        "Value",
        "Sets",
        "[0]",
        "REPLGUID",
        "GLOBSET",
        "marker",
    ];
    assert_eq!(names("FastTransfer", &["root=state"], STATE), expected);
    let decoded = decode_hex("FastTransfer", &["root=state"], STATE);
    let all = nodes(&decoded.root);
    let set = all.iter().find(|node| node.name == "GLOBSET").unwrap();
    assert_eq!(set.value, Some(Value::Text("0x2a".to_owned())));
    // Every byte is some leaf's.
    let leaves: usize = all.iter().filter(|node| node.children.is_empty()).map(|node| node.size).sum();
    assert_eq!(leaves, decoded.root.size);
}

#[test]
fn names_of_properties_and_lists_have_their_parts() {
    let set = "01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10";
    let text = format!(
        "03 00 0C 40  1F 10 01 80 {set} 01 61 00 00 00  02 00 00 00  04 00 00 00 62 00 00 00  00 00 00 00  03 00 0D 40"
    );
    let expected = [
        "messageList",
        "message",
        "marker",
        "messageContent",
        "propList",
        "property",
        "PropertyTag",
        "PropertySet",
        "Kind",
        "Name",
        "Count",
        "Length",
        "[0]",
        "Length",
        "[1]",
        "messageChildren",
        "marker",
    ];
    assert_eq!(names("FastTransfer", &["root=messageList"], &text), expected);
}

#[test]
fn what_an_error_interrupts_is_incomplete() {
    let text = "03 00 0C 40  03 00 18 40  02 01 00 00 01 00 00 00 AB";
    let decoded = decode_hex("FastTransfer", &["root=messageList"], text);
    assert!(decoded.fault.is_none(), "{:?}", decoded.fault);
    let incomplete: Vec<&str> =
        nodes(&decoded.root).iter().filter(|node| node.note.is_some()).map(|node| node.name.as_str()).collect();
    assert_eq!(incomplete, ["message", "messageContent"]);
}

#[test]
fn mistakes_name_the_production_and_what_was_expected() {
    let cases = [
        ("root=state", "03 00 3A 40  03 00 0C 40", "state", 4, "expected IncrSyncStateEnd, MetaTagIdsetGiven"),
        ("root=state", "03 00 3A 40", "state", 4, "got the end"),
        ("root=messageList", "03 00 0C 40  99 00 01 0E", "messageContent", 4, "is of a type that streams do not have"),
        ("root=topFolder", "03 00 09 40", "folderProperties", 4, "expected StartSubFld, EndFolder, StartMessage"),
    ];
    for (root, text, path, offset, message) in cases {
        let fault = decode_hex("FastTransfer", &[root], text).fault.unwrap();
        assert_eq!((fault.path.as_str(), fault.offset), (path, offset), "{fault}");
        assert!(fault.message.contains(message), "{fault}");
    }
    let fault = decode_hex("FastTransfer", &[], "03 00 3A 40").fault.unwrap();
    assert!(fault.missing_context && fault.message.contains("root"), "{fault}");
}

#[test]
fn pieces_show_their_words() {
    let head = "4E 00 00000000 0100 0100 0200 00";
    let reply =
        |piece: &str, size: &str| names("RopFastTransferSourceGetBufferReply", &[], &format!("{head} {size} {piece}"));
    let all = reply("03 00 0C 40  1F 00 37 00  0A 00 00 00  48 00 69 00 00 00", "12 00");
    assert_eq!(
        all[9..],
        ["TransferBuffer", "marker", "property", "PropertyTag", "Length", "goes on in the next piece"]
    );
    // Not the beginning of a word.
    let all = reply("48 00 69 00 00 00", "06 00");
    assert_eq!(all[9..], ["TransferBuffer"]);
}

#[test]
fn no_bytes_make_it_panic() {
    let mut noise = 1_u64;
    let mut next = || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise
    };
    // Words of streams, and bytes between them.
    let words =
        ["03000C40", "03001840", "03000340", "03001240", "03003A40", "1F003700", "02010000", "1F100180", "00000000"];
    for _ in 0..400 {
        let text: String = (0..next() % 12)
            .map(|_| match next() % 4 {
                0 => format!("{:02x}", next() % 256),
                _ => words[usize::try_from(next() % 9).unwrap()].to_owned(),
            })
            .collect();
        for root in ["contentsSync", "messageList", "topFolder"] {
            let decoded = decode_hex("FastTransfer", &[&format!("root={root}")], &text);
            assert!(nodes(&decoded.root).len() < 2000);
        }
        decode_hex("RopFastTransferDestinationPutBuffer", &[], &format!("54 00 00 {:02x} 00 {text}", text.len() / 2));
    }
}
