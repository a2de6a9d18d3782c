-- Track B: ticks, their one-minute bars, the gaps between them; and the log of migrations. As 001 for PostgreSQL, in SQLite's
-- types, with the same names of tables, columns and indexes.
--
-- Prices and amounts have NUMERIC affinity: whole won are stored as integers, and fractions, which arrive as text, with the 15
-- digits that SQLite keeps exactly. They must be read as text too (CAST(x AS TEXT)), or they pass through a float.
-- Instants are text in one fixed form, 2026-01-22T00:00:00.000000Z, which sorts by time and which SQLite's date functions read.

CREATE TABLE IF NOT EXISTS scalp_ticks (
    id               INTEGER PRIMARY KEY,
    symbol           TEXT NOT NULL,
    event_time       TEXT NOT NULL,
    bid_price        NUMERIC NOT NULL,
    ask_price        NUMERIC NOT NULL,
    bid_size         INTEGER,
    ask_size         INTEGER,
    last_price       NUMERIC,
    volume           INTEGER,
    session_id       TEXT NOT NULL,
    mitigation_level INTEGER DEFAULT 0,
    quality_flag     TEXT DEFAULT 'normal'
);

CREATE INDEX IF NOT EXISTS idx_scalp_ticks_symbol ON scalp_ticks (symbol);
CREATE INDEX IF NOT EXISTS idx_scalp_ticks_event_time ON scalp_ticks (event_time DESC);
CREATE INDEX IF NOT EXISTS idx_scalp_ticks_session ON scalp_ticks (session_id);

CREATE TABLE IF NOT EXISTS scalp_1m_bars (
    symbol         TEXT NOT NULL,
    bar_time       TEXT NOT NULL,
    open           NUMERIC,
    high           NUMERIC,
    low            NUMERIC,
    close          NUMERIC,
    volume         INTEGER,
    coverage_ratio REAL DEFAULT 0.0,
    session_id     TEXT NOT NULL,
    quality_flag   TEXT DEFAULT 'normal',
    PRIMARY KEY (symbol, bar_time)
);

CREATE INDEX IF NOT EXISTS idx_scalp_1m_bars_symbol ON scalp_1m_bars (symbol);
CREATE INDEX IF NOT EXISTS idx_scalp_1m_bars_time ON scalp_1m_bars (bar_time DESC);
CREATE INDEX IF NOT EXISTS idx_scalp_1m_bars_session ON scalp_1m_bars (session_id);

CREATE TABLE IF NOT EXISTS scalp_gaps (
    id           INTEGER PRIMARY KEY,
    gap_start_ts TEXT NOT NULL,
    gap_end_ts   TEXT NOT NULL,
    gap_seconds  INTEGER NOT NULL,
    scope        TEXT,
    reason       TEXT,
    session_id   TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_scalp_gaps_session ON scalp_gaps (session_id);
CREATE INDEX IF NOT EXISTS idx_scalp_gaps_time ON scalp_gaps (gap_start_ts DESC);

CREATE TABLE IF NOT EXISTS migration_log (
    id             INTEGER PRIMARY KEY,
    migration_name TEXT NOT NULL,
    executed_at    TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    status         TEXT DEFAULT 'success',
    details        TEXT
);

INSERT INTO migration_log (migration_name, status, details)
SELECT '001_create_scalp_tables', 'success', 'ticks, one-minute bars, gaps, migration log'
WHERE NOT EXISTS (
    SELECT 1 FROM migration_log WHERE migration_name = '001_create_scalp_tables' AND status = 'success'
);
