-- Messages and folders that move from one folder to another.
CREATE TRIGGER message_moved AFTER UPDATE OF folder ON message WHEN NEW.folder <> OLD.folder BEGIN
    UPDATE folder SET
        content_count = content_count - (OLD.associated = 0),
        unread_count = unread_count - (OLD.associated = 0 AND OLD.flags & 1 = 0),
        associated_count = associated_count - OLD.associated
    WHERE id = OLD.folder;
    UPDATE folder SET
        content_count = content_count + (NEW.associated = 0),
        unread_count = unread_count + (NEW.associated = 0 AND NEW.flags & 1 = 0),
        associated_count = associated_count + NEW.associated
    WHERE id = NEW.folder;
END;
CREATE TRIGGER folder_moved AFTER UPDATE OF parent ON folder WHEN NEW.parent <> OLD.parent BEGIN
    UPDATE folder SET child_count = child_count - 1, hierarchy_changes = hierarchy_changes + 1 WHERE id = OLD.parent;
    UPDATE folder SET child_count = child_count + 1, hierarchy_changes = hierarchy_changes + 1 WHERE id = NEW.parent;
END;

-- Soft deleted messages of folder N are in folder -N, which no client sees and which is made when it is needed.

-- Embedded messages are in folder 0, which no client sees, and belong to one attachment each.
INSERT INTO object DEFAULT VALUES;
INSERT INTO folder (id, object, parent, folder_type, name_key, change_number, created, modified)
VALUES (0, last_insert_rowid(), NULL, 1, '', 0, 0, 0);
ALTER TABLE attachment ADD COLUMN embedded INTEGER REFERENCES message (id);
CREATE TRIGGER embedded_removed AFTER DELETE ON attachment WHEN OLD.embedded IS NOT NULL BEGIN
    DELETE FROM object WHERE id = (SELECT object FROM message WHERE id = OLD.embedded);
END;
CREATE INDEX attachment_by_embedded ON attachment (embedded) WHERE embedded IS NOT NULL;
