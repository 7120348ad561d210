//! What is required of the properties of productions, and the structures that values have within them.

use super::super::Lower;
use super::first::Facts;
use super::words::Words;
use super::{Node, NodeKind, Rule};
use crate::ast::{Expr, ExprKind, Ident, StreamDecl, StreamItem, StreamRule};
use crate::diagnostic::Diagnostic;
use crate::model::{Required, Set, ValueRule};

impl Lower<'_> {
    /// `require production has PidTagX, ..;`
    pub(super) fn requirements(
        &mut self,
        stream: &StreamDecl,
        words: &Words,
        rules: &[Rule],
        roots: &[usize],
        facts: &Facts,
    ) -> Vec<Required> {
        let mut all = Vec::new();
        let markers: Set = (1 << words.markers.len()) - 1;
        let is_element = |rule: usize| facts.first.get(rule).is_some_and(|first| first & !markers == 0);
        for item in &stream.items {
            let StreamItem::Require { production: name, rule, tags, roots: of_roots, lenient } = item else { continue };
            let Some(number) = rules.iter().position(|rule| rule.name == name.text) else {
                self.unknown("production", name);
                continue;
            };
            let within = words_within(rules, number, |inner| *rule == StreamRule::Lacks || !is_element(inner));
            let mut of_tags: Vec<Set> = Vec::new();
            for tag in tags {
                let expr = Expr { kind: ExprKind::Name(tag.clone()), span: tag.span.clone() };
                // What is no property was reported where these were collected.
                let before = self.diagnostics.len();
                let found = self.tag(&expr).map(|tag| words.of_tag(tag, None));
                self.diagnostics.truncate(before);
                let Some(set) = found else { continue };
                if set & within == 0 {
                    self.wrong_requirement(tag, &format!("`{}` never has this property", name.text));
                } else if of_tags.contains(&set) {
                    self.wrong_requirement(tag, "named twice");
                } else {
                    of_tags.push(set);
                }
            }
            let mut numbers = Vec::new();
            for root in of_roots {
                match rules.iter().position(|rule| rule.name == root.text).filter(|rule| roots.contains(rule)) {
                    // No more than `steps` allows.
                    Some(rule) => numbers.push(rule as u16),
                    None => self.unknown("root", root),
                }
            }
            let production = number as u16;
            let (rule, lenient) = (*rule, *lenient);
            all.push(Required { production, rule, words: of_tags, roots: numbers, lenient });
        }
        all
    }

    fn wrong_requirement(&mut self, name: &Ident, label: &str) {
        let message = "a requirement that cannot be met or checked";
        self.diagnostics.push(Diagnostic::error("R0512", message, name.span.clone(), label));
    }

    /// Rules for values, with the productions that they are for.
    pub(super) fn values_within(&mut self, words: &Words, rules: &[Rule]) -> Vec<ValueRule> {
        let mut all = Vec::new();
        for (tag, within, ty) in &words.values {
            let number = within.as_ref().map(|name| (name, rules.iter().position(|rule| rule.name == name.text)));
            match number {
                Some((name, None)) => self.unknown("production", name),
                // No more than `steps` allows.
                Some((_, Some(number))) => all.push(ValueRule { tag: *tag, within: Some(number as u16), ty: *ty }),
                None => all.push(ValueRule { tag: *tag, within: None, ty: *ty }),
            }
        }
        all
    }
}

/// All words of a production and of those in it that count.
fn words_within(rules: &[Rule], production: usize, counts: impl Fn(usize) -> bool) -> Set {
    let mut words = 0;
    let mut seen = vec![false; rules.len()];
    let mut open = vec![production];
    while let Some(number) = open.pop() {
        let Some(rule) = rules.get(number) else { continue };
        if seen.get_mut(number).is_none_or(|seen| std::mem::replace(seen, true)) {
            continue;
        }
        let mut nodes: Vec<&Node> = vec![&rule.node];
        while let Some(node) = nodes.pop() {
            match &node.kind {
                NodeKind::Words(set) => words |= set,
                NodeKind::Call(rule) => open.extend(counts(*rule).then_some(*rule)),
                NodeKind::All(inner) | NodeKind::One(inner) => nodes.extend(inner),
                NodeKind::Repeat(inner, _) => nodes.push(inner),
            }
        }
    }
    words
}
