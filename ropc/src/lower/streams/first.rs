//! Which words begin a production, which follow it, and that the next word always decides.

use super::super::Lower;
use super::words::Words;
use super::{END, Node, NodeKind, Rule};
use crate::ast::{Repeat, Span};
use crate::diagnostic::Diagnostic;
use crate::model::Set;

/// What is known about the productions, by number.
pub(super) struct Facts {
    /// Words that it begins with.
    pub(super) first: Vec<Set>,
    /// It may be empty.
    pub(super) empty: Vec<bool>,
    /// Words that follow it.
    follow: Vec<Set>,
    /// Something leads to it.
    reached: Vec<bool>,
}

impl Facts {
    pub(super) fn new(rules: &[Rule], roots: &[usize], recovery: Option<&(usize, Vec<usize>)>) -> Self {
        let count = rules.len();
        let mut facts = Self {
            first: vec![0; count],
            empty: vec![false; count],
            follow: vec![0; count],
            reached: vec![false; count],
        };
        loop {
            let mut changed = false;
            for (index, rule) in rules.iter().enumerate() {
                let (first, empty) = (facts.first(&rule.node), facts.empty(&rule.node));
                changed |= put(&mut facts.first, index, first) | put(&mut facts.empty, index, empty);
            }
            if !changed {
                break;
            }
        }
        for root in roots {
            put(&mut facts.follow, *root, END);
        }
        // What interrupts a production is followed by what it goes on with.
        if let Some((production, within)) = recovery {
            let all = within.iter().fold(0, |set, rule| set | all_words(rules, &facts, *rule));
            put(&mut facts.follow, *production, all);
        }
        loop {
            let mut changed = false;
            for (index, rule) in rules.iter().enumerate() {
                let after = facts.follow.get(index).copied().unwrap_or(0);
                changed |= facts.follows(&rule.node, after);
            }
            if !changed {
                break;
            }
        }
        let mut next: Vec<usize> = roots.iter().copied().chain(recovery.map(|(production, _)| *production)).collect();
        while let Some(index) = next.pop() {
            if put(&mut facts.reached, index, true)
                && let Some(rule) = rules.get(index)
            {
                each_call(&rule.node, &mut next);
            }
        }
        facts
    }

    /// Words that a part begins with.
    pub(super) fn first(&self, node: &Node) -> Set {
        match &node.kind {
            NodeKind::Words(set) => *set,
            NodeKind::Call(rule) => self.first.get(*rule).copied().unwrap_or(0),
            NodeKind::One(nodes) => nodes.iter().fold(0, |set, node| set | self.first(node)),
            NodeKind::Repeat(inner, _) => self.first(inner),
            NodeKind::All(nodes) => {
                let mut set = 0;
                for node in nodes {
                    set |= self.first(node);
                    if !self.empty(node) {
                        break;
                    }
                }
                set
            }
        }
    }

    /// A part may be empty.
    pub(super) fn empty(&self, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Words(_) => false,
            NodeKind::Call(rule) => self.empty.get(*rule).copied().unwrap_or(false),
            NodeKind::One(nodes) => nodes.iter().any(|node| self.empty(node)),
            NodeKind::All(nodes) => nodes.iter().all(|node| self.empty(node)),
            NodeKind::Repeat(inner, repeat) => *repeat != Repeat::Some || self.empty(inner),
        }
    }

    /// Notes what follows the productions in a part; true where that is news.
    fn follows(&mut self, node: &Node, after: Set) -> bool {
        match &node.kind {
            NodeKind::Words(_) => false,
            NodeKind::Call(rule) => put(&mut self.follow, *rule, after),
            NodeKind::One(nodes) => nodes.iter().fold(false, |news, node| news | self.follows(node, after)),
            NodeKind::Repeat(inner, Repeat::Once | Repeat::Optional) => self.follows(inner, after),
            NodeKind::Repeat(inner, Repeat::Many | Repeat::Some) => {
                let again = after | self.first(inner);
                self.follows(inner, again)
            }
            NodeKind::All(nodes) => {
                let mut news = false;
                let mut after = after;
                for node in nodes.iter().rev() {
                    news |= self.follows(node, after);
                    after = self.first(node) | if self.empty(node) { after } else { 0 };
                }
                news
            }
        }
    }
}

/// Everything that may come inside a production.
fn all_words(rules: &[Rule], facts: &Facts, rule: usize) -> Set {
    fn of(node: &Node, facts: &Facts) -> Set {
        match &node.kind {
            NodeKind::Words(set) => *set,
            NodeKind::Call(rule) => facts.first.get(*rule).copied().unwrap_or(0),
            NodeKind::All(nodes) | NodeKind::One(nodes) => nodes.iter().fold(0, |set, node| set | of(node, facts)),
            NodeKind::Repeat(inner, _) => of(inner, facts),
        }
    }
    rules.get(rule).map_or(0, |rule| of(&rule.node, facts))
}

/// The words that a part takes itself.
fn all_taken(node: &Node) -> Set {
    match &node.kind {
        NodeKind::Words(set) => *set,
        NodeKind::Call(_) => 0,
        NodeKind::All(nodes) | NodeKind::One(nodes) => nodes.iter().fold(0, |set, node| set | all_taken(node)),
        NodeKind::Repeat(inner, _) => all_taken(inner),
    }
}

fn each_call(node: &Node, found: &mut Vec<usize>) {
    match &node.kind {
        NodeKind::Words(_) => {}
        NodeKind::Call(rule) => found.push(*rule),
        NodeKind::All(nodes) | NodeKind::One(nodes) => nodes.iter().for_each(|node| each_call(node, found)),
        NodeKind::Repeat(inner, _) => each_call(inner, found),
    }
}

/// Adds to what is known; true where that is news.
fn put<T: Copy + PartialEq + std::ops::BitOr<Output = T>>(known: &mut [T], index: usize, more: T) -> bool {
    let Some(place) = known.get_mut(index) else { return false };
    let all = *place | more;
    std::mem::replace(place, all) != all
}

impl Lower<'_> {
    /// Checks that the next word always decides how to go on.
    pub(super) fn check_grammar(&mut self, words: &Words, rules: &[Rule], facts: &Facts) {
        let before = self.diagnostics.len();
        self.check_beginnings(rules, facts);
        if self.diagnostics.len() > before {
            // What contains itself at its beginning has no sensible first words.
            return;
        }
        for (index, rule) in rules.iter().enumerate() {
            if !facts.reached.get(index).copied().unwrap_or(false) {
                let message = format!("nothing leads to the production `{}`", rule.name);
                let label = "no root and no other production has it";
                self.diagnostics.push(Diagnostic::error("R0507", message, rule.span.clone(), label));
                continue;
            }
            let after = facts.follow.get(index).copied().unwrap_or(0);
            self.check_node(words, facts, &rule.node, after);
        }
    }

    /// No production begins with itself.
    fn check_beginnings(&mut self, rules: &[Rule], facts: &Facts) {
        for (index, rule) in rules.iter().enumerate() {
            let mut seen = vec![false; rules.len()];
            let mut next = Vec::new();
            beginnings(&rule.node, facts, &mut next);
            while let Some(at) = next.pop() {
                if at == index {
                    let message = format!("`{}` begins with itself", rule.name);
                    let found = Diagnostic::error("R0503", message, rule.span.clone(), "no word would ever be taken");
                    self.diagnostics.push(found.help("write what repeats with `*` or `+`"));
                    break;
                }
                if put(&mut seen, at, true)
                    && let Some(rule) = rules.get(at)
                {
                    beginnings(&rule.node, facts, &mut next);
                }
            }
        }
    }

    fn check_node(&mut self, words: &Words, facts: &Facts, node: &Node, after: Set) {
        match &node.kind {
            NodeKind::Words(_) | NodeKind::Call(_) => {}
            NodeKind::All(nodes) => {
                let mut after = after;
                for node in nodes.iter().rev() {
                    self.check_node(words, facts, node, after);
                    after = facts.first(node) | if facts.empty(node) { after } else { 0 };
                }
            }
            NodeKind::One(nodes) => {
                let mut taken = 0;
                for (at, node) in nodes.iter().enumerate() {
                    // An empty alternative is the last choice, and begins like what follows.
                    let empty = facts.empty(node);
                    let begins = facts.first(node) | if empty { after } else { 0 };
                    if taken & begins != 0 {
                        self.alike(words, &node.span, taken & begins);
                    }
                    if empty && at + 1 < nodes.len() {
                        let label = "put what may be empty last";
                        let message = "an alternative that may be empty before others";
                        self.diagnostics.push(Diagnostic::error("R0505", message, node.span.clone(), label));
                    }
                    taken |= begins;
                    self.check_node(words, facts, node, after);
                }
            }
            NodeKind::Repeat(inner, repeat) => {
                if facts.empty(inner) {
                    let found = Diagnostic::error(
                        "R0504",
                        "a repetition of something that may be empty",
                        node.span.clone(),
                        "it would never end",
                    );
                    self.diagnostics.push(found.help("make what is repeated take at least one word"));
                    return;
                }
                let begins = facts.first(inner);
                if begins & after != 0 {
                    self.diagnostics.push(Diagnostic::error(
                        "R0506",
                        "what may be left out begins like what follows it",
                        node.span.clone(),
                        format!("both begin with {}", words.names(begins & after)),
                    ));
                }
                let again = if matches!(repeat, Repeat::Many | Repeat::Some) { after | begins } else { after };
                self.check_node(words, facts, inner, again);
            }
        }
    }

    /// What interrupts productions begins with words that mean nothing else.
    pub(super) fn check_recovery(&mut self, words: &Words, rules: &[Rule], facts: &Facts, production: usize) {
        let Some(rule) = rules.get(production) else { return };
        let first = facts.first.get(production).copied().unwrap_or(0);
        let elsewhere = rules.iter().enumerate().filter(|(index, _)| *index != production);
        let taken = elsewhere.fold(0, |set, (_, rule)| set | all_taken(&rule.node));
        let label = if facts.empty.get(production).copied().unwrap_or(false) {
            "it may be empty".to_owned()
        } else if first & taken != 0 {
            format!("other productions have {}, too", words.names(first & taken))
        } else {
            return;
        };
        let message = format!("`{}` cannot be told from what it interrupts", rule.name);
        self.diagnostics.push(Diagnostic::error("R0511", message, rule.span.clone(), label));
    }

    fn alike(&mut self, words: &Words, span: &Span, both: Set) {
        self.diagnostics.push(Diagnostic::error(
            "R0505",
            "two alternatives begin alike",
            span.clone(),
            format!("another begins with {}, too", words.names(both)),
        ));
    }
}

/// Productions that a part may begin with.
fn beginnings(node: &Node, facts: &Facts, found: &mut Vec<usize>) {
    match &node.kind {
        NodeKind::Words(_) => {}
        NodeKind::Call(rule) => found.push(*rule),
        NodeKind::One(nodes) => nodes.iter().for_each(|node| beginnings(node, facts, found)),
        NodeKind::Repeat(inner, _) => beginnings(inner, facts, found),
        NodeKind::All(nodes) => {
            for node in nodes {
                beginnings(node, facts, found);
                if !facts.empty(node) {
                    break;
                }
            }
        }
    }
}
