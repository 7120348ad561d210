//! The order of messages: sort keys of many at once, and where one more goes.

use std::cmp::Ordering;
use std::collections::HashMap;

use protocol::oxcdata::{PropertyTag, PropertyType, PropertyValue, SortDirection, SortOrder};
use runtime::Guid;
use rusqlite::{Connection, params};

use super::facts::{Facts, MessageFacts};
use super::object::View;
use super::property::{self, Extent};
use crate::store::collate::SortKey;
use crate::store::computed::{ObjectKind, computed_tag};
use crate::store::value::MULTIVALUE_INSTANCE;
use crate::store::{Result, StoreError, TableQuery, tags};

/// The order of a table that nobody has sorted.
pub(super) const DEFAULT: [SortOrder; 1] =
    [SortOrder { property_tag: tags::PID_TAG_MESSAGE_DELIVERY_TIME, order: SortDirection::DESCENDING }];

/// Checks that the store can sort like this.
pub(super) fn check(query: &TableQuery<'_>) -> Result<()> {
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
pub(super) fn indexed(sort: &[SortOrder]) -> Option<&'static str> {
    match sort {
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

/// How two rows are ordered by their keys in the directions of a sort order, then by id.
pub(super) fn compare(a: (&[SortKey], u64), b: (&[SortKey], u64), sort: &[SortOrder]) -> Ordering {
    let pairs = a.0.iter().zip(b.0).zip(sort);
    let mut unequal = pairs.map(|((a, b), order)| {
        let ordering = a.cmp(b);
        if order.order == SortDirection::DESCENDING { ordering.reverse() } else { ordering }
    });
    unequal.find(|ordering| ordering.is_ne()).unwrap_or_else(|| a.1.cmp(&b.1))
}

/// The values of the sort columns of one object, cut as a row shows them.
pub(super) fn keys(view: &View<'_>, sort: &[SortOrder], code_page: u16) -> Result<Vec<SortKey>> {
    let mut keys = Vec::with_capacity(sort.len());
    for order in sort {
        let value = view.extent(order.property_tag, Extent::Row)?;
        keys.push(key(value.as_ref(), code_page));
    }
    Ok(keys)
}

/// The key of a value. Times after the year 30,000 are the same to an index.
fn key(value: Option<&PropertyValue<'_>>, code_page: u16) -> SortKey {
    match (value, SortKey::new(value, code_page)) {
        (Some(PropertyValue::PtypTime(_)), SortKey::Integer(time)) => SortKey::Integer(time.min(i64::MAX.into())),
        (_, key) => key,
    }
}

/// The rows of `message` that a table is about.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    /// The row of `folder`: negative for soft deleted messages.
    pub(super) folder: i64,
    pub(super) associated: bool,
    /// A search folder: its messages are in other folders.
    pub(super) search: bool,
}

impl Scope {
    /// For a WHERE clause whose parameters 1 and 2 are folder and associated.
    pub(super) fn sql(self) -> &'static str {
        if self.search {
            "message.id IN (SELECT message FROM search_link WHERE folder = ?1) AND message.associated = ?2"
        } else {
            "message.folder = ?1 AND message.associated = ?2"
        }
    }

    /// Whether a message is among them.
    pub(super) fn has(self, connection: &Connection, message: &MessageFacts) -> Result<bool> {
        if message.associated != self.associated {
            return Ok(false);
        }
        if self.search {
            let mut linked =
                connection.prepare_cached("SELECT 1 FROM search_link WHERE folder = ?1 AND message = ?2")?;
            return Ok(linked.exists([self.folder, message.id.cast_signed()])?);
        }
        let folder = message.folder.cast_signed();
        Ok(self.folder == if message.soft_deleted { -folder } else { folder })
    }
}

/// Sort keys of many messages: stored properties are read in one pass for each key.
pub(super) struct Keys<'c> {
    connection: &'c Connection,
    replica: Guid,
    sort: &'c [SortOrder],
    code_page: u16,
    /// For each key that is stored, the keys of the objects that have it.
    columns: Vec<Option<HashMap<i64, SortKey>>>,
}

impl<'c> Keys<'c> {
    pub(super) fn read(
        connection: &'c Connection,
        replica: Guid,
        scope: Scope,
        sort: &'c [SortOrder],
        code_page: u16,
    ) -> Result<Self> {
        let mut columns = Vec::with_capacity(sort.len());
        for order in sort {
            columns.push(column(connection, scope, order.property_tag, code_page)?);
        }
        Ok(Self { connection, replica, sort, code_page, columns })
    }

    /// Whether all of them are stored.
    pub(super) fn are_stored(&self) -> bool {
        self.columns.iter().all(Option::is_some)
    }

    /// The keys of one object, all of which are stored.
    pub(super) fn of_object(&mut self, object: i64) -> Vec<SortKey> {
        let keys = self.columns.iter_mut().flatten();
        keys.map(|column| column.remove(&object).unwrap_or(SortKey::Missing)).collect()
    }

    /// The keys of one message.
    pub(super) fn of(&mut self, facts: MessageFacts) -> Result<Vec<SortKey>> {
        let object = facts.object;
        let view = View { connection: self.connection, replica: self.replica, facts: Facts::Message(facts) };
        let mut keys = Vec::with_capacity(self.sort.len());
        for (order, column) in self.sort.iter().zip(&mut self.columns) {
            keys.push(match column {
                Some(column) => column.remove(&object).unwrap_or(SortKey::Missing),
                None => {
                    let value = view.extent(order.property_tag, Extent::Row)?;
                    key(value.as_ref(), self.code_page)
                }
            });
        }
        Ok(keys)
    }
}

/// The keys of a property that is stored; `None` for one that is computed from the message's row.
fn column(
    connection: &Connection,
    scope: Scope,
    tag: PropertyTag,
    code_page: u16,
) -> Result<Option<HashMap<i64, SortKey>>> {
    if tag.property_type() == PropertyType::PTYP_UNSPECIFIED {
        return Ok(None);
    }
    match computed_tag(ObjectKind::Message, tag) {
        Some(tags::PID_TAG_SUBJECT) => {}
        Some(_) => return Ok(None),
        None => {
            let mut keys = HashMap::new();
            values(connection, scope, tag, |object, value| {
                // The first is the one that a row shows.
                keys.entry(object).or_insert_with(|| key(Some(&value), code_page));
            })?;
            return Ok(Some(keys));
        }
    }
    let text = |value: &PropertyValue<'_>| {
        crate::store::value::text(value, super::facts::CODE_PAGE).map(|text| text.into_owned()).unwrap_or_default()
    };
    let mut prefixes: HashMap<i64, String> = HashMap::new();
    values(connection, scope, tags::PID_TAG_SUBJECT_PREFIX, |object, value| {
        prefixes.entry(object).or_insert_with(|| text(&value));
    })?;
    let whole = |prefix: String, normalized: String| {
        let whole =
            crate::store::value::cut(crate::store::value::string(prefix + &normalized), crate::store::ROW_VALUE);
        SortKey::new(Some(&whole), code_page)
    };
    let mut keys = HashMap::new();
    values(connection, scope, tags::PID_TAG_NORMALIZED_SUBJECT, |object, value| {
        let prefix = prefixes.remove(&object).unwrap_or_default();
        keys.entry(object).or_insert_with(|| whole(prefix, text(&value)));
    })?;
    keys.extend(prefixes.into_iter().map(|(object, prefix)| (object, whole(prefix, String::new()))));
    Ok(Some(keys))
}

/// The tags that the index `property_sorted` has, as it names them.
const SORTED: &str = "0x003D001E, 0x003D001F, 0x0E1D001E, 0x0E1D001F, 0x0C1A001E, 0x0C1A001F, 0x0042001E, 0x0042001F, \
     0x0E04001E, 0x0E04001F, 0x0E03001E, 0x0E03001F, 0x001A001E, 0x001A001F, 0x0070001E, 0x0070001F, \
     0x00170003, 0x00360003, 0x10900003, 0x00390040";

/// All values under one of these tags.
pub(super) fn sorted_sql() -> String {
    format!(
        "SELECT tag, value, property.blob, blob.size, property.object
         FROM property INDEXED BY property_sorted LEFT JOIN blob ON blob.id = property.blob
         WHERE tag = ?1 AND tag IN ({SORTED})"
    )
}

/// A tag as it stands in [`SORTED`].
fn is_sorted(tag: PropertyTag) -> bool {
    SORTED.contains(&format!("0x{:08X}", tag.0))
}

/// Whether a folder has a good part of all messages, so that reading a property of all of them costs less than looking
/// it up for each of its own.
fn is_most(connection: &Connection, scope: Scope) -> Result<bool> {
    let sql = "SELECT ifnull(sum(content_count + associated_count), 0),
            ifnull(sum((id = ?1) * (content_count + associated_count)), 0) FROM folder";
    let (all, own): (i64, i64) =
        connection.prepare_cached(sql)?.query_row([scope.folder], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(own.saturating_mul(4) >= all)
}

/// Gives the values of a stored property, cut as a row shows them, with the objects that have it.
fn values(
    connection: &Connection,
    scope: Scope,
    tag: PropertyTag,
    mut give: impl FnMut(i64, PropertyValue<'static>),
) -> Result<()> {
    let (low, high) = property::range(tag);
    if is_sorted(low) && is_sorted(high) && is_most(connection, scope)? {
        let mut statement = connection.prepare_cached(&sorted_sql())?;
        // Of the two string types the first that there is; a list of other types has one.
        let both = [low, high];
        for tag in both.iter().take(if low == high { 1 } else { 2 }) {
            let mut rows = statement.query([tag.0])?;
            while let Some(row) = rows.next()? {
                let object = row.get(4)?;
                give(object, property::stored(row)?.load_extent(connection, Extent::Row)?);
            }
        }
        return Ok(());
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT tag, value, property.blob, blob.size, property.object
         FROM message CROSS JOIN property ON property.object = message.object AND tag BETWEEN ?3 AND ?4
         LEFT JOIN blob ON blob.id = property.blob WHERE {}",
        scope.sql()
    ))?;
    let mut rows = statement.query(params![scope.folder, scope.associated, low.0, high.0])?;
    while let Some(row) = rows.next()? {
        let object = row.get(4)?;
        give(object, property::stored(row)?.load_extent(connection, Extent::Row)?);
    }
    Ok(())
}
