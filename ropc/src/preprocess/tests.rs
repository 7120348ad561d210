use super::*;

fn expand(text: &str) -> String {
    let done = run(SourceId(0), text, &[], &mut |_| None);
    assert!(done.diagnostics.is_empty(), "{:?}", done.diagnostics);
    assert_eq!(lines(&done.text), lines(text), "lines are kept");
    let kept = |line: &&str| !line.trim_start().starts_with('#') && !line.trim().is_empty();
    done.text.lines().filter(kept).map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn words_stand_for_types_and_attributes() {
    assert_eq!(expand("#define PBYTE BYTE*\nPBYTE x;"), "BYTE* x;");
    assert_eq!(
        expand("#define A [range(0, 4)] uint32 // small\nA x; \"A\" /* A */"),
        "[range(0, 4)] uint32 x; \"A\" /* A */"
    );
    assert_eq!(expand("#define A B\n#define B 7\nA\n#undef B\nA"), "7\nB");
}

#[test]
fn macros_take_arguments_over_lines_and_join_words() {
    let text = "#define P(T) \\\n struct { T *p; } T ##_ctr; \\\n T ## _x;\nP(\nBlob)\nP";
    assert_eq!(expand(text), "struct { Blob *p; } Blob_ctr;   Blob_x;\nP");
}

#[test]
fn conditions_choose() {
    let text = "#if 0\nA\n#elif defined(__midl) && 2 * 3 == 6\nB\n#else\nC\n#endif\n#ifndef X\nD\n#endif\n#if defined X || 010 != 8\nE\n#endif";
    assert_eq!(expand(text), "B\nD");
    assert_eq!(expand("#if 0\n#if 1\nA\n#else\nB\n#endif\n#else\nC\n#endif"), "C");
    assert_eq!(expand("/*\n#if 0\n*/\nA"), "/*\n*/\nA");
}

#[test]
fn a_word_does_not_stand_for_itself_forever() {
    assert_eq!(expand("#define A B\n#define B A\nA"), "A");
    let mut text: String = (0..30).map(|i| format!("#define M{i} M{} M{}\n", i + 1, i + 1)).collect();
    text.push_str("M0\n");
    let done = run(SourceId(0), &text, &[], &mut |_| None);
    assert_eq!(done.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["R0025"]);
    assert_eq!(lines(&done.text), lines(&text));
}

#[test]
fn lines_that_mean_nothing_are_said() {
    for text in
        ["#if 1", "#endif", "#else", "#if (\n#endif", "#if 1/0\n#endif", "#define", "#include x", "#wrong", "#error no"]
    {
        let done = run(SourceId(0), text, &[], &mut |_| None);
        assert_eq!(done.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["R0007"], "{text}");
    }
    let done = run(SourceId(0), "#include \"config.h\"", &[], &mut |_| None);
    assert_eq!(done.diagnostics.first().unwrap().code, "R0018");
}

#[test]
fn included_files_give_macros_and_are_imported_where_they_declare() {
    let mut files = |name: &str| match name {
        "types.h" => Some("#ifndef T\n#define T uint32\n#endif\n// nothing else\n".to_owned()),
        "more.h" => Some("#include \"more.h\"\n#define U uint8\ntypedef U X;\n".to_owned()),
        _ => None,
    };
    let done = run(SourceId(0), "#include \"types.h\"\n#include <more.h>\nT U", &[], &mut files);
    assert_eq!(done.text.lines().last(), Some("uint32 uint8"));
    assert_eq!(done.imports.iter().map(|i| i.text.as_str()).collect::<Vec<_>>(), ["more.h"]);
}
