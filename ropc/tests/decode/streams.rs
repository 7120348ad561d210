//! Streams as trees, whole and in pieces.

use crate::decode::input::hex;
use crate::decode::rops::Decoder;
use crate::decode::script::rops;
use crate::decode::tree::{Decoded, Node, Value};
use crate::support::{decode_hex, nodes, program};

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
        ("root=topFolder", "03 00 09 40", "topFolderProperties", 4, "expected StartSubFld, EndFolder, StartMessage"),
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

/// A message with a subject, a named property and a list, as a synchronization of contents.
fn contents() -> Vec<u8> {
    let set = "01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10";
    let key = format!("16 00 00 00 {set} 00 00 00 00 00 05");
    let text = format!(
        "03 00 12 40  02 01 E0 65 {key}  40 00 08 30 00 80 3E D5 DE B1 9D 01  02 01 E2 65 {key}
         02 01 E3 65 17 00 00 00 16 {set} 00 00 00 00 00 05  0B 00 AA 67 00 00  03 00 15 40
         1F 00 37 00 0A 00 00 00 53 00 75 00 62 00 6A 00 00 00
         1F 00 01 80 02 20 06 00 00 00 00 00 C0 00 00 00 00 00 00 46 00 01 82 00 00 04 00 00 00 78 00 00 00
         1F 10 02 80 29 03 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 01 61 00 00 00
         02 00 00 00 04 00 00 00 62 00 00 00 00 00 00 00  03 10 03 66 02 00 00 00 01 00 00 00 02 00 00 00
         {STATE} 03 00 14 40"
    );
    hex(&text).unwrap()
}

/// Replies that carry these pieces one after the other, to a client that opened the download.
fn download(pieces: &[&[u8]]) -> Vec<Decoded> {
    let mut decoder = Decoder::new(program());
    let buffer = |operation: &[u8], handles: &[u32]| {
        let mut bytes = u16::try_from(operation.len() + 2).unwrap().to_le_bytes().to_vec();
        bytes.extend(operation);
        bytes.extend(handles.iter().flat_map(|handle| handle.to_le_bytes()));
        bytes
    };
    let configure = hex("70 00 00 01 01 09 39 21 00 00 05 00 00 00 00 00").unwrap();
    let done = hex("70 01 00 00 00 00").unwrap();
    rops(&mut decoder, Some(&buffer(&configure, &[7, u32::MAX])), Some(&buffer(&done, &[7, 9])));
    let replies = pieces.iter().map(|piece| {
        let mut reply = hex("4E 00 00 00 00 00 01 00 01 00 02 00 00").unwrap();
        reply.extend(u16::try_from(piece.len()).unwrap().to_le_bytes());
        reply.extend(*piece);
        let request = buffer(&[0x4E, 0, 0, 0, 0x10], &[9]);
        rops(&mut decoder, Some(&request), Some(&buffer(&reply, &[9]))).pop().unwrap()
    });
    replies.collect()
}

fn transferred(reply: &Decoded) -> Node {
    assert!(reply.fault.is_none(), "{:?}", reply.fault);
    (*nodes(&reply.root).iter().find(|node| node.name == "TransferBuffer").unwrap()).clone()
}

/// What stands around values, with its meaning.
fn words(piece: &Node) -> Vec<String> {
    const WORDS: [&str; 8] = ["marker", "PropertyTag", "PropertySet", "Kind", "Dispid", "Name", "Count", "Length"];
    let all = nodes(piece).into_iter().filter(|node| WORDS.contains(&node.name.as_str()));
    all.map(|node| format!("{} {:?}", node.name, node.value)).collect()
}

#[test]
fn a_stream_is_read_on_from_piece_to_piece_wherever_it_is_cut() {
    let stream = contents();
    let whole = transferred(&download(&[&stream])[0]);
    let names: Vec<String> = nodes(&whole).iter().map(|node| node.name.clone()).collect();
    assert_eq!(names[1..4], ["contentsSync", "changedItem", "messageChange"]);
    let notes: Vec<String> = nodes(&whole).iter().filter_map(|node| node.note.clone()).collect();
    assert_eq!(notes, ["PidLidAppointmentSequence"], "the other name is none that is described");
    let all = words(&whole);
    assert_eq!(all.len(), 31, "{all:?}");
    for cut in 1..stream.len() {
        let replies = download(&[&stream[..cut], &stream[cut..]]);
        let pieces: Vec<Node> = replies.iter().map(transferred).collect();
        assert_eq!(pieces.iter().flat_map(words).collect::<Vec<_>>(), all, "cut at {cut}");
        for (piece, size) in pieces.iter().zip([cut, stream.len() - cut]) {
            let leaves: usize = nodes(piece).iter().filter(|node| node.children.is_empty()).map(|node| node.size).sum();
            assert_eq!((piece.size, leaves), (size, size), "cut at {cut}");
        }
        assert_eq!(pieces[1].children[0].name, "contentsSync", "cut at {cut}");
    }
    // One byte a piece.
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    let found: Vec<String> = download(&single).iter().map(transferred).flat_map(|piece| words(&piece)).collect();
    assert_eq!(found, all);
}

#[test]
fn a_stream_that_leaves_the_grammar_is_shown_with_the_mistake() {
    let stream = contents();
    // EndAttach before the end of the synchronization.
    let wrong = [&stream[..stream.len() - 4], &hex("03 00 0E 40 03 00 14 40").unwrap()].concat();
    let piece = transferred(&download(&[&wrong])[0]);
    let mistake = nodes(&piece).into_iter().find(|node| node.name == "mistake").unwrap().clone();
    assert_eq!(mistake.offset - piece.offset, stream.len() - 4);
    let Some(Value::Mistake(text)) = &mistake.value else { panic!("{mistake:?}") };
    assert_eq!(text, "contentsSync: expected IncrSyncEnd, FXErrorInfo, got EndAttach");
    // The words behind it are there.
    let last = nodes(&piece).last().unwrap().value.clone();
    assert_eq!(last, Some(Value::Named { value: 0x4014_0003, size: 4, names: vec!["IncrSyncEnd".to_owned()] }));
    // A type that no stream has ends what can be read, also of the pieces that follow.
    let replies = download(&[&[&stream[..4], &[0x99, 0, 1, 0x0E, 9]].concat(), &stream[4..]]);
    let piece = transferred(&replies[0]);
    let last = piece.children.last().unwrap();
    assert_eq!((last.name.as_str(), last.size), ("mistake", 5));
    assert!(transferred(&replies[1]).children.is_empty());
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

#[test]
fn a_value_without_identifier_is_what_its_element_says() {
    let total = "0B 00 74 40";
    let text = format!(
        "{total}  02 01 00 00 20 00 00 00  00 00 00 00 01 00 00 00 00 02 00 00 00 00 00 00 \
         03 00 00 00 00 00 00 00 00 04 00 00 00 00 00 00  03 00 3A 40 03 00 3B 40 03 00 14 40"
    );
    let decoded = decode_hex("FastTransfer", &["root=contentsSync"], &text);
    assert!(decoded.fault.is_none(), "{:?}", decoded.fault);
    let all = nodes(&decoded.root);
    let count = all.iter().find(|node| node.name == "NormalMessageCount").unwrap();
    assert_eq!(count.value, Some(Value::Number(3, 4)));
}

#[test]
fn an_element_without_its_properties_is_a_mistake() {
    let text = "03 00 12 40  1F 00 01 30 02 00 00 00 00 00  03 00 3A 40 03 00 3B 40 03 00 14 40";
    let fault = decode_hex("FastTransfer", &["root=hierarchySync"], text).fault.unwrap();
    assert!(fault.message.starts_with("ends without "), "{}", fault.message);
    assert!(fault.message.contains("PidTagParentSourceKey"), "{}", fault.message);
}
