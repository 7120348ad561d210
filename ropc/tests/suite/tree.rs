//! A syntax tree as compact text: the debug form without places, empty lists and names of wrappers.

use std::fmt::Debug;

/// The text of a tree, ended by a line feed.
pub fn compact(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    let mut reader = Reader { rest: &text };
    let node = reader.node();
    assert!(reader.rest.is_empty(), "unread: {}", reader.rest);
    let mut out = String::new();
    write(&simplify(node), 0, &mut out);
    out.push('\n');
    out
}

#[derive(Debug)]
enum Node {
    Leaf(String),
    /// Opening text, fields with their names, closing text.
    Group(String, Vec<(String, Node)>, &'static str),
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let length =
            self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        word.to_owned()
    }

    fn string(&mut self) -> String {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let (text, rest) = self.rest.split_at(end.unwrap().0 + 1);
        self.rest = rest;
        text.to_owned()
    }

    fn node(&mut self) -> Node {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('"') {
            return Node::Leaf(self.string());
        }
        let name = self.word();
        if self.eat("{") {
            let mut fields = Vec::new();
            while !self.eat("}") {
                let field = self.word();
                assert!(self.eat(":"), "field {field} without value before {:.40}", self.rest);
                fields.push((field, self.node()));
                self.eat(",");
            }
            return Node::Group(name, fields, "}");
        }
        for (open, close) in [("(", ")"), ("[", "]")] {
            if self.eat(open) {
                let mut items = Vec::new();
                while !self.eat(close) {
                    items.push((String::new(), self.node()));
                    self.eat(",");
                }
                return Node::Group(name, items, close);
            }
        }
        Node::Leaf(name)
    }
}

fn simplify(node: Node) -> Node {
    let Node::Group(name, fields, close) = node else { return node };
    let mut fields: Vec<(String, Node)> = fields
        .into_iter()
        .map(|(field, value)| (field, simplify(value)))
        .filter(|(field, value)| {
            let no_pointer = field == "pointers" && matches!(value, Node::Leaf(text) if text == "0");
            !is_nothing(value) && !no_pointer
        })
        .collect();
    match name.as_str() {
        "Span" => Node::Leaf(String::new()),
        // names and texts as they are; lists of one part, wrappers of one value
        "Ident" | "StringLit" if fields.len() == 1 => match fields.remove(0).1 {
            Node::Leaf(text) if name == "Ident" => Node::Leaf(text.trim_matches('"').to_owned()),
            other => other,
        },
        // `Struct(StructDecl {..})` says the same word twice
        _ if close == ")"
            && fields.len() == 1
            && matches!(&fields[0].1, Node::Group(inner, _, "}") if inner.ends_with(&name) || inner.ends_with("Decl")) =>
        {
            let Node::Group(_, fields, close) = fields.remove(0).1 else { unreachable!() };
            Node::Group(name, fields, close)
        }
        "Some" | "Path" | "Expr" | "Name" | "Field" | "Ref" | "TypeRef" if fields.len() == 1 => fields.remove(0).1,
        _ => Node::Group(name, fields, close),
    }
}

fn is_nothing(node: &Node) -> bool {
    match node {
        Node::Leaf(text) => matches!(text.as_str(), "" | "None" | "false"),
        Node::Group(name, fields, close) => name.is_empty() && *close == "]" && fields.is_empty(),
    }
}

fn write(node: &Node, indent: usize, out: &mut String) {
    let line = inline(node);
    let Node::Group(name, fields, close) = node else {
        out.push_str(&line);
        return;
    };
    if line.len() + indent <= 110 {
        out.push_str(&line);
        return;
    }
    out.push_str(name);
    out.push_str(open(close));
    for (field, value) in fields {
        out.push('\n');
        out.push_str(&" ".repeat(indent + 2));
        if !field.is_empty() {
            out.push_str(field);
            out.push_str(": ");
        }
        write(value, indent + 2, out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push_str(close);
}

fn open(close: &str) -> &'static str {
    match close {
        "}" => " {",
        ")" => "(",
        _ => "[",
    }
}

fn inline(node: &Node) -> String {
    let Node::Group(name, fields, close) = node else {
        let Node::Leaf(text) = node else { unreachable!() };
        return text.clone();
    };
    let parts: Vec<String> = fields
        .iter()
        .map(|(field, value)| if field.is_empty() { inline(value) } else { format!("{field}: {}", inline(value)) })
        .collect();
    format!("{name}{}{}{close}", open(close), parts.join(", "))
}
