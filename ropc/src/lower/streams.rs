//! Stream grammars: what the words are (`words`), which of them begin and follow what (`first`), what productions
//! have to have (`required`), which ROPs open a stream (`openers`), and the steps of the automaton (`steps`).

mod first;
mod openers;
mod required;
mod steps;
mod words;

use std::collections::HashMap;

use super::{Lower, attr_text};
use crate::ast::{self, Decl, DeclKind, Ident, Repeat, Span, StreamItem, TermKind};
use crate::diagnostic::Diagnostic;
use crate::model::{Class, Set, Stream};
use words::Words;

/// The end of the stream, as a word.
const END: Set = 1 << 127;

/// A production while it is looked into.
struct Rule {
    name: String,
    span: Span,
    node: Node,
}

/// A part of a production.
struct Node {
    kind: NodeKind,
    span: Span,
}

enum NodeKind {
    /// One of these words.
    Words(Set),
    /// A production.
    Call(usize),
    /// One after the other.
    All(Vec<Node>),
    /// One of these.
    One(Vec<Node>),
    /// As often as it says.
    Repeat(Box<Node>, Repeat),
}

impl<'a> Lower<'a> {
    /// Lowers a stream.
    pub(crate) fn stream(&mut self, module: usize, decl: &'a Decl) {
        let DeclKind::Stream(stream) = &decl.kind else { return };
        // What is missing may only be lost.
        if decl.damaged {
            return;
        }
        let before = self.diagnostics.len();
        let Some(words) = self.stream_words(stream) else { return };
        let rules = self.rules(stream, &words);
        let (roots, recovery) = self.roots(stream, &rules);
        if self.diagnostics.len() > before {
            return;
        }
        let facts = first::Facts::new(&rules, &roots, recovery.as_ref());
        self.check_grammar(&words, &rules, &facts);
        if let Some((production, _)) = &recovery {
            self.check_recovery(&words, &rules, &facts, *production);
        }
        let requirements = self.requirements(stream, &words, &rules, &roots, &facts);
        let openers = self.openers(stream, &rules, &roots);
        let values = self.values_within(&words, &rules);
        if self.diagnostics.len() > before {
            return;
        }
        if self.diagnostics.len() > before {
            return;
        }
        let Some(code) = self.steps(stream, &rules, &facts) else { return };
        let limit = words::attr_number(&stream.attrs, "max_recursion");
        self.program.streams.push(Stream {
            name: stream.name.text.clone(),
            module,
            docs: decl.docs.clone(),
            spec: attr_text(&decl.attrs, "spec"),
            span: stream.name.span.clone(),
            max_recursion: limit.and_then(|n| u16::try_from(n).ok()).unwrap_or(32),
            marker: words.marker,
            markers: words.markers,
            named_from: words.named_from,
            types: words.types,
            flagged: words.flagged,
            tags: words.tags,
            values,
            classes: words.classes,
            sets: code.sets,
            steps: code.steps,
            productions: code.productions,
            // No more than `steps` allows.
            roots: roots.iter().map(|root| *root as u16).collect(),
            structural: words.structural,
            requirements,
            openers,
            recovery: recovery.map(|(production, within)| crate::model::Recovery {
                production: production as u16,
                first: facts.first.get(production).copied().unwrap_or(0),
                within: within.iter().map(|production| *production as u16).collect(),
            }),
        });
    }

    /// The productions; labelled alternatives are productions of their own.
    fn rules(&mut self, stream: &'a ast::StreamDecl, words: &Words) -> Vec<Rule> {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut heads: Vec<(String, Span, Vec<&ast::Alternative>)> = Vec::new();
        for item in &stream.items {
            let StreamItem::Production(name, alternatives) = item else { continue };
            let mut add = |name: String, span: &Span, alternatives: Vec<&'a ast::Alternative>| {
                if let Some(first) = numbers.insert(name.clone(), heads.len()) {
                    numbers.insert(name.clone(), first);
                    let message = format!("`{name}` is declared twice");
                    let other = heads.get(first).map(|(_, span, _)| span.clone()).unwrap_or_default();
                    self.diagnostics.push(
                        Diagnostic::error("R0101", message, span.clone(), "declared again here")
                            .also(other, "first declared here"),
                    );
                } else {
                    heads.push((name, span.clone(), alternatives));
                }
            };
            add(name.text.clone(), &name.span, alternatives.iter().collect());
            for alternative in alternatives {
                if let Some(label) = &alternative.label {
                    add(labelled(&name.text, label), &label.span, vec![alternative]);
                }
            }
        }
        let mut rules = Vec::new();
        for (name, span, alternatives) in heads {
            // The head of a labelled production calls its alternatives, these hold the terms.
            let own = alternatives.len() == 1
                && alternatives.first().and_then(|a| a.label.as_ref()).is_some_and(|label| label.span == span);
            let of = (!own).then_some(name.as_str());
            let node = self.alternatives(&alternatives, of, &span, &numbers, words);
            rules.push(Rule { name, span, node });
        }
        rules
    }

    fn alternatives(
        &mut self,
        alternatives: &[&ast::Alternative],
        of: Option<&str>,
        span: &Span,
        numbers: &HashMap<String, usize>,
        words: &Words,
    ) -> Node {
        let mut nodes: Vec<Node> = Vec::new();
        for alternative in alternatives {
            let called = match (&alternative.label, of) {
                (Some(label), Some(of)) => numbers.get(&labelled(of, label)).map(|rule| (label.span.clone(), *rule)),
                _ => None,
            };
            if let Some((span, rule)) = called {
                nodes.push(Node { kind: NodeKind::Call(rule), span });
                continue;
            }
            let terms: Vec<Node> = alternative.terms.iter().map(|term| self.term(term, numbers, words)).collect();
            let at = terms.first().map_or(span, |node| &node.span).clone();
            nodes.push(Node { kind: NodeKind::All(terms), span: at });
        }
        one(nodes, span)
    }

    fn term(&mut self, term: &ast::Term, numbers: &HashMap<String, usize>, words: &Words) -> Node {
        let kind = match &term.kind {
            TermKind::Name(name) => match (words.marker(&name.text), numbers.get(&name.text)) {
                (_, Some(rule)) => NodeKind::Call(*rule),
                (Some(word), None) => NodeKind::Words(1 << word),
                (None, None) => {
                    self.unknown_word(name, numbers, words);
                    NodeKind::Words(0)
                }
            },
            TermKind::Prop(expr) => NodeKind::Words(self.property(expr.as_ref(), words)),
            TermKind::Group(alternatives) => {
                let alternatives: Vec<&ast::Alternative> = alternatives.iter().collect();
                self.alternatives(&alternatives, None, &term.span, numbers, words).kind
            }
        };
        let node = Node { kind, span: term.span.clone() };
        match term.repeat {
            Repeat::Once => node,
            repeat => Node { span: node.span.clone(), kind: NodeKind::Repeat(Box::new(node), repeat) },
        }
    }

    fn unknown_word(&mut self, name: &Ident, numbers: &HashMap<String, usize>, words: &Words) {
        let same = |known: &&str| known.eq_ignore_ascii_case(&name.text);
        let known = numbers.keys().map(String::as_str).chain(words.markers.iter().map(|(_, name)| name.as_str()));
        let message = format!("no marker or production `{}`", name.text);
        let found = Diagnostic::error("R0102", message, name.span.clone(), "not declared");
        self.diagnostics.push(match known.into_iter().find(same) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found,
        });
    }

    /// The roots, and what may interrupt productions.
    fn roots(&mut self, stream: &ast::StreamDecl, rules: &[Rule]) -> (Vec<usize>, Option<(usize, Vec<usize>)>) {
        let mut roots = Vec::new();
        let mut recovery = None;
        for item in &stream.items {
            match item {
                StreamItem::Root(names, _) => roots.extend(self.productions(names, rules)),
                StreamItem::Recover(name, within) => {
                    let production = self.productions(std::slice::from_ref(name), rules);
                    let within = self.productions(within, rules);
                    recovery = production.first().map(|production| (*production, within));
                }
                _ => {}
            }
        }
        if roots.is_empty() {
            self.part_missing(&stream.name, "a root: `root item by context;`");
        }
        (roots, recovery)
    }

    fn productions(&mut self, names: &[Ident], rules: &[Rule]) -> Vec<usize> {
        let mut found = Vec::new();
        for name in names {
            match rules.iter().position(|rule| rule.name == name.text) {
                Some(rule) => found.push(rule),
                None => self.unknown("production", name),
            }
        }
        found
    }

    fn part_missing(&mut self, name: &Ident, what: &str) {
        let message = format!("stream `{}` lacks {what}", name.text);
        self.diagnostics.push(Diagnostic::error("R0501", message, name.span.clone(), "declared here"));
    }
}

/// One of several; of words alone, a set of words.
fn one(mut nodes: Vec<Node>, span: &Span) -> Node {
    for node in &mut nodes {
        if let NodeKind::All(inner) = &mut node.kind
            && inner.len() == 1
            && let Some(only) = inner.pop()
        {
            *node = only;
        }
    }
    if nodes.len() == 1
        && let Some(only) = nodes.pop()
    {
        return only;
    }
    let sets: Option<Vec<Set>> =
        nodes.iter().map(|node| if let NodeKind::Words(set) = node.kind { Some(set) } else { None }).collect();
    let disjoint = |sets: &[Set]| sets.iter().fold(0, |all, set| all | set).count_ones() == ones(sets);
    let kind = match sets {
        Some(sets) if disjoint(&sets) => NodeKind::Words(sets.iter().fold(0, |all, set| all | set)),
        _ => NodeKind::One(nodes),
    };
    Node { kind, span: span.clone() }
}

fn ones(sets: &[Set]) -> u32 {
    sets.iter().map(|set| set.count_ones()).sum()
}

/// `messageChange` with the label `full`: `messageChangeFull`.
fn labelled(name: &str, label: &Ident) -> String {
    let mut chars = label.text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    name.chars().chain(first).chain(chars).collect()
}

/// A class as people read it.
fn class_name(class: &Class) -> String {
    match class.value {
        Some(value) => format!("{} == {value:#010x}", class.name),
        None => class.name.clone(),
    }
}
