//! What has to hold for types with a policy: packing corrects a wish, so a value is settled once it was packed and read.

use std::fmt::Debug;

use runtime::{Cursor, PackError, UnpackError};

use crate::oracles::{Broken, broken, random_bytes_within};

/// Decompressing may take so much whatever the bytes are: some payloads of 16-bit size, each in a list that grows.
const MEMORY_AT_LEAST: u64 = 1 << 20;

/// As [`wire!`](crate::wire), for a type that is compressed or obfuscated by policy.
#[macro_export]
macro_rules! settling {
    ($g:expr, $value:expr, $type:ident $([$($form:expr),+])?) => {
        $crate::settling!($g, $value, $type $([$($form),+])?, Fixed;)
    };
    ($g:expr, $value:expr, $type:ident $([$($form:expr),+])?, $end:ident; $($argument:expr),*) => {{
        let end = $crate::oracles::End::$end;
        let wished = $value;
        let Some(first) = $crate::oracles::packed(
            &wished,
            |v, e| v.pack(e $($(, $form)+)? $(, $argument)*),
            |v| v.packed_size($($($form),+)?),
        )? else {
            return Ok(());
        };
        let value = $crate::settling::settled(&first, |c| $type::unpack(c $($(, $form)+)? $(, $argument)*))?;
        let bytes = $crate::oracles::packed(
            &value,
            |v, e| v.pack(e $($(, $form)+)? $(, $argument)*),
            |v| v.packed_size($($($form),+)?),
        )?.unwrap_or_default();
        let longer = $crate::oracles::longer(&bytes);
        $crate::oracles::round_trip(
            &value,
            &bytes,
            |v, e| v.pack(e $($(, $form)+)? $(, $argument)*),
            |c| $type::unpack(c $($(, $form)+)? $(, $argument)*),
        )?;
        $crate::oracles::truncation(&bytes, |c| $type::unpack(c $($(, $form)+)? $(, $argument)*), end)?;
        $crate::oracles::trailing(&value, &longer, |c| $type::unpack(c $($(, $form)+)? $(, $argument)*), end)?;
        $crate::attacks::each("", &bytes, &*$g, &|bytes: &[u8]| {
            let again = $crate::settling::random_bytes(
                bytes,
                |c| $type::unpack(c $($(, $form)+)? $(, $argument)*),
                |v, e| v.pack(e $($(, $form)+)? $(, $argument)*),
            )?;
            let Some((_, again)) = again else { return Ok(()) };
            let value = $crate::settling::settled(&again, |c| $type::unpack(c $($(, $form)+)? $(, $argument)*))?;
            let bytes = $crate::oracles::packed(
                &value,
                |v, e| v.pack(e $($(, $form)+)? $(, $argument)*),
                |v| v.packed_size($($($form),+)?),
            )?.unwrap_or_default();
            $crate::oracles::stable(
                &value,
                &bytes,
                |c| $type::unpack(c $($(, $form)+)? $(, $argument)*),
                |v, e| v.pack(e $($(, $form)+)? $(, $argument)*),
            )
        })?;
        Ok(())
    }};
}

/// The value of bytes that were packed.
///
/// # Errors
/// When they are none.
pub fn settled<'a, T>(
    bytes: &'a [u8],
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> Result<T, Broken> {
    unpack(&mut Cursor::new(bytes)).map_err(|error| broken("what was packed unpacks", bytes, error))
}

/// As [`oracles::random_bytes`](crate::oracles::random_bytes), with room for what is decompressed.
///
/// # Errors
/// When it does not hold.
pub fn random_bytes<'a, T: Debug>(
    bytes: &'a [u8],
    unpack: impl Fn(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl Fn(&T, &mut runtime::Encoder) -> Result<(), PackError>,
) -> Result<Option<(T, Vec<u8>)>, Broken> {
    random_bytes_within(MEMORY_AT_LEAST, bytes, unpack, pack)
}
