//! Bytes beside the definition, and the values that they mean.

use super::{Builder, Built, Node};
use crate::ast::{Expected, StringLit, Value, Vector};
use crate::parse::Rule;

impl Builder {
    pub(super) fn vector(&mut self, node: Node<'_>) -> Built<Vector> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let target = parts.opt(Rule::vector_target).map(|target| self.ident(&target));
        let bytes: StringLit = self.strings(&parts.many(Rule::string));
        let context = match parts.opt(Rule::vector_context) {
            Some(context) => {
                let record = self.parts(context).need(Rule::value_record)?;
                match self.value_of(record)? {
                    Value::Record(values, _) => values,
                    _ => Vec::new(),
                }
            }
            None => Vec::new(),
        };
        let expected = if let Some(error) = parts.opt(Rule::vector_error) {
            let text = self.parts(error).need(Rule::string)?;
            Some(Expected::Error(self.strings(&[text])))
        } else {
            parts.opt(Rule::value_record).map(|record| self.value_of(record)).transpose()?.map(Expected::Value)
        };
        Ok(Vector { target, bytes, context, expected, span })
    }

    fn value(&mut self, node: Node<'_>) -> Built<Value> {
        let span = self.trimmed(&node);
        let negative = node.as_str().starts_with('-');
        let mut parts = self.parts(node);
        let strings = parts.many(Rule::string);
        if !strings.is_empty() {
            return Ok(Value::Str(self.strings(&strings)));
        }
        let inner = parts.some()?;
        if inner.as_rule() != Rule::int {
            return self.value_of(inner);
        }
        let number = i128::from(self.int(&inner));
        let span = if negative { span } else { self.span(&inner) };
        Ok(Value::Int(if negative { -number } else { number }, span))
    }

    fn value_of(&mut self, node: Node<'_>) -> Built<Value> {
        let span = self.trimmed(&node);
        let bug = self.bug(&node);
        let rule = node.as_rule();
        if rule == Rule::ident {
            return Ok(Value::Name(self.ident(&node)));
        }
        let mut parts = self.parts(node);
        match rule {
            Rule::value_record => {
                let mut fields = Vec::new();
                for field in parts.many(Rule::value_field) {
                    let mut parts = self.parts(field);
                    let name = self.ident(&parts.need(Rule::ident)?);
                    let value = parts.need(Rule::value)?;
                    fields.push((name, self.value(value)?));
                }
                Ok(Value::Record(fields, span))
            }
            Rule::value_list => {
                let items = parts.many(Rule::value).into_iter().map(|item| self.value(item)).collect::<Built<_>>()?;
                Ok(Value::List(items, span))
            }
            Rule::value_variant => {
                let name = self.ident(&parts.need(Rule::ident)?);
                let inner = parts.some()?;
                let inner = if inner.as_rule() == Rule::value { self.value(inner)? } else { self.value_of(inner)? };
                Ok(Value::Variant(name, Box::new(inner)))
            }
            _ => Err(bug),
        }
    }
}
