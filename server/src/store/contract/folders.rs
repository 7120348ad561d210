//! Folders, hierarchy tables and receive folders.

use protocol::oxcdata::{
    FolderId, FuzzyLevelHigh, FuzzyLevelLow, PropertyValue, Restriction, SortDirection, SortOrder, TaggedPropertyValue,
};

use super::{Backend, create_in, inbox, record, store_with_user, value};
use crate::store::value::string;
use crate::store::{
    FolderType, HierarchyDepth, Mailbox, MessageChange, MessageTarget, NewFolder, ObjectId, PropertyChanges,
    SpecialFolder, StoreError, TableQuery, ids, tags,
};

fn new_folder(mailbox: &dyn Mailbox, parent: FolderId, name: &str) -> FolderId {
    let properties = PropertyChanges::new();
    let new = NewFolder { parent, display_name: name, folder_type: FolderType::Generic, properties };
    mailbox.create_folder(&new).unwrap().id
}

pub(in crate::store) fn new_mailboxes_have_the_thirteen_folders_of_logon(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let special = mailbox.special_folders();
    let logon = special.logon();
    assert_eq!(logon[0], special.get(SpecialFolder::Root));
    assert_eq!(logon[4], special.get(SpecialFolder::Inbox));
    assert_eq!(logon[12], special.get(SpecialFolder::Shortcuts));
    let root = mailbox.folder(logon[0]).unwrap();
    assert_eq!((root.parent, root.folder_type), (None, FolderType::Root));
    // All others are below the root.
    let below = mailbox.hierarchy(logon[0], HierarchyDepth::Descendants, &TableQuery::default()).unwrap();
    for folder in &SpecialFolder::ALL[1..] {
        assert!(below.contains(&special.get(*folder)), "{folder:?}");
    }
    assert_eq!(mailbox.folder(special.get(SpecialFolder::Inbox)).unwrap().parent, Some(logon[3]));
}

pub(in crate::store) fn special_folders_have_container_classes(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    for (folder, class) in [
        (SpecialFolder::Inbox, "IPF.Note"),
        (SpecialFolder::Calendar, "IPF.Appointment"),
        (SpecialFolder::Contacts, "IPF.Contact"),
        (SpecialFolder::Journal, "IPF.Journal"),
        (SpecialFolder::Notes, "IPF.StickyNote"),
        (SpecialFolder::Tasks, "IPF.Task"),
    ] {
        let id = ObjectId::Folder(mailbox.special_folders().get(folder));
        assert_eq!(value(mailbox.as_ref(), id, tags::PID_TAG_CONTAINER_CLASS), Some(string(class)));
    }
}

pub(in crate::store) fn folders_are_created_below_their_parent(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let parent = inbox(mailbox.as_ref());
    let mut properties = PropertyChanges::new();
    properties.set(tags::PID_TAG_COMMENT, string("nur für Projekte"));
    let new = NewFolder { parent, display_name: "Projekte", folder_type: FolderType::Generic, properties };
    let folder = mailbox.create_folder(&new).unwrap();
    assert_eq!(folder.display_name, "Projekte");
    assert_eq!(folder.parent, Some(parent));
    assert_eq!(mailbox.folder(folder.id).unwrap(), folder);
    assert!(mailbox.folder(parent).unwrap().has_subfolders);
    let object = ObjectId::Folder(folder.id);
    assert_eq!(value(mailbox.as_ref(), object, tags::PID_TAG_COMMENT), Some(string("nur für Projekte")));
    let missing = NewFolder { parent: ids::folder_id(0xFFFF_FFFF), ..new.clone() };
    assert!(matches!(mailbox.create_folder(&missing), Err(StoreError::NotFound(_))));
    let unnamed = NewFolder { display_name: "", ..new };
    assert!(matches!(mailbox.create_folder(&unnamed), Err(StoreError::InvalidParameter(_))));
}

pub(in crate::store) fn names_are_unique_without_case(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let parent = inbox(mailbox.as_ref());
    new_folder(mailbox.as_ref(), parent, "Überblick");
    let properties = PropertyChanges::new();
    let again = NewFolder { parent, display_name: "ÜBERBLICK", folder_type: FolderType::Generic, properties };
    assert!(matches!(mailbox.create_folder(&again), Err(StoreError::Exists(_))));
    let elsewhere = NewFolder { parent: mailbox.special_folders().get(SpecialFolder::Drafts), ..again };
    mailbox.create_folder(&elsewhere).unwrap();
}

pub(in crate::store) fn renaming_keeps_names_unique(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let parent = inbox(mailbox.as_ref());
    let (one, _two) = (new_folder(mailbox.as_ref(), parent, "One"), new_folder(mailbox.as_ref(), parent, "Two"));
    let mut rename = PropertyChanges::new();
    rename.set(tags::PID_TAG_DISPLAY_NAME, string("two"));
    assert!(matches!(mailbox.change_properties(ObjectId::Folder(one), &rename), Err(StoreError::Exists(_))));
    assert_eq!(mailbox.folder(one).unwrap().display_name, "One");
    rename.set(tags::PID_TAG_DISPLAY_NAME, string("ONE"));
    let before = mailbox.folder(one).unwrap().change_number;
    let after = mailbox.change_properties(ObjectId::Folder(one), &rename).unwrap();
    assert!(after > before);
    assert_eq!(mailbox.folder(one).unwrap().display_name, "ONE");
    assert_eq!(mailbox.folder(one).unwrap().change_number, after);
}

pub(in crate::store) fn counts_follow_the_messages(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let folder = inbox(mailbox.as_ref());
    let first = mailbox.save_message(&create_in(folder)).unwrap().id;
    let mut read = create_in(folder);
    read.properties.set(tags::PID_TAG_MESSAGE_FLAGS, PropertyValue::PtypInteger32(1));
    mailbox.save_message(&read).unwrap();
    let target = MessageTarget::Create { folder, associated: true, id: None };
    mailbox.save_message(&MessageChange::new(target)).unwrap();
    let counts = |mailbox: &dyn Mailbox| {
        let folder = mailbox.folder(folder).unwrap();
        (folder.content_count, folder.content_unread_count, folder.associated_content_count)
    };
    assert_eq!(counts(mailbox.as_ref()), (2, 1, 1));
    let object = ObjectId::Folder(folder);
    let count = |tag| value(mailbox.as_ref(), object, tag);
    assert_eq!(count(tags::PID_TAG_CONTENT_COUNT), Some(PropertyValue::PtypInteger32(2)));
    assert_eq!(count(tags::PID_TAG_CONTENT_UNREAD_COUNT), Some(PropertyValue::PtypInteger32(1)));
    assert_eq!(count(tags::PID_TAG_ASSOCIATED_CONTENT_COUNT), Some(PropertyValue::PtypInteger32(1)));
    mailbox.delete_message(first).unwrap();
    assert_eq!(counts(mailbox.as_ref()), (1, 0, 1));
}

pub(in crate::store) fn hierarchies_list_descendants_after_their_parents(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let parent = inbox(mailbox.as_ref());
    let b = new_folder(mailbox.as_ref(), parent, "b");
    let a = new_folder(mailbox.as_ref(), parent, "A");
    let inner = new_folder(mailbox.as_ref(), a, "inner");
    let all = TableQuery::default();
    assert_eq!(mailbox.hierarchy(parent, HierarchyDepth::Children, &all).unwrap(), [a, b]);
    let found = mailbox.hierarchy(parent, HierarchyDepth::Descendants, &all).unwrap();
    assert_eq!(found, [a, inner, b]);
    let columns = [tags::PID_TAG_DEPTH, tags::PID_TAG_DISPLAY_NAME, tags::PID_TAG_SUBFOLDERS];
    let rows = mailbox.hierarchy_rows(parent, &found, &columns).unwrap();
    let expected = [(1, "A", true), (2, "inner", false), (1, "b", false)].map(|(depth, name, below)| {
        let values = [PropertyValue::PtypInteger32(depth), string(name), PropertyValue::PtypBoolean(below)];
        Some(values.map(Some).to_vec())
    });
    assert_eq!(rows, expected);
}

pub(in crate::store) fn hierarchies_are_restricted_and_sorted(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let parent = inbox(mailbox.as_ref());
    for name in ["alpha", "beta", "alphabet"] {
        new_folder(mailbox.as_ref(), parent, name);
    }
    let restriction = Restriction::ContentRestriction {
        fuzzy_level_low: FuzzyLevelLow::FL_PREFIX,
        fuzzy_level_high: FuzzyLevelHigh::FL_IGNORECASE,
        property_tag: tags::PID_TAG_DISPLAY_NAME,
        tagged_value: TaggedPropertyValue { property_tag: tags::PID_TAG_DISPLAY_NAME, property_value: string("ALPHA") },
    };
    let sort = [SortOrder { property_tag: tags::PID_TAG_DISPLAY_NAME, order: SortDirection::DESCENDING }];
    let query = TableQuery { restriction: Some(&restriction), sort: &sort, ..TableQuery::default() };
    let found = mailbox.hierarchy(parent, HierarchyDepth::Children, &query).unwrap();
    let names: Vec<_> = found.iter().map(|id| mailbox.folder(*id).unwrap().display_name).collect();
    assert_eq!(names, ["alphabet", "alpha"]);
}

pub(in crate::store) fn computed_folder_properties_cannot_be_set(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let object = ObjectId::Folder(inbox(mailbox.as_ref()));
    for tag in [tags::PID_TAG_CONTENT_COUNT, tags::PID_TAG_FOLDER_TYPE] {
        let mut changes = PropertyChanges::new();
        changes.set(tag, PropertyValue::PtypInteger32(7)).set(tags::PID_TAG_COMMENT, string("x"));
        assert!(
            matches!(mailbox.change_properties(object, &changes), Err(StoreError::ReadOnly(found)) if found == tag)
        );
    }
    assert_eq!(value(mailbox.as_ref(), object, tags::PID_TAG_COMMENT), None);
}

pub(in crate::store) fn receive_folders_start_as_prescribed(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let inbox = inbox(mailbox.as_ref());
    let rows = mailbox.receive_folders().unwrap();
    let mut found: Vec<_> = rows.iter().map(|row| (row.message_class.as_str(), row.folder)).collect();
    found.sort_unstable();
    let root = mailbox.special_folders().get(SpecialFolder::Root);
    assert_eq!(found, [("", inbox), ("IPC", root), ("IPM", inbox), ("Report.IPM", inbox)]);
    record("MS-OXCSTOR_R782", "receive_folders_start_as_prescribed");
}

pub(in crate::store) fn receive_folders_are_found_by_the_longest_class(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let drafts = mailbox.special_folders().get(SpecialFolder::Drafts);
    mailbox.set_receive_folder("IPM.Schedule.Meeting", Some(drafts)).unwrap();
    let find = |class: &str| {
        let row = mailbox.receive_folder(class).unwrap();
        (row.message_class, row.folder)
    };
    let inbox = inbox(mailbox.as_ref());
    let meeting = ("IPM.Schedule.Meeting".to_owned(), drafts);
    assert_eq!(find("IPM.Schedule.Meeting.Request"), meeting);
    assert_eq!(find("ipm.schedule.meeting"), meeting);
    for id in ["MS-OXCSTOR_R847", "MS-OXCSTOR_R851", "MS-OXCSTOR_R196", "MS-OXCSTOR_R201", "MS-OXCSTOR_R59801"] {
        record(id, "receive_folders_are_found_by_the_longest_class");
    }
    assert_eq!(find("IPM.My.Class"), ("IPM".to_owned(), inbox));
    assert_eq!(find("My.Class"), (String::new(), inbox));
    assert_eq!(find(""), (String::new(), inbox));
    for id in ["MS-OXCSTOR_R852", "MS-OXCSTOR_R1223", "MS-OXCSTOR_R3119", "MS-OXCSTOR_R3120"] {
        record(id, "receive_folders_are_found_by_the_longest_class");
    }
    let root = mailbox.special_folders().get(SpecialFolder::Root);
    assert_eq!(find("IPC.Anything"), ("IPC".to_owned(), root));
    assert!(matches!(mailbox.receive_folder("IPM..Note"), Err(StoreError::InvalidParameter(_))));
}

pub(in crate::store) fn receive_folders_change_and_go(backend: &Backend) {
    let (_store, mailbox) = store_with_user(backend);
    let special = mailbox.special_folders();
    let (drafts, notes) = (special.get(SpecialFolder::Drafts), special.get(SpecialFolder::Notes));
    mailbox.set_receive_folder("IPM.Note", Some(drafts)).unwrap();
    mailbox.set_receive_folder("ipm.NOTE", Some(notes)).unwrap();
    assert_eq!(mailbox.receive_folders().unwrap().len(), 5);
    assert_eq!(mailbox.receive_folder("IPM.Note").unwrap().folder, notes);
    for id in ["MS-OXCSTOR_R862", "MS-OXCSTOR_R1235", "MS-OXCSTOR_R59754", "MS-OXCSTOR_R247"] {
        record(id, "receive_folders_change_and_go");
    }
    mailbox.set_receive_folder("IPM.NOTE", None).unwrap();
    assert_eq!(mailbox.receive_folder("IPM.Note").unwrap().message_class, "IPM");
    record("MS-OXCSTOR_R864", "receive_folders_change_and_go");
    assert!(matches!(mailbox.set_receive_folder("IPM", Some(notes)), Err(StoreError::AccessDenied(_))));
    assert!(matches!(mailbox.set_receive_folder("", None), Err(StoreError::Unsupported(_))));
    let missing = ids::folder_id(0xFFFF_FFFF);
    assert!(matches!(mailbox.set_receive_folder("IPM.X", Some(missing)), Err(StoreError::NotFound(_))));
}
