-- The indexes that questions need. As 006 for PostgreSQL, except that SQLite has no stored functions: coverage and
-- bars are worked out by the program, from the same rows and with the same result.

CREATE INDEX IF NOT EXISTS idx_scalp_ticks_symbol_time ON scalp_ticks (symbol, event_time);
CREATE INDEX IF NOT EXISTS idx_scalp_1m_bars_coverage ON scalp_1m_bars (bar_time, symbol, coverage_ratio);
CREATE INDEX IF NOT EXISTS idx_feed_sessions_symbol ON feed_sessions (symbol, attested_until);

INSERT INTO migration_log (migration_name, status, details)
SELECT '006_create_coverage_functions', 'success', 'indexes that questions need'
WHERE NOT EXISTS (
    SELECT 1 FROM migration_log WHERE migration_name = '006_create_coverage_functions' AND status = 'success'
);
