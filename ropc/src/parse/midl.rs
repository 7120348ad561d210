//! Words of C that interface files carry and that say nothing about the wire: they go from the working copy, so that
//! the grammar knows nothing of them.

use super::scan::{Kind, Scan};

/// They go wherever they stand.
const ALWAYS: [&str; 13] = [
    "__RPC_API",
    "__RPC_FAR",
    "__RPC_STUB",
    "__RPC_USER",
    "__cdecl",
    "__fastcall",
    "__inline",
    "__pascal",
    "__ptr64",
    "__restrict",
    "__stdcall",
    "__unaligned",
    "__w64",
];

/// Calling conventions: they go before the name of an operation.
const CONVENTIONS: [&str; 8] =
    ["APIENTRY", "CALLBACK", "PASCAL", "RPC_ENTRY", "STDAPICALLTYPE", "STDMETHODCALLTYPE", "WINAPI", "WINAPIV"];

/// Words after which `const` begins something.
const BEFORE_CONST: [&str; 5] = ["else", "extern", "static", "tail", "typedef"];

/// Takes out what is only for C.
pub(super) fn drop_words_of_c(scan: &mut Scan) {
    let mut gone = Gone::new(scan);
    let mut at = 0;
    while at < scan.tokens.len() {
        at = words(scan, &mut gone, at);
    }
    gone.finish(scan);
    let mut gone = Gone::new(scan);
    let mut at = 0;
    while at < scan.tokens.len() {
        at = signs(scan, &mut gone, at);
    }
    gone.finish(scan);
}

/// Tokens that go.
struct Gone(Vec<bool>);

impl Gone {
    fn new(scan: &Scan) -> Self {
        Self(vec![false; scan.tokens.len()])
    }

    fn mark(&mut self, index: usize) {
        if let Some(mark) = self.0.get_mut(index) {
            *mark = true;
        }
    }

    /// What follows a token that began its line begins it now.
    fn finish(self, scan: &mut Scan) {
        if !self.0.contains(&true) {
            return;
        }
        let tokens = std::mem::take(&mut scan.tokens);
        let mut first = None;
        for (mut token, gone) in tokens.into_iter().zip(self.0) {
            if gone {
                first = first.or(token.column);
                scan.blank(token.range);
            } else {
                token.column = token.column.or(first.take());
                first = None;
                scan.tokens.push(token);
            }
        }
    }
}

/// Words alone, and `midl_pragma warning(..)`; gives the token to go on with.
fn words(scan: &mut Scan, gone: &mut Gone, at: usize) -> usize {
    if !scan.is_word(at) {
        return at + 1;
    }
    let next_is_word = scan.is_word(at + 1);
    match scan.text(at) {
        "const" => constant(scan, gone, at),
        "static" | "extern" if next_is_word => gone.mark(at),
        "volatile" if next_is_word || scan.is(at + 1, "*") => gone.mark(at),
        // `L"text"`
        "L" => {
            let end = scan.span(at).range.end;
            let text = scan.tokens.get(at + 1).is_some_and(|t| t.kind == Kind::Text && t.range.start == end);
            if text {
                gone.mark(at);
            }
        }
        "midl_pragma" if next_is_word && scan.is(at + 2, "(") => {
            let end = closing(scan, at + 2);
            (at..end).for_each(|index| gone.mark(index));
            return end;
        }
        word if word.starts_with("__") && ALWAYS.contains(&word) => gone.mark(at),
        word if next_is_word && scan.is(at + 2, "(") && CONVENTIONS.contains(&word) => gone.mark(at),
        _ => {}
    }
    at + 1
}

/// `char const *p` is `const char *p`, `int const X = 1` is `const int X = 1`.
fn constant(scan: &mut Scan, gone: &mut Gone, at: usize) {
    let Some(before) = at.checked_sub(1).filter(|before| scan.is_word(*before)) else { return };
    let fresh = scan.tokens.get(at).is_none_or(|token| token.column.is_some());
    if fresh || BEFORE_CONST.contains(&scan.text(before)) {
        return;
    }
    if scan.is_word(at + 1) && scan.is(at + 2, "=") {
        let (ty, word) = (scan.span(before).range, scan.span(at).range);
        let text = format!("const{}{}", " ".repeat(word.start - ty.end), scan.text(before));
        let range = ty.start..word.end;
        if text.len() == range.len() && scan.work.get(range.clone()).is_some() {
            scan.work.replace_range(range.clone(), &text);
            let split = ty.start + "const".len();
            let ranges = [ty.start..split, split + (word.start - ty.end)..range.end];
            for (index, range) in (before..=at).zip(ranges) {
                if let Some(token) = scan.tokens.get_mut(index) {
                    token.range = range;
                }
            }
        }
    } else if scan.is_word(at + 1) || scan.is(at + 1, "*") {
        gone.mark(at);
    }
}

/// Patterns of signs; gives the token to go on with.
fn signs(scan: &Scan, gone: &mut Gone, at: usize) -> usize {
    match scan.text(at) {
        // `[0..*]`: open, as `[]` is
        "[" if scan.is(at + 1, "0") && scan.is(at + 2, "..") && scan.is(at + 3, "*") && scan.is(at + 4, "]") => {
            gone.mark(at + 1);
            gone.mark(at + 2);
            at + 5
        }
        // `const WCHAR X[] = L"text"`
        "[" if scan.is(at + 1, "]") && scan.is(at + 2, "=") && is_constant(scan, at) => {
            gone.mark(at);
            gone.mark(at + 1);
            at + 2
        }
        "(" => match function_pointer(scan, at) {
            // a pointer to something without a shape
            Some((name, open)) => {
                gone.mark(at);
                (name + 1..closing(scan, open)).for_each(|index| gone.mark(index));
                closing(scan, open)
            }
            None => at + 1,
        },
        _ => at + 1,
    }
}

/// `const T X` right before this token.
fn is_constant(scan: &Scan, at: usize) -> bool {
    let begin = |back: usize| at.checked_sub(back).is_some_and(|index| scan.is(index, "const"));
    begin(3) || begin(4)
}

/// `(*name)(..)` behind a type: the name, and where its parameters begin.
fn function_pointer(scan: &Scan, at: usize) -> Option<(usize, usize)> {
    let typed = at.checked_sub(1).is_some_and(|before| scan.is_word(before) || scan.is(before, "*"));
    let stars = (at + 1..).take_while(|index| scan.is(*index, "*")).count();
    let name = at + 1 + stars;
    let fits = typed && stars > 0 && scan.is_word(name) && scan.is(name + 1, ")") && scan.is(name + 2, "(");
    fits.then_some((name, name + 2))
}

/// The token behind the parenthesis that closes this one.
fn closing(scan: &Scan, open: usize) -> usize {
    let mut depth = 0usize;
    for index in open..scan.tokens.len() {
        match scan.text(index) {
            "(" => depth += 1,
            ")" if depth == 1 => return index + 1,
            ")" => depth -= 1,
            ";" | "{" | "}" => return index,
            _ => {}
        }
    }
    scan.tokens.len()
}
