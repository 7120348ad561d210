//! Users and their mailboxes.

use super::{Backend, add_user, inbox, record, save_with, store_with_user};
use crate::store::value::string;
use crate::store::{NewUser, StoreError, tags};
use runtime::Guid;

pub(in crate::store) fn creates_users_and_finds_them_without_case(backend: &Backend) {
    let store = (backend.open)();
    let created = store
        .create_user(&NewUser {
            address: "Anna@Example.TEST",
            display_name: "Anna Ånström",
            legacy_dn: "/o=Example/cn=Anna",
            password_hash: "$argon2id$x",
        })
        .unwrap();
    assert_eq!(created.address, "anna@example.test");
    assert_eq!(store.user_by_address("ANNA@example.test").unwrap(), Some(created.clone()));
    assert_eq!(store.user_by_legacy_dn("/O=EXAMPLE/CN=anna").unwrap(), Some(created.clone()));
    assert_eq!(store.user_by_mailbox(created.mailbox).unwrap(), Some(created.clone()));
    assert_eq!(store.user_by_address("bert@example.test").unwrap(), None);
    assert_eq!(store.credentials("bert@example.test").unwrap(), None);
    assert_eq!(store.users().unwrap(), [created]);
}

pub(in crate::store) fn refuses_second_users_of_an_address_or_name(backend: &Backend) {
    let (store, _) = store_with_user(backend);
    let mut user = NewUser { address: "ANNA@example.test", display_name: "", legacy_dn: "/cn=x", password_hash: "" };
    assert!(matches!(store.create_user(&user), Err(StoreError::Exists(_))));
    user.address = "other@example.test";
    user.legacy_dn = "/o=example/ou=first/cn=recipients/cn=ANNA";
    assert!(matches!(store.create_user(&user), Err(StoreError::Exists(_))));
    for address in ["no-at-sign", "@example.test", "anna@", "an na@example.test"] {
        user.address = address;
        assert!(matches!(store.create_user(&user), Err(StoreError::InvalidParameter(_))), "{address}");
    }
    assert_eq!(store.users().unwrap().len(), 1);
}

pub(in crate::store) fn passwords_change_with_a_new_generation(backend: &Backend) {
    let (store, _) = store_with_user(backend);
    let first = store.credentials("anna@example.test").unwrap().unwrap();
    assert_eq!(first.password_hash, "$argon2id$first");
    let generation = store.set_password("Anna@example.test", "$argon2id$second", Some(&[7; 44])).unwrap();
    assert!(generation > first.generation);
    let second = store.credentials("anna@example.test").unwrap().unwrap();
    assert_eq!((second.password_hash.as_str(), second.generation), ("$argon2id$second", generation));
    assert_eq!((first.nt_secret, second.nt_secret.clone()), (None, Some(vec![7; 44])));
    assert!(!format!("{second:?}").contains("argon2id"), "hashes stay out of logs");
    store.set_password("anna@example.test", "$argon2id$third", None).unwrap();
    assert_eq!(store.credentials("anna@example.test").unwrap().unwrap().nt_secret, None, "of another password");
    assert!(matches!(store.set_password("bert@example.test", "", None), Err(StoreError::NotFound(_))));
}

pub(in crate::store) fn mailboxes_of_users_are_separate(backend: &Backend) {
    let (store, anna) = store_with_user(backend);
    let bert = add_user(store.as_ref(), "bert");
    assert_ne!(anna.identity().mailbox, bert.identity().mailbox);
    assert_ne!(anna.identity().replica, bert.identity().replica);
    record("MS-OXCSTOR_R778", "mailboxes_of_users_are_separate");
    let message = save_with(anna.as_ref(), tags::PID_TAG_SUBJECT, string("for Anna"));
    assert!(matches!(bert.message(message), Err(StoreError::NotFound(_))));
    assert_eq!(bert.folder(inbox(bert.as_ref())).unwrap().content_count, 0);
}

pub(in crate::store) fn unknown_mailboxes_are_not_found(backend: &Backend) {
    let (store, mailbox) = store_with_user(backend);
    assert!(matches!(store.mailbox(Guid([1; 16])), Err(StoreError::NotFound(_))));
    let again = store.mailbox(mailbox.identity().mailbox).unwrap();
    assert_eq!(again.identity(), mailbox.identity());
}
