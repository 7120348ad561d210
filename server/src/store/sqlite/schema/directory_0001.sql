-- Users; compared without case through *_key.
CREATE TABLE user (
    address       TEXT PRIMARY KEY,           -- lower case
    display_name  TEXT NOT NULL,
    legacy_dn     TEXT NOT NULL,
    legacy_dn_key TEXT NOT NULL UNIQUE,       -- lower case
    mailbox       BLOB NOT NULL UNIQUE CHECK (length(mailbox) = 16),
    password_hash TEXT NOT NULL,              -- PHC form
    generation    INTEGER NOT NULL            -- grows with each change of the password
) STRICT;
