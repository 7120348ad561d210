//! Streams at random, by walking their grammars, and what has to hold for them however they are cut.

use runtime::stream::machine::{Move, Next};
use runtime::stream::typed::Stream;
use runtime::stream::{
    Decoder, Event, Grammar, Machine, Property, PropertyId, PropertyName, StreamError, Wire, Writer, grammar,
};
use runtime::{Cursor, Encoder, PackError};

use crate::attacks;
use crate::choices::{Choices, Noise};
use crate::fuzz::coverage;
use crate::oracles::{Broken, broken, property};

/// Words of a stream before it takes the shortest way to its end.
const WORDS: usize = 30;
/// Streams that do not end by then are of no use.
const MOST_WORDS: usize = 3000;

/// An event without what it borrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    /// A production begins.
    Begin(u16),
    /// A production ends, complete or not.
    End(u16, bool),
    /// A marker.
    Marker(u32),
    /// Tag, set and name of a property.
    Property(u32, Option<(runtime::Guid, Name)>),
    /// A value of fixed size.
    Value(Vec<u8>),
    /// The number of elements.
    Count(u32),
    /// A value with a length, all of it.
    Bytes(u32, Vec<u8>),
}

/// The name of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A number.
    Dispid(u32),
    /// A text.
    Text(Vec<u8>),
}

/// Reads pieces; chunks of one value are one, however it was cut.
///
/// # Errors
/// What the decoder says.
pub fn read(grammar: &Grammar<'_>, root: u16, pieces: &[&[u8]]) -> Result<Vec<Owned>, StreamError> {
    let mut decoder = Decoder::new(grammar, root);
    let mut all = Vec::new();
    for piece in pieces {
        let mut piece = *piece;
        while let Some(event) = decoder.next(&mut piece)? {
            note(&mut all, event);
        }
        assert!(piece.is_empty(), "a piece is used up");
    }
    while let Some(event) = decoder.finish()? {
        note(&mut all, event);
    }
    assert!(decoder.is_done());
    Ok(all)
}

fn note(all: &mut Vec<Owned>, event: Event<'_>) {
    all.push(match event {
        Event::Begin(production) => Owned::Begin(production),
        Event::End { production, complete } => Owned::End(production, complete),
        Event::Marker(marker) => Owned::Marker(marker),
        Event::Property(Property { tag, name, .. }) => {
            Owned::Property(tag, name.map(|name| (name.set, owned(name.id))))
        }
        Event::Value(value) => Owned::Value(value.to_vec()),
        Event::Count(count) => Owned::Count(count),
        Event::Length(length) => Owned::Bytes(length, Vec::new()),
        Event::Chunk { bytes, left } => {
            assert!(!bytes.is_empty());
            match all.last_mut() {
                Some(Owned::Bytes(length, value)) => {
                    value.extend_from_slice(bytes);
                    assert_eq!(*length as usize, value.len() + left as usize);
                }
                other => panic!("a chunk after {other:?}"),
            }
            return;
        }
        Event::EndProperty => return,
    });
}

fn owned(id: PropertyId<'_>) -> Name {
    match id {
        PropertyId::Dispid(number) => Name::Dispid(number),
        PropertyId::Name(text) => Name::Text(text.to_vec()),
    }
}

/// A stream at random: what was written, in its order, and the writer with its bytes.
///
/// # Panics
/// When it does not come to an end.
pub fn sample(grammar: &'static Grammar<'static>, root: u16, g: &mut Choices) -> (Vec<Owned>, Writer<'static>) {
    let mut writer = Writer::new(grammar, root).lenient();
    let mut written = Vec::new();
    let mut noise = g.mutations();
    for count in 0..MOST_WORDS {
        let (set, end) = writer.machine().expected();
        if end && (count >= WORDS || set == 0 || g.pick(4) == 0) {
            break;
        }
        let words: Vec<usize> = (0..128).filter(|word| grammar::has(set, *word)).collect();
        let word = if count < WORDS { *g.one_of(&words) } else { shortest(&writer, &words, &mut noise) };
        write(grammar, &mut writer, word, g, &mut written);
    }
    if let Err(error) = writer.finish() {
        panic!("a stream without an end: {error}");
    }
    (written, writer)
}

/// The word that leaves the fewest productions open, and the fewest of their properties to come; one of several at
/// random.
fn shortest(writer: &Writer<'_>, words: &[usize], noise: &mut Noise) -> usize {
    let depth = |word: usize| {
        let mut machine: Machine<'_> = writer.machine().clone();
        machine.check(word).unwrap();
        while machine.advance(Next::Word(word)).unwrap() != Move::Took {}
        // What ends with the word is not open any more.
        while !matches!(machine.advance(Next::Unknown).unwrap(), Move::Waits | Move::Done) {}
        (machine.depth(), machine.missing())
    };
    let depths: Vec<(usize, usize)> = words.iter().map(|word| depth(*word)).collect();
    let least = depths.iter().min().unwrap();
    let best: Vec<usize> = words.iter().zip(&depths).filter(|(_, d)| *d == least).map(|(word, _)| *word).collect();
    best[noise.number() as usize % best.len()]
}

fn write(grammar: &Grammar<'_>, writer: &mut Writer<'_>, word: usize, g: &mut Choices, written: &mut Vec<Owned>) {
    if let Some((marker, _)) = grammar.markers.get(word) {
        writer.marker(*marker).unwrap();
        written.push(Owned::Marker(*marker));
        return;
    }
    let class = grammar.classes.get(word - grammar.markers.len());
    let tag = class.map_or_else(|| other_tag(grammar, g), |class| class.tag);
    let named = tag >> 16 >= u32::from(grammar.named_from);
    let text = packed(|e| g.utf16(30).pack_nul(e));
    let text = text[..text.len() - 2].to_vec();
    let name = named.then(|| {
        let id = if g.bool() { Name::Dispid(g.u32()) } else { Name::Text(text) };
        (g.guid(), id)
    });
    let borrowed = name.as_ref().map(|(set, id)| PropertyName {
        set: *set,
        id: match id {
            Name::Dispid(number) => PropertyId::Dispid(*number),
            Name::Text(text) => PropertyId::Name(text),
        },
    });
    writer.property(tag, borrowed).unwrap();
    written.push(Owned::Property(tag, name));
    // The value of a word that is one property of one value; any other where its values are words of their own.
    let of_tag = || grammar.classes.iter().filter(|other| Some(other.tag) == class.map(|class| class.tag));
    let value = class.and_then(|class| class.value);
    let mut fixed = |writer: &mut Writer<'_>, size: u8, g: &mut Choices| {
        let mut bytes = g.blob_of(size.into()).into_owned();
        if let (Some(value), 4) = (value, size) {
            bytes = packed(|e| e.u32(value));
        } else if size == 4 && of_tag().any(|other| other.value == Cursor::new(&bytes).u32().ok()) {
            bytes = vec![0xFF; 4];
        }
        writer.value(&bytes).unwrap();
        written.push(Owned::Value(bytes));
    };
    let variable = |writer: &mut Writer<'_>, g: &mut Choices| {
        let bytes = g.blob(300).into_owned();
        let length = u32::try_from(bytes.len()).unwrap();
        writer.length(length).unwrap();
        let cut = g.pick(bytes.len() + 1);
        writer.chunk_if_any(&bytes[..cut]);
        writer.chunk_if_any(&bytes[cut..]);
        Owned::Bytes(length, bytes)
    };
    match grammar.wire(tag).unwrap() {
        Wire::Fixed(size) => fixed(writer, size, g),
        Wire::Variable => {
            let value = variable(writer, g);
            written.push(value);
        }
        wire => {
            let count = g.len(5);
            writer.count(count as u32).unwrap();
            written.push(Owned::Count(count as u32));
            for _ in 0..count {
                if let Wire::FixedList(size) = wire {
                    let bytes = g.blob_of(size.into()).into_owned();
                    writer.value(&bytes).unwrap();
                    written.push(Owned::Value(bytes));
                } else {
                    let value = variable(writer, g);
                    written.push(value);
                }
            }
        }
    }
}

fn packed(write: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Vec<u8> {
    let mut e = Encoder::new();
    write(&mut e).unwrap();
    e.finish().to_vec()
}

/// A property that no production names.
fn other_tag(grammar: &Grammar<'_>, g: &mut Choices) -> u32 {
    loop {
        let ty = if g.pick(8) == 7 && !grammar.flagged.is_empty() {
            g.one_of(grammar.flagged).0 | g.u16()
        } else {
            g.one_of(grammar.types).0
        };
        // Simple choices are a simple property.
        let id = g.u16().max(1);
        let tag = u32::from(id) << 16 | u32::from(ty);
        let is_class = grammar.classes.iter().any(|class| class.tag == tag);
        let is_rule = grammar.tags.iter().any(|rule| rule.tag == tag);
        if !is_class && !is_rule && grammar.marker_name(tag).is_none() {
            return tag;
        }
    }
}

/// An empty chunk is none.
trait ChunkIfAny {
    fn chunk_if_any(&mut self, bytes: &[u8]);
}

impl ChunkIfAny for Writer<'_> {
    fn chunk_if_any(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.chunk(bytes).unwrap();
        }
    }
}

/// What has to hold for a stream, from each of its roots, as a test.
///
/// # Panics
/// With the smallest choices for which it does not hold.
pub fn holds<S: Stream>() {
    for root in S::ROOTS {
        let root = S::root(*root);
        property(|g| check(S::GRAMMAR, root, g));
    }
}

fn check(grammar: &'static Grammar<'static>, root: u16, g: &mut Choices) -> Result<(), Broken> {
    let (written, writer) = sample(grammar, root, g);
    let bytes = writer.clone().take(usize::MAX).unwrap_or_default();
    let all = read(grammar, root, &[&bytes]).unwrap();
    let words: Vec<Owned> =
        all.iter().filter(|event| !matches!(event, Owned::Begin(_) | Owned::End(..))).cloned().collect();
    assert_eq!(words, written, "what was written is read");
    nested(&all);

    let mut noise = g.mutations();
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read(grammar, root, &single).unwrap(), all, "cut at each byte");
    let mut pieces = Vec::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + noise.number() as usize % rest.len().min(40));
        pieces.push(piece);
        rest = after;
    }
    assert_eq!(read(grammar, root, &pieces).unwrap(), all, "cut at random");

    // The longest atom here: a tag, a set, a kind, and a text of 30 units with its terminator.
    let max = 83 + noise.number() as usize % 200;
    let mut cut = writer;
    let pieces: Vec<Vec<u8>> = cut.pieces(max).collect();
    assert_eq!(cut.buffered(), 0, "atoms fit");
    assert_eq!(pieces.concat(), bytes);
    let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
    assert!(pieces.iter().all(|piece| piece.len() <= max));
    assert_eq!(read(grammar, root, &pieces).unwrap(), all, "cut by the writer");

    attacks::each("", &bytes, g, &|changed| {
        let single: Vec<&[u8]> = changed.chunks(1).collect();
        let whole = read(grammar, root, &[changed]);
        match &whole {
            Ok(events) => events.iter().for_each(note_event),
            Err(error) => coverage::word(&format!("{error:?}").replace(|c: char| c.is_ascii_digit(), ""), 0),
        }
        if whole == read(grammar, root, &single) {
            return Ok(());
        }
        Err(broken("changed bytes are read alike however they are cut", changed, format_args!("{whole:?}")))
    })
}

/// What fuzzing is guided by: productions and markers, and properties by their types.
fn note_event(event: &Owned) {
    match event {
        Owned::Begin(production) => coverage::word("begin", u64::from(*production)),
        Owned::End(production, complete) => coverage::word("end", u64::from(*production) << 1 | u64::from(*complete)),
        Owned::Marker(marker) => coverage::word("marker", u64::from(*marker)),
        Owned::Property(tag, name) => {
            coverage::word("property", u64::from(tag & 0xFFFF) << 1 | u64::from(name.is_some()))
        }
        Owned::Value(_) => {}
        Owned::Count(count) => coverage::word("count", u64::from(u32::BITS - count.leading_zeros())),
        Owned::Bytes(length, _) => coverage::word("length", u64::from(u32::BITS - length.leading_zeros())),
    }
}

/// Productions end in the reverse order of their beginnings.
fn nested(all: &[Owned]) {
    let mut open = Vec::new();
    for event in all {
        match event {
            Owned::Begin(production) => open.push(*production),
            Owned::End(production, _) => assert_eq!(open.pop(), Some(*production)),
            _ => assert!(!open.is_empty(), "{event:?} outside"),
        }
    }
    assert!(open.is_empty());
}
