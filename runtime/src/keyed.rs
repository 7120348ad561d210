//! Requests that travel alone, told apart by a key beside them: MAPI over HTTP.

use crate::{Cursor, Encoder, PackError, UnpackError};

/// A request with the key that says which it is, as the header X-RequestType of MAPI over HTTP does.
pub trait KeyedRequest {
    /// The key.
    const KEY: &'static str;
    /// The answer when it succeeds.
    type Response<'a>;
    /// The answer when it fails.
    type Failure<'a>;

    /// The bytes of the request.
    ///
    /// # Errors
    /// When its fields contradict each other.
    fn to_body(&self) -> Result<Vec<u8>, PackError>;

    /// Reads the answer, which its status says to be one of success or of failure.
    ///
    /// # Errors
    /// When the bytes are not such an answer, or more than one.
    fn read_reply(bytes: &[u8]) -> Result<Result<Self::Response<'_>, Self::Failure<'_>>, UnpackError>;
}

/// Packs a body of its own.
///
/// # Errors
/// What `pack` fails with.
pub fn to_body(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Result<Vec<u8>, PackError> {
    let mut e = Encoder::new();
    pack(&mut e)?;
    Ok(e.finish().to_vec())
}

/// Unpacks what has to take all bytes.
///
/// # Errors
/// What `unpack` fails with, or `TrailingBytes`.
pub fn read_all<'a, T>(
    bytes: &'a [u8],
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> Result<T, UnpackError> {
    let mut c = Cursor::new(bytes);
    let value = unpack(&mut c)?;
    c.finish()?;
    Ok(value)
}

/// Makes a request type a [`KeyedRequest`]. The number is how many bytes the status has, with which a reply
/// begins; a family without one has no failures.
#[macro_export]
macro_rules! keyed_request {
    ($a:lifetime, $request:ty, $key:expr, $response:ident $(<$ra:lifetime>)?) => {
        $crate::keyed_request!(@ $a, $request, $key, $response $(<$ra>)?, std::convert::Infallible, bytes, {
            $crate::keyed::read_all(bytes, $response::unpack).map(Ok)
        });
    };
    ($a:lifetime, $request:ty, $key:expr, $response:ident $(<$ra:lifetime>)?, $failure:ident $(<$fa:lifetime>)?, $status:literal) => {
        $crate::keyed_request!(@ $a, $request, $key, $response $(<$ra>)?, $failure $(<$fa>)?, bytes, {
            if bytes.iter().take($status).all(|byte| *byte == 0) {
                $crate::keyed::read_all(bytes, $response::unpack).map(Ok)
            } else {
                $crate::keyed::read_all(bytes, $failure::unpack).map(Err)
            }
        });
    };
    (@ $a:lifetime, $request:ty, $key:expr, $response:ty, $failure:ty, $bytes:ident, $read:block) => {
        impl $crate::keyed::KeyedRequest for $request {
            const KEY: &'static str = $key;
            type Response<$a> = $response;
            type Failure<$a> = $failure;

            fn to_body(&self) -> Result<Vec<u8>, $crate::PackError> {
                $crate::keyed::to_body(|e| self.pack(e))
            }

            fn read_reply($bytes: &[u8]) -> Result<Result<Self::Response<'_>, Self::Failure<'_>>, $crate::UnpackError> {
                $read
            }
        }
    };
}
