//! Permissions of folders.
//!
//! A folder without rows has those that every folder begins with; the first change writes them down.

use protocol::oxcdata::FolderId;
use rusqlite::{Connection, Transaction, params};

use super::object;
use super::property::optional;
use crate::store::collate::fold_case;
use crate::store::{ANONYMOUS_MEMBER, DEFAULT_MEMBER, Member, MemberChange, Result, SpecialFolder};

/// FreeBusySimple, which everybody has on the calendar of a new mailbox (MS-OXCPERM appendix A, note 5).
const FREE_BUSY_SIMPLE: u32 = 0x0800;

/// The entries that stand for nobody alone, as a folder begins with them.
fn reserved(connection: &Connection, folder: u64) -> Result<[Member; 2]> {
    let mut special = connection.prepare_cached("SELECT 1 FROM special_folder WHERE role = ?1 AND folder = ?2")?;
    let calendar = special.exists([SpecialFolder::Calendar as i64, folder.cast_signed()])?;
    let member =
        |id: i64, name: &str, rights: u32| Member { id, legacy_dn: String::new(), name: name.to_owned(), rights };
    Ok([
        member(DEFAULT_MEMBER, "", if calendar { FREE_BUSY_SIMPLE } else { 0 }),
        member(ANONYMOUS_MEMBER, "Anonymous", 0),
    ])
}

/// The permissions of a folder: the two that stand for nobody alone, then users by their ids.
pub(super) fn members(connection: &Connection, folder: FolderId) -> Result<Vec<Member>> {
    let folder = object::folder(connection, folder)?.id;
    let mut statement = connection.prepare_cached(
        "SELECT member, legacy_dn, name, rights FROM permission WHERE folder = ?1 ORDER BY member > 0, member DESC",
    )?;
    let rows = statement.query_map([folder.cast_signed()], |row| {
        Ok(Member { id: row.get(0)?, legacy_dn: row.get(1)?, name: row.get(2)?, rights: row.get(3)? })
    })?;
    let mut members = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    if members.is_empty() {
        return Ok(reserved(connection, folder)?.into());
    }
    members.sort_by_key(|member| (member.id > 0, member.id.unsigned_abs()));
    Ok(members)
}

/// What a user may do with a folder: their own entry, or else the one for everybody.
pub(super) fn rights(connection: &Connection, folder: FolderId, legacy_dn: &str) -> Result<u32> {
    let folder = object::folder(connection, folder)?.id;
    let mut statement = connection.prepare_cached(
        "SELECT rights FROM permission WHERE folder = ?1 AND (address = ?2 OR member = 0)
         ORDER BY member = 0 LIMIT 1",
    )?;
    let own = optional(statement.query_row(params![folder.cast_signed(), fold_case(legacy_dn)], |row| row.get(0)))?;
    match own {
        Some(rights) => Ok(rights),
        None => Ok(reserved(connection, folder)?.first().map_or(0, |member| member.rights)),
    }
}

/// Whether a user may do anything with any folder.
pub(super) fn has_rights(connection: &Connection, legacy_dn: &str) -> Result<bool> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM permission WHERE rights & 1024 AND (address = ?1 OR member = 0)")?;
    Ok(statement.exists([fold_case(legacy_dn)])?)
}

/// Applies changes in their order.
pub(super) fn change(transaction: &Transaction<'_>, folder: FolderId, changes: &[MemberChange]) -> Result<()> {
    let folder = object::folder(transaction, folder)?.id.cast_signed();
    write_down(transaction, folder)?;
    for change in changes {
        match change {
            MemberChange::Clear => {
                transaction
                    .prepare_cached("DELETE FROM permission WHERE folder = ?1 AND member > 0")?
                    .execute([folder])?;
                transaction
                    .prepare_cached("UPDATE permission SET rights = 0 WHERE folder = ?1 AND member = ?2")?
                    .execute([folder, ANONYMOUS_MEMBER])?;
            }
            MemberChange::Add { legacy_dn, name, rights } => add(transaction, folder, legacy_dn, name, *rights)?,
            MemberChange::Change { id, rights } => {
                transaction
                    .prepare_cached("UPDATE permission SET rights = ?3 WHERE folder = ?1 AND member = ?2")?
                    .execute(params![folder, id, rights])?;
            }
            MemberChange::Remove { id } => {
                transaction
                    .prepare_cached("DELETE FROM permission WHERE folder = ?1 AND member = ?2")?
                    .execute([folder, *id])?;
            }
        }
    }
    Ok(())
}

/// Gives a new folder the permissions of the one that it is in.
pub(super) fn inherit(transaction: &Transaction<'_>, parent: u64, folder: u64) -> Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO permission (folder, member, address, legacy_dn, name, rights)
             SELECT ?2, member, address, legacy_dn, name, rights FROM permission WHERE folder = ?1",
        )?
        .execute([parent, folder].map(u64::cast_signed))?;
    Ok(())
}

fn write_down(transaction: &Transaction<'_>, folder: i64) -> Result<()> {
    if transaction.prepare_cached("SELECT 1 FROM permission WHERE folder = ?1")?.exists([folder])? {
        return Ok(());
    }
    for member in reserved(transaction, folder.cast_unsigned())? {
        insert(transaction, folder, &member)?;
    }
    Ok(())
}

/// Adds a user. The same user has the same id in all folders, and no other user ever gets it.
fn add(transaction: &Transaction<'_>, folder: i64, legacy_dn: &str, name: &str, rights: u32) -> Result<()> {
    let address = fold_case(legacy_dn);
    let mut known = transaction.prepare_cached("SELECT id FROM member WHERE address = ?1")?;
    let id = match optional(known.query_row([&address], |row| row.get(0)))? {
        Some(id) => id,
        None => {
            transaction.prepare_cached("INSERT INTO member (address) VALUES (?1)")?.execute([&address])?;
            transaction.last_insert_rowid()
        }
    };
    insert(transaction, folder, &Member { id, legacy_dn: legacy_dn.to_owned(), name: name.to_owned(), rights })
}

fn insert(transaction: &Transaction<'_>, folder: i64, member: &Member) -> Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO permission (folder, member, address, legacy_dn, name, rights)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            folder,
            member.id,
            fold_case(&member.legacy_dn),
            member.legacy_dn,
            member.name,
            member.rights
        ])?;
    Ok(())
}
