//! Streams in pieces: downloads and uploads, whole and changed, cut anywhere.

use ropc::model::{Stream, TypeKind};
use runtime::stream::grammar::has;
use runtime::stream::machine::{Move, Next};
use runtime::stream::{Grammar, Machine, PropertyId, PropertyName, Wire, Writer};

use crate::compare::same;
use crate::decode::capture::decode;
use crate::decode::input::hex;
use crate::decode::rpc::Interfaces;
use crate::decode::stream::Tables;
use crate::decode::tree::{Decoded, Node};
use crate::exchanges::{buffer, capture, execute, executed, request, response};
use crate::payloads::Form;
use crate::pdml::bodies;
use crate::support::{Tshark, program};
use crate::vectors::Random;

/// Words before a stream takes the shortest way to its end.
const WORDS: usize = 40;

fn described() -> &'static Stream {
    program().streams.iter().find(|stream| stream.name == "FastTransfer").unwrap()
}

/// A stream at random.
fn sample(grammar: &Grammar<'_>, root: u16, random: &mut Random) -> Vec<u8> {
    let mut writer = Writer::new(grammar, root).lenient();
    for count in 0..2000 {
        let (set, end) = writer.machine().expected();
        if end && (count > WORDS || set == 0 || random.below(6) == 0) {
            break;
        }
        let words: Vec<usize> = (0..128).filter(|word| has(set, *word)).collect();
        let depths: Vec<(usize, usize)> = words.iter().map(|word| depth(writer.machine(), *word)).collect();
        let least = depths.iter().min().unwrap();
        let words: Vec<usize> = words
            .into_iter()
            .zip(&depths)
            .filter(|(_, depth)| count <= WORDS || *depth == least)
            .map(|(word, _)| word)
            .collect();
        let word = words[random.below(words.len())];
        write(grammar, &mut writer, word, random);
    }
    writer.finish().unwrap();
    writer.take(usize::MAX).unwrap_or_default()
}

/// Productions that are open behind a word, and properties that they have to have.
fn depth(machine: &Machine<'_>, word: usize) -> (usize, usize) {
    let mut machine = machine.clone();
    machine.check(word).unwrap();
    while machine.advance(Next::Word(word)).unwrap() != Move::Took {}
    while !matches!(machine.advance(Next::Unknown).unwrap(), Move::Waits | Move::Done) {}
    (machine.depth(), machine.missing())
}

fn write(grammar: &Grammar<'_>, writer: &mut Writer<'_>, word: usize, random: &mut Random) {
    if let Some((marker, _)) = grammar.markers.get(word) {
        writer.marker(*marker).unwrap();
        return;
    }
    let class = grammar.classes.get(word - grammar.markers.len());
    let tag = class.map_or_else(|| other_tag(grammar, random), |class| class.tag);
    let text: Vec<u8> = "Name".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let name = (tag >> 16 >= u32::from(grammar.named_from)).then(|| PropertyName {
        // PidLidAppointmentSequence, a name that nothing describes.
        set: runtime::Guid([2, 0x20, 6, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]),
        id: if random.below(2) == 0 { PropertyId::Dispid(0x8201) } else { PropertyId::Name(&text) },
    });
    writer.property(tag, name).unwrap();
    let classes = grammar.classes.iter().filter(|other| Some(other.tag) == class.map(|class| class.tag));
    let values: Vec<Option<u32>> = classes.map(|class| class.value).collect();
    let fixed = |writer: &mut Writer<'_>, size: u8, random: &mut Random| {
        let mut bytes = random.bytes(size.into());
        if let (Some(value), 4) = (class.and_then(|class| class.value), size) {
            bytes = value.to_le_bytes().to_vec();
        } else if size == 4 && values.iter().any(Option::is_some) {
            bytes = vec![0xFE; 4];
        }
        writer.value(&bytes).unwrap();
    };
    let variable = |writer: &mut Writer<'_>, random: &mut Random| {
        let bytes = value_of(tag, random);
        writer.length(u32::try_from(bytes.len()).unwrap()).unwrap();
        if !bytes.is_empty() {
            writer.chunk(&bytes).unwrap();
        }
    };
    match grammar.wire(tag).unwrap() {
        Wire::Fixed(size) => fixed(writer, size, random),
        Wire::Variable => variable(writer, random),
        wire => {
            let count = random.below(4);
            writer.count(u32::try_from(count).unwrap()).unwrap();
            for _ in 0..count {
                if let Wire::FixedList(size) = wire { fixed(writer, size, random) } else { variable(writer, random) }
            }
        }
    }
}

/// A published value of the structure that the tag's values have, a text, or any bytes.
fn value_of(tag: u32, random: &mut Random) -> Vec<u8> {
    let id = described().values.iter().find(|rule| rule.tag == tag).map(|rule| rule.ty);
    if let Some(TypeKind::Struct(def)) = id.map(|id| &program().ty(id).kind)
        && !def.vectors.is_empty()
        && random.below(3) > 0
    {
        let vectors = &def.vectors;
        return hex(&vectors[random.below(vectors.len())].bytes.text).unwrap();
    }
    match tag & 0xFFFF {
        0x1F => "Grüße\0".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        0x1E => b"Gr\xFC\xDFe\0".to_vec(),
        _ => {
            let count = random.below(60);
            random.bytes(count)
        }
    }
}

/// A property that no production names.
fn other_tag(grammar: &Grammar<'_>, random: &mut Random) -> u32 {
    loop {
        let ty = if random.below(9) == 0 { 0x84E4 } else { grammar.types[random.below(grammar.types.len())].0 };
        let tag = (random.next() as u32 & 0xFFFF_0000).max(0x1_0000) | u32::from(ty);
        let is_word = grammar.classes.iter().any(|class| class.tag == tag) || grammar.marker_name(tag).is_some();
        if !is_word && grammar.tags.iter().all(|rule| rule.tag != tag) {
            return tag;
        }
    }
}

/// Cuts bytes into pieces of any size.
fn cut(bytes: &[u8], most: usize, random: &mut Random) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(random.below(most.min(rest.len())) + 1);
        pieces.push(piece.to_vec());
        rest = after;
    }
    pieces
}

type Messages = Vec<(Vec<u8>, Vec<u8>)>;

fn exchange(session: &str, (asks, asked): (&[u8], &[u32]), (answers, answered): (&[u8], &[u32])) -> (Vec<u8>, Vec<u8>) {
    let asks = execute(&buffer(asks, asked), Form { compressed: true, xored: false });
    let answers = executed(&buffer(answers, answered), Form { compressed: false, xored: true }, false);
    (request("Execute", session, &asks), response("Execute", &answers, false))
}

fn sized(head: &[u8], piece: &[u8]) -> Vec<u8> {
    [head, &u16::try_from(piece.len()).unwrap().to_le_bytes(), piece].concat()
}

/// A download in these pieces, the first in the batch that opens it.
fn download(session: &str, pieces: &[Vec<u8>]) -> Messages {
    let configure = hex("70 00 00 01 01 09 39 21 00 00 05 00 00 00 00 00").unwrap();
    let get = |slot: u8| [0x4E, 0, slot, 0, 0x10];
    let got = |slot: u8, piece: &[u8]| sized(&[0x4E, slot, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0], piece);
    let mut messages = vec![exchange(
        session,
        (&[&configure[..], &get(1)].concat(), &[7, u32::MAX]),
        (&[&[0x70, 1, 0, 0, 0, 0], got(1, &pieces[0]).as_slice()].concat(), &[7, 9]),
    )];
    messages.extend(pieces[1..].iter().map(|piece| exchange(session, (&get(0), &[9]), (&got(0, piece), &[9]))));
    messages
}

/// An upload in these pieces, the first two in the batch that opens it; the last is refused.
fn upload(session: &str, pieces: &[Vec<u8>]) -> Messages {
    let put = |slot: u8, piece: &[u8]| sized(&[0x54, 0, slot], piece);
    let taken = |slot: u8, code: u8| [&[0x54, slot, code, 0, 0, 0][..], &[1, 0, 1, 0, 2, 0, 0, 2, 0]].concat();
    let (first, rest) = pieces.split_at(2.min(pieces.len()));
    let asks: Vec<u8> = first.iter().flat_map(|piece| put(1, piece)).collect();
    let answers = taken(1, 0).repeat(first.len());
    let opens = [0x53, 0, 0, 1, 3, 0];
    let mut messages = vec![exchange(
        session,
        (&[&opens[..], &asks].concat(), &[7, u32::MAX]),
        (&[&[0x53, 1, 0, 0, 0, 0], answers.as_slice()].concat(), &[7, 9]),
    )];
    messages.extend(rest.iter().enumerate().map(|(index, piece)| {
        exchange(session, (&put(0, piece), &[9]), (&taken(0, u8::from(index + 1 == rest.len())), &[9]))
    }));
    messages
}

/// Fails where tshark shows something else than decodes, in the first or second pass.
#[track_caller]
fn same_in_both_passes(tshark: &Tshark, messages: Messages) -> Vec<Decoded> {
    let file = capture(messages);
    let decoded = decode(program(), Interfaces(&[]), &file).unwrap();
    for arguments in [&["-T", "pdml"][..], &["-2", "-T", "pdml"]] {
        same(&bodies(&tshark.run(&file, arguments)), &decoded);
    }
    decoded
}

fn named<'n>(node: &'n Node, name: &str, found: &mut Vec<&'n Node>) {
    found.extend((node.name == name).then_some(node));
    node.children.iter().for_each(|child| named(child, name, found));
}

fn count(decoded: &[Decoded], name: &str) -> usize {
    let mut found = Vec::new();
    decoded.iter().for_each(|one| named(&one.root, name, &mut found));
    found.len()
}

#[test]
fn streams_of_all_roots_are_shown_as_they_decode_however_they_are_cut() {
    let Some(tshark) = Tshark::find() else { return };
    let tables = Tables::new(described());
    let grammar = tables.grammar();
    let mut random = Random(0x3C6E_F372_FE94_F82B);
    let mut messages = Vec::new();
    for (number, root) in described().roots.iter().enumerate() {
        for round in 0..8 {
            let bytes = sample(&grammar, *root, &mut random);
            if bytes.is_empty() {
                continue;
            }
            let pieces = cut(&bytes, [usize::MAX, 400, 40, 7][round % 4], &mut random);
            let session = format!("s{number}.{round}");
            messages.extend(if round < 5 { download(&session, &pieces) } else { upload(&session, &pieces) });
        }
    }
    let decoded = same_in_both_passes(&tshark, messages);
    assert_eq!(count(&decoded, "mistake"), 0);
    let counts = ["marker", "property", "contentsSync", "goes on in the next piece"].map(|name| count(&decoded, name));
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

#[test]
fn changed_streams_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let tables = Tables::new(described());
    let grammar = tables.grammar();
    let mut random = Random(0xA54F_F53A_5F1D_36F1);
    let mut messages = Vec::new();
    for (number, root) in described().roots.iter().cycle().take(60).enumerate() {
        let mut bytes = sample(&grammar, *root, &mut random);
        bytes.push(0);
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = random.next() as u8,
                // A word where none may be.
                1 => {
                    let (marker, _) = grammar.markers[random.below(grammar.markers.len())];
                    let at = at / 4 * 4;
                    bytes.splice(at..at, marker.to_le_bytes());
                }
                _ => {
                    bytes.remove(at);
                    bytes.push(random.next() as u8);
                }
            }
        }
        let pieces = cut(&bytes, [usize::MAX, 200, 30][number % 3], &mut random);
        messages.extend(download(&format!("s{number}"), &pieces));
    }
    let decoded = same_in_both_passes(&tshark, messages);
    assert!(count(&decoded, "mistake") > 20, "{}", count(&decoded, "mistake"));
}

#[test]
fn a_download_whose_beginning_is_missing_is_read_from_the_next_marker() {
    let Some(tshark) = Tshark::find() else { return };
    let piece = |text: &str| hex(text).unwrap();
    let pieces = [
        piece("03 00 12 40"),
        piece("48 00 69 00 00 00"),
        piece("03 00 14 40 1F 00 37 00 08 00 00 00 48"),
        piece("00 69 00 69 00 00 00 03 00"),
        piece("0D 40"),
    ];
    // Without the batch that opened it.
    let messages = download("one", &pieces).split_off(1);
    let decoded = same_in_both_passes(&tshark, messages);
    let mut found = Vec::new();
    decoded.iter().for_each(|one| named(&one.root, "TransferBuffer", &mut found));
    let names: Vec<Vec<&str>> =
        found.iter().map(|piece| piece.children.iter().map(|child| child.name.as_str()).collect()).collect();
    assert!(names[0].is_empty(), "{names:?}");
    assert_eq!(names[1], ["marker", "property", "goes on in the next piece"]);
    assert_eq!(names[2], ["property", "goes on in the next piece"]);
    assert_eq!(names[3], ["marker"]);
}
