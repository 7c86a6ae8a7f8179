-- From version 1 to version 2: failures that belong to the crash are told from deliveries. What was
-- counted before does not say whose fault it was, so nobody is blamed for it.
ALTER TABLE messages ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN lapses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
