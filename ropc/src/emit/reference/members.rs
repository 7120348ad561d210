//! Byte layouts: the members of a body, one row each.

use super::Book;
use super::sizes::Size;
use super::text::{code, joined, sentence, table};
use crate::ast::{
    Arm, ArrayLen, Attr, AttrArg, BinaryOp, Derived, Expr, ExprKind, Field, Match, Member, MemberKind, Path, Pattern,
    SizedContent, Span, TypeRef, TypeSpec,
};

const HEAD: [&str; 6] = ["Offset", "Size", "Field", "Type", "Meaning", "When"];

/// A layout in the making.
pub(super) struct Layout<'b, 'a> {
    book: &'b Book<'a>,
    /// Offset of the next byte, as long as it is the same always.
    at: Option<u64>,
    /// Conditions that hold for the next member.
    when: Vec<String>,
    /// Extents that the next member lies in.
    depth: usize,
    rows: Vec<Vec<String>>,
    /// What stands at offsets behind all members: size, name, type, meaning.
    behind: Vec<(Size, String, String, String)>,
}

impl<'b, 'a> Layout<'b, 'a> {
    pub(super) fn new(book: &'b Book<'a>) -> Self {
        Self { book, at: Some(0), when: Vec::new(), depth: 0, rows: Vec::new(), behind: Vec::new() }
    }

    /// The table; `None` where nothing is on the wire.
    pub(super) fn finish(mut self) -> Option<String> {
        for (size, name, ty, meaning) in std::mem::take(&mut self.behind) {
            self.row(String::new(), size.shown(), &name, ty, meaning);
        }
        (!self.rows.is_empty()).then(|| table(&HEAD, &self.rows))
    }

    /// A row of something that takes bytes.
    pub(super) fn field(&mut self, size: &Size, name: &str, ty: String, meaning: String) {
        let offset = self.at.map(|at| at.to_string()).unwrap_or_default();
        self.row(offset, size.shown(), name, ty, meaning);
        self.at = self.at.zip(size.fixed()).map(|(at, bytes)| at.saturating_add(bytes));
    }

    fn row(&mut self, offset: String, size: String, name: &str, ty: String, meaning: String) {
        let name = if name.starts_with('*') { name.to_owned() } else { code(name) };
        let name = format!("{}{name}", "› ".repeat(self.depth));
        self.rows.push(vec![offset, size, name, ty, meaning, self.when.join(" and ")]);
    }

    /// A row that takes no bytes.
    fn note(&mut self, name: &str, meaning: String) {
        self.row(String::new(), String::new(), name, String::new(), meaning);
    }

    pub(super) fn members(&mut self, members: &[Member]) {
        members.iter().for_each(|member| self.member(member));
    }

    fn member(&mut self, member: &Member) {
        let docs = sentence(&member.docs);
        match &member.kind {
            MemberKind::Field(field) => self.fields(field, &docs, None),
            MemberKind::If { cond, then, otherwise } => {
                let cond = code(&self.book.source(&cond.span));
                let start = self.at;
                let end = self.under(cond.clone(), |layout| layout.members(then));
                self.at = start;
                let other = self.under(format!("not {cond}"), |layout| layout.members(otherwise));
                self.at = if end == other { end } else { None };
            }
            MemberKind::Match(m) => self.arms(m),
            MemberKind::Let(name, value) => {
                self.note(
                    &format!("*{}*", name.text),
                    format!("Short for {}. {docs}", self.of(&value.span)).trim().into(),
                );
            }
            MemberKind::Require { cond, lenient } => {
                let otherwise = if *lenient { "else the bytes are odd, but read" } else { "else it is an error" };
                self.note("*holds*", format!("{}, {otherwise}.", self.of(&cond.span)));
            }
            MemberKind::Sized { size, content } => self.sized(&size.span, content, &docs),
            MemberKind::Tail(body) => {
                self.note(
                    "*tail*",
                    "The bytes may end before any of these; what is missing then is 0 or empty.".to_owned(),
                );
                self.inside(|layout| layout.members(body));
            }
            MemberKind::Bits(bits) => {
                let size = self.book.size(&bits.base);
                let meaning = joined(&[docs, self.of(&member.span)]);
                self.field(&size, &bits.name.text, "bits".to_owned(), meaning);
            }
            MemberKind::Const { ty, name, arrays, value } => {
                let size = self.book.size_of_array(self.book.size_of_ref(ty), arrays);
                let meaning = joined(&[format!("Always {}.", self.of(&value.span)), docs]);
                self.field(&size, &name.text, self.type_ref(ty, arrays), meaning);
            }
            MemberKind::Echo(name) => {
                let meaning = format!("The handle index of {} again.", code(&name.text));
                self.field(&Size::Fixed(1), &format!("{}HandleIndex", name.text), code("uint8"), meaning);
            }
            // The header, which stands before, and what follows the layout.
            MemberKind::Handle { .. } | MemberKind::Vector(_) => {}
        }
    }

    /// Lays members out under one more condition; gives where they end.
    fn under(&mut self, cond: String, lay: impl FnOnce(&mut Self)) -> Option<u64> {
        self.when.push(cond);
        lay(self);
        self.when.pop();
        self.at
    }

    fn inside(&mut self, lay: impl FnOnce(&mut Self)) {
        self.depth += 1;
        lay(self);
        self.depth -= 1;
    }

    fn arms(&mut self, m: &Match) {
        let on: Vec<String> = m.on.iter().map(|on| self.book.source(&on.span)).collect();
        let start = self.at;
        let mut ends = Vec::new();
        for arm in &m.arms {
            self.at = start;
            let cond = self.pattern(&on, arm);
            ends.push(self.under(cond, |layout| {
                let before = layout.rows.len();
                layout.members(&arm.body);
                if layout.rows.len() == before {
                    layout.note("*nothing*", sentence(&arm.docs));
                }
            }));
        }
        let end = ends.first().copied().flatten();
        self.at = if ends.iter().all(|other| *other == end) { end } else { None };
    }

    /// When an arm is chosen, with the name of its variant.
    fn pattern(&self, on: &[String], arm: &Arm) -> String {
        let mut text: Vec<String> = Vec::new();
        for (on, patterns) in on.iter().zip(&arm.patterns) {
            let patterns: Vec<String> = patterns.iter().map(|pattern| shown(self.book, pattern)).collect();
            if patterns != ["_"] {
                text.push(format!("{} is {}", code(on), code(&patterns.join(" | "))));
            }
        }
        if text.is_empty() {
            let on: Vec<String> = on.iter().map(|on| code(on)).collect();
            text.push(format!("{} is another", on.join(", ")));
        }
        if let Some(guard) = &arm.guard {
            text.push(self.of(&guard.span));
        }
        let name = arm.label.as_ref().map(|label| format!(" ({})", label.text)).unwrap_or_default();
        format!("{}{name}", text.join(" and "))
    }

    fn sized(&mut self, size: &Span, content: &SizedContent, docs: &str) {
        let size = self.book.source(size);
        match content {
            SizedContent::Field { field, transform, or } => {
                let mut words = vec![docs.to_owned()];
                for (step, cond) in transform {
                    words.push(format!("{} when {}.", self.of(&step.span), self.of(&cond.span)));
                }
                if let Some(or) = or {
                    words.push(format!("{} where the context is not known.", self.of(&or.span)));
                }
                self.fields(field, &joined(&words), Some(&size));
            }
            SizedContent::Body(body) => {
                self.extent(&size, docs);
                self.inside(|layout| layout.members(body));
            }
            SizedContent::Match(m) => {
                self.extent(&size, docs);
                self.inside(|layout| layout.arms(m));
            }
        }
        self.at = None;
    }

    fn extent(&mut self, size: &str, docs: &str) {
        let offset = self.at.map(|at| at.to_string()).unwrap_or_default();
        let meaning = joined(&["Used up by what follows here.".to_owned(), docs.to_owned()]);
        self.row(offset, code(size), "*extent*", String::new(), meaning);
    }

    fn fields(&mut self, field: &Field, docs: &str, sized: Option<&str>) {
        let at = crate::lower::at_offset(&field.attrs);
        let own = |attr: &&Attr| at.is_none_or(|at| at.span != attr.span);
        let attrs =
            |attrs: &[Attr]| attrs.iter().filter(own).map(|attr| self.attribute(attr)).collect::<Vec<_>>().join(" ");
        let meaning = joined(&[
            field.derived.as_ref().map(|derived| self.derived(derived)).unwrap_or_default(),
            docs.to_owned(),
            attrs(&field.attrs),
            attrs(&field.marks),
        ]);
        for declarator in &field.declarators {
            let size = match sized {
                Some(size) => Size::Words(code(size)),
                None => self.book.size_of_array(self.book.size(&field.ty), &declarator.arrays),
            };
            let ty = match &field.ty {
                TypeSpec::Ref(ty) => self.type_ref(ty, &declarator.arrays),
                other => self.type_words(other, &declarator.arrays),
            };
            let name = &declarator.name.text;
            match at {
                Some(at) => self.at_offset(at, (size, name, ty, &meaning)),
                None => self.field(&size, name, ty, meaning.clone()),
            }
        }
    }

    /// The offset stands here, unless a field has it, and what it leads to behind all members.
    fn at_offset(&mut self, at: &Attr, (size, name, ty, meaning): (Size, &str, String, &str)) {
        let mut offset = format!("{name}Offset");
        match (at.name.text.as_str(), at.args.as_deref()) {
            ("offset_at", Some([AttrArg::Expr(expr)])) => offset = self.book.source(&expr.span),
            (kind, _) => {
                let bytes = if kind == "relative" { 4 } else { 2 };
                let text = format!("Offset of {}, 0 where it is not there.", code(name));
                self.field(&Size::Fixed(bytes), &offset, code(&format!("uint{}", bytes * 8)), text);
            }
        }
        let meaning = joined(&[format!("Behind all, at {}.", code(&offset)), meaning.to_owned()]);
        self.behind.push((size, name.to_owned(), ty, meaning));
    }

    fn attribute(&self, attr: &Attr) -> String {
        match attr.name.text.as_str() {
            "fill" => "As many as fit into the reply.".to_owned(),
            "big_endian" => {
                let conds = attr.args.iter().flatten().filter_map(|arg| match arg {
                    AttrArg::Expr(expr) => Some(self.of(&expr.span)),
                    _ => None,
                });
                format!("What follows is big-endian where {}.", conds.collect::<String>())
            }
            _ => format!("{}.", code(&format!("[{}]", self.book.source(&attr.span)))),
        }
    }

    /// What a derived field holds.
    fn derived(&self, derived: &Derived) -> String {
        let mut text = self.derivation(&derived.expr);
        for value in &derived.or {
            text = format!("{text}, or {} where there is none", self.of(&value.span));
        }
        text + "."
    }

    fn derivation(&self, expr: &Expr) -> String {
        let call = |of: &Expr, args: &[Expr]| match (&of.kind, args) {
            (ExprKind::Name(name), [arg]) => Some((name.text.clone(), self.book.source(&arg.span))),
            _ => None,
        };
        match &expr.kind {
            ExprKind::Int(_) => format!("Written as {}", self.of(&expr.span)),
            ExprKind::Call(of, args) => match call(of, args) {
                Some((name, arg)) if name == "count" => format!("Number of {}", code(&arg)),
                Some((name, arg)) if name == "sizeof" && arg == "following" => "Bytes of all that follows".to_owned(),
                Some((name, arg)) if name == "sizeof" && arg == "this" => "Bytes of all of this".to_owned(),
                Some((name, arg)) if name == "sizeof" => format!("Bytes of {}", code(&arg)),
                Some((name, arg)) if name == "plainsize" => format!("Bytes of {} before it is transformed", code(&arg)),
                Some((name, arg)) if name == "present" => format!("Whether {} is there", code(&arg)),
                None if self.book.source(&of.span) == "count" => {
                    let lists: Vec<String> = args.iter().map(|arg| self.of(&arg.span)).collect();
                    format!("Number of {}", lists.join(" and of "))
                }
                _ => format!("Is {}", self.of(&expr.span)),
            },
            ExprKind::Binary(BinaryOp::Sub, a, b) if self.is_sizeof(a) => {
                format!("{} less {}", self.derivation(a), self.of(&b.span))
            }
            ExprKind::Binary(BinaryOp::Add, a, b) if self.is_sizeof(a) => {
                let (a, more) = (self.derivation(a), self.derivation(b));
                match more.strip_prefix("Bytes of ") {
                    Some(more) => format!("{a} and {more}"),
                    None => format!("{a} plus {}", self.of(&b.span)),
                }
            }
            _ => format!("Is {}", self.of(&expr.span)),
        }
    }

    fn is_sizeof(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Call(of, _) => self.book.source(&of.span) == "sizeof",
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, a, _) => self.is_sizeof(a),
            _ => false,
        }
    }

    /// Source text in the font of code.
    fn of(&self, span: &Span) -> String {
        code(&self.book.source(span))
    }

    /// A type with links, arguments and array lengths.
    fn type_ref(&self, ty: &TypeRef, arrays: &[ArrayLen]) -> String {
        let text = self.book.source(&ty.span);
        let arguments = text.strip_prefix(ty.name.text.as_str()).unwrap_or_default();
        let rest = format!("{arguments}{}", lengths(self.book, arrays));
        let name = self.book.link(&ty.name.text);
        match (rest.is_empty(), name.starts_with('`')) {
            (true, _) => name,
            (false, true) => code(&format!("{}{rest}", ty.name.text)),
            (false, false) => format!("{name} {}", code(&rest)),
        }
    }

    fn type_words(&self, ty: &TypeSpec, arrays: &[ArrayLen]) -> String {
        let words = match ty {
            TypeSpec::Words(words) => words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "),
            _ => return "in place".to_owned(),
        };
        code(&format!("{words}{}", lengths(self.book, arrays)))
    }
}

/// What stands in the brackets of an array.
pub(super) fn lengths(book: &Book<'_>, arrays: &[ArrayLen]) -> String {
    let length = |length: &ArrayLen| match length {
        ArrayLen::Open(_) => "[]".to_owned(),
        ArrayLen::Expr(expr) => format!("[{}]", book.source(&expr.span)),
        ArrayLen::Range(from, to) => format!("[{}..{}]", book.source(&from.span), book.source(&to.span)),
        ArrayLen::Rest(_) => "[rest]".to_owned(),
        ArrayLen::Until { end, or_rest } => {
            format!("[until {}{}]", book.source(&end.span), if *or_rest { " or rest" } else { "" })
        }
    };
    arrays.iter().map(length).collect()
}

fn shown(book: &Book<'_>, pattern: &Pattern) -> String {
    match pattern {
        Pattern::Any(_) => "_".to_owned(),
        Pattern::Int(_, span) | Pattern::Range(_, _, span) => book.source(span),
        Pattern::Path(Path { parts }) => parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("."),
    }
}
