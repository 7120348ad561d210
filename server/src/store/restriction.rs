//! Whether a row matches a restriction: all kinds of MS-OXCDATA 2.12, evaluated in memory.
//!
//! A condition on a property that is not there does not hold; only NotRestriction turns that around.

use std::cmp::Ordering;
use std::collections::HashMap;

use protocol::oxcdata::{
    BitmapRelOp, FuzzyLevelHigh, FuzzyLevelLow, PropertyTag, PropertyType, PropertyValue, RelOp, Restriction,
};

use super::value::{self, MULTIVALUE_INSTANCE};
use super::{Result, StoreError, collate, tags};

/// Restrictions nested deeper than this do not match anything a client means.
const MAX_DEPTH: usize = 256;

/// A row that a restriction can look at.
pub trait PropertySource {
    /// The whole value of a property; PtypUnspecified and the two string types find as in
    /// [`super::Mailbox::properties`].
    ///
    /// # Errors
    /// When it cannot be read.
    fn property(&self, tag: PropertyTag) -> Result<Option<PropertyValue<'static>>>;

    /// The size of a property as [`value::size_of`] counts, without reading it when it is large.
    ///
    /// # Errors
    /// When it cannot be read.
    fn size(&self, tag: PropertyTag) -> Result<Option<u64>> {
        Ok(self.property(tag)?.map(|value| value::size_of(&value)))
    }

    /// The recipients or attachments, for PidTagMessageRecipients or PidTagMessageAttachments; an object
    /// that has none such gives an empty list.
    ///
    /// # Errors
    /// When they cannot be read.
    fn sub_objects(&self, subobject: PropertyTag) -> Result<Vec<Box<dyn PropertySource + '_>>>;
}

/// Matches rows one after the other; CountRestriction makes it remember.
#[derive(Debug)]
pub struct Matcher<'a> {
    restriction: &'a Restriction<'a>,
    code_page: u16,
    /// For each CountRestriction, by its address, how many rows it may still let through.
    remaining: HashMap<usize, u32>,
}

impl<'a> Matcher<'a> {
    /// A matcher of this restriction whose 8-bit strings are in this code page.
    ///
    /// # Errors
    /// `Unsupported` for operators that no server property has (regular expressions, membership of
    /// distribution lists) and for deep nesting; `InvalidParameter` for operators that do not exist.
    pub fn new(restriction: &'a Restriction<'a>, code_page: u16) -> Result<Self> {
        validate(restriction, 0)?;
        Ok(Self { restriction, code_page, remaining: HashMap::new() })
    }

    /// Whether the next row matches.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn matches(&mut self, row: &dyn PropertySource) -> Result<bool> {
        self.evaluate(self.restriction, row)
    }

    fn evaluate(&mut self, restriction: &Restriction<'_>, row: &dyn PropertySource) -> Result<bool> {
        match restriction {
            Restriction::AndRestriction(restricts) => {
                for part in restricts {
                    if !self.evaluate(part, row)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Restriction::OrRestriction(restricts) => {
                for part in restricts {
                    if self.evaluate(part, row)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Restriction::NotRestriction(restriction) => Ok(!self.evaluate(restriction, row)?),
            Restriction::ContentRestriction { fuzzy_level_low, fuzzy_level_high, property_tag, tagged_value } => {
                let stored = row.property(row_tag(*property_tag))?;
                Ok(stored.is_some_and(|stored| {
                    self.content(&stored, &tagged_value.property_value, *fuzzy_level_low, *fuzzy_level_high)
                }))
            }
            Restriction::PropertyRestriction { rel_op, prop_tag, tagged_value } => {
                let stored = row.property(row_tag(*prop_tag))?;
                Ok(stored.is_some_and(|stored| self.relation(&stored, *rel_op, &tagged_value.property_value)))
            }
            Restriction::ComparePropertiesRestriction { rel_op, prop_tag1, prop_tag2 } => {
                let (first, second) = (row.property(row_tag(*prop_tag1))?, row.property(row_tag(*prop_tag2))?);
                Ok(match (first, second) {
                    (Some(first), Some(second)) => collate::compare(&first, &second, self.code_page)
                        .is_some_and(|ordering| holds(*rel_op, ordering)),
                    _ => false,
                })
            }
            Restriction::BitMaskRestriction { bitmap_rel_op, prop_tag, mask } => {
                let bits = match row.property(*prop_tag)? {
                    Some(PropertyValue::PtypInteger32(v)) => v.cast_unsigned(),
                    Some(PropertyValue::PtypInteger16(v)) => u32::from(v.cast_unsigned()),
                    _ => return Ok(false),
                };
                Ok((bits & mask != 0) == (*bitmap_rel_op == BitmapRelOp::BMR_NEZ))
            }
            Restriction::SizeRestriction { rel_op, prop_tag, size } => {
                let stored = row.size(*prop_tag)?;
                Ok(stored.is_some_and(|stored| holds(*rel_op, stored.cmp(&u64::from(*size)))))
            }
            Restriction::ExistRestriction(prop_tag) => Ok(row.size(*prop_tag)?.is_some()),
            Restriction::SubObjectRestriction { subobject, restriction } => {
                for object in row.sub_objects(*subobject)? {
                    if self.evaluate(restriction, object.as_ref())? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Restriction::CommentRestriction { restriction, .. } => match restriction {
                Some(restriction) => self.evaluate(restriction, row),
                None => Ok(true),
            },
            Restriction::CountRestriction { count, sub_restriction } => {
                let key = std::ptr::from_ref(restriction).addr();
                let left = *self.remaining.entry(key).or_insert(*count);
                if left == 0 || !self.evaluate(sub_restriction, row)? {
                    return Ok(false);
                }
                self.remaining.insert(key, left - 1);
                Ok(true)
            }
        }
    }

    /// ContentRestriction: any value of a list is enough.
    fn content(
        &self,
        stored: &PropertyValue<'_>,
        wanted: &PropertyValue<'_>,
        low: FuzzyLevelLow,
        high: FuzzyLevelHigh,
    ) -> bool {
        value::elements(stored).iter().any(|stored| match (stored, wanted) {
            (PropertyValue::PtypBinary(stored), PropertyValue::PtypBinary(wanted)) => match low {
                FuzzyLevelLow::FL_FULLSTRING => stored == wanted,
                FuzzyLevelLow::FL_PREFIX | FuzzyLevelLow::FL_PREFIX_ON_ANY_WORD => stored.starts_with(wanted),
                _ => contains(stored, wanted),
            },
            _ => match (value::text(stored, self.code_page), value::text(wanted, self.code_page)) {
                (Some(stored), Some(wanted)) => content_of_text(&fold(&stored, high), &fold(&wanted, high), low),
                _ => false,
            },
        })
    }

    /// PropertyRestriction: lists compare with lists, and with a single value when any element does.
    fn relation(&self, stored: &PropertyValue<'_>, rel_op: RelOp, wanted: &PropertyValue<'_>) -> bool {
        let compare = |stored: &PropertyValue<'_>| {
            collate::compare(stored, wanted, self.code_page).is_some_and(|ordering| holds(rel_op, ordering))
        };
        compare(stored) || (is_list(stored) && !is_list(wanted) && value::elements(stored).iter().any(compare))
    }
}

fn is_list(value: &PropertyValue<'_>) -> bool {
    value.property_type().0 & value::MULTIVALUE != 0
}

/// A column that has one row a value is looked up as the list that it is.
fn row_tag(tag: PropertyTag) -> PropertyTag {
    let kind = tag.property_type().0;
    tag.with_property_type(PropertyType(kind & !MULTIVALUE_INSTANCE))
}

fn holds(rel_op: RelOp, ordering: Ordering) -> bool {
    match rel_op {
        RelOp::RELATIONAL_OPERATOR_LESS_THAN => ordering.is_lt(),
        RelOp::RELATIONAL_OPERATOR_LESS_THAN_OR_EQUAL => ordering.is_le(),
        RelOp::RELATIONAL_OPERATOR_GREATER_THAN => ordering.is_gt(),
        RelOp::RELATIONAL_OPERATOR_GREATER_THAN_OR_EQUAL => ordering.is_ge(),
        RelOp::RELATIONAL_OPERATOR_EQUAL => ordering.is_eq(),
        RelOp::RELATIONAL_OPERATOR_NOT_EQUAL => ordering.is_ne(),
        _ => false,
    }
}

fn fold(text: &str, high: FuzzyLevelHigh) -> String {
    let has = |flag: FuzzyLevelHigh| high.0 & flag.0 != 0;
    let loose = has(FuzzyLevelHigh::FL_LOOSE);
    let marks = loose || has(FuzzyLevelHigh::FL_IGNORENONSPACE);
    let case = loose || has(FuzzyLevelHigh::FL_IGNORECASE);
    match (case, marks) {
        (true, true) => collate::fold_marks(text),
        (true, false) => collate::fold_case(text),
        (false, true) => collate::strip_marks(text),
        (false, false) => text.to_owned(),
    }
}

fn content_of_text(stored: &str, wanted: &str, low: FuzzyLevelLow) -> bool {
    let at_word = |position: usize| {
        let before = stored.get(..position).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric())
    };
    let ends_word = |position: usize| {
        let after = stored.get(position..).and_then(|after| after.chars().next());
        after.is_none_or(|c| !c.is_alphanumeric())
    };
    match low {
        FuzzyLevelLow::FL_FULLSTRING => stored == wanted,
        FuzzyLevelLow::FL_PREFIX => stored.starts_with(wanted),
        FuzzyLevelLow::FL_PREFIX_ON_ANY_WORD => stored.match_indices(wanted).any(|(position, _)| at_word(position)),
        FuzzyLevelLow::FL_PHRASE_MATCH => {
            stored.match_indices(wanted).any(|(position, found)| at_word(position) && ends_word(position + found.len()))
        }
        _ => stored.contains(wanted),
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || haystack.windows(needle.len()).any(|window| window == needle)
}

/// Refuses what cannot be evaluated before the first row, so that a reply does not depend on the rows.
fn validate(restriction: &Restriction<'_>, depth: usize) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(StoreError::Unsupported("a restriction of this depth"));
    }
    let check_rel_op = |op: RelOp| match op {
        RelOp(0..=5) => Ok(()),
        // The regular expressions of early drafts, and distribution lists.
        RelOp(6) | RelOp::RELATIONAL_OPERATOR_MEMBER_OF_DL => Err(StoreError::Unsupported("this relational operator")),
        _ => Err(StoreError::InvalidParameter("relational operator")),
    };
    match restriction {
        Restriction::AndRestriction(restricts) | Restriction::OrRestriction(restricts) => {
            restricts.iter().try_for_each(|part| validate(part, depth + 1))
        }
        Restriction::NotRestriction(restriction) => validate(restriction, depth + 1),
        Restriction::ContentRestriction { fuzzy_level_low, .. } => {
            let known = FuzzyLevelLow::NAMES.iter().any(|(level, _)| *level == fuzzy_level_low.0);
            if known { Ok(()) } else { Err(StoreError::InvalidParameter("fuzzy level")) }
        }
        Restriction::PropertyRestriction { rel_op, .. }
        | Restriction::ComparePropertiesRestriction { rel_op, .. }
        | Restriction::SizeRestriction { rel_op, .. } => check_rel_op(*rel_op),
        Restriction::BitMaskRestriction { bitmap_rel_op, .. } => match *bitmap_rel_op {
            BitmapRelOp::BMR_EQZ | BitmapRelOp::BMR_NEZ => Ok(()),
            _ => Err(StoreError::InvalidParameter("bit mask operator")),
        },
        Restriction::ExistRestriction(_) => Ok(()),
        Restriction::SubObjectRestriction { subobject, restriction } => match *subobject {
            tags::PID_TAG_MESSAGE_RECIPIENTS | tags::PID_TAG_MESSAGE_ATTACHMENTS => validate(restriction, depth + 1),
            _ => Err(StoreError::Unsupported("a restriction on these sub-objects")),
        },
        Restriction::CommentRestriction { restriction, .. } => {
            restriction.as_ref().map_or(Ok(()), |restriction| validate(restriction, depth + 1))
        }
        Restriction::CountRestriction { sub_restriction, .. } => validate(sub_restriction, depth + 1),
    }
}

#[cfg(test)]
#[path = "restriction_tests.rs"]
mod tests;
