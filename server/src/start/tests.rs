#![allow(clippy::unwrap_used)]

use super::*;
use crate::auth::{Accounts as _, password};
use crate::store::{ContentsKind, SpecialFolder, TableQuery};

fn config(data_dir: &std::path::Path) -> Config {
    Config { data_dir: data_dir.to_owned(), ..Config::default() }
}

fn beyond_loopback(data_dir: &std::path::Path) -> Config {
    Config { listen: "0.0.0.0:0".parse().unwrap(), ..config(data_dir) }
}

#[test]
fn a_second_start_finds_what_the_first_made() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    let config = config(&data);
    let first = prepare(&config, SystemTime::now()).unwrap();
    let made = first.first.as_ref().unwrap();
    assert_eq!(made.accounts.len(), 2);
    for account in &made.accounts {
        let found = first.accounts.find(account.address).unwrap().unwrap();
        assert!(password::verify(&account.password, &found.password_hash));
    }
    let before = inbox(&*first.store);
    assert!(before > 0);
    drop(first);
    let second = prepare(&config, SystemTime::now()).unwrap();
    assert!(second.first.is_none());
    assert_eq!(inbox(&*second.store), before);
}

fn inbox(store: &dyn Store) -> u32 {
    let user = store.user_by_address(first::ADDRESSES[0]).unwrap().unwrap();
    let mailbox = store.mailbox(user.mailbox).unwrap();
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    mailbox.count_contents(inbox, ContentsKind::Normal, &TableQuery::default()).unwrap()
}

#[cfg(unix)]
#[test]
fn what_the_first_start_makes_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    drop(prepare(&config(&data), SystemTime::now()).unwrap());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join(STORE_DIRECTORY)), 0o700);
    assert_eq!(mode(&data.join(SAMPLE_ACCOUNTS_FILE)), 0o600);
    assert_eq!(mode(&data.join("tls/ca-key.pem")), 0o600);
}

#[test]
fn sample_accounts_are_refused_beyond_loopback_and_nothing_is_made() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    let refused = prepare(&beyond_loopback(&data), SystemTime::now());
    assert!(matches!(refused, Err(StartError::SampleAccounts(_))));
    assert!(!data.exists());
    drop(prepare(&config(&data), SystemTime::now()).unwrap());
    let refused = prepare(&beyond_loopback(&data), SystemTime::now());
    assert!(matches!(refused, Err(StartError::SampleAccounts(_))));
}

#[test]
fn an_interrupted_first_start_begins_anew() {
    let data = tempfile::tempdir().unwrap();
    let unfinished = data.path().join("store.new");
    std::fs::create_dir(&unfinished).unwrap();
    std::fs::write(unfinished.join("directory.sqlite"), "half a database").unwrap();
    std::fs::write(data.path().join(SAMPLE_ACCOUNTS_FILE), "alice@example.test\told\n").unwrap();
    let started = prepare(&config(data.path()), SystemTime::now()).unwrap();
    let kept = std::fs::read_to_string(data.path().join(SAMPLE_ACCOUNTS_FILE)).unwrap();
    for account in started.first.unwrap().accounts {
        assert!(kept.contains(&account.password));
    }
    assert!(!unfinished.exists());
}

#[test]
fn a_store_that_is_in_use_is_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let _first = prepare(&config(data.path()), SystemTime::now()).unwrap();
    assert!(matches!(prepare(&config(data.path()), SystemTime::now()), Err(StartError::Store { .. })));
}
