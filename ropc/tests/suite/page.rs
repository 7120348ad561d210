//! The examples of docs/LANGUAGE.md. The build script of examples/language reads them, too.
//!
//! Comments before a block say what it lacks: `<!-- with: .. -->` has declarations, or with `_` what stands around the
//! block; `<!-- wrong: R0302 -->` names the diagnostic that it must give, `<!-- warns: R0726 -->` a warning;
//! `<!-- not emitted yet -->` is R0901. An `acf` block configures the `idl` block before it.

/// A block of the page with what its comments say.
#[derive(Debug, Default)]
pub(crate) struct Example {
    pub(crate) line: usize,
    with: String,
    pub(crate) wrong: Option<String>,
    pub(crate) warns: Option<String>,
    pub(crate) text: String,
    /// What stands in the attribute configuration file beside it.
    pub(crate) acf: Option<String>,
}

/// The `idl` blocks of a page.
pub(crate) fn examples(page: &str) -> Vec<Example> {
    let mut found = Vec::new();
    let mut next = Example::default();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!-- ") {
            let mut comment = comment.to_owned();
            while !comment.ends_with("-->") {
                let (_, more) = lines.next().expect("the end of a comment");
                comment = format!("{comment}\n{more}");
            }
            let comment = comment.trim_end_matches("-->").trim();
            match comment.split_once(": ") {
                Some(("with", with)) => next.with = with.to_owned(),
                Some(("wrong", code)) => next.wrong = Some(code.to_owned()),
                Some(("warns", code)) => next.warns = Some(code.to_owned()),
                _ if comment == "not emitted yet" => next.wrong = Some("R0901".to_owned()),
                _ => panic!("line {}: a comment that says nothing: {comment}", at + 1),
            }
        } else if line == "```idl" || line == "```acf" {
            let inside = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            let text = inside.collect::<Vec<_>>().join("\n");
            if line == "```idl" {
                found.push(Example { line: at + 1, text, ..std::mem::take(&mut next) });
            } else if let Some(last) = found.last_mut() {
                last.acf = Some(text);
            }
        }
    }
    found
}

impl Example {
    /// The block as a description of its own.
    pub(crate) fn whole(&self) -> String {
        let text = if self.with.contains(" _ ") {
            self.with.replacen(" _ ", &format!("\n{}\n", self.text), 1)
        } else {
            format!("{}\n{}", self.with, self.text)
        };
        if text.contains("interface ") { text } else { format!("[encoding(mapi)]\ninterface example {{\n{text}\n}}\n") }
    }

    /// It is one of `encoding(ndr)`, and nothing else.
    pub(crate) fn is_ndr(&self) -> bool {
        let whole = self.whole();
        whole.contains("uuid(") && !whole.contains("encoding(mapi)")
    }
}
