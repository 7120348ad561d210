//! Writing: statements that put a value into the encoder `e`.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::derive::Derived;
use super::super::dialect::Sub;
use super::super::layout;
use super::super::model::{Array, Expr, Known, Pointer, Scalar, Size, Text, Type, TypeKind};
use super::dialect::{flat_method, format_around, header, is_short};
use super::exprs::{Access, Env, describe, widen};
use super::{Emit, ident, range, usize_literal};

/// Where a value is.
#[derive(Clone)]
pub(super) struct Place {
    expr: TokenStream,
    /// The expression is a reference to the value.
    reference: bool,
}

impl Place {
    /// A place that holds the value: `self.level`.
    pub(super) fn direct(expr: TokenStream) -> Self {
        Self { expr, reference: false }
    }

    /// A variable that refers to the value: `item`.
    pub(super) fn reference(expr: TokenStream) -> Self {
        Self { expr, reference: true }
    }

    fn value(&self) -> TokenStream {
        let expr = &self.expr;
        if self.reference { quote!(*#expr) } else { expr.clone() }
    }

    fn by_ref(&self) -> TokenStream {
        let expr = &self.expr;
        if self.reference { expr.clone() } else { quote!(&#expr) }
    }
}

/// A writer of one field or element.
#[derive(Clone, Copy)]
pub(super) struct Write<'e, 'm> {
    pub(super) emit: Emit<'m>,
    pub(super) env: &'e Env<'m>,
    /// The field for error paths; elements get theirs from the array.
    pub(super) at: Option<&'e str>,
    /// The field that is written, as long as its own level is: what is derived from it needs no check.
    pub(super) owner: Option<usize>,
}

impl<'m> Write<'_, 'm> {
    /// `expr.at("Field")?;`
    fn ask(&self, expr: TokenStream) -> TokenStream {
        match self.at {
            Some(at) => quote!(#expr.at(#at)?;),
            None => quote!(#expr?;),
        }
    }

    fn inner(&self) -> Self {
        Write { at: None, owner: None, ..*self }
    }

    fn below(&self) -> Self {
        Write { owner: None, ..*self }
    }

    /// A value with everything that it points to.
    pub(super) fn whole(&self, ty: &Type, place: &Place) -> TokenStream {
        match ty {
            Type::Scalar(scalar) => self.scalar(*scalar, &place.value()),
            Type::Ranged(scalar, low, high) => self.ranged(*scalar, *low, *high, &place.value()),
            Type::Named(_) | Type::Union(..) | Type::Known(_) => self.named(ty, place, "pack"),
            Type::Formatted(format, inner) => {
                let statements = self.whole(inner, place);
                let (before, after) = format_around(*format, "e");
                quote!({ #before #statements #after })
            }
            Type::Sub(sub) => self.sub(sub, place),
            Type::Flat(flat) => {
                let (method, shape) = flat_method(*flat);
                let value = place.by_ref();
                match shape {
                    Some(shape) => self.ask(quote!(e.#method(#value, #shape))),
                    None => self.ask(quote!(e.#method(#value))),
                }
            }
            Type::Pipe(element) => self.pipe(element, place),
            Type::Pointer(kind, _) if kind.is_relative() => {
                let (scalars, buffers) = (self.scalars(ty, place), self.buffers(ty, place));
                quote!({ let frame = e.open(); #scalars #buffers e.close(frame); })
            }
            Type::Pointer(Pointer::Ref, to) => {
                let id = self.ask(quote!(e.reference()));
                let value = self.below().whole(to, place);
                quote!(#id #value)
            }
            Type::Pointer(kind, to) => {
                let id = self.pointer_id(*kind, place);
                let value = self.referent(to, place);
                quote!(#id #value)
            }
            Type::Array(array) => {
                let head = self.max_count(array, place);
                let body = self.inline_array(array, place);
                let buffers = self.buffers(ty, place);
                let (open, close) = if self.emit.layout(&array.element).relative {
                    (quote!(let frame = e.open();), quote!(e.close(frame);))
                } else {
                    Default::default()
                };
                let size = self.described_size(array).map(|size| quote!(let max_count = #size;));
                quote!(#size #head #open #body #buffers #close)
            }
            Type::Text(text) => match (&text.size, text.wide) {
                (Size::Conformant(None) | Size::Headed(None), true) => self.text_call("string16", place),
                (Size::Conformant(None) | Size::Headed(None), false) => self.text_call("string8", place),
                (Size::Conformant(Some(_)) | Size::Headed(Some(_)), _) => {
                    let head = self.text_max_count(text, place);
                    let body = self.inline_text(text, place);
                    quote!(#head #body)
                }
                (Size::Fixed(_) | Size::Inline(_), _) => self.inline_text(text, place),
            },
        }
    }

    /// A value whose pointers wait; the maximum count of a conformant one was written before.
    pub(super) fn scalars(&self, ty: &Type, place: &Place) -> TokenStream {
        let shape = self.emit.layout(ty);
        match ty {
            Type::Named(_) | Type::Union(..) if shape.pointers || shape.conformant => {
                self.named(ty, place, "pack_scalars")
            }
            Type::Pointer(kind, _) if kind.is_relative() => {
                let (receiver, short) = (&place.expr, is_short(*kind));
                self.ask(quote!(e.defer_relative(#receiver.is_some(), #short)))
            }
            Type::Pointer(Pointer::Ref, _) => self.ask(quote!(e.reference())),
            Type::Pointer(kind, _) => self.pointer_id(*kind, place),
            Type::Formatted(format, inner) if shape.pointers || shape.conformant => {
                let statements = self.scalars(inner, place);
                let (before, after) = format_around(*format, "e");
                quote!({ #before #statements #after })
            }
            Type::Text(Text { size: Size::Headed(_), .. }) => self.whole(ty, place),
            Type::Array(array) => {
                let head = matches!(array.size, Size::Headed(_)).then(|| self.max_count(array, place));
                let body = self.inline_array(array, place);
                match self.described_size(array) {
                    Some(size) => quote!(let max_count = #size; #head #body),
                    None => quote!(#head #body),
                }
            }
            Type::Text(text) => self.inline_text(text, place),
            _ => self.whole(ty, place),
        }
    }

    /// What the value points to.
    pub(super) fn buffers(&self, ty: &Type, place: &Place) -> TokenStream {
        if !self.emit.layout(ty).pointers {
            return TokenStream::new();
        }
        let receiver = &place.expr;
        match ty {
            Type::Named(_) | Type::Union(..) => self.ask(quote!(#receiver.pack_buffers(e))),
            Type::Pointer(kind, to) if kind.is_relative() => {
                let value = self.below().whole(to, &Place::reference(quote!(value)));
                let start = match self.at {
                    Some(at) => quote!(e.place_relative().at(#at)?),
                    None => quote!(e.place_relative()?),
                };
                let (by_ref, end) = (place.by_ref(), self.ask(quote!(e.leave_relative(placed))));
                quote!(if let Some(value) = #by_ref { let placed = #start; #value #end })
            }
            Type::Formatted(format, inner) => {
                let statements = self.buffers(inner, place);
                let (before, after) = format_around(*format, "e");
                quote!({ #before #statements #after })
            }
            Type::Pointer(Pointer::Ref, to) => self.below().whole(to, place),
            Type::Pointer(_, to) => self.referent(to, place),
            Type::Array(array) => {
                let items = place.by_ref();
                let element = match &*array.element {
                    Type::Named(_) | Type::Union(..) => quote!(|e, item| item.pack_buffers(e)),
                    other => {
                        let statements = self.inner().buffers(other, &Place::reference(quote!(item)));
                        quote!(|e, item| { #statements Ok(()) })
                    }
                };
                self.ask(quote!(e.array(#items, #element)))
            }
            _ => TokenStream::new(),
        }
    }

    /// The maximum count that stands before a structure, from the conformant member that ends it.
    pub(super) fn hoisted(&self, ty: &Type, place: &Place) -> TokenStream {
        let receiver = &place.expr;
        match ty {
            Type::Array(array) => {
                let head = self.max_count(array, place);
                match self.described_size(array) {
                    Some(size) => quote!(let max_count = #size; #head),
                    None => head,
                }
            }
            Type::Text(text) => self.text_max_count(text, place),
            Type::Named(_) => self.ask(quote!(#receiver.pack_max_count(e))),
            Type::Formatted(_, inner) => self.hoisted(inner, place),
            _ => TokenStream::new(),
        }
    }

    /// Data inside data.
    fn sub(&self, sub: &Sub, place: &Place) -> TokenStream {
        let header = header(sub.header);
        let size = match &sub.size {
            Some(size) if self.env.knows(size) => {
                let size = self.env.value(size);
                quote!(Some(#size))
            }
            _ => quote!(None),
        };
        let outer = match self.at {
            Some(at) => quote!(e.enter_sub(#header, #size).at(#at)?),
            None => quote!(e.enter_sub(#header, #size)?),
        };
        let (body, leave) = (self.below().whole(&sub.inner, place), self.ask(quote!(e.leave_sub(outer))));
        quote!({ let outer = #outer; #body #leave })
    }

    fn pipe(&self, element: &Type, place: &Place) -> TokenStream {
        let items = place.by_ref();
        if layout::is_byte(element) {
            return self.ask(quote!(e.pipe_bytes(#items)));
        }
        let statements = self.inner().whole(element, &Place::reference(quote!(item)));
        self.ask(quote!(e.pipe(#items, |e, item| { #statements Ok(()) })))
    }

    fn pointer_id(&self, kind: Pointer, place: &Place) -> TokenStream {
        let receiver = &place.expr;
        let method = ident(if kind == Pointer::Full { "full_pointer" } else { "pointer" });
        self.ask(quote!(e.#method(#receiver.is_some())))
    }

    fn referent(&self, to: &Type, place: &Place) -> TokenStream {
        let value = self.below().whole(to, &Place::reference(quote!(value)));
        let by_ref = place.by_ref();
        quote!(if let Some(value) = #by_ref { #value })
    }

    fn scalar(&self, scalar: Scalar, value: &TokenStream) -> TokenStream {
        let method = ident(scalar.method());
        self.ask(quote!(e.#method(#value)))
    }

    fn ranged(&self, scalar: Scalar, low: u64, high: u64, value: &TokenStream) -> TokenStream {
        let wide = widen(scalar, value.clone());
        let (range, expected) = range(low, high);
        let check = self.ask(quote!(e.require_range(#wide, #range, #expected)));
        let write = self.scalar(scalar, value);
        quote!(#check #write)
    }

    fn named(&self, ty: &Type, place: &Place, method: &str) -> TokenStream {
        let receiver = &place.expr;
        if *ty == Type::Known(Known::Blob) {
            let blob = place.by_ref();
            return self.ask(quote!(e.data_blob(#blob)));
        }
        let method = match ty {
            Type::Known(known) => known.methods().1,
            _ => ident(method),
        };
        let check = self.tag_check(ty, receiver);
        let write = self.ask(quote!(#receiver.#method(e)));
        quote!(#check #write)
    }

    fn tag_check(&self, ty: &Type, receiver: &TokenStream) -> TokenStream {
        let Type::Union(id, Some(switch)) = ty else { return TokenStream::new() };
        let Some(TypeKind::Union(union)) = self.emit.model.get(*id).map(|def| &def.kind) else {
            return TokenStream::new();
        };
        if union.encapsulated || self.is_derived(switch) || !self.env.knows(switch) {
            return TokenStream::new();
        }
        let found = widen(union.tag, quote!(#receiver.discriminant()));
        let described = self.env.value(switch);
        let expected = format!("the arm of {}", describe(switch, &self.env.fields));
        self.ask(quote!(e.require_tag(#found, #described, #expected)))
    }

    /// The expression is a field that follows from the very value that is written.
    fn is_derived(&self, expr: &Expr) -> bool {
        let access = expr.plain_field().and_then(|index| self.env.access.get(index));
        match access {
            Some(Access::Derived(Derived::Count(from) | Derived::Discriminant(from), _)) => self.owner == Some(*from),
            _ => false,
        }
    }

    /// Checks a length against its expression.
    fn count_check(&self, found: &TokenStream, expr: &Expr) -> TokenStream {
        if self.is_derived(expr) || !self.env.knows(expr) {
            return TokenStream::new();
        }
        let described = self.env.value(expr);
        let expected = format!("{} elements", describe(expr, &self.env.fields));
        self.ask(quote!(e.require_count(#found, #described, #expected)))
    }

    /// The maximum count of a varying array, where it is another thing than its length.
    fn described_size(&self, array: &Array) -> Option<TokenStream> {
        match &array.size {
            Size::Conformant(Some(size)) | Size::Headed(Some(size))
                if array.varying && !self.is_derived(size) && self.env.knows(size) =>
            {
                Some(self.count_of(size))
            }
            _ => None,
        }
    }

    /// The maximum count of a conformant array, checked; `max_count` is what was described.
    fn max_count(&self, array: &Array, place: &Place) -> TokenStream {
        let (Size::Conformant(size) | Size::Headed(size)) = &array.size else { return TokenStream::new() };
        let receiver = &place.expr;
        let length = self.emit.array_len(array, receiver);
        match size {
            Some(_) if self.described_size(array).is_some() => self.ask(quote!(e.max_count(max_count))),
            Some(size) if !array.varying => {
                let check = self.count_check(&length, size);
                let write = self.ask(quote!(e.max_count(#length)));
                quote!(#check #write)
            }
            _ => self.ask(quote!(e.max_count(#length))),
        }
    }

    fn count_of(&self, expr: &Expr) -> TokenStream {
        let value = self.env.value(expr);
        match self.at {
            Some(at) => quote!(e.to_count(#value).at(#at)?),
            None => quote!(e.to_count(#value)?),
        }
    }

    /// Offset and actual count of a varying array, then its elements.
    fn inline_array(&self, array: &Array, place: &Place) -> TokenStream {
        let receiver = &place.expr;
        let length = self.emit.array_len(array, receiver);
        let mut head = TokenStream::new();
        if array.varying {
            if let Some(expr) = &array.length {
                head.extend(self.count_check(&length, expr));
            }
            let max_count = match &array.size {
                Size::Fixed(count) => {
                    let count = proc_macro2::Literal::u64_unsuffixed(*count);
                    quote!(#count)
                }
                Size::Conformant(_) | Size::Headed(_) if self.described_size(array).is_some() => quote!(max_count),
                _ => length.clone(),
            };
            head.extend(match &array.first {
                Some(first) if self.env.knows(first) => {
                    let first = self.env.value(first);
                    self.ask(quote!(e.actual_count_from(#length, #max_count, #first)))
                }
                _ => self.ask(quote!(e.actual_count(#length, #max_count))),
            });
        } else if let Size::Fixed(count) = array.size
            && self.emit.small_array(array).is_none()
        {
            let expected = format!("{count} elements");
            let count = proc_macro2::Literal::u64_unsuffixed(count);
            head.extend(self.ask(quote!(e.require_count(#length, #count, #expected))));
        }
        if let (Size::Inline(size), false) = (&array.size, array.varying) {
            head.extend(self.count_check(&length, size));
        }
        let items = place.by_ref();
        let body = if layout::is_byte(&array.element) {
            self.ask(quote!(e.bytes(#items)))
        } else if self.emit.is_text(array) {
            self.ask(quote!(e.units(#items)))
        } else if let Some((fixed, element)) = self.emit.elements(array, false) {
            let (size, align) = (usize_literal(fixed.size), usize_literal(fixed.align));
            self.ask(quote!(e.runs::<_, #size>(#items, #align, #element)))
        } else {
            let element = self.element_closure(&array.element);
            self.ask(quote!(e.array(#items, #element)))
        };
        quote!(#head #body)
    }

    fn element_closure(&self, element: &Type) -> TokenStream {
        match element {
            Type::Scalar(scalar) => {
                let method = ident(scalar.method());
                quote!(|e, &item| e.#method(item))
            }
            Type::Known(Known::Blob) => quote!(|e, item| e.data_blob(item)),
            Type::Known(known) => {
                let (_, pack) = known.methods();
                quote!(|e, item| item.#pack(e))
            }
            Type::Named(_) | Type::Union(_, None) => {
                let method = ident(if self.emit.layout(element).pointers { "pack_scalars" } else { "pack" });
                quote!(|e, item| item.#method(e))
            }
            other => {
                let statements = self.inner().scalars(other, &Place::reference(quote!(item)));
                quote!(|e, item| { #statements Ok(()) })
            }
        }
    }

    fn text_call(&self, method: &str, place: &Place) -> TokenStream {
        let method = ident(method);
        let text = place.by_ref();
        self.ask(quote!(e.#method(#text)))
    }

    fn text_max_count(&self, text: &Text, place: &Place) -> TokenStream {
        let max_count = self.text_limit(text, place);
        self.ask(quote!(e.max_count(#max_count)))
    }

    /// Room for characters and terminator.
    fn text_limit(&self, text: &Text, place: &Place) -> TokenStream {
        let receiver = &place.expr;
        match &text.size {
            Size::Fixed(count) => {
                let count = proc_macro2::Literal::u64_unsuffixed(*count);
                quote!(#count)
            }
            Size::Conformant(Some(size)) | Size::Headed(Some(size)) | Size::Inline(size) if self.env.knows(size) => {
                self.count_of(size)
            }
            _ if text.wide => quote!(#receiver.len_units() + 1),
            _ => quote!(#receiver.as_bytes().len() + 1),
        }
    }

    fn inline_text(&self, text: &Text, place: &Place) -> TokenStream {
        let method = ident(if text.wide { "varying_string16" } else { "varying_string8" });
        let (value, limit) = (place.by_ref(), self.text_limit(text, place));
        self.ask(quote!(e.#method(#value, #limit)))
    }
}
