//! The condition of `#if`: C's operators over numbers, and `defined`.

use super::tokens::{Kind, Token};

/// Parentheses and signs inside each other.
const MAX_DEPTH: usize = 64;

/// The value of a condition whose macros are replaced; `None`: it is none.
pub(super) fn value(tokens: &[Token<'_>]) -> Option<i64> {
    let mut reader = Reader { tokens, at: 0, depth: 0 };
    let value = reader.ternary()?;
    (reader.at == tokens.len()).then_some(value)
}

struct Reader<'t> {
    /// Without blanks.
    tokens: &'t [Token<'t>],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn take(&mut self, sign: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.text == sign);
        self.at += usize::from(found);
        found
    }

    fn ternary(&mut self) -> Option<i64> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Some(condition);
        }
        let then = self.deeper(Self::ternary)?;
        if !self.take(":") {
            return None;
        }
        let other = self.deeper(Self::ternary)?;
        Some(if condition != 0 { then } else { other })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.depth += 1;
        let value = if self.depth > MAX_DEPTH { None } else { read(self) };
        self.depth -= 1;
        value
    }

    /// Operators from the weakest level on.
    fn binary(&mut self, level: usize) -> Option<i64> {
        const LEVELS: [&[&str]; 10] = [
            &["||"],
            &["&&"],
            &["|"],
            &["^"],
            &["&"],
            &["==", "!="],
            &["<=", ">=", "<", ">"],
            &["<<", ">>"],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(sign) = signs.iter().find(|sign| self.tokens.get(self.at).is_some_and(|t| t.text == **sign)) {
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = apply(sign, left, right)?;
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<i64> {
        for (sign, apply) in
            [("!", (|v| i64::from(v == 0)) as fn(i64) -> i64), ("-", i64::wrapping_neg), ("~", |v| !v), ("+", |v| v)]
        {
            if self.take(sign) {
                return self.deeper(Self::unary).map(apply);
            }
        }
        if self.take("(") {
            let value = self.deeper(Self::ternary)?;
            return self.take(")").then_some(value);
        }
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        match token.kind {
            Kind::Literal => number(token.text),
            // a word that no macro replaced
            Kind::Word => Some(0),
            _ => None,
        }
    }
}

fn apply(sign: &str, a: i64, b: i64) -> Option<i64> {
    let shift = u32::try_from(b).unwrap_or(u32::MAX);
    Some(match sign {
        "||" => i64::from(a != 0 || b != 0),
        "&&" => i64::from(a != 0 && b != 0),
        "|" => a | b,
        "^" => a ^ b,
        "&" => a & b,
        "==" => i64::from(a == b),
        "!=" => i64::from(a != b),
        "<=" => i64::from(a <= b),
        ">=" => i64::from(a >= b),
        "<" => i64::from(a < b),
        ">" => i64::from(a > b),
        "<<" => a.checked_shl(shift).unwrap_or(0),
        ">>" => a.checked_shr(shift).unwrap_or(0),
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        "/" => a.checked_div(b)?,
        _ => a.checked_rem(b)?,
    })
}

fn number(text: &str) -> Option<i64> {
    let plain = text.trim_end_matches(['u', 'U', 'l', 'L']);
    match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None if plain.len() > 1 && plain.starts_with('0') => i64::from_str_radix(plain, 8).ok(),
        None => plain.parse().ok(),
    }
}
