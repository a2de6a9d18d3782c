-- What is known to be missing, symbol by symbol and share by share, and what stands in for it. As 005 for PostgreSQL, whose
-- comments on tables and columns hold here too; the types are explained in 001.

CREATE TABLE IF NOT EXISTS scalp_gap_symbols (
    gap_id       INTEGER NOT NULL REFERENCES scalp_gaps (id) ON DELETE CASCADE,
    symbol       TEXT NOT NULL,
    gap_start_ts TEXT NOT NULL,
    gap_end_ts   TEXT NOT NULL,
    PRIMARY KEY (gap_id, symbol)
);

CREATE INDEX IF NOT EXISTS idx_scalp_gap_symbols_symbol ON scalp_gap_symbols (symbol, gap_start_ts);

CREATE TABLE IF NOT EXISTS volume_breaks (
    symbol      TEXT NOT NULL,
    after_time  TEXT NOT NULL,
    before_time TEXT NOT NULL,
    shares      INTEGER NOT NULL CHECK (shares >= 0),
    session_id  TEXT NOT NULL,
    PRIMARY KEY (symbol, before_time, after_time)
);

CREATE INDEX IF NOT EXISTS idx_volume_breaks_time ON volume_breaks (before_time DESC);

CREATE TABLE IF NOT EXISTS healed_1m_bars (
    symbol     TEXT NOT NULL,
    bar_time   TEXT NOT NULL,
    open       NUMERIC NOT NULL,
    high       NUMERIC NOT NULL,
    low        NUMERIC NOT NULL,
    close      NUMERIC NOT NULL,
    volume     INTEGER NOT NULL,
    source     TEXT NOT NULL DEFAULT 'kis_minute_chart',
    healed_at  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    PRIMARY KEY (symbol, bar_time)
);

CREATE INDEX IF NOT EXISTS idx_healed_1m_bars_time ON healed_1m_bars (bar_time DESC);

CREATE VIEW IF NOT EXISTS scalp_1m_bars_healed AS
SELECT observed.symbol, observed.bar_time, observed.open, observed.high, observed.low, observed.close, observed.volume,
       observed.coverage_ratio, observed.session_id, observed.quality_flag, 'observed' AS origin
FROM scalp_1m_bars AS observed
WHERE observed.quality_flag = 'normal' OR NOT EXISTS (
    SELECT 1 FROM healed_1m_bars AS healed
    WHERE healed.symbol = observed.symbol AND healed.bar_time = observed.bar_time
)
UNION ALL
SELECT healed.symbol, healed.bar_time, healed.open, healed.high, healed.low, healed.close, healed.volume,
       coalesce(observed.coverage_ratio, 0.0), healed.session_id, coalesce(observed.quality_flag, 'gap'), 'healed'
FROM healed_1m_bars AS healed
LEFT JOIN scalp_1m_bars AS observed ON observed.symbol = healed.symbol AND observed.bar_time = healed.bar_time
WHERE observed.quality_flag IS NOT 'normal';

INSERT INTO migration_log (migration_name, status, details)
SELECT '005_create_accounting_tables', 'success', 'symbols of gaps, volume breaks, healed bars'
WHERE NOT EXISTS (
    SELECT 1 FROM migration_log WHERE migration_name = '005_create_accounting_tables' AND status = 'success'
);
