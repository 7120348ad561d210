-- What tables are sorted by most, without what stands between: subjects, senders, recipients, classes, topics (as 8-bit
-- and as Unicode text), importance, sensitivity, flags and times of submission.
CREATE INDEX property_sorted ON property (tag, object, value, blob) WHERE tag IN (0x003D001E, 0x003D001F, 0x0E1D001E, 0x0E1D001F, 0x0C1A001E, 0x0C1A001F, 0x0042001E, 0x0042001F, 0x0E04001E, 0x0E04001F, 0x0E03001E, 0x0E03001F, 0x001A001E, 0x001A001F, 0x0070001E, 0x0070001F, 0x00170003, 0x00360003, 0x10900003, 0x00390040);
