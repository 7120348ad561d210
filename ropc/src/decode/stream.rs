//! Streams: the tables of a checked grammar, run by the automaton that generated code has, too.

use ropc::ast::StreamRule;
use ropc::model::{self, Stream};
use runtime::Cursor;
use runtime::stream::{
    Class, Decoder, Grammar, Production, Recovery, Requirement, Rule, Step, StreamError, TagRule, Wire,
};

use super::interpret::Interpreter;
use super::tree::{Fault, Node};
use super::words::{Open, Words};

/// The root that a text names: `root=contentsSync`.
///
/// # Errors
/// When it is no root; the text names those that there are.
pub fn root(stream: &Stream, text: &str) -> Result<u16, String> {
    let names = || stream.roots.iter().filter_map(|root| Some((*root, stream.productions.get(usize::from(*root))?)));
    let found = text.split_once('=').filter(|(name, _)| name.trim() == "root");
    let found = found.and_then(|(_, value)| names().find(|(_, production)| production.name == value.trim()));
    found.map(|(root, _)| root).ok_or_else(|| {
        let known: Vec<&str> = names().map(|(_, production)| production.name.as_str()).collect();
        format!("`{text}` is not `root=` and one of {}", known.join(", "))
    })
}

/// The tables of a grammar, as the runtime has them.
pub struct Tables<'p> {
    stream: &'p Stream,
    markers: Vec<(u32, &'p str)>,
    types: Vec<(u16, Wire)>,
    flagged: Vec<(u16, Wire)>,
    tags: Vec<TagRule>,
    classes: Vec<Class<'p>>,
    steps: Vec<Step>,
    productions: Vec<Production<'p>>,
    requirements: Vec<Requirement<'p>>,
}

impl<'p> Tables<'p> {
    /// The tables of a stream.
    pub fn new(stream: &'p Stream) -> Self {
        let rule = |rule: &model::TagRule| TagRule { tag: rule.tag, of: rule.of, wire: wire(rule.wire) };
        let class = |class: &'p model::Class| Class { tag: class.tag, value: class.value, name: &class.name };
        let production = |of: &'p model::Production| Production { name: &of.name, start: of.start };
        Self {
            stream,
            markers: stream.markers.iter().map(|(value, name)| (*value, name.as_str())).collect(),
            types: stream.types.iter().map(|ty| (ty.number, wire(ty.wire))).collect(),
            flagged: stream.flagged.iter().map(|(mask, of)| (*mask, wire(*of))).collect(),
            tags: stream.tags.iter().map(rule).collect(),
            classes: stream.classes.iter().map(class).collect(),
            steps: stream.steps.iter().map(|of| step(*of)).collect(),
            productions: stream.productions.iter().map(production).collect(),
            requirements: stream.requirements.iter().map(requirement).collect(),
        }
    }

    /// What the automaton borrows.
    pub fn grammar(&self) -> Grammar<'_> {
        let stream = self.stream;
        Grammar {
            name: &stream.name,
            markers: &self.markers,
            named_from: stream.named_from,
            types: &self.types,
            flagged: &self.flagged,
            tags: &self.tags,
            classes: &self.classes,
            sets: &stream.sets,
            steps: &self.steps,
            productions: &self.productions,
            recovery: stream.recovery.as_ref().map(|recovery| Recovery {
                production: recovery.production,
                first: recovery.first,
                within: &recovery.within,
            }),
            structural: stream.structural,
            requirements: &self.requirements,
            max_recursion: stream.max_recursion,
        }
    }
}

fn requirement(of: &model::Required) -> Requirement<'_> {
    let rule = match of.rule {
        StreamRule::Has => Rule::Has,
        StreamRule::Leads => Rule::Leads,
        StreamRule::Lacks => Rule::Lacks,
    };
    Requirement { production: of.production, rule, words: &of.words, roots: &of.roots, lenient: of.lenient }
}

fn wire(of: model::Wire) -> Wire {
    match of {
        model::Wire::Fixed(size) => Wire::Fixed(size),
        model::Wire::Variable => Wire::Variable,
        model::Wire::FixedList(size) => Wire::FixedList(size),
        model::Wire::VariableList => Wire::VariableList,
    }
}

fn step(of: model::Step) -> Step {
    match of {
        model::Step::Take(set) => Step::Take(set),
        model::Step::Test(set, otherwise) => Step::Test { set, otherwise },
        model::Step::Go(to) => Step::Go(to),
        model::Step::Call(production) => Step::Call(production),
        model::Step::Return => Step::Return,
    }
}

/// Reads a stream to the end of its buffer. What was read before a mistake is in the tree.
///
/// # Errors
/// When it is no such stream.
pub fn read<'p>(
    interpreter: &mut Interpreter<'p>,
    stream: &'p Stream,
    root: u16,
    c: &mut Cursor<'_>,
    node: &mut Node,
) -> Result<(), Fault> {
    let tables = Tables::new(stream);
    let grammar = tables.grammar();
    let base = c.offset();
    let bytes = c.take_rest();
    let mut words = Words::new(interpreter, stream, bytes, base, Open::default());
    let result = all(&mut Decoder::new(&grammar, root), bytes, &grammar, &mut words);
    let (nodes, _) = words.finish();
    node.children.extend(nodes);
    result.map_err(|error| Fault {
        path: error.production().to_owned(),
        offset: base.saturating_add(usize::try_from(error.offset()).unwrap_or(usize::MAX)),
        size: 1,
        message: error.kind().to_string(),
        missing_context: false,
        window: None,
    })
}

fn all(
    decoder: &mut Decoder<'_>,
    bytes: &[u8],
    grammar: &Grammar<'_>,
    words: &mut Words<'_, '_>,
) -> Result<(), StreamError> {
    let mut rest = bytes;
    while let Some(event) = decoder.next(&mut rest)? {
        words.event(grammar, event);
    }
    while let Some(event) = decoder.finish()? {
        words.event(grammar, event);
    }
    Ok(())
}
