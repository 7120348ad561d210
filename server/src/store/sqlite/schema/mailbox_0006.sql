-- Submitted messages that have not reached all of their recipients: copies in folder 0, which belong to no attachment.
CREATE TABLE outgoing (
    number  INTEGER PRIMARY KEY,              -- a global counter: never that of another submission
    message INTEGER NOT NULL UNIQUE REFERENCES message (id)
) STRICT;
CREATE TABLE outgoing_recipient (
    number  INTEGER NOT NULL REFERENCES outgoing (number) ON DELETE CASCADE,
    mailbox BLOB NOT NULL CHECK (length(mailbox) = 16),
    PRIMARY KEY (number, mailbox)
) STRICT, WITHOUT ROWID;
-- Which submissions of other mailboxes have arrived, so that none arrives twice.
CREATE TABLE arrived (
    sender BLOB NOT NULL CHECK (length(sender) = 16),
    number INTEGER NOT NULL,
    PRIMARY KEY (sender, number)
) STRICT, WITHOUT ROWID;

-- Ids of named properties below this one may have been given out by what a restored backup does not have.
ALTER TABLE mailbox ADD COLUMN next_named_property INTEGER NOT NULL DEFAULT 1;
