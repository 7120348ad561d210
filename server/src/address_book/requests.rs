//! The request types between Bind and Unbind (MS-OXCMAPIHTTP 2.2.5.3 to 2.2.5.19).

use std::cmp::Ordering;

use protocol::oxcdata::{AddressBookEntryType, ErrorCode, PropertyTag, PropertyType};
use protocol::oxcmapihttp::*;
use runtime::{Blob, Utf16};

use super::book::{Entry, View, checked};
use super::filter::{matches, operand};
use super::properties::{ALL, DEFAULT_COLUMNS, Form, Value, missing_row, of_type, permanent, tagged, wire};
use super::{AddressBook, parse, write};
use crate::engine::endpoint::RequestFailure;
use crate::store::collate::fold_case;
use crate::store::tags as t;

type Answer = Result<Vec<u8>, RequestFailure>;

/// The version of the hierarchy, which never changes.
const HIERARCHY_VERSION: u32 = 1;
/// PidTagContainerFlags: AB_RECIPIENTS and AB_UNMODIFIABLE (MS-OXOABK 2.2.2.1).
const CONTAINER_FLAGS: i32 = 0x09;
/// The most rows of one answer.
const MAX_ROWS: usize = 1000;

fn aux() -> Blob<'static> {
    Blob::default()
}

/// A result as the ErrorCode and the value of a response body.
fn parts<T>(result: Result<T, ErrorCode>) -> (ErrorCode, Option<T>) {
    match result {
        Ok(value) => (ErrorCode::EC_NONE, Some(value)),
        Err(code) => (code, None),
    }
}

fn columns_of(columns: Option<LargePropertyTagArray>) -> Vec<PropertyTag> {
    columns.map_or_else(|| DEFAULT_COLUMNS.to_vec(), |columns| columns.property_tags)
}

/// Tags of strings in 8 bits, unless they are wanted in Unicode.
fn in_form(tags: &[PropertyTag], unicode: bool) -> Vec<PropertyTag> {
    let narrow = |tag: &PropertyTag| match tag.property_type() {
        PropertyType::PTYP_STRING => of_type(*tag, PropertyType::PTYP_STRING8),
        PropertyType::PTYP_MULTIPLE_STRING => of_type(*tag, PropertyType::PTYP_MULTIPLE_STRING8),
        _ => *tag,
    };
    if unicode { tags.to_vec() } else { tags.iter().map(narrow).collect() }
}

impl AddressBook {
    /// Answers a request of a type other than Bind and Unbind.
    pub(super) fn answer(&self, request_type: &str, body: &[u8]) -> Answer {
        match request_type {
            "CompareMIds" => self.compare(body),
            "DNToMId" => self.names_to_ids(body),
            "GetMatches" => self.get_matches(body),
            "GetPropList" => self.get_prop_list(body),
            "GetProps" => self.get_props(body),
            "GetSpecialTable" => self.get_special_table(body),
            "GetTemplateInfo" => self.get_template_info(body),
            "ModLinkAtt" => self.mod_link_att(body),
            "ModProps" => self.mod_props(body),
            "QueryRows" => self.query_rows(body),
            "QueryColumns" => self.query_columns(body),
            "ResolveNames" => self.resolve_names(body),
            "ResortRestriction" => self.resort(body),
            "SeekEntries" => self.seek(body),
            "UpdateStat" => self.update_stat(body),
            "GetMailboxUrl" => self.mailbox_url(body),
            "GetAddressBookUrl" => self.address_book_url(body),
            _ => Err(RequestFailure::Internal),
        }
    }

    fn view(&self) -> Result<View, ErrorCode> {
        self.ids.view(&self.store)
    }

    fn form(&self, flags: RetrievePropertyFlags, code_page: u32) -> Form {
        let ephemeral = flags.contains(RetrievePropertyFlags::F_EPH_ID);
        Form { server: self.server, ephemeral, code_page: u16::try_from(code_page).unwrap_or(1252) }
    }

    fn plain(&self, state: &STAT) -> Form {
        self.form(RetrievePropertyFlags::default(), state.code_page)
    }

    /// MS-OXNSPI 3.1.4.1.12.
    fn compare(&self, body: &[u8]) -> Answer {
        let request = parse(body, CompareMinIdsRequest::unpack)?;
        let compared = || {
            let state = checked(request.state)?;
            let view = self.view()?;
            view.check_container(&state)?;
            let place = |id| view.position_of(id).ok_or(ErrorCode::EC_NOT_FOUND);
            Ok(match place(request.minimal_id1)?.cmp(&place(request.minimal_id2)?) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            })
        };
        let (error_code, result) = parts(compared());
        let result = result.unwrap_or_default();
        write(|e| CompareMinIdsResponse { error_code, result, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.13: 0 for a name that is nobody's.
    fn names_to_ids(&self, body: &[u8]) -> Answer {
        let request = parse(body, DnToMinIdRequest::unpack)?;
        let found = || {
            let names = request.names.as_ref().ok_or(ErrorCode::EC_INVALID_PARAM)?;
            let view = self.view()?;
            let id = |name: &runtime::String8<'_>| {
                let name = fold_case(&name.decode(1252));
                let found = view.entries.iter().find(|entry| fold_case(&entry.user.legacy_dn) == name);
                found.map_or(MinimalEntryID::MID_BEGINNING_OF_TABLE, |entry| entry.id)
            };
            Ok(names.strings.iter().map(id).collect())
        };
        let (error_code, minimal_ids) = parts(found());
        write(|e| DnToMinIdResponse { error_code, minimal_ids, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.10.
    fn get_matches(&self, body: &[u8]) -> Answer {
        let request = parse(body, GetMatchesRequest::unpack)?;
        let (error_code, found) = parts(self.find_matches(request));
        let (state, minimal_ids, columns_and_rows) = match found {
            Some((state, ids, rows)) => (Some(state), Some(ids), rows),
            None => (None, None, None),
        };
        let auxiliary_buffer = aux();
        write(|e| GetMatchesResponse { error_code, state, minimal_ids, columns_and_rows, auxiliary_buffer }.pack(e))
    }

    #[allow(clippy::type_complexity)]
    fn find_matches(
        &self,
        request: GetMatchesRequest<'_>,
    ) -> Result<(STAT, Vec<MinimalEntryID>, Option<ColumnsAndRows<'static>>), ErrorCode> {
        let state = checked(request.state)?;
        if request.property_name_guid.is_some() {
            // No object has a property that is a table of others.
            return Err(ErrorCode::EC_NOT_SUPPORTED);
        }
        let view = self.view()?;
        let form = self.plain(&state);
        let mut found: Vec<&Entry> = Vec::new();
        for entry in &view.entries {
            let meets = match &request.filter {
                Some(filter) => matches(&view, entry, filter, form)?,
                None => true,
            };
            if meets {
                found.push(entry);
            }
        }
        if found.len() > usize::try_from(request.row_count).unwrap_or(usize::MAX) {
            return Err(ErrorCode::EC_TABLE_TOO_BIG);
        }
        let rows = request.columns.map(|columns| {
            let columns = columns.property_tags;
            let row_data = found.iter().map(|entry| entry.row(&columns, form)).collect();
            ColumnsAndRows { columns, row_data }
        });
        let ids: Vec<MinimalEntryID> = found.iter().map(|entry| entry.id).collect();
        let state = STAT {
            container_id: state.current_rec,
            current_rec: MinimalEntryID::MID_BEGINNING_OF_TABLE,
            delta: 0,
            num_pos: 0,
            total_recs: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            ..state
        };
        Ok((state, ids, rows))
    }

    /// MS-OXNSPI 3.1.4.1.6.
    fn get_prop_list(&self, body: &[u8]) -> Answer {
        let request = parse(body, GetPropListRequest::unpack)?;
        let listed = || {
            self.view()?.find(request.minimal_id).ok_or(ErrorCode::EC_NOT_FOUND)?;
            Ok(LargePropertyTagArray { property_tags: in_form(&ALL, request.code_page == 1200) })
        };
        let (error_code, property_tags) = parts(listed());
        write(|e| GetPropListResponse { error_code, property_tags, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.7.
    fn get_props(&self, body: &[u8]) -> Answer {
        let request = parse(body, GetPropsRequest::unpack)?;
        let code_page = request.state.map_or(0, |state| state.code_page);
        let read = || {
            let state = request.state.ok_or(ErrorCode::EC_INVALID_PARAM)?;
            let tags = request.property_tags.as_ref().map_or(&ALL[..], |tags| &tags.property_tags);
            let narrow = |tag: &PropertyTag| tag.property_type() == PropertyType::PTYP_STRING8;
            if state.code_page == 1200 && tags.iter().any(narrow) {
                return Err(ErrorCode::MAPI_E_UNKNOWN_CPID);
            }
            let view = self.view()?;
            view.check_container(&state)?;
            let entry = view.find(state.current_rec).ok_or(ErrorCode::EC_NOT_FOUND)?;
            Ok(entry.list(tags, self.form(request.flags, state.code_page)))
        };
        let (error_code, property_values) = match read() {
            Ok((values, true)) => (ErrorCode::EC_WARN_WITH_ERRORS, Some(values)),
            Ok((values, false)) => (ErrorCode::EC_NONE, Some(values)),
            Err(code) => (code, None),
        };
        write(|e| GetPropsResponse { error_code, code_page, property_values, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.3: the Global Address List is all there is; no addresses are made from templates.
    fn get_special_table(&self, body: &[u8]) -> Answer {
        let request = parse(body, GetSpecialTableRequest::unpack)?;
        let unicode = request.flags.contains(SpecialTableFlags::NSPI_UNICODE_STRINGS);
        let templates = request.flags.contains(SpecialTableFlags::NSPI_ADDRESS_CREATION_TEMPLATES);
        let listed = || {
            let state = request.state.ok_or(ErrorCode::EC_INVALID_PARAM)?;
            if templates || request.version == Some(HIERARCHY_VERSION) {
                return Ok(Vec::new());
            }
            let string = if unicode { PropertyType::PTYP_STRING } else { PropertyType::PTYP_STRING8 };
            let row: Option<Vec<_>> = [
                (
                    t::PID_TAG_ENTRY_ID,
                    PropertyType::PTYP_BINARY,
                    permanent("/", AddressBookEntryType::CONTAINER).map(Value::Binary),
                ),
                (t::PID_TAG_CONTAINER_FLAGS, PropertyType::PTYP_INTEGER32, Some(Value::Integer(CONTAINER_FLAGS))),
                (t::PID_TAG_DEPTH, PropertyType::PTYP_INTEGER32, Some(Value::Integer(0))),
                (t::PID_TAG_ADDRESS_BOOK_CONTAINER_ID, PropertyType::PTYP_INTEGER32, Some(Value::Integer(0))),
                (t::PID_TAG_DISPLAY_NAME, string, Some(Value::Text("Global Address List".to_owned()))),
                (t::PID_TAG_ADDRESS_BOOK_IS_MASTER, PropertyType::PTYP_BOOLEAN, Some(Value::Boolean(false))),
            ]
            .into_iter()
            .map(|(tag, kind, value)| Some(tagged(tag, kind, wire(value?, kind, self.plain(&state))?)))
            .collect();
            let property_values = row.ok_or(ErrorCode::EC_ERROR)?;
            Ok(vec![AddressBookPropertyValueList { property_values }])
        };
        let (error_code, rows) = parts(listed());
        let code_page = if unicode { 1200 } else { request.state.map_or(0, |state| state.code_page) };
        let version = (rows.is_some() && !templates).then_some(HIERARCHY_VERSION);
        let auxiliary_buffer = aux();
        write(|e| GetSpecialTableResponse { error_code, code_page, version, rows, auxiliary_buffer }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.18: there are no templates.
    fn get_template_info(&self, body: &[u8]) -> Answer {
        let request = parse(body, GetTemplateInfoRequest::unpack)?;
        let error_code = ErrorCode::EC_NOT_FOUND;
        let code_page = request.code_page;
        write(|e| GetTemplateInfoResponse { error_code, code_page, row: None, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.15: nobody changes the address book through it.
    fn mod_link_att(&self, body: &[u8]) -> Answer {
        let request = parse(body, ModLinkAttRequest::unpack)?;
        let error_code = match self.view().map(|view| view.find(request.minimal_id).is_some()) {
            Ok(true) => ErrorCode::EC_ACCESS_DENIED,
            Ok(false) => ErrorCode::EC_INVALID_PARAM,
            Err(code) => code,
        };
        write(|e| ModLinkAttResponse { error_code, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.14: nobody changes the address book through it.
    fn mod_props(&self, body: &[u8]) -> Answer {
        parse(body, ModPropsRequest::unpack)?;
        write(|e| ModPropsResponse { error_code: ErrorCode::EC_NOT_SUPPORTED, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.8.
    fn query_rows(&self, body: &[u8]) -> Answer {
        let request = parse(body, QueryRowsRequest::unpack)?;
        let read = || {
            let state = checked(request.state)?;
            let view = self.view()?;
            let form = self.form(request.flags, state.code_page);
            let columns = columns_of(request.columns.clone());
            if !request.explicit_table.is_empty() {
                let row = |id: &MinimalEntryID| match view.find(*id) {
                    Some(entry) => entry.row(&columns, form),
                    None => missing_row(&columns),
                };
                let row_data = request.explicit_table.iter().take(MAX_ROWS).map(row).collect();
                return Ok((state, ColumnsAndRows { columns, row_data }));
            }
            if request.row_count == 0 {
                return Err(ErrorCode::EC_INVALID_PARAM);
            }
            view.check_container(&state)?;
            let (start, _) = view.position(&state)?;
            let count = usize::try_from(request.row_count).unwrap_or(MAX_ROWS).min(MAX_ROWS);
            let rows: Vec<_> =
                view.entries.iter().skip(start).take(count).map(|entry| entry.row(&columns, form)).collect();
            let state = view.at(&state, start + rows.len());
            Ok((state, ColumnsAndRows { columns, row_data: rows }))
        };
        let (error_code, found) = parts(read());
        let (state, columns_and_rows) = found.map_or((None, None), |(state, rows)| (Some(state), Some(rows)));
        let auxiliary_buffer = aux();
        write(|e| QueryRowsResponse { error_code, state, columns_and_rows, auxiliary_buffer }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.5.
    fn query_columns(&self, body: &[u8]) -> Answer {
        let request = parse(body, QueryColumnsRequest::unpack)?;
        let unicode = request.mapi_flags.contains(QueryColumnsFlags::NSPI_UNICODE_PROPTYPES);
        let columns = Some(LargePropertyTagArray { property_tags: in_form(&ALL, unicode) });
        write(|e| QueryColumnsResponse { error_code: ErrorCode::EC_NONE, columns, auxiliary_buffer: aux() }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.17: a row for each name that one object alone may be meant by.
    fn resolve_names(&self, body: &[u8]) -> Answer {
        let request = parse(body, ResolveNamesRequest::unpack)?;
        let code_page = request.state.map_or(0, |state| state.code_page);
        let resolved = || {
            let state = checked(request.state)?;
            let view = self.view()?;
            view.check_container(&state)?;
            let columns = columns_of(request.property_tags.clone());
            let mut row_data = Vec::new();
            let name_values = request.name_values.as_deref().ok_or(ErrorCode::EC_INVALID_PARAM)?;
            let ids = name_values.iter().map(|name| match view.named(&name.to_string()).as_slice() {
                [] => MID_UNRESOLVED,
                [entry] => {
                    row_data.push(entry.row(&columns, self.plain(&state)));
                    MID_RESOLVED
                }
                _ => MID_AMBIGUOUS,
            });
            let ids: Vec<MinimalEntryID> = ids.collect();
            Ok((ids, ColumnsAndRows { columns, row_data }))
        };
        let (error_code, found) = parts(resolved());
        let (minimal_ids, columns_and_rows) = found.map_or((None, None), |(ids, rows)| (Some(ids), Some(rows)));
        let auxiliary_buffer = aux();
        write(|e| {
            ResolveNamesResponse { error_code, code_page, minimal_ids, columns_and_rows, auxiliary_buffer }.pack(e)
        })
    }

    /// MS-OXNSPI 3.1.4.1.11: in the order of the container, without those that are not in it.
    fn resort(&self, body: &[u8]) -> Answer {
        let request = parse(body, ResortRestrictionRequest::unpack)?;
        let sorted = || {
            let state = checked(request.state)?;
            let wanted = request.minimal_ids.as_deref().ok_or(ErrorCode::EC_INVALID_PARAM)?;
            let view = self.view()?;
            let all = view.entries.iter().map(|entry| entry.id);
            let ids: Vec<MinimalEntryID> = all.filter(|id| wanted.contains(id)).collect();
            let place = ids.iter().position(|id| *id == state.current_rec);
            let state = STAT {
                current_rec: place.map_or(MinimalEntryID::MID_BEGINNING_OF_TABLE, |_| state.current_rec),
                delta: 0,
                num_pos: place.and_then(|place| u32::try_from(place).ok()).unwrap_or_default(),
                total_recs: u32::try_from(ids.len()).unwrap_or(u32::MAX),
                ..state
            };
            Ok((state, ids))
        };
        let (error_code, found) = parts(sorted());
        let (state, minimal_ids) = found.map_or((None, None), |(state, ids)| (Some(state), Some(ids)));
        let auxiliary_buffer = aux();
        write(|e| ResortRestrictionResponse { error_code, state, minimal_ids, auxiliary_buffer }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.9.
    fn seek(&self, body: &[u8]) -> Answer {
        let request = parse(body, SeekEntriesRequest::unpack)?;
        let found = || {
            let state = checked(request.state)?;
            let view = self.view()?;
            view.check_container(&state)?;
            let form = self.plain(&state);
            let target = request.target.as_ref().ok_or(ErrorCode::EC_INVALID_PARAM)?;
            if target.property_tag.property_id() != t::PID_TAG_DISPLAY_NAME.property_id() {
                return Err(ErrorCode::EC_ERROR);
            }
            let Some(Value::Text(name)) = operand(&target.property_value, form) else {
                return Err(ErrorCode::EC_INVALID_PARAM);
            };
            let name = fold_case(&name);
            let explicit = request.explicit_table.as_ref();
            let listed = |entry: &&Entry| explicit.is_none_or(|table| table.contains(&entry.id));
            let rows: Vec<&Entry> = view.entries.iter().filter(listed).collect();
            let reached = rows.iter().position(|entry| fold_case(&entry.user.display_name) >= name);
            let reached = reached.ok_or(ErrorCode::EC_NOT_FOUND)?;
            let current_rec = rows.get(reached).map_or(MinimalEntryID::MID_END_OF_TABLE, |entry| entry.id);
            let state = STAT {
                current_rec,
                num_pos: u32::try_from(reached).unwrap_or(u32::MAX),
                total_recs: u32::try_from(rows.len()).unwrap_or(u32::MAX),
                ..state
            };
            let found = request.columns.as_ref().map(|columns| {
                let columns = columns.property_tags.clone();
                let row_data =
                    rows.iter().skip(reached).take(MAX_ROWS).map(|entry| entry.row(&columns, form)).collect();
                ColumnsAndRows { columns, row_data }
            });
            Ok((state, found))
        };
        let (error_code, found) = parts(found());
        let (state, columns_and_rows) = found.map_or((None, None), |(state, rows)| (Some(state), rows));
        let auxiliary_buffer = aux();
        write(|e| SeekEntriesResponse { error_code, state, columns_and_rows, auxiliary_buffer }.pack(e))
    }

    /// MS-OXNSPI 3.1.4.1.4.
    fn update_stat(&self, body: &[u8]) -> Answer {
        let request = parse(body, UpdateStatRequest::unpack)?;
        let updated = || {
            let state = checked(request.state)?;
            let view = self.view()?;
            view.check_container(&state)?;
            let (position, moved) = view.position(&state)?;
            Ok((view.at(&state, position), moved))
        };
        let (error_code, found) = parts(updated());
        let (state, delta) = found.map_or((None, None), |(state, moved)| (Some(state), Some(moved)));
        let delta = delta.filter(|_| request.delta_requested);
        write(|e| UpdateStatResponse { error_code, state, delta, auxiliary_buffer: aux() }.pack(e))
    }

    /// An address below the base; none when nobody has said where that is.
    fn url(&self, path: &str) -> (ErrorCode, Utf16<'static>) {
        match self.base.get() {
            Some(base) => (ErrorCode::EC_NONE, Utf16::new(format!("{base}{path}"))),
            None => (ErrorCode::EC_NOT_FOUND, Utf16::default()),
        }
    }

    /// One server has all mailboxes.
    fn mailbox_url(&self, body: &[u8]) -> Answer {
        parse(body, GetMailboxUrlRequest::unpack)?;
        let (error_code, server_url) = self.url("/mapi/emsmdb/");
        write(|e| GetMailboxUrlResponse { error_code, server_url, auxiliary_buffer: aux() }.pack(e))
    }

    fn address_book_url(&self, body: &[u8]) -> Answer {
        parse(body, GetAddressBookUrlRequest::unpack)?;
        let (error_code, server_url) = self.url("/mapi/nspi/");
        write(|e| GetAddressBookUrlResponse { error_code, server_url, auxiliary_buffer: aux() }.pack(e))
    }
}
