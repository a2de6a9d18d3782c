-- What is known to be missing, symbol by symbol and share by share, and what stands in for it.
--
-- The gap table of 001 says when data should have come and did not; the tables here say for whom, and how many shares were
-- missed. Nothing here changes an observed bar or a gap: a healed minute stands beside the observed one, and the view chooses.

CREATE TABLE IF NOT EXISTS scalp_gap_symbols (
    gap_id       INTEGER NOT NULL REFERENCES scalp_gaps (id) ON DELETE CASCADE,
    symbol       VARCHAR(20) NOT NULL,
    gap_start_ts TIMESTAMPTZ NOT NULL,
    gap_end_ts   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (gap_id, symbol)
);

CREATE INDEX IF NOT EXISTS idx_scalp_gap_symbols_symbol ON scalp_gap_symbols (symbol, gap_start_ts);

CREATE TABLE IF NOT EXISTS volume_breaks (
    symbol      VARCHAR(20) NOT NULL,
    after_time  TIMESTAMPTZ NOT NULL,
    before_time TIMESTAMPTZ NOT NULL,
    shares      BIGINT NOT NULL CHECK (shares >= 0),
    session_id  VARCHAR(50) NOT NULL,
    PRIMARY KEY (symbol, before_time, after_time)
);

CREATE INDEX IF NOT EXISTS idx_volume_breaks_time ON volume_breaks (before_time DESC);

CREATE TABLE IF NOT EXISTS healed_1m_bars (
    symbol     VARCHAR(20) NOT NULL,
    bar_time   TIMESTAMPTZ NOT NULL,
    open       NUMERIC(15, 4) NOT NULL,
    high       NUMERIC(15, 4) NOT NULL,
    low        NUMERIC(15, 4) NOT NULL,
    close      NUMERIC(15, 4) NOT NULL,
    volume     BIGINT NOT NULL,
    source     VARCHAR(30) NOT NULL DEFAULT 'kis_minute_chart',
    healed_at  TIMESTAMPTZ NOT NULL,
    session_id VARCHAR(50) NOT NULL,
    PRIMARY KEY (symbol, bar_time)
);

CREATE INDEX IF NOT EXISTS idx_healed_1m_bars_time ON healed_1m_bars (bar_time DESC);

-- A healed minute keeps the coverage and the flag of the observed one: it was not observed any better.
CREATE OR REPLACE VIEW scalp_1m_bars_healed AS
SELECT observed.symbol, observed.bar_time, observed.open, observed.high, observed.low, observed.close, observed.volume,
       observed.coverage_ratio, observed.session_id, observed.quality_flag, 'observed'::VARCHAR(10) AS origin
FROM scalp_1m_bars AS observed
WHERE observed.quality_flag = 'normal' OR NOT EXISTS (
    SELECT FROM healed_1m_bars AS healed
    WHERE healed.symbol = observed.symbol AND healed.bar_time = observed.bar_time
)
UNION ALL
SELECT healed.symbol, healed.bar_time, healed.open, healed.high, healed.low, healed.close, healed.volume,
       coalesce(observed.coverage_ratio, 0.0), healed.session_id, coalesce(observed.quality_flag, 'gap'), 'healed'
FROM healed_1m_bars AS healed
LEFT JOIN scalp_1m_bars AS observed ON observed.symbol = healed.symbol AND observed.bar_time = healed.bar_time
WHERE observed.quality_flag IS DISTINCT FROM 'normal';

COMMENT ON TABLE scalp_gap_symbols IS 'The symbols that a gap touches, each with its own end; none = every symbol of the scope';
COMMENT ON COLUMN scalp_gap_symbols.gap_id IS 'The gap';
COMMENT ON COLUMN scalp_gap_symbols.symbol IS 'KRX short code';
COMMENT ON COLUMN scalp_gap_symbols.gap_start_ts IS 'Last evidence of the symbol before the hole, UTC';
COMMENT ON COLUMN scalp_gap_symbols.gap_end_ts IS 'When the symbol was back, UTC; not after the end of the gap';

COMMENT ON TABLE volume_breaks IS 'Shares that the running day volume tells of and no record brought';
COMMENT ON COLUMN volume_breaks.symbol IS 'KRX short code';
COMMENT ON COLUMN volume_breaks.after_time IS 'Time of the recorded trade before the missing shares, UTC';
COMMENT ON COLUMN volume_breaks.before_time IS 'Time of the recorded trade behind the missing shares, UTC';
COMMENT ON COLUMN volume_breaks.shares IS 'Shares missing; of several holes between the same two seconds the sum';
COMMENT ON COLUMN volume_breaks.session_id IS 'The run of the recorder that noticed it';

COMMENT ON TABLE healed_1m_bars IS 'Minutes that a gap touched, as the broker told them afterwards; the observed bar stays as it was';
COMMENT ON COLUMN healed_1m_bars.symbol IS 'KRX short code';
COMMENT ON COLUMN healed_1m_bars.bar_time IS 'Start of the minute, UTC';
COMMENT ON COLUMN healed_1m_bars.open IS 'First price, KRW with 4 decimals';
COMMENT ON COLUMN healed_1m_bars.high IS 'Highest price, KRW with 4 decimals';
COMMENT ON COLUMN healed_1m_bars.low IS 'Lowest price, KRW with 4 decimals';
COMMENT ON COLUMN healed_1m_bars.close IS 'Last price, KRW with 4 decimals';
COMMENT ON COLUMN healed_1m_bars.volume IS 'Shares traded in the minute';
COMMENT ON COLUMN healed_1m_bars.source IS 'Where it comes from';
COMMENT ON COLUMN healed_1m_bars.healed_at IS 'When it was asked for, UTC';
COMMENT ON COLUMN healed_1m_bars.session_id IS 'The run of the recorder that asked';

COMMENT ON VIEW scalp_1m_bars_healed IS 'One-minute bars, healed where the observed one is missing or not normal';
COMMENT ON COLUMN scalp_1m_bars_healed.symbol IS 'KRX short code';
COMMENT ON COLUMN scalp_1m_bars_healed.bar_time IS 'Start of the minute, UTC';
COMMENT ON COLUMN scalp_1m_bars_healed.open IS 'First price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars_healed.high IS 'Highest price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars_healed.low IS 'Lowest price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars_healed.close IS 'Last price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars_healed.volume IS 'Shares traded in the minute';
COMMENT ON COLUMN scalp_1m_bars_healed.coverage_ratio IS 'Share of the minute that was observed, 0 to 1; healing does not raise it';
COMMENT ON COLUMN scalp_1m_bars_healed.session_id IS 'The run of the recorder that saw the last trade, or that asked';
COMMENT ON COLUMN scalp_1m_bars_healed.quality_flag IS 'Flag of the observed bar; gap where there is none';
COMMENT ON COLUMN scalp_1m_bars_healed.origin IS 'observed or healed';

INSERT INTO migration_log (migration_name, status, details)
SELECT '005_create_accounting_tables', 'success', 'symbols of gaps, volume breaks, healed bars'
WHERE NOT EXISTS (
    SELECT FROM migration_log WHERE migration_name = '005_create_accounting_tables' AND status = 'success'
);
