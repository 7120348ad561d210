//! Types that depend on something outside of their bytes (columns, a form, a version): in another context than their own
//! they are written to something that is read there, or are an error that says what does not fit.

use std::fmt::Debug;

use runtime::{Encoder, PackError, PackErrorKind};

use crate::oracles::{Broken, broken};

/// Both directions of a context: value, type with its forms in brackets and the other arguments of its own context, then
/// those of another one.
#[macro_export]
macro_rules! contexts {
    (
        $value:ident, $type:ident,
        [$($form:expr),*] ($($argument:expr),*),
        [$($other_form:expr),*] ($($other:expr),*)
    ) => {{
        let foreign = $crate::contexts::elsewhere(&$value, |v, e| v.pack(e $(, $other_form)* $(, $other)*))?;
        if let Some(bytes) = &foreign {
            $crate::oracles::round_trip(
                &$value,
                bytes,
                |v, e| v.pack(e $(, $other_form)* $(, $other)*),
                |c| $type::unpack(c $(, $other_form)* $(, $other)*),
            )?;
        }
        let mut e = runtime::Encoder::new();
        if $value.pack(&mut e $(, $form)* $(, $argument)*).is_ok() {
            let bytes = e.finish().to_vec();
            let again = $crate::oracles::random_bytes(
                &bytes,
                |c| $type::unpack(c $(, $other_form)* $(, $other)*),
                |v, e| v.pack(e $(, $other_form)* $(, $other)*),
            )?;
            if let Some((first, bytes)) = &again {
                $crate::oracles::stable(
                    first,
                    bytes,
                    |c| $type::unpack(c $(, $other_form)* $(, $other)*),
                    |v, e| v.pack(e $(, $other_form)* $(, $other)*),
                )?;
            }
        }
    }};
}

/// A value in a context that it was not made for: its bytes there, or `None` where the error says that it contradicts
/// its context, and which field does.
///
/// # Errors
/// When the error is another one.
pub fn elsewhere<T: Debug>(
    value: &T,
    pack: impl Fn(&T, &mut Encoder) -> Result<(), PackError>,
) -> Result<Option<Vec<u8>>, Broken> {
    let mut e = Encoder::new();
    let Err(error) = pack(value, &mut e) else { return Ok(Some(e.finish().to_vec())) };
    let is_named = matches!(
        error.kind(),
        PackErrorKind::Mismatch { .. } | PackErrorKind::Unmet { .. } | PackErrorKind::MissingContext { .. }
    );
    if is_named || crate::choices::broke() {
        return Ok(None);
    }
    let detail = format_args!("{error}\nvalue: {value:#?}");
    Err(broken("a value in another context is written or contradicts it", e.as_slice(), detail))
}
