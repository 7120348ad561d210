//! The property rows of one object.

use std::sync::Arc;

use protocol::oxcdata::{PropertyTag, PropertyType, PropertyValue};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, Statement, Transaction, params};

use super::blob::{self, Pin, Pins};
use super::codec::{self, Encoded, is_streamable};
use crate::store::value::{MULTIVALUE, cut, size_of};
use crate::store::{BlobRef, LARGE_VALUE, PropertyChange, ROW_VALUE, Result, StoreError, StoredValue};

/// Bytes up to which a value stands in its row; longer ones would make every row beside it slow to reach.
pub(super) const INLINE: usize = 512;

/// Bytes of a value that a restriction looks at; what is beyond cannot match.
const SEARCHED: u64 = 4 * 1024 * 1024;

/// A property as its row has it.
pub(super) struct Stored {
    pub(super) tag: PropertyTag,
    pub(super) content: Content,
}

/// Where a property's value is.
pub(super) enum Content {
    Inline(PropertyValue<'static>),
    Blob { id: i64, size: u64 },
}

/// How much of a value is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// What a table row shows.
    Row,
    /// What a restriction looks at.
    Searched,
}

/// The tags under which a property asked for by `tag` may be stored.
pub(super) fn range(tag: PropertyTag) -> (PropertyTag, PropertyTag) {
    let with =
        |low: u16, high: u16| (tag.with_property_type(PropertyType(low)), tag.with_property_type(PropertyType(high)));
    let (string8, string) = (PropertyType::PTYP_STRING8.0, PropertyType::PTYP_STRING.0);
    match tag.property_type() {
        PropertyType::PTYP_UNSPECIFIED => with(0, 0xFFFF),
        PropertyType(kind) if kind == string8 || kind == string => with(string8, string),
        PropertyType(kind) if kind == string8 | MULTIVALUE || kind == string | MULTIVALUE => {
            with(string8 | MULTIVALUE, string | MULTIVALUE)
        }
        PropertyType(kind) => with(kind, kind),
    }
}

/// Finds a property: either string type finds the other, PtypUnspecified any.
pub(super) fn find(connection: &Connection, object: i64, tag: PropertyTag) -> Result<Option<Stored>> {
    let (low, high) = range(tag);
    let mut statement = connection.prepare_cached(
        "SELECT tag, value, property.blob, size FROM property LEFT JOIN blob ON blob.id = property.blob
         WHERE object = ?1 AND tag BETWEEN ?2 AND ?3 ORDER BY tag LIMIT 1",
    )?;
    let mut rows = statement.query(params![object, low.0, high.0])?;
    rows.next()?.map(stored).transpose()
}

/// Several properties of one object, in the order of their tags; those that are not there are left out.
///
/// PtypUnspecified is not among the types that are asked for.
pub(super) fn several(statement: &mut Statement<'_>, object: i64) -> Result<Vec<Stored>> {
    let mut rows = statement.query([object])?;
    let mut properties = Vec::new();
    while let Some(row) = rows.next()? {
        properties.push(stored(row)?);
    }
    Ok(properties)
}

/// The statement of [`several`] for these tags.
pub(super) fn several_statement<'c>(connection: &'c Connection, tags: &[PropertyTag]) -> Result<CachedStatement<'c>> {
    let ranges: Vec<(PropertyTag, PropertyTag)> = tags.iter().map(|tag| range(*tag)).collect();
    let both = ranges.iter().flat_map(|(low, high)| [*low, *high]);
    let list = both.map(|tag| tag.0.to_string()).collect::<Vec<_>>().join(",");
    Ok(connection.prepare_cached(&format!(
        "SELECT tag, value, property.blob, size FROM property LEFT JOIN blob ON blob.id = property.blob
         WHERE object = ?1 AND tag IN ({list}) ORDER BY tag"
    ))?)
}

/// All stored properties in the order of their tags.
pub(super) fn all(connection: &Connection, object: i64) -> Result<Vec<Stored>> {
    let mut statement = connection.prepare_cached(
        "SELECT tag, value, property.blob, size FROM property LEFT JOIN blob ON blob.id = property.blob
         WHERE object = ?1 ORDER BY tag",
    )?;
    let mut rows = statement.query([object])?;
    let mut properties = Vec::new();
    while let Some(row) = rows.next()? {
        properties.push(stored(row)?);
    }
    Ok(properties)
}

pub(super) fn stored(row: &Row<'_>) -> Result<Stored> {
    let tag = PropertyTag(row.get(0)?);
    let content = match row.get::<_, Option<i64>>(2)? {
        Some(id) => Content::Blob { id, size: row.get::<_, i64>(3)?.cast_unsigned() },
        None => Content::Inline(codec::decode(tag, row.get_ref(1)?)?),
    };
    Ok(Stored { tag, content })
}

impl Stored {
    /// The value, or its size when it is to be read as a stream.
    pub(super) fn load(self, connection: &Connection) -> Result<StoredValue> {
        match self.content {
            Content::Inline(value) => Ok(StoredValue::Value(value)),
            Content::Blob { size, .. } if size > LARGE_VALUE as u64 && is_streamable(self.tag.property_type()) => {
                Ok(StoredValue::Large { size })
            }
            Content::Blob { id, size } => read(connection, self.tag, id, size, size).map(StoredValue::Value),
        }
    }

    /// As much of the value as is wanted.
    pub(super) fn load_extent(self, connection: &Connection, extent: Extent) -> Result<PropertyValue<'static>> {
        match (self.content, extent) {
            (Content::Inline(value), Extent::Row) => Ok(cut(value, ROW_VALUE)),
            (Content::Inline(value), Extent::Searched) => Ok(value),
            (Content::Blob { id, size }, _) if !is_streamable(self.tag.property_type()) => {
                read(connection, self.tag, id, size, size)
            }
            (Content::Blob { id, size }, Extent::Row) => {
                let value = read(connection, self.tag, id, size, ROW_VALUE as u64 + 2)?;
                Ok(cut(value, ROW_VALUE))
            }
            (Content::Blob { id, size }, Extent::Searched) => read(connection, self.tag, id, size, SEARCHED),
        }
    }

    /// Bytes of the value as [`size_of`] counts.
    pub(super) fn size(&self) -> u64 {
        match &self.content {
            Content::Inline(value) => size_of(value),
            Content::Blob { size, .. } => match self.tag.property_type() {
                PropertyType::PTYP_STRING => size + 2,
                PropertyType::PTYP_STRING8 => size + 1,
                _ => *size,
            },
        }
    }
}

fn read(connection: &Connection, tag: PropertyTag, id: i64, size: u64, limit: u64) -> Result<PropertyValue<'static>> {
    let len = usize::try_from(size.min(limit)).map_err(|_| StoreError::Exhausted("room for the value"))?;
    codec::decode(tag, ValueRef::Blob(&blob::read_at(connection, id, size, 0, len)?))
}

/// Gives a property a value; a value of the other string type goes.
pub(super) fn set(
    transaction: &Transaction<'_>,
    object: i64,
    tag: PropertyTag,
    value: &PropertyValue<'_>,
) -> Result<()> {
    match codec::encode(tag, value, INLINE)? {
        Encoded::Inline(value) => put(transaction, object, tag, Some(value), None),
        Encoded::Bytes(bytes) if bytes.len() <= INLINE => put(transaction, object, tag, Some(Value::Blob(bytes)), None),
        Encoded::Bytes(bytes) => {
            let blob = blob::store(transaction, &bytes)?;
            put(transaction, object, tag, None, Some(blob))
        }
    }
}

/// Gives a property the content of a blob; short content moves into the row.
fn set_blob(
    transaction: &Transaction<'_>,
    pins: &Arc<Pins>,
    object: i64,
    tag: PropertyTag,
    blob: &BlobRef,
) -> Result<()> {
    if !is_streamable(tag.property_type()) {
        return Err(StoreError::Unsupported("a blob as a value of this type"));
    }
    let id = blob.inner::<Pin>().and_then(|pin| pin.blob(pins)).ok_or(StoreError::NotFound("blob in this mailbox"))?;
    let size = blob::size(transaction, id)?;
    if tag.property_type() == PropertyType::PTYP_STRING && size % 2 != 0 {
        return Err(StoreError::InvalidParameter("length of UTF-16 text"));
    }
    if size <= INLINE as u64 {
        return set(transaction, object, tag, &read(transaction, tag, id, size, size)?);
    }
    put(transaction, object, tag, None, Some(id))
}

fn put(
    transaction: &Transaction<'_>,
    object: i64,
    tag: PropertyTag,
    value: Option<Value>,
    blob: Option<i64>,
) -> Result<()> {
    delete(transaction, object, tag)?;
    transaction
        .prepare_cached("INSERT INTO property (object, tag, value, blob) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![object, tag.0, value, blob])?;
    Ok(())
}

/// Removes a property, under either string type.
pub(super) fn delete(transaction: &Transaction<'_>, object: i64, tag: PropertyTag) -> Result<()> {
    let (low, high) = range(tag);
    transaction
        .prepare_cached("DELETE FROM property WHERE object = ?1 AND tag BETWEEN ?2 AND ?3")?
        .execute(params![object, low.0, high.0])?;
    Ok(())
}

/// Applies one change.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    pins: &Arc<Pins>,
    object: i64,
    tag: PropertyTag,
    change: &PropertyChange,
) -> Result<()> {
    match change {
        PropertyChange::Set(value) => set(transaction, object, tag, value),
        PropertyChange::SetBlob(blob) => set_blob(transaction, pins, object, tag, blob),
        PropertyChange::Delete => delete(transaction, object, tag),
    }
}

/// Bytes of all properties of an object, each with its tag.
pub(super) fn total_size(connection: &Connection, object: i64) -> Result<u64> {
    // Text is counted in UTF-16 where it is short, so that the figure does not depend on how it is stored.
    Ok(all(connection, object)?.iter().map(|property| property.size() + 4).sum())
}

/// A new object.
pub(super) fn new_object(transaction: &Transaction<'_>) -> Result<i64> {
    transaction.prepare_cached("INSERT INTO object DEFAULT VALUES")?.execute([])?;
    Ok(transaction.last_insert_rowid())
}

/// Removes an object with all that belongs to it.
pub(super) fn delete_object(transaction: &Transaction<'_>, object: i64) -> Result<()> {
    transaction.prepare_cached("DELETE FROM object WHERE id = ?1")?.execute([object])?;
    Ok(())
}

/// One value of one row, when there is a row.
pub(super) fn optional<T>(result: rusqlite::Result<T>) -> Result<Option<T>> {
    Ok(result.optional()?)
}
