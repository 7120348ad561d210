//! The words of a stream: markers, properties and how their values travel.

use super::super::Lower;
use super::super::body::Scene;
use super::class_name;
use crate::ast::{
    self, Attr, AttrArg, BinaryOp, Expr, ExprKind, Ident, MemberKind, OverrideArg, StreamDecl, StreamItem, Term,
    TermKind, TypeSpec, UnaryOp,
};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Arm, Class, Extent, IntKind, Member, Pattern, Program, Role, Set, StructDef, TagRule, Text, Type, TypeId, TypeKind,
    ValueType, Wire,
};

/// What the words of a stream are.
pub(super) struct Words {
    pub(super) marker: TypeId,
    pub(super) markers: Vec<(u32, String)>,
    pub(super) named_from: u16,
    pub(super) types: Vec<ValueType>,
    pub(super) flagged: Vec<(u16, Wire)>,
    pub(super) tags: Vec<TagRule>,
    /// Tag, production, structure.
    pub(super) values: Vec<(u32, Option<Ident>, TypeId)>,
    pub(super) classes: Vec<Class>,
    /// Properties that no `prop(!structural)` is.
    pub(super) structural: Set,
}

/// The most words that the sets have bits for, beside the end of the stream.
const MOST_WORDS: usize = 127;

impl Words {
    /// The word that a marker is.
    pub(super) fn marker(&self, name: &str) -> Option<usize> {
        self.markers.iter().position(|(_, marker)| marker == name)
    }

    fn class(&self, index: usize) -> Set {
        1 << (self.markers.len() + index)
    }

    /// The words that a property of this tag may be, or of this tag and value.
    pub(super) fn of_tag(&self, tag: u32, value: Option<u32>) -> Set {
        let fits = |class: &Class| class.tag == tag && (value.is_none() || class.value == value);
        let of_class = self.classes.iter().enumerate().filter(|(_, class)| fits(class));
        of_class.fold(0, |set, (index, _)| set | self.class(index))
    }

    /// All properties.
    fn properties(&self) -> Set {
        (0..=self.classes.len()).fold(0, |set, index| set | self.class(index))
    }

    /// The words of a set, for a message.
    pub(super) fn names(&self, set: Set) -> String {
        let markers = self.markers.iter().map(|(_, name)| format!("`{name}`"));
        let classes = self.classes.iter().map(|class| format!("`prop({})`", class_name(class)));
        let words: Vec<String> = markers.chain(classes).chain(["other properties".to_owned()]).collect();
        let all = words.iter().enumerate().filter(|(word, _)| set >> word & 1 == 1).map(|(_, name)| name.clone());
        let all: Vec<String> = all.chain((set & super::END != 0).then(|| "the end".to_owned())).collect();
        all.join(", ")
    }
}

impl Lower<'_> {
    /// Finds out what the words of a stream are.
    pub(super) fn stream_words(&mut self, stream: &StreamDecl) -> Option<Words> {
        let (mut marker, mut atom, mut value) = (None, None, None);
        for item in &stream.items {
            match item {
                StreamItem::Token { of: Some(of), ty, .. } if ty.name.text == "uint32" => marker = Some(of),
                StreamItem::Token { parts: Some((_, arms)), .. } => value = Some(arms),
                StreamItem::Atom(name, body) => atom = Some((name, body)),
                _ => {}
            }
        }
        let Some(marker) = marker else {
            self.part_missing(&stream.name, "its markers: `token marker : uint32 in Marker;`");
            return None;
        };
        let Some((name, body)) = atom else {
            self.part_missing(&stream.name, "the beginning of its properties: `atom propDef { .. }`");
            return None;
        };
        let Some(arms) = value else {
            self.part_missing(&stream.name, "the values of its properties: `token propValue : propDef as match ..`");
            return None;
        };
        let named_from = self.definition(name, body)?;
        let id = self.type_id(&marker.text);
        let kind = id.map(|id| self.program.ty(id).kind.clone());
        let (Some(id), Some(TypeKind::Enum(markers))) = (id, kind) else {
            self.unknown("enumeration", marker);
            return None;
        };
        let mut markers: Vec<(u32, String)> = markers
            .items
            .iter()
            .filter_map(|(name, value, _)| Some((u32::try_from(*value).ok()?, name.clone())))
            .collect();
        markers.sort();
        markers.dedup_by_key(|(value, _)| *value);
        let types = self.value_types(stream, arms)?;
        let mut words = Words {
            marker: id,
            markers,
            named_from,
            types,
            flagged: Vec::new(),
            tags: Vec::new(),
            values: Vec::new(),
            classes: Vec::new(),
            structural: 0,
        };
        for item in &stream.items {
            match item {
                StreamItem::Override { on, within: Some(within), parts } => {
                    self.override_within(on, within, parts, &mut words);
                }
                StreamItem::Override { on, within: None, parts } => self.override_rule(on, parts, &mut words),
                StreamItem::Value { of, ty } => self.value_rule(of, ty, &mut words),
                _ => {}
            }
        }
        words.tags.sort_by_key(|rule| rule.tag);
        self.classes(stream, &mut words);
        if words.markers.len() + words.classes.len() >= MOST_WORDS {
            let message = format!("more than {MOST_WORDS} markers and properties");
            self.diagnostics.push(Diagnostic::error(
                "R0510",
                message,
                stream.name.span.clone(),
                "too many to tell apart",
            ));
            return None;
        }
        Some(words)
    }

    /// The atom before a value has one shape: type, identifier, and a name from some identifier on.
    fn definition(&mut self, name: &Ident, body: &[ast::Member]) -> Option<u16> {
        let found = self.definition_of(body);
        if found.is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0508",
                    "an atom that is no definition of a property",
                    name.span.clone(),
                    "its members are not those of a definition",
                )
                .help("write `{ PropertyType Type; uint16 Id; if (Id >= 0x8000) { PropertyName Name; } }`")
                .note("the name is a guid, a uint8 and a match: 0 is a uint32, 1 a utf16"),
            );
        }
        found
    }

    fn definition_of(&self, body: &[ast::Member]) -> Option<u16> {
        let field = |member: &ast::Member| match &member.kind {
            MemberKind::Field(field) => match (&field.ty, field.declarators.as_slice()) {
                (TypeSpec::Ref(ty), [one]) => Some((ty.name.text.clone(), one.name.text.clone())),
                _ => None,
            },
            _ => None,
        };
        let [ty, id, named] = body else { return None };
        let ((ty, _), (integer, id)) = (field(ty)?, field(id)?);
        let of_16_bits = matches!(&self.program.ty(self.type_id(&ty)?).kind, TypeKind::Enum(e) if e.base.size == 2);
        let MemberKind::If { cond, then, otherwise } = &named.kind else { return None };
        let ExprKind::Binary(BinaryOp::Ge, left, right) = &cond.kind else { return None };
        let on_id = matches!(&left.kind, ExprKind::Name(name) if name.text == id);
        let [only] = then.as_slice() else { return None };
        let TypeKind::Struct(name) = &self.program.ty(self.type_id(&field(only)?.0)?).kind else { return None };
        let fits = of_16_bits && integer == "uint16" && on_id && otherwise.is_empty() && is_name(name);
        let from = self.evaluate(right).ok().filter(|_| fits)?;
        u16::try_from(from).ok()
    }

    /// How values travel, by the arms of their structure.
    fn value_types(&mut self, stream: &StreamDecl, arms: &[ast::TokenArm]) -> Option<Vec<ValueType>> {
        let fixed = arms.iter().find(|arm| arm.on.text == "fixed").and_then(|arm| arm.parts.first());
        let known = ["fixed", "variable", "multiple"];
        for arm in arms.iter().filter(|arm| !known.contains(&arm.on.text.as_str())) {
            self.unknown("kind of value", &arm.on);
        }
        let Some((_, ty, ..)) = fixed else {
            self.part_missing(&stream.name, "values of fixed size: `fixed => atom PropertyValue(Type) Value;`");
            return None;
        };
        let Some(id) = self.type_id(&ty.name.text) else {
            self.unknown("type", &ty.name);
            return None;
        };
        let TypeKind::Struct(def) = &self.program.ty(id).kind else { return None };
        let on_param = def.body.iter().find_map(|m| if let Member::Match(m) = m { Some(m) } else { None });
        let arms = on_param.map(|m| m.arms.as_slice()).unwrap_or_default();
        let mut types = Vec::new();
        for arm in arms {
            let Some((wire, ty)) = wire_of(&self.program, arm) else { continue };
            for pattern in arm.patterns.iter().flatten() {
                if let Pattern::Int(value) | Pattern::Const(_, _, value) = pattern
                    && let Ok(number) = u16::try_from(*value)
                {
                    types.push(ValueType { number, wire, ty: ty.clone() });
                }
            }
        }
        types.sort_by_key(|ty| ty.number);
        Some(types)
    }

    /// `value PtypBoolean = uint16;`
    fn value_rule(&mut self, of: &Ident, ty: &ast::TypeRef, words: &mut Words) {
        let Some(number) = self.scope.constant(&of.text, None).and_then(|(_, value)| u16::try_from(value).ok()) else {
            return self.unknown("type of properties", of);
        };
        let mut scene = Scene::new(&of.text, 0, &of.span);
        let Some(ty) = self.named(ty, &mut scene) else { return };
        let Some(wire) = wire_of_type(&self.program, &ty) else {
            return self.wrong_override(&of.span, "a value is an integer, a text or bytes");
        };
        words.types.retain(|other| other.number != number);
        words.types.push(ValueType { number, wire, ty });
        words.types.sort_by_key(|ty| ty.number);
    }

    /// `override Tag: wire variable, accept OtherTag, value T;`, `override Type & 0x8000: wire variable;`
    fn override_rule(&mut self, on: &Expr, parts: &[(Ident, OverrideArg)], words: &mut Words) {
        let mut wire = None;
        let mut accept = Vec::new();
        let mut value = None;
        for (word, arg) in parts {
            match (word.text.as_str(), arg) {
                ("wire", OverrideArg::Type(ty)) if ty.name.text == "variable" => wire = Some(Wire::Variable),
                ("accept", OverrideArg::Expr(expr)) => accept.extend(self.tag(expr)),
                ("accept", OverrideArg::Type(ty)) => {
                    let expr = Expr { kind: ExprKind::Name(ty.name.clone()), span: ty.span.clone() };
                    accept.extend(self.tag(&expr));
                }
                ("value", OverrideArg::Type(ty)) => value = Some(ty),
                _ => return self.wrong_override(&word.span, "write `wire variable`, `accept TAG` or `value TYPE`"),
            }
        }
        if let ExprKind::Binary(BinaryOp::BitAnd, _, mask) = &on.kind {
            let mask = self.number(mask).and_then(|mask| u16::try_from(mask).ok()).filter(|mask| *mask != 0);
            return match (mask, wire, accept.is_empty(), value) {
                (Some(mask), Some(wire), true, None) => words.flagged.push((mask, wire)),
                _ => self.wrong_override(&on.span, "bits of a type say `wire variable` and nothing else"),
            };
        }
        let Some(tag) = self.tag(on) else { return };
        let own = words.types.iter().find(|ty| u32::from(ty.number) == tag & 0xFFFF).map(|ty| ty.wire);
        let Some(wire) = wire.or(own) else {
            return self.wrong_override(&on.span, "a tag of this type has no values in streams");
        };
        for tag in [tag].into_iter().chain(accept.iter().copied()) {
            if words.tags.iter().any(|rule| rule.tag == tag) {
                return self.wrong_override(&on.span, "the tag has a rule already");
            }
        }
        words.tags.push(TagRule { tag, of: tag, wire });
        words.tags.extend(accept.iter().map(|other| TagRule { tag: *other, of: tag, wire }));
        if let Some(ty) = value {
            match self.type_id(&ty.name.text) {
                Some(id) => words.values.extend([tag].into_iter().chain(accept).map(|tag| (tag, None, id))),
                None => self.unknown("type", &ty.name),
            }
        }
    }

    /// `override Tag in production: value T;`
    fn override_within(&mut self, on: &Expr, within: &Ident, parts: &[(Ident, OverrideArg)], words: &mut Words) {
        let [(word, OverrideArg::Type(ty))] = parts else {
            return self.wrong_override(&on.span, "a rule within a production says `value TYPE` and nothing else");
        };
        if word.text != "value" {
            return self.wrong_override(&word.span, "a rule within a production says `value TYPE` and nothing else");
        }
        let Some(tag) = self.tag(on) else { return };
        match self.type_id(&ty.name.text) {
            Some(id) => words.values.push((tag, Some(within.clone()), id)),
            None => self.unknown("type", &ty.name),
        }
    }

    fn wrong_override(&mut self, span: &ast::Span, label: &str) {
        let message = "a rule for values that cannot be applied";
        self.diagnostics.push(Diagnostic::error("R0509", message, span.clone(), label));
    }

    /// The tag of a property.
    pub(super) fn tag(&mut self, expr: &Expr) -> Option<u32> {
        let value = self.number(expr)?;
        let tag = u32::try_from(value).ok();
        if tag.is_none() {
            let message = format!("{value:#x} does not fit 32 bits");
            self.diagnostics.push(Diagnostic::error("R0104", message, expr.span.clone(), "too large for a tag"));
        }
        tag
    }

    /// Tag and value of `Tag`, `Tag == Value`; `None` where it is not one property.
    fn one_property(&mut self, expr: &Expr) -> Option<(u32, Option<u32>, String)> {
        let (tag, value) = match &expr.kind {
            ExprKind::Unary(UnaryOp::Not, _) => return None,
            ExprKind::Binary(BinaryOp::Eq, tag, value) => (&**tag, Some(self.tag(value)?)),
            _ => (expr, None),
        };
        let number = self.tag(tag)?;
        let name = match &tag.kind {
            ExprKind::Name(name) => name.text.clone(),
            _ => format!("{number:#010x}"),
        };
        Some((number, value, name))
    }

    /// Collects the properties that productions name.
    fn classes(&mut self, stream: &StreamDecl, words: &mut Words) {
        let mut found: Vec<(u32, Option<u32>, String)> = Vec::new();
        let mut structural = Vec::new();
        for item in &stream.items {
            match item {
                StreamItem::Structural(tags) => {
                    let tags: Vec<_> = tags.iter().filter_map(|tag| self.one_property(tag)).collect();
                    structural.extend(tags.iter().map(|(tag, ..)| *tag));
                    found.extend(tags);
                }
                StreamItem::Require { tags, .. } => {
                    let exprs =
                        tags.iter().map(|tag| Expr { kind: ExprKind::Name(tag.clone()), span: tag.span.clone() });
                    found.extend(exprs.filter_map(|expr| self.one_property(&expr)));
                }
                StreamItem::Production(_, alternatives) => {
                    let mut terms = Vec::new();
                    each_property(alternatives.iter().flat_map(|a| &a.terms), &mut terms);
                    found.extend(terms.into_iter().filter_map(|expr| self.one_property(expr)));
                }
                _ => {}
            }
        }
        // Each tag with values of its own has all the others, too.
        let others: Vec<_> = found.iter().map(|(tag, _, name)| (*tag, None, name.clone())).collect();
        found.extend(others);
        let mut classes: Vec<Class> = found.into_iter().map(|(tag, value, name)| Class { tag, value, name }).collect();
        classes.sort_by_key(|class| (class.tag, class.value.is_none(), class.value));
        classes.dedup_by_key(|class| (class.tag, class.value));
        words.classes = classes;
        if words.markers.len() + words.classes.len() < MOST_WORDS {
            words.structural = structural.iter().fold(0, |set, tag| set | words.of_tag(*tag, None));
        }
    }

    /// The words of `prop(..)`.
    pub(super) fn property(&mut self, expr: Option<&Expr>, words: &Words) -> Set {
        let Some(expr) = expr else { return words.properties() };
        if let ExprKind::Unary(UnaryOp::Not, inner) = &expr.kind {
            if !matches!(&inner.kind, ExprKind::Name(name) if name.text == "structural") {
                let label = "only `!structural` has a meaning";
                self.diagnostics.push(Diagnostic::error("R0301", "not a property", inner.span.clone(), label));
            }
            return words.properties() & !words.structural;
        }
        // Reported where the properties were collected.
        let before = self.diagnostics.len();
        let found = self.one_property(expr);
        self.diagnostics.truncate(before);
        found.map_or(0, |(tag, value, _)| words.of_tag(tag, value))
    }
}

/// All expressions of `prop(..)`, in groups too.
fn each_property<'e>(terms: impl Iterator<Item = &'e Term>, found: &mut Vec<&'e Expr>) {
    for term in terms {
        match &term.kind {
            TermKind::Prop(expr) => found.extend(expr),
            TermKind::Group(alternatives) => {
                // Parentheses go no deeper than the parser lets them.
                for alternative in alternatives {
                    each_property(alternative.terms.iter(), found);
                }
            }
            TermKind::Name(_) => {}
        }
    }
}

/// A guid, a kind, and by it a number or a text.
fn is_name(def: &StructDef) -> bool {
    let [Member::Field(set), Member::Field(kind), Member::Match(m)] = def.body.as_slice() else { return false };
    let one = |arm: &Arm, value: u64| match (arm.patterns.as_slice(), arm.body.as_slice()) {
        ([patterns], [Member::Field(field)]) => {
            let this = |p: &Pattern| matches!(p, Pattern::Int(n) | Pattern::Const(_, _, n) if *n == value);
            patterns.iter().all(this).then(|| field.ty.clone())
        }
        _ => None,
    };
    let [number, text] = m.arms.as_slice() else { return false };
    matches!(set.ty, Type::Guid)
        && matches!(kind.ty, Type::Int(IntKind { size: 1, signed: false }))
        && matches!(one(number, 0), Some(Type::Int(IntKind { size: 4, signed: false })))
        && matches!(one(text, 1), Some(Type::Text(Text::Utf16Nul)))
}

/// How a value of this arm travels in a stream, and what it or an element is; `None` where it does not.
fn wire_of<'a>(program: &Program, arm: &'a Arm) -> Option<(Wire, &'a Type)> {
    match arm.body.as_slice() {
        [Member::Field(value)] if matches!(value.role, Role::Plain) => {
            Some((wire_of_type(program, &value.ty)?, &value.ty))
        }
        [Member::Field(count), Member::Field(list)] => match (&count.role, &list.ty) {
            (Role::Count(_), Type::Array(element, Extent::Count(_))) => {
                let wire = match wire_of_type(program, element)? {
                    Wire::Fixed(size) => Wire::FixedList(size),
                    _ => Wire::VariableList,
                };
                Some((wire, element))
            }
            _ => None,
        },
        _ => None,
    }
}

fn wire_of_type(program: &Program, ty: &Type) -> Option<Wire> {
    match ty {
        Type::Text(_) | Type::Bytes(_) => Some(Wire::Variable),
        Type::Named(id, _) if matches!(program.ty(*id).kind, TypeKind::Struct(_)) => None,
        Type::Later | Type::Array(..) | Type::GlobSet => None,
        ty => {
            let layout = program.layout(ty);
            let size = u8::try_from(layout.min_size).ok().filter(|size| layout.fixed && *size > 0)?;
            Some(Wire::Fixed(size))
        }
    }
}

/// The number in an attribute.
pub(super) fn attr_number(attrs: &[Attr], name: &str) -> Option<u64> {
    match attrs.iter().find(|attr| attr.name.text == name)?.args.as_ref()?.first()? {
        AttrArg::Expr(Expr { kind: ExprKind::Int(value), .. }) => Some(*value),
        _ => None,
    }
}
