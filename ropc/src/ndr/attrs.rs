//! Attributes: which there are, and looking them up.

use crate::ast::{Attr, AttrArg, Expr};
use crate::diagnostic::Diagnostic;
use crate::spelling;

/// What the compiler does with an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changes bytes or Rust.
    Used,
    /// It says nothing of either: what it is about instead.
    Elsewhere(&'static str),
    /// It asks for something that is not done; what is done instead is said (R0726).
    Lost(&'static str),
    /// It changes bytes in a way that cannot be compiled, and why: what has it becomes code of one's own or is left out.
    Unsupported(&'static str),
}

const USED: &[&str] = &[
    "bitmap16bit",
    "bitmap32bit",
    "bitmap64bit",
    "bitmap8bit",
    "callback",
    "carries",
    "case",
    "charset",
    "context_handle",
    "default",
    "encoding",
    "enum16bit",
    "enum8bit",
    "first_is",
    "flag",
    "ignore",
    "in",
    "last_is",
    "length_is",
    "local",
    "max_is",
    "max_recursion",
    "min_is",
    "ms_union",
    "nodiscriminant",
    "noopnum",
    "nopull",
    "nopush",
    "out",
    "pointer_default",
    "ptr",
    "range",
    "ref",
    "relative",
    "relative_base",
    "relative_short",
    "represent_as",
    "size_is",
    "skip",
    "skip_noinit",
    "spec",
    "string",
    "subcontext",
    "subcontext_size",
    "switch_is",
    "switch_type",
    "todo",
    "unique",
    "uuid",
    "v1_enum",
    "value",
    "version",
];

/// Attributes that say nothing of bytes or Rust, by what they are about.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("documentation", &["annotation", "displayname", "helpstring", "hidden", "internal", "restricted"]),
    (
        "where an interface is found, and who may call it",
        &["authservice", "endpoint", "no_srv_register", "auto_handle", "explicit_handle", "implicit_handle", "handle"],
    ),
    (
        "the memory of C's stubs",
        &["allocate", "enable_allocate", "force_allocate", "heap", "in_line", "optimize", "out_of_line", "size_hint"],
    ),
    (
        "how C's stubs are called",
        &[
            "async",
            "binding_callout",
            "call_as",
            "code",
            "comm_status",
            "context_handle_noserialize",
            "context_handle_serialize",
            "cstruct",
            "disable_consistency_check",
            "extern_exceptions",
            "fault_status",
            "input_sync",
            "ms_conf_struct",
            "nocode",
            "nonextensible",
            "notify",
            "notify_flag",
            "optional",
            "ptrsize",
            "shape",
            "sptr",
            "strict_context_handle",
            "strict_type_context_handle",
            "type_strict_context_handle",
            "unused",
            "user_marshal",
            "user_marshal_hint",
            "usesgetlasterror",
        ],
    ),
    ("how often an operation runs, which the transport decides", &["idempotent"]),
    (
        "which C, Python and printing functions PIDL writes",
        &[
            "gensize",
            "headerhelper",
            "helper",
            "noprint",
            "nopython",
            "nosize",
            "print",
            "public",
            "pyhelper",
            "to_null",
        ],
    ),
    (
        "COM and its automation",
        &[
            "async_uuid",
            "defaultvalue",
            "dual",
            "id",
            "object",
            "oleautomation",
            "progid",
            "propget",
            "propput",
            "propputref",
            "retval",
        ],
    ),
];

/// Attributes that ask for something that is not done.
const LOST: &[(&str, &str)] = &[
    ("broadcast", "a call is sent to one server"),
    ("byte_count", "it sizes a buffer of C: how many elements travel, `size_is` says"),
    ("decode", "no functions for pickled data are made: each type has `unpack`"),
    ("encode", "no functions for pickled data are made: each type has `pack`"),
    ("maybe", "the response is made and awaited all the same"),
    ("message", "the response is made and awaited all the same"),
];

/// Attributes that change bytes in a way that cannot be compiled.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("compression", "what is compressed, and how, the fields around it decide: its bytes are not described"),
    ("cs_char", "its characters are converted by code of the application"),
    ("cs_drtag", "its characters are converted by code of the application"),
    ("cs_rtag", "its characters are converted by code of the application"),
    ("cs_stag", "its characters are converted by code of the application"),
    ("iid_is", "an interface pointer of COM"),
    ("partial_ignore", "another value travels to the server than back"),
    ("system_handle", "a handle of the local machine does not travel"),
    ("transmit_as", "only a `typedef` can have it"),
    ("v1_array", "an array of NCS 1.5, before DCE"),
    ("v1_string", "a string of NCS 1.5, before DCE"),
    ("v1_struct", "a structure of NCS 1.5, before DCE"),
    ("wire_marshal", "only a `typedef` can have it"),
];

/// All attributes, each with what becomes of it.
pub fn all() -> impl Iterator<Item = (&'static str, Effect)> {
    let elsewhere =
        ELSEWHERE.iter().flat_map(|(about, names)| names.iter().map(|name| (*name, Effect::Elsewhere(about))));
    let used = USED.iter().map(|name| (*name, Effect::Used));
    let lost = LOST.iter().map(|(name, instead)| (*name, Effect::Lost(instead)));
    let refused = UNSUPPORTED.iter().map(|(name, why)| (*name, Effect::Unsupported(why)));
    // `transmit_as` and `wire_marshal` are taken where they can be, and refused here
    refused.chain(used).chain(elsewhere).chain(lost)
}

fn effect(name: &str) -> Option<Effect> {
    all().find(|(known, _)| *known == name).map(|(_, effect)| effect)
}

/// Reports attributes that nothing knows (R0711) and those that stop the compilation (R0712).
pub fn check(attrs: &[&Attr], diagnostics: &mut Vec<Diagnostic>) {
    unknown(attrs, diagnostics);
    unsupported(attrs, diagnostics);
}

/// Reports attributes that stop the compilation of what has them (R0712).
pub fn unsupported(attrs: &[&Attr], diagnostics: &mut Vec<Diagnostic>) {
    for attr in attrs {
        let name = attr.name.text.as_str();
        if let Some(Effect::Unsupported(why)) = effect(name) {
            let message = format!("attribute `{name}` cannot be compiled");
            diagnostics.push(Diagnostic::error("R0712", message, attr.span.clone(), why));
        }
    }
}

/// Reports attributes that nothing knows (R0711).
pub fn unknown(attrs: &[&Attr], diagnostics: &mut Vec<Diagnostic>) {
    for attr in attrs {
        let name = attr.name.text.as_str();
        match effect(name) {
            Some(_) => {}
            None => {
                let mut diagnostic = Diagnostic::error(
                    "R0711",
                    format!("unknown attribute `{name}`"),
                    attr.name.span.clone(),
                    "no interface file of this family has it",
                );
                if let Some(near) = spelling::nearest(name, all().map(|(known, _)| known)) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                diagnostics.push(diagnostic);
            }
        }
    }
}

/// Reports attributes that ask for something that is not done (R0726).
pub fn lost(attrs: &[&Attr], diagnostics: &mut Vec<Diagnostic>) {
    for attr in attrs {
        let name = attr.name.text.as_str();
        if let Some(Effect::Lost(instead)) = effect(name) {
            let message = format!("`{name}` has no effect");
            diagnostics.push(Diagnostic::warning("R0726", message, attr.span.clone(), instead));
        }
    }
}

/// The attribute with this name.
pub fn find<'a>(attrs: &[&'a Attr], name: &str) -> Option<&'a Attr> {
    attrs.iter().find(|attr| attr.name.text == name).copied()
}

/// There is an attribute with this name.
pub fn has(attrs: &[&Attr], name: &str) -> bool {
    find(attrs, name).is_some()
}

/// The expressions of an attribute, one a level, `None` for an empty one.
pub fn levels(attr: &Attr) -> Vec<Option<&Expr>> {
    let args = attr.args.as_deref().unwrap_or_default();
    args.iter()
        .map(|arg| match arg {
            AttrArg::Expr(expr) => Some(expr),
            _ => None,
        })
        .collect()
}

/// The only expression of an attribute.
pub fn single(attr: &Attr) -> Option<&Expr> {
    match attr.args.as_deref() {
        Some([AttrArg::Expr(expr)]) => Some(expr),
        _ => None,
    }
}

/// The text of `[spec("MS-OXCRPC 3.1.4.1")]`.
pub fn spec(attrs: &[&Attr]) -> Option<String> {
    match &single(find(attrs, "spec")?)?.kind {
        crate::ast::ExprKind::Str(text) => Some(text.clone()),
        _ => None,
    }
}
