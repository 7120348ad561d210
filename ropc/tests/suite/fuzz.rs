//! Inputs that nobody would write: no panic, no overflow of the stack, and memory that is linear in the length of the text.
//!
//! `ROPC_FUZZ_SECONDS=1200 cargo test -p ropc --test suite fuzz` goes on for so long with inputs that a usual run
//! does not reach; `ROPC_FUZZ_SEED` begins elsewhere. An input that fails is named and kept in `target/tmp`:
//! `ROPC_FUZZ_FILE` tries such a file again.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{env, fs};

use allocation_counter::measure;
use ropc::ast::{Item, SourceId};
use ropc::diagnostic::Severity;
use ropc::lower::{self, is_mapi};
use ropc::ndr::{Scope, check_interface};
use ropc::parse::parse;
use ropc::render::{Format, render_all};
use ropc::source::Sources;
use ropc::{compile, format, preprocess};

use crate::support::{descriptions, no_differences};

/// Everything that the front end does with a text, on this thread, where allocations are counted. Whether it is in order.
fn front_end(text: &str) -> bool {
    let mut include = |name: &str| (name == "self.idl").then(|| text.to_owned());
    let done = preprocess::run(SourceId(0), text, &[], &mut include);
    let mut sources = Sources::default();
    let source = sources.add("a.idl", done.text.as_str());
    let (file, mut diagnostics) = parse(source, &done.text);
    diagnostics.extend(done.diagnostics);
    for item in &file.items {
        if let Item::Interface(interface) = item
            && !is_mapi(interface)
        {
            diagnostics.extend(check_interface(interface, &Scope::default()).1);
        }
    }
    diagnostics.extend(lower::lower(&[&file]).1);
    // with thousands of messages, showing them takes longer than finding them
    diagnostics.truncate(50);
    _ = render_all(&sources, &diagnostics, Format::Plain);
    _ = render_all(&sources, &diagnostics, Format::Json);
    _ = format::format(text);
    diagnostics.iter().all(|found| found.severity != Severity::Error)
}

/// What passes the front end is emitted as well.
fn everything(text: &str) {
    if !front_end(text) {
        return;
    }
    let mut sources = Sources::default();
    let source = sources.add("a.idl", text);
    let (file, _) = parse(source, text);
    let compiled = compile::compile(&[(source, file)]);
    if !compiled.has_errors() && compiled.diagnostics.is_empty() {
        compile::emit(&sources, &compiled).unwrap();
        compile::emit_tests(&sources, &compiled).unwrap();
    }
}

/// Bytes allocated at once for each byte of text: twice what the densest of the project's own texts take.
const BYTES_FOR_ONE: u64 = 3_000;
/// And for an empty text.
const BYTES_FOR_NONE: u64 = 4 << 20;

fn assert_bounded(name: &str, text: &str) {
    let memory = measure(|| _ = front_end(text));
    let bound = text.len() as u64 * BYTES_FOR_ONE + BYTES_FOR_NONE;
    assert!(memory.bytes_max < bound, "{name}: {} bytes for a text of {}", memory.bytes_max, text.len());
}

/// A small generator of numbers: an input is known by its number.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Words, numbers, strings, blanks and signs.
fn tokens(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        ' ' | '\n' | '\t' => 1,
        _ => 2,
    };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match class(first) {
            2 => first.len_utf8(),
            kind => rest.find(|c| class(c) != kind).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        found.push(token);
        rest = after;
    }
    found
}

const STRANGE: [&str; 34] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    "=",
    "=>",
    ":",
    "*",
    "..",
    "?",
    "/*",
    "*/",
    "///",
    "\"",
    "'",
    "@",
    "#",
    "\\\n",
    "\n#define A A A\n",
    "\n#if A\n",
    "\n#else\n",
    "\n#endif\n",
    "\n#include \"self.idl\"\n",
    "99999999999999999999999999999999999999",
    "0xFFFFFFFFFFFFFFFFFFFF",
    "é\u{202E}\u{FEFF}",
    "\0",
    "0",
];

/// One input: a piece of a description, changed a few times.
fn input(corpus: &[String], numbers: &mut Numbers) -> String {
    let text = numbers.of(corpus).clone();
    let all = tokens(&text);
    // whole small files, pieces of large ones
    let length = 200 + numbers.below(1_800);
    let start = if all.len() <= length { 0 } else { numbers.below(all.len() - length) };
    let mut list: Vec<String> = all.iter().skip(start).take(length).map(|token| (*token).to_owned()).collect();
    if start > 0 {
        let encoding = if text.contains("encoding(mapi)") { "mapi" } else { "ndr" };
        list.insert(0, format!("[encoding({encoding})] interface x {{ "));
    }
    for _ in 0..1 + numbers.below(6) {
        let at = numbers.below(list.len().max(1));
        let other = numbers.below(list.len().max(1));
        if list.is_empty() {
            break;
        }
        match numbers.below(10) {
            0 => _ = list.remove(at),
            1 => list.insert(at, list[at].clone()),
            2 => list.swap(at, other),
            3 => list[at] = list[other].clone(),
            4 => list.insert(at, (*numbers.of(&STRANGE)).to_owned()),
            5 => list[at] = (*numbers.of(&STRANGE)).to_owned(),
            6 => {
                let times = 1 + numbers.below(300);
                list.insert(at, numbers.of(&STRANGE).repeat(times));
            }
            7 => {
                let end = (at + 1 + numbers.below(80)).min(list.len());
                let part = list[at..end].to_vec();
                let other = numbers.below(list.len());
                list.splice(other..other, part);
            }
            8 => {
                let end = (at + 1 + numbers.below(80)).min(list.len());
                list.drain(at..end);
            }
            _ => {
                let other = numbers.of(corpus);
                let all = tokens(other);
                list[at] = (*numbers.of(&all)).to_owned();
            }
        }
    }
    let mut bytes = list.concat().into_bytes();
    for _ in 0..numbers.below(3) {
        if let Some(at) = bytes.len().checked_sub(1).map(|last| numbers.below(last)) {
            bytes[at] ^= 1 << numbers.below(8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn corpus() -> Vec<String> {
    ["golden/hardest", "golden/midl", "golden/edges", "golden/format", "ui", "../../idl"]
        .into_iter()
        .flat_map(descriptions)
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn mutated_descriptions_neither_panic_nor_take_much_memory() {
    let corpus = corpus();
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("ROPC_FUZZ_SECONDS");
    let begin = number("ROPC_FUZZ_SEED").unwrap_or(0);
    if let Some(path) = env::var_os("ROPC_FUZZ_FILE") {
        let text = fs::read_to_string(path).unwrap();
        eprintln!("{} bytes: {:?}", text.len(), measure(|| _ = front_end(&text)));
        assert_bounded("the file", &text);
        everything(&text);
        return;
    }
    let start = Instant::now();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut runs = 0;
    loop {
        match seconds {
            None if runs == 250 => break,
            Some(seconds) if start.elapsed() > Duration::from_secs(seconds) => break,
            _ => {}
        }
        let seed = begin + runs;
        let text = input(&corpus, &mut Numbers(seed << 20));
        if seconds.is_some() {
            // an overflow of the stack leaves no other trace
            fs::write(folder.join("fuzz-now.idl"), &text).unwrap();
        }
        let name = format!("input {seed}");
        // what the lexer of Rust keeps of all texts of a thread counts for none of them
        proc_macro2::extra::invalidate_current_thread_spans();
        let done = catch_unwind(AssertUnwindSafe(|| {
            assert_bounded(&name, &text);
            everything(&text);
        }));
        if done.is_err() {
            let path = folder.join(format!("fuzz-{seed}.idl"));
            fs::write(&path, &text).unwrap();
            panic!("input {seed} fails: see {}", path.display());
        }
        runs += 1;
    }
    eprintln!("{runs} inputs in {:?}", start.elapsed());
}

/// A name, and a text of so many parts.
type Family = (&'static str, fn(usize) -> String);

/// What each of these takes for 200 and 2,000 parts.
fn families() -> Vec<Family> {
    fn mapi(body: &str) -> String {
        format!("[encoding(mapi)] interface a {{ {body} }}")
    }
    fn ndr(body: &str) -> String {
        format!("[uuid(60a15ec5-4de8-11d7-a637-005056a20182), version(1.0)] interface a {{ {body} }}")
    }
    fn each(n: usize, part: impl Fn(usize) -> String) -> String {
        (0..n).map(part).collect()
    }
    vec![
        ("one long line", |n| format!("const uint8 A = 1{};", " + 1".repeat(n))),
        ("a long string", |n| format!("cpp_quote(\"{}\")", "x".repeat(n * 10))),
        ("a long name", |n| mapi(&format!("struct {} {{ uint8 A; }}", "X".repeat(n * 10)))),
        ("a long comment", |n| format!("/* {} */", "x\n".repeat(n * 5))),
        ("many comments", |n| "/* x */ // y\n".repeat(n)),
        ("constants", |n| mapi(&each(n, |i| format!("const uint32 C{i} = {i};\n")))),
        ("constants of constants", |n| mapi(&each(n, |i| format!("const uint32 C{} = C{i};\n", i + 1)))),
        ("constants of later constants", |n| {
            ndr(&format!("{} const long C{n} = 1;", each(n, |i| format!("const long C{i} = C{} + 1;\n", i + 1))))
        }),
        ("enumerations", |n| mapi(&each(n, |i| format!("enum E{i} : uint8 {{ A{i} = 1 }}\n")))),
        ("constants of one enumeration", |n| {
            mapi(&format!("enum E : uint32 {{ {} }}", each(n, |i| format!("A{i} = {i},\n"))))
        }),
        ("masks of one record", |n| mapi(&format!("bits B : uint32 {{ {} }}", each(n, |i| format!("A{i} = 1;\n"))))),
        ("structures", |n| mapi(&each(n, |i| format!("struct S{i} {{ uint8 A; }}\n")))),
        ("structures in structures", |n| {
            mapi(&format!("struct S0 {{ uint8 A; }} {}", each(n, |i| format!("struct S{} {{ S{i} A; }}\n", i + 1))))
        }),
        ("structures in structures twice", |n| {
            mapi(&format!(
                "struct S0 {{ uint8 A; }} {}",
                each(n, |i| format!("struct S{} {{ S{i} A; S{i} B; }}\n", i + 1))
            ))
        }),
        ("names of types", |n| {
            mapi(&format!("struct T0 {{ uint8 A; }} {}", each(n, |i| format!("type T{} = T{i};\n", i + 1))))
        }),
        ("types as parameters", |n| {
            mapi(&format!(
                "struct P<T> {{ T A; }} struct T0 {{ uint8 A; }} {}",
                each(n, |i| format!("type T{} = P<T{i}>;\n", i + 1))
            ))
        }),
        ("fields", |n| mapi(&format!("struct S {{ {} }}", each(n, |i| format!("uint8 F{i};\n"))))),
        ("fields with counts", |n| {
            mapi(&format!("struct S {{ {} }}", each(n, |i| format!("uint16 N{i} = count(F{i}); uint8 F{i}[N{i}];\n"))))
        }),
        ("names of expressions", |n| {
            mapi(&format!(
                "struct S {{ uint8 A; let L0 = A; {} bytes B[L{n}]; }}",
                each(n, |i| { format!("let L{} = L{i} + L{i};\n", i + 1) })
            ))
        }),
        ("conditions", |n| {
            mapi(&format!("struct S {{ uint8 A; {} }}", each(n, |i| format!("if (A > {i}) {{ uint8 F{i}; }}\n"))))
        }),
        ("arms", |n| {
            mapi(&format!(
                "struct S {{ uint32 A; match (A) {{ {} }} }}",
                each(n, |i| format!("{i} => {{ uint8 F; }}\n"))
            ))
        }),
        ("rops", |n| mapi(&each(n, |i| format!("rop R{i} = 0x10 {{ request {{ uint8 A; }} success {{}} }}\n")))),
        ("vectors", |n| mapi(&format!("struct S {{ uint8 A; {} }}", "vector \"01\" { A: 1 }\n".repeat(n)))),
        ("unknown names", |n| mapi(&each(n, |i| format!("struct S{i} {{ Unknown{i} A; }}\n")))),
        ("unknown types of NDR", |n| ndr(&each(n, |i| format!("typedef struct {{ Unknown{i} a; }} Known{i};\n")))),
        ("unknown constants of NDR", |n| {
            ndr(&each(n, |i| format!("const long Known{i} = 1;\nconst long Another{i} = Unknown{i};\n")))
        }),
        ("unknown fields of NDR", |n| {
            ndr(&format!(
                "void F({} [in] long z);",
                each(n, |i| format!("[in, size_is(unknown{i})] long known{i}[], "))
            ))
        }),
        ("unknown fields", |n| {
            mapi(&format!(
                "struct S {{ uint8 A; {} }}",
                each(n, |i| format!("uint8 Known{i};\nbytes B{i}[Unknown{i}];\n"))
            ))
        }),
        ("one name again and again", |n| mapi(&"struct S { uint8 A; uint8 A; }\n".repeat(n))),
        ("interfaces", |n| {
            each(n, |i| format!("[uuid(60a15ec5-4de8-11d7-a637-005056a20182), version(1.0)] interface i{i} {{ }}\n"))
        }),
        ("operations", |n| ndr(&each(n, |i| format!("void F{i}([in] long a, [out] long *b);\n")))),
        ("parameters", |n| ndr(&format!("void F({} [in] long z);", each(n, |i| format!("[in] long p{i}, "))))),
        ("structures of NDR", |n| ndr(&each(n, |i| format!("typedef struct {{ long a; }} S{i};\n")))),
        ("structures of NDR in each other", |n| {
            ndr(&format!(
                "typedef struct {{ long a; }} S0; {}",
                each(n, |i| format!("typedef struct {{ S{i} a; }} S{};\n", i + 1))
            ))
        }),
        ("structures of NDR in each other twice", |n| {
            ndr(&format!(
                "typedef struct {{ long a; }} S0; {}",
                each(n, |i| format!("typedef struct {{ S{i} a; S{i} *b; }} S{};\n", i + 1))
            ))
        }),
        ("type names of NDR", |n| {
            ndr(&format!("typedef long T0; {}", each(n, |i| format!("typedef T{i} T{};\n", i + 1))))
        }),
        ("pointers of pointers", |n| {
            ndr(&format!("typedef long *T0; {}", each(n, |i| format!("typedef T{i} *T{};\n", i + 1))))
        }),
        ("arms of NDR", |n| {
            ndr(&format!(
                "typedef [switch_type(long)] union {{ {} }} U;",
                each(n, |i| format!("[case({i})] long f{i};\n"))
            ))
        }),
        ("cases of one arm", |n| {
            ndr(&format!(
                "typedef [switch_type(long)] union {{ [case(0{})] long f; }} U;",
                each(n, |i| format!(",{i}"))
            ))
        }),
        ("attributes", |n| ndr(&format!("[{}] void F();", vec!["idempotent"; n].join(", ")))),
        ("asterisks", |n| ndr(&format!("void F([in] long {}a);", "*".repeat(n)))),
        ("dimensions", |n| ndr(&format!("typedef struct {{ long a{}; }} S;", "[2]".repeat(n)))),
        ("productions", |n| {
            mapi(&format!(
                "enum M : uint32 {{ A = 1 }} stream S {{ token m : uint32 in M; {} root p0 by context; }}",
                each(n, |i| format!("production p{i} = A p{};\n", i + 1))
            ))
        }),
        ("alternatives", |n| {
            mapi(&format!(
                "enum M : uint32 {{ A = 1 }} stream S {{ token m : uint32 in M; production p = A{}; root p by context; }}",
                " | A".repeat(n)
            ))
        }),
        ("macros", |n| each(n, |i| format!("#define M{i} {i}\nconst long C{i} = M{i};\n"))),
        ("macros of macros", |n| {
            format!("#define M0 1\n{}const long C = M{n};\n", each(n, |i| format!("#define M{} M{i}\n", i + 1)))
        }),
        ("macros that double", |n| {
            format!("#define M0 x\n{}M{};\n", each(n.min(60), |i| format!("#define M{} M{i} M{i}\n", i + 1)), n.min(60))
        }),
        ("macros that double nothing", |n| {
            format!("#define M0\n{}{}\n", each(40, |i| format!("#define M{} M{i} M{i}\n", i + 1)), "M40 ".repeat(n))
        }),
        ("conditions on macros that double", |n| {
            format!(
                "#define M0 1\n{}#if {}\n#endif\n",
                each(40, |i| format!("#define M{} M{i} M{i}\n", i + 1)),
                "M40 ".repeat(n)
            )
        }),
        ("many conditions on macros that double", |n| {
            let doubled = each(40, |i| format!("#define M{} M{i} M{i}\n", i + 1));
            format!("#define M0 1\n{doubled}{}", "#if M40\n#endif\n".repeat(n))
        }),
        ("macros without their end", |n| format!("#define F(x) x\n{}", "F(".repeat(n))),
        ("macros in each other", |n| format!("#define F(x) x\n{}1{}", "F(".repeat(n), ")".repeat(n))),
        ("macros that paste nothing", |n| format!("#define F() a {}\n{}", "## ".repeat(n), "F() ".repeat(n))),
        ("parameters of a macro", |n| {
            format!("#define F({}) {}\n{}", vec!["a"; n].join(","), "b ".repeat(n), "F(1) ".repeat(n))
        }),
        ("includes", |n| each(n, |i| format!("#include \"missing{i}.idl\"\n"))),
        ("conditions in each other", |n| "#if 1\n".repeat(n)),
        ("unclosed braces", |n| "struct A {\n".repeat(n)),
        ("unclosed comments", |n| "/* ".repeat(n)),
        ("signs", |n| "} ) ] ; = ".repeat(n)),
    ]
}

/// Ten times the parts: ten times the memory, and ten times of what is allocated in all, which is as good as time.
#[test]
fn memory_and_work_are_linear_in_the_length() {
    let only = env::var("ROPC_FUZZ_FAMILY").ok();
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    no_differences(families().into_iter().filter(|(name, _)| wanted(name)).map(|(name, family)| {
        let figures = |n: usize| {
            let text = family(n);
            let memory = measure(|| _ = front_end(&text));
            (text.len() as u64, memory.bytes_max, memory.bytes_total)
        };
        let (short, long) = (figures(200), figures(2_000));
        let factor = |short: u64, long: u64| long as f64 / (short + 100_000) as f64;
        let longer = (long.0 as f64 / short.0 as f64).max(10.0);
        let (most, all) = (factor(short.1, long.1), factor(short.2, long.2));
        if env::var_os("ROPC_FUZZ_FIGURES").is_some() {
            eprintln!("{name}: {short:?} {long:?}");
        }
        if most < longer * 1.6 && all < longer * 1.6 {
            return Ok(());
        }
        let mut text = String::new();
        write!(text, "{name}: {longer:.1} times the text takes {most:.1} times the memory, {all:.1} times in all")
            .unwrap();
        write!(text, " ({short:?}, {long:?})").unwrap();
        Err(text)
    }));
}

/// What depends on each other in a long chain must not be followed on the stack.
#[test]
fn long_chains_do_not_overflow_the_stack() {
    // a chain of structures takes quadratic time; its depth is what matters here
    let chains = [
        "constants of constants",
        "constants of later constants",
        "names of types",
        "names of expressions",
        "structures of NDR in each other",
        "type names of NDR",
        "pointers of pointers",
        "productions",
        "macros of macros",
        "types as parameters",
    ];
    let only = env::var("ROPC_FUZZ_FAMILY").ok();
    for (name, family) in families() {
        if chains.contains(&name) && only.as_deref().is_none_or(|only| only == name) {
            eprintln!("{name}");
            front_end(&family(10_000));
        }
    }
}
