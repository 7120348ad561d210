//! What every store has to do, written against the traits alone.
//!
//! A store runs the suite with `contract_tests!(backend)`, where the expression makes a [`Backend`].

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub(super) mod delivery;
pub(super) mod directory;
pub(super) mod durability;
pub(super) mod folders;
pub(super) mod messages;
#[path = "../../../../generated-tests/src/spec_coverage.rs"]
mod spec_coverage;
pub(super) mod tables;
pub(super) mod values;

pub(super) use spec_coverage::record;

use std::sync::Arc;

use protocol::oxcdata::{FolderId, MessageId, PropertyTag, PropertyValue};

use super::value::string;
use super::{
    Mailbox, MessageChange, MessageTarget, NewUser, ObjectId, PartChange, PropertyChanges, SpecialFolder, Store, tags,
};

/// Opens a store; a durable one opens the same data each time.
pub(super) struct Backend {
    pub(super) open: Box<dyn Fn() -> Box<dyn Store>>,
    pub(super) durable: bool,
}

macro_rules! contract_tests {
    ($backend:expr) => {
        contract_tests! { @ $backend;
            directory {
                creates_users_and_finds_them_without_case,
                refuses_second_users_of_an_address_or_name,
                passwords_change_with_a_new_generation,
                mailboxes_of_users_are_separate,
                unknown_mailboxes_are_not_found,
            }
            folders {
                new_mailboxes_have_the_thirteen_folders_of_logon,
                special_folders_have_container_classes,
                folders_are_created_below_their_parent,
                names_are_unique_without_case,
                renaming_keeps_names_unique,
                counts_follow_the_messages,
                hierarchies_list_descendants_after_their_parents,
                hierarchies_are_restricted_and_sorted,
                computed_folder_properties_cannot_be_set,
                receive_folders_are_found_by_the_longest_class,
                receive_folders_start_as_prescribed,
                receive_folders_change_and_go,
            }
            messages {
                saves_and_reads_a_whole_message,
                subjects_have_two_parts,
                updates_change_only_what_they_name,
                recipients_are_replaced_changed_and_removed,
                attachments_are_changed_and_removed,
                display_names_follow_the_recipients,
                stale_saves_conflict,
                ids_made_before_saving_are_kept,
                ids_that_were_not_allocated_are_refused,
                read_state_is_counted_and_never_conflicts,
                deleting_takes_all_parts_along,
                a_save_that_fails_late_has_changed_nothing,
                several_saves_are_one,
                computed_message_properties_cannot_be_set,
                concurrent_saves_all_arrive,
            }
            values {
                every_type_is_stored_and_found_again,
                string_types_find_each_other,
                large_values_are_streams,
                blobs_are_written_in_pieces,
                open_streams_outlive_their_property,
                blobs_of_other_mailboxes_are_refused,
                odd_utf16_is_refused,
                named_properties_keep_their_ids,
                replicas_keep_their_ids,
            }
            tables {
                default_order_is_newest_first_in_pages,
                sorts_by_any_property_with_missing_values_first,
                sorts_by_several_keys_in_both_directions,
                sorts_text_without_case,
                restrictions_look_at_messages_and_their_parts,
                associated_messages_have_their_own_table,
                rows_have_computed_columns,
                rows_cut_large_values,
                rows_of_messages_that_are_gone_are_empty,
                categories_are_not_sorted_by,
            }
            delivery {
                submissions_wait_until_every_recipient_has_them,
                a_submission_that_fails_has_changed_nothing,
                nothing_arrives_twice,
            }
            durability {
                everything_is_there_after_reopening,
                counters_never_repeat_after_reopening,
                counters_never_repeat_among_threads,
                unfinished_blobs_are_gone_after_reopening,
            }
        }
    };
    (@ $backend:expr; $($area:ident { $($test:ident,)* })*) => {
        $(mod $area {
            use super::*;
            $(#[test] fn $test() { crate::store::contract::$area::$test(&$backend); })*
        })*
    };
}
pub(super) use contract_tests;

/// A store with one user.
pub(super) fn store_with_user(backend: &Backend) -> (Box<dyn Store>, Arc<dyn Mailbox>) {
    let store = (backend.open)();
    let mailbox = add_user(store.as_ref(), "anna");
    (store, mailbox)
}

/// Another user and their mailbox.
pub(super) fn add_user(store: &dyn Store, name: &str) -> Arc<dyn Mailbox> {
    let user = store
        .create_user(&NewUser {
            address: &format!("{name}@example.test"),
            display_name: name,
            legacy_dn: &format!("/o=Example/ou=First/cn=Recipients/cn={name}"),
            password_hash: "$argon2id$first",
        })
        .unwrap();
    store.mailbox(user.mailbox).unwrap()
}

pub(super) fn inbox(mailbox: &dyn Mailbox) -> FolderId {
    mailbox.special_folders().get(SpecialFolder::Inbox)
}

pub(super) fn create_in(folder: FolderId) -> MessageChange {
    MessageChange::new(MessageTarget::Create { folder, associated: false, id: None })
}

pub(super) fn update(id: MessageId) -> MessageChange {
    MessageChange::new(MessageTarget::Update { id, expected_change_number: None })
}

/// Saves a message with one property.
pub(super) fn save_with(mailbox: &dyn Mailbox, tag: PropertyTag, value: PropertyValue<'static>) -> MessageId {
    let mut change = create_in(inbox(mailbox));
    change.properties.set(tag, value);
    mailbox.save_message(&change).unwrap().id
}

pub(super) fn value(mailbox: &dyn Mailbox, object: ObjectId, tag: PropertyTag) -> Option<PropertyValue<'static>> {
    super::property(mailbox, object, tag).unwrap()
}

pub(super) fn recipient(kind: i32, name: &str) -> PropertyChanges {
    let mut properties = PropertyChanges::new();
    properties
        .set(tags::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(kind))
        .set(tags::PID_TAG_DISPLAY_NAME, string(name))
        .set(tags::PID_TAG_SMTP_ADDRESS, string(format!("{name}@example.test")));
    properties
}

pub(super) fn attachment(name: &str, content: &[u8]) -> PartChange {
    let mut properties = PropertyChanges::new();
    properties
        .set(tags::PID_TAG_ATTACH_LONG_FILENAME, string(name))
        .set(tags::PID_TAG_ATTACH_DATA_BINARY, super::value::binary(content));
    PartChange::Replace(properties)
}
