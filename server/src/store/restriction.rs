//! Whether a row matches a restriction: all kinds of MS-OXCDATA 2.12, evaluated in memory.
//!
//! A condition on a property that is not there does not hold; only NotRestriction turns that around.

use std::cmp::Ordering;
use std::collections::HashMap;

use protocol::oxcdata::{PropertyTag, PropertyType, PropertyValue, Restriction, TaggedPropertyValue};

use super::value::{self, MULTIVALUE_INSTANCE};
use super::{Result, StoreError, collate, tags};

/// Relational operators (MS-OXCDATA 2.12.5.1).
mod rel_op {
    pub const LT: u8 = 0x00;
    pub const LE: u8 = 0x01;
    pub const GT: u8 = 0x02;
    pub const GE: u8 = 0x03;
    pub const EQ: u8 = 0x04;
    pub const NE: u8 = 0x05;
}

/// Fuzzy levels of ContentRestriction (MS-OXCDATA 2.12.4.1).
mod fuzzy_level {
    pub const FULL_STRING: u16 = 0x0000;
    pub const SUBSTRING: u16 = 0x0001;
    pub const PREFIX: u16 = 0x0002;
    pub const IGNORE_CASE: u16 = 0x0001;
    pub const IGNORE_NON_SPACE: u16 = 0x0002;
    pub const LOOSE: u16 = 0x0004;
}

/// Operators of BitMaskRestriction (MS-OXCDATA 2.12.7.1).
const BMR_EQZ: u8 = 0x00;
const BMR_NEZ: u8 = 0x01;

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
            Restriction::AndRestriction { restricts } => {
                for part in restricts {
                    if !self.evaluate(part, row)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Restriction::OrRestriction { restricts } => {
                for part in restricts {
                    if self.evaluate(part, row)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Restriction::NotRestriction { restriction } => Ok(!self.evaluate(restriction, row)?),
            Restriction::ContentRestriction { fuzzy_level_low, fuzzy_level_high, property_tag, tagged_value } => {
                let stored = row.property(row_tag(*property_tag))?;
                Ok(stored.is_some_and(|stored| {
                    self.content(&stored, tagged_value, *fuzzy_level_low, *fuzzy_level_high)
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
                Ok((bits & mask != 0) == (*bitmap_rel_op == BMR_NEZ))
            }
            Restriction::SizeRestriction { rel_op, prop_tag, size } => {
                let stored = row.size(*prop_tag)?;
                Ok(stored.is_some_and(|stored| holds(*rel_op, stored.cmp(&u64::from(*size)))))
            }
            Restriction::ExistRestriction { prop_tag } => Ok(row.size(*prop_tag)?.is_some()),
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
    fn content(&self, stored: &PropertyValue<'_>, wanted: &TaggedPropertyValue<'_>, low: u16, high: u16) -> bool {
        let wanted = &wanted.property_value;
        value::elements(stored).iter().any(|stored| match (stored, wanted) {
            (PropertyValue::PtypBinary(stored), PropertyValue::PtypBinary(wanted)) => match low {
                fuzzy_level::FULL_STRING => stored == wanted,
                fuzzy_level::PREFIX => stored.starts_with(wanted),
                _ => contains(stored, wanted),
            },
            _ => match (value::text(stored, self.code_page), value::text(wanted, self.code_page)) {
                (Some(stored), Some(wanted)) => {
                    let (stored, wanted) = (fold(&stored, high), fold(&wanted, high));
                    match low {
                        fuzzy_level::FULL_STRING => stored == wanted,
                        fuzzy_level::PREFIX => stored.starts_with(&wanted),
                        _ => stored.contains(&wanted),
                    }
                }
                _ => false,
            },
        })
    }

    /// PropertyRestriction: lists compare with lists, and with a single value when any element does.
    fn relation(&self, stored: &PropertyValue<'_>, rel_op: u8, wanted: &PropertyValue<'_>) -> bool {
        let compare = |stored: &PropertyValue<'_>| {
            collate::compare(stored, wanted, self.code_page).is_some_and(|ordering| holds(rel_op, ordering))
        };
        compare(stored) || (is_list(stored) && !is_list(wanted) && value::elements(stored).iter().any(compare))
    }
}

fn is_list(value: &PropertyValue<'_>) -> bool {
    value::type_of(value).0 & value::MULTIVALUE != 0
}

/// A column that has one row a value is looked up as the list that it is.
fn row_tag(tag: PropertyTag) -> PropertyTag {
    let kind = tag.property_type().0;
    tag.with_property_type(PropertyType(kind & !MULTIVALUE_INSTANCE))
}

fn holds(rel_op: u8, ordering: Ordering) -> bool {
    match rel_op {
        rel_op::LT => ordering.is_lt(),
        rel_op::LE => ordering.is_le(),
        rel_op::GT => ordering.is_gt(),
        rel_op::GE => ordering.is_ge(),
        rel_op::EQ => ordering.is_eq(),
        rel_op::NE => ordering.is_ne(),
        _ => false,
    }
}

fn fold(text: &str, high: u16) -> String {
    let loose = high & fuzzy_level::LOOSE != 0;
    let marks = loose || high & fuzzy_level::IGNORE_NON_SPACE != 0;
    let case = loose || high & fuzzy_level::IGNORE_CASE != 0;
    match (case, marks) {
        (true, true) => collate::fold_marks(text),
        (true, false) => collate::fold_case(text),
        (false, true) => collate::strip_marks(text),
        (false, false) => text.to_owned(),
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
    let check_rel_op = |op: u8| match op {
        rel_op::LT..=rel_op::NE => Ok(()),
        0x06 | 0x64 => Err(StoreError::Unsupported("this relational operator")),
        _ => Err(StoreError::InvalidParameter("relational operator")),
    };
    match restriction {
        Restriction::AndRestriction { restricts } | Restriction::OrRestriction { restricts } => {
            restricts.iter().try_for_each(|part| validate(part, depth + 1))
        }
        Restriction::NotRestriction { restriction } => validate(restriction, depth + 1),
        Restriction::ContentRestriction { fuzzy_level_low, .. } => {
            if *fuzzy_level_low <= fuzzy_level::PREFIX {
                Ok(())
            } else {
                Err(StoreError::InvalidParameter("fuzzy level"))
            }
        }
        Restriction::PropertyRestriction { rel_op, .. }
        | Restriction::ComparePropertiesRestriction { rel_op, .. }
        | Restriction::SizeRestriction { rel_op, .. } => check_rel_op(*rel_op),
        Restriction::BitMaskRestriction { bitmap_rel_op, .. } => match *bitmap_rel_op {
            BMR_EQZ | BMR_NEZ => Ok(()),
            _ => Err(StoreError::InvalidParameter("bit mask operator")),
        },
        Restriction::ExistRestriction { .. } => Ok(()),
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

// FULL_STRING and SUBSTRING differ in the low word only; the third is PREFIX.
const _: () = assert!(fuzzy_level::SUBSTRING < fuzzy_level::PREFIX);

#[cfg(test)]
#[path = "restriction_tests.rs"]
mod tests;
