//! Bodies of structures and operations as tables.

use super::exprs::expr;
use super::fields::{Fields, Kind, is_byte};
use super::text::{constant, number, quoted, table};
use crate::model::{
    Arm, ByForm, Ending, Expr, Extent, Field, IntKind, Match, Member, Param, Pattern, Program, Role, StructDef, Text,
    Transform, TransformKind, Type, Width,
};

/// Writes bodies of one structure or operation, which names their filter fields.
pub struct Bodies<'a> {
    pub program: &'a Program,
    pub fields: &'a mut Fields,
    /// The structure or operation.
    pub container: &'a str,
}

impl Bodies<'_> {
    /// A body with its parameters.
    pub fn body(&mut self, def: &StructDef) -> String {
        let params = table(def.params.iter().map(param));
        let mut more: Vec<String> = def.max_recursion.map(|limit| format!("deepest = {limit}")).into_iter().collect();
        if def.is_enum {
            more.push("is_match = true".to_owned());
        }
        if def.relative_base {
            more.push("is_base = true".to_owned());
        }
        let more = if more.is_empty() { String::new() } else { format!(", {}", table(more)) };
        format!("Body({params}, {}{more})", self.members(def, &def.body))
    }

    fn members(&mut self, def: &StructDef, body: &[Member]) -> String {
        let members: Vec<String> = body.iter().map(|member| self.member(def, member)).collect();
        table(members)
    }

    fn expr(&self, e: &Expr) -> String {
        expr(self.program, e)
    }

    fn member(&mut self, def: &StructDef, member: &Member) -> String {
        match member {
            Member::Field(field) => self.field(def, field),
            Member::If(c) => {
                let (then, otherwise) = (self.members(def, &c.then), self.members(def, &c.otherwise));
                let otherwise = if c.otherwise.is_empty() { String::new() } else { format!(", {otherwise}") };
                format!("If({}, {then}{otherwise})", self.expr(&c.cond))
            }
            Member::Match(m) => self.matched(def, m),
            Member::Let(name, e, ty) => {
                let size = unsigned_size(ty).map(|size| format!(", {size}")).unwrap_or_default();
                format!("Let({}, {}{size})", quoted(name), self.expr(e))
            }
            // What is only odd is read all the same.
            Member::Require(requirement) if requirement.lenient => "Require(true)".to_owned(),
            Member::Require(requirement) => {
                let cond = &requirement.cond;
                let field = cond.first_field().map(|name| format!(", {}", quoted(name))).unwrap_or_default();
                format!("Require({}{field})", self.expr(cond))
            }
            Member::Sized(size, inner) => {
                let name = inner.iter().find_map(Member::first_name).unwrap_or_default();
                format!("Sized({}, {}, {})", self.expr(size), self.members(def, inner), quoted(name))
            }
            Member::Tail(inner) => format!("Tail({})", self.members(def, inner)),
        }
    }

    fn field(&mut self, def: &StructDef, field: &Field) -> String {
        let number = self.fields.number(self.container, &field.name, Kind::of_type(self.program, &field.ty));
        let fixed = match (&field.role, &field.piece, &field.transform) {
            (Role::Const(value), ..) => format!(", {}", constant(value)),
            (_, Some(stream), _) => format!(", nil, {}", quoted(stream)),
            (_, _, Some(transform)) => format!(", nil, nil, {}", self.transform(transform)),
            _ => String::new(),
        };
        if let Some(at) = &field.at {
            let (name, at) = (quoted(&field.name), quoted(at));
            return format!("Referent({name}, {}, {number}, {at})", self.ty(def, &field.ty));
        }
        format!("Field({}, {}, {number}{fixed})", quoted(&field.name), self.ty(def, &field.ty))
    }

    /// How bytes are changed back before they are read.
    fn transform(&self, transform: &Transform) -> String {
        let steps = transform.steps.iter().map(|step| {
            let cond = self.expr(&step.cond);
            match step.kind {
                TransformKind::Xor(mask) => format!("{{ mask = {}, cond = {cond} }}", number(mask.into())),
                TransformKind::Lz77 => format!("{{ lz77 = true, cond = {cond} }}"),
            }
        });
        let mut parts = vec![format!("steps = {}", table(steps))];
        if let Some(size) = &transform.plain_size {
            parts.push(format!("size = {}", self.expr(size)));
            parts.push(format!("of = {}", quoted(size.first_field().unwrap_or_default())));
        }
        table(parts)
    }

    fn matched(&mut self, def: &StructDef, m: &Match) -> String {
        let on = m.on.iter().map(|discriminant| {
            let field = discriminant.expr.first_field().map(|name| format!(", field = {}", quoted(name)));
            let size = self.program.layout(&discriminant.ty).min_size;
            format!("{{ e = {}, size = {size}{} }}", self.expr(&discriminant.expr), field.unwrap_or_default())
        });
        let on = table(on);
        let names: Vec<&str> = m.on.iter().map(|discriminant| discriminant.name.as_str()).collect();
        let arms: Vec<String> = m.arms.iter().map(|arm| self.arm(def, arm)).collect();
        // The match of a structure that is nothing else is the structure's node.
        let name = m.spelled();
        let field = if def.is_enum { 0 } else { self.fields.number(self.container, &name, Kind::TEXT) };
        let field = if field == 0 { "nil".to_owned() } else { field.to_string() };
        let waits = m.waits_for();
        let waits = if waits.is_empty() { String::new() } else { format!(", {}", quoted(&waits.join(" and "))) };
        format!("Match({}, {}, {on}, {}, {field}{waits})", quoted(&name), quoted(&names.join(" and ")), table(arms))
    }

    fn arm(&mut self, def: &StructDef, arm: &Arm) -> String {
        let patterns = table(arm.patterns.iter().map(|alternatives| table(alternatives.iter().map(pattern))));
        let guard = arm.guard.as_ref().map(|guard| format!(", {}", self.expr(guard))).unwrap_or_default();
        format!("Arm({}, {patterns}, {}{guard})", quoted(&arm.name), self.members(def, &arm.body))
    }

    /// A type as the runtime reads it.
    pub fn ty(&self, def: &StructDef, ty: &Type) -> String {
        let of = |size: u8, prefix: &str| quoted(&format!("{prefix}{}", u32::from(size) * 8));
        match ty {
            Type::Int(IntKind { size, signed: false }) => of(*size, "u"),
            Type::Int(IntKind { size, signed: true }) => of(*size, "i"),
            Type::IntByForm(by) => self.by_form(by),
            Type::Float(size) => of(*size, "f"),
            Type::Bool(size) => of(*size, "bool"),
            Type::U48Be => quoted("u48be"),
            Type::Guid => quoted("guid"),
            Type::FileTime => quoted("time"),
            Type::GlobSet => quoted("globset"),
            Type::Named(id, arguments) => {
                let note = arguments.iter().find_map(|argument| note(def, argument));
                let mut more = String::new();
                if !arguments.is_empty() {
                    more = format!(", {}", table(arguments.iter().map(|argument| self.expr(argument))));
                }
                format!("Named({}{more}{})", id.0 + 1, note.map(|note| format!(", {note}")).unwrap_or_default())
            }
            Type::Text(text) => self.text(text),
            Type::Bytes(extent) => format!("Bytes({})", self.extent(extent)),
            Type::Array(element, Extent::Const(count)) if is_byte(element) => format!("Bytes({})", number(*count)),
            Type::Array(element, extent) => {
                let least = self.program.layout(element).min_size;
                let ending = match extent {
                    Extent::Until(ending) => format!(", {}", self.ending(ending)),
                    _ => String::new(),
                };
                format!("List({}, {least}, {}{ending})", self.ty(def, element), self.extent(extent))
            }
            Type::Later => later("a kind of value that this dissector does not have"),
        }
    }

    /// An integer by its bytes in each form.
    fn by_form(&self, by: &ByForm) -> String {
        let sizes = table(by.kinds.iter().map(|kind| kind.size.to_string()));
        format!("ByForm({}, {sizes})", self.expr(&by.form))
    }

    fn text(&self, text: &Text) -> String {
        let counted = |of: &str, width: &Width| {
            let size = match width {
                Width::Always(kind) => kind.size.to_string(),
                Width::ByForm(by) => self.by_form(by),
            };
            format!("Counted({}, {size})", quoted(of))
        };
        match text {
            Text::Utf16Nul => quoted("utf16"),
            Text::String8Nul => quoted("string8"),
            Text::By(flag) => format!("TextBy({})", self.expr(flag)),
            Text::Utf16Counted(width, true) => counted("utf16", width),
            Text::Utf16Counted(width, false) => counted("bytes of utf16", width),
            Text::String8Counted(width) => counted("string8", width),
            Text::BytesCounted(width) => counted("bytes", width),
            Text::Line => quoted("line"),
        }
    }

    /// A number, an expression as a table, or `nil` for all that is left.
    fn extent(&self, extent: &Extent) -> String {
        match extent {
            Extent::Const(count) => number(*count),
            // A number would be a constant extent, whose elements are read without a look at how many fit.
            Extent::Count(Expr::Int(count)) => format!("{{ \"+\", 0, {} }}", number(*count)),
            Extent::Count(count) => self.expr(count),
            Extent::Rest | Extent::Until(_) => "nil".to_owned(),
        }
    }

    /// What ends a list that says no count.
    fn ending(&self, ending: &Ending) -> String {
        match ending {
            Ending::Text(text) => format!("{{ text = {} }}", quoted(text)),
            Ending::Value(value) => format!("{{ value = {} }}", number(*value)),
            Ending::When { cond, or_rest } => format!("{{ cond = {}, or_rest = {or_rest} }}", self.expr(cond)),
        }
    }
}

/// What the runtime does not read.
fn later(what: &str) -> String {
    format!("Later({})", quoted(what))
}

fn param(param: &Param) -> String {
    let size = if param.list { None } else { unsigned_size(&param.ty) };
    let mut parts = vec![quoted(&param.name)];
    parts.extend(size.map(|size| size.to_string()));
    parts.extend(param.optional.then(|| "optional = true".to_owned()));
    format!("{{ {} }}", parts.join(", "))
}

/// The size of an integer that larger numbers are cut to.
fn unsigned_size(ty: &Type) -> Option<u8> {
    match ty {
        Type::Int(IntKind { size, signed: false }) if *size < 8 => Some(*size),
        _ => None,
    }
}

/// The list of named numbers whose elements name what an argument is for: columns, for values.
fn note(def: &StructDef, argument: &Expr) -> Option<String> {
    let (Expr::Param(name) | Expr::Known(name)) = argument.element_list()? else { return None };
    let Type::Named(id, _) = def.params.iter().find(|param| param.name == *name)?.ty else { return None };
    Some(format!("{{ {}, {} }}", quoted(name), id.0 + 1))
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Any => quoted("any"),
        Pattern::Int(value) | Pattern::Const(_, _, value) => number(*value),
        Pattern::Range(from, to) => format!("{{ from = {from}, to = {to} }}"),
        Pattern::Bool(value) => value.to_string(),
    }
}
