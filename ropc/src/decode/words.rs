//! The words of a stream, or of a piece of one, as a tree.

use ropc::model::{NamedId, Stream, Text, Type, TypeId, TypeKind};
use runtime::Cursor;
use runtime::stream::{Event, Grammar, Property, PropertyId};

use super::interpret::Interpreter;
use super::primitive::primitive;
use super::tree::{Node, Value};

/// What is open between two pieces of a stream.
#[derive(Clone, Debug, Default)]
pub struct Open {
    /// Names of productions, outermost first.
    productions: Vec<String>,
    in_property: bool,
    tag: u32,
    /// The named property that it is.
    name: Option<String>,
    /// Elements of the list so far; `None` where the value is no list.
    elements: Option<usize>,
    /// The length of the value that is being read.
    length: usize,
    /// Bytes of the stream before the first that no node has.
    at: u64,
    /// Bytes of the stream before the next piece.
    end: u64,
}

/// The tree of a piece while it is read.
pub struct Words<'t, 'p> {
    interpreter: &'t mut Interpreter<'p>,
    stream: &'p Stream,
    bytes: &'t [u8],
    /// Where the bytes stand in their buffer.
    base: usize,
    /// Bytes of the stream before this piece.
    start: u64,
    /// Productions that are open; the first is what they all stand in.
    nodes: Vec<Node>,
    property: Option<Node>,
    open: Open,
    /// The type of tags.
    tags: Option<TypeId>,
}

/// What nodes are called that an earlier piece began.
const CONTINUED: &str = "continued";

impl<'t, 'p> Words<'t, 'p> {
    /// Before the first word of a piece, with what those before it left open.
    pub fn new(
        interpreter: &'t mut Interpreter<'p>,
        stream: &'p Stream,
        bytes: &'t [u8],
        base: usize,
        open: Open,
    ) -> Self {
        let tags = interpreter.program.types.iter().position(|def| def.name == "PropertyTag").map(TypeId);
        let continued = |name: &str, note: String| Node { note: Some(note), ..Node::new(name, base) };
        let productions = open.productions.iter().map(|name| continued(name, CONTINUED.to_owned()));
        let nodes = std::iter::once(Node::new("", base)).chain(productions).collect();
        let property = open.in_property.then(|| {
            let name = open.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
            continued("property", name + CONTINUED)
        });
        Self { interpreter, stream, bytes, base, start: open.end, nodes, property, open, tags }
    }

    /// The nodes of the piece, and what is open behind it. Bytes that are no node's yet are one of their own.
    pub fn finish(mut self) -> (Vec<Node>, Open) {
        let mut open = self.open.clone();
        open.productions = self.nodes.iter().skip(1).map(|node| node.name.clone()).collect();
        open.in_property = self.property.is_some();
        open.end = self.start.saturating_add(self.bytes.len() as u64);
        self.end_property();
        while self.nodes.len() > 1 {
            self.close(true);
        }
        (self.nodes.pop().map(|node| node.children).unwrap_or_default(), open)
    }

    /// Where the first byte stands that no node has.
    pub fn rest(&self) -> usize {
        self.place(self.open.at)
    }

    /// A place in the stream as one in the buffer, within the piece.
    pub fn place(&self, at: u64) -> usize {
        let into = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.base.saturating_add(into.min(self.bytes.len()))
    }

    /// Takes the next event.
    pub fn event(&mut self, grammar: &Grammar<'_>, event: Event<'_>) {
        match event {
            Event::Begin(production) => {
                let node = Node::new(grammar.production_name(production), self.rest());
                self.nodes.push(node);
            }
            Event::End { complete, .. } => self.close(complete),
            Event::Marker(marker) => {
                let names = grammar.marker_name(marker).into_iter().map(str::to_owned).collect();
                self.leaf("marker", 4, Value::Named { value: marker.into(), size: 4, names });
            }
            Event::Property(property) => self.begin(property),
            Event::Value(value) => {
                let meaning = self.fixed(value);
                let name = self.element();
                self.leaf(&name, value.len(), meaning);
            }
            Event::Count(count) => {
                self.leaf("Count", 4, Value::Number(count.into(), 4));
                self.open.elements = Some(0);
            }
            Event::Length(length) => {
                self.leaf("Length", 4, Value::Number(length.into(), 4));
                self.open.length = usize::try_from(length).unwrap_or(usize::MAX);
                if length == 0 {
                    self.variable();
                }
            }
            Event::Chunk { left: 0, .. } => self.variable(),
            // Shown when the rest of it is there, or as what goes on.
            Event::Chunk { .. } => {}
            Event::EndProperty => self.end_property(),
        }
    }

    /// `Value`, or `[3]` in a list.
    fn element(&mut self) -> String {
        match &mut self.open.elements {
            Some(index) => {
                *index += 1;
                format!("[{}]", *index - 1)
            }
            None => "Value".to_owned(),
        }
    }

    /// A leaf of so many bytes of the stream, those of them that are here.
    fn leaf(&mut self, name: &str, size: usize, value: Value) {
        let from = self.rest();
        let begun = self.open.at < self.start;
        self.open.at = self.open.at.saturating_add(size as u64);
        let mut node = Node::leaf(name, from, self.rest().saturating_sub(from), value);
        node.note = begun.then(|| CONTINUED.to_owned());
        self.put(node);
    }

    /// Puts a node into what is open.
    fn put(&mut self, node: Node) {
        match (&mut self.property, self.nodes.last_mut()) {
            (Some(property), _) => property.children.push(node),
            (None, Some(open)) => open.children.push(node),
            (None, None) => {}
        }
    }

    fn begin(&mut self, property: Property<'_>) {
        self.open.tag = property.tag;
        self.open.elements = None;
        self.open.name = property.name.and_then(|name| {
            let id = match name.id {
                PropertyId::Dispid(number) => NamedId::Lid(number),
                PropertyId::Name(text) => NamedId::Name(utf16(text)),
            };
            self.interpreter.names.named_property(name.set.to_string(), id)
        });
        let names = self.tags.map(|id| self.interpreter.names.of(id, property.tag.into())).unwrap_or_default();
        self.property = Some(Node { note: self.open.name.clone(), ..Node::new("property", self.rest()) });
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
        if let Some(property) = self.property.take() {
            self.add(property);
        }
    }

    fn close(&mut self, complete: bool) {
        let Some(mut node) = self.nodes.pop() else { return };
        if !complete {
            node.note = Some("incomplete".to_owned());
        }
        self.add(node);
    }

    /// Puts a node with parts into what is open: it begins with its first part. One of an earlier piece that has
    /// nothing here is left out.
    fn add(&mut self, mut node: Node) {
        if node.children.is_empty() && node.note.as_deref().is_some_and(|note| note.ends_with(CONTINUED)) {
            return;
        }
        let rest = self.rest();
        node.offset = node.children.first().map_or(rest, |child| child.offset);
        node.size = rest.saturating_sub(node.offset);
        self.put(node);
    }

    /// The type that the description gives the values of this tag.
    fn described(&self) -> Option<TypeId> {
        let open = self.nodes.last().map(|node| node.name.as_ref());
        let stands_here =
            |within: u16| self.stream.productions.get(usize::from(within)).map(|p| p.name.as_str()) == open;
        let of_tag = || self.stream.values.iter().filter(|rule| rule.tag == self.open.tag);
        let here = of_tag().find(|rule| rule.within.is_some_and(stands_here));
        here.or_else(|| of_tag().find(|rule| rule.within.is_none())).map(|rule| rule.ty)
    }

    /// The type of the property's values.
    fn ty(&self) -> Option<&'p Type> {
        let number = self.open.tag & 0xFFFF;
        self.stream.types.iter().find(|ty| u32::from(ty.number) == number).map(|ty| &ty.ty)
    }

    /// What a value of fixed size means. A mistake in it is none of the stream.
    fn fixed(&self, bytes: &[u8]) -> Value {
        let mut c = Cursor::at_offset(bytes, self.rest());
        let named = |c: &mut Cursor<'_>, id| {
            let mut node = Node::default();
            _ = self.interpreter.number(c, id, &mut node);
            node.value
        };
        let value = match (self.described(), self.ty()) {
            (Some(id), _) => named(&mut c, id),
            (None, Some(Type::Named(id, _))) => named(&mut c, *id),
            (None, Some(ty)) => primitive(&mut c, ty, &self.interpreter.names).ok().map(|(value, _)| value),
            (None, None) => None,
        };
        value.unwrap_or(Value::Bytes)
    }

    /// The value or element that has a length; all of its bytes came.
    fn variable(&mut self) {
        let (name, size) = (self.element(), self.open.length);
        let start = usize::try_from(self.open.at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let whole = self.open.at >= self.start;
        let bytes = self.bytes.get(start..start.saturating_add(size)).filter(|_| whole);
        let Some(bytes) = bytes else { return self.leaf(&name, size, Value::Bytes) };
        let program = self.interpreter.program;
        if let Some(TypeKind::Struct(def)) = self.described().map(|id| &program.ty(id).kind) {
            let at = self.rest();
            let mut c = Cursor::at_offset(bytes, at);
            let mut node = Node { size, ..Node::new(name.as_str(), at) };
            // Bytes that are no such structure are shown as bytes: the stream is none the worse for them.
            if self.interpreter.body(&mut c, def, Vec::new(), &mut node).is_ok() && c.is_empty() {
                self.open.at = self.open.at.saturating_add(size as u64);
                return self.put(node);
            }
            return self.leaf(&name, size, Value::Bytes);
        }
        let value = match self.ty() {
            Some(Type::Text(Text::Utf16Nul)) => Value::Text(utf16(bytes.strip_suffix(&[0, 0]).unwrap_or(bytes))),
            Some(Type::Text(Text::String8Nul)) => {
                let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
                Value::Text(runtime::String8::new(text).decode(1252).into_owned())
            }
            _ => Value::Bytes,
        };
        self.leaf(&name, size, value);
    }
}

fn utf16(bytes: &[u8]) -> String {
    runtime::Utf16::from_wire(bytes).to_text().into_owned()
}
