//! Conditions on what the rows of a table show and no store keeps: entry ids, keys, rights (MS-OXCTABL 3.2.5.4).
//!
//! They are put in terms of what the store has, or decided at once where they hold for all rows or for none.

use protocol::oxcdata::{
    ErrorCode, FolderEntryId, MessageEntryId, PropertyTag, PropertyValue, RelOp, Restriction, TaggedPropertyValue,
};
use protocol::oxcperm::MemberRights;
use runtime::Cursor;

use super::entry_ids::raw_of_instance_key;
use super::errors::of_query;
use super::known::Known;
use super::objects::{OpenMailbox, Source};
use super::properties::means;
use crate::store::restriction::{Matcher, PropertySource};
use crate::store::{self, ids, tags as t};

/// The table whose rows conditions are about.
pub(super) struct Conditions<'m> {
    pub(super) mailbox: &'m OpenMailbox,
    pub(super) source: Source,
    pub(super) code_page: u16,
}

impl Conditions<'_> {
    /// A restriction that means to the store what the client means.
    pub(super) fn for_store(&self, restriction: Restriction<'static>) -> Result<Restriction<'static>, ErrorCode> {
        use Restriction as R;
        let inner = |restriction: Box<Restriction<'static>>| self.for_store(*restriction).map(Box::new);
        let all = |parts: Vec<Restriction<'static>>| -> Result<Vec<_>, ErrorCode> {
            parts.into_iter().map(|part| self.for_store(part)).collect()
        };
        Ok(match restriction {
            R::AndRestriction(parts) => R::AndRestriction(all(parts)?),
            R::OrRestriction(parts) => R::OrRestriction(all(parts)?),
            R::NotRestriction(restriction) => R::NotRestriction(inner(restriction)?),
            R::CommentRestriction { tagged_values, restriction } => {
                R::CommentRestriction { tagged_values, restriction: restriction.map(inner).transpose()? }
            }
            R::CountRestriction { count, sub_restriction } => {
                R::CountRestriction { count, sub_restriction: inner(sub_restriction)? }
            }
            // Recipients and attachments are another kind of row.
            R::SubObjectRestriction { .. } | R::ComparePropertiesRestriction { .. } => restriction,
            R::ContentRestriction { property_tag: tag, .. }
            | R::PropertyRestriction { prop_tag: tag, .. }
            | R::BitMaskRestriction { prop_tag: tag, .. }
            | R::SizeRestriction { prop_tag: tag, .. }
            | R::ExistRestriction(tag) => self.condition(restriction, tag)?,
        })
    }

    /// A condition on one property.
    fn condition(
        &self,
        condition: Restriction<'static>,
        asked: PropertyTag,
    ) -> Result<Restriction<'static>, ErrorCode> {
        let Some(row) = self.row() else { return Ok(condition) };
        let Some(tag) = row.row_tag(asked) else { return self.condition_on_stored(condition, row, asked) };
        let equality = match &condition {
            Restriction::PropertyRestriction { rel_op, tagged_value, .. } => match &tagged_value.property_value {
                PropertyValue::PtypBinary(id) => Some((*rel_op, id.as_ref())),
                _ => None,
            },
            _ => None,
        };
        match equality {
            Some((rel_op @ (RelOp::RELATIONAL_OPERATOR_EQUAL | RelOp::RELATIONAL_OPERATOR_NOT_EQUAL), id))
                if is_of_row(row, tag) =>
            {
                Ok(match self.stored_id(tag, id)? {
                    Some((tag, id)) => id_is(rel_op, tag, id),
                    None => always(rel_op == RelOp::RELATIONAL_OPERATOR_NOT_EQUAL),
                })
            }
            _ => {
                // Where the values differ from row to row, their sizes do not.
                self.holds(&condition, row, tag).map(always)
            }
        }
    }

    /// A condition on a property that the store may have and that rows show also where it has not.
    fn condition_on_stored(
        &self,
        condition: Restriction<'static>,
        row: Known,
        asked: PropertyTag,
    ) -> Result<Restriction<'static>, ErrorCode> {
        match row.default_tag(asked) {
            Some(tag @ t::PID_TAG_ATTRIBUTE_HIDDEN) if self.holds(&condition, row, tag)? => {
                let missing = Restriction::NotRestriction(Box::new(Restriction::ExistRestriction(tag)));
                Ok(Restriction::OrRestriction(vec![condition, missing]))
            }
            _ => Ok(condition),
        }
    }

    /// Whether a condition holds for the value that all rows have.
    fn holds(&self, condition: &Restriction<'_>, row: Known, tag: PropertyTag) -> Result<bool, ErrorCode> {
        let example = Example { tag, value: row.value(self.mailbox, tag)? };
        let holds = Matcher::new(condition, self.code_page).and_then(|mut matcher| matcher.matches(&example));
        holds.map_err(of_query)
    }

    /// Any row of the table.
    fn row(&self) -> Option<Known> {
        match self.source {
            Source::Hierarchy { folder, .. } => Some(Known::Folder(folder, MemberRights::default())),
            Source::Contents { folder, .. } => {
                let (rights, depth) = (self.mailbox.rights(folder).unwrap_or_default(), 0);
                Some(Known::Message { folder, id: ids::message_id(0), saved: true, writable: true, rights, depth })
            }
            Source::Attachments { .. } | Source::Permissions { .. } => None,
        }
    }

    /// The property of the store that has the id in an entry id or key, and the id; `None` when no row has it.
    fn stored_id(&self, tag: PropertyTag, id: &[u8]) -> Result<Option<(PropertyTag, u64)>, ErrorCode> {
        let folders = matches!(self.source, Source::Hierarchy { .. });
        let own = if folders { t::PID_TAG_FOLDER_ID } else { t::PID_TAG_MID };
        let parent = tag == t::PID_TAG_PARENT_ENTRY_ID;
        if tag == t::PID_TAG_INSTANCE_KEY {
            return Ok(raw_of_instance_key(id).map(|raw| (own, raw)));
        }
        let (raw, again) = match self.source {
            Source::Contents { folder, search, .. } => {
                let Ok(parsed) = MessageEntryId::unpack(&mut Cursor::new(id)) else { return Ok(None) };
                let message = ids::message_id(parsed.message_global_counter);
                // What a search folder shows is in other folders.
                let folder = if search { ids::folder_id(parsed.folder_global_counter) } else { folder };
                (message.0, self.mailbox.message_entry_id(folder, message)?)
            }
            _ => {
                let Ok(parsed) = FolderEntryId::unpack(&mut Cursor::new(id)) else { return Ok(None) };
                let folder = ids::folder_id(parsed.global_counter);
                (folder.0, self.mailbox.folder_entry_id(folder)?)
            }
        };
        // An entry id of another mailbox may have the same counter.
        let stored = if parent { t::PID_TAG_PARENT_FOLDER_ID } else { own };
        Ok((again == id).then_some((stored, raw)))
    }
}

/// Whether each row has its own value.
fn is_of_row(row: Known, tag: PropertyTag) -> bool {
    let own = [t::PID_TAG_ENTRY_ID, t::PID_TAG_RECORD_KEY, t::PID_TAG_INSTANCE_KEY];
    own.contains(&tag) || (matches!(row, Known::Folder(..)) && tag == t::PID_TAG_PARENT_ENTRY_ID)
}

fn id_is(rel_op: RelOp, tag: PropertyTag, id: u64) -> Restriction<'static> {
    let property_value = PropertyValue::PtypInteger64(ids::as_integer(id));
    let tagged_value = TaggedPropertyValue { property_tag: tag, property_value };
    Restriction::PropertyRestriction { rel_op, prop_tag: tag, tagged_value }
}

/// What holds for every row, or for none.
fn always(holds: bool) -> Restriction<'static> {
    if holds { Restriction::AndRestriction(Vec::new()) } else { Restriction::OrRestriction(Vec::new()) }
}

/// A row of one property.
struct Example {
    tag: PropertyTag,
    value: Option<PropertyValue<'static>>,
}

impl PropertySource for Example {
    fn property(&self, tag: PropertyTag) -> store::Result<Option<PropertyValue<'static>>> {
        Ok(self.value.clone().filter(|_| means(self.tag, tag)))
    }

    fn sub_objects(&self, _subobject: PropertyTag) -> store::Result<Vec<Box<dyn PropertySource + '_>>> {
        Ok(Vec::new())
    }
}
