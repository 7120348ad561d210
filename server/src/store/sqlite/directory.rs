//! The users of a store.

use runtime::Guid;
use rusqlite::{Connection, Row, Transaction, params};

use super::property::optional;
use crate::store::{Credentials, Result, StoreError, User};

const COLUMNS: &str = "address, display_name, legacy_dn, mailbox";

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User { address: row.get(0)?, display_name: row.get(1)?, legacy_dn: row.get(2)?, mailbox: Guid(row.get(3)?) })
}

/// An address in lower case.
///
/// # Errors
/// `InvalidParameter` when it is none.
pub(super) fn normalized_address(address: &str) -> Result<String> {
    let valid = match address.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty() && !domain.is_empty() && !address.contains(|c: char| c.is_whitespace() || c.is_control())
        }
        None => false,
    };
    if valid { Ok(key(address)) } else { Err(StoreError::InvalidParameter("mail address")) }
}

fn key(text: &str) -> String {
    text.to_lowercase()
}

/// Fails when the address or the distinguished name belongs to someone.
pub(super) fn check_free(connection: &Connection, user: &User) -> Result<()> {
    let sql = "SELECT 1 FROM user WHERE address = ?1 OR legacy_dn_key = ?2";
    if connection.prepare(sql)?.exists(params![user.address, key(&user.legacy_dn)])? {
        return Err(StoreError::Exists("user"));
    }
    Ok(())
}

pub(super) fn insert(transaction: &Transaction<'_>, user: &User, password_hash: &str) -> Result<()> {
    check_free(transaction, user)?;
    transaction.execute(
        "INSERT INTO user (address, display_name, legacy_dn, legacy_dn_key, mailbox, password_hash, generation)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
        params![user.address, user.display_name, user.legacy_dn, key(&user.legacy_dn), user.mailbox.0, password_hash],
    )?;
    Ok(())
}

pub(super) fn all(connection: &Connection) -> Result<Vec<User>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM user ORDER BY address"))?;
    Ok(statement.query_map([], user)?.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn by_address(connection: &Connection, address: &str) -> Result<Option<User>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM user WHERE address = ?1"))?;
    optional(statement.query_row([key(address)], user))
}

pub(super) fn by_legacy_dn(connection: &Connection, legacy_dn: &str) -> Result<Option<User>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM user WHERE legacy_dn_key = ?1"))?;
    optional(statement.query_row([key(legacy_dn)], user))
}

pub(super) fn by_mailbox(connection: &Connection, mailbox: Guid) -> Result<Option<User>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM user WHERE mailbox = ?1"))?;
    optional(statement.query_row([mailbox.0], user))
}

pub(super) fn credentials(connection: &Connection, address: &str) -> Result<Option<Credentials>> {
    let mut statement =
        connection.prepare_cached("SELECT password_hash, generation, nt_secret FROM user WHERE address = ?1")?;
    optional(statement.query_row([key(address)], |row| {
        Ok(Credentials {
            password_hash: row.get(0)?,
            generation: row.get::<_, i64>(1)?.cast_unsigned(),
            nt_secret: row.get(2)?,
        })
    }))
}

pub(super) fn set_password(
    transaction: &Transaction<'_>,
    address: &str,
    password_hash: &str,
    nt_secret: Option<&[u8]>,
) -> Result<u64> {
    let sql = "UPDATE user SET password_hash = ?2, nt_secret = ?3, generation = generation + 1
               WHERE address = ?1 RETURNING generation";
    let generation: Option<i64> =
        optional(transaction.query_row(sql, params![key(address), password_hash, nt_secret], |row| row.get(0)))?;
    Ok(generation.ok_or(StoreError::NotFound("user"))?.cast_unsigned())
}

/// Removes a user; what belongs to the mailbox is the caller's to remove.
pub(super) fn remove(transaction: &Transaction<'_>, address: &str) -> Result<()> {
    match transaction.execute("DELETE FROM user WHERE address = ?1", [key(address)])? {
        0 => Err(StoreError::NotFound("user")),
        _ => Ok(()),
    }
}
