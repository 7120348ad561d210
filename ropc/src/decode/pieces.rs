//! Pieces of a stream as operations carry them, cut at any byte: each is read from where the one before it ended.
//!
//! Which root a stream has, no operation says. All that the bytes so far allow are followed, and the productions are
//! shown as soon as there is one; until then, and where none is left, the words alone.

use ropc::model::{Handle, Member, Rop, Stream};
use runtime::rop::INVALID_HANDLE;
use runtime::stream::{Decoder, Grammar, Production, Step, StreamError};

use super::datum::{Record, find};
use super::interpret::Interpreter;
use super::rops::Decoder as Rops;
use super::stream::Tables;
use super::tree::{Node, Value};
use super::words::{Open, Words};

/// How far the stream of an open object was read.
#[derive(Clone, Debug, Default)]
pub enum Transfer {
    /// Nothing of it yet.
    #[default]
    Fresh,
    /// What it may be.
    Begun(Vec<Candidate>),
}

/// What a stream may be, and how far it is.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// A root; `None`: any words at all.
    root: Option<u16>,
    decoder: Decoder<'static>,
    open: Open,
}

/// Stands in for the grammar between two pieces.
static NO_GRAMMAR: Grammar<'static> = Grammar {
    name: "",
    markers: &[],
    named_from: 0,
    types: &[],
    flagged: &[],
    tags: &[],
    classes: &[],
    sets: &[],
    steps: &[],
    productions: &[],
    recovery: None,
    structural: 0,
    requirements: &[],
    max_recursion: 0,
};

/// What became of a candidate in a piece.
struct Outcome {
    candidate: Candidate,
    nodes: Vec<Node>,
    /// The error, where it stands in the buffer, and where the bytes begin that no node has.
    error: Option<(StreamError, usize)>,
    rest: usize,
}

/// Shows the words of a piece as the parts of a node. Where it continues a stream whose state nobody knows, only if it
/// begins with a marker: bytes in the middle of a value look like a property too often.
pub fn piece<'p>(interpreter: &mut Interpreter<'p>, stream: &'p Stream, bytes: &[u8], node: &mut Node) {
    /// Any words at all.
    const STEPS: [Step; 4] = [Step::Test { set: 0, otherwise: 3 }, Step::Take(0), Step::Go(0), Step::Return];
    const ANY: [Production<'_>; 1] = [Production { name: "words", start: 0 }];
    if bytes.is_empty() {
        return;
    }
    let tables = Tables::new(stream);
    let grammar = tables.grammar();
    let any =
        Grammar { sets: &[u128::MAX], steps: &STEPS, productions: &ANY, recovery: None, requirements: &[], ..grammar };
    let known = interpreter.transfer.take();
    let is_known = known.is_some();
    let candidates = match known {
        Some(Transfer::Begun(candidates)) => candidates,
        Some(Transfer::Fresh) => {
            stream.roots.iter().map(|root| fresh(&grammar, Some(*root))).chain([fresh(&any, None)]).collect()
        }
        None => {
            let begins =
                bytes.first_chunk().is_some_and(|word| grammar.marker_name(u32::from_le_bytes(*word)).is_some());
            if !begins {
                return;
            }
            vec![fresh(&any, None)]
        }
    };
    let mut alive = Vec::new();
    let mut failed: Option<Outcome> = None;
    let mut words = None;
    for candidate in candidates {
        let of = if candidate.root.is_some() { &grammar } else { &any };
        let outcome = run(interpreter, stream, of, bytes, node.offset, candidate);
        if outcome.candidate.root.is_none() {
            words = Some(outcome);
        } else if outcome.error.is_none() {
            alive.push(outcome);
        } else if failed.as_ref().is_none_or(|best| place(best) < place(&outcome)) {
            failed = Some(outcome);
        }
    }
    let Some(words) = words else { return };
    if words.error.is_some() && !is_known {
        return;
    }
    let end = node.offset.saturating_add(bytes.len());
    let mut nodes = match (alive.as_slice(), failed) {
        ([one], _) => one.nodes.clone(),
        ([], Some(Outcome { error: Some((error, at)), .. })) if words.error.is_none() => {
            // No stream of the grammar: its words are shown, and where it left the grammar.
            let mut nodes = words.nodes.clone();
            let before = nodes.iter().take_while(|node| node.offset.saturating_add(node.size) <= at).count();
            let told = format!("{}: {}", error.production(), error.kind());
            nodes
                .insert(before, Node::leaf("mistake", at, 0, Value::Mistake(told.trim_start_matches(": ").to_owned())));
            nodes
        }
        _ => words.nodes.clone(),
    };
    let shown = if let [one] = alive.as_slice() { one } else { &words };
    let rest = shown.rest;
    match &words.error {
        Some((error, _)) => {
            let told = Value::Mistake(error.kind().to_string());
            nodes.push(Node::leaf("mistake", rest, end.saturating_sub(rest), told));
        }
        None if rest < end => nodes.push(Node::leaf("goes on in the next piece", rest, end - rest, Value::Bytes)),
        None => {}
    }
    if words.error.is_none() {
        let going = alive.into_iter().chain([words]).map(|outcome| outcome.candidate).collect();
        interpreter.transfer = Some(Transfer::Begun(going));
    }
    if !nodes.is_empty() {
        node.value = None;
        node.children = nodes;
    }
}

fn fresh(grammar: &Grammar<'_>, root: Option<u16>) -> Candidate {
    let decoder = Decoder::new(grammar, root.unwrap_or(0)).with_grammar(&NO_GRAMMAR);
    Candidate { root, decoder, open: Open::default() }
}

fn place(outcome: &Outcome) -> usize {
    outcome.error.as_ref().map_or(usize::MAX, |(_, at)| *at)
}

fn run<'p>(
    interpreter: &mut Interpreter<'p>,
    stream: &'p Stream,
    grammar: &Grammar<'_>,
    bytes: &[u8],
    base: usize,
    Candidate { root, decoder, open }: Candidate,
) -> Outcome {
    let mut words = Words::new(interpreter, stream, bytes, base, open);
    let mut decoder = decoder.with_grammar(grammar);
    let mut left = bytes;
    let result = loop {
        match decoder.next(&mut left) {
            Ok(Some(event)) => words.event(grammar, event),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let error = result.map(|error| {
        let at = words.place(error.offset());
        (error, at)
    });
    let rest = words.rest();
    let (nodes, open) = words.finish();
    let nodes = match (root, nodes.as_slice()) {
        // All words stand in one production, which says nothing.
        (None, [_]) => nodes.into_iter().flat_map(|node| node.children).collect(),
        _ => nodes,
    };
    Outcome { candidate: Candidate { root, decoder: decoder.with_grammar(&NO_GRAMMAR), open }, nodes, error, rest }
}

/// Where the stream of an open object is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Under the object's handle.
    Handle(u32),
    /// Under a slot of the handle table, until the reply says which handle the object got.
    Slot(u8),
}

impl<'p> Rops<'p> {
    /// Runs what reads a body, with the stream that its pieces belong to.
    pub(super) fn with_transfer<T>(&mut self, of: Option<Place>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.interpreter.transfer = of.and_then(|place| self.transfers.remove(&place));
        let result = read(self);
        if let (Some(place), Some(transfer)) = (of, self.interpreter.transfer.take()) {
            self.transfers.insert(place, transfer);
        }
        result
    }

    /// The place of the stream that pieces of a request belong to.
    pub(super) fn place_of_request(&self, rop: &Rop, request: &Record<'p>) -> Option<Place> {
        let slot = slot(rop.inputs.first()?, request)?;
        match self.table.get(usize::from(slot)) {
            Some(&INVALID_HANDLE) => Some(Place::Slot(slot)),
            found => found.copied().map(Place::Handle),
        }
    }

    /// The place of the stream that pieces of a reply belong to.
    pub(super) fn place_of_reply(&self, rop: &Rop, request: &Record<'p>, handles: &[u32]) -> Option<Place> {
        let slot = slot(rop.inputs.first()?, request)?;
        handles.get(usize::from(slot)).copied().filter(|handle| *handle != INVALID_HANDLE).map(Place::Handle)
    }

    /// A request will open an object in a slot.
    pub(super) fn will_open(&mut self, rop: &Rop, request: &Record<'p>) {
        if let Some(slot) = rop.output.as_ref().and_then(|output| slot(output, request)) {
            self.transfers.insert(Place::Slot(slot), Transfer::Fresh);
        }
    }

    /// Takes note of a reply: an object that was opened has a stream of which nothing was read but what the batch
    /// itself brought; of an upload that failed nobody knows how far it is.
    pub(super) fn answered_transfer(&mut self, rop: &Rop, request: &Record<'p>, handles: &[u32], success: bool) {
        if success && let Some(slot) = rop.output.as_ref().and_then(|output| slot(output, request)) {
            let transfer = self.transfers.remove(&Place::Slot(slot)).unwrap_or_default();
            if let Some(handle) = handles.get(usize::from(slot)) {
                self.transfers.insert(Place::Handle(*handle), transfer);
            }
        }
        let uploads = |member: &Member| matches!(member, Member::Field(field) if field.piece.is_some());
        if !success
            && rop.request.body.iter().any(uploads)
            && let Some(place) = self.place_of_reply(rop, request, handles)
        {
            self.transfers.remove(&place);
        }
    }
}

/// The slot of the handle table that a request names.
fn slot(of: &Handle, request: &Record<'_>) -> Option<u8> {
    find(request, &of.index_field).and_then(|index| u8::try_from(index.wide()).ok())
}
