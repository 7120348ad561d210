//! Attributes: which there are, and looking them up.

use crate::ast::{Attr, AttrArg, Expr};
use crate::diagnostic::Diagnostic;
use crate::spelling;

/// What the compiler does with an attribute.
enum Meaning {
    /// It changes the wire format or the Rust code.
    Used,
    /// It says nothing about either.
    Ignored,
    /// It would change the wire format; what uses it cannot be compiled.
    Unsupported,
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

const IGNORED: &[&str] = &[
    "allocate",
    "annotation",
    "async",
    "async_uuid",
    "authservice",
    "auto_handle",
    "binding_callout",
    "broadcast",
    "byte_count",
    "call_as",
    "code",
    "comm_status",
    "context_handle_noserialize",
    "context_handle_serialize",
    "cstruct",
    "decode",
    "defaultvalue",
    "disable_consistency_check",
    "displayname",
    "dual",
    "enable_allocate",
    "encode",
    "endpoint",
    "explicit_handle",
    "extern_exceptions",
    "fault_status",
    "force_allocate",
    "gensize",
    "handle",
    "headerhelper",
    "heap",
    "helper",
    "helpstring",
    "hidden",
    "id",
    "idempotent",
    "implicit_handle",
    "in_line",
    "input_sync",
    "internal",
    "maybe",
    "message",
    "ms_conf_struct",
    "ms_union",
    "no_srv_register",
    "nocode",
    "nonextensible",
    "noprint",
    "nopython",
    "nosize",
    "notify",
    "notify_flag",
    "object",
    "oleautomation",
    "optimize",
    "optional",
    "out_of_line",
    "print",
    "progid",
    "propget",
    "propput",
    "propputref",
    "ptrsize",
    "public",
    "pyhelper",
    "restricted",
    "retval",
    "shape",
    "size_hint",
    "sptr",
    "strict_context_handle",
    "strict_type_context_handle",
    "to_null",
    "type_strict_context_handle",
    "unused",
    "user_marshal_hint",
    "user_marshal",
    "usesgetlasterror",
];

const UNSUPPORTED: &[&str] = &[
    "compression",
    "cs_char",
    "cs_drtag",
    "cs_rtag",
    "cs_stag",
    "iid_is",
    "min_is",
    "partial_ignore",
    "system_handle",
    "transmit_as",
    "v1_array",
    "v1_string",
    "v1_struct",
    "wire_marshal",
];

fn meaning(name: &str) -> Option<Meaning> {
    [(USED, Meaning::Used), (IGNORED, Meaning::Ignored), (UNSUPPORTED, Meaning::Unsupported)]
        .into_iter()
        .find_map(|(names, meaning)| names.contains(&name).then_some(meaning))
}

/// Reports attributes that nothing knows (R0711) and those that stop the compilation (R0712).
pub fn check(attrs: &[&Attr], diagnostics: &mut Vec<Diagnostic>) {
    for attr in attrs {
        let name = attr.name.text.as_str();
        match meaning(name) {
            Some(Meaning::Used | Meaning::Ignored) => {}
            Some(Meaning::Unsupported) => diagnostics.push(Diagnostic::error(
                "R0712",
                format!("attribute `{name}` cannot be compiled yet"),
                attr.span.clone(),
                "changes the wire format in a way that is not supported",
            )),
            None => {
                let known = USED.iter().chain(IGNORED).chain(UNSUPPORTED).copied();
                let mut diagnostic = Diagnostic::error(
                    "R0711",
                    format!("unknown attribute `{name}`"),
                    attr.name.span.clone(),
                    "no interface file of this family has it",
                );
                if let Some(near) = spelling::nearest(name, known) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                diagnostics.push(diagnostic);
            }
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
