//! Content in pieces: written piece by piece, read piece by piece, kept once for equal content.
//!
//! A blob lives as long as a property refers to it or a pin holds it. What neither does is removed by the
//! next write; pins do not outlive the process, so an opened database removes what a crash left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use sha2::{Digest as _, Sha256};

use super::database::lock;
use super::mailbox::SqliteMailbox;
use crate::store::{BlobRef, BlobWriter, Result, StoreError, ValueStream};

/// Bytes of each piece but the last.
pub(super) const PIECE: usize = 32 * 1024;

/// How often each blob is pinned.
#[derive(Default)]
pub(super) struct Pins(Mutex<HashMap<i64, usize>>);

/// Keeps a blob from being removed.
pub(super) struct Pin {
    blob: i64,
    pins: Arc<Pins>,
}

impl Pins {
    /// Pins a blob. The caller is in a transaction that saw it.
    pub(super) fn pin(self: &Arc<Self>, blob: i64) -> Arc<Pin> {
        *lock(&self.0).entry(blob).or_insert(0) += 1;
        Arc::new(Pin { blob, pins: Arc::clone(self) })
    }

    fn holds(&self, blob: i64) -> bool {
        lock(&self.0).contains_key(&blob)
    }
}

impl Pin {
    /// The blob's row, when it belongs to the database with these pins.
    pub(super) fn blob(&self, pins: &Arc<Pins>) -> Option<i64> {
        Arc::ptr_eq(&self.pins, pins).then_some(self.blob)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = lock(&self.pins.0);
        if let Some(count) = pins.get_mut(&self.blob) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.blob);
            }
        }
    }
}

/// Removes all blobs that nothing holds.
pub(super) fn collect(transaction: &Transaction<'_>, pins: &Pins) -> Result<()> {
    let mut unreferenced = transaction.prepare_cached("SELECT id FROM blob WHERE reference_count = 0")?;
    let ids = unreferenced.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut remove = transaction.prepare_cached("DELETE FROM blob WHERE id = ?1")?;
    for id in ids.into_iter().filter(|id| !pins.holds(*id)) {
        remove.execute([id])?;
    }
    Ok(())
}

/// Writes content that is in memory; answers the blob that has it, an older one when there is one.
pub(super) fn store(transaction: &Transaction<'_>, bytes: &[u8]) -> Result<i64> {
    let hash = Sha256::digest(bytes);
    if let Some(known) = find(transaction, &hash, bytes.len() as u64)? {
        return Ok(known);
    }
    transaction
        .prepare_cached("INSERT INTO blob (hash, size) VALUES (?1, ?2)")?
        .execute(params![hash.as_slice(), bytes.len() as i64])?;
    let blob = transaction.last_insert_rowid();
    for (number, piece) in bytes.chunks(PIECE).enumerate() {
        add_piece(transaction, blob, number as u64, piece)?;
    }
    Ok(blob)
}

/// The complete blob with this content.
fn find(connection: &Connection, hash: &[u8], size: u64) -> Result<Option<i64>> {
    let mut statement = connection.prepare_cached("SELECT id FROM blob WHERE hash = ?1 AND size = ?2 LIMIT 1")?;
    Ok(statement.query_row(params![hash, size.cast_signed()], |row| row.get(0)).optional()?)
}

fn add_piece(connection: &Connection, blob: i64, number: u64, piece: &[u8]) -> Result<()> {
    connection.prepare_cached("INSERT INTO blob_piece (blob, number, data) VALUES (?1, ?2, ?3)")?.execute(params![
        blob,
        number.cast_signed(),
        piece
    ])?;
    Ok(())
}

/// Bytes of a blob.
///
/// # Errors
/// `Damaged` when it is not there: a property or a pin said that it is.
pub(super) fn size(connection: &Connection, blob: i64) -> Result<u64> {
    let size: Option<i64> = connection
        .prepare_cached("SELECT size FROM blob WHERE id = ?1")?
        .query_row([blob], |row| row.get(0))
        .optional()?;
    size.map(i64::cast_unsigned).ok_or_else(|| StoreError::Damaged(format!("blob {blob} is missing")))
}

/// Up to `len` bytes from `offset` on; reads only the pieces that have them.
pub(super) fn read_at(connection: &Connection, blob: i64, size: u64, offset: u64, len: usize) -> Result<Vec<u8>> {
    let end = size.min(offset.saturating_add(len as u64));
    let mut bytes = Vec::with_capacity(usize::try_from(end.saturating_sub(offset)).unwrap_or(0));
    let mut statement =
        connection.prepare_cached("SELECT substr(data, ?3, ?4) FROM blob_piece WHERE blob = ?1 AND number = ?2")?;
    let mut position = offset;
    while position < end {
        let (number, within) = (position / PIECE as u64, position % PIECE as u64);
        let wanted = (PIECE as u64 - within).min(end - position);
        // SQL counts from one.
        let arguments = [blob, number.cast_signed(), (within + 1).cast_signed(), wanted.cast_signed()];
        let piece: Option<Vec<u8>> = statement.query_row(arguments, |row| row.get(0)).optional()?;
        match piece {
            Some(piece) if piece.len() as u64 == wanted => bytes.extend_from_slice(&piece),
            _ => return Err(StoreError::Damaged(format!("blob {blob} lacks piece {number}"))),
        }
        position += wanted;
    }
    Ok(bytes)
}

/// A blob, open for reading.
pub(super) struct BlobStream {
    pub(super) mailbox: Arc<SqliteMailbox>,
    pub(super) blob: i64,
    pub(super) size: u64,
    /// Keeps what is read where it is.
    pub(super) _pin: Arc<Pin>,
}

impl ValueStream for BlobStream {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        self.mailbox.database.read(|connection| read_at(connection, self.blob, self.size, offset, len))
    }
}

/// A short value, open for reading.
pub(super) struct MemoryStream(pub(super) Vec<u8>);

impl ValueStream for MemoryStream {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let end = start.saturating_add(len).min(self.0.len());
        Ok(self.0.get(start..end).unwrap_or_default().to_vec())
    }
}

/// A blob that is being written: whole pieces go to the database, the rest waits here.
pub(super) struct PieceWriter {
    mailbox: Arc<SqliteMailbox>,
    pin: Arc<Pin>,
    blob: i64,
    pending: Vec<u8>,
    pieces: u64,
    hash: Sha256,
}

impl PieceWriter {
    /// Starts an empty blob.
    pub(super) fn new(mailbox: Arc<SqliteMailbox>) -> Result<Self> {
        let pin = mailbox.database.write(|transaction| {
            transaction.prepare_cached("INSERT INTO blob (size) VALUES (0)")?.execute([])?;
            Ok(mailbox.pins.pin(transaction.last_insert_rowid()))
        })?;
        let blob = pin.blob;
        Ok(Self { mailbox, pin, blob, pending: Vec::new(), pieces: 0, hash: Sha256::new() })
    }

    fn flush(&mut self, whole: usize) -> Result<()> {
        let (blob, first, pending) = (self.blob, self.pieces, &self.pending);
        let written = self.mailbox.database.write(|transaction| {
            let mut number = first;
            for piece in pending.get(..whole).unwrap_or_default().chunks(PIECE) {
                add_piece(transaction, blob, number, piece)?;
                number += 1;
            }
            Ok(number)
        })?;
        self.pieces = written;
        self.pending.drain(..whole.min(self.pending.len()));
        Ok(())
    }
}

impl BlobWriter for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        // In steps, so that no more than a few pieces are in memory twice.
        for step in bytes.chunks(8 * PIECE) {
            self.hash.update(step);
            self.pending.extend_from_slice(step);
            let whole = self.pending.len() - self.pending.len() % PIECE;
            if whole != 0 {
                self.flush(whole)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<BlobRef> {
        let size = self.pieces * PIECE as u64 + self.pending.len() as u64;
        if !self.pending.is_empty() {
            self.flush(self.pending.len())?;
        }
        let hash = std::mem::take(&mut self.hash).finalize();
        let known = self.mailbox.database.write(|transaction| {
            if let Some(known) = find(transaction, &hash, size)? {
                return Ok(Some(self.mailbox.pins.pin(known)));
            }
            transaction.prepare_cached("UPDATE blob SET hash = ?2, size = ?3 WHERE id = ?1")?.execute(params![
                self.blob,
                hash.as_slice(),
                size.cast_signed()
            ])?;
            Ok(None)
        })?;
        let pin = known.unwrap_or_else(|| Arc::clone(&self.pin));
        Ok(BlobRef::new(size, pin))
    }
}
