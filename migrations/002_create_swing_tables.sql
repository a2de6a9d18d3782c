-- Track A: ten-minute bars with the best quotes at their close.
--
-- As in 001, the shape is the Python system's. The index over four columns serves its users' queries for quotes.

CREATE TABLE IF NOT EXISTS swing_bars_10m (
    symbol           VARCHAR(20) NOT NULL,
    bar_time         TIMESTAMPTZ NOT NULL,
    open             NUMERIC(15, 4),
    high             NUMERIC(15, 4),
    low              NUMERIC(15, 4),
    close            NUMERIC(15, 4),
    volume           BIGINT,
    bid_price        NUMERIC(15, 4),
    ask_price        NUMERIC(15, 4),
    session_id       VARCHAR(50) NOT NULL,
    schema_version   VARCHAR(10) DEFAULT '1.0',
    mitigation_level INTEGER DEFAULT 0,
    quality_flag     VARCHAR(20) DEFAULT 'normal',
    PRIMARY KEY (symbol, bar_time)
);

CREATE INDEX IF NOT EXISTS idx_swing_10m_symbol ON swing_bars_10m (symbol);
CREATE INDEX IF NOT EXISTS idx_swing_10m_time ON swing_bars_10m (bar_time DESC);
CREATE INDEX IF NOT EXISTS idx_swing_10m_session ON swing_bars_10m (session_id);
CREATE INDEX IF NOT EXISTS idx_swing_10m_bid_ask ON swing_bars_10m (symbol, bar_time, bid_price, ask_price);

INSERT INTO migration_log (migration_name, status, details)
SELECT '002_create_swing_tables', 'success', 'ten-minute bars'
WHERE NOT EXISTS (
    SELECT FROM migration_log WHERE migration_name = '002_create_swing_tables' AND status = 'success'
);
