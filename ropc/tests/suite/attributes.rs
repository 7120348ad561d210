//! Every attribute of the MIDL and PIDL family: compiled, said to be ignored, or refused with a message that says why.

use ropc::compile::compile;
use ropc::diagnostic::Severity;
use ropc::ndr::attrs::{self, Effect};
use ropc::parse::parse;
use ropc::source::Sources;

const U: &str = "typedef [switch_type(long)] union { [case(1)] long a; [default]; } U;";
const N: &str = "typedef [nodiscriminant] union { [case(1)] long a; [default]; } N;";

/// Declarations of an interface that compile without a word.
const COMPILED: &[(&str, &str)] = &[
    ("flag", "typedef [flag(NDR_NOALIGN)] struct { [flag(NDR_BIG_ENDIAN)] long a; } T;"),
    ("bitmap16bit", "typedef [bitmap16bit] bitmap { A = 1 } T;"),
    ("bitmap32bit", "typedef [bitmap32bit] bitmap { A = 1 } T;"),
    ("bitmap64bit", "typedef [bitmap64bit] bitmap { A = 1 } T;"),
    ("bitmap8bit", "typedef [bitmap8bit] bitmap { A = 1 } T;"),
    ("charset", "typedef struct { [string, charset(UTF16)] uint16 *a; [charset(DOS)] uint8 b[8]; } T;"),
    ("context_handle", "typedef [context_handle] void *H; void f([in] H a, [out] H *b, [in, context_handle] void *c);"),
    ("enum16bit", "typedef [enum16bit] enum { A = 1 } T;"),
    ("enum8bit", "typedef [enum8bit] enum { A = 1 } T;"),
    (
        "first_is",
        "void f([in] long n, [in] long i, [in] long m, [in, size_is(n), first_is(i), length_is(m)] short a[]);",
    ),
    ("ignore", "typedef struct { [ignore] long *a; long b; } T;"),
    ("last_is", "void f([in] long n, [in] long i, [in, size_is(n), last_is(i)] short a[]);"),
    ("length_is", "void f([in] long n, [in, out] long *m, [in, out, size_is(n), length_is(*m)] short a[]);"),
    ("local", "[local] void f(void *a);"),
    ("max_is", "void f([in] long n, [in, max_is(n)] short a[]);"),
    ("min_is", "void f([in] long n, [in] long m, [in, min_is(m), max_is(n)] short a[]);"),
    ("max_recursion", "typedef [max_recursion(9)] struct T { struct T *next; } T;"),
    (
        "nodiscriminant",
        "typedef [nodiscriminant] union { [case(1)] long a; } T; typedef struct { long k; [switch_is(k)] T t; } S;",
    ),
    ("noopnum", "[noopnum] void f([in] long a);"),
    ("ptr", "void f([in, ptr] long *a, [in, out, ptr] long **b);"),
    ("range", "void f([in, range(0, 10)] long a); typedef [range(1, 3)] long T; void g([in] T t);"),
    ("ref", "typedef struct { [ref] long *a; [ref] long **b; } T;"),
    ("relative", "typedef [public] struct { [relative] long *a; } T;"),
    ("relative_base", "typedef [public, relative_base] struct { [relative] long *a; } T;"),
    ("relative_short", "typedef [public] struct { [relative_short] long *a; } T;"),
    ("represent_as", "typedef [nopush, represent_as(\"a::T\")] struct { long a; } T;"),
    (
        "size_is",
        "void f([in] long n, [in, size_is(n)] short *a, [in, size_is(, n * 2)] long **b, [in, size_is(n, 3)] long **c);",
    ),
    ("skip", "typedef struct { [skip] long a; long b; } T;"),
    ("skip_noinit", "typedef struct { [skip_noinit] long a; long b; } T;"),
    (
        "string",
        "void f([in, string] char *a, [in, string] wchar_t *b, [in, string] byte *c, [in, string, size_is(9)] char d[]);",
    ),
    ("subcontext", "typedef struct { long b; } S; typedef struct { [subcontext(4)] S s; } T;"),
    (
        "subcontext_size",
        "typedef struct { long b; } S; typedef struct { long n; [subcontext(0), subcontext_size(n)] S s; } T;",
    ),
    ("todo", "[todo] void f([in] nothing a);"),
    ("transmit_as", "typedef struct { long a; } S; typedef [transmit_as(S)] void *T; void f([in] T t);"),
    ("unique", "void f([in, unique] long *a, [in, out, unique] long **b);"),
    ("v1_enum", "typedef [v1_enum] enum { A = 0x10000 } T;"),
    ("value", "typedef struct { [value(7)] long a; [value(\"ab\")] uint8 b[2]; } T;"),
    ("wire_marshal", "typedef [wire_marshal(long)] void *T; void f([in] T t);"),
];

/// Those that need more around them.
const UNIONS: &[(&str, &str)] = &[
    ("case", "void f([in, switch_is(1)] U *u);"),
    ("default", "typedef struct { [switch_is(k)] U u; long k; } S;"),
    ("switch_is", "void f([in] long a, [in] long *b, [in, switch_is(a & 3)] U *u, [in, switch_is(*b)] U *v);"),
    ("switch_type", "typedef struct { long k; [switch_is(k == 1 ? 1 : 0)] N n; } S;"),
];

/// Attributes that every other test here and in tests/suite/midl.rs uses, or that have one of their own.
const ELSEWHERE_HERE: [&str; 10] =
    ["in", "out", "uuid", "version", "pointer_default", "encoding", "spec", "carries", "ms_union", "transmit_as"];

/// Attributes that are refused as those that stand beside them in the table.
const SAME: [&str; 4] = ["cs_drtag", "cs_rtag", "cs_stag", "v1_string"];

/// Attributes of which no byte depends: with and without them the Rust is the same.
const NOTHING: &[&str] = &[
    "async",
    "call_as(g)",
    "code",
    "comm_status",
    "enable_allocate",
    "explicit_handle",
    "fault_status",
    "helpstring(\"what\")",
    "idempotent",
    "nocode",
    "notify",
    "notify_flag",
    "optimize(\"s\")",
    "public",
    "strict_context_handle",
    "type_strict_context_handle",
    "user_marshal(T)",
];

/// Attributes that ask for something that is not done, which is said.
const LOST: &[(&str, &str, &[&str])] = &[
    ("broadcast", "[broadcast] void f([in] long a);", &["r0726"]),
    ("byte_count", "void f([in] long n, [out, size_is(n), byte_count(n)] byte *a);", &["r0726"]),
    ("callback", "[callback] void f([in] long a);", &["r0722"]),
    ("decode", "[decode] void f([in] long a);", &["r0726"]),
    ("encode", "[encode] void f([in] long a);", &["r0726"]),
    ("maybe", "[maybe] void f([in] long a);", &["r0726"]),
    ("message", "[message] void f([in] long a);", &["r0726"]),
];

/// Attributes that would change the wire format, with what they make of what has them.
const REFUSED: &[(&str, &str, &[&str])] = &[
    (
        "compression",
        "typedef struct { long b; } S; typedef struct { [subcontext(4), compression(1, 2, 3)] S s; } T;",
        &["r0721"],
    ),
    ("cs_char", "void f([in, cs_char(T)] byte *a);", &["r0722"]),
    ("iid_is", "void f([in] GUID *i, [in, iid_is(i)] long *a);", &["r0722"]),
    ("nopull", "typedef [nopull] struct { long a; } T;", &["r0721"]),
    ("nopush", "[nopush] void f([in] long a);", &["r0722"]),
    ("partial_ignore", "void f([in, out, partial_ignore] long **a);", &["r0722"]),
    ("system_handle", "void f([in, system_handle(sh_file)] long a);", &["r0722"]),
    ("v1_array", "typedef [v1_array] long T[4]; void f([in] T t);", &["r0722"]),
    ("v1_struct", "typedef [v1_struct] struct { long a; } T;", &["r0721"]),
];

fn codes(text: &str, attrs: &str) -> (Vec<String>, String) {
    let text = format!(
        "[uuid(60a15ec5-4de8-11d7-a637-005056a20182), version(1.0), pointer_default(unique){attrs}]\n\
         interface x {{ {text} }}"
    );
    let mut sources = Sources::default();
    let source = sources.add("x.idl", text.as_str());
    let (file, mut found) = parse(source, &text);
    let compiled = compile(&[(source, file)]);
    found.extend(compiled.diagnostics.clone());
    let code = |found: &ropc::diagnostic::Diagnostic| match found.severity {
        Severity::Error => found.code.to_owned(),
        _ => found.code.to_lowercase(),
    };
    let rust = ropc::compile::emit_ndr(&sources, &compiled).unwrap();
    let lines = rust.iter().flat_map(|output| output.text.lines().skip(3));
    (found.iter().map(code).collect(), lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn attributes_that_change_bytes_compile() {
    for (attribute, text) in COMPILED {
        assert_eq!(codes(text, "").0, [""; 0], "{attribute}: {text}");
        assert!(text.contains(attribute), "{attribute}");
    }
    for (attribute, text) in UNIONS {
        assert_eq!(codes(&format!("{U} {N} {text}"), "").0, [""; 0], "{attribute}: {text}");
    }
}

#[test]
fn attributes_that_change_no_byte_change_nothing() {
    let plain = codes("typedef long T; long f([in] long n, [in, size_is(n)] short *a);", "");
    assert_eq!(plain.0, [""; 0]);
    for attribute in NOTHING {
        let text = format!(
            "typedef [{attribute}] long T; [{attribute}] long f([in] long n, [in, size_is(n), {attribute}] short *a);"
        );
        assert_eq!(codes(&text, ""), plain, "{attribute}");
    }
    for attribute in ["ms_union", "auto_handle", "endpoint(\"ncacn_np:[\\\\pipe\\\\x]\")", "helpstring(\"x\")"] {
        let text = "typedef long T; long f([in] long n, [in, size_is(n)] short *a);";
        assert_eq!(codes(text, &format!(", {attribute}")), plain, "{attribute}");
    }
}

#[test]
fn attributes_that_cannot_be_compiled_are_refused() {
    for (attribute, text, expected) in REFUSED.iter().chain(LOST) {
        assert_eq!(codes(text, "").0, *expected, "{attribute}: {text}");
    }
}

/// Every attribute that the compiler knows is compiled, said to be without effect, or refused by a test here; and
/// docs/LANGUAGE.md has it.
#[test]
fn no_attribute_is_ignored_in_silence() {
    let used: Vec<&str> = COMPILED.iter().chain(UNIONS).map(|(name, _)| *name).chain(ELSEWHERE_HERE).collect();
    let said: Vec<&str> = REFUSED.iter().chain(LOST).map(|(name, ..)| *name).collect();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/LANGUAGE.md")).unwrap();
    let mut wrong = Vec::new();
    for (name, effect) in attrs::all() {
        let known = match effect {
            Effect::Used => used.contains(&name) || said.contains(&name),
            // each of the same kind is taken in the same way
            Effect::Elsewhere(_) => true,
            Effect::Lost(_) => said.contains(&name),
            Effect::Unsupported(_) => said.contains(&name) || used.contains(&name) || SAME.contains(&name),
        };
        if !known {
            wrong.push(format!("{name}: no test of it"));
        }
        if ![format!("`{name}`"), format!("`{name}("), format!("[{name}"), format!(", {name}")]
            .iter()
            .any(|text| page.contains(text))
        {
            wrong.push(format!("{name}: not in docs/LANGUAGE.md"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Attributes that say nothing of bytes change nothing wherever they stand: each of them, on everything.
#[test]
fn attributes_about_other_things_change_nothing() {
    let plain = codes("typedef long T; long f([in] long n, [in, size_is(n)] short *a);", "");
    for (attribute, effect) in attrs::all() {
        // these make an interface one of COM
        let com = ["object", "oleautomation", "dual", "odl", "helper", "headerhelper"].contains(&attribute);
        if !matches!(effect, Effect::Elsewhere(_)) || com {
            continue;
        }
        let text = format!(
            "typedef [{attribute}] long T; [{attribute}] long f([in] long n, [in, size_is(n), {attribute}] short *a);"
        );
        assert_eq!(codes(&text, &format!(", {attribute}")), plain, "{attribute}");
    }
}
