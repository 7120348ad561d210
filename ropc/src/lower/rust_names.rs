//! Names that would be one, or another's, in the generated Rust.

use std::collections::HashMap;

use super::Lower;
use super::body::Scene;
use super::derive::each_match;
use crate::ast::{Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::emit::names::{is_keyword, screaming_text, snake_text, verbatim_text};
use crate::model::{BitsDef, EnumDef, FormDef, StructDef, TypeKind};

/// Types that every generated module uses, or Rust has everywhere.
const TYPES: &[&str] = &[
    "At",
    "Blob",
    "Box",
    "Clone",
    "Copy",
    "Cursor",
    "Debug",
    "Default",
    "Encoder",
    "Eq",
    "Err",
    "FileTime",
    "From",
    "GlobSet",
    "Guid",
    "Hash",
    "Into",
    "Iterator",
    "NamedId",
    "NamedProperty",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PackError",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Some",
    "String",
    "String8",
    "StringValue",
    "UnpackError",
    "Utf16",
    "Vec",
    "bool",
    "f32",
    "f64",
    "i16",
    "i32",
    "i64",
    "i8",
    "str",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];
/// Types of the module that spans all interfaces, where there are ROPs.
const TYPES_OF_ROPS: &[&str] = &[
    "BTreeMap",
    "Batch",
    "Conversation",
    "Dispatch",
    "Fill",
    "H",
    "Handlers",
    "InvalidHandle",
    "Objects",
    "PackErrorKind",
    "Reply",
    "ReplyTooLarge",
    "RopContext",
    "RopDispatch",
    "RopId",
    "RopOutcome",
    "RopReply",
    "RopRequest",
    "Running",
    "ServerObject",
    "UnpackErrorKind",
];
/// What bit records and enumerations have of their own.
const METHODS: &[&str] = &["contains", "name", "pack", "unpack", "with", "without", "fmt", "bitor"];
/// Constants of bit records and enumerations.
const CONSTANTS: &[&str] = &["NAMES", "SIZE"];
/// Methods of structures.
pub(crate) const STRUCTURE_METHODS: &[&str] = &["into_owned", "pack", "packed_size", "transformed", "unpack"];
/// Methods of the client's batch beside the calls.
const BATCH_METHODS: &[&str] = &["add", "handles", "new", "pack", "read", "requests"];
/// Modules that are no interface's.
const MODULES: &[&str] = &["client", "lib", "main", "rops"];

/// A name in Rust, and where it comes from.
type Taken = HashMap<String, (String, Span)>;

impl Lower<'_> {
    /// Gives a field, parameter or `let` its name in a structure; false where another has it.
    pub(crate) fn claim(&mut self, scene: &mut Scene<'_>, name: &Ident) -> bool {
        let rust = snake_text(&name.text);
        if rust.trim_matches('_').is_empty() {
            self.reserved(&name.text, &name.span, "a name needs a letter");
            return false;
        }
        let Some((_, first, span)) = scene.claimed.iter().find(|(known, ..)| *known == rust) else {
            scene.claimed.push((rust, name.text.clone(), name.span.clone()));
            scene.seen.push((name.text.clone(), name.span.clone()));
            return true;
        };
        let (first, span) = (first.clone(), span.clone());
        if first == name.text {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0304",
                    format!("field `{}` is declared twice", name.text),
                    name.span.clone(),
                    format!("`{}` already has it", scene.owner),
                )
                .also(span, "first declared here"),
            );
        } else {
            self.one_in_rust((&name.text, &name.span), (&first, &span), &rust);
        }
        false
    }

    /// Two names that are one in Rust.
    pub(crate) fn one_in_rust(&mut self, second: (&str, &Span), first: (&str, &Span), rust: &str) {
        let message = if second.0 == first.0 {
            format!("`{}` is declared twice", second.0)
        } else {
            format!("`{}` and `{}` are both `{rust}` in Rust", first.0, second.0)
        };
        let diagnostic = Diagnostic::error("R0108", message, second.1.clone(), "of one name with another");
        let same_place = first.1 == second.1;
        self.diagnostics.push(if same_place { diagnostic } else { diagnostic.also(first.1.clone(), "the other") });
    }

    /// A name that generated code needs itself.
    pub(crate) fn reserved(&mut self, name: &str, span: &Span, why: &str) {
        self.diagnostics.push(
            Diagnostic::error("R0109", format!("`{name}` cannot be a name"), span.clone(), why)
                .help("give it a longer name, as the document's words allow"),
        );
    }

    /// Checks the names of everything that is no field.
    pub(crate) fn rust_names(&mut self) {
        self.modules();
        self.items();
        self.calls();
        for index in 0..self.program.types.len() {
            let Some(def) = self.program.types.get(index) else { continue };
            if matches!(def.kind, TypeKind::Struct(_)) {
                continue;
            }
            match (def.kind.clone(), def.name.clone(), def.span.clone()) {
                (TypeKind::Enum(e), _, span) => self.constants_of(&e, &span),
                (TypeKind::Bits(b), name, span) => self.parts_of(&b, &name, &span),
                (TypeKind::Form(f), _, span) => self.forms_in_rust(&f, &span),
                (TypeKind::Struct(_), ..) => {}
            }
        }
    }

    fn modules(&mut self) {
        let mut seen: Taken = HashMap::new();
        for (name, span) in self.program.modules.iter().map(|m| (m.name.clone(), m.span.clone())).collect::<Vec<_>>() {
            if let Some((first, at)) = seen.get(&name).cloned() {
                self.one_in_rust((&name, &span), (&first, &at), &name);
            }
            let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if MODULES.contains(&name.as_str()) || is_keyword(&name) {
                self.reserved(&name, &span, "the interface's module cannot have this name");
            } else if !plain {
                self.reserved(&name, &span, "an interface is a module: lower case, digits and `_`");
            }
            seen.insert(name.clone(), (name, span));
        }
    }

    /// Types, bodies and constants: one space of names a module.
    fn items(&mut self) {
        let mut found: Vec<(usize, String, String, Span)> = Vec::new();
        let program = &self.program;
        let of_body = |found: &mut Vec<_>, module: usize, name: &str, def: &StructDef, span: &Span| {
            found.push((module, rust_type(name), name.to_owned(), span.clone()));
            each_match(&def.body, &mut |m| {
                if m.enum_name != name {
                    found.push((module, rust_type(&m.enum_name), m.enum_name.clone(), span.clone()));
                }
            });
        };
        for def in &program.types {
            match &def.kind {
                TypeKind::Struct(s) => of_body(&mut found, def.module, &def.name, s, &def.span),
                _ => found.push((def.module, rust_type(&def.name), def.name.clone(), def.span.clone())),
            }
        }
        for rop in &program.rops {
            let bodies =
                [("Request", Some(&rop.request)), ("Response", rop.success.as_ref()), ("Other", rop.other.as_ref())];
            for (what, def) in bodies {
                if let Some(def) = def {
                    of_body(&mut found, rop.module, &format!("{}{what}", rop.name), def, &rop.span);
                }
            }
            if let Some(def) = &rop.unsolicited {
                of_body(&mut found, rop.module, &format!("{}Response", rop.name), def, &rop.span);
            }
            for (codes, def) in &rop.on {
                let name = crate::emit::failure_body(rop, codes);
                of_body(&mut found, rop.module, &name, def, &rop.span);
            }
            if rop.has_failure_bodies() {
                found.push((
                    rop.module,
                    format!("{}Failure", rop.name),
                    format!("{}Failure", rop.name),
                    rop.span.clone(),
                ));
            }
        }
        for request in &program.requests {
            of_body(&mut found, request.module, &format!("{}Request", request.name), &request.request, &request.span);
            of_body(&mut found, request.module, &format!("{}Response", request.name), &request.success, &request.span);
            if let Some(def) = &request.failure {
                of_body(&mut found, request.module, &format!("{}Failure", request.name), def, &request.span);
            }
            let name = format!("{}RequestType", request.name);
            found.push((request.module, screaming_text(&name), name, request.span.clone()));
        }
        for (index, module) in program.modules.iter().enumerate() {
            for constant in &module.consts {
                found.push((index, screaming_text(&constant.name), constant.name.clone(), constant.span.clone()));
            }
            for property in &module.properties {
                let name = property.name.clone();
                found.push((index, screaming_text(&name), name, property.span.clone()));
            }
            if let Some(first) = module.properties.first() {
                let tables = ["NAMED_PROPERTIES", "PROPERTY_TAGS"];
                found.extend(tables.map(|name| (index, name.to_owned(), name.to_owned(), first.span.clone())));
            }
        }
        let with_rops = !program.rops.is_empty();
        let mut seen: HashMap<(usize, String), (String, Span)> = HashMap::new();
        let reported = |span: &Span| self.diagnostics.iter().any(|d| d.code == "R0101" && d.primary.0 == *span);
        found.retain(|(.., span)| !reported(span));
        for (module, rust, name, span) in found {
            if TYPES.contains(&rust.as_str()) || with_rops && TYPES_OF_ROPS.contains(&rust.as_str()) {
                self.reserved(&name, &span, "generated code has a type of this name");
            } else if rust.trim_matches('_').is_empty() {
                self.reserved(&name, &span, "a name needs a letter");
            } else if let Some((first, at)) = seen.get(&(module, rust.clone())).cloned() {
                self.one_in_rust((&name, &span), (&first, &at), &rust);
            } else {
                seen.insert((module, rust), (name, span));
            }
        }
    }

    /// Operations are methods of one type; objects are types of the client.
    fn calls(&mut self) {
        for object in self.program.objects.clone() {
            let rust = rust_type(&object.name);
            if TYPES.contains(&rust.as_str()) || TYPES_OF_ROPS.contains(&rust.as_str()) {
                self.reserved(&object.name, &object.span, "generated code has a type of this name");
            }
        }
        let mut seen: Taken = HashMap::new();
        let rops: Vec<(String, Span)> = self.program.rops.iter().map(|r| (r.name.clone(), r.span.clone())).collect();
        for (name, span) in rops {
            let method = snake_text(&name);
            if BATCH_METHODS.contains(&method.as_str()) {
                self.reserved(&name, &span, "the client's batch has a method of this name");
            } else if let Some((first, at)) = seen.get(&method).cloned()
                && first != name
            {
                self.one_in_rust((&name, &span), (&first, &at), &method);
            } else {
                seen.insert(method, (name, span));
            }
        }
    }

    /// The names of an enumeration's constants; they have no places of their own here.
    fn constants_of(&mut self, e: &EnumDef, span: &Span) {
        let mut seen: Taken = HashMap::new();
        for (name, ..) in &e.items {
            self.part(&mut seen, screaming_text(name), name, span, CONSTANTS);
        }
    }

    /// Forms are variants; each width is a method.
    fn forms_in_rust(&mut self, f: &FormDef, span: &Span) {
        let mut seen: Taken = HashMap::new();
        for (name, _) in &f.items {
            self.part(&mut seen, verbatim_text(name), name, span, &[]);
        }
        for width in &f.widths {
            self.part(&mut seen, snake_text(&width.name), &width.name, span, &[]);
        }
    }

    fn parts_of(&mut self, b: &BitsDef, owner: &str, span: &Span) {
        let mut seen: Taken = HashMap::new();
        for (name, ..) in &b.masks {
            self.part(&mut seen, screaming_text(name), name, span, CONSTANTS);
        }
        let mut seen: Taken = HashMap::new();
        for field in &b.fields {
            let get = snake_text(&field.name);
            self.part(&mut seen, format!("with_{get}"), &field.name, span, METHODS);
            self.part(&mut seen, get, &field.name, span, METHODS);
            if b.masks.iter().any(|(mask, ..)| *mask == field.name) {
                self.one_in_rust((&field.name, span), (&field.name, span), owner);
            }
        }
    }

    fn part(&mut self, seen: &mut Taken, rust: String, name: &str, span: &Span, own: &[&str]) {
        if own.contains(&rust.as_str()) || rust.trim_matches('_').is_empty() {
            self.reserved(name, span, "what it stands in has something of this name in Rust");
        } else if let Some((first, at)) = seen.get(&rust).cloned() {
            self.one_in_rust((name, span), (&first, &at), &rust);
        } else {
            seen.insert(rust, (name.to_owned(), span.clone()));
        }
    }
}

fn rust_type(name: &str) -> String {
    verbatim_text(name)
}
