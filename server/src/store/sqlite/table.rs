//! Contents and hierarchy tables: which objects, in which order, and their rows.

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, PropertyType};
use runtime::Guid;
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, params_from_iter};

use super::content::{MAX_DEPTH, depth_below};
use super::facts::{self, FOLDER_COLUMNS, Facts, FolderFacts, MESSAGE_COLUMNS, MessageFacts, name_key};
use super::lists;
use super::object::{self, View};
use super::order::{self, Keys, Scope};
use super::property::{self, Extent};
use super::transfer::shelf;
use crate::store::collate::SortKey;
use crate::store::computed::{ObjectKind, computed_tag};
use crate::store::restriction::Matcher;
use crate::store::value::{cut, same_type};
use crate::store::{ContentsKind, HierarchyDepth, KeyedRow, ROW_VALUE, Result, Row, StoreError, TableQuery, ids, tags};

/// The messages that match, in order.
pub(super) fn contents(
    connection: &Connection,
    replica: Guid,
    scope: Scope,
    query: &TableQuery<'_>,
) -> Result<Vec<MessageId>> {
    let mut filter = lists::filter(query)?;
    let mut arguments = vec![Value::Integer(scope.folder), Value::Integer(scope.associated.into())];
    arguments.append(&mut filter.values);
    let by_index = order::indexed(query.sort);
    if let (Some(order), true) = (by_index, filter.matchers.is_empty()) {
        let sql = format!("SELECT id FROM message WHERE {} AND {} ORDER BY {order}", scope.sql(), filter.sql);
        let mut statement = connection.prepare_cached(&sql)?;
        let id = |row: &rusqlite::Row<'_>| Ok(ids::message_id(row.get::<_, i64>(0)?.cast_unsigned()));
        let rows = statement.query_map(params_from_iter(arguments), id)?;
        return Ok(rows.collect::<rusqlite::Result<_>>()?);
    }
    let sort = if by_index.is_some() { &[] } else { query.sort };
    let mut keys = Keys::read(connection, replica, scope, sort, query.code_page)?;
    if filter.matchers.is_empty() && keys.are_stored() {
        let sql = format!("SELECT object, id FROM message WHERE {} AND {}", scope.sql(), filter.sql);
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(arguments), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
        let mut found = Vec::new();
        for row in rows {
            let (object, id) = row?;
            found.push((keys.of_object(object), id.cast_unsigned()));
        }
        drop(keys);
        found.sort_unstable_by(|(a, a_id), (b, b_id)| order::compare((a, *a_id), (b, *b_id), sort));
        return Ok(found.into_iter().map(|(_, id)| ids::message_id(id)).collect());
    }
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS} FROM message WHERE {} AND {} ORDER BY {}",
        scope.sql(),
        filter.sql,
        by_index.unwrap_or("id")
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(arguments), MessageFacts::from_row)?;
    let mut found = Vec::new();
    for facts in rows {
        let facts = facts?;
        let id = facts.id;
        if filter.matchers.is_empty() {
            found.push((keys.of(facts)?, id));
            continue;
        }
        let view = View { connection, replica, facts: Facts::Message(facts) };
        let mut matches = true;
        for matcher in &mut filter.matchers {
            matches = matches && matcher.matches(&view)?;
        }
        if let (true, Facts::Message(facts)) = (matches, view.facts) {
            found.push((keys.of(facts)?, id));
        }
    }
    if by_index.is_none() {
        found.sort_unstable_by(|(a, a_id), (b, b_id)| order::compare((a, *a_id), (b, *b_id), sort));
    }
    Ok(found.into_iter().map(|(_, id)| ids::message_id(id)).collect())
}

/// The rows of a contents table with the values that they are grouped by.
pub(super) fn keyed(
    connection: &Connection,
    replica: Guid,
    scope: Scope,
    query: &TableQuery<'_>,
    keys: &[PropertyTag],
) -> Result<Vec<KeyedRow>> {
    let mut rows = Vec::new();
    let mut reader = Rows::new(connection, ObjectKind::Message, keys)?;
    for id in contents(connection, replica, scope, query)? {
        let facts = object::message(connection, id)?;
        let read = facts.flags & tags::message_flags::READ != 0;
        let values = reader.read(&View { connection, replica, facts: Facts::Message(facts) })?;
        rows.push(KeyedRow { message: id, read, values });
    }
    Ok(rows)
}

/// Where the first of some messages is that matches.
pub(super) fn first_match(
    connection: &Connection,
    replica: Guid,
    messages: &mut dyn Iterator<Item = MessageId>,
    matcher: &mut Matcher<'_>,
) -> Result<Option<usize>> {
    for (at, id) in messages.enumerate() {
        match object::message(connection, id) {
            Ok(facts) => {
                if matcher.matches(&View { connection, replica, facts: Facts::Message(facts) })? {
                    return Ok(Some(at));
                }
            }
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Rows of a contents table.
pub(super) fn contents_rows(
    connection: &Connection,
    replica: Guid,
    ids: &[MessageId],
    columns: &[PropertyTag],
) -> Result<Vec<Option<Row>>> {
    let mut rows = Vec::with_capacity(ids.len());
    let mut reader = Rows::new(connection, ObjectKind::Message, columns)?;
    for id in ids {
        rows.push(match object::message(connection, *id) {
            Ok(facts) => Some(reader.read(&View { connection, replica, facts: Facts::Message(facts) })?),
            Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        });
    }
    Ok(rows)
}

/// How many messages of a kind a folder has.
pub(super) fn count_contents(connection: &Connection, folder: FolderId, kind: ContentsKind) -> Result<u32> {
    let folder = shelf(object::folder(connection, folder)?.id, kind);
    let sql = "SELECT content_count, associated_count FROM folder WHERE id = ?1";
    let row = connection.prepare_cached(sql)?.query_row([folder], |row| Ok((row.get(0)?, row.get(1)?)));
    // Where nothing was ever soft deleted there is no row.
    let (normal, associated) = property::optional(row)?.unwrap_or_default();
    Ok(if kind.is_associated() { associated } else { normal })
}

/// The columns of rows of one kind, and the statement that reads the stored ones of an object together.
struct Rows<'c, 't> {
    kind: ObjectKind,
    columns: &'t [PropertyTag],
    /// PidTagSubject is made of parts that are read along.
    subject: bool,
    statement: CachedStatement<'c>,
}

impl<'c, 't> Rows<'c, 't> {
    fn new(connection: &'c Connection, kind: ObjectKind, columns: &'t [PropertyTag]) -> Result<Self> {
        let mut wanted: Vec<PropertyTag> =
            columns.iter().copied().filter(|tag| is_typed(*tag) && computed_tag(kind, *tag).is_none()).collect();
        let part = |tag: &PropertyTag| SUBJECT_PARTS.iter().any(|part| part.property_id() == tag.property_id());
        let subject = kind == ObjectKind::Message
            && columns.iter().any(|tag| computed_tag(kind, *tag) == Some(tags::PID_TAG_SUBJECT))
            && !columns.iter().any(part);
        if subject {
            wanted.extend(SUBJECT_PARTS);
        }
        Ok(Self { kind, columns, subject, statement: property::several_statement(connection, &wanted)? })
    }

    fn read(&mut self, view: &View<'_>) -> Result<Row> {
        let mut stored = property::several(&mut self.statement, view.facts.object())?;
        let mut take = |tag: PropertyTag| {
            let means = |property: &property::Stored| {
                property.tag.property_id() == tag.property_id()
                    && same_type(tag.property_type(), property.tag.property_type())
            };
            stored.iter().position(means).map(|at| stored.remove(at))
        };
        let mut row = Row::with_capacity(self.columns.len());
        for (at, tag) in self.columns.iter().enumerate() {
            let computed = computed_tag(self.kind, *tag);
            if self.subject && computed == Some(tags::PID_TAG_SUBJECT) {
                let [prefix, normalized] = SUBJECT_PARTS.map(&mut take);
                // A column that is there twice finds nothing the second time.
                let subject = match (prefix, normalized) {
                    (None, None) => view.extent(*tag, Extent::Row)?,
                    (prefix, normalized) => facts::joined_subject(view.connection, prefix, normalized)?,
                };
                row.push(subject.map(|value| cut(value, ROW_VALUE)));
                continue;
            }
            if !is_typed(*tag) || computed.is_some() {
                row.push(view.extent(*tag, Extent::Row)?);
                continue;
            }
            let again = self.columns.get(..at).is_some_and(|before| {
                before.iter().any(|other| {
                    other.property_id() == tag.property_id() && same_type(tag.property_type(), other.property_type())
                })
            });
            row.push(match take(*tag) {
                Some(property) => Some(property.load_extent(view.connection, Extent::Row)?),
                None if again => view.extent(*tag, Extent::Row)?,
                None => None,
            });
        }
        Ok(row)
    }
}

const SUBJECT_PARTS: [PropertyTag; 2] = [tags::PID_TAG_SUBJECT_PREFIX, tags::PID_TAG_NORMALIZED_SUBJECT];

fn is_typed(tag: PropertyTag) -> bool {
    tag.property_type() != PropertyType::PTYP_UNSPECIFIED
}

/// The folders below a folder that match, in order.
pub(super) fn hierarchy(
    connection: &Connection,
    replica: Guid,
    folder: FolderId,
    depth: HierarchyDepth,
    query: &TableQuery<'_>,
) -> Result<Vec<FolderId>> {
    order::check(query)?;
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
        found.push((order::keys(&view, query.sort, query.code_page)?, id));
    }
    if !query.sort.is_empty() {
        found.sort_by(|(a, a_id), (b, b_id)| order::compare((a, *a_id), (b, *b_id), query.sort));
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
    let mut reader = Rows::new(connection, ObjectKind::Folder, columns)?;
    for id in ids {
        rows.push(match object::folder(connection, *id) {
            Ok(mut facts) => {
                facts.depth = depth_below(connection, root, &facts)?;
                Some(reader.read(&View { connection, replica, facts: Facts::Folder(facts) })?)
            }
            Err(StoreError::NotFound(_)) => None,
            Err(error) => return Err(error),
        });
    }
    Ok(rows)
}
