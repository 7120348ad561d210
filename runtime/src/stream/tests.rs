//! A small grammar by hand: what `ropc` makes of real ones is tested where it is generated.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::grammar::*;
use super::*;
use crate::Guid;

const START: u32 = 0x4000_0003;
const CLOSE: u32 = 0x4001_0003;
const FAILED: u32 = 0x4002_0003;
const SECTION: u32 = 0x4010_0003;

/// list = (item | failure)*; item = START prop* children CLOSE; children = prop(SECTION == 7)? item*;
/// failure = FAILED prop(1)
static GRAMMAR: Grammar<'static> = Grammar {
    name: "Small",
    markers: &[(START, "Start"), (CLOSE, "Close"), (FAILED, "Failed")],
    named_from: 0x8000,
    types: &[
        (0x0002, Wire::Fixed(2)),
        (0x0003, Wire::Fixed(4)),
        (0x001F, Wire::Variable),
        (0x1003, Wire::FixedList(4)),
        (0x101F, Wire::VariableList),
    ],
    flagged: &[(0x8000, Wire::Variable)],
    tags: &[TagRule { tag: 0x4017_0003, of: 0x4017_0003, wire: Wire::Variable }],
    classes: &[
        Class { tag: SECTION, value: Some(7), name: "Section" },
        Class { tag: SECTION, value: None, name: "Section" },
    ],
    // Words: Start 1, Close 2, Failed 4, Section of 7 8, another Section 16, others 32.
    sets: &[1, 2, 4, 8, 32, 5],
    steps: &[
        // list
        Step::Test { set: 5, otherwise: 6 },
        Step::Test { set: 0, otherwise: 4 },
        Step::Call(1),
        Step::Go(0),
        Step::Call(3),
        Step::Go(0),
        Step::Return,
        // item, from 7
        Step::Take(0),
        Step::Test { set: 4, otherwise: 11 },
        Step::Take(4),
        Step::Go(8),
        Step::Call(2),
        Step::Take(1),
        Step::Return,
        // children, from 14
        Step::Test { set: 3, otherwise: 16 },
        Step::Take(3),
        Step::Test { set: 0, otherwise: 19 },
        Step::Call(1),
        Step::Go(16),
        Step::Return,
        // failure, from 20
        Step::Take(2),
        Step::Take(4),
        Step::Return,
    ],
    productions: &[
        Production { name: "list", start: 0 },
        Production { name: "item", start: 7 },
        Production { name: "children", start: 14 },
        Production { name: "failure", start: 20 },
    ],
    recovery: Some(Recovery { production: 3, first: 4, within: &[0] }),
    structural: 8 | 16,
    requirements: &[],
    max_recursion: 3,
};

/// What happened, as text.
fn read(pieces: &[&[u8]]) -> Result<Vec<String>, StreamError> {
    let mut decoder = Decoder::new(&GRAMMAR, 0);
    let mut all = Vec::new();
    for piece in pieces {
        let mut piece = *piece;
        while let Some(event) = decoder.next(&mut piece)? {
            note(&mut all, event);
        }
        assert!(piece.is_empty());
    }
    while let Some(event) = decoder.finish()? {
        note(&mut all, event);
    }
    Ok(all)
}

/// Chunks that follow each other are one, however the stream was cut.
fn note(all: &mut Vec<String>, event: Event<'_>) {
    match event {
        Event::Begin(p) => all.push(format!("<{}", GRAMMAR.production_name(p))),
        Event::End { production, complete } => {
            let how = if complete { "" } else { "!" };
            all.push(format!("{how}{}>", GRAMMAR.production_name(production)));
        }
        Event::Marker(marker) => all.push(GRAMMAR.marker_name(marker).unwrap().to_owned()),
        Event::Property(property) => all.push(match property.name {
            Some(name) => format!("{:08x} {:?}", property.tag, name.id),
            None => format!("{:08x}", property.tag),
        }),
        Event::Value(value) => all.push(format!("= {value:02x?}")),
        Event::Count(count) => all.push(format!("#{count}")),
        Event::Length(length) => all.push(format!("[{length}] ")),
        Event::Chunk { bytes, .. } => {
            bytes.iter().for_each(|byte| all.last_mut().unwrap().push_str(&format!("{byte:02x}")))
        }
        Event::EndProperty => {}
    }
}

fn name(id: PropertyId<'_>) -> Option<PropertyName<'_>> {
    Some(PropertyName { set: Guid([7; 16]), id })
}

/// A stream of everything that the grammar has.
fn sample() -> Writer<'static> {
    let mut w = Writer::new(&GRAMMAR, 0);
    w.marker(START).unwrap();
    w.property(0x0E06_0002, None).unwrap();
    w.value(b"\x01\x02").unwrap();
    w.property(0x8001_001F, name(PropertyId::Name(b"a\0b\0"))).unwrap();
    w.length(5).unwrap();
    w.chunk(b"he").unwrap();
    w.chunk(b"llo").unwrap();
    w.property(0x8002_1003, name(PropertyId::Dispid(9))).unwrap();
    w.count(2).unwrap();
    w.value(b"\x01\0\0\0").unwrap();
    w.value(b"\x02\0\0\0").unwrap();
    w.property(0x0E07_101F, None).unwrap();
    w.count(2).unwrap();
    w.bytes(b"").unwrap();
    w.bytes(b"xy").unwrap();
    w.property(0x4017_0003, None).unwrap();
    w.bytes(b"set").unwrap();
    w.property(0x0037_84B0, None).unwrap();
    w.bytes(b"page").unwrap();
    w.property(SECTION, None).unwrap();
    w.value(b"\x07\0\0\0").unwrap();
    w.marker(START).unwrap();
    w.marker(CLOSE).unwrap();
    w.marker(CLOSE).unwrap();
    w
}

fn whole(mut w: Writer<'_>) -> Vec<u8> {
    w.finish().unwrap();
    w.take(usize::MAX).unwrap()
}

#[test]
fn reads_what_was_written_cut_at_each_byte() {
    let bytes = whole(sample());
    let all = read(&[&bytes]).unwrap();
    let expected = "<list <item Start 0e060002 = [01, 02] 8001001f Name([97, 0, 98, 0]) [5] 68656c6c6f \
                    80021003 Dispid(9) #2 = [01, 00, 00, 00] = [02, 00, 00, 00] 0e07101f #2 [0]  [2] 7879 \
                    40170003 [3] 736574 003784b0 [4] 70616765 <children 40100003 = [07, 00, 00, 00] <item Start \
                    <children children> Close item> children> Close item> list>";
    assert_eq!(all.join(" "), expected);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read(&single).unwrap(), all);
    for cut in 0..=bytes.len() {
        assert_eq!(read(&[&bytes[..cut], &[], &bytes[cut..]]).unwrap(), all, "cut at {cut}");
    }
}

#[test]
fn productions_end_as_soon_as_nothing_can_follow() {
    let mut decoder = Decoder::new(&GRAMMAR, 1);
    let bytes = [START.to_le_bytes(), CLOSE.to_le_bytes()].concat();
    let mut piece = bytes.as_slice();
    let mut last = None;
    while let Some(event) = decoder.next(&mut piece).unwrap() {
        last = Some(format!("{event:?}"));
    }
    assert_eq!(last.unwrap(), "End { production: 1, complete: true }");
    assert!(decoder.is_done());
    let error = decoder.next(&mut START.to_le_bytes().as_slice()).unwrap_err();
    assert_eq!(error.to_string(), "expected the end, got Start at offset 8");
}

#[test]
fn an_error_in_the_stream_gives_up_what_is_open() {
    let mut w = Writer::new(&GRAMMAR, 0);
    w.marker(START).unwrap();
    w.marker(START).unwrap();
    w.marker(FAILED).unwrap();
    w.property(0x0001_0002, None).unwrap();
    w.value(b"\0\0").unwrap();
    w.marker(START).unwrap();
    w.marker(CLOSE).unwrap();
    let all = read(&[&whole(w)]).unwrap().join(" ");
    assert_eq!(
        all,
        "<list <item Start <children <item Start !item> !children> !item> <failure Failed 00010002 = [00, 00] \
         failure> <item Start <children children> Close item> list>"
    );
}

#[test]
fn nothing_interrupts_what_has_ended() {
    let mut w = Writer::new(&GRAMMAR, 3);
    w.marker(FAILED).unwrap();
    w.property(0x0001_0002, None).unwrap();
    w.value(b"\0\0").unwrap();
    assert!(w.marker(FAILED).unwrap_err().to_string().contains("expected the end, got Failed"));
    // The root is open before its first word.
    assert!(Writer::new(&GRAMMAR, 0).marker(FAILED).is_ok());
}

#[test]
fn names_production_offset_and_what_was_expected() {
    let start = START.to_le_bytes();
    let cases: [(Vec<u8>, &str); 9] = [
        (CLOSE.to_le_bytes().to_vec(), "list: expected Start, Failed, the end, got Close at offset 0"),
        (start.to_vec(), "item: expected Start, Close, Failed, Section of 0x00000007, another property, got the end"),
        ([start.as_slice(), b"\x03"].concat(), "item: expected four bytes, got the end at offset 4"),
        (
            [start.as_slice(), &SECTION.to_le_bytes(), &[8, 0, 0, 0]].concat(),
            "expected Start, Close, Failed, Section of 0x00000007, another property, got Section at offset 8",
        ),
        ([start.as_slice(), b"\x99\0\x01\0"].concat(), "0x00010099 is of a type that streams do not have at offset 4"),
        ([start.as_slice(), b"\x02\0\x01\x80", &[0; 16], b"\x02"].concat(), "the name is neither a number nor a text"),
        ([start.as_slice(), b"\x02\0\x01\x80", &[0; 16], b"\x01", &[1; 600]].concat(), "514 is over the limit of 512"),
        (
            [start.as_slice(), b"\x1F\0\x01\0\x05\0\0\0ab"].concat(),
            "expected the rest of the value, got the end at offset 14",
        ),
        (start.repeat(4), "inside itself more than 3 times at offset 12"),
    ];
    for (bytes, message) in cases {
        let error = read(&[&bytes]).unwrap_err().to_string();
        assert!(error.contains(message), "{error}\n  is not {message}");
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&pieces).unwrap_err().to_string(), error, "cut at each byte");
    }
}

#[test]
fn claimed_sizes_cost_nothing_and_limits_hold() {
    let head = [START.to_le_bytes().as_slice(), b"\x1F\0\x01\0\xFF\xFF\xFF\xFF"].concat();
    let mut decoder = Decoder::new(&GRAMMAR, 0);
    let mut piece = head.as_slice();
    while decoder.next(&mut piece).unwrap().is_some() {}
    assert!(decoder.finish().is_err());
    let mut decoder = Decoder::new(&GRAMMAR, 0).with_limits(Limits { value: 1000, ..Limits::default() });
    let mut piece = head.as_slice();
    let error = loop {
        match decoder.next(&mut piece) {
            Ok(event) => assert!(event.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), &StreamErrorKind::TooLarge { found: u32::MAX.into(), limit: 1000 });
    assert_eq!(error.production(), "item");
    assert_eq!(error.offset(), 8);
}

#[test]
fn cuts_between_atoms_and_inside_values_only() {
    let bytes = whole(sample());
    // The bytes of values with a length, by what was written.
    let mut divisible = vec![false; bytes.len()];
    for text in [b"hello".as_slice(), b"xy", b"set", b"page"] {
        let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
        divisible[at..at + text.len()].fill(true);
    }
    for max in 1..60 {
        let mut w = sample();
        w.finish().unwrap();
        let pieces: Vec<Vec<u8>> = w.pieces(max).collect();
        // The longest atom is a name: tag, set, kind, two letters and the terminator.
        assert_eq!(w.buffered() == 0, max >= 27, "{max}");
        let mut at = 0;
        for piece in &pieces {
            assert!(!piece.is_empty() && piece.len() <= max);
            at += piece.len();
            let inside_value = at < bytes.len() && divisible[at - 1] && divisible[at];
            assert!(inside_value || boundaries().contains(&at), "{max}: cut at {at}");
        }
        assert_eq!(pieces.concat(), bytes[..at]);
        if max >= 27 {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            assert_eq!(read(&pieces).unwrap(), read(&[&bytes]).unwrap());
        }
    }
}

/// Where the atoms of the sample end.
fn boundaries() -> Vec<usize> {
    let sizes = [4, 4, 2, 27, 4, 5, 25, 4, 4, 4, 4, 4, 4, 4, 2, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4, 4];
    sizes
        .iter()
        .scan(0, |at, size| {
            *at += size;
            Some(*at)
        })
        .collect()
}

#[test]
fn refuses_to_write_what_does_not_follow_the_grammar() {
    let mut w = Writer::new(&GRAMMAR, 0);
    assert!(w.marker(CLOSE).unwrap_err().to_string().contains("expected Start, Failed, the end, got Close"));
    let mut w = Writer::new(&GRAMMAR, 0);
    w.marker(START).unwrap();
    assert!(w.clone().finish().unwrap_err().to_string().contains("got the end"));
    assert!(w.clone().property(0x0001_0099, None).is_err());
    assert!(w.clone().property(0x8001_0002, None).is_err());
    assert!(w.clone().property(0x0001_0002, name(PropertyId::Dispid(1))).is_err());
    assert!(w.clone().property(0x8001_0002, name(PropertyId::Name(b"a\0\0\0"))).is_err());
    assert!(w.clone().property(CLOSE, None).is_err());
    w.property(0x0001_001F, None).unwrap();
    assert!(w.clone().value(b"ab").is_err());
    assert!(w.clone().marker(CLOSE).is_err());
    w.length(2).unwrap();
    assert!(w.clone().chunk(b"abc").is_err());
    assert!(w.clone().finish().is_err());
    w.chunk(b"ab").unwrap();
    w.property(SECTION, None).unwrap();
    assert!(w.clone().value(b"\x08\0\0\0").is_err());
    w.value(b"\x07\0\0\0").unwrap();
}
