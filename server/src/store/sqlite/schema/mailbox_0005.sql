-- Who may do what with a folder (MS-OXCPERM). Members 0 and -1 stand for everybody else and for those without a name.
CREATE TABLE permission (
    folder    INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    member    INTEGER NOT NULL,               -- PidTagMemberId
    address   TEXT NOT NULL,                  -- the legacyExchangeDN of a user in lower case; empty for 0 and -1
    legacy_dn TEXT NOT NULL,
    name      TEXT NOT NULL,                  -- PidTagMemberName
    rights    INTEGER NOT NULL,               -- PidTagMemberRights
    PRIMARY KEY (folder, member)
) STRICT, WITHOUT ROWID;
-- Users who ever were in a list, so that PidTagMemberId is never another's.
CREATE TABLE member (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX permission_by_address ON permission (address, folder);

-- Search folders (MS-OXCFOLD 2.2.1.4): what they look for, and what they have found.
CREATE TABLE search (
    folder      INTEGER PRIMARY KEY REFERENCES folder (id) ON DELETE CASCADE,
    restriction BLOB NOT NULL,                -- as in an extended rule (MS-OXCDATA 2.12)
    recursive   INTEGER NOT NULL CHECK (recursive IN (0, 1)),
    static      INTEGER NOT NULL CHECK (static IN (0, 1)),
    running     INTEGER NOT NULL CHECK (running IN (0, 1)),
    code_page   INTEGER NOT NULL
) STRICT;
CREATE TABLE search_scope (
    search   INTEGER NOT NULL REFERENCES search (folder) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    folder   INTEGER NOT NULL,
    PRIMARY KEY (search, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE search_link (
    folder     INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    message    INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE ON UPDATE CASCADE,
    associated INTEGER NOT NULL,              -- as in message; these two are what folders count
    unread     INTEGER NOT NULL,
    PRIMARY KEY (folder, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX search_link_by_message ON search_link (message);
CREATE TRIGGER search_linked AFTER INSERT ON search_link BEGIN
    UPDATE folder SET
        content_count = content_count + 1 - NEW.associated,
        associated_count = associated_count + NEW.associated,
        unread_count = unread_count + NEW.unread * (1 - NEW.associated)
    WHERE id = NEW.folder;
END;
CREATE TRIGGER search_unlinked AFTER DELETE ON search_link BEGIN
    UPDATE folder SET
        content_count = content_count - 1 + OLD.associated,
        associated_count = associated_count - OLD.associated,
        unread_count = unread_count - OLD.unread * (1 - OLD.associated)
    WHERE id = OLD.folder;
END;
CREATE TRIGGER search_marked AFTER UPDATE OF unread ON search_link BEGIN
    UPDATE folder SET unread_count = unread_count + (NEW.unread - OLD.unread) * (1 - NEW.associated)
    WHERE id = NEW.folder;
END;

-- Rows of a folder in the order of their properties, for sorting by these.
CREATE INDEX message_by_object ON message (folder, associated, object, id);
