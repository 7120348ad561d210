//! Reading: expressions that give a value from the cursor `c`.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::super::dialect::{Format, Sub};
use super::super::layout;
use super::super::model::{Array, Expr, Field, Pointer, Scalar, Size, Text, Type, TypeKind};
use super::dialect::{flat_method, format_around, header, is_short};
use super::exprs::{Env, describe, widen};
use super::{Emit, ident, range, usize_literal};

/// A reader of one field or element.
#[derive(Clone, Copy)]
pub(super) struct Read<'e, 'm> {
    pub(super) emit: Emit<'m>,
    pub(super) env: &'e Env<'m>,
    /// The field for error paths; elements get theirs from the array.
    pub(super) at: Option<&'e str>,
}

/// A value that is read in a format of its own.
fn formatted(format: Format, value: &TokenStream) -> TokenStream {
    let (before, after) = format_around(format, "c");
    quote!({ #before let value = #value; #after value })
}

impl<'m> Read<'_, 'm> {
    /// `expr.at("Field")?`
    fn ask(&self, expr: TokenStream) -> TokenStream {
        match self.at {
            Some(at) => quote!(#expr.at(#at)?),
            None => quote!(#expr?),
        }
    }

    fn inner(&self) -> Self {
        Read { at: None, ..*self }
    }

    /// A value with everything that it points to.
    pub(super) fn whole(&self, ty: &Type) -> TokenStream {
        match ty {
            Type::Scalar(scalar) => self.scalar(*scalar),
            Type::Ranged(scalar, low, high) => self.ranged(*scalar, *low, *high),
            Type::Named(_) | Type::Union(..) | Type::Known(_) => {
                let function = self.function(ty, "unpack");
                let tag = self.bare_tag(ty);
                let value = self.ask(quote!(#function(c #tag)));
                self.with_tag(ty, value)
            }
            Type::Formatted(format, inner) => {
                let value = self.whole(inner);
                formatted(*format, &value)
            }
            Type::Sub(sub) => self.sub(sub),
            Type::Flat(flat) => {
                let (method, shape) = flat_method(*flat);
                self.ask(quote!(c.#method(#shape)))
            }
            Type::Pipe(element) => self.pipe(element),
            Type::Pointer(kind, to) if kind.is_relative() => {
                let (id, value) = (self.pointer_id(*kind), self.followed(*kind, to));
                quote!({ let frame = c.open(); #id; let value = #value; c.close(frame); value })
            }
            Type::Pointer(Pointer::Ref, to) => {
                let id = self.ask(quote!(c.defer_reference()));
                let value = self.boxed(Pointer::Ref, to);
                quote!({ #id; #value })
            }
            Type::Pointer(Pointer::Full, to) => {
                let full = self.ask(quote!(c.full_pointer()));
                self.full(to, &full)
            }
            Type::Pointer(kind, to) => {
                let id = self.ask(quote!(c.referent()));
                let value = self.boxed(*kind, to);
                quote!(if #id == 0 { None } else { Some(#value) })
            }
            Type::Array(array) => self.whole_array(array),
            Type::Text(text) => match (&text.size, text.wide) {
                (Size::Conformant(None) | Size::Headed(None), true) => self.ask(quote!(c.string16())),
                (Size::Conformant(None) | Size::Headed(None), false) => self.ask(quote!(c.string8())),
                (Size::Conformant(Some(size)) | Size::Headed(Some(size)), _) => {
                    let max_count = self.ask(quote!(c.max_count()));
                    let check = self.count_check(quote!(max_count), size);
                    let value = self.text(text, &quote!(max_count));
                    quote!({ let max_count = #max_count; #check #value })
                }
                (Size::Fixed(_) | Size::Inline(_), _) => self.text(text, &TokenStream::new()),
            },
        }
    }

    /// A value whose pointers wait; `max_count` of a conformant one was read before.
    pub(super) fn scalars(&self, ty: &Type) -> TokenStream {
        let shape = self.emit.layout(ty);
        match ty {
            Type::Named(_) | Type::Union(..) if shape.pointers || shape.conformant => {
                let function = self.function(ty, "unpack_scalars");
                let tag = self.bare_tag(ty);
                let value = if shape.conformant {
                    self.ask(quote!(#function(c, max_count)))
                } else {
                    self.ask(quote!(#function(c #tag)))
                };
                self.with_tag(ty, value)
            }
            Type::Pointer(kind, _) => {
                let id = self.pointer_id(*kind);
                let value = Self::placeholder(*kind);
                quote!({ #id; #value })
            }
            Type::Array(array) => {
                let (setup, count) = self.inline_count(array);
                let items = self.items(array, &count);
                if setup.is_empty() { items } else { quote!({ #setup #items }) }
            }
            Type::Text(Text { size: Size::Headed(_), .. }) => self.whole(ty),
            Type::Text(text) => self.text(text, &quote!(max_count)),
            Type::Formatted(format, inner) if shape.pointers || shape.conformant => {
                let value = self.scalars(inner);
                formatted(*format, &value)
            }
            _ => self.whole(ty),
        }
    }

    /// The id of a pointer inside a construction.
    pub(super) fn pointer_id(&self, kind: Pointer) -> TokenStream {
        match kind {
            Pointer::Ref => self.ask(quote!(c.defer_reference())),
            Pointer::Unique => self.ask(quote!(c.defer_pointer())),
            Pointer::Full => self.ask(quote!(c.defer_full_pointer())),
            Pointer::Relative | Pointer::RelativeShort => {
                let short = is_short(kind);
                self.ask(quote!(c.defer_relative(#short)))
            }
        }
    }

    /// What stands for a referent until it is read.
    pub(super) fn placeholder(kind: Pointer) -> TokenStream {
        match kind {
            Pointer::Ref => quote!(Default::default()),
            _ => quote!(None),
        }
    }

    /// Statements that fill in what the value at a place points to. `place` is a reference where
    /// `reference` says so.
    pub(super) fn buffers(&self, ty: &Type, place: &TokenStream, reference: bool) -> TokenStream {
        let value = if reference { quote!(*#place) } else { place.clone() };
        match ty {
            Type::Named(_) | Type::Union(..) => {
                let ask = self.ask(quote!(#place.unpack_buffers(c)));
                quote!(#ask;)
            }
            Type::Pointer(Pointer::Ref, to) => {
                let referent = self.boxed(Pointer::Ref, to);
                quote!(#value = #referent;)
            }
            Type::Pointer(kind, to) if kind.is_relative() => {
                let referent = self.followed(*kind, to);
                quote!(#value = #referent;)
            }
            Type::Pointer(Pointer::Full, to) => {
                let full = self.ask(quote!(c.follow_full()));
                let referent = self.full(to, &full);
                quote!(#value = #referent;)
            }
            Type::Pointer(kind, to) => {
                let referent = self.boxed(*kind, to);
                quote!(if c.follow() { #value = Some(#referent); })
            }
            Type::Formatted(format, inner) => {
                let statements = self.buffers(inner, place, reference);
                let (before, after) = format_around(*format, "c");
                quote!({ #before #statements #after })
            }
            Type::Array(array) if !self.emit.layout(&array.element).pointers => TokenStream::new(),
            Type::Array(array) => {
                let items = if reference { place.clone() } else { quote!(&mut #place) };
                let element = self.buffers_closure(&array.element);
                let ask = self.ask(quote!(c.array_buffers(#items, #element)));
                quote!(#ask;)
            }
            _ => TokenStream::new(),
        }
    }

    fn buffers_closure(&self, element: &Type) -> TokenStream {
        match element {
            Type::Named(_) | Type::Union(..) => quote!(|c, item| item.unpack_buffers(c)),
            other => {
                let statements = self.inner().buffers(other, &quote!(item), true);
                quote!(|c, item| { #statements Ok(()) })
            }
        }
    }

    /// What a full pointer leads to, or `None`.
    fn full(&self, to: &Type, full: &TokenStream) -> TokenStream {
        let referent = self.boxed(Pointer::Full, to);
        quote!(match #full {
            Some(full) => {
                let value = #referent;
                c.leave_full(full);
                Some(value)
            }
            None => None,
        })
    }

    /// What a relative pointer leads to, or `None`.
    fn followed(&self, kind: Pointer, to: &Type) -> TokenStream {
        let (jump, referent) = (self.ask(quote!(c.follow_relative())), self.boxed(kind, to));
        quote!(match #jump {
            Some(jump) => {
                let value = #referent;
                c.leave_relative(jump);
                Some(value)
            }
            None => None,
        })
    }

    /// Data inside data.
    fn sub(&self, sub: &Sub) -> TokenStream {
        let header = header(sub.header);
        let size = match &sub.size {
            Some(size) if self.env.knows(size) => {
                let size = self.env.value(size);
                quote!(Some(#size))
            }
            _ => quote!(None),
        };
        let outer = self.ask(quote!(c.enter_sub(#header, #size)));
        let value = self.whole(&sub.inner);
        quote!({
            let outer = #outer;
            let value = #value;
            c.leave_sub(outer);
            value
        })
    }

    fn pipe(&self, element: &Type) -> TokenStream {
        if layout::is_byte(element) {
            return self.ask(quote!(c.pipe_bytes()));
        }
        let min_size = usize_literal(self.emit.layout(element).min_size.max(1));
        let element = returning(&self.inner().whole(element));
        self.ask(quote!(c.pipe(#min_size, #element)))
    }

    /// The discriminant of a union that has none on the wire, as an argument.
    fn bare_tag(&self, ty: &Type) -> Option<TokenStream> {
        let Type::Union(id, switch) = ty else { return None };
        let def = self.emit.model.get(*id)?;
        match (&def.kind, switch) {
            (TypeKind::Union(union), Some(switch)) if union.bare => {
                let tag = self.env.value(switch);
                Some(quote!(, #tag))
            }
            (TypeKind::Union(union), None) if union.bare => Some(quote!(, 0)),
            _ => None,
        }
    }

    fn boxed(&self, kind: Pointer, to: &Type) -> TokenStream {
        let value = self.whole(to);
        if self.emit.is_boxed(kind, to) { quote!(Box::new(#value)) } else { value }
    }

    fn scalar(&self, scalar: Scalar) -> TokenStream {
        let method = ident(scalar.method());
        self.ask(quote!(c.#method()))
    }

    /// A value from its place in the variable `run`.
    pub(super) fn run_value(&self, ty: &Type, place: usize) -> TokenStream {
        let value = self.emit.run_value(ty, place);
        match ty {
            Type::Ranged(scalar, low, high) => self.checked(*scalar, *low, *high, &value),
            _ => value,
        }
    }

    fn ranged(&self, scalar: Scalar, low: u64, high: u64) -> TokenStream {
        let value = self.scalar(scalar);
        self.checked(scalar, low, high, &value)
    }

    fn checked(&self, scalar: Scalar, low: u64, high: u64, value: &TokenStream) -> TokenStream {
        let wide = widen(scalar, quote!(value));
        let size = usize_literal(scalar.sizes().0);
        let (range, expected) = range(low, high);
        let check = self.ask(quote!(c.require_range(#wide, #range, #expected, #size)));
        quote!({ let value = #value; #check; value })
    }

    /// The path of a function of a type.
    fn function(&self, ty: &Type, name: &str) -> TokenStream {
        match ty {
            Type::Named(id) | Type::Union(id, _) => {
                let path = self.emit.model.get(*id).map(|def| self.emit.path(def)).unwrap_or_default();
                let name = ident(name);
                quote!(#path::#name)
            }
            Type::Known(known) => {
                let (path, (unpack, _)) = (known.path(), known.methods());
                quote!(#path::#unpack)
            }
            _ => TokenStream::new(),
        }
    }

    /// Checks the discriminant of a union where it is known already.
    fn with_tag(&self, ty: &Type, value: TokenStream) -> TokenStream {
        match ty {
            Type::Union(_, Some(switch)) if self.env.knows(switch) => {
                let check = self.tag_check(ty, switch, &quote!(value));
                if check.is_empty() {
                    return value;
                }
                quote!({ let value = #value; #check value })
            }
            _ => value,
        }
    }

    fn tag_check(&self, ty: &Type, switch: &Expr, place: &TokenStream) -> TokenStream {
        let Type::Union(id, _) = ty else { return TokenStream::new() };
        let Some(TypeKind::Union(union)) = self.emit.model.get(*id).map(|def| &def.kind) else {
            return TokenStream::new();
        };
        if union.bare || union.encapsulated {
            return TokenStream::new();
        }
        let found = widen(union.tag, quote!(#place.discriminant()));
        let described = self.env.value(switch);
        let expected = format!("the arm of {}", describe(switch, &self.env.fields));
        let check = self.ask(quote!(c.require_tag(#found, #described, #expected)));
        quote!(#check;)
    }

    fn whole_array(&self, array: &Array) -> TokenStream {
        let mut setup = TokenStream::new();
        if matches!(array.size, Size::Conformant(_)) {
            let max_count = self.ask(quote!(c.max_count()));
            setup.extend(quote!(let max_count = #max_count;));
        }
        let (more, count) = self.inline_count(array);
        setup.extend(more);
        let items = self.items(array, &count);
        if self.emit.layout(&array.element).pointers {
            let element = self.buffers_closure(&array.element);
            let follow = self.ask(quote!(c.array_buffers(&mut items, #element)));
            return quote!({
                #setup
                let frame = c.open();
                let mut items = #items;
                #follow;
                c.close(frame);
                items
            });
        }
        if setup.is_empty() { items } else { quote!({ #setup #items }) }
    }

    /// Statements and the number of elements that follow, once `max_count` is known.
    fn inline_count(&self, array: &Array) -> (TokenStream, TokenStream) {
        let mut setup = TokenStream::new();
        let max_count = match &array.size {
            Size::Fixed(count) => {
                let count = proc_macro2::Literal::u64_unsuffixed(*count);
                quote!(#count)
            }
            Size::Conformant(size) => {
                if let Some(size) = size {
                    setup.extend(self.count_check(quote!(max_count), size));
                }
                quote!(max_count)
            }
            Size::Headed(size) => {
                let max_count = self.ask(quote!(c.max_count()));
                setup.extend(quote!(let max_count = #max_count;));
                if let Some(size) = size {
                    setup.extend(self.count_check(quote!(max_count), size));
                }
                quote!(max_count)
            }
            Size::Inline(size) => {
                let size = self.env.value(size);
                let count = self.ask(quote!(c.to_count(#size)));
                setup.extend(quote!(let count = #count;));
                quote!(count)
            }
        };
        if !array.varying {
            return (setup, max_count);
        }
        let count = match &array.first {
            None => self.ask(quote!(c.actual_count(#max_count))),
            Some(first) if self.env.knows(first) => {
                let first = self.env.value(first);
                self.ask(quote!(c.actual_count_from(#max_count, Some(#first))))
            }
            Some(_) => self.ask(quote!(c.actual_count_from(#max_count, None))),
        };
        setup.extend(quote!(let count = #count;));
        if let Some(length) = &array.length {
            setup.extend(self.count_check(quote!(count), length));
        }
        (setup, quote!(count))
    }

    fn count_check(&self, found: TokenStream, expr: &Expr) -> TokenStream {
        if !self.env.knows(expr) {
            return TokenStream::new();
        }
        let described = self.env.value(expr);
        let expected = format!("{} elements", describe(expr, &self.env.fields));
        let check = self.ask(quote!(c.require_count(#found, #described, #expected)));
        quote!(#check;)
    }

    /// Checks that something has room in what the description says.
    fn room_check(&self, found: TokenStream, expr: &Expr) -> TokenStream {
        if !self.env.knows(expr) {
            return TokenStream::new();
        }
        let described = self.env.value(expr);
        let expected = format!("at most {} elements", describe(expr, &self.env.fields));
        let check = self.ask(quote!(c.require_room(#found, #described, #expected)));
        quote!(#check;)
    }

    fn items(&self, array: &Array, count: &TokenStream) -> TokenStream {
        let bytes = layout::is_byte(&array.element);
        if self.emit.small_array(array).is_some() {
            if bytes {
                return self.ask(quote!(c.fixed_bytes()));
            }
            let element = self.element_closure(&array.element);
            return self.ask(quote!(c.fixed_array(#element)));
        }
        if bytes {
            return self.ask(quote!(c.byte_array(#count)));
        }
        if self.emit.is_text(array) {
            return self.ask(quote!(c.units(#count)));
        }
        if let Some((fixed, element)) = self.emit.elements(array, true) {
            let (size, align) = (usize_literal(fixed.size), usize_literal(fixed.align));
            return self.ask(quote!(c.runs::<_, #size>(#count, #align, #element)));
        }
        let element = self.element_closure(&array.element);
        let min_size = usize_literal(self.emit.layout(&array.element).min_size.max(1));
        self.ask(quote!(c.array(#count, #min_size, #element)))
    }

    fn element_closure(&self, element: &Type) -> TokenStream {
        let pointers = self.emit.layout(element).pointers;
        match element {
            Type::Scalar(scalar) => {
                let method = ident(scalar.method());
                quote!(NdrCursor::#method)
            }
            Type::Known(_) => self.function(element, "unpack"),
            Type::Union(..) if self.bare_tag(element).is_some() => {
                let value = self.inner().scalars(element);
                returning(&value)
            }
            Type::Named(_) | Type::Union(_, None) => {
                self.function(element, if pointers { "unpack_scalars" } else { "unpack" })
            }
            other => {
                let value = self.inner().scalars(other);
                returning(&value)
            }
        }
    }

    fn text(&self, text: &Text, max_count: &TokenStream) -> TokenStream {
        let max_count = match &text.size {
            Size::Fixed(count) => {
                let count = proc_macro2::Literal::u64_unsuffixed(*count);
                quote!(#count)
            }
            Size::Inline(size) => {
                let (size, count) = (self.env.value(size), quote!(c.to_count));
                self.ask(quote!(#count(#size)))
            }
            Size::Conformant(_) | Size::Headed(_) => max_count.clone(),
        };
        let method = ident(if text.wide { "varying_string16" } else { "varying_string8" });
        self.ask(quote!(c.#method(#max_count)))
    }

    /// Checks a value against what was read after it. `env` knows everything by now.
    pub(super) fn late_check(&self, ty: &Type, place: &TokenStream, reference: bool) -> TokenStream {
        match ty {
            Type::Array(array) => {
                let (length, size) = (array.length.as_ref(), array.size.expr());
                let found = self.emit.list_len(ty, place);
                match (length, size) {
                    (Some(length), Some(size)) if length != size => {
                        let (length, room) = (self.count_check(found.clone(), length), self.room_check(found, size));
                        quote!(#length #room)
                    }
                    (Some(only), _) | (None, Some(only)) => self.count_check(found, only),
                    (None, None) => TokenStream::new(),
                }
            }
            Type::Text(text) => {
                let length =
                    if text.wide { quote!(#place.len_units() + 1) } else { quote!(#place.as_bytes().len() + 1) };
                text.size.expr().map(|size| self.room_check(length, size)).unwrap_or_default()
            }
            Type::Union(_, Some(switch)) => self.tag_check(ty, switch, place),
            Type::Formatted(_, inner) => self.late_check(inner, place, reference),
            Type::Pointer(Pointer::Ref, to) => self.late_check(to, place, reference),
            Type::Pointer(_, to) => {
                let inner = self.late_check(to, &quote!(value), true);
                if inner.is_empty() {
                    return inner;
                }
                let by_ref = if reference { place.clone() } else { quote!(&#place) };
                quote!(if let Some(value) = #by_ref { #inner })
            }
            _ => TokenStream::new(),
        }
    }

    /// Something in the type depends on what is not known yet.
    pub(super) fn is_early(&self, field: &Field) -> bool {
        let mut early = false;
        field.ty.exprs(&mut |expr| early |= !self.env.knows(expr));
        early
    }
}

/// A closure that reads this value: what already is a result stays one.
fn returning(value: &TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    match tokens.pop() {
        Some(TokenTree::Punct(last)) if last.as_char() == '?' => {
            let result: TokenStream = tokens.into_iter().collect();
            quote!(|c| #result)
        }
        _ => quote!(|c| Ok(#value)),
    }
}
