-- PidTagHierarchyChangeNumber: goes up with each folder that comes or goes below.
ALTER TABLE folder ADD COLUMN hierarchy_changes INTEGER NOT NULL DEFAULT 0;
UPDATE folder SET hierarchy_changes = child_count;

CREATE TRIGGER hierarchy_grown AFTER INSERT ON folder WHEN NEW.parent IS NOT NULL BEGIN
    UPDATE folder SET hierarchy_changes = hierarchy_changes + 1 WHERE id = NEW.parent;
END;
CREATE TRIGGER hierarchy_shrunk AFTER DELETE ON folder WHEN OLD.parent IS NOT NULL BEGIN
    UPDATE folder SET hierarchy_changes = hierarchy_changes + 1 WHERE id = OLD.parent;
END;
