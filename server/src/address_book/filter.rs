//! Which objects meet a condition (MS-OXNSPI 3.1.4.1.10, MS-OXCDATA 2.12).

use std::cmp::Ordering;

use protocol::oxcdata::{BitmapRelOp, ErrorCode, FuzzyLevelHigh, FuzzyLevelLow, RelOp};
use protocol::oxcmapihttp::{
    AddressBookBinary, AddressBookPropertyValue, AddressBookRestriction, AddressBookString, AddressBookString8,
};

use super::book::{Entry, View};
use super::properties::{Form, Value};
use crate::store::collate::{fold_case, fold_marks};
use crate::store::tags as t;

/// A value that a condition compares with.
pub(super) fn operand(value: &AddressBookPropertyValue<'_>, form: Form) -> Option<Value> {
    use AddressBookPropertyValue as V;
    Some(match value {
        V::PtypInteger32(value) => Value::Integer(*value),
        V::PtypBoolean(value) => Value::Boolean(*value),
        V::PtypString(AddressBookString::Present(text)) => Value::Text(text.to_string()),
        V::PtypString8(AddressBookString8::Present(text)) => Value::Text(text.decode(form.code_page).into_owned()),
        V::PtypBinary(AddressBookBinary::Present(bytes)) => Value::Binary(bytes.to_vec()),
        _ => return None,
    })
}

fn compare(own: &Value, other: &Value) -> Option<Ordering> {
    Some(match (own, other) {
        (Value::Integer(own), Value::Integer(other)) => own.cmp(other),
        (Value::Boolean(own), Value::Boolean(other)) => own.cmp(other),
        (Value::Text(own), Value::Text(other)) => fold_case(own).cmp(&fold_case(other)),
        (Value::Binary(own), Value::Binary(other)) => own.cmp(other),
        _ => return None,
    })
}

fn holds(order: Ordering, operator: RelOp) -> Result<bool, ErrorCode> {
    Ok(match operator {
        RelOp::RELATIONAL_OPERATOR_LESS_THAN => order.is_lt(),
        RelOp::RELATIONAL_OPERATOR_LESS_THAN_OR_EQUAL => order.is_le(),
        RelOp::RELATIONAL_OPERATOR_GREATER_THAN => order.is_gt(),
        RelOp::RELATIONAL_OPERATOR_GREATER_THAN_OR_EQUAL => order.is_ge(),
        RelOp::RELATIONAL_OPERATOR_EQUAL => order.is_eq(),
        RelOp::RELATIONAL_OPERATOR_NOT_EQUAL => order.is_ne(),
        _ => return Err(ErrorCode::EC_TOO_COMPLEX),
    })
}

/// Whether an object meets a condition.
///
/// # Errors
/// ecTooComplex for conditions that no object of the address book is asked about.
pub(super) fn matches(
    view: &View,
    entry: &Entry,
    restriction: &AddressBookRestriction<'_>,
    form: Form,
) -> Result<bool, ErrorCode> {
    use AddressBookRestriction as R;
    Ok(match restriction {
        R::AndRestriction(all) => {
            for one in all {
                if !matches(view, entry, one, form)? {
                    return Ok(false);
                }
            }
            true
        }
        R::OrRestriction(all) => {
            for one in all {
                if matches(view, entry, one, form)? {
                    return Ok(true);
                }
            }
            false
        }
        R::NotRestriction(one) => !matches(view, entry, one, form)?,
        R::PropertyRestriction { rel_op, prop_tag, tagged_value } => {
            let other = operand(&tagged_value.property_value, form).ok_or(ErrorCode::EC_TOO_COMPLEX)?;
            if prop_tag.property_id() == t::PID_TAG_ANR.property_id() {
                let Value::Text(name) = other else { return Err(ErrorCode::EC_TOO_COMPLEX) };
                return Ok(view.named(&name).iter().any(|found| found.id == entry.id));
            }
            match entry.value(prop_tag.property_id(), form).and_then(|own| compare(&own, &other)) {
                Some(order) => holds(order, *rel_op)?,
                None => false,
            }
        }
        R::ContentRestriction { fuzzy_level_low, fuzzy_level_high, property_tag, tagged_value } => {
            let other = operand(&tagged_value.property_value, form).ok_or(ErrorCode::EC_TOO_COMPLEX)?;
            let Value::Text(other) = other else { return Err(ErrorCode::EC_TOO_COMPLEX) };
            match entry.value(property_tag.property_id(), form) {
                Some(Value::Text(own)) => contains(&own, &other, *fuzzy_level_low, *fuzzy_level_high)?,
                _ => false,
            }
        }
        R::ExistRestriction(tag) => entry.value(tag.property_id(), form).is_some(),
        R::BitMaskRestriction { bitmap_rel_op, prop_tag, mask } => match entry.value(prop_tag.property_id(), form) {
            Some(Value::Integer(own)) => {
                let zero = own.cast_unsigned() & mask == 0;
                match *bitmap_rel_op {
                    BitmapRelOp::BMR_EQZ => zero,
                    BitmapRelOp::BMR_NEZ => !zero,
                    _ => return Err(ErrorCode::EC_TOO_COMPLEX),
                }
            }
            _ => false,
        },
        R::ComparePropertiesRestriction { rel_op, prop_tag1, prop_tag2 } => {
            let (one, two) = (entry.value(prop_tag1.property_id(), form), entry.value(prop_tag2.property_id(), form));
            match one.zip(two).and_then(|(one, two)| compare(&one, &two)) {
                Some(order) => holds(order, *rel_op)?,
                None => false,
            }
        }
        _ => return Err(ErrorCode::EC_TOO_COMPLEX),
    })
}

fn contains(own: &str, other: &str, low: FuzzyLevelLow, high: FuzzyLevelHigh) -> Result<bool, ErrorCode> {
    let (own, other) = if high.contains(FuzzyLevelHigh::FL_IGNORENONSPACE) || high.contains(FuzzyLevelHigh::FL_LOOSE) {
        (fold_marks(own), fold_marks(other))
    } else if high.contains(FuzzyLevelHigh::FL_IGNORECASE) {
        (fold_case(own), fold_case(other))
    } else {
        (own.to_owned(), other.to_owned())
    };
    Ok(match low {
        FuzzyLevelLow::FL_FULLSTRING => own == other,
        FuzzyLevelLow::FL_SUBSTRING => own.contains(&other),
        FuzzyLevelLow::FL_PREFIX => own.starts_with(&other),
        _ => return Err(ErrorCode::EC_TOO_COMPLEX),
    })
}
