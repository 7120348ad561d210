//! Macros and their uses.

use std::collections::HashMap;

use super::tokens::{Kind, Token, is_solid, lines, tokens};

/// What `#define` gives a name.
#[derive(Clone, Debug)]
pub(super) struct Macro {
    /// Names of its parameters; `None`: it takes no parentheses.
    pub(super) parameters: Option<Vec<String>>,
    /// What stands for it.
    pub(super) body: String,
}

/// All macros that are defined at one place.
pub(super) type Macros = HashMap<String, Macro>;

/// Macros inside macros.
const MAX_DEPTH: usize = 64;

/// Text in which macros are replaced.
pub(super) struct Expander<'m> {
    pub(super) macros: &'m Macros,
    pub(super) out: String,
    /// `out` does not grow beyond.
    pub(super) limit: usize,
    /// Something was left out because of the limit.
    pub(super) full: bool,
    /// Pieces of macros that were looked at; some stand for nothing and still take time.
    steps: usize,
    /// Macros that are being replaced: they do not stand for themselves.
    active: Vec<String>,
}

impl<'m> Expander<'m> {
    /// What was done so far, for a limit that several share.
    pub(super) fn spent(&self) -> usize {
        self.out.len().saturating_add(self.steps)
    }

    pub(super) fn new(macros: &'m Macros, limit: usize) -> Self {
        Self { macros, out: String::new(), limit, full: false, steps: 0, active: Vec::new() }
    }

    fn push(&mut self, text: &str) {
        if self.out.len().saturating_add(text.len()) > self.limit {
            self.full = true;
        } else {
            self.out.push_str(text);
        }
    }

    /// Appends pieces, their macros replaced. Lines are kept: what follows stays in its line.
    pub(super) fn expand(&mut self, list: &[Token<'_>]) {
        let mut at = 0;
        let closing = closing(list);
        while let Some(token) = list.get(at) {
            at += 1;
            self.steps += usize::from(!self.active.is_empty());
            let macros = self.macros;
            let known = (token.kind == Kind::Word).then(|| macros.get(token.text)).flatten();
            let Some(known) = known.filter(|_| !self.active.iter().any(|name| name == token.text)) else {
                match token.kind {
                    // a joined line is two lines
                    Kind::Blank if token.text.starts_with('\\') => self.push("\n"),
                    _ => self.push(token.text),
                }
                continue;
            };
            self.steps += 1;
            if self.full || self.steps > self.limit || self.active.len() >= MAX_DEPTH {
                self.full = true;
                return;
            }
            let body = match &known.parameters {
                None => known.body.clone(),
                Some(parameters) => {
                    let Some((arguments, after)) = arguments(list, &closing, at) else {
                        self.push(token.text);
                        continue;
                    };
                    let body = self.substitute(&known.body, parameters, &arguments);
                    let skipped: usize = list.get(at..after).unwrap_or_default().iter().map(|t| lines(t.text)).sum();
                    at = after;
                    self.replace(token.text, &body);
                    self.push(&"\n".repeat(skipped));
                    continue;
                }
            };
            self.replace(token.text, &body);
        }
    }

    fn replace(&mut self, name: &str, body: &str) {
        self.active.push(name.to_owned());
        self.expand(&tokens(body));
        self.active.pop();
    }

    /// A body with arguments for its parameters; `a ## b` is one word.
    fn substitute(&mut self, body: &str, parameters: &[String], arguments: &[String]) -> String {
        let mut text = String::new();
        let mut paste = false;
        for token in tokens(body) {
            let text_before = text.len();
            self.steps += 1;
            if token.text == "##" {
                text.truncate(text.trim_end().len());
                paste = true;
                continue;
            }
            if paste && !is_solid(&token) {
                continue;
            }
            let argument = parameters.iter().position(|name| name == token.text).and_then(|index| arguments.get(index));
            text.push_str(argument.map_or(token.text, |argument| argument.trim()));
            paste = false;
            if text.len() > self.limit || self.steps > self.limit {
                text.truncate(text_before);
                self.full = true;
                break;
            }
        }
        text
    }
}

/// For each opening parenthesis of a list, the one that closes it.
fn closing(list: &[Token<'_>]) -> HashMap<usize, usize> {
    let (mut open, mut found) = (Vec::new(), HashMap::new());
    for (index, token) in list.iter().enumerate() {
        match token.text {
            "(" => open.push(index),
            ")" => {
                if let Some(opener) = open.pop() {
                    found.insert(opener, index);
                }
            }
            _ => {}
        }
    }
    found
}

/// Arguments in parentheses, and the piece after them; `None`: there are no parentheses here.
fn arguments(list: &[Token<'_>], closing: &HashMap<usize, usize>, from: usize) -> Option<(Vec<String>, usize)> {
    let open = (from..list.len()).find(|i| list.get(*i).is_some_and(is_solid))?;
    let close = *closing.get(&open)?;
    let mut arguments = vec![String::new()];
    let mut depth = 0usize;
    for token in list.get(open + 1..close)? {
        match token.text {
            "," if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(last) = arguments.last_mut() {
            last.push_str(if token.kind == Kind::Newline { " " } else { token.text });
        }
    }
    Some((arguments, close + 1))
}
