-- Times are FILETIME, 100 ns since 1601; ids of folders and messages are 48-bit global counters.

-- Everything that has properties. Deleting an object deletes all that belongs to it.
CREATE TABLE object (
    id INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

CREATE TABLE mailbox (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    mailbox_guid BLOB NOT NULL CHECK (length(mailbox_guid) = 16),
    replica_guid BLOB NOT NULL CHECK (length(replica_guid) = 16),
    created      INTEGER NOT NULL,
    change_number INTEGER NOT NULL,
    next_counter INTEGER NOT NULL,            -- every counter below has been given out or may have been
    object       INTEGER NOT NULL REFERENCES object (id)
) STRICT;

-- Content too long for a row of property: in pieces, once for equal content.
CREATE TABLE blob (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    hash            BLOB,                     -- SHA-256; null while it is being written
    size            INTEGER NOT NULL,
    reference_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX blob_by_hash ON blob (hash);
CREATE INDEX blob_unreferenced ON blob (id) WHERE reference_count = 0;

CREATE TABLE blob_piece (
    blob   INTEGER NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,                  -- from 0; all but the last have the same size
    data   BLOB NOT NULL,
    UNIQUE (blob, number)
) STRICT;

-- The type in the tag's low 16 bits says what value is; value is null when blob is not.
CREATE TABLE property (
    object INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE,
    tag    INTEGER NOT NULL,
    value  ANY,
    blob   INTEGER REFERENCES blob (id),
    PRIMARY KEY (object, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX property_by_blob ON property (blob) WHERE blob IS NOT NULL;

CREATE TRIGGER property_holds_blob AFTER INSERT ON property WHEN NEW.blob IS NOT NULL BEGIN
    UPDATE blob SET reference_count = reference_count + 1 WHERE id = NEW.blob;
END;
CREATE TRIGGER property_leaves_blob AFTER DELETE ON property WHEN OLD.blob IS NOT NULL BEGIN
    UPDATE blob SET reference_count = reference_count - 1 WHERE id = OLD.blob;
END;

CREATE TABLE folder (
    id            INTEGER PRIMARY KEY,
    object        INTEGER NOT NULL UNIQUE REFERENCES object (id) ON DELETE CASCADE,
    parent        INTEGER REFERENCES folder (id),
    folder_type   INTEGER NOT NULL CHECK (folder_type IN (0, 1, 2)),
    name_key      TEXT NOT NULL,              -- PidTagDisplayName without case
    change_number INTEGER NOT NULL,
    created       INTEGER NOT NULL,
    modified      INTEGER NOT NULL,
    -- Kept by the triggers below.
    child_count      INTEGER NOT NULL DEFAULT 0,
    content_count    INTEGER NOT NULL DEFAULT 0,
    unread_count     INTEGER NOT NULL DEFAULT 0,
    associated_count INTEGER NOT NULL DEFAULT 0,
    UNIQUE (parent, name_key)
) STRICT;

CREATE TRIGGER folder_added AFTER INSERT ON folder WHEN NEW.parent IS NOT NULL BEGIN
    UPDATE folder SET child_count = child_count + 1 WHERE id = NEW.parent;
END;
CREATE TRIGGER folder_removed AFTER DELETE ON folder BEGIN
    UPDATE folder SET child_count = child_count - 1 WHERE id = OLD.parent;
    DELETE FROM object WHERE id = OLD.object;
END;

CREATE TABLE special_folder (
    role   INTEGER PRIMARY KEY,               -- position in SpecialFolder::ALL
    folder INTEGER NOT NULL UNIQUE REFERENCES folder (id)
) STRICT;

CREATE TABLE message (
    id                 INTEGER PRIMARY KEY,
    object             INTEGER NOT NULL UNIQUE REFERENCES object (id) ON DELETE CASCADE,
    folder             INTEGER NOT NULL REFERENCES folder (id),
    associated         INTEGER NOT NULL CHECK (associated IN (0, 1)),
    change_number      INTEGER NOT NULL,
    read_change_number INTEGER NOT NULL,
    flags              INTEGER NOT NULL,      -- PidTagMessageFlags without the computed bits
    size               INTEGER NOT NULL,
    created            INTEGER NOT NULL,
    modified           INTEGER NOT NULL,
    delivered          INTEGER,               -- PidTagMessageDeliveryTime
    recipient_count    INTEGER NOT NULL,
    attachment_count   INTEGER NOT NULL
) STRICT;
CREATE INDEX message_by_delivery ON message (folder, associated, delivered DESC, id);
CREATE INDEX message_by_modification ON message (folder, associated, modified DESC, id);

CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE folder SET
        content_count = content_count + (NEW.associated = 0),
        unread_count = unread_count + (NEW.associated = 0 AND NEW.flags & 1 = 0),
        associated_count = associated_count + NEW.associated
    WHERE id = NEW.folder;
END;
CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE folder SET
        content_count = content_count - (OLD.associated = 0),
        unread_count = unread_count - (OLD.associated = 0 AND OLD.flags & 1 = 0),
        associated_count = associated_count - OLD.associated
    WHERE id = OLD.folder;
    DELETE FROM object WHERE id = OLD.object;
END;
CREATE TRIGGER message_flagged AFTER UPDATE OF flags ON message
WHEN NEW.associated = 0 AND (OLD.flags & 1) <> (NEW.flags & 1) BEGIN
    UPDATE folder SET unread_count = unread_count + (OLD.flags & 1) - (NEW.flags & 1) WHERE id = NEW.folder;
END;

CREATE TABLE recipient (
    object  INTEGER PRIMARY KEY REFERENCES object (id) ON DELETE CASCADE,
    message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    row_id  INTEGER NOT NULL,
    UNIQUE (message, row_id)
) STRICT;
CREATE TRIGGER recipient_removed AFTER DELETE ON recipient BEGIN
    DELETE FROM object WHERE id = OLD.object;
END;

CREATE TABLE attachment (
    object  INTEGER PRIMARY KEY REFERENCES object (id) ON DELETE CASCADE,
    message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,                 -- PidTagAttachNumber
    size    INTEGER NOT NULL,                 -- PidTagAttachSize
    UNIQUE (message, number)
) STRICT;
CREATE TRIGGER attachment_removed AFTER DELETE ON attachment BEGIN
    DELETE FROM object WHERE id = OLD.object;
END;

CREATE TABLE receive_folder (
    class_key     TEXT PRIMARY KEY,           -- lower case
    message_class TEXT NOT NULL,
    folder        INTEGER NOT NULL REFERENCES folder (id),
    modified      INTEGER NOT NULL
) STRICT;

-- Never deleted from, so that ids are never reused. The property id is 0x7FFF + id.
CREATE TABLE named_property (
    id   INTEGER PRIMARY KEY,
    guid BLOB NOT NULL CHECK (length(guid) = 16),
    lid  INTEGER,
    name TEXT,
    UNIQUE (guid, lid),
    UNIQUE (guid, name),
    CHECK ((lid IS NULL) <> (name IS NULL))
) STRICT;
