-- What makes loading exactly-once and accountable: positions, rejects, attested time, and running day volumes. As 004 for
-- PostgreSQL, whose comments on tables and columns hold here too; the types are explained in 001.

CREATE TABLE IF NOT EXISTS load_positions (
    head        BLOB PRIMARY KEY NOT NULL CHECK (length(head) = 32),
    path        TEXT NOT NULL,
    byte_offset INTEGER NOT NULL CHECK (byte_offset >= 0),
    line_number INTEGER NOT NULL CHECK (line_number >= 0),
    content     BLOB NOT NULL CHECK (length(content) = 32),
    rows_loaded INTEGER NOT NULL,
    non_data    INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    updated_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
);

CREATE TABLE IF NOT EXISTS load_rejects (
    head            BLOB NOT NULL CHECK (length(head) = 32),
    path            TEXT NOT NULL,
    line_number     INTEGER NOT NULL,
    byte_offset     INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    detail          TEXT NOT NULL,
    raw             BLOB NOT NULL,
    rejected_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    acknowledged_at TEXT,
    PRIMARY KEY (head, byte_offset)
);

CREATE TABLE IF NOT EXISTS feed_sessions (
    feed_id        TEXT NOT NULL,
    symbol         TEXT NOT NULL,
    attested_from  TEXT NOT NULL,
    session_id     TEXT NOT NULL,
    attested_until TEXT NOT NULL,
    closed         INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (feed_id, symbol, attested_from)
);

CREATE INDEX IF NOT EXISTS idx_feed_sessions_until ON feed_sessions (attested_until DESC);

CREATE TABLE IF NOT EXISTS day_volumes (
    symbol      TEXT NOT NULL,
    trading_day TEXT NOT NULL,
    cumulative  INTEGER NOT NULL,
    PRIMARY KEY (symbol, trading_day)
);

CREATE TABLE IF NOT EXISTS recorded_bars (
    symbol   TEXT NOT NULL,
    bar_time TEXT NOT NULL,
    PRIMARY KEY (symbol, bar_time)
);

INSERT INTO migration_log (migration_name, status, details)
SELECT '004_create_loading_tables', 'success', 'loading positions, rejects, feed sessions, day volumes, recorded bars'
WHERE NOT EXISTS (
    SELECT 1 FROM migration_log WHERE migration_name = '004_create_loading_tables' AND status = 'success'
);
