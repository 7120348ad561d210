//! Property rows: cells in the form of their columns (MS-OXCDATA 2.8.1).

use protocol::oxcdata::{
    ErrorCode, FlaggedCell, FlaggedPropertyValue, FlaggedPropertyValueWithType, PropertyRow, PropertyTag, PropertyType,
    PropertyValue, TypedPropertyValue, WireForm,
};

use super::values::{Cell, is_sized};

/// Bytes of all values together from which on those of [`BIG`] bytes are left out.
const TOGETHER: usize = 28 * 1024;

/// Bytes of a value that is left out when all together are too long.
const BIG: usize = 4 * 1024;

/// A row of these cells, one a column: a standard row when all have values, a flagged one otherwise.
pub(super) fn property_row(columns: &[PropertyTag], cells: Vec<Cell>) -> PropertyRow<'static> {
    if cells.iter().all(Result::is_ok) {
        let values = columns.iter().zip(cells.into_iter().flatten());
        return PropertyRow::StandardPropertyRow(values.map(|(column, value)| standard(*column, value)).collect());
    }
    let cells = columns.iter().zip(cells).map(|(column, cell)| flagged(*column, cell));
    PropertyRow::FlaggedPropertyRow(cells.collect())
}

fn standard(column: PropertyTag, value: PropertyValue<'static>) -> PropertyValue<'static> {
    if column.property_type() != PropertyType::PTYP_UNSPECIFIED {
        return value;
    }
    let typed = TypedPropertyValue { property_type: value.property_type(), property_value: value };
    PropertyValue::PtypUnspecified(typed.into())
}

fn flagged(column: PropertyTag, cell: Cell) -> FlaggedCell<'static> {
    let untyped = column.property_type() == PropertyType::PTYP_UNSPECIFIED;
    let (property_type, value) = match cell {
        Ok(value) => (value.property_type(), FlaggedPropertyValue::Present(value)),
        Err(code) => (PropertyType::PTYP_ERROR_CODE, FlaggedPropertyValue::Error(code)),
    };
    if untyped {
        FlaggedCell::Untyped(FlaggedPropertyValueWithType { property_type, value })
    } else {
        FlaggedCell::Typed(value)
    }
}

/// Leaves long values out, to be read as streams (MS-OXCPRPT 2.2.3.2, 3.1.4.5): those over the limit that
/// the client gave (0: none), those of 4 KiB and more when all together pass 28 KiB, and the longest ones
/// as long as the cells have no room.
pub(super) fn limit_cells(cells: &mut [Cell], property_size_limit: u16, room: usize) {
    let limit = usize::from(property_size_limit);
    if limit > 0 {
        leave_out(cells, |size| size > limit);
    }
    if total(cells) > TOGETHER {
        leave_out(cells, |size| size >= BIG);
    }
    while total(cells) > room {
        let longest = cells.iter().filter_map(sized).max();
        let Some(longest) = longest else { return };
        leave_out(cells, |size| size == longest);
    }
}

/// Bytes of a value that may be left out.
fn sized(cell: &Cell) -> Option<usize> {
    // An error takes as many bytes as the shortest values.
    const ERROR: usize = 4;
    let value = cell.as_ref().ok().filter(|value| is_sized(value))?;
    Some(value.packed_size(WireForm::Rop)).filter(|size| *size > ERROR)
}

fn leave_out(cells: &mut [Cell], which: impl Fn(usize) -> bool) {
    for cell in cells {
        if sized(cell).is_some_and(&which) {
            *cell = Err(ErrorCode::EC_MAPIOOM);
        }
    }
}

/// Bytes of the cells, each with the flag or tag that goes with it.
fn total(cells: &[Cell]) -> usize {
    const AROUND: usize = 4;
    cells.iter().map(|cell| AROUND + cell.as_ref().map_or(4, |value| value.packed_size(WireForm::Rop))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::value::{binary, string};

    const UNTYPED: PropertyTag = PropertyTag(0x0037_0000);
    const SUBJECT: PropertyTag = PropertyTag(0x0037_001F);

    #[test]
    fn rows_are_standard_when_all_values_are_there() {
        let row = property_row(&[SUBJECT], vec![Ok(string("a"))]);
        assert_eq!(row, PropertyRow::StandardPropertyRow(vec![string("a")]));
    }

    #[test]
    fn rows_are_flagged_when_one_value_is_missing() {
        let row = property_row(&[SUBJECT, UNTYPED], vec![Err(ErrorCode::EC_NOT_FOUND), Ok(string("a"))]);
        let untyped = FlaggedPropertyValueWithType {
            property_type: PropertyType::PTYP_STRING,
            value: FlaggedPropertyValue::Present(string("a")),
        };
        let cells = vec![
            FlaggedCell::Typed(FlaggedPropertyValue::Error(ErrorCode::EC_NOT_FOUND)),
            FlaggedCell::Untyped(untyped),
        ];
        assert_eq!(row, PropertyRow::FlaggedPropertyRow(cells));
    }

    #[test]
    fn values_over_the_limit_of_the_client_are_left_out() {
        let mut cells = vec![Ok(binary(vec![0; 50])), Ok(binary(vec![0; 200])), Ok(PropertyValue::PtypInteger32(1))];
        limit_cells(&mut cells, 100, 1000);
        assert!(cells.first().is_some_and(Result::is_ok));
        assert_eq!(cells.get(1), Some(&Err(ErrorCode::EC_MAPIOOM)));
        assert!(cells.get(2).is_some_and(Result::is_ok));
    }

    #[test]
    fn big_values_are_left_out_when_all_together_pass_28_kib() {
        let mut cells = vec![Ok(binary(vec![0; 3 * 1024]))];
        cells.extend((0..5).map(|_| Ok(binary(vec![0; 6 * 1024]))));
        limit_cells(&mut cells, 0, 1 << 20);
        assert!(cells.first().is_some_and(Result::is_ok));
        assert!(cells.iter().skip(1).all(|cell| *cell == Err(ErrorCode::EC_MAPIOOM)));
    }

    #[test]
    fn the_longest_values_are_left_out_until_the_rest_has_room() {
        let mut cells = vec![Ok(binary(vec![0; 900])), Ok(binary(vec![0; 300])), Ok(binary(vec![0; 200]))];
        limit_cells(&mut cells, 0, 600);
        assert_eq!(cells.first(), Some(&Err(ErrorCode::EC_MAPIOOM)));
        assert!(cells.iter().skip(1).all(Result::is_ok));
    }
}
