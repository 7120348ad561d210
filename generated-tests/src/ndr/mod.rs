//! Values, oracles and samples of interfaces of `encoding(ndr)`.
//!
//! A generated module lists its structures, unions and operations as tables ([`Structure`], [`Operation`]), each with
//! a check of all oracles and a source of samples: [`structure`] and [`operation`] run the ones, [`samples`] the others.

mod choices;
mod oracles;
mod samples;

pub use choices::Wide;
pub use oracles::{
    Again, Independent, any_bytes, keeps_rules, owned, packed, packed_in, round_trip, second_pass, truncation,
};
pub use samples::{Sample, samples};

use runtime::PackError;
use runtime::ndr::Representation;

use crate::choices::{Choices, MAX_WORDS};
use crate::oracles::{Bound, Broken};
use crate::runs::{self, applied};

/// The representations that everything is tried in.
pub const REPRESENTATIONS: [Representation; 3] =
    [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64];

/// Their names in filed cases.
pub const SLOTS: [&str; 3] = ["NDR", "NDR_BIG_ENDIAN", "NDR64"];

/// The bytes of a value in the order of [`REPRESENTATIONS`].
pub type Bytes = [Vec<u8>; 3];

/// The bytes of a request and of the response to it.
pub type Exchange = [Vec<u8>; 2];

/// A structure or a union with what can be done with it.
#[derive(Clone, Copy, Debug)]
pub struct Structure {
    /// As the description spells it.
    pub name: &'static str,
    /// Makes a value and tries every oracle; how many bytes it has in NDR 2.0.
    pub check: fn(&mut Choices) -> Result<Checked, Broken>,
    /// Makes a value and packs it.
    pub sample: fn(&mut Choices) -> Result<Bytes, PackError>,
    /// How many of these bytes a value takes; `None` where they are none.
    pub size: fn(&[u8], Representation) -> Option<usize>,
}

/// An operation with what can be done with it.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// As the description spells it.
    pub name: &'static str,
    /// Makes a request and a response and tries every oracle.
    pub check: fn(&mut Choices) -> Result<Checked, Broken>,
    /// Makes a request and a response and packs them.
    pub sample: fn(&mut Choices) -> Result<[Bytes; 2], PackError>,
    /// The bytes are a request.
    pub asks: fn(&[u8], Representation) -> bool,
    /// The second bytes are a response to the request in the first.
    pub answers: fn(&[u8], &[u8], Representation) -> bool,
    /// A request and a response to it, unpacked and packed again.
    pub again: fn(&[u8], &[u8], Representation) -> Option<Exchange>,
}

/// Whether a value was one that can be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It was, and every oracle agreed.
    Whole,
    /// It contradicted itself.
    Contradicts,
}

/// An entry of the table of structures: name, function that makes a value, type; `computed` before them where fields
/// are computed when it is packed, whatever their values.
#[macro_export]
macro_rules! ndr_structure {
    (computed $($rest:tt)*) => { $crate::ndr_structure!(@ false, $($rest)*) };
    ($name:literal $($rest:tt)*) => { $crate::ndr_structure!(@ true, $name $($rest)*) };
    (@ $exact:literal, $name:literal, $make:expr, $type:ident) => {
        $crate::ndr::Structure {
            name: $name,
            sample: |g| $crate::ndr::packed(&$make(g), |v, e| v.pack(e)),
            size: |bytes, representation| {
                let mut c = runtime::ndr::NdrCursor::new(bytes, representation);
                $type::unpack(&mut c).ok().map(|_| c.offset())
            },
            check: |g| {
                let value = $make(g);
                $crate::ndr_holds!(g, $exact, value, |v, e| v.pack(e), |c| $type::unpack(c), g.levels());
                Ok($crate::ndr::Checked::Whole)
            },
        }
    };
}

/// An entry of the table of operations: name, types and functions of request and response; `request` at the end where
/// the response cannot be read without it; `computed` as with structures.
#[macro_export]
macro_rules! ndr_operation {
    (computed $($rest:tt)*) => { $crate::ndr_operation!(@ false, $($rest)*) };
    ($name:literal $($rest:tt)*) => { $crate::ndr_operation!(@ true, $name $($rest)*) };
    (@ $exact:literal, $name:literal, $request:ident, $make:expr, $response:ident, $answer:expr $(, $needs:ident)?) => {
        $crate::ndr::Operation {
            name: $name,
            sample: |g| {
                let request = $make(g);
                let response = $answer(g, &request);
                let first = $crate::ndr::packed(&request, |v, e| v.pack(e))?;
                $(let $needs = &request;)?
                Ok([first, $crate::ndr::packed(&response, |v, e| v.pack(e $(, $needs)?))?])
            },
            asks: |bytes, representation| $request::decode(bytes, representation).is_ok(),
            answers: |request, bytes, representation| {
                let Ok(request) = $request::decode(request, representation) else { return false };
                _ = &request;
                $(let $needs = &request;)?
                $response::decode(bytes, representation $(, $needs)?).is_ok()
            },
            again: |request, response, representation| {
                let request = $request::decode(request, representation).ok()?;
                $(let $needs = &request;)?
                let response = $response::decode(response, representation $(, $needs)?).ok()?;
                let first = $crate::ndr::packed_in(&request, representation, |v, e| v.pack(e))?;
                let second = $crate::ndr::packed_in(&response, representation, |v, e| v.pack(e $(, $needs)?))?;
                Some([first, second])
            },
            check: |g| {
                let request = $make(g);
                let wrong = $crate::choices::broke();
                let response = $answer(g, &request);
                $(let $needs = &request;)?
                // Where only the response breaks a rule, the request was tried before.
                if wrong || !$crate::choices::broke() {
                    $crate::ndr_holds!(g, $exact, request, |v, e| v.pack(e), |c| $request::unpack(c));
                }
                $crate::ndr_holds!(
                    g,
                    $exact,
                    response,
                    |v, e| v.pack(e $(, $needs)?),
                    |c| $response::unpack(c $(, $needs)?)
                );
                Ok($crate::ndr::Checked::Whole)
            },
        }
    };
}

/// Every oracle in every representation, in a function that answers `Result<_, Broken>`; `true` where what is unpacked
/// is what was packed, and not only what is packed the same.
#[macro_export]
macro_rules! ndr_holds {
    ($g:expr, $exact:literal, $value:expr, $pack:expr, $unpack:expr) => {
        $crate::ndr_holds!($g, $exact, $value, $pack, $unpack, 0)
    };
    ($g:expr, $exact:literal, $value:expr, $pack:expr, $unpack:expr, $levels:expr) => {{
        #[allow(unused_imports, reason = "types that borrow have one of their own")]
        use $crate::ndr::Independent as _;
        let value = &$value;
        let Ok(all) = $crate::ndr::packed(value, $pack) else { return Ok($crate::ndr::Checked::Contradicts) };
        $crate::ndr::keeps_rules(value, &all)?;
        for ((representation, slot), bytes) in
            $crate::ndr::REPRESENTATIONS.into_iter().zip($crate::ndr::SLOTS).zip(&all)
        {
            $crate::ndr::round_trip($exact.then_some(value), representation, bytes, $pack, $unpack)?;
            $crate::nesting::ndr_nesting($levels, representation, value, bytes, $pack, $unpack)?;
            $crate::ndr::owned(representation, bytes, $unpack, |value| value.into_owned(), $pack)?;
            $crate::ndr::truncation(representation, bytes, $unpack)?;
            $crate::attacks::each(slot, bytes, $g, &|bytes: &[u8]| match $crate::ndr::any_bytes(
                representation,
                bytes,
                $unpack,
                $pack,
            )? {
                Some(first) => $crate::ndr::second_pass($exact, representation, &first, $unpack, $pack),
                None => Ok(()),
            })?;
        }
    }};
}

/// Values of each type that are tried, where `PROPTEST_CASES` does not say it.
const CASES: u32 = 48;

/// Tries every oracle on values of a structure or a union; of the elements of its lists and what is boxed in it the size
/// in memory and the fewest bytes on the wire.
///
/// # Panics
/// With the smallest choices for which one does not hold, and where most values contradict themselves: then the
/// functions that make them are of no use.
pub fn structure(structure: &Structure, elements: &[(usize, usize)]) {
    property(structure.name, elements, structure.check);
}

/// Tries every oracle on requests and responses of an operation.
///
/// # Panics
/// As [`structure`].
pub fn operation(operation: &Operation, elements: &[(usize, usize)]) {
    property(operation.name, elements, operation.check);
}

fn property(name: &str, elements: &[(usize, usize)], check: fn(&mut Choices) -> Result<Checked, Broken>) {
    let _bound = Bound::of(elements);
    let (whole, tried) = (std::cell::Cell::new(0u32), std::cell::Cell::new(0u32));
    runs::run(Some(CASES), MAX_WORDS, &|g| {
        let checked = check(g)?;
        tried.set(tried.get() + 1);
        whole.set(whole.get() + u32::from(checked == Checked::Whole));
        g.breaking().map_or(Ok(()), |mut g| {
            applied("a rule broken");
            check(&mut g).map(drop)
        })
    });
    assert!(whole.get() > tried.get() / 2, "{name}: of {} values only {} can be packed", tried.get(), whole.get());
}
