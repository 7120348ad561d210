//! Streams: the tables of a checked grammar, run by the automaton that generated code has, too.

use ropc::model::{self, Stream, Text, Type, TypeId, TypeKind};
use runtime::Cursor;
use runtime::stream::{
    Class, Decoder, Event, Grammar, Production, Property, PropertyId, Recovery, Step, StreamError, StreamErrorKind,
    TagRule, Wire,
};

use super::interpret::Interpreter;
use super::primitive::primitive;
use super::tree::{Fault, Node, Value};

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
struct Tables<'p> {
    stream: &'p Stream,
    markers: Vec<(u32, &'p str)>,
    types: Vec<(u16, Wire)>,
    flagged: Vec<(u16, Wire)>,
    tags: Vec<TagRule>,
    classes: Vec<Class<'p>>,
    steps: Vec<Step>,
    productions: Vec<Production<'p>>,
}

impl<'p> Tables<'p> {
    fn new(stream: &'p Stream) -> Self {
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
        }
    }

    fn grammar(&self) -> Grammar<'_> {
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
            max_recursion: stream.max_recursion,
        }
    }
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

/// The tree of a stream while it is read.
struct Tree<'t, 'p> {
    interpreter: &'t mut Interpreter<'p>,
    stream: &'p Stream,
    bytes: &'t [u8],
    /// Where the bytes stand in their buffer.
    base: usize,
    /// Productions that are open; the first is what they all stand in.
    open: Vec<Node>,
    property: Option<Node>,
    tag: u32,
    /// Elements of the list so far; `None` where the value is no list.
    elements: Option<usize>,
    /// The length of the value that is being read.
    length: usize,
    /// The type of tags.
    tags: Option<TypeId>,
    /// Where the last leaf ended.
    at: usize,
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
    let mut tree = Tree::new(interpreter, stream, bytes, base);
    let mut decoder = Decoder::new(&grammar, root);
    let result = events(&mut decoder, bytes, |event| tree.event(&grammar, event));
    tree.close_all();
    node.children.extend(tree.open.pop().into_iter().flat_map(|root| root.children));
    result.map_err(|error| Fault {
        path: error.production().to_owned(),
        offset: base.saturating_add(usize::try_from(error.offset()).unwrap_or(usize::MAX)),
        size: 1,
        message: error.kind().to_string(),
        missing_context: false,
        window: None,
    })
}

/// Shows the words of a piece as the parts of a node, if it begins with a marker: bytes in the middle of a value look
/// like a property too often.
pub fn piece<'p>(interpreter: &mut Interpreter<'p>, stream: &'p Stream, bytes: &[u8], node: &mut Node) {
    /// Any words at all.
    const STEPS: [Step; 4] = [Step::Test { set: 0, otherwise: 3 }, Step::Take(0), Step::Go(0), Step::Return];
    const ANY: [Production<'_>; 1] = [Production { name: "words", start: 0 }];
    let tables = Tables::new(stream);
    let begins = Cursor::new(bytes).u32().is_ok_and(|word| tables.grammar().marker_name(word).is_some());
    if !begins {
        return;
    }
    let any = Grammar { sets: &[u128::MAX], steps: &STEPS, productions: &ANY, recovery: None, ..tables.grammar() };
    let mut tree = Tree::new(interpreter, stream, bytes, node.offset);
    let result = events(&mut Decoder::new(&any, 0), bytes, |event| tree.event(&any, event));
    let is_cut = match &result {
        Ok(()) => false,
        Err(error) if matches!(error.kind(), StreamErrorKind::Truncated { .. }) => true,
        Err(_) => return,
    };
    tree.close_all();
    let left = bytes.len().saturating_sub(tree.at.saturating_sub(node.offset));
    let mut words: Vec<Node> = tree.open.pop().into_iter().flat_map(|root| root.children).collect();
    if let [one] = words.as_mut_slice() {
        words = std::mem::take(&mut one.children);
    }
    if words.is_empty() {
        return;
    }
    if is_cut && left > 0 {
        words.push(Node::leaf("goes on in the next piece", tree.at, left, Value::Bytes));
    }
    node.value = None;
    node.children = words;
}

fn events(decoder: &mut Decoder<'_>, bytes: &[u8], mut on: impl FnMut(Event<'_>)) -> Result<(), StreamError> {
    let mut rest = bytes;
    while let Some(event) = decoder.next(&mut rest)? {
        on(event);
    }
    while let Some(event) = decoder.finish()? {
        on(event);
    }
    Ok(())
}

impl<'t, 'p> Tree<'t, 'p> {
    fn new(interpreter: &'t mut Interpreter<'p>, stream: &'p Stream, bytes: &'t [u8], base: usize) -> Self {
        let tags = interpreter.program.types.iter().position(|def| def.name == "PropertyTag").map(TypeId);
        Self {
            interpreter,
            stream,
            bytes,
            base,
            open: vec![Node::new("", base)],
            property: None,
            tag: 0,
            elements: None,
            length: 0,
            tags,
            at: base,
        }
    }

    fn event(&mut self, grammar: &Grammar<'_>, event: Event<'_>) {
        match event {
            Event::Begin(production) => self.open.push(Node::new(grammar.production_name(production), self.at)),
            Event::End { complete, .. } => self.close(complete),
            Event::Marker(marker) => {
                let names = grammar.marker_name(marker).into_iter().map(str::to_owned).collect();
                self.leaf("marker", 4, Value::Named { value: marker.into(), size: 4, names });
            }
            Event::Property(property) => self.begin(property),
            Event::Value(value) => {
                let (name, size) = (self.element(), value.len());
                let node = self.fixed(name, size);
                self.put(node);
            }
            Event::Count(count) => {
                self.leaf("Count", 4, Value::Number(count.into(), 4));
                self.elements = Some(0);
            }
            Event::Length(length) => {
                self.leaf("Length", 4, Value::Number(length.into(), 4));
                self.length = usize::try_from(length).unwrap_or(usize::MAX);
                if length == 0 {
                    let name = self.element();
                    let node = self.variable(name, 0);
                    self.put(node);
                }
            }
            // All bytes are here: a value is one chunk, or cut off.
            Event::Chunk { left: 0, .. } => {
                let name = self.element();
                let node = self.variable(name, self.length);
                self.put(node);
            }
            Event::Chunk { .. } => {}
            Event::EndProperty => self.end_property(),
        }
    }

    /// `Value`, or `[3]` in a list.
    fn element(&mut self) -> String {
        match &mut self.elements {
            Some(index) => {
                *index += 1;
                format!("[{}]", *index - 1)
            }
            None => "Value".to_owned(),
        }
    }

    fn leaf(&mut self, name: &str, size: usize, value: Value) {
        let node = Node::leaf(name, self.at, size, value);
        self.put(node);
    }

    /// Puts a node into what is open.
    fn put(&mut self, node: Node) {
        self.at = node.offset.saturating_add(node.size);
        match (&mut self.property, self.open.last_mut()) {
            (Some(property), _) => property.children.push(node),
            (None, Some(open)) => open.children.push(node),
            (None, None) => {}
        }
    }

    fn begin(&mut self, property: Property<'_>) {
        self.tag = property.tag;
        self.elements = None;
        let names = self.tags.map(|id| self.interpreter.names.of(id, property.tag.into())).unwrap_or_default();
        self.property = Some(Node::new("property", self.at));
        self.leaf("PropertyTag", 4, Value::Named { value: property.tag.into(), size: 4, names });
        let Some(name) = property.name else { return };
        let set = self.interpreter.names.guid(name.set.0);
        self.leaf("PropertySet", 16, set);
        let kind = i128::from(matches!(name.id, PropertyId::Name(_)));
        self.leaf("Kind", 1, Value::Number(kind, 1));
        match name.id {
            PropertyId::Dispid(number) => self.leaf("Dispid", 4, Value::Number(number.into(), 4)),
            PropertyId::Name(text) => self.leaf("Name", text.len() + 2, Value::Text(utf16(text))),
        }
    }

    fn end_property(&mut self) {
        if let Some(mut property) = self.property.take() {
            property.size = self.at.saturating_sub(property.offset);
            self.put(property);
        }
    }

    /// Closes a production: it begins with its first part.
    fn close(&mut self, complete: bool) {
        let Some(mut node) = self.open.pop() else { return };
        node.offset = node.children.first().map_or(self.at, |child| child.offset);
        node.size = self.at.saturating_sub(node.offset);
        node.note = (!complete).then(|| "incomplete".to_owned());
        if let Some(outer) = self.open.last_mut() {
            outer.children.push(node);
        }
    }

    /// After a mistake: what was read stays where it is.
    fn close_all(&mut self) {
        self.end_property();
        while self.open.len() > 1 {
            self.close(true);
        }
    }

    fn part(&self, size: usize) -> &[u8] {
        let start = self.at.saturating_sub(self.base);
        self.bytes.get(start..start.saturating_add(size)).unwrap_or_default()
    }

    /// The type that the description gives the values of this tag.
    fn described(&self) -> Option<TypeId> {
        self.stream.values.iter().find(|(tag, _)| *tag == self.tag).map(|(_, id)| *id)
    }

    /// The type of the property's values.
    fn ty(&self) -> Option<&Type> {
        let number = self.tag & 0xFFFF;
        self.stream.types.iter().find(|ty| u32::from(ty.number) == number).map(|ty| &ty.ty)
    }

    fn fixed(&self, name: String, size: usize) -> Node {
        let mut c = Cursor::at_offset(self.part(size), self.at);
        let mut node = Node::leaf(name, self.at, size, Value::Bytes);
        // A mistake in the value is none of the stream.
        if let Some(id) = self.described() {
            _ = self.interpreter.number(&mut c, id, &mut node);
            return node;
        }
        match self.ty() {
            Some(Type::Named(id, _)) => _ = self.interpreter.number(&mut c, *id, &mut node),
            Some(ty) => {
                if let Ok((value, _)) = primitive(&mut c, ty, &self.interpreter.names) {
                    node.value = Some(value);
                }
            }
            None => {}
        }
        node
    }

    fn variable(&mut self, name: String, size: usize) -> Node {
        let mut node = Node::leaf(name, self.at, size, Value::Bytes);
        let program = self.interpreter.program;
        if let Some(TypeKind::Struct(def)) = self.described().map(|id| &program.ty(id).kind) {
            let start = self.at.saturating_sub(self.base);
            let bytes = self.bytes.get(start..start.saturating_add(size)).unwrap_or_default();
            let mut c = Cursor::at_offset(bytes, self.at);
            let mut inner = Node { value: None, ..node.clone() };
            // Bytes that are no such structure are shown as bytes: the stream is none the worse for them.
            if self.interpreter.body(&mut c, def, Vec::new(), &mut inner).is_ok() && c.is_empty() {
                return inner;
            }
            return node;
        }
        let text = self.part(size);
        node.value = Some(match self.ty() {
            Some(Type::Text(Text::Utf16Nul)) => Value::Text(utf16(text.strip_suffix(&[0, 0]).unwrap_or(text))),
            Some(Type::Text(Text::String8Nul)) => {
                let text = text.strip_suffix(&[0]).unwrap_or(text);
                Value::Text(runtime::String8::new(text).decode(1252).into_owned())
            }
            _ => Value::Bytes,
        });
        node
    }
}

fn utf16(bytes: &[u8]) -> String {
    runtime::Utf16::from_wire(bytes).to_text().into_owned()
}
