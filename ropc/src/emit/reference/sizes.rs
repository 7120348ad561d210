//! How many bytes a field takes: a number where it is fixed, else from what it follows.

use super::Book;
use super::text::code;
use crate::ast::{ArrayLen, Expr, ExprKind, Path, TypeArg, TypeRef, TypeSpec};
use crate::model::{Type, TypeKind};

/// The size of something on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// So many bytes, always.
    Fixed(u64),
    /// As a person reads it.
    Words(String),
}

impl Size {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Fixed(bytes) => bytes.to_string(),
            Self::Words(words) => words.clone(),
        }
    }

    pub(super) fn fixed(&self) -> Option<u64> {
        match self {
            Self::Fixed(bytes) => Some(*bytes),
            Self::Words(_) => None,
        }
    }
}

/// Bytes of the primitive types that always take the same.
fn primitive(name: &str) -> Option<u64> {
    Some(match name {
        "uint8" | "int8" | "bool8" => 1,
        "uint16" | "int16" | "bool16" => 2,
        "uint32" | "int32" | "float32" | "handle_value" => 4,
        "uint48be" => 6,
        "uint64" | "int64" | "float64" | "filetime" => 8,
        "guid" => 16,
        _ => return None,
    })
}

/// Aliases of aliases are few.
const DEEPEST_ALIAS: usize = 16;

impl Book<'_> {
    /// The size of one value of a type.
    pub(super) fn size(&self, ty: &TypeSpec) -> Size {
        match ty {
            TypeSpec::Ref(ty) => self.size_of_ref(ty),
            TypeSpec::Words(words) => match words.as_slice() {
                [word] => primitive(&word.text).map_or_else(variable, Size::Fixed),
                _ => variable(),
            },
            _ => variable(),
        }
    }

    pub(super) fn size_of_ref(&self, ty: &TypeRef) -> Size {
        let mut ty = ty;
        for _ in 0..DEEPEST_ALIAS {
            match self.aliases.get(ty.name.text.as_str()) {
                Some(of) => ty = of,
                None => break,
            }
        }
        let name = ty.name.text.as_str();
        if let Some(bytes) = primitive(name) {
            return Size::Fixed(bytes);
        }
        if let Some(size) = self.size_by_form(name, &ty.forms) {
            return size;
        }
        let counted = ty.args.iter().flatten().find_map(|arg| match arg {
            TypeArg::Count { prefix, forms, chars } => {
                let count = primitive(&prefix.text).map(Size::Fixed).or_else(|| self.size_by_form(&prefix.text, forms));
                let count = count.unwrap_or_else(variable).shown();
                Some((if count.contains(' ') { format!("({count})") } else { count }, *chars))
            }
            _ => None,
        });
        match (name, counted) {
            ("utf16", Some((count, true))) => Size::Words(format!("{count} + 2n")),
            ("utf16" | "string8" | "bytes", Some((count, _))) => Size::Words(format!("{count} + n")),
            ("utf16" | "string8" | "string", None) => Size::Words("to NUL".to_owned()),
            ("asciiline", None) => Size::Words("to CR LF".to_owned()),
            ("bytes", None) => Size::Fixed(1),
            _ => match self.types.get(name) {
                Some(id) => {
                    let layout = self.program.layout(&Type::Named(*id, Vec::new()));
                    if layout.fixed && layout.min_size > 0 { Size::Fixed(layout.min_size) } else { variable() }
                }
                None => variable(),
            },
        }
    }

    /// The size of an integer whose width follows a wire form: that of the form, or each that there is.
    fn size_by_form(&self, name: &str, forms: &[Vec<Path>]) -> Option<Size> {
        let of_forms = self.program.types.iter().filter_map(|def| match &def.kind {
            TypeKind::Form(form) => Some((form, form.widths.iter().find(|width| width.name == name)?)),
            _ => None,
        });
        let (form, width) = of_forms.into_iter().next()?;
        let said = forms.iter().flatten().find_map(|path| {
            let name = path.parts.last()?;
            form.items.iter().position(|(item, _)| *item == name.text)
        });
        if let Some(kind) = said.and_then(|at| width.kinds.get(at)) {
            return Some(Size::Fixed(u64::from(kind.size)));
        }
        let mut sizes: Vec<u8> = width.kinds.iter().map(|kind| kind.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        Some(Size::Words(sizes.iter().map(u8::to_string).collect::<Vec<_>>().join(" or ")))
    }

    /// The size of an array of values.
    pub(super) fn size_of_array(&self, element: Size, arrays: &[ArrayLen]) -> Size {
        arrays.iter().fold(element, |element, length| match (length, element) {
            (ArrayLen::Expr(Expr { kind: ExprKind::Int(count), .. }), Size::Fixed(bytes)) => {
                Size::Fixed(bytes.saturating_mul(*count))
            }
            (ArrayLen::Expr(count), Size::Fixed(1)) => Size::Words(code(&self.source(&count.span))),
            (ArrayLen::Expr(count), Size::Fixed(bytes)) => {
                Size::Words(format!("{bytes} × {}", code(&self.source(&count.span))))
            }
            (ArrayLen::Rest(_), _) => Size::Words("the rest".to_owned()),
            _ => variable(),
        })
    }
}

fn variable() -> Size {
    Size::Words("varies".to_owned())
}
