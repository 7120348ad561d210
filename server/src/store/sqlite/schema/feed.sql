-- Of the writer's connection only: which messages the transaction has touched, and where they were and are.
CREATE TEMP TABLE touched (folder INTEGER NOT NULL, message INTEGER NOT NULL);
CREATE TEMP TRIGGER touched_by_insert AFTER INSERT ON main.message BEGIN
    INSERT INTO touched VALUES (NEW.folder, NEW.id);
END;
CREATE TEMP TRIGGER touched_by_update AFTER UPDATE ON main.message BEGIN
    INSERT INTO touched VALUES (OLD.folder, OLD.id), (NEW.folder, NEW.id);
    INSERT INTO touched SELECT folder, OLD.id FROM search_link WHERE message IN (OLD.id, NEW.id);
    INSERT INTO touched SELECT folder, NEW.id FROM search_link WHERE message IN (OLD.id, NEW.id);
END;
CREATE TEMP TRIGGER touched_by_delete AFTER DELETE ON main.message BEGIN
    INSERT INTO touched VALUES (OLD.folder, OLD.id);
END;
CREATE TEMP TRIGGER touched_by_link AFTER INSERT ON main.search_link BEGIN
    INSERT INTO touched VALUES (NEW.folder, NEW.message);
END;
CREATE TEMP TRIGGER touched_by_unlink AFTER DELETE ON main.search_link BEGIN
    INSERT INTO touched VALUES (OLD.folder, OLD.message);
END;
