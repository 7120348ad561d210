//! Contents and hierarchy tables: which objects, in which order, and their rows.

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, SortDirection};
use runtime::Guid;
use rusqlite::{Connection, params};

use super::content::{MAX_DEPTH, depth_below};
use super::facts::{FOLDER_COLUMNS, Facts, FolderFacts, MESSAGE_COLUMNS, MessageFacts, name_key};
use super::object::{self, View};
use super::property::{Extent, optional};
use super::transfer::shelf;
use crate::store::collate::SortKey;
use crate::store::restriction::Matcher;
use crate::store::value::MULTIVALUE_INSTANCE;
use crate::store::{ContentsKind, HierarchyDepth, Result, Row, StoreError, TableQuery, ids, tags};

/// Checks that the store can sort like this.
fn check_sort(query: &TableQuery<'_>) -> Result<()> {
    for order in query.sort {
        if order.order != SortDirection::ASCENDING && order.order != SortDirection::DESCENDING {
            return Err(StoreError::Unsupported("this sort direction"));
        }
        if order.property_tag.property_type().0 & MULTIVALUE_INSTANCE == MULTIVALUE_INSTANCE {
            return Err(StoreError::Unsupported("sorting by each value of a list"));
        }
    }
    Ok(())
}

/// The ORDER BY of a query that an index serves without looking at properties.
fn indexed_order(query: &TableQuery<'_>) -> Option<&'static str> {
    if query.restriction.is_some() {
        return None;
    }
    match query.sort {
        [] => Some("delivered DESC, id"),
        [order] => match (order.property_tag, order.order) {
            (tags::PID_TAG_MESSAGE_DELIVERY_TIME, SortDirection::DESCENDING) => Some("delivered DESC, id"),
            (tags::PID_TAG_MESSAGE_DELIVERY_TIME, SortDirection::ASCENDING) => Some("delivered, id"),
            (tags::PID_TAG_LAST_MODIFICATION_TIME, SortDirection::DESCENDING) => Some("modified DESC, id"),
            (tags::PID_TAG_LAST_MODIFICATION_TIME, SortDirection::ASCENDING) => Some("modified, id"),
            _ => None,
        },
        _ => None,
    }
}

/// The messages of a folder that match, in order, from `position` on and at most `count`.
pub(super) fn contents(
    connection: &Connection,
    replica: Guid,
    folder: FolderId,
    kind: ContentsKind,
    query: &TableQuery<'_>,
    position: u32,
    count: u32,
) -> Result<Vec<MessageId>> {
    check_sort(query)?;
    let folder = shelf(object::folder(connection, folder)?.id, kind);
    let associated = kind.is_associated();
    if let Some(order) = indexed_order(query) {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT id FROM message WHERE folder = ?1 AND associated = ?2 ORDER BY {order} LIMIT ?3 OFFSET ?4"
        ))?;
        let arguments = params![folder, associated, count, position];
        let rows = statement.query_map(arguments, |row| Ok(ids::message_id(row.get::<_, i64>(0)?.cast_unsigned())))?;
        return Ok(rows.collect::<rusqlite::Result<_>>()?);
    }
    let mut matcher = query.restriction.map(|restriction| Matcher::new(restriction, query.code_page)).transpose()?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {MESSAGE_COLUMNS} FROM message WHERE folder = ?1 AND associated = ?2 ORDER BY delivered DESC, id"
    ))?;
    let rows = statement.query_map(params![folder, associated], MessageFacts::from_row)?;
    let mut found = Vec::new();
    for facts in rows {
        let facts = facts?;
        let id = facts.id;
        let view = View { connection, replica, facts: Facts::Message(facts) };
        if let Some(matcher) = &mut matcher
            && !matcher.matches(&view)?
        {
            continue;
        }
        found.push((sort_keys(&view, query)?, id));
    }
    if !query.sort.is_empty() {
        sort(&mut found, query);
    }
    let page = found.into_iter().skip(position as usize).take(count as usize);
    Ok(page.map(|(_, id)| ids::message_id(id)).collect())
}

/// How many messages of a folder match.
pub(super) fn count_contents(
    connection: &Connection,
    replica: Guid,
    folder: FolderId,
    kind: ContentsKind,
    query: &TableQuery<'_>,
) -> Result<u32> {
    if query.restriction.is_none() {
        let folder = shelf(object::folder(connection, folder)?.id, kind);
        let sql = "SELECT content_count, associated_count FROM folder WHERE id = ?1";
        let row = connection.prepare_cached(sql)?.query_row([folder], |row| Ok((row.get(0)?, row.get(1)?)));
        // Where nothing was ever soft deleted there is no row.
        let (normal, associated) = optional(row)?.unwrap_or_default();
        return Ok(if kind.is_associated() { associated } else { normal });
    }
    let unsorted = TableQuery { sort: &[], ..*query };
    let found = contents(connection, replica, folder, kind, &unsorted, 0, u32::MAX)?;
    u32::try_from(found.len()).map_err(|_| StoreError::Exhausted("row numbers"))
}

/// The values of the sort columns, cut as a row shows them.
fn sort_keys(view: &View<'_>, query: &TableQuery<'_>) -> Result<Vec<SortKey>> {
    let mut keys = Vec::with_capacity(query.sort.len());
    for order in query.sort {
        let value = view.extent(order.property_tag, Extent::Row)?;
        keys.push(SortKey::new(value.as_ref(), query.code_page));
    }
    Ok(keys)
}

/// Sorts by the keys in their directions, then by id.
fn sort(found: &mut [(Vec<SortKey>, u64)], query: &TableQuery<'_>) {
    found.sort_by(|(a, a_id), (b, b_id)| {
        let pairs = a.iter().zip(b).zip(query.sort);
        let unequal = pairs.map(|((a, b), order)| {
            let ordering = a.cmp(b);
            if order.order == SortDirection::DESCENDING { ordering.reverse() } else { ordering }
        });
        unequal.into_iter().find(|ordering| ordering.is_ne()).unwrap_or_else(|| a_id.cmp(b_id))
    });
}

/// Rows of a contents table.
pub(super) fn contents_rows(
    connection: &Connection,
    replica: Guid,
    ids: &[MessageId],
    columns: &[PropertyTag],
) -> Result<Vec<Option<Row>>> {
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.push(match object::message(connection, *id) {
            Ok(facts) => Some(row(&View { connection, replica, facts: Facts::Message(facts) }, columns)?),
            Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        });
    }
    Ok(rows)
}

fn row(view: &View<'_>, columns: &[PropertyTag]) -> Result<Row> {
    columns.iter().map(|tag| view.extent(*tag, Extent::Row)).collect()
}

/// The folders below a folder that match, in order.
pub(super) fn hierarchy(
    connection: &Connection,
    replica: Guid,
    folder: FolderId,
    depth: HierarchyDepth,
    query: &TableQuery<'_>,
) -> Result<Vec<FolderId>> {
    check_sort(query)?;
    let root = object::folder(connection, folder)?.id;
    let mut below = Vec::new();
    descend(connection, root, depth, 1, &mut below)?;
    let mut matcher = query.restriction.map(|restriction| Matcher::new(restriction, query.code_page)).transpose()?;
    let mut found = Vec::new();
    for facts in below {
        let id = facts.id;
        let view = View { connection, replica, facts: Facts::Folder(facts) };
        if let Some(matcher) = &mut matcher
            && !matcher.matches(&view)?
        {
            continue;
        }
        found.push((sort_keys(&view, query)?, id));
    }
    if !query.sort.is_empty() {
        sort(&mut found, query);
    }
    Ok(found.into_iter().map(|(_, id)| ids::folder_id(id)).collect())
}

/// Folders below a parent, by name, each followed by those below it when all descendants are wanted.
fn descend(
    connection: &Connection,
    parent: u64,
    depth: HierarchyDepth,
    level: u32,
    found: &mut Vec<FolderFacts>,
) -> Result<()> {
    if level > MAX_DEPTH {
        return Err(StoreError::Damaged("folders are nested in a loop".to_owned()));
    }
    let mut statement =
        connection.prepare_cached(&format!("SELECT {FOLDER_COLUMNS}, name_key FROM folder WHERE parent = ?1"))?;
    let rows = statement
        .query_map([parent.cast_signed()], |row| Ok((FolderFacts::from_row(row)?, row.get::<_, String>(12)?)))?;
    let mut children = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    children.sort_by_cached_key(|(facts, name)| (SortKey::text(&name_key(name)), facts.id));
    for (mut facts, _) in children {
        facts.depth = Some(level);
        let (id, has_children) = (facts.id, facts.child_count > 0);
        found.push(facts);
        if depth == HierarchyDepth::Descendants && has_children {
            descend(connection, id, depth, level + 1, found)?;
        }
    }
    Ok(())
}

/// Rows of a hierarchy table below `folder`.
pub(super) fn hierarchy_rows(
    connection: &Connection,
    replica: Guid,
    folder: FolderId,
    ids: &[FolderId],
    columns: &[PropertyTag],
) -> Result<Vec<Option<Row>>> {
    let root = ids::folder_counter(folder).ok_or(StoreError::NotFound("folder"))?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        rows.push(match object::folder(connection, *id) {
            Ok(mut facts) => {
                facts.depth = depth_below(connection, root, &facts)?;
                Some(row(&View { connection, replica, facts: Facts::Folder(facts) }, columns)?)
            }
            Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        });
    }
    Ok(rows)
}
