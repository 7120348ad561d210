//! `cpp_quote("#define NAME value")`: a constant that interface files give to C and use themselves.

use pest::Parser as _;

use super::Rule;
use super::build::Builder;
use super::grammar::Grammar;
use crate::ast::{Ident, MacroDef, StringLit};

/// Longer values are no constants.
const MAX_LENGTH: usize = 1000;
/// Brackets and conditions in one value.
const MAX_BRACKETS: usize = 30;

/// The macro that a quote defines; `None` where its value is no expression.
pub(super) fn defined(quote: &StringLit) -> Option<MacroDef> {
    let rest = quote.text.trim_start().strip_prefix('#')?.trim_start().strip_prefix("define")?;
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    let rest = rest.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, value) = rest.split_at(end);
    if name.is_empty() || value.starts_with('(') {
        return None;
    }
    let value = without_comments(value);
    let value = value.trim();
    let brackets = value.bytes().filter(|b| b"([{?".contains(b)).count();
    if value.len() > MAX_LENGTH || brackets > MAX_BRACKETS {
        return None;
    }
    let node = Grammar::parse(Rule::expr, value).ok()?.next()?;
    if node.as_span().end() != value.len() {
        return None;
    }
    let mut builder = Builder::new(quote.span.source, quote.span.range.start, quote.span.range.end);
    let value = builder.macro_value(node)?;
    Some(MacroDef { name: Ident { text: name.to_owned(), span: quote.span.clone() }, value })
}

fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("/*") {
        kept.push_str(rest.get(..begin).unwrap_or_default());
        kept.push(' ');
        rest = rest.get(begin..).and_then(|from| from.split_once("*/")).map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    if let Some(comment) = kept.find("//") {
        kept.truncate(comment);
    }
    kept
}
