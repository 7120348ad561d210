//! Ranges of MS-OXNSPI 2.2.2 to 2.2.4: the largest counts are packed and read, one more is neither.

use protocol::nspi::*;
use runtime::UnpackErrorKind;
use runtime::ndr::{NdrCursor, NdrEncoder, Representation};

use super::record;

const MOST_BYTES: u32 = 2_097_152;
const MOST_VALUES: u32 = 100_000;

macro_rules! limit {
    ($test:expr, $most:expr, $statements:expr, $type:ident, $make:expr, $at:expr) => {{
        let most = $make($most);
        let mut e = NdrEncoder::new(Representation::NDR);
        most.pack(&mut e).unwrap();
        let bytes = e.finish();
        assert_eq!($type::unpack(&mut NdrCursor::new(&bytes, Representation::NDR)).unwrap(), most);
        assert!($make($most + 1).pack(&mut NdrEncoder::new(Representation::NDR)).is_err());
        // The count alone is enough to refuse it.
        let mut more = bytes;
        more[$at..$at + 4].copy_from_slice(&($most + 1_u32).to_le_bytes());
        let error = $type::unpack(&mut NdrCursor::new(&more, Representation::NDR)).unwrap_err();
        assert!(matches!(error.kind(), UnpackErrorKind::InvalidValue { .. }), "{}: {error}", stringify!($type));
        record($test, $statements);
    }};
}

#[test]
fn counts_have_the_limits_of_the_document() {
    const TEST: &str = "counts_have_the_limits_of_the_document";
    let binary = |cb: u32| BinaryR { cb, lpb: Some(vec![0x5A; cb as usize].into()) };
    limit!(TEST, MOST_BYTES, &["R146", "R187", "R203"], BinaryR, binary, 0);
    let strings = |count: u32| StringArrayR { c_values: count, lppsz_a: Some(vec![None; count as usize]) };
    limit!(TEST, MOST_VALUES, &["R158", "R201"], StringArrayR, strings, 0);
    let binaries = |count: u32| {
        let none = BinaryR { cb: 0, lpb: None };
        BinaryArrayR { c_values: count, lpbin: Some(vec![none; count as usize]) }
    };
    limit!(TEST, MOST_VALUES, &["R163", "R204"], BinaryArrayR, binaries, 0);
    let wide = |count: u32| WStringArrayR { c_values: count, lppsz_w: Some(vec![None; count as usize]) };
    limit!(TEST, MOST_VALUES, &["R171", "R210"], WStringArrayR, wide, 0);
    let row = |count: u32| {
        let value = PropertyValueR { ul_prop_tag: 0x3900_0003, ul_reserved: 0, value: PropValUnion::L(6) };
        PropertyRowR { reserved: 0, c_values: count, lp_props: Some(vec![value; count as usize]) }
    };
    limit!(TEST, MOST_VALUES, &["R230"], PropertyRowR, row, 4);
    let rows = |count: u32| {
        let row = PropertyRowR { reserved: 0, c_values: 0, lp_props: None };
        PropertyRowSetR { a_row: vec![row; count as usize] }
    };
    limit!(TEST, MOST_VALUES, &["R236"], PropertyRowSetR, rows, 4);
}

#[test]
fn a_condition_nests_to_a_limit() {
    let nested = |levels: usize| {
        let exists =
            RestrictionUnionR::ResExist(ExistRestrictionR { ul_reserved1: 0, ul_prop_tag: 1, ul_reserved2: 0 });
        let mut condition = RestrictionR { rt: 8, res: exists };
        for _ in 1..levels {
            let res = RestrictionUnionR::ResNot(NotRestrictionR { lp_res: Some(Box::new(condition)) });
            condition = RestrictionR { rt: 2, res };
        }
        let mut e = NdrEncoder::new(Representation::NDR);
        condition.pack(&mut e).map(|()| e.finish())
    };
    // Each level is a condition, the union of its kinds and the kind.
    let most = (1..100).take_while(|levels| nested(*levels).is_ok()).last().unwrap();
    assert!((20..=64 / 3 + 1).contains(&most), "{most}");
    let bytes = nested(most).unwrap();
    assert!(RestrictionR::unpack(&mut NdrCursor::new(&bytes, Representation::NDR)).is_ok());
}
