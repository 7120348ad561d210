//! Restrictions in SQL, where that is exact; what is left is evaluated row by row.

use protocol::oxcdata::{BitmapRelOp, PropertyTag, PropertyType, PropertyValue, RelOp, Restriction};
use rusqlite::types::Value;

use super::property::{INLINE, range};
use crate::store::computed::{ObjectKind, computed_tag};
use crate::store::restriction::Matcher;
use crate::store::{Result, tags, value::MULTIVALUE_INSTANCE};

/// Which messages match: a condition on the rows of `message`, and matchers for what SQL cannot say.
pub(super) struct Filter<'a> {
    /// For a WHERE clause, without parameters of the caller: positions count from [`Filter::first`].
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
    pub(super) matchers: Vec<Matcher<'a>>,
    first: usize,
}

impl<'a> Filter<'a> {
    /// The filter of a restriction whose parameters are numbered from `first`.
    ///
    /// # Errors
    /// As [`Matcher::new`].
    pub(super) fn new(restriction: Option<&'a Restriction<'a>>, code_page: u16, first: usize) -> Result<Self> {
        let mut filter = Self { sql: "1".to_owned(), values: Vec::new(), matchers: Vec::new(), first };
        let Some(restriction) = restriction else { return Ok(filter) };
        let matcher = Matcher::new(restriction, code_page)?;
        if counts(restriction) {
            // Which rows are counted depends on what else is looked at first.
            filter.matchers.push(matcher);
            return Ok(filter);
        }
        let parts = match restriction {
            Restriction::AndRestriction(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in parts {
            let before = filter.values.len();
            match filter.exact(part) {
                Some(sql) => filter.sql = format!("{} AND {sql}", filter.sql),
                None => {
                    filter.values.truncate(before);
                    filter.matchers.push(Matcher::new(part, code_page)?);
                }
            }
        }
        Ok(filter)
    }

    /// A parameter with this value.
    fn value(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.first + self.values.len() - 1)
    }

    /// The same condition in SQL.
    fn exact(&mut self, restriction: &Restriction<'_>) -> Option<String> {
        match restriction {
            Restriction::AndRestriction(parts) => self.joined(parts, " AND ", "1"),
            Restriction::OrRestriction(parts) => self.joined(parts, " OR ", "0"),
            Restriction::NotRestriction(part) => Some(format!("NOT ({})", self.exact(part)?)),
            Restriction::CommentRestriction { restriction, .. } => match restriction {
                Some(part) => self.exact(part),
                None => Some("1".to_owned()),
            },
            Restriction::ExistRestriction(tag) => self.stored(*tag, "1"),
            Restriction::PropertyRestriction { rel_op, prop_tag, tagged_value } => {
                self.relation(*prop_tag, *rel_op, &tagged_value.property_value)
            }
            Restriction::BitMaskRestriction { bitmap_rel_op, prop_tag, mask } => {
                let operator = if *bitmap_rel_op == BitmapRelOp::BMR_NEZ { "<>" } else { "=" };
                let bits = match prop_tag.property_type() {
                    PropertyType::PTYP_INTEGER32 => *mask,
                    PropertyType::PTYP_INTEGER16 => *mask & 0xFFFF,
                    _ => return None,
                };
                let bits = self.value(Value::Integer(i64::from(bits)));
                self.condition(*prop_tag, &|value| format!("{value} & {bits} {operator} 0"))
            }
            _ => None,
        }
    }

    fn joined(&mut self, parts: &[Restriction<'_>], operator: &str, none: &str) -> Option<String> {
        let parts = parts.iter().map(|part| self.exact(part)).collect::<Option<Vec<_>>>()?;
        Some(if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(operator)) })
    }

    fn relation(&mut self, tag: PropertyTag, rel_op: RelOp, wanted: &PropertyValue<'_>) -> Option<String> {
        let operator = match rel_op {
            RelOp::RELATIONAL_OPERATOR_LESS_THAN => "<",
            RelOp::RELATIONAL_OPERATOR_LESS_THAN_OR_EQUAL => "<=",
            RelOp::RELATIONAL_OPERATOR_GREATER_THAN => ">",
            RelOp::RELATIONAL_OPERATOR_GREATER_THAN_OR_EQUAL => ">=",
            RelOp::RELATIONAL_OPERATOR_EQUAL => "=",
            RelOp::RELATIONAL_OPERATOR_NOT_EQUAL => "<>",
            _ => return None,
        };
        if let PropertyValue::PtypBinary(wanted) = wanted {
            let comparable = tag.property_type() == PropertyType::PTYP_BINARY && wanted.len() <= INLINE;
            if !comparable || !["=", "<>"].contains(&operator) {
                return None;
            }
            let wanted = self.value(Value::Blob(wanted.to_vec()));
            // A value that is not in its row is longer.
            let longer = if operator == "=" { "" } else { " OR value IS NULL" };
            return self.stored(tag, &format!("(value {operator} {wanted}{longer})"));
        }
        let number = integer(wanted)?;
        let unsigned = match tag.property_type() {
            PropertyType::PTYP_TIME => true,
            PropertyType::PTYP_INTEGER16
            | PropertyType::PTYP_INTEGER32
            | PropertyType::PTYP_INTEGER64
            | PropertyType::PTYP_CURRENCY
            | PropertyType::PTYP_BOOLEAN => false,
            _ => return None,
        };
        if unsigned && number < 0 {
            return None;
        }
        let wanted = self.value(Value::Integer(number));
        // Times after the year 30,000 are negative here.
        self.condition(tag, &|value| match operator {
            "<" | "<=" if unsigned => format!("({value} >= 0 AND {value} {operator} {wanted})"),
            ">" | ">=" if unsigned => format!("({value} < 0 OR {value} {operator} {wanted})"),
            _ => format!("{value} {operator} {wanted}"),
        })
    }

    /// A condition on a whole number, which is in the message's row or in a property's.
    fn condition(&mut self, tag: PropertyTag, condition: &dyn Fn(&str) -> String) -> Option<String> {
        match computed_tag(ObjectKind::Message, tag) {
            Some(own) => Some(format!("({})", condition(column(own)?))),
            None => self.stored(tag, &condition("value")),
        }
    }

    /// A condition on the row of a stored property, which does not hold where there is none.
    fn stored(&mut self, tag: PropertyTag, condition: &str) -> Option<String> {
        if computed_tag(ObjectKind::Message, tag).is_some() || tag.property_type().0 & MULTIVALUE_INSTANCE != 0 {
            return None;
        }
        let (low, high) = range(tag);
        Some(format!(
            "EXISTS (SELECT 1 FROM property WHERE object = message.object AND tag BETWEEN {} AND {} AND {condition})",
            low.0, high.0
        ))
    }
}

/// A whole number that SQLite has.
fn integer(value: &PropertyValue<'_>) -> Option<i64> {
    use PropertyValue as V;
    Some(match value {
        V::PtypInteger16(v) => i64::from(*v),
        V::PtypInteger32(v) => i64::from(*v),
        V::PtypInteger64(v) | V::PtypCurrency(v) => *v,
        V::PtypBoolean(v) => i64::from(*v),
        V::PtypTime(v) => i64::try_from(v.0).ok()?,
        _ => return None,
    })
}

/// What computes a property in the row of a message.
fn column(tag: PropertyTag) -> Option<&'static str> {
    Some(match tag {
        tags::PID_TAG_MESSAGE_SIZE => "min(message.size, 2147483647)",
        tags::PID_TAG_MESSAGE_SIZE_EXTENDED => "message.size",
        tags::PID_TAG_CREATION_TIME => "message.created",
        tags::PID_TAG_LAST_MODIFICATION_TIME => "message.modified",
        tags::PID_TAG_READ => "(message.flags & 1)",
        tags::PID_TAG_HAS_ATTACHMENTS => "(message.attachment_count > 0)",
        tags::PID_TAG_ASSOCIATED => "message.associated",
        tags::PID_TAG_MESSAGE_FLAGS => {
            "(message.flags | (message.attachment_count > 0) * 16 | message.associated * 64)"
        }
        _ => return None,
    })
}

/// Whether a restriction counts rows anywhere.
pub(super) fn counts(restriction: &Restriction<'_>) -> bool {
    match restriction {
        Restriction::AndRestriction(parts) | Restriction::OrRestriction(parts) => parts.iter().any(counts),
        Restriction::NotRestriction(part) => counts(part),
        Restriction::SubObjectRestriction { restriction, .. } => counts(restriction),
        Restriction::CommentRestriction { restriction, .. } => restriction.as_ref().is_some_and(|part| counts(part)),
        Restriction::CountRestriction { .. } => true,
        _ => false,
    }
}
