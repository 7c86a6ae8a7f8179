-- From version 2 to version 3: leases and delays survive clocks that go wrong. When those that are
-- there were decided is not known.
ALTER TABLE messages ADD COLUMN decided_at_ms INTEGER NOT NULL DEFAULT 0;
