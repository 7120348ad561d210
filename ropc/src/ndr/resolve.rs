//! Names to types: what an interface and those that it imports declare.

use std::collections::{HashMap, HashSet};

use super::model::{
    Const, Flags, Interface, Layout, Operation, Scalar, Struct, Type, TypeDef, TypeId, TypeKind, Union,
};
use super::types::Level;
use super::{Scope, attrs, names};
use crate::ast::{self, Attr, Decl, DeclKind, Declarator, Ident, Span, TypeSpec, Typedef};
use crate::diagnostic::{Diagnostic, Severity};

/// Typedefs of typedefs that are followed.
const MAX_ALIASES: usize = 64;

/// The state of a compilation of one interface.
pub(super) struct Resolver<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) types: Vec<TypeDef>,
    pub(super) constants: HashMap<String, u64>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Typedef names and the names of aggregates.
    names: HashMap<&'a str, Name<'a>>,
    tags: HashMap<&'a str, Name<'a>>,
    /// Bodies to be lowered once all names are known, by the index of their types.
    bodies: Vec<(TypeId, Body<'a>)>,
    /// Types whose bodies are to be lowered: own ones, and those of others that these use.
    queue: Vec<TypeId>,
    /// Types that are or were in the queue.
    queued: Vec<bool>,
    /// Names that types have in Rust, by module.
    rust_names: HashMap<String, HashMap<String, String>>,
    /// Constants that are not computed yet, for those that use them earlier.
    pending: HashMap<&'a str, &'a ast::Expr>,
    /// Constants that are texts.
    pub(super) texts: HashMap<&'a str, &'a str>,
    /// Types that are declared nowhere.
    opaque: HashMap<&'static str, TypeId>,
    /// Aliases being resolved, against cycles.
    open: Vec<&'a str>,
    /// Types that a `typedef` writes in place, by where they stand: pointers to them are names of their own.
    in_place: HashMap<*const TypeSpec, TypeId>,
    /// Values of macros for C that were not asked for yet.
    macros: HashMap<&'a str, &'a ast::Expr>,
    /// Modules of interfaces with headers of C; the empty one is this interface.
    with_headers: HashSet<&'a str>,
    /// Modules of files that have no interface, and of local ones; the empty one is this interface.
    nameless: HashSet<&'a str>,
    /// What is lowered belongs to an interface with headers of C: they may declare more.
    pub(super) headers: bool,
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Name<'a> {
    Type(TypeId, &'a Span),
    Alias(&'a Typedef, &'a Declarator, &'a Decl),
    /// `struct X;`: declared, and defined elsewhere or nowhere.
    Forward(&'a Span),
    /// A type that every interface knows, declared once more.
    Known(&'a str),
    /// A type of C's, instead of which another one travels.
    Sent(&'a ast::AttrArg, &'a Declarator),
    /// The same behind pointers.
    PointerTo(&'a str, &'a Declarator),
}

/// What a named type is made of.
#[derive(Clone)]
pub(super) struct Body<'a> {
    pub(super) attrs: Vec<&'a Attr>,
    pub(super) shape: Shape<'a>,
}

/// The written form of an aggregate.
#[derive(Clone, Copy)]
pub(super) enum Shape<'a> {
    Struct(&'a [ast::Member]),
    Union(&'a TypeSpec, &'a [ast::UnionCase]),
    Enum(&'a ast::EnumDecl),
    Bitmap(&'a [ast::EnumItem]),
    Opaque,
}

impl Shape<'_> {
    /// What the type is until its body is lowered.
    fn placeholder(self) -> TypeKind {
        match self {
            Self::Struct(_) => TypeKind::Struct(Struct::default()),
            Self::Union(..) => TypeKind::Union(Union {
                tag: Scalar::U32,
                bare: false,
                encapsulated: false,
                aligned: false,
                arms: Vec::new(),
                max_recursion: None,
            }),
            Self::Opaque => TypeKind::Opaque,
            Self::Enum(_) => TypeKind::Enum(Flags { scalar: Scalar::Enum16, items: Vec::new() }),
            Self::Bitmap(_) => TypeKind::Bitmap(Flags { scalar: Scalar::U32, items: Vec::new() }),
        }
    }
}

impl<'a> Resolver<'a> {
    pub(super) fn new(scope: &'a Scope<'a>) -> Self {
        Self {
            scope,
            types: Vec::new(),
            constants: HashMap::new(),
            diagnostics: Vec::new(),
            names: HashMap::new(),
            tags: HashMap::new(),
            bodies: Vec::new(),
            queue: Vec::new(),
            queued: Vec::new(),
            rust_names: HashMap::new(),
            pending: HashMap::new(),
            texts: HashMap::new(),
            opaque: HashMap::new(),
            open: Vec::new(),
            in_place: HashMap::new(),
            macros: HashMap::new(),
            with_headers: HashSet::new(),
            nameless: HashSet::new(),
            headers: false,
        }
    }

    /// Resolves the interface; what has mistakes is reported and missing.
    pub(super) fn run(mut self, interface: &'a ast::Interface) -> (Interface, Vec<Diagnostic>) {
        let mut model =
            Interface { name: interface.name.text.clone(), docs: interface.docs.clone(), ..Interface::default() };
        let scope = self.scope;
        for import in &scope.imports {
            for decl in &import.interface.decls {
                self.declare(decl, Some(import.module));
            }
        }
        let imports = scope.imports.iter().map(|import| (import.module, import.interface));
        for (module, interface) in imports.chain([("", interface)]) {
            if has_headers(interface) {
                self.with_headers.insert(module);
            }
            if interface.nameless || interface.attrs.iter().any(|attr| attr.name.text == "local") {
                self.nameless.insert(module);
            }
        }
        self.macros = scope.macros.iter().map(|defined| (defined.name.text.as_str(), &defined.value)).collect();
        // What is wrong there is said when that interface is compiled.
        self.diagnostics.clear();
        // Own names come before imported ones; only among themselves they must not repeat.
        for decl in &interface.decls {
            self.declare(decl, None);
        }
        let imported = scope.imports.iter().flat_map(|import| &import.interface.decls);
        for decl in imported.clone().chain(&interface.decls) {
            self.announce(decl);
        }
        let before = self.diagnostics.len();
        for decl in imported {
            self.constant_decl(decl);
        }
        self.diagnostics.truncate(before);
        for decl in &interface.decls {
            if let Some(constant) = self.constant_decl(decl)
                && !model.consts.iter().any(|other| other.name == constant.name)
            {
                model.consts.push(constant);
            }
        }
        self.lower_bodies();
        self.interface_attrs(interface, &mut model);
        model.operations = self.operations(interface);
        model.types = std::mem::take(&mut self.types);
        for (id, reason) in super::late::needed(&model) {
            self.hook_in(&mut model.types, id, None, &reason);
        }
        super::layout::compute(&mut model, &mut self.diagnostics);
        super::check::run(&model, &mut self.diagnostics);
        (model, self.diagnostics)
    }

    fn interface_attrs(&mut self, interface: &'a ast::Interface, model: &mut Interface) {
        let list: Vec<&Attr> = interface.attrs.iter().collect();
        attrs::check(&list, &mut self.diagnostics);
        if let Some(attr) = attrs::find(&list, "uuid") {
            match attr.args.as_deref() {
                Some([ast::AttrArg::Uuid(uuid)]) => model.uuid = Some(uuid.clone()),
                // PIDL takes any text
                Some([ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Str(_), .. })]) => {
                    self.diagnostics.push(Diagnostic::warning(
                        "R0710",
                        "this is no UUID",
                        attr.span.clone(),
                        "nothing can bind to the interface",
                    ));
                }
                _ if !interface.decls.iter().any(is_called) => {
                    self.diagnostics.push(Diagnostic::warning(
                        "R0710",
                        "this is no UUID",
                        attr.span.clone(),
                        "nothing could bind to it; there is nothing to bind to",
                    ));
                }
                _ => self.diagnostics.push(Diagnostic::error(
                    "R0710",
                    "`uuid` needs a UUID",
                    attr.span.clone(),
                    "expected `uuid(60a15ec5-4de8-11d7-a637-005056a20182)`",
                )),
            }
        } else if let Some(function) = interface.decls.iter().find(|decl| matches!(decl.kind, DeclKind::Function(_))) {
            self.diagnostics.push(
                Diagnostic::warning(
                    "R0710",
                    format!("interface `{}` has operations and no `uuid`", interface.name.text),
                    interface.name.span.clone(),
                    "a client has nothing to bind to",
                )
                .also(function.span.clone(), "an operation"),
            );
        }
        if let Some(attr) = attrs::find(&list, "version") {
            let version = match attr.args.as_deref() {
                Some([ast::AttrArg::Version(major, minor)]) => (u16::try_from(*major), u16::try_from(*minor)),
                // as it is on the wire: the minor version in the high half
                Some([ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Int(both), .. })]) => {
                    (u16::try_from(*both & 0xFFFF), u16::try_from(*both >> 16))
                }
                _ => (u16::try_from(-1), Ok(0)),
            };
            match version {
                (Ok(major), Ok(minor)) => model.version = (major, minor),
                _ => self.diagnostics.push(Diagnostic::error(
                    "R0710",
                    "`version` needs two numbers of 16 bits",
                    attr.span.clone(),
                    "expected `version(1.0)`",
                )),
            }
        }
    }

    /// `GUID`, `NTSTATUS`: what every interface knows, declared once more, is still the same.
    fn is_known(name: &str) -> bool {
        matches!(super::types::builtin(name), Some(Type::Known(_)))
    }

    /// Takes up the names of a declaration.
    fn declare(&mut self, decl: &'a Decl, module: Option<&'a str>) {
        match &decl.kind {
            DeclKind::Typedef(typedef) => self.declare_typedef(decl, typedef, module),
            DeclKind::Aggregate(spec) => self.declare_aggregate(decl, spec, module),
            DeclKind::Struct(declared) if declared.forms.is_empty() && declared.params.is_empty() => {
                let body = Body { attrs: decl.attrs.iter().collect(), shape: Shape::Struct(&declared.body) };
                let id = self.add_type(&declared.name, decl, module, body);
                self.bind_tag(&declared.name, Name::Type(id, &declared.name.span));
                self.bind(&declared.name, Name::Type(id, &declared.name.span), module);
            }
            DeclKind::Enum(declared) => {
                let Some(name) = &declared.name else { return };
                let body = Body { attrs: decl.attrs.iter().collect(), shape: Shape::Enum(declared) };
                let id = self.add_type(name, decl, module, body);
                self.bind_tag(name, Name::Type(id, &name.span));
                self.bind(name, Name::Type(id, &name.span), module);
            }
            DeclKind::Const(_) | DeclKind::Function(_) => {}
            _ if module.is_none() => self.diagnostics.push(Diagnostic::error(
                "R0702",
                "this declaration belongs to `encoding(mapi)`",
                decl.span.clone(),
                "not part of an NDR interface",
            )),
            _ => {}
        }
    }

    fn declare_aggregate(&mut self, decl: &'a Decl, spec: &'a TypeSpec, module: Option<&'a str>) {
        if let TypeSpec::Tag(_, tag) = spec {
            self.tags.entry(&tag.text).or_insert(Name::Forward(&tag.span));
            return;
        }
        let (Some((tag, shape, inner)), attrs) = (parts(spec), &decl.attrs) else { return };
        let Some(tag) = tag else { return };
        let body = Body { attrs: attrs.iter().chain(inner).collect(), shape };
        let id = self.add_type(tag, decl, module, body);
        self.bind_tag(tag, Name::Type(id, &tag.span));
        self.bind(tag, Name::Type(id, &tag.span), module);
    }

    fn declare_typedef(&mut self, decl: &'a Decl, typedef: &'a Typedef, module: Option<&'a str>) {
        let written = decl.attrs.iter().chain(&typedef.attrs).chain(parts(&typedef.ty).map_or(&[][..], |(_, _, a)| a));
        let attrs: Vec<&Attr> = written.collect();
        if ["nopush", "nopull"].iter().any(|name| attrs::has(&attrs, name))
            && let [declarator] = typedef.declarators.as_slice()
            && super::types::builtin(&declarator.name.text).is_some()
        {
            // written by hand elsewhere, and part of the language here
            return;
        }
        // the type of C stays where it is: another one travels
        let sent = attrs::find(&attrs, "transmit_as").or(attrs::find(&attrs, "wire_marshal"));
        if let Some(arg) = sent.and_then(|attr| attr.args.as_deref()).and_then(<[_]>::first)
            && matches!(arg, ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Name(_), .. }) | ast::AttrArg::Type(_))
        {
            for declarator in &typedef.declarators {
                self.bind(&declarator.name, Name::Sent(arg, declarator), module);
            }
            return;
        }
        let plain = typedef.declarators.iter().find(|d| d.pointers == 0 && d.arrays.is_empty());
        let known = plain.filter(|declarator| Self::is_known(&declarator.name.text));
        if let Some(known) = known {
            if let Some((Some(tag), ..)) = parts(&typedef.ty) {
                self.bind_tag(tag, Name::Known(&known.name.text));
            }
            for declarator in typedef.declarators.iter().filter(|other| other.name.text != known.name.text) {
                let name = if declarator.pointers == 0 && declarator.arrays.is_empty() {
                    Name::Known(&known.name.text)
                } else {
                    Name::PointerTo(&known.name.text, declarator)
                };
                self.bind(&declarator.name, name, module);
            }
            return;
        }
        let defined = match (parts(&typedef.ty), plain) {
            (Some((tag, shape, inner)), plain) => {
                // of a type that only its pointers name, the first of them
                let Some(name) = plain.or(typedef.declarators.first()).map(|d| &d.name) else { return };
                let name = plain.map(|d| &d.name).or(tag).unwrap_or(name);
                let attrs = decl.attrs.iter().chain(&typedef.attrs).chain(inner).collect();
                let id = self.add_type(name, decl, module, Body { attrs, shape });
                self.in_place.insert(&raw const typedef.ty, id);
                if let Some(tag) = tag {
                    self.bind_tag(tag, Name::Type(id, &tag.span));
                }
                Some(id)
            }
            _ => None,
        };
        for declarator in &typedef.declarators {
            // `typedef struct X X;` announces a type that is defined elsewhere.
            if let TypeSpec::Tag(_, tag) = &typedef.ty
                && tag.text == declarator.name.text
            {
                self.tags.entry(&tag.text).or_insert(Name::Forward(&tag.span));
                continue;
            }
            let direct = declarator.pointers == 0 && declarator.arrays.is_empty();
            let name = match defined {
                Some(id) if direct => Name::Type(id, &declarator.name.span),
                _ => Name::Alias(typedef, declarator, decl),
            };
            self.bind(&declarator.name, name, module);
        }
    }

    fn add_type(&mut self, name: &'a Ident, decl: &'a Decl, module: Option<&'a str>, body: Body<'a>) -> TypeId {
        self.new_type(&name.text, decl.docs.clone(), module.map(str::to_owned), name.span.clone(), body)
    }

    /// Adds a type whose body is lowered later.
    pub(super) fn new_type(
        &mut self,
        name: &str,
        docs: Vec<String>,
        module: Option<String>,
        span: Span,
        body: Body<'a>,
    ) -> TypeId {
        let id = TypeId(self.types.len());
        let own = module.is_none();
        let rust = self.rust_name(name, module.as_deref());
        self.types.push(TypeDef {
            name: name.to_owned(),
            rust,
            docs,
            spec: attrs::spec(&body.attrs),
            module,
            kind: body.shape.placeholder(),
            hook: None,
            format: Default::default(),
            relative_base: false,
            layout: Layout::default(),
            span,
        });
        self.bodies.push((id, body));
        self.queued.push(false);
        if own {
            self.enqueue(id);
        }
        id
    }

    /// A name in Rust that no other type of the module has.
    fn rust_name(&mut self, name: &str, module: Option<&str>) -> String {
        let module = module.unwrap_or_default().to_owned();
        let plain = names::type_name(name);
        let taken = self.rust_names.entry(module).or_default();
        let mut rust = plain.clone();
        if taken.get(&rust).is_some_and(|other| other != name) {
            rust = names::exact_type_name(name);
        }
        let mut number = 2;
        while taken.get(&rust).is_some_and(|other| other != name) {
            rust = format!("{plain}{number}");
            number += 1;
        }
        taken.insert(rust.clone(), name.to_owned());
        rust
    }

    fn enqueue(&mut self, id: TypeId) {
        if let Some(queued) = self.queued.get_mut(id.0).filter(|queued| !**queued) {
            *queued = true;
            self.queue.push(id);
        }
    }

    /// A type that every file uses and none declares.
    fn opaque(&mut self, ident: &Ident) -> Option<Type> {
        let name = super::types::OPAQUE_NAMES.iter().copied().find(|name| *name == ident.text)?;
        if let Some(id) = self.opaque.get(name) {
            return Some(Type::Named(*id));
        }
        let body = Body { attrs: Vec::new(), shape: Shape::Opaque };
        let id = self.new_type(name, Vec::new(), None, ident.span.clone(), body);
        self.opaque.insert(name, id);
        self.hook(id, None, "declared in no interface file");
        Some(Type::Named(id))
    }

    /// The Rust type comes from elsewhere: from the path, or from where such types stand.
    pub(super) fn hook(&mut self, id: TypeId, path: Option<String>, why: &str) {
        let mut types = std::mem::take(&mut self.types);
        self.hook_in(&mut types, id, path, why);
        self.types = types;
    }

    fn hook_in(&mut self, types: &mut [TypeDef], id: TypeId, path: Option<String>, why: &str) {
        let Some(def) = types.get_mut(id.0) else { return };
        let is_said = path.is_some();
        let path = path.unwrap_or_else(|| format!("crate::hooks::{}", def.rust));
        if !is_said && def.module.is_none() {
            self.diagnostics.push(
                Diagnostic::warning(
                    "R0721",
                    format!("`{}` needs a Rust type of your own", def.name),
                    def.span.clone(),
                    why,
                )
                .help(format!("write `{path}`, or name another with `represent_as(\"..\")`")),
            );
        }
        def.hook = Some(path);
    }

    fn bind(&mut self, ident: &'a Ident, name: Name<'a>, module: Option<&'a str>) {
        if let Some(before) = self.names.insert(&ident.text, name)
            && module.is_none()
            && self.is_own(before)
        {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0703",
                    format!("`{}` is declared twice", ident.text),
                    ident.span.clone(),
                    "declared again here",
                )
                .also(self.name_span(before), "first declared here"),
            );
        }
    }

    fn bind_tag(&mut self, tag: &'a Ident, name: Name<'a>) {
        self.tags.insert(&tag.text, name);
    }

    fn is_own(&self, name: Name<'_>) -> bool {
        match name {
            Name::Type(id, _) => self.types.get(id.0).is_some_and(|def| def.module.is_none()),
            Name::Alias(_, _, decl) => {
                let is_other = |import: &super::Import<'_>| import.interface.decls.iter().all(|d| d.span != decl.span);
                self.scope.imports.iter().all(is_other)
            }
            Name::Forward(_) | Name::Known(_) | Name::PointerTo(..) | Name::Sent(..) => false,
        }
    }

    fn name_span(&self, name: Name<'_>) -> Span {
        match name {
            Name::Known(_) => Span::default(),
            Name::PointerTo(_, declarator) | Name::Sent(_, declarator) => declarator.name.span.clone(),
            Name::Type(_, span) | Name::Forward(span) => span.clone(),
            Name::Alias(_, declarator, _) => declarator.name.span.clone(),
        }
    }

    /// The type of a name.
    pub(super) fn lookup(&mut self, ident: &Ident) -> Option<Type> {
        if let Some(name) = self.names.get(ident.text.as_str()).or_else(|| self.tags.get(ident.text.as_str())) {
            return self.named(ident, *name);
        }
        if let Some(ty) = super::types::builtin(&ident.text) {
            return Some(ty);
        }
        if let Some(ty) = self.opaque(ident) {
            return Some(ty);
        }
        self.unknown(ident);
        None
    }

    /// The type of `struct X`, `enum X`.
    pub(super) fn lookup_tag(&mut self, ident: &Ident) -> Option<Type> {
        match self.tags.get(ident.text.as_str()).or_else(|| self.names.get(ident.text.as_str())) {
            Some(name) => self.named(ident, *name),
            None if super::types::builtin(&ident.text).is_some() => super::types::builtin(&ident.text),
            None => {
                if let Some(ty) = self.opaque(ident) {
                    return Some(ty);
                }
                self.unknown(ident);
                None
            }
        }
    }

    fn named(&mut self, ident: &Ident, name: Name<'a>) -> Option<Type> {
        match name {
            Name::Type(id, _) => Some(self.reference(id)),
            Name::Forward(_) if super::types::builtin(&ident.text).is_some() => super::types::builtin(&ident.text),
            Name::Forward(_) if super::types::OPAQUE_NAMES.contains(&ident.text.as_str()) => self.opaque(ident),
            Name::Forward(span) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0701",
                        format!("`{}` is declared and never defined", ident.text),
                        ident.span.clone(),
                        "its shape is needed here",
                    )
                    .also(span.clone(), "declared here"),
                );
                None
            }
            Name::Known(known) => super::types::builtin(known),
            Name::Alias(..) | Name::PointerTo(..) | Name::Sent(..) => {
                let level = self.alias_level(name)?;
                self.settle(level, false, &ident.span)
            }
        }
    }

    /// What an alias stands for: pointers that say nothing are what its use makes of them.
    fn alias_level(&mut self, name: Name<'a>) -> Option<Level> {
        let (typedef, declarator, decl) = match name {
            Name::Alias(typedef, declarator, decl) => (typedef, declarator, decl),
            Name::PointerTo(known, declarator) => {
                let level = Level::Leaf(super::types::builtin(known)?);
                return self.declared(level, declarator, &[]);
            }
            Name::Sent(arg, declarator) => return self.sent(arg, declarator),
            _ => return None,
        };
        let key = declarator.name.text.as_str();
        if self.open.contains(&key) || self.open.len() >= MAX_ALIASES {
            self.diagnostics.push(Diagnostic::error(
                "R0714",
                format!("`{key}` is defined by itself"),
                declarator.name.span.clone(),
                "leads back here",
            ));
            return None;
        }
        self.open.push(key);
        let attrs: Vec<&Attr> = decl.attrs.iter().chain(&typedef.attrs).collect();
        attrs::check(&attrs, &mut self.diagnostics);
        let level = self.alias(typedef, declarator, &attrs);
        self.open.pop();
        level
    }

    /// `handle_t`, or a name of it: nothing of it travels.
    pub(super) fn is_binding_handle(&self, spec: &TypeSpec) -> bool {
        let mut spec = spec;
        for _ in 0..MAX_ALIASES {
            match spec {
                TypeSpec::Words(words) => return words.iter().any(|word| word.text == "handle_t"),
                TypeSpec::Ref(name) => match self.names.get(name.name.text.as_str()) {
                    Some(Name::Alias(typedef, declarator, _)) if declarator.pointers == 0 => spec = &typedef.ty,
                    _ => return name.name.text == "handle_t",
                },
                _ => return false,
            }
        }
        false
    }

    /// What travels instead of a type of C's.
    fn sent(&mut self, arg: &'a ast::AttrArg, declarator: &'a Declarator) -> Option<Level> {
        let key = declarator.name.text.as_str();
        if self.open.contains(&key) || self.open.len() >= MAX_ALIASES {
            let (message, span) = (format!("`{key}` is defined by itself"), declarator.name.span.clone());
            self.diagnostics.push(Diagnostic::error("R0714", message, span, "leads back here"));
            return None;
        }
        self.open.push(key);
        let level = match arg {
            ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Name(name), .. }) => self.lookup_level(name),
            ast::AttrArg::Type(spec) => self.base_type(spec, &[]).flatten().map(super::types::loosen),
            _ => None,
        };
        self.open.pop();
        level
    }

    /// What a name stands for where it is used.
    pub(super) fn lookup_level(&mut self, ident: &Ident) -> Option<Level> {
        match self.names.get(ident.text.as_str()).or_else(|| self.tags.get(ident.text.as_str())) {
            Some(name @ (Name::Alias(..) | Name::PointerTo(..) | Name::Sent(..))) => {
                let name = *name;
                self.alias_level(name)
            }
            None if super::types::builtin_pointer(&ident.text).is_some() => super::types::builtin_pointer(&ident.text),
            _ => self.lookup(ident).map(super::types::loosen),
        }
    }

    /// The type that is written in place here, if it has a name already.
    pub(super) fn named_in_place(&mut self, spec: &TypeSpec) -> Option<Type> {
        let id = self.in_place.get(&std::ptr::from_ref(spec)).copied()?;
        Some(self.reference(id))
    }

    /// The type of a use of a named type.
    pub(super) fn reference(&mut self, id: TypeId) -> Type {
        self.enqueue(id);
        let is_union = self.types.get(id.0).is_some_and(|def| matches!(def.kind, TypeKind::Union(_)));
        if is_union { Type::Union(id, None) } else { Type::Named(id) }
    }

    fn unknown(&mut self, ident: &Ident) {
        if self.scope.lost.contains(&ident.text) {
            return;
        }
        let mut diagnostic = Diagnostic::error(
            "R0701",
            format!("unknown type `{}`", ident.text),
            ident.span.clone(),
            "not declared here or in an imported interface",
        );
        let candidates = self.names.keys().copied().chain(super::types::BUILTIN_NAMES.iter().copied());
        if let Some(near) = crate::spelling::nearest(&ident.text, candidates) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.diagnostics.push(diagnostic);
    }

    /// Notes the expressions of constants: others may use them before they come.
    fn announce(&mut self, decl: &'a Decl) {
        let items = match &decl.kind {
            DeclKind::Const(declared) => {
                match &declared.value.kind {
                    ast::ExprKind::Str(text) => _ = self.texts.insert(&declared.name.text, text),
                    _ => _ = self.pending.insert(&declared.name.text, &declared.value),
                }
                return;
            }
            DeclKind::Typedef(typedef) => match &typedef.ty {
                TypeSpec::Enum(_, declared, _) => &declared.items,
                TypeSpec::Bitmap { items, .. } => items,
                _ => return,
            },
            DeclKind::Aggregate(TypeSpec::Enum(_, declared, _)) | DeclKind::Enum(declared) => &declared.items,
            DeclKind::Aggregate(TypeSpec::Bitmap { items, .. }) => items,
            _ => return,
        };
        for item in items {
            if let Some(value) = &item.value {
                self.pending.insert(&item.name.text, value);
            }
        }
    }

    /// A constant that comes later. Those that it needs come first: a long chain of them does not fit the stack.
    pub(super) fn later_constant(&mut self, name: &str) -> Option<u64> {
        let mut entered = HashSet::new();
        let mut open: Vec<&'a str> = self.pending.get_key_value(name).map(|(name, _)| *name).into_iter().collect();
        while let Some(top) = open.last().copied() {
            if entered.insert(top) {
                let mut names = Vec::new();
                if let Some(expr) = self.pending.get(top) {
                    expr.names(&mut names);
                }
                open.extend(
                    names.into_iter().filter(|name| self.pending.contains_key(name) && !entered.contains(name)),
                );
            } else {
                open.pop();
                if top != name && self.pending.contains_key(top) {
                    self.computed(top);
                }
            }
        }
        self.computed(name)
    }

    /// A constant that comes later; what it needs is known or comes to nothing.
    fn computed(&mut self, name: &str) -> Option<u64> {
        let value = match self.pending.remove(name) {
            Some(expr) => self.constant(expr)?,
            None => {
                // whatever is no number is for C
                let expr = self.macros.remove(name)?;
                let before = self.diagnostics.len();
                let value = self.constant(expr);
                self.diagnostics.truncate(before);
                value?
            }
        };
        self.constants.insert(name.to_owned(), value);
        Some(value)
    }

    /// Takes up a constant, or the constants of an enumeration or bitmap.
    fn constant_decl(&mut self, decl: &'a Decl) -> Option<Const> {
        match &decl.kind {
            DeclKind::Const(declared) => {
                if matches!(declared.value.kind, ast::ExprKind::Str(_)) {
                    return None;
                }
                let value = self.constant(&declared.value)?;
                self.constants.insert(declared.name.text.clone(), value);
                let scalar = match self.base_type(&declared.ty, &[]) {
                    Some(Some(Type::Scalar(scalar))) if !scalar.is_float() => scalar,
                    _ => Scalar::U32,
                };
                Some(Const { name: declared.name.text.clone(), docs: decl.docs.clone(), scalar, value })
            }
            DeclKind::Typedef(typedef) => {
                self.constants_of(&typedef.ty);
                None
            }
            DeclKind::Aggregate(spec) => {
                self.constants_of(spec);
                None
            }
            DeclKind::Enum(declared) => {
                self.flag_values(&declared.items);
                None
            }
            _ => None,
        }
    }

    pub(super) fn constants_of(&mut self, spec: &'a TypeSpec) {
        match spec {
            TypeSpec::Enum(_, declared, _) => _ = self.flag_values(&declared.items),
            TypeSpec::Bitmap { items, .. } => _ = self.flag_values(items),
            _ => {}
        }
    }

    /// The values of constants: as written, or one more than the one before.
    pub(super) fn flag_values(&mut self, items: &'a [ast::EnumItem]) -> Vec<(&'a ast::EnumItem, u64)> {
        let mut next = 0u64;
        let mut values = Vec::new();
        for item in items {
            let value = match &item.value {
                Some(expr) => self.constant(expr).unwrap_or(next),
                None => next,
            };
            next = value.wrapping_add(1);
            self.constants.insert(item.name.text.clone(), value);
            values.push((item, value));
        }
        values
    }

    /// What a type is made of, lowered or not: bodies have the indexes of their types.
    pub(super) fn written_body(&self, id: TypeId) -> Option<Body<'a>> {
        self.bodies.get(id.0).map(|(_, body)| body.clone())
    }

    fn lower_bodies(&mut self) {
        // Bodies use others, and bodies in place add to the list while it is worked off.
        while let Some(id) = self.queue.pop() {
            let Some(body) = self.written_body(id) else { continue };
            let before = self.diagnostics.len();
            let module = self.types.get(id.0).and_then(|def| def.module.as_deref()).unwrap_or_default();
            self.headers = self.with_headers.contains(module);
            let kind = self.body(id, &body);
            if let Some(def) = self.types.get_mut(id.0) {
                def.kind = kind;
            }
            let is_own = self.types.get(id.0).is_some_and(|def| def.module.is_none());
            let numbers = matches!(body.shape, Shape::Enum(_) | Shape::Bitmap(_));
            let reason = if numbers { None } else { self.unsupported(before).or_else(|| self.for_c(id, before)) };
            if let Some(reason) = reason {
                self.hook(id, None, &reason);
            }
            if !is_own {
                self.diagnostics.truncate(before);
            }
        }
    }

    /// In a local interface and in a file of declarations alone, much is for C: what is wrong with a type matters where it is used.
    fn for_c(&mut self, id: TypeId, before: usize) -> Option<String> {
        let module = self.types.get(id.0).and_then(|def| def.module.as_deref()).unwrap_or_default();
        let is_wrong = |found: &&Diagnostic| found.severity == Severity::Error && found.code != "R0703";
        if !self.nameless.contains(module) || self.diagnostics.get(before..)?.iter().any(|found| found.code == "R0703")
        {
            return None;
        }
        let found = self.diagnostics.get(before..)?.iter().find(is_wrong)?;
        let reason = format!("{}: {}", found.message, found.primary.1);
        self.diagnostics.truncate(before);
        Some(reason)
    }

    /// What of the messages since then says that something cannot be compiled; they are taken back.
    pub(super) fn unsupported(&mut self, before: usize) -> Option<String> {
        let found = self.diagnostics.get(before..)?.iter().find(|found| found.code == "R0712")?;
        let reason = format!("{}: {}", found.message, found.primary.1);
        self.diagnostics.truncate(before);
        Some(reason)
    }

    /// The interfaces that this one extends, the farthest first.
    fn bases(&mut self, interface: &ast::Interface) -> Vec<&'a ast::Interface> {
        let mut found: Vec<&'a ast::Interface> = Vec::new();
        let mut next = interface.base.as_ref();
        while let Some(name) = next {
            let scope = self.scope;
            let base = scope.imports.iter().rev().map(|import| import.interface).find(|i| i.name.text == name.text);
            let again = found.iter().any(|other| other.name.text == name.text);
            let Some(base) = base.filter(|_| !again && name.text != interface.name.text) else {
                let (message, label) = if again || name.text == interface.name.text {
                    (format!("`{}` extends itself", interface.name.text), "leads back here")
                } else {
                    (format!("no interface `{}`", name.text), "not in this file before it, nor in an imported one")
                };
                let candidates = scope.imports.iter().map(|import| import.interface.name.text.as_str());
                let near = crate::spelling::nearest(&name.text, candidates);
                let mut found = Diagnostic::error("R0724", message, name.span.clone(), label);
                found.help = near.map(|near| format!("did you mean `{near}`?"));
                self.diagnostics.push(found);
                break;
            };
            found.push(base);
            next = base.base.as_ref();
        }
        found.reverse();
        found
    }

    /// Operations in order of their numbers.
    fn operations(&mut self, interface: &'a ast::Interface) -> Vec<Operation> {
        self.headers = self.with_headers.contains("");
        let inherited = self.bases(interface).into_iter().flat_map(|base| &base.decls);
        let functions = inherited.chain(&interface.decls).filter_map(|decl| match &decl.kind {
            DeclKind::Function(function) => Some((decl, function)),
            _ => None,
        });
        let local = interface.attrs.iter().any(|attr| attr.name.text == "local");
        // what never travels has no number
        let numbered = functions.filter(|(decl, _)| !local && is_called(decl));
        let mut operations: Vec<Operation> = Vec::new();
        for (opnum, (decl, function)) in (0u16..).zip(numbered) {
            if let Some(before) = operations.iter().find(|operation| operation.name == function.name.text) {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0703",
                        format!("operation `{}` is declared twice", function.name.text),
                        function.name.span.clone(),
                        "declared again here",
                    )
                    .also(before.span.clone(), "first declared here"),
                );
                continue;
            }
            let before = self.diagnostics.len();
            let mut operation = self.operation(opnum, decl, function);
            if let Some(reason) = self.unsupported(before) {
                operation.left_out = true;
                operation.params.clear();
                operation.returns = None;
                self.diagnostics.push(Diagnostic::warning(
                    "R0722",
                    format!("operation `{}` is left out", operation.name),
                    operation.span.clone(),
                    reason,
                ));
            }
            operations.push(operation);
        }
        // parameters may have brought types of their own
        self.lower_bodies();
        operations
    }
}

/// Tag, shape and inner attributes of an aggregate written in place.
pub(super) fn parts(spec: &TypeSpec) -> Option<(Option<&Ident>, Shape<'_>, &[Attr])> {
    Some(match spec {
        TypeSpec::Struct { attrs, tag, body, .. } => (tag.as_ref(), Shape::Struct(body), attrs.as_slice()),
        TypeSpec::Union { attrs, tag, cases, .. } => (tag.as_ref(), Shape::Union(spec, cases), attrs.as_slice()),
        TypeSpec::Enum(attrs, declared, _) => (declared.name.as_ref(), Shape::Enum(declared), attrs.as_slice()),
        TypeSpec::Bitmap { attrs, tag, items, .. } => (tag.as_ref(), Shape::Bitmap(items), attrs.as_slice()),
        _ => return None,
    })
}

/// Headers of C belong to the interface.
fn has_headers(interface: &ast::Interface) -> bool {
    interface.attrs.iter().any(|attr| matches!(attr.name.text.as_str(), "helper" | "headerhelper"))
}

/// An operation that travels: it has a number.
fn is_called(decl: &Decl) -> bool {
    let local = |attr: &Attr| matches!(attr.name.text.as_str(), "noopnum" | "local" | "callback");
    matches!(decl.kind, DeclKind::Function(_)) && !decl.attrs.iter().any(local)
}
