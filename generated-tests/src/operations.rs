//! What has to hold for every operation: what stands around its bodies, in requests and in replies.

use std::fmt::Debug;

use protocol::rops::RopRequest;
use runtime::{Cursor, Encoder, PackError, UnpackError};

use crate::layout::Plain as _;
use crate::oracles::{Broken, broken, same};
use crate::runs::applied;

/// A way to pack something.
pub type Pack<'p> = &'p dyn Fn(&mut Encoder) -> Result<(), PackError>;

/// A way to unpack a reply: whether it is the one that was packed, and how many bytes were left.
pub type Again<'p> = &'p dyn Fn(&[u8]) -> Result<(bool, usize), UnpackError>;

/// A request is its RopId and its body; it is found by that number again, and says who it is.
///
/// # Errors
/// When it is not.
pub fn request(id: u8, name: &str, request: &RopRequest<'_>, body: Pack<'_>) -> Result<(), Broken> {
    applied("header of a request");
    let mut e = Encoder::new();
    if body(&mut e).is_err() {
        // Why, the oracles of the body say.
        return Ok(());
    }
    let expected = [&[id], e.as_slice()].concat();
    let mut e = Encoder::new();
    let packed = request.pack(&mut e);
    if packed.is_err() || e.as_slice() != expected {
        return Err(broken(
            "a request is its RopId and its body",
            &expected,
            format_args!("{packed:?}, {:02x?}", e.as_slice()),
        ));
    }
    if request.packed_size() != expected.len() {
        return Err(broken("a request takes as many bytes as it says", &expected, request.packed_size()));
    }
    let mut c = Cursor::new(&expected);
    match RopRequest::unpack(&mut c) {
        Ok(again) if same(&again, request) && c.is_empty() => {}
        other => return Err(broken("a RopId gives its request", &expected, format_args!("{other:#?}"))),
    }
    let said = request.rop_id();
    if said.0 != id || said.name() != Some(name) {
        return Err(broken("a request says which it is", &expected, format_args!("{said:?}")));
    }
    if expected.get(1) != Some(&request.logon_id()) {
        return Err(broken("a request says which logon it is for", &expected, request.logon_id()));
    }
    let owned = request.clone().into_owned();
    if !same(&owned, request) {
        return Err(broken("a request independent of the buffer is the same", &expected, format_args!("{owned:#?}")));
    }
    Ok(())
}

/// A reply is its RopId, its handle index, its ReturnValue and its body.
///
/// # Errors
/// When it is not.
pub fn reply<R: PartialEq + Debug>(
    (id, index, code): (u8, u8, u32),
    reply: &R,
    pack: Pack<'_>,
    body: Pack<'_>,
    again: Again<'_>,
) -> Result<(), Broken> {
    applied("header of a reply");
    let mut e = Encoder::new();
    if body(&mut e).is_err() {
        return Ok(());
    }
    let mut expected = vec![id, index];
    code.put(&mut expected);
    expected.extend(e.as_slice());
    let mut e = Encoder::new();
    let packed = pack(&mut e);
    if packed.is_err() || e.as_slice() != expected {
        let detail = format_args!("{packed:?}, {:02x?}\n{reply:#?}", e.as_slice());
        return Err(broken("a reply is RopId, handle index, ReturnValue and body", &expected, detail));
    }
    match again(&expected[1..]) {
        Ok((true, 0)) => Ok(()),
        other => Err(broken("a reply comes back", &expected, format_args!("{other:?}\n{reply:#?}"))),
    }
}

/// [`reply`] of a handle index of choices: RopId, ReturnValue, result, body, and what packs and unpacks it.
#[macro_export]
macro_rules! reply {
    ($g:ident, $id:literal, $code:literal, $result:expr, $body:expr, $pack:ident, $unpack:ident $(, $argument:expr)*) => {{
        let reply = runtime::rop::Reply { handle_index: $g.u8(), result: $result };
        $crate::operations::reply(
            ($id, reply.handle_index, $code),
            &reply,
            &|e| $pack(&reply, e $(, $argument)*),
            &$body,
            &|bytes| {
                let mut c = runtime::Cursor::new(bytes);
                let again = $unpack(&mut c $(, $argument)*)?;
                Ok(($crate::oracles::same(&again, &reply), c.remaining()))
            },
        )?;
    }};
}
