-- Replicas whose ids clients have asked about; the mailbox's own is not among them.
CREATE TABLE replica (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,   -- from 1, which stands for the REPLID after the mailbox's own
    guid BLOB NOT NULL UNIQUE CHECK (length(guid) = 16)
) STRICT;
