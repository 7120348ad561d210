//! What interface files of MIDL, DCE and PIDL write, construct by construct: compiled, or a message that says why not.

use std::fs;
use std::path::Path;

use ropc::compile;
use ropc::diagnostic::Severity;
use ropc::driver::{self, Checked};

const HEAD: &str = "[uuid(60a15ec5-4de8-11d7-a637-005056a20182), version(1.0), pointer_default(unique)]";

/// Files of one folder; the first is compiled.
fn check(files: &[(&str, &str)]) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    driver::load(&[folder.path().join(Path::new(files[0].0))]).unwrap().check()
}

/// Codes of the messages; warnings in lower case.
fn found(checked: &Checked) -> Vec<String> {
    let code = |found: &ropc::diagnostic::Diagnostic| match found.severity {
        Severity::Error => found.code.to_owned(),
        _ => found.code.to_lowercase(),
    };
    checked.diagnostics.iter().map(code).collect()
}

/// All Rust of the files, which have no mistakes.
#[track_caller]
fn rust(files: &[(&str, &str)]) -> String {
    let checked = check(files);
    assert!(!checked.has_errors(), "{:#?}", checked.diagnostics);
    let outputs = compile::emit_ndr(&checked.sources, &checked.compiled).unwrap();
    outputs.into_iter().map(|output| format!("// {}\n{}", output.path, output.text)).collect()
}

/// The Rust of an interface with this body.
#[track_caller]
fn body(text: &str) -> String {
    rust(&[("x.idl", &format!("{HEAD} interface x {{ {text} }}"))])
}

/// The codes for an interface with this body.
fn codes(text: &str) -> Vec<String> {
    found(&check(&[("x.idl", &format!("{HEAD} interface x {{ {text} }}"))]))
}

#[test]
fn words_of_c_say_nothing_about_the_wire() {
    let text = body(
        "long __stdcall One([in] handle_t h, [in, string] wchar_t const *Name, [in] volatile long *Count);\n\
         int const Three = 3; const FOUR = 4; static const WCHAR Five[] = L\"five\"; midl_pragma warning (disable: 2400)\n\
         typedef struct { long a[Three]; long b[FOUR]; } S;",
    );
    assert!(text.contains("pub name: Utf16<'a>,") && text.contains("pub count: i32,"), "{text}");
    assert!(text.contains("pub a: [i32; 3],") && text.contains("pub b: [i32; 4],"), "{text}");
}

#[test]
fn pointers_to_functions_have_no_shape() {
    assert_eq!(codes("typedef void (__RPC_USER *Freed)(void *p, long n); void f([in] long a);"), [""; 0]);
    assert_eq!(codes("typedef void (*Freed)(void *p); void f([in] Freed g);"), ["R0701"]);
}

/// A pointer that says nothing is what its place makes of it, also behind a name: a parameter's outermost one is a
/// reference.
#[test]
fn names_of_pointers_are_pointers_of_their_place() {
    let text = body(
        "typedef struct _Pair { long a; } Pair, *PPair; typedef wchar_t *Text; typedef [unique] Pair *Maybe;\n\
         void f([in] PPair p, [in, string] Text t, [in, out, string] Text *u, [in] Maybe m); \
         typedef struct { PPair p; LPWSTR q; [string] LPWSTR r; } Three;",
    );
    assert!(text.contains("pub p: Pair,") && text.contains("pub t: Utf16<'a>,"), "{text}");
    assert!(text.contains("pub u: Option<Utf16<'a>>,") && text.contains("pub m: Option<Box<Pair>>,"), "{text}");
    assert!(text.contains("pub p: Option<Box<Pair>>,") && text.contains("pub q: Option<u16>,"), "{text}");
    assert!(text.contains("pub r: Option<Utf16<'a>>,"), "{text}");
    assert_eq!(text.matches("pub struct Pair ").count(), 1, "{text}");
}

#[test]
fn declarations_of_what_is_known_change_nothing() {
    let text = body(
        "typedef unsigned short wchar_t; typedef unsigned __int3264 ULONG_PTR; typedef void VOID, *PVOID;\n\
         typedef struct _GUID { unsigned long a; byte b[12]; } GUID, UUID, *PGUID; typedef long NTSTATUS;\n\
         NTSTATUS f([in] GUID g, [in] PGUID h, [in] struct _GUID *i, [in] ULONG_PTR j, [in] LARGE_INTEGER k);\n\
         VOID g([in] FILETIME t);",
    );
    assert!(text.contains("pub g: Guid,") && text.contains("pub h: Guid,") && text.contains("pub i: Guid,"), "{text}");
    assert!(text.contains("pub j: u64,") && text.contains("pub k: i64,") && text.contains("NtStatus"), "{text}");
}

#[test]
fn files_of_declarations_alone_are_modules() {
    let common = "typedef struct _Size { DWORD Width, Height; } Size, *PSize;\n\
                  typedef union { long a; short b; } ForC;\n\
                  typedef struct { DWORD Length; BYTE Data[]; ForC c; } AlsoForC;";
    let user = format!("{HEAD} interface user {{ import \"ms-common.idl\"; void f([in] PSize s); }}");
    let checked = check(&[("user.idl", &user), ("ms-common.idl", common)]);
    assert_eq!(found(&checked), ["r0721", "r0721"]);
    let text = rust(&[("user.idl", &user), ("ms-common.idl", common)]);
    assert!(text.contains("// ms_common.rs") && text.contains("pub s: crate::ms_common::Size,"), "{text}");
}

#[test]
fn an_interface_goes_on_after_the_one_that_it_extends() {
    let text = rust(&[(
        "x.idl",
        &format!(
            "{HEAD} interface less {{ typedef struct {{ long n; }} Pair; void First([in] Pair p); void Second(); }}\n\
             {HEAD} interface more : less {{ void Third([in] Pair p); }}"
        ),
    )]);
    let more = text.split("// more.rs").nth(1).unwrap();
    assert!(more.contains("[\"First\", \"Second\", \"Third\"]") && more.contains("fn third"), "{more}");
    assert!(more.contains("fn first") && more.contains("pub p: crate::less::Pair,"), "{more}");
    let checked = check(&[("x.idl", &format!("{HEAD} interface more : less {{ void f(); }}"))]);
    assert_eq!(found(&checked), ["R0724"]);
    let round = format!("{HEAD} interface a : a {{ void f(); }}");
    assert_eq!(found(&check(&[("x.idl", &round)])), ["R0724"]);
}

#[test]
fn quotes_for_c_define_constants() {
    let quotes = "cpp_quote(\"#define MOST (2 * COUNT) /* of all */\") cpp_quote(\"#define f(x) x\")\n\
                  cpp_quote(\"#define LOOP LOOP\") cpp_quote(\"#define TYPE struct nothing\")\n";
    let interface = "interface x { const int COUNT = 4; typedef struct { [range(0, MOST)] long n; long a[MOST]; } S; }";
    let text = rust(&[("x.idl", &format!("{quotes}{HEAD} {interface}"))]);
    assert!(text.contains("pub a: [i32; 8],") && text.contains("0..=8"), "{text}");
    assert_eq!(codes("cpp_quote(\"#define LOOP LOOP\") typedef struct { long a[LOOP]; } S;"), ["R0704"]);
}

#[test]
fn names_of_headers_make_a_type_of_ones_own() {
    let union = "typedef [nodiscriminant] union { [case(1)] long a; [default]; } U;";
    let other = "typedef struct { [switch_is(IN_A_HEADER)] U u; } S;";
    let text =
        format!("[uuid(60a15ec5-4de8-11d7-a637-005056a20182), helper(\"x.h\")] interface x {{ {union}{other} }}");
    assert_eq!(found(&check(&[("x.idl", &text)])), ["r0721"]);
    assert_eq!(codes(&format!("{union}{other}")), ["R0704", "R0706"]);
}

#[test]
fn what_its_own_data_decide_too_late_is_a_type_of_ones_own() {
    let union = "typedef [nodiscriminant] union { [case(1)] long a; [default]; } U;";
    assert_eq!(codes(&format!("{union} typedef struct {{ [switch_is(k)] U u; long k; }} S;")), ["r0721"]);
    assert_eq!(
        codes("typedef struct { uint8 a[n]; uint32 n; } S; typedef struct { S s; uint8 b[s.n]; } T;"),
        ["r0721", "r0721"]
    );
    // the field before says it
    let text = body(
        "typedef struct { [value(strlen_m(Name) * 2)] uint32 Size; [charset(UTF16)] uint16 Name[strlen_m(Name)]; } S;",
    );
    assert!(text.contains("u64::from(size).checked_div(2u64)"), "{text}");
}

#[test]
fn elements_that_end_in_arrays_have_their_counts_before_them() {
    let part = "typedef struct { long n; [size_is(n)] short a[]; } Part;";
    assert_eq!(codes(&format!("{part} void f([in] long n, [in, size_is(n)] Part p[]);")), ["r0709"]);
    let pointers = "typedef struct { long *p; long n; [size_is(n)] short a[]; } Part;";
    assert_eq!(codes(&format!("{pointers} void f([in] long n, [in, size_is(n)] Part p[]);")), ["R0709"]);
}

#[test]
fn includes_and_system_files_may_be_missing() {
    let text =
        format!("#include \"config.h\"\nimport \"oaidl.idl\", \"unknwn.idl\";\n{HEAD} interface x {{ void f(); }}");
    assert_eq!(found(&check(&[("x.idl", &text)])), ["r0018", "r0018", "r0018"]);
    let text = format!("import \"mine.idl\";\n{HEAD} interface x {{ void f(); }}");
    assert_eq!(found(&check(&[("x.idl", &text)])), ["R0018"]);
}

#[test]
fn of_com_one_message_each_is_said() {
    let text = "import \"oaidl.idl\";\n[object, dual, uuid(60a15ec5-4de8-11d7-a637-005056a20182)]\n\
                interface ICounter : IDispatch { HRESULT Next([in] VARIANT v, [out, retval] BSTR *s); }\n\
                interface IMore : IUnknown { HRESULT f([in] Nothing n); }\n\
                [uuid(60a15ec5-4de8-11d7-a637-005056a20183)] library Counters { importlib(\"a.tlb\"); coclass C {}; };\n\
                namespace A.B { runtimeclass C : D { Int32 x; } }";
    assert_eq!(found(&check(&[("x.idl", text)])), ["r0018", "R0014", "R0014", "R0014", "R0014"]);
}

#[test]
fn attributes_of_a_configuration_file_are_added() {
    let idl = format!(
        "{HEAD} interface x {{ typedef struct {{ long a; }} S; long f([in] S s, [out] error_status_t *status); void g(); }}"
    );
    let acf = "#ifndef NEVER\n[explicit_handle, implicit_handle(handle_t Server)]\n#endif\n\
               interface x { include \"mine.h\"; typedef [represent_as(Mine)] S;\n\
               [async] f([comm_status, fault_status] status, [comm_status] hidden), g(); [nocode] g(); }";
    let files = [("x.idl", idl.as_str()), ("x.acf", acf)];
    assert_eq!(found(&check(&files)), [""; 0]);
    let plain = rust(&[("x.idl", &idl)]);
    let without_head = |text: String| text.lines().skip(5).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_head(rust(&files)), without_head(plain));
}

#[test]
fn mistakes_of_a_configuration_file_are_said() {
    let idl = format!("{HEAD} interface x {{ void f([in] long a); }}");
    let configured = |acf: &str| found(&check(&[("x.idl", &idl), ("x.acf", acf)]));
    assert_eq!(configured("interface x { [code] g(); f([byte_count(a)] b); } typedef [heap] T; "), ["r0725"; 3]);
    assert_eq!(configured("interface y {}"), ["r0725"]);
    assert_eq!(configured("interface x { [nocod] f(); }"), ["R0711"]);
    assert_eq!(configured("interface x { [code f(); }"), ["R0001"]);
    // all of them, and what is right between them is kept
    let many =
        "typedef [heap T; interface x { [code f(); f([heap] a b); [nocod] f(); f( ; [nocode] f() } typedef heap T;";
    assert_eq!(configured(many), ["R0001", "R0001", "R0001", "R0711", "R0001", "R0011", "R0001"]);
    assert_eq!(configured("[nocode] intrface x { [code] g(); } interface y {}"), ["R0010", "r0725"]);
    assert_eq!(configured(&format!("interface x {{ [a{}] f(); }}", "(".repeat(100))), ["R0009"]);
}

/// What C's programs have of a type is their own business: on the wire is the other one.
#[test]
fn types_that_others_travel_for_are_those() {
    let text = body(
        "typedef struct { long a; } Sent; typedef [transmit_as(Sent)] struct { void *p; } Kept;\n\
         typedef [wire_marshal(unsigned long)] void *Handle; typedef [transmit_as(hyper)] Kept *Again;\n\
         void f([in] Kept k, [in] Handle h, [in] Again a);",
    );
    assert!(text.contains("pub k: Sent,") && text.contains("pub h: u32,") && text.contains("pub a: i64,"), "{text}");
    assert_eq!(codes("typedef [transmit_as(A)] long B; typedef [transmit_as(B)] long A; void f([in] A a);"), ["R0714"]);
    assert_eq!(codes("void f([in, transmit_as(long)] short a);"), ["r0722"]);
}

#[test]
fn slices_of_arrays_have_an_offset_and_a_length() {
    let text =
        body("void f([in] long n, [in] long i, [in] long m, [in, size_is(n), first_is(i), length_is(m)] short a[]);");
    assert!(text.contains("actual_count_from(max_count, Some(i as u64))"), "{text}");
    let text =
        body("void f([in] long n, [in] long i, [in] long k, [in, size_is(n), first_is(i), last_is(k)] short a[]);");
    assert!(text.contains("(k as u64).wrapping_add(1u64)") && text.contains("wrapping_sub"), "{text}");
}
