//! C's precedence, seen in the tree of a constant.

use ropc::ast::{BinaryOp, DeclKind, Expr, ExprKind, Item, SourceId, UnaryOp};
use ropc::parse::parse;

/// The value of `const uint32 X = ..;` with parentheses everywhere.
fn grouped(text: &str) -> String {
    let (file, diagnostics) = parse(SourceId(0), &format!("const uint32 X = {text};"));
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    match &file.items[..] {
        [Item::Decl(decl)] => match &decl.kind {
            DeclKind::Const(constant) => shown(&constant.value),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn shown(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(shown).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Name(name) => name.text.clone(),
        ExprKind::Member(base, name) => format!("{}.{}", shown(base), name.text),
        ExprKind::Index(base, index) => format!("{}[{}]", shown(base), shown(index)),
        ExprKind::Slice(base, end) => format!("{}[..{}]", shown(base), shown(end)),
        ExprKind::Call(base, args) => format!("{}({})", shown(base), list(args)),
        ExprKind::Unary(op, value) => {
            let sign = match op {
                UnaryOp::Not => "!",
                UnaryOp::BitNot => "~",
                UnaryOp::Neg => "-",
                UnaryOp::Deref => "*",
                UnaryOp::AddressOf => "&",
            };
            format!("({sign}{})", shown(value))
        }
        ExprKind::Binary(op, left, right) => format!("({} {} {})", shown(left), sign(*op), shown(right)),
        ExprKind::Ternary(cond, then, otherwise) => {
            format!("({} ? {} : {})", shown(cond), shown(then), shown(otherwise))
        }
        ExprKind::Cast(words, value) => {
            format!(
                "({} as {})",
                shown(value),
                words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
            )
        }
        ExprKind::SizeofType(_) => "sizeof".to_owned(),
        ExprKind::List(items) => format!("{{{}}}", list(items)),
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::BitOr => "|",
        BinaryOp::BitXor => "^",
        BinaryOp::BitAnd => "&",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
    }
}

#[test]
fn operators_bind_as_in_c() {
    for (text, expected) in [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 * 2 + 3", "((1 * 2) + 3)"),
        ("10 - 4 - 3", "((10 - 4) - 3)"),
        ("a | b << 16", "(a | (b << 16))"),
        ("a & b == c", "(a & (b == c))"),
        ("a || b && c", "(a || (b && c))"),
        ("a ^ b | c & d", "((a ^ b) | (c & d))"),
        ("a < b == c > d", "((a < b) == (c > d))"),
        ("1 << 2 + 3", "(1 << (2 + 3))"),
        ("a != 0 && a != 0xFFFF", "((a != 0) && (a != 65535))"),
        ("-a * !b", "((-a) * (!b))"),
        ("~a & *b", "((~a) & (*b))"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a == b ? c + 1 : d", "((a == b) ? (c + 1) : d)"),
        ("f(x, y + 1).z[2]", "f(x, (y + 1)).z[2]"),
        ("Columns[..n - 1]", "Columns[..(n - 1)]"),
        ("p->q", "p.q"),
        ("(unsigned long) a + 1", "((a as unsigned long) + 1)"),
        ("{ 1, 2 }", "{1, 2}"),
    ] {
        assert_eq!(grouped(text), expected, "{text}");
    }
}

#[test]
fn numbers_are_spelled_as_in_c() {
    for (text, expected) in [
        ("0", "0"),
        ("00", "0"),
        ("010", "8"),
        ("0x1F", "31"),
        ("0XffUL", "255"),
        ("18446744073709551615", "18446744073709551615"),
        ("'A'", "65"),
        ("'\\n'", "10"),
    ] {
        assert_eq!(grouped(text), expected, "{text}");
    }
}

#[test]
fn adjacent_strings_are_one() {
    assert_eq!(grouped(r#""one " "tw\"o""#), r#""one tw\"o""#);
}

#[test]
fn words_of_the_language_stay_names() {
    let text = "struct object { uint16 token; uint16 stream; uint8 input; uint8 output; uint8 effect; uint8 reply; uint8 match; }";
    let (file, diagnostics) = parse(SourceId(0), text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let [Item::Decl(decl)] = &file.items[..] else { panic!("{file:?}") };
    let DeclKind::Struct(object) = &decl.kind else { panic!("{decl:?}") };
    assert_eq!(object.name.text, "object");
    assert_eq!(object.body.len(), 7);
}
