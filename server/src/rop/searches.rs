//! Search folders (MS-OXCFOLD 3.2.5.4, 3.2.5.5).

use protocol::oxcdata::{
    ErrorCode, FolderId, PropertyTag, PropertyType, PropertyValue, Restriction, TaggedPropertyValue,
};
use protocol::oxcfold::{
    RopGetSearchCriteriaRequest, RopGetSearchCriteriaResponse, RopSetSearchCriteriaRequest, SearchRequestFlags,
    SearchResponseFlags,
};
use protocol::oxcperm::MemberRights;

use super::errors::{of_open_object, of_query};
use super::objects::Folder;
use super::values::{narrow, widen};
use crate::store::{FolderType, SearchCriteria};

/// Fails for a folder that does not search.
fn check_search(folder: &Folder) -> Result<(), ErrorCode> {
    let stored = folder.mailbox.mailbox.folder(folder.id).map_err(of_open_object)?;
    if stored.folder_type == FolderType::Search { Ok(()) } else { Err(ErrorCode::EC_NOT_SEARCH_FOLDER) }
}

/// Whether one of two bits that exclude each other is set; the second is the default.
fn either(flags: SearchRequestFlags, first: SearchRequestFlags, second: SearchRequestFlags) -> Result<bool, ErrorCode> {
    match (flags.contains(first), flags.contains(second)) {
        (true, true) => Err(ErrorCode::EC_INVALID_PARAM),
        (set, _) => Ok(set),
    }
}

/// Tells a search folder what to look for. What the request leaves out stays as it was.
pub(super) fn set(folder: &Folder, request: &RopSetSearchCriteriaRequest<'_>) -> Result<(), ErrorCode> {
    use SearchRequestFlags as F;
    check_search(folder)?;
    folder.mailbox.require(folder.id, MemberRights::FOLDER_OWNER)?;
    let flags = request.search_flags;
    let known = F::NAMES.iter().fold(0, |known, (bit, _)| known | bit);
    if flags.0 & !known != 0 {
        return Err(ErrorCode::EC_INVALID_PARAM);
    }
    let stops = either(flags, F::STOP_SEARCH, F::RESTART_SEARCH)?;
    let recursive = either(flags, F::RECURSIVE_SEARCH, F::SHALLOW_SEARCH)?;
    // Every search looks at the messages themselves, and is done when the reply goes out.
    either(flags, F::CONTENT_INDEXED_SEARCH, F::NON_CONTENT_INDEXED_SEARCH)?;
    either(flags, F::FOREGROUND_SEARCH, F::BACKGROUND_SEARCH)?;
    let store = &folder.mailbox.mailbox;
    let before = store.search_criteria(folder.id).map_err(of_open_object)?;
    if stops
        && let Some(before) = &before
        && before.running
    {
        // It is complete already, which stopping does not change.
        return Ok(());
    }
    let not_initialized = ErrorCode::EC_NOT_INITIALIZED;
    let folders: Vec<FolderId> = match (request.folder_ids.as_slice(), &before) {
        ([], Some(before)) => before.folders.clone(),
        ([], None) => return Err(not_initialized),
        (given, _) => given.to_vec(),
    };
    if folders.contains(&folder.id) {
        return Err(ErrorCode::EC_SEARCH_FOLDER_SCOPE_VIOLATION);
    }
    let (restriction, code_page) = match (&request.restriction_data, before) {
        (Some(given), _) => (given.clone().into_owned(), folder.mailbox.code_page()),
        (None, Some(before)) => (before.restriction, before.code_page),
        (None, None) => return Err(not_initialized),
    };
    let is_static = flags.contains(F::STATIC_SEARCH);
    let criteria = SearchCriteria { restriction, folders, recursive, is_static, running: !stops, code_page };
    store.set_search_criteria(folder.id, &criteria).map_err(|error| match error {
        crate::store::StoreError::NotFound(_) => ErrorCode::EC_NOT_FOUND,
        error => of_query(error),
    })
}

/// Tells what a search folder looks for, and how far it is.
pub(super) fn get(
    folder: &Folder,
    request: &RopGetSearchCriteriaRequest,
) -> Result<RopGetSearchCriteriaResponse<'static>, ErrorCode> {
    use SearchResponseFlags as F;
    check_search(folder)?;
    let criteria = folder.mailbox.mailbox.search_criteria(folder.id).map_err(of_open_object)?;
    let criteria = criteria.ok_or(ErrorCode::EC_NOT_INITIALIZED)?;
    let mut flags = F::TWIR_TOTALLY;
    let bits = [
        (criteria.running, F::SEARCH_COMPLETE),
        (criteria.recursive, F::SEARCH_RECURSIVE),
        (criteria.is_static, F::SEARCH_STATIC),
    ];
    bits.into_iter().filter(|(set, _)| *set).for_each(|(_, bit)| flags = flags | bit);
    let form = Texts { unicode: request.use_unicode, code_page: criteria.code_page };
    Ok(RopGetSearchCriteriaResponse {
        restriction_data: request.include_restriction.then(|| form.of(criteria.restriction)),
        logon_id: request.logon_id,
        folder_ids: if request.include_folders { criteria.folders } else { Vec::new() },
        search_flags: flags,
    })
}

/// The form of strings in a restriction.
#[derive(Clone, Copy)]
struct Texts {
    unicode: bool,
    code_page: u16,
}

impl Texts {
    fn of(self, restriction: Restriction<'static>) -> Restriction<'static> {
        use Restriction as R;
        let inner = |part: Box<Restriction<'static>>| Box::new(self.of(*part));
        let all = |parts: Vec<Restriction<'static>>| parts.into_iter().map(|part| self.of(part)).collect();
        match restriction {
            R::AndRestriction(parts) => R::AndRestriction(all(parts)),
            R::OrRestriction(parts) => R::OrRestriction(all(parts)),
            R::NotRestriction(part) => R::NotRestriction(inner(part)),
            R::ContentRestriction { fuzzy_level_low, fuzzy_level_high, property_tag, tagged_value } => {
                R::ContentRestriction {
                    fuzzy_level_low,
                    fuzzy_level_high,
                    property_tag: self.tag(property_tag),
                    tagged_value: self.value(tagged_value),
                }
            }
            R::PropertyRestriction { rel_op, prop_tag, tagged_value } => {
                R::PropertyRestriction { rel_op, prop_tag: self.tag(prop_tag), tagged_value: self.value(tagged_value) }
            }
            R::SubObjectRestriction { subobject, restriction } => {
                R::SubObjectRestriction { subobject, restriction: inner(restriction) }
            }
            R::CommentRestriction { tagged_values, restriction } => R::CommentRestriction {
                tagged_values: tagged_values.into_iter().map(|value| self.value(value)).collect(),
                restriction: restriction.map(inner),
            },
            R::CountRestriction { count, sub_restriction } => {
                R::CountRestriction { count, sub_restriction: inner(sub_restriction) }
            }
            R::ComparePropertiesRestriction { .. }
            | R::BitMaskRestriction { .. }
            | R::SizeRestriction { .. }
            | R::ExistRestriction(_) => restriction,
        }
    }

    fn tag(self, tag: PropertyTag) -> PropertyTag {
        match tag.property_type() {
            PropertyType::PTYP_STRING | PropertyType::PTYP_STRING8 => tag.with_property_type(if self.unicode {
                PropertyType::PTYP_STRING
            } else {
                PropertyType::PTYP_STRING8
            }),
            _ => tag,
        }
    }

    fn value(self, value: TaggedPropertyValue<'static>) -> TaggedPropertyValue<'static> {
        let property_value = match value.property_value {
            PropertyValue::PtypString(text) if !self.unicode => {
                PropertyValue::PtypString8(narrow(&text, self.code_page))
            }
            PropertyValue::PtypString8(text) if self.unicode => PropertyValue::PtypString(widen(&text, self.code_page)),
            other => other,
        };
        TaggedPropertyValue { property_tag: self.tag(value.property_tag), property_value }
    }
}
