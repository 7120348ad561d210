//! Mistakes in single expressions: mostly calls of the runtime.

use quote::{ToTokens as _, format_ident};
use syn::{Expr, ExprMethodCall, Lit, parse_quote};

use crate::sites::{Kind, Role};

/// The field that `….at("Field")` names.
pub fn label(expr: &Expr) -> Option<String> {
    match expr {
        Expr::MethodCall(call) if call.method == "at" => match call.args.first()? {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        Expr::Try(inner) => label(&inner.expr),
        _ => None,
    }
}

/// Integers of the wire, and one of another width for each.
const WIDTHS: [(&str, &str); 9] = [
    ("u8", "u16"),
    ("u16", "u32"),
    ("u32", "u16"),
    ("u64", "u32"),
    ("i8", "i16"),
    ("i16", "i32"),
    ("i32", "i16"),
    ("i64", "i32"),
    ("u48be", "u64"),
];

type Wrong = (Kind, String, Expr);

/// An expression with each mistake that can be made in it.
pub fn wrong(expr: &Expr, role: Role, label: &str) -> Vec<Wrong> {
    let mut all = Vec::new();
    match expr {
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            match (role, call.args.len()) {
                (Role::Reads, 0) => reads(call, &name, label, &mut all),
                (Role::Writes, 1) => writes(call, &name, label, &mut all),
                _ => {}
            }
            checks(call, &name, role, label, &mut all);
            if role == Role::Other {
                owned(call, &name, &mut all);
            }
        }
        Expr::Range(range) if role == Role::Reads && matches!(range.limits, syn::RangeLimits::HalfOpen(_)) => {
            if let (Some(start), Some(end)) = (&range.start, &range.end) {
                let what = format!("up to {}", end.to_token_stream());
                all.push((Kind::OffByOne, format!("{what} + 1"), parse_quote!(#start..(#end) + 1)));
                all.push((Kind::OffByOne, format!("{what} - 1"), parse_quote!(#start..(#end).saturating_sub(1))));
            }
        }
        Expr::Lit(lit) if role == Role::Measures && matches!(lit.lit, Lit::Int(_)) => {
            all.push((Kind::WrongSize, lit.to_token_stream().to_string(), parse_quote!(#lit + 1)));
        }
        Expr::Path(path) => {
            let text = path.to_token_stream().to_string();
            if role == Role::Measures && text == "Self :: MIN_SIZE" {
                all.push((Kind::WrongSize, text, parse_quote!(#path + 1)));
            } else if text.starts_with("RopId :: ") && role == Role::Writes {
                all.push((Kind::WrongRopId, text, parse_quote!(RopId(#path.0 ^ 1))));
            } else if text.starts_with("ErrorCode :: ") && role == Role::Writes {
                all.push((Kind::WrongValue, text, parse_quote!(ErrorCode(#path.0 ^ 1))));
            }
        }
        _ => {}
    }
    if is_handle_index(expr) && role != Role::Writes {
        let what = expr.to_token_stream().to_string();
        all.push((Kind::WrongHandleIndex, what, parse_quote!((#expr).wrapping_add(1))));
    }
    all
}

/// `request.input_handle_index`.
fn is_handle_index(expr: &Expr) -> bool {
    let Expr::Field(field) = expr else { return false };
    matches!(&field.member, syn::Member::Named(name) if name.to_string().ends_with("handle_index"))
}

fn reads(call: &ExprMethodCall, name: &str, label: &str, all: &mut Vec<Wrong>) {
    let receiver = &call.receiver;
    if let Some((_, other)) = WIDTHS.iter().find(|(width, _)| *width == name) {
        let (method, ty) = (format_ident!("{other}"), format_ident!("{}", if name == "u48be" { "u64" } else { name }));
        let wrong = parse_quote!(#receiver.#method().map(|value| value as #ty));
        all.push((Kind::WrongWidth, format!("{label} as {other}"), wrong));
        if name == "u48be" {
            let wrong = parse_quote!(#call.map(|value| value.swap_bytes() >> 16));
            all.push((Kind::WrongOrder, label.to_owned(), wrong));
        } else if !name.ends_with('8') {
            all.push((Kind::WrongOrder, label.to_owned(), parse_quote!(#call.map(#ty::swap_bytes))));
        }
    }
    match name {
        "bool8" => {
            let wrong = parse_quote!(#receiver.bool16());
            all.push((Kind::WrongWidth, format!("{label} as bool16"), wrong));
            all.push((Kind::WrongValue, format!("not {label}"), parse_quote!(#call.map(|value| !value))));
        }
        "string8_nul" | "utf16_nul" => {
            let method = &call.method;
            let wrong = parse_quote!(crate::mutants::unterminated(&mut *#receiver, |c| c.#method()));
            all.push((Kind::LostTerminator, label.to_owned(), wrong));
        }
        _ => {}
    }
}

fn writes(call: &ExprMethodCall, name: &str, label: &str, all: &mut Vec<Wrong>) {
    let (receiver, argument) = (&call.receiver, &call.args[0]);
    if is_handle_index(argument) || last_word(argument).ends_with("handle_index") {
        let wrong = parse_quote!(#receiver.u8((#argument).wrapping_add(1)));
        all.push((Kind::WrongHandleIndex, label.to_owned(), wrong));
    }
    if let Some((_, other)) = WIDTHS.iter().find(|(width, _)| *width == name) {
        let (method, ty) = (format_ident!("{other}"), format_ident!("{other}"));
        let wrong = parse_quote!(#receiver.#method((#argument) as #ty));
        all.push((Kind::WrongWidth, format!("{label} as {other}"), wrong));
        let method = &call.method;
        if name == "u48be" {
            let wrong = parse_quote!(#receiver.u48be((#argument).swap_bytes() >> 16));
            all.push((Kind::WrongOrder, label.to_owned(), wrong));
        } else if let Expr::Lit(_) = argument {
            all.push((Kind::WrongValue, label.to_owned(), parse_quote!(#receiver.#method(#argument ^ 1))));
        } else if !name.ends_with('8') {
            let ty = format_ident!("{name}");
            let wrong = parse_quote!(#receiver.#method(#ty::swap_bytes(#argument)));
            all.push((Kind::WrongOrder, label.to_owned(), wrong));
        }
    }
    match name {
        "count_u8" | "count_u16" | "count_u32" => {
            let other = format_ident!("{}", if name == "count_u16" { "count_u32" } else { "count_u16" });
            let wrong = parse_quote!(#receiver.#other(#argument));
            all.push((Kind::WrongWidth, format!("{label} by {other}"), wrong));
            let method = &call.method;
            let wrong = parse_quote!(#receiver.#method((#argument) + 1));
            all.push((Kind::OffByOne, format!("{label} + 1"), wrong));
            let wrong = parse_quote!(#receiver.#method((#argument).saturating_sub(1)));
            all.push((Kind::OffByOne, format!("{label} - 1"), wrong));
        }
        "bool8" => {
            all.push((Kind::WrongWidth, format!("{label} as bool16"), parse_quote!(#receiver.bool16(#argument))));
            all.push((Kind::WrongValue, format!("not {label}"), parse_quote!(#receiver.bool8(!#argument))));
        }
        "pack_nul" => {
            let wrong = parse_quote!(crate::mutants::cut(#argument, |e| #receiver.pack_nul(e)));
            all.push((Kind::LostTerminator, label.to_owned(), wrong));
        }
        "pointer" | "full_pointer" => {
            let method = &call.method;
            all.push((Kind::WrongCondition, label.to_owned(), parse_quote!(#receiver.#method(!(#argument)))));
        }
        _ => {}
    }
}

/// Checks of the runtime, and what has to come after them.
fn checks(call: &ExprMethodCall, name: &str, role: Role, label: &str, all: &mut Vec<Wrong>) {
    let (receiver, args) = (&call.receiver, &call.args);
    match (name, args.len()) {
        ("require_count" | "require_range" | "require_tag", _) | ("within", 1) => {
            all.push((Kind::LostCheck, format!("{name} of {label}"), parse_quote!(Ok(()))));
        }
        ("enter", 1) => {
            all.push((Kind::LostCheck, "nesting".to_owned(), parse_quote!(#receiver.enter(u32::MAX))));
        }
        ("align", 2) | ("align_ndr64", 1) => {
            all.push((Kind::LostAlignment, call.to_token_stream().to_string(), parse_quote!(Ok(()))));
        }
        ("list", 2) if role == Role::Reads => {
            let count = &args[0];
            all.push((Kind::EarlyAllocation, label.to_owned(), parse_quote!(Ok::<usize, UnpackError>(#count))));
        }
        ("take" | "sub" | "byte_array" | "array", 1 | 2) if role == Role::Reads && last_word(receiver) == "c" => {
            let (method, count) = (&call.method, &args[0]);
            let rest = args.iter().skip(1);
            let wrong = parse_quote!(#receiver.#method((#count) + 1 #(, #rest)*));
            all.push((Kind::OffByOne, format!("{name} of {label}, one more"), wrong));
        }
        _ => {}
    }
}

/// What becomes independent of the buffer keeps all that it had.
fn owned(call: &ExprMethodCall, name: &str, all: &mut Vec<Wrong>) {
    if !matches!(call.receiver.as_ref(), Expr::Field(_)) {
        return;
    }
    let what = call.receiver.to_token_stream().to_string();
    match (name, call.args.len()) {
        ("map", 1) => all.push((Kind::LostField, what, parse_quote!(None))),
        ("into_iter", 0) => {
            // The same type with and without.
            let field = &call.receiver;
            all.push((
                Kind::LostField,
                what,
                parse_quote!({
                    let mut items = #field;
                    items.pop();
                    items.into_iter()
                }),
            ));
        }
        _ => {}
    }
}

fn last_word(expr: &Expr) -> String {
    let text = expr.to_token_stream().to_string();
    text.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
}
