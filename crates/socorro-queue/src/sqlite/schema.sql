-- Times are milliseconds since 1970-01-01 UTC; in a SQLite shell: datetime(due_at_ms / 1000, 'unixepoch').

-- Every message that is not done with and not dead.
CREATE TABLE messages (
    -- AUTOINCREMENT: a number is never used again, or an old receipt could end a new message.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lane TEXT NOT NULL CHECK (lane IN ('standard', 'priority', 'reprocessing')),
    body BLOB NOT NULL,
    published_at_ms INTEGER NOT NULL,
    first_received_at_ms INTEGER,
    -- How often it was delivered.
    attempts INTEGER NOT NULL DEFAULT 0,
    -- How many of these deliveries failed by the fault of the crash.
    failures INTEGER NOT NULL DEFAULT 0,
    -- How many of these deliveries ended without a word: their lease ran out.
    lapses INTEGER NOT NULL DEFAULT 0,
    -- Nobody gets the message before this: the end of a lease or of a delay.
    due_at_ms INTEGER NOT NULL,
    -- When that was decided. In the future, it was by a clock that has been put right since.
    decided_at_ms INTEGER NOT NULL DEFAULT 0,
    -- 1 from delivery until it is given back; still 1 when the lease has run out.
    leased INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX messages_by_due ON messages (lane, due_at_ms, id);

-- Messages that were set aside.
CREATE TABLE dead_letters (
    -- The number the message had.
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL CHECK (lane IN ('standard', 'priority', 'reprocessing')),
    body BLOB NOT NULL,
    reason TEXT NOT NULL,
    last_error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    published_at_ms INTEGER NOT NULL,
    first_received_at_ms INTEGER NOT NULL,
    dead_lettered_at_ms INTEGER NOT NULL,
    host TEXT NOT NULL
) STRICT;
