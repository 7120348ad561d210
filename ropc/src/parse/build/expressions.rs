//! Expressions: C's precedence is applied here.

use super::{Builder, Built, Node, unescape};
use crate::ast::{BinaryOp, Expr, ExprKind, Span, TagKind, TypeSpec, UnaryOp};
use crate::diagnostic::Diagnostic;
use crate::parse::Rule;

impl Builder {
    pub(super) fn expr(&mut self, node: Node<'_>) -> Built<Expr> {
        let mut parts = self.parts(node);
        let first = parts.need(Rule::binary)?;
        let cond = self.binary(first)?;
        let Some(then) = parts.opt(Rule::expr) else { return Ok(cond) };
        let then = self.expr(then)?;
        let otherwise = parts.need(Rule::expr)?;
        let otherwise = self.expr(otherwise)?;
        let span = join(&cond.span, &otherwise.span);
        Ok(Expr { kind: ExprKind::Ternary(Box::new(cond), Box::new(then), Box::new(otherwise)), span })
    }

    pub(super) fn exprs(&mut self, nodes: Vec<Node<'_>>) -> Built<Vec<Expr>> {
        nodes.into_iter().map(|node| self.expr(node)).collect()
    }

    /// Operands and operators in a row, joined by precedence with two stacks.
    fn binary(&mut self, node: Node<'_>) -> Built<Expr> {
        let bug = self.bug(&node);
        let mut operands = Vec::new();
        let mut operators: Vec<BinaryOp> = Vec::new();
        for part in node.into_inner() {
            if part.as_rule() == Rule::unary {
                operands.push(self.unary(part)?);
                continue;
            }
            let operator = binary_op(part.as_str()).ok_or_else(|| self.bug(&part))?;
            while let Some(top) = operators.pop() {
                if precedence(top) < precedence(operator) {
                    operators.push(top);
                    break;
                }
                reduce(&mut operands, top);
            }
            operators.push(operator);
        }
        while let Some(top) = operators.pop() {
            reduce(&mut operands, top);
        }
        operands.pop().ok_or(bug)
    }

    fn unary(&mut self, node: Node<'_>) -> Built<Expr> {
        let mut parts = self.parts(node);
        let operators = parts.many(Rule::unop);
        let operand = parts.need(Rule::postfix)?;
        let mut expr = self.postfix(operand)?;
        for operator in operators.into_iter().rev() {
            let op = match operator.as_str() {
                "!" => UnaryOp::Not,
                "~" => UnaryOp::BitNot,
                "-" => UnaryOp::Neg,
                "*" => UnaryOp::Deref,
                "&" => UnaryOp::AddressOf,
                _ => return Err(self.bug(&operator)),
            };
            let span = join(&self.span(&operator), &expr.span);
            expr = Expr { kind: ExprKind::Unary(op, Box::new(expr)), span };
        }
        Ok(expr)
    }

    fn postfix(&mut self, node: Node<'_>) -> Built<Expr> {
        let mut parts = self.parts(node);
        let primary = parts.need(Rule::primary)?;
        let mut expr = self.primary(primary)?;
        for post in parts.many(Rule::post) {
            let span = join(&expr.span, &self.trimmed(&post));
            let inner = self.parts(post).some()?;
            let bug = self.bug(&inner);
            let rule = inner.as_rule();
            let mut parts = self.parts(inner);
            let kind = match rule {
                Rule::member => ExprKind::Member(Box::new(expr), self.ident(&parts.need(Rule::ident)?)),
                Rule::call => {
                    let args = self.exprs(parts.many(Rule::expr))?;
                    ExprKind::Call(Box::new(expr), args)
                }
                Rule::index => match parts.opt(Rule::slice_to) {
                    Some(slice) => {
                        let end = self.parts(slice).need(Rule::expr)?;
                        ExprKind::Slice(Box::new(expr), Box::new(self.expr(end)?))
                    }
                    None => {
                        let index = parts.need(Rule::expr)?;
                        ExprKind::Index(Box::new(expr), Box::new(self.expr(index)?))
                    }
                },
                _ => return Err(bug),
            };
            expr = Expr { kind, span };
        }
        Ok(expr)
    }

    fn primary(&mut self, node: Node<'_>) -> Built<Expr> {
        let span = self.trimmed(&node);
        let mut parts = self.parts(node);
        let strings = parts.many(Rule::string);
        if !strings.is_empty() {
            return Ok(Expr { kind: ExprKind::Str(self.strings(&strings).text), span });
        }
        let inner = parts.some()?;
        let kind = match inner.as_rule() {
            Rule::int => ExprKind::Int(self.int(&inner)),
            Rule::char => ExprKind::Int(char_value(inner.as_str())),
            Rule::ident => ExprKind::Name(self.ident(&inner)),
            Rule::list => {
                let items = self.parts(inner).many(Rule::expr);
                ExprKind::List(self.exprs(items)?)
            }
            Rule::cast => {
                let mut parts = self.parts(inner);
                let words = parts.many(Rule::type_word);
                let words = self.idents(&words);
                let operand = parts.need(Rule::unary)?;
                ExprKind::Cast(words, Box::new(self.unary(operand)?))
            }
            Rule::sizeof_type => {
                let mut parts = self.parts(inner);
                let words = parts.many(Rule::type_word);
                let ty = if words.is_empty() {
                    TypeSpec::Tag(TagKind::Struct, self.ident(&parts.need(Rule::ident)?))
                } else {
                    TypeSpec::Words(self.idents(&words))
                };
                ExprKind::SizeofType(Box::new(ty))
            }
            // in parentheses: the place includes them
            Rule::expr => self.expr(inner)?.kind,
            _ => return Err(self.bug(&inner)),
        };
        Ok(Expr { kind, span })
    }

    /// A number of up to 64 bits; C's spelling, so a leading zero means octal.
    pub(super) fn int(&mut self, node: &Node<'_>) -> u64 {
        let text = node.as_str().trim_end_matches(['u', 'U', 'l', 'L']);
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let octal = text.strip_prefix('0').filter(|rest| !rest.is_empty());
        let value = match (digits, octal) {
            (Some(hex), _) => u64::from_str_radix(hex, 16),
            (None, Some(octal)) => u64::from_str_radix(octal, 8),
            (None, None) => text.parse(),
        };
        value.unwrap_or_else(|error| {
            let span = self.span(node);
            let diagnostic = if *error.kind() == std::num::IntErrorKind::PosOverflow {
                Diagnostic::error("R0004", "number too large", span, "does not fit in 64 bits")
            } else {
                Diagnostic::error("R0003", format!("`{text}` is not a number"), span, "not a digit of an octal number")
                    .note("a number that begins with `0` is octal, as in C")
            };
            self.diagnostics.push(diagnostic);
            0
        })
    }
}

/// From the beginning of one place to the end of the other.
pub(super) fn join(first: &Span, last: &Span) -> Span {
    Span { source: first.source, range: first.range.start..last.range.end }
}

fn char_value(literal: &str) -> u64 {
    let text = unescape(literal.trim_matches('\''));
    text.chars().next().map_or(u64::from(b'\''), |c| u64::from(u32::from(c)))
}

fn reduce(operands: &mut Vec<Expr>, op: BinaryOp) {
    if let (Some(right), Some(left)) = (operands.pop(), operands.pop()) {
        let span = join(&left.span, &right.span);
        operands.push(Expr { kind: ExprKind::Binary(op, Box::new(left), Box::new(right)), span });
    }
}

fn binary_op(text: &str) -> Option<BinaryOp> {
    Some(match text {
        "||" => BinaryOp::Or,
        "&&" => BinaryOp::And,
        "|" => BinaryOp::BitOr,
        "^" => BinaryOp::BitXor,
        "&" => BinaryOp::BitAnd,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "<<" => BinaryOp::Shl,
        ">>" => BinaryOp::Shr,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "%" => BinaryOp::Rem,
        _ => return None,
    })
}

/// How tightly an operator binds, as in C; all of them group from the left.
fn precedence(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::BitOr => 3,
        BinaryOp::BitXor => 4,
        BinaryOp::BitAnd => 5,
        BinaryOp::Eq | BinaryOp::Ne => 6,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => 7,
        BinaryOp::Shl | BinaryOp::Shr => 8,
        BinaryOp::Add | BinaryOp::Sub => 9,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => 10,
    }
}
