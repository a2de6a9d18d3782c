-- Track A: ten-minute bars with the best quotes at their close. As 002 for PostgreSQL; the types are explained in 001.

CREATE TABLE IF NOT EXISTS swing_bars_10m (
    symbol           TEXT NOT NULL,
    bar_time         TEXT NOT NULL,
    open             NUMERIC,
    high             NUMERIC,
    low              NUMERIC,
    close            NUMERIC,
    volume           INTEGER,
    bid_price        NUMERIC,
    ask_price        NUMERIC,
    session_id       TEXT NOT NULL,
    schema_version   TEXT DEFAULT '1.0',
    mitigation_level INTEGER DEFAULT 0,
    quality_flag     TEXT DEFAULT 'normal',
    PRIMARY KEY (symbol, bar_time)
);

CREATE INDEX IF NOT EXISTS idx_swing_10m_symbol ON swing_bars_10m (symbol);
CREATE INDEX IF NOT EXISTS idx_swing_10m_time ON swing_bars_10m (bar_time DESC);
CREATE INDEX IF NOT EXISTS idx_swing_10m_session ON swing_bars_10m (session_id);
CREATE INDEX IF NOT EXISTS idx_swing_10m_bid_ask ON swing_bars_10m (symbol, bar_time, bid_price, ask_price);

INSERT INTO migration_log (migration_name, status, details)
SELECT '002_create_swing_tables', 'success', 'ten-minute bars'
WHERE NOT EXISTS (
    SELECT 1 FROM migration_log WHERE migration_name = '002_create_swing_tables' AND status = 'success'
);
