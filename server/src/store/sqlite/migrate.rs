//! Numbered migrations, each applied once and never changed afterwards.

use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest as _, Sha256};

use crate::store::{Clock, Result, StoreError};

/// One step of a schema; its number is its position from 1.
pub(super) struct Migration {
    /// Its file's name.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// The schema of the directory's database.
pub(super) const DIRECTORY: &[Migration] = &[
    Migration { name: "directory_0001", sql: include_str!("schema/directory_0001.sql") },
    Migration { name: "directory_0002", sql: include_str!("schema/directory_0002.sql") },
];

/// The schema of a mailbox's database.
pub(super) const MAILBOX: &[Migration] = &[
    Migration { name: "mailbox_0001", sql: include_str!("schema/mailbox_0001.sql") },
    Migration { name: "mailbox_0002", sql: include_str!("schema/mailbox_0002.sql") },
    Migration { name: "mailbox_0003", sql: include_str!("schema/mailbox_0003.sql") },
    Migration { name: "mailbox_0004", sql: include_str!("schema/mailbox_0004.sql") },
    Migration { name: "mailbox_0005", sql: include_str!("schema/mailbox_0005.sql") },
    Migration { name: "mailbox_0006", sql: include_str!("schema/mailbox_0006.sql") },
    Migration { name: "mailbox_0007", sql: include_str!("schema/mailbox_0007.sql") },
];

/// Brings a database up to the last migration; each is one transaction.
///
/// # Errors
/// `Damaged` when a migration that was applied differs from ours, or one is there that we do not know
/// (the database was written by a later version).
pub(super) fn migrate(connection: &mut Connection, migrations: &[Migration], clock: Clock) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migration (
            number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied INTEGER NOT NULL
         ) STRICT",
    )?;
    let applied = applied(connection)?;
    if applied.len() > migrations.len() {
        return Err(StoreError::Damaged(format!(
            "its schema has {} migrations, this version knows {}",
            applied.len(),
            migrations.len()
        )));
    }
    for (index, migration) in migrations.iter().enumerate() {
        let checksum = checksum(migration.sql);
        match applied.get(index) {
            Some(found) if *found == checksum => {}
            Some(_) => {
                return Err(StoreError::Damaged(format!("migration {} was applied in another form", migration.name)));
            }
            None => {
                let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                transaction.execute_batch(migration.sql)?;
                transaction.execute(
                    "INSERT INTO migration (number, name, checksum, applied) VALUES (?1, ?2, ?3, ?4)",
                    (index as i64 + 1, migration.name, checksum, clock().0.cast_signed()),
                )?;
                transaction.commit()?;
            }
        }
    }
    Ok(())
}

/// Fails when a database does not have the schema of these migrations.
///
/// # Errors
/// `Damaged`, and when it cannot be read.
pub(super) fn verify(connection: &Connection, migrations: &[Migration]) -> Result<()> {
    let applied = applied(connection)?;
    let ours = migrations.iter().map(|migration| checksum(migration.sql));
    if ours.ne(applied) {
        return Err(StoreError::Damaged("its schema is not the one of this version".to_owned()));
    }
    Ok(())
}

/// The checksums of the migrations that were applied, in their order.
fn applied(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT number, checksum FROM migration ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut checksums = Vec::new();
    for row in rows {
        let (number, checksum) = row?;
        if number != checksums.len() as i64 + 1 {
            return Err(StoreError::Damaged(format!("migration {} is missing", checksums.len() + 1)));
        }
        checksums.push(checksum);
    }
    Ok(checksums)
}

fn checksum(sql: &str) -> String {
    Sha256::digest(sql).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::system_clock;

    const FIRST: Migration = Migration { name: "first", sql: "CREATE TABLE a (x INTEGER)" };
    const SECOND: Migration = Migration { name: "second", sql: "CREATE TABLE b (x INTEGER)" };

    fn tables(connection: &Connection) -> i64 {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('a', 'b')";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn applies_each_once_and_later_ones_later() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST], system_clock).unwrap();
        migrate(&mut connection, &[FIRST], system_clock).unwrap();
        assert_eq!(tables(&connection), 1);
        migrate(&mut connection, &[FIRST, SECOND], system_clock).unwrap();
        assert_eq!(tables(&connection), 2);
    }

    #[test]
    fn refuses_a_migration_that_was_changed_after_it_was_applied() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST], system_clock).unwrap();
        let changed = Migration { name: "first", sql: "CREATE TABLE a (y INTEGER)" };
        assert!(matches!(migrate(&mut connection, &[changed], system_clock), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn refuses_a_database_of_a_later_version() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST, SECOND], system_clock).unwrap();
        assert!(matches!(migrate(&mut connection, &[FIRST], system_clock), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = Migration { name: "broken", sql: "CREATE TABLE a (x INTEGER); CREATE TABLE a (x INTEGER)" };
        migrate(&mut connection, &[broken], system_clock).unwrap_err();
        assert_eq!(tables(&connection), 0);
        assert!(applied(&connection).unwrap().is_empty());
    }
}
