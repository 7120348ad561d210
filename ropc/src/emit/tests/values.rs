//! Functions that make a value of a type out of choices.
//!
//! Members are made in wire order, so that conditions, lengths and arguments are looked up in what
//! is made already, by the same expressions as in `unpack`.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::select::{Selection, Selections};
use crate::ast::{BinaryOp, ReservedRule};
use crate::emit::body::{Env, Holds, RustField, rust_fields};
use crate::emit::context::{Context, hex, int_method, usize_literal, words};
use crate::emit::names::{snake, snake_text};
use crate::emit::{unpacking, values};
use crate::lower::derive::{each_expr, each_field};
use crate::model::{
    BitsSource, Conditional, ConstValue, Count, Ending, Expr, Extent, Field, Member, Param, Role, StructDef, Text,
    Type, TypeId, TypeKind,
};

/// Blobs and texts are no longer than this where nothing else bounds them: just over 8 bits of size.
const MAX_BYTES: u64 = 300;

/// The structure that values are made of.
pub(super) struct Maker<'m, 'p> {
    pub(super) cx: &'m Context<'p>,
    pub(super) selections: &'m Selections<'p>,
    pub(super) name: &'m str,
    /// Where it is declared.
    pub(super) module: usize,
    /// `None` for bodies of operations: nothing contains these.
    pub(super) id: Option<TypeId>,
    pub(super) def: &'m StructDef,
}

/// Code for members: statements, and the fields of the value by their names.
#[derive(Default)]
pub(super) struct Made {
    pub(super) statements: TokenStream,
    fields: Vec<(String, TokenStream)>,
    /// What follows reads a local that building the value moves, so it has to be made before.
    first: bool,
}

impl Made {
    /// The value of a field: in a local when something reads it, else where the value is built.
    pub(super) fn add(&mut self, name: &str, value: TokenStream, local: bool) {
        if !local && !self.first {
            self.fields.push((name.to_owned(), value));
            return;
        }
        let ident = snake(name);
        self.statements.extend(quote!(let #ident = #value;));
        self.fields.push((name.to_owned(), quote!(#ident)));
    }

    pub(super) fn field(&self, name: &str) -> TokenStream {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// `a, b: value`
    pub(super) fn inits(&self, fields: &[RustField<'_>]) -> TokenStream {
        let inits = fields.iter().map(|field| {
            let (ident, value) = (field.ident(), self.field(field.name()));
            if ident == value.to_string() { quote!(#ident) } else { quote!(#ident: #value) }
        });
        quote!(#(#inits),*)
    }
}

/// Where a member stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'m> {
    /// The members that may say something about it: those of the arm, or of the structure.
    pub(super) scope: &'m [Member],
    /// Recursion has been checked on the way.
    pub(super) guarded: bool,
}

impl<'m> Maker<'m, '_> {
    /// The function.
    pub(super) fn function(&self) -> TokenStream {
        let (statements, value) = self.made();
        let body = if self.def.max_recursion.is_none() {
            quote!(#statements #value)
        } else if statements.is_empty() {
            quote!(g.nest(|g| #value))
        } else {
            quote!(g.nest(|g| { #statements #value }))
        };
        let function = function_name(self.name);
        self.cx.import("generated_tests::Choices");
        let g = if words(&body).contains("g") { quote!(g) } else { quote!(_g) };
        let params = self.cx.params(&self.def.params, &body);
        let ty = self.cx.name_in(self.module, self.name);
        let lifetime = self.def.layout.lifetime.then(|| quote!(<'static>));
        quote!(pub fn #function(#g: &mut Choices #params) -> #ty #lifetime { #body })
    }

    /// Statements, and the expression for the value.
    pub(super) fn made(&self) -> (TokenStream, TokenStream) {
        let mut env = Env::of_test(self.def);
        let mut made = Made::default();
        let place = Place { scope: &self.def.body, guarded: false };
        let value = match self.def.body.as_slice() {
            [before @ .., Member::Match(m)] if self.def.is_enum => {
                self.members(before, place, &mut env, &mut made);
                self.variant(m, place, &env)
            }
            body => {
                self.members(body, place, &mut env, &mut made);
                let (name, fields) = (self.cx.name_in(self.module, self.name), rust_fields(body));
                let inits = made.inits(&fields);
                let derived: Vec<_> = fields
                    .iter()
                    .filter(|field| matches!(field.holds, Holds::Field(f) if !f.derived_bits.is_empty()))
                    .map(RustField::ident)
                    .collect();
                match (fields.is_empty(), derived.is_empty()) {
                    (true, _) => quote!(#name),
                    (_, true) => quote!(#name { #inits }),
                    // Decoding gives the bits that follow from other fields, so the value has them too.
                    _ => quote!({
                        let mut value = #name { #inits };
                        #(value.#derived = value.#derived();)*
                        value
                    }),
                }
            }
        };
        (made.statements, value)
    }

    /// A value for a parameter.
    pub(super) fn param(&self, param: &Param) -> TokenStream {
        let field = Field::plain(&param.name, Vec::new(), param.ty.clone());
        let selected = self.selections.of_param_in(self.def, param);
        let place = Place { scope: &[], guarded: false };
        let matched = self.matched(&Expr::Param(param.name.clone()));
        let value = match &param.ty {
            Type::Int(kind) if !matched.is_empty() => {
                let matched = matched.into_iter().map(|value| hex(value, kind.size));
                quote!(*g.one_of(&[#(#matched),*]))
            }
            ty => self.one(ty, &field, &selected, place, &Env::of_test(self.def)),
        };
        let value = if param.list { list_of(&value) } else { value };
        if param.optional { quote!(g.bool().then(|| #value)) } else { value }
    }

    pub(super) fn members(&self, body: &'m [Member], place: Place<'m>, env: &mut Env, made: &mut Made) {
        for member in body {
            match member {
                Member::Field(field) => self.field(field, place, env, made),
                Member::If(c) => self.conditional(c, place, env, made),
                Member::Match(m) => made.add(&m.field, self.variant(m, place, env), false),
                // Of sizes, which packing finds out.
                Member::Let(_, expr, _) if self.reads_size(expr) => {}
                Member::Let(name, expr, ty) => {
                    let value = env.expr(self.cx, expr);
                    let ident = snake(name);
                    env.value(name, ty);
                    made.statements.extend(quote!(let #ident = #value;));
                }
                Member::Sized(_, inner) | Member::Tail(inner) => self.members(inner, place, env, made),
                Member::Require(_) => {}
            }
        }
    }

    fn field(&self, field: &'m Field, place: Place<'m>, env: &mut Env, made: &mut Made) {
        let ident = snake(&field.name);
        match &field.role {
            Role::Plain => {
                let mut value = self.value(field, place, env);
                if field.at.is_some() {
                    value = quote!(g.bool().then(|| #value));
                }
                let read = env.is_read(&field.name) || self.is_counted(&field.name) || self.is_measured(&field.name);
                made.add(&field.name, value, read);
                made.first |= read && !self.cx.is_copy(&field.ty);
            }
            Role::Present(_) if env.is_read(&field.name) => made.statements.extend(quote!(let #ident = g.bool();)),
            Role::Fixed(value) if env.is_read(&field.name) => {
                let value = values::const_value(self.cx, &field.ty, &ConstValue::Int(*value));
                made.statements.extend(quote!(let #ident = #value;));
            }
            _ => return,
        }
        env.value(&field.name, &field.ty);
    }

    /// A size of something is read by an expression.
    fn reads_size(&self, expr: &Expr) -> bool {
        let mut sizes = BTreeSet::new();
        each_field(&self.def.body, &mut |field| {
            if matches!(field.role, Role::SizeOf(..) | Role::SizeOfThis | Role::SizeOfFollowing) {
                sizes.insert(field.name.clone());
            }
        });
        let mut found = false;
        crate::lower::derive::walk(expr, &mut |expr| {
            found |= matches!(expr, Expr::Field(name) if sizes.contains(name));
        });
        found
    }

    /// Another list has as many elements as this one.
    fn is_counted(&self, name: &str) -> bool {
        let mut found = false;
        each_field(&self.def.body, &mut |field| {
            if let Type::Array(_, Extent::Count(Expr::Field(count))) = &field.ty {
                found |= field.name != name && counted_by(&self.def.body, count).as_deref() == Some(name);
            }
        });
        found
    }

    /// Something is as long as this field says.
    fn is_length(&self, name: &str) -> bool {
        let mut found = false;
        each_field(&self.def.body, &mut |field| {
            if let Type::Array(_, Extent::Count(count)) | Type::Bytes(Extent::Count(count)) = &field.ty {
                crate::lower::derive::walk(count, &mut |e| found |= matches!(e, Expr::Field(n) if n == name));
            }
        });
        found
    }

    /// A condition asks whether this field takes any bytes.
    fn is_measured(&self, name: &str) -> bool {
        self.def
            .body
            .iter()
            .any(|member| matches!(member, Member::If(c) if measured(&self.def.body, c).as_deref() == Some(name)))
    }

    fn conditional(&self, c: &'m Conditional, place: Place<'m>, env: &Env, made: &mut Made) {
        let fields = [rust_fields(&c.then), rust_fields(&c.otherwise)].concat();
        let one_way = |field: &RustField<'_>| {
            let (then, otherwise) = (own_field(&c.then, field.name()), own_field(&c.otherwise, field.name()));
            then.or(otherwise) == Some(false) && then.is_some() != otherwise.is_some()
        };
        // What follows from the fields cannot contradict them.
        let mut follows = false;
        crate::lower::derive::walk(&c.cond, &mut |expr| {
            if let Expr::Field(name) = expr {
                each_field(&self.def.body, &mut |field| {
                    let plain = matches!(field.role, Role::Plain) && field.derived_bits.is_empty();
                    follows |= field.name == *name && !plain;
                });
            }
        });
        let ruled = !follows
            && fields.iter().all(|f| one_way(f) && none_of(place.scope, f.name()).is_none())
            && !fields.is_empty();
        let cond = self.condition(c, place, env, ruled);
        // What is chosen here is counted where it is chosen.
        let cond = if words(&cond).contains("g") { cond } else { quote!(g.holds(#cond)) };
        let then = self.branch(&c.then, &fields, place, env);
        match (fields.as_slice(), then.statements.is_empty() && c.otherwise.is_empty()) {
            ([], _) => {}
            ([one], true) => {
                let value = then.field(one.name());
                // A name or a call; anything else needs parentheses before a method.
                let simple = syn::parse2::<syn::Expr>(cond.clone()).is_ok_and(|cond| {
                    matches!(cond, syn::Expr::MethodCall(_) | syn::Expr::Path(_) | syn::Expr::Field(_))
                });
                let cond = if simple { cond } else { quote!((#cond)) };
                let flatten = match own_field(&c.then, one.name()) {
                    Some(true) => Some(quote!(.flatten())),
                    // As many as say that there are none cannot be said.
                    _ => none_of(place.scope, one.name())
                        .map(|none| quote!(.filter(|list| list.len() != #none)))
                        .or_else(|| nothing_of(place.scope, c, one.name())),
                };
                made.add(one.name(), quote!(#cond.then(|| #value) #flatten), env.is_read(one.name()));
            }
            _ => {
                let otherwise = self.branch(&c.otherwise, &fields, place, env);
                let block = |made: &Made, own: &[Member]| {
                    let values = fields.iter().map(|field| match own_field(own, field.name()) {
                        Some(true) => made.field(field.name()),
                        Some(false) => {
                            let value = made.field(field.name());
                            quote!(Some(#value))
                        }
                        None => quote!(None),
                    });
                    let (statements, values) = (&made.statements, unpacking::tuple(values));
                    quote!({ #statements #values })
                };
                let (then, otherwise) = (block(&then, &c.then), block(&otherwise, &c.otherwise));
                let idents = unpacking::tuple(fields.iter().map(RustField::ident));
                made.statements.extend(quote!(let #idents = if #cond #then else #otherwise;));
                for field in &fields {
                    let ident = field.ident();
                    made.fields.push((field.name().to_owned(), quote!(#ident)));
                }
            }
        }
    }

    fn branch(&self, body: &'m [Member], fields: &[RustField<'_>], place: Place<'m>, env: &Env) -> Made {
        let mut made = Made::default();
        if !fields.is_empty() {
            self.members(body, place, &mut env.clone(), &mut made);
        }
        made
    }

    /// A condition over values that are there, or a choice where the presence decides.
    ///
    /// `ruled`: one that does not hold is no value of the structure where the fields are there nevertheless.
    fn condition(&self, c: &Conditional, place: Place<'_>, env: &Env, ruled: bool) -> TokenStream {
        if let Some(bytes) = measured(place.scope, c) {
            let bytes = snake(&bytes);
            return quote!(!#bytes.is_empty());
        }
        let mut chosen = false;
        crate::lower::derive::walk(&c.cond, &mut |expr| {
            if let Expr::Field(name) = expr {
                each_field(place.scope, &mut |field| {
                    let role = matches!(
                        field.role,
                        Role::Count(_) | Role::SizeOf(..) | Role::SizeOfFollowing | Role::SizeOfThis
                    );
                    let bits = field.derived_bits.iter().any(|bits| {
                        matches!((&c.cond, &bits.from), (Expr::Bits(_, _, sub), BitsSource::Present(_)) if *sub == bits.name)
                    });
                    chosen |= field.name == *name && (role || bits);
                });
            }
        });
        match (chosen, !place.guarded && self.selections.leads_back(&c.then, self.id)) {
            (true, true) => quote!(g.deeper() && g.bool()),
            (true, false) => quote!(g.bool()),
            (false, _) => {
                let cond = env.expr(self.cx, &c.cond);
                if ruled { quote!(g.breaks(#cond)) } else { cond }
            }
        }
    }

    fn value(&self, field: &Field, place: Place<'_>, env: &Env) -> TokenStream {
        let selected = self.selections.of_field(place.scope, field);
        let value = match &field.ty {
            Type::Array(element, extent) => self.array(element, extent, field, &selected, place, env),
            Type::Int(_) => self.number(field, env),
            Type::IntByForm(_) if self.is_length(&field.name) => {
                let ty = self.cx.rust(&field.ty, &quote!('_));
                quote!(g.len(20) as #ty)
            }
            Type::U48Be if self.is_length(&field.name) => quote!(g.len(20) as u64),
            ty => self.one(ty, field, &selected, place, env),
        };
        if field.boxed { quote!(Box::new(#value)) } else { value }
    }

    /// What a number may be that the variant of a match must fit; empty where anything fits.
    fn matched(&self, subject: &Expr) -> Vec<u64> {
        let same = |expr: &Expr| match (expr, subject) {
            (Expr::Field(a), Expr::Field(b)) | (Expr::Param(a), Expr::Param(b)) => a == b,
            _ => false,
        };
        let mut found = Vec::new();
        crate::lower::derive::each_match(&self.def.body, &mut |m| {
            if let [d] = m.on.as_slice()
                && !d.derived
                && same(&d.expr)
                && !crate::lower::coverage::is_total(self.cx.program, m)
            {
                let patterns = m.arms.iter().flat_map(|arm| arm.patterns.first().into_iter().flatten());
                found.extend(patterns.filter_map(|p| match p {
                    crate::model::Pattern::Int(value) | crate::model::Pattern::Range(value, _) => Some(*value),
                    _ => None,
                }));
            }
        });
        found
    }

    /// A number: one that a condition compares it with, one that bounds a list, or any.
    fn number(&self, field: &Field, env: &Env) -> TokenStream {
        let Type::Int(kind) = &field.ty else { return TokenStream::new() };
        let (method, mut compared, mut bound) = (int_method(*kind), BTreeSet::new(), None);
        let matched = self.matched(&Expr::Field(field.name.clone()));
        if !matched.is_empty() {
            let matched = matched.into_iter().map(|value| hex(value, kind.size));
            return quote!(*g.one_of(&[#(#matched),*]));
        }
        let is_field = |expr: &Expr| matches!(expr, Expr::Field(name) if *name == field.name);
        each_expr(&self.def.body, &mut |expr| match expr {
            Expr::Binary(BinaryOp::Eq | BinaryOp::Ne, a, b) if is_field(a) => {
                if let Expr::Int(value) = b.as_ref() {
                    compared.insert(*value);
                }
            }
            Expr::Slice(list, end) if is_field(end) => bound = Some(env.len(self.cx, &Expr::Len(list.clone()))),
            _ => {}
        });
        each_field(&self.def.body, &mut |other| {
            if let Type::Array(_, Extent::Count(count)) | Type::Bytes(Extent::Count(count)) = &other.ty {
                crate::lower::derive::walk(count, &mut |expr| {
                    if is_field(expr) {
                        bound.get_or_insert(usize_literal(20));
                    }
                });
            }
        });
        let compared: Vec<TokenStream> = compared.into_iter().map(|value| hex(value, kind.size)).collect();
        match (bound, compared.as_slice()) {
            (Some(bound), _) => quote!(g.len(#bound) as #method),
            (None, []) => quote!(g.#method()),
            (None, [one]) => quote!(if g.bool() { #one } else { g.#method() }),
            (None, many) => quote!(if g.bool() { *g.one_of(&[#(#many),*]) } else { g.#method() }),
        }
    }

    fn array(
        &self,
        element: &Type,
        extent: &Extent,
        field: &Field,
        selected: &[(Option<String>, Selection)],
        place: Place<'_>,
        env: &Env,
    ) -> TokenStream {
        let item = self.one(element, field, selected, place, env);
        let index = if words(&item).contains("index") { quote!(index) } else { quote!(_) };
        match extent {
            Extent::Const(_) if matches!(element, Type::Int(kind) if kind.size == 1 && !kind.signed) => {
                quote!(g.bytes())
            }
            Extent::Const(_) => quote!(std::array::from_fn(|#index| #item)),
            Extent::Count(Expr::Field(count)) => match counted_by(place.scope, count) {
                Some(other) if other == field.name => self.list(element, &item, place),
                Some(other) => {
                    let other = snake(&other);
                    let len = quote!(#other.len());
                    // An element beyond the others would be looked up among them.
                    let len = if index.to_string() == "_" { quote!(g.breaks_len(#len)) } else { len };
                    quote!((0..#len).map(|#index| #item).collect())
                }
                None => {
                    let count = env.len(self.cx, &Expr::Field(count.clone()));
                    quote!((0..#count).map(|#index| #item).collect())
                }
            },
            Extent::Count(count) => {
                let count = env.len(self.cx, count);
                quote!((0..#count).map(|#index| #item).collect())
            }
            Extent::Rest => self.list(element, &item, place),
            Extent::Until(ending) => {
                let ends = unpacking::ends(self.cx, element, ending, true, env);
                let method = if matches!(**ending, Ending::When { .. }) { quote!(until) } else { quote!(without) };
                let make = maker_of(&item);
                quote!(g.#method(#make, |item| #ends))
            }
        }
    }

    /// A list of any length.
    fn list(&self, element: &Type, item: &TokenStream, place: Place<'_>) -> TokenStream {
        let deep = match element {
            Type::Named(id, _) => !place.guarded && Some(*id) == self.id,
            _ => false,
        };
        let list = list_of(item);
        if deep { quote!(if g.deeper() { #list } else { Vec::new() }) } else { list }
    }

    /// A value that is no array.
    fn one(
        &self,
        ty: &Type,
        field: &Field,
        selected: &[(Option<String>, Selection)],
        place: Place<'_>,
        env: &Env,
    ) -> TokenStream {
        match ty {
            Type::Int(kind) => {
                let method = int_method(*kind);
                quote!(g.#method())
            }
            Type::IntByForm(by) => {
                let (size, ty) = (env.form_size(self.cx, by), self.cx.rust(ty, &quote!('_)));
                if by.widest().size == 8 { quote!(g.uint(#size)) } else { quote!(g.uint(#size) as #ty) }
            }
            Type::Float(4) => quote!(g.f32()),
            Type::Float(_) => quote!(g.f64()),
            Type::Bool(_) => quote!(g.bool()),
            Type::U48Be => quote!(g.u48()),
            Type::Guid => quote!(g.guid()),
            Type::FileTime => quote!(g.filetime()),
            Type::GlobSet => quote!(g.globset()),
            Type::Named(id, args) => self.named(*id, args, selected, env),
            Type::Text(text) => self.text(text, limit(place.scope, &field.name), env),
            Type::Bytes(Extent::Const(_)) => quote!(g.bytes()),
            Type::Bytes(Extent::Count(count)) => match count {
                Expr::Field(name) if is_derived(place.scope, name) => blob(limit(place.scope, &field.name)),
                _ => {
                    let count = env.len(self.cx, count);
                    quote!(g.blob_of(#count))
                }
            },
            Type::Bytes(Extent::Rest | Extent::Until(_)) => blob(limit(place.scope, &field.name)),
            Type::Array(..) | Type::Later => quote!(Vec::new()),
        }
    }

    fn named(&self, id: TypeId, args: &[Expr], selected: &[(Option<String>, Selection)], env: &Env) -> TokenStream {
        let def = self.cx.program.ty(id);
        match &def.kind {
            TypeKind::Enum(_) => match selected.first() {
                Some((_, selection)) => self.selected(selection),
                None => {
                    let name = self.cx.type_name(id);
                    quote!(#name(g.named(#name::NAMES)))
                }
            },
            TypeKind::Bits(bits) => {
                let (name, method) = (self.cx.type_name(id), int_method(bits.base));
                let mut value = match bits.reserved {
                    ReservedRule::Ignore => quote!(#name(g.#method())),
                    ReservedRule::Zero | ReservedRule::Reject => {
                        let known = hex(bits.known, bits.base.size);
                        quote!(#name(g.#method() & #known))
                    }
                };
                for (sub, selection) in selected {
                    let with = format_ident!("with_{}", snake_text(sub.as_deref().unwrap_or_default()));
                    let selected = self.selected(selection);
                    value = quote!(#value.#with(#selected));
                }
                value
            }
            TypeKind::Form(_) if !selected.is_empty() => {
                selected.first().map(|(_, selection)| self.selected(selection)).unwrap_or_default()
            }
            TypeKind::Form(forms) => {
                let all = forms.items.iter().map(|(item, _)| self.cx.constant(id, item));
                quote!(*g.one_of(&[#(#all),*]))
            }
            TypeKind::Struct(inner) => {
                let function = function_in(self.cx, self.module, def.module, &format!("{}Value", def.name));
                let args = env.args(self.cx, &inner.params, args);
                quote!(#function(g #args))
            }
        }
    }

    /// A constant that selects a layout.
    fn selected(&self, selection: &Selection) -> TokenStream {
        if let Some(selector) = self.selections.selector(selection) {
            let function = function_in(self.cx, self.module, selector.module, &selector.name);
            return quote!(#function(g));
        }
        let all = constants(self.cx, selection.of, selection.leaves.iter().chain(&selection.deep));
        quote!(*g.one_of(&[#all]))
    }

    fn text(&self, text: &Text, limit: u64, env: &Env) -> TokenStream {
        let most = |width: &crate::model::Width, unit: u64| {
            let counted = if width.narrowest().size == 1 { u64::from(u8::MAX) } else { MAX_BYTES };
            usize_literal(counted.min(limit) / unit)
        };
        match text {
            Text::Utf16Nul => {
                let units = usize_literal((limit / 2).saturating_sub(1));
                quote!(g.utf16(#units))
            }
            Text::Line => {
                let bytes = usize_literal(limit.saturating_sub(2));
                quote!(g.line(#bytes))
            }
            Text::String8Nul => {
                let bytes = usize_literal(limit.saturating_sub(1));
                quote!(g.string8(#bytes))
            }
            Text::By(flag) => {
                let (flag, units) = (env.expr(self.cx, flag), usize_literal((limit / 2).saturating_sub(1)));
                quote!(g.string_value(#flag, #units))
            }
            Text::Utf16Counted(width, chars) => {
                let units = most(width, if *chars { 1 } else { 2 });
                quote!(g.utf16(#units))
            }
            Text::String8Counted(width) => {
                let bytes = most(width, 1);
                quote!(g.string8(#bytes))
            }
            Text::BytesCounted(width) => {
                let bytes = most(width, 1);
                quote!(g.blob(#bytes))
            }
        }
    }
}

/// The function that makes one of the constants that select a layout.
pub(super) fn selector(cx: &Context<'_>, selector: &super::select::Selector) -> TokenStream {
    let function = snake(&selector.name);
    cx.import("generated_tests::Choices");
    let selection = &selector.selection;
    let ty = cx.type_name(selection.of);
    let docs = format!(" A `{}` that `{}` has a variant for.", cx.program.ty(selection.of).name, selector.owner);
    let (leaves, deep) = (constants(cx, selection.of, &selection.leaves), constants(cx, selection.of, &selection.deep));
    let body = if selection.deep.is_empty() {
        quote!(*g.one_of(&[#leaves]))
    } else {
        quote! {
            const LEAVES: &[#ty] = &[#leaves];
            const DEEP: &[#ty] = &[#deep];
            if g.deeper() && g.pick(4) == 3 { *g.one_of(DEEP) } else { *g.one_of(LEAVES) }
        }
    };
    quote!(#[doc = #docs] pub fn #function(g: &mut Choices) -> #ty { #body })
}

fn constants<'s>(cx: &Context<'_>, of: TypeId, names: impl IntoIterator<Item = &'s String>) -> TokenStream {
    let all = names.into_iter().map(|name| cx.constant(of, name));
    quote!(#(#all),*)
}

/// The function that makes values of a type.
pub(super) fn function_name(type_name: &str) -> Ident {
    snake(&format!("{type_name}Value"))
}

/// A function of this module or of another one.
fn function_in(cx: &Context<'_>, here: usize, there: usize, name: &str) -> TokenStream {
    let function = snake(name);
    match cx.program.modules.get(there) {
        Some(module) if here != there => {
            cx.import(format!("super::{}", module.name));
            let module = snake(&module.name);
            quote!(#module::#function)
        }
        _ => quote!(#function),
    }
}

/// A list of what an expression makes, which may be a call of one function.
fn list_of(item: &TokenStream) -> TokenStream {
    let make = maker_of(item);
    quote!(g.list(#make))
}

/// What makes one element: a function, or a closure where it is more than a call of one.
fn maker_of(item: &TokenStream) -> TokenStream {
    let text = item.to_string();
    match text.strip_suffix("(g)").map(str::trim_end).and_then(|path| path.parse::<TokenStream>().ok()) {
        Some(path) if !text.contains('.') && text.matches('(').count() == 1 => path,
        _ => quote!(|g| #item),
    }
}

fn blob(limit: u64) -> TokenStream {
    let limit = usize_literal(limit);
    quote!(g.blob(#limit))
}

/// The most bytes that a field may take: its share of what an 8-bit size can say.
fn limit(scope: &[Member], name: &str) -> u64 {
    let mut limit = MAX_BYTES;
    each_field(scope, &mut |field| {
        let narrowest = match &field.ty {
            Type::Int(kind) => kind.size,
            Type::IntByForm(by) => by.narrowest().size,
            _ => return,
        };
        if let Role::SizeOf(of, plus) = &field.role
            && narrowest == 1
            && of.iter().any(|n| n == name)
        {
            limit = limit.min(u64::from(u8::MAX).saturating_sub_signed(*plus) / of.len() as u64);
        }
        if let (Role::Count(count), Type::Int(kind)) = (&field.role, &field.ty)
            && kind.size == 1
            && count.of == name
        {
            limit = limit.min(u64::from(u8::MAX));
        }
    });
    limit
}

/// The value of a list's count that says that there is no list.
fn none_of(scope: &[Member], list: &str) -> Option<TokenStream> {
    let mut found = None;
    each_field(scope, &mut |field| {
        if let Role::Count(Count { of, none: Some(none) }) = &field.role
            && of == list
        {
            found = Some(usize_literal(*none));
        }
    });
    found
}

/// What is so small that its size says that it is not there cannot be said either.
fn nothing_of(scope: &[Member], c: &Conditional, name: &str) -> Option<TokenStream> {
    let mut found = None;
    each_field(scope, &mut |field| {
        if let Role::SizeOf(of, plus @ ..0) = &field.role
            && c.cond.is_some_of(&field.name)
            && matches!(of.as_slice(), [of] if of == name)
        {
            let least = usize_literal(plus.unsigned_abs());
            found = Some(quote!(.filter(|value| value.packed_size() != #least)));
        }
    });
    found
}

/// The list that a count is of.
fn counted_by(scope: &[Member], count: &str) -> Option<String> {
    let mut found = None;
    each_field(scope, &mut |field| {
        if let (Role::Count(of), true) = (&field.role, field.name == count) {
            found = Some(of.of.clone());
        }
    });
    found
}

/// The bytes or list whose size or length a condition compares with 0, where they are there whatever it says.
fn measured(scope: &[Member], c: &Conditional) -> Option<String> {
    let Expr::Binary(BinaryOp::Gt | BinaryOp::Ne, size, zero) = &c.cond else { return None };
    let (Expr::Field(size), Expr::Int(0)) = (size.as_ref(), zero.as_ref()) else { return None };
    let mut found = None;
    each_field(scope, &mut |field| {
        if field.name == *size {
            found = match &field.role {
                Role::SizeOf(of, 0) => of.first().filter(|_| of.len() == 1).cloned(),
                Role::Count(count) => Some(count.of.clone()),
                _ => None,
            };
        }
    });
    let name = found?;
    let bytes = |field: &Field| field.name == name && matches!(field.ty, Type::Bytes(_) | Type::Array(..));
    scope.iter().any(|member| matches!(member, Member::Field(field) if bytes(field))).then_some(name)
}

/// The field comes from others.
fn is_derived(scope: &[Member], name: &str) -> bool {
    let mut found = false;
    each_field(scope, &mut |field| found |= field.name == name && !matches!(field.role, Role::Plain));
    found
}

/// The field is one of these members; true when it stands in a further `if` of them.
fn own_field(body: &[Member], name: &str) -> Option<bool> {
    let own = rust_fields(body).into_iter().find(|field| field.name() == name)?;
    Some(own.optional)
}
