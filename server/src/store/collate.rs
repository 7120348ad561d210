//! Which value comes before another: in sort orders and relational restrictions.

use std::cmp::Ordering;

use protocol::oxcdata::PropertyValue;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::value;

/// A value in a form that can be ordered; a value that is missing comes before all others.
///
/// Text is ordered without case, by letters first and by their marks where letters are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SortKey {
    /// No value.
    Missing,
    /// Whole numbers, booleans, times.
    Integer(i128),
    /// Floating point numbers, mapped so that integer order is IEEE 754 total order.
    Float(i64),
    /// Text: without marks, then with them where there are any.
    Text(String, String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Lists, element by element.
    List(Vec<SortKey>),
}

impl SortKey {
    /// The key of a value; 8-bit text is read in this code page.
    #[must_use]
    pub fn new(value: Option<&PropertyValue<'_>>, code_page: u16) -> Self {
        use PropertyValue as V;
        let Some(value) = value else { return Self::Missing };
        match value {
            // Conditions and actions have no order.
            V::PtypNull | V::PtypObject | V::PtypRestriction(_) | V::PtypRuleAction(_) => Self::Missing,
            V::PtypUnspecified(typed) => Self::new(Some(&typed.property_value), code_page),
            V::PtypInteger16(v) => Self::Integer(i128::from(*v)),
            V::PtypInteger32(v) => Self::Integer(i128::from(*v)),
            V::PtypInteger64(v) | V::PtypCurrency(v) => Self::Integer(i128::from(*v)),
            V::PtypErrorCode(v) => Self::Integer(i128::from(v.0)),
            V::PtypBoolean(v) => Self::Integer(i128::from(*v)),
            V::PtypTime(v) => Self::Integer(i128::from(v.0)),
            V::PtypFloating32(v) => Self::float(f64::from(*v)),
            V::PtypFloating64(v) | V::PtypFloatingTime(v) => Self::float(*v),
            V::PtypString(text) => Self::text(&text.to_text()),
            V::PtypString8(text) => Self::text(&text.decode(code_page)),
            V::PtypGuid(guid) => Self::Bytes(guid.0.to_vec()),
            V::PtypServerId(v) | V::PtypBinary(v) => Self::Bytes(v.to_vec()),
            list => {
                Self::List(value::elements(list).iter().map(|element| Self::new(Some(element), code_page)).collect())
            }
        }
    }

    /// The key of text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let letters = fold_marks(text);
        let marks = if text.is_ascii() { String::new() } else { fold_case(text) };
        let marks = if marks == letters { String::new() } else { marks };
        Self::Text(letters, marks)
    }

    fn float(value: f64) -> Self {
        // Negative numbers have their magnitude's bits flipped; -0.0 equals 0.0 in restrictions.
        let bits = (value + 0.0).to_bits().cast_signed();
        Self::Float(if bits < 0 { bits ^ i64::MAX } else { bits })
    }
}

/// How two values are ordered; `None` when one is missing or their types have nothing in common.
#[must_use]
pub fn compare(a: &PropertyValue<'_>, b: &PropertyValue<'_>, code_page: u16) -> Option<Ordering> {
    let (a, b) = (SortKey::new(Some(a), code_page), SortKey::new(Some(b), code_page));
    let comparable = !matches!(a, SortKey::Missing) && std::mem::discriminant(&a) == std::mem::discriminant(&b);
    comparable.then(|| a.cmp(&b))
}

/// Text without case.
#[must_use]
pub fn fold_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Text without case and without marks on letters.
#[must_use]
pub fn fold_marks(text: &str) -> String {
    fold_case(&strip_marks(text))
}

/// Text without marks on letters.
#[must_use]
pub fn strip_marks(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { text.nfd().filter(|c| !is_combining_mark(*c)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::value::{binary, string};
    use runtime::FileTime;

    fn sorted(mut values: Vec<PropertyValue<'static>>) -> Vec<PropertyValue<'static>> {
        values.sort_by_key(|value| SortKey::new(Some(value), 1252));
        values
    }

    #[test]
    fn text_is_ordered_without_case_and_marks_decide_last() {
        let words = ["zeta", "Étage", "etage", "Apfel", "äpfel", "Berg"].map(string).to_vec();
        let expected = ["Apfel", "äpfel", "Berg", "etage", "Étage", "zeta"].map(string).to_vec();
        assert_eq!(sorted(words), expected);
    }

    #[test]
    fn negative_numbers_come_first() {
        let numbers = [1.5, -2.0, 0.0, -7.25, f64::NEG_INFINITY].map(PropertyValue::PtypFloating64).to_vec();
        let expected = [f64::NEG_INFINITY, -7.25, -2.0, 0.0, 1.5].map(PropertyValue::PtypFloating64).to_vec();
        assert_eq!(sorted(numbers), expected);
        let equal = compare(&PropertyValue::PtypFloating64(-0.0), &PropertyValue::PtypFloating64(0.0), 1252);
        assert_eq!(equal, Some(Ordering::Equal));
    }

    #[test]
    fn times_are_unsigned() {
        let late = PropertyValue::PtypTime(FileTime(u64::MAX));
        assert_eq!(compare(&late, &PropertyValue::PtypTime(FileTime(1)), 1252), Some(Ordering::Greater));
    }

    #[test]
    fn missing_values_come_first() {
        assert!(SortKey::new(None, 1252) < SortKey::new(Some(&PropertyValue::PtypInteger32(i32::MIN)), 1252));
        assert!(SortKey::new(None, 1252) < SortKey::new(Some(&string("")), 1252));
    }

    #[test]
    fn unlike_types_do_not_compare() {
        assert_eq!(compare(&string("1"), &PropertyValue::PtypInteger32(1), 1252), None);
        assert_eq!(compare(&binary(vec![1]), &string("a"), 1252), None);
        assert_eq!(compare(&PropertyValue::PtypNull, &PropertyValue::PtypNull, 1252), None);
    }

    #[test]
    fn eight_bit_text_is_read_in_its_code_page() {
        let cyrillic = PropertyValue::PtypString8(runtime::String8::new(vec![0xCF, 0xF0, 0xE8]));
        assert_eq!(compare(&cyrillic, &string("ПРИ"), 1251), Some(Ordering::Equal));
        assert_ne!(compare(&cyrillic, &string("ПРИ"), 1252), Some(Ordering::Equal));
    }
}
