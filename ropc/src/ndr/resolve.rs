//! Names to types: what an interface and those that it imports declare.

mod constants;
mod declare;
mod define;
mod interface;
mod lookup;

use std::collections::{HashMap, HashSet};

use super::Scope;
use super::model::{Flags, Interface, Scalar, Struct, TypeDef, TypeId, TypeKind, Union};
use crate::ast::{self, Attr, Decl, DeclKind, Declarator, Ident, Span, TypeSpec, Typedef};
use crate::diagnostic::Diagnostic;
use crate::spelling::Searches;

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
    pub(super) searches: Searches,
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
            searches: Searches::default(),
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
        self.check_aliases(interface);
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
