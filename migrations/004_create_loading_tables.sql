-- What makes loading exactly-once and accountable: positions, rejects, attested time, and running day volumes.
--
-- A batch of rows and the position behind it commit in one transaction, so the position always tells what is in the tables.
-- The comments at the end cover all tables, those of 001 to 003 too: a comment alters nothing, and a database that the
-- Python system made gets them here.

CREATE TABLE IF NOT EXISTS load_positions (
    head        BYTEA PRIMARY KEY CHECK (octet_length(head) = 32),
    path        TEXT NOT NULL,
    byte_offset BIGINT NOT NULL CHECK (byte_offset >= 0),
    line_number BIGINT NOT NULL CHECK (line_number >= 0),
    content     BYTEA NOT NULL CHECK (octet_length(content) = 32),
    rows_loaded BIGINT NOT NULL,
    non_data    BIGINT NOT NULL,
    rejected    BIGINT NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

CREATE TABLE IF NOT EXISTS load_rejects (
    head            BYTEA NOT NULL CHECK (octet_length(head) = 32),
    path            TEXT NOT NULL,
    line_number     BIGINT NOT NULL,
    byte_offset     BIGINT NOT NULL,
    reason          VARCHAR(50) NOT NULL,
    detail          TEXT NOT NULL,
    raw             BYTEA NOT NULL,
    rejected_at     TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    acknowledged_at TIMESTAMPTZ,
    PRIMARY KEY (head, byte_offset)
);

CREATE TABLE IF NOT EXISTS feed_sessions (
    feed_id        VARCHAR(50) NOT NULL,
    symbol         VARCHAR(20) NOT NULL,
    attested_from  TIMESTAMPTZ NOT NULL,
    session_id     VARCHAR(50) NOT NULL,
    attested_until TIMESTAMPTZ NOT NULL,
    closed         BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (feed_id, symbol, attested_from)
);

CREATE INDEX IF NOT EXISTS idx_feed_sessions_until ON feed_sessions (attested_until DESC);

CREATE TABLE IF NOT EXISTS day_volumes (
    symbol      VARCHAR(20) NOT NULL,
    trading_day DATE NOT NULL,
    cumulative  BIGINT NOT NULL,
    PRIMARY KEY (symbol, trading_day)
);

CREATE TABLE IF NOT EXISTS recorded_bars (
    symbol   VARCHAR(20) NOT NULL,
    bar_time TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (symbol, bar_time)
);

COMMENT ON TABLE load_positions IS 'How far each archive file was loaded; written in the same transaction as its rows';
COMMENT ON COLUMN load_positions.head IS 'BLAKE3 digest of the first line that is not blank, ended by a line feed; names the file';
COMMENT ON COLUMN load_positions.path IS 'Where the file was last seen; for people, not for recognition';
COMMENT ON COLUMN load_positions.byte_offset IS 'Bytes loaded: where the next line starts';
COMMENT ON COLUMN load_positions.line_number IS 'Lines loaded: rows_loaded + non_data + rejected';
COMMENT ON COLUMN load_positions.content IS 'BLAKE3 digest of the first byte_offset bytes';
COMMENT ON COLUMN load_positions.rows_loaded IS 'Lines that became a row of some table';
COMMENT ON COLUMN load_positions.non_data IS 'Lines known to carry no data';
COMMENT ON COLUMN load_positions.rejected IS 'Lines in load_rejects';
COMMENT ON COLUMN load_positions.updated_at IS 'When the last batch was committed, UTC';

COMMENT ON TABLE load_rejects IS 'Lines that could not be loaded; a row stays until the line is read again';
COMMENT ON COLUMN load_rejects.head IS 'The file, as load_positions.head';
COMMENT ON COLUMN load_rejects.path IS 'The path of the file at the time';
COMMENT ON COLUMN load_rejects.line_number IS 'Which line, from 1';
COMMENT ON COLUMN load_rejects.byte_offset IS 'Where the line starts, in bytes';
COMMENT ON COLUMN load_rejects.reason IS 'Code of the reason, such as not_json';
COMMENT ON COLUMN load_rejects.detail IS 'The reason in words';
COMMENT ON COLUMN load_rejects.raw IS 'The bytes of the line without line feed; of an over-long line the beginning';
COMMENT ON COLUMN load_rejects.rejected_at IS 'When, UTC';
COMMENT ON COLUMN load_rejects.acknowledged_at IS 'When a person accepted the loss, UTC; NULL fails verification';

COMMENT ON TABLE feed_sessions IS 'When a connection was attested alive for a symbol, so that silence counts as observed';
COMMENT ON COLUMN feed_sessions.feed_id IS 'The connection';
COMMENT ON COLUMN feed_sessions.symbol IS 'KRX short code';
COMMENT ON COLUMN feed_sessions.attested_from IS 'When the subscription was acknowledged, UTC';
COMMENT ON COLUMN feed_sessions.session_id IS 'The run of the recorder that held the connection';
COMMENT ON COLUMN feed_sessions.attested_until IS 'Last sign of life, UTC';
COMMENT ON COLUMN feed_sessions.closed IS 'Whether the subscription or the connection is over';

COMMENT ON TABLE day_volumes IS 'Running day volume per symbol, to difference records that carry only the total';
COMMENT ON COLUMN day_volumes.symbol IS 'KRX short code';
COMMENT ON COLUMN day_volumes.trading_day IS 'Trading day, Korean calendar';
COMMENT ON COLUMN day_volumes.cumulative IS 'Shares since the open, as far as loaded';

COMMENT ON TABLE recorded_bars IS 'Keys of the scalp_1m_bars rows that came as records; aggregation leaves those alone';
COMMENT ON COLUMN recorded_bars.symbol IS 'KRX short code';
COMMENT ON COLUMN recorded_bars.bar_time IS 'Start of the minute, UTC';

COMMENT ON TABLE scalp_ticks IS 'Track B: one row per trade, as the exchange reported it';
COMMENT ON COLUMN scalp_ticks.id IS 'Order of arrival, also within a second';
COMMENT ON COLUMN scalp_ticks.symbol IS 'KRX short code';
COMMENT ON COLUMN scalp_ticks.event_time IS 'Time of the trade by the clock of the exchange, UTC; KIS gives whole seconds';
COMMENT ON COLUMN scalp_ticks.bid_price IS 'Best bid, KRW with 4 decimals; 0 = none';
COMMENT ON COLUMN scalp_ticks.ask_price IS 'Best ask, KRW with 4 decimals; 0 = none';
COMMENT ON COLUMN scalp_ticks.bid_size IS 'Shares wanted at the best bid';
COMMENT ON COLUMN scalp_ticks.ask_size IS 'Shares offered at the best ask';
COMMENT ON COLUMN scalp_ticks.last_price IS 'Price of the trade, KRW with 4 decimals';
COMMENT ON COLUMN scalp_ticks.volume IS 'Shares of this trade alone; NULL = unknown';
COMMENT ON COLUMN scalp_ticks.session_id IS 'The run of the recorder that saw it';
COMMENT ON COLUMN scalp_ticks.mitigation_level IS 'Sampling level; 0 = every trade, and nothing else was ever written';
COMMENT ON COLUMN scalp_ticks.quality_flag IS 'normal, degraded or gap (first after a gap)';

COMMENT ON TABLE scalp_1m_bars IS 'Track B: one-minute bars of scalp_ticks';
COMMENT ON COLUMN scalp_1m_bars.symbol IS 'KRX short code';
COMMENT ON COLUMN scalp_1m_bars.bar_time IS 'Start of the minute, UTC';
COMMENT ON COLUMN scalp_1m_bars.open IS 'First price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars.high IS 'Highest price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars.low IS 'Lowest price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars.close IS 'Last price, KRW with 4 decimals';
COMMENT ON COLUMN scalp_1m_bars.volume IS 'Shares traded in the minute';
COMMENT ON COLUMN scalp_1m_bars.coverage_ratio IS 'Share of the 120 half-seconds that were observed, 0 to 1';
COMMENT ON COLUMN scalp_1m_bars.session_id IS 'The run of the recorder that saw the last trade';
COMMENT ON COLUMN scalp_1m_bars.quality_flag IS 'By coverage: normal from 0.7, degraded from 0.5, else gap';

COMMENT ON TABLE scalp_gaps IS 'Time in which data should have come and did not';
COMMENT ON COLUMN scalp_gaps.id IS 'Row number';
COMMENT ON COLUMN scalp_gaps.gap_start_ts IS 'Last evidence before it, UTC';
COMMENT ON COLUMN scalp_gaps.gap_end_ts IS 'First evidence after it, UTC';
COMMENT ON COLUMN scalp_gaps.gap_seconds IS 'Length in seconds, rounded half up';
COMMENT ON COLUMN scalp_gaps.scope IS 'scalp, swing or all';
COMMENT ON COLUMN scalp_gaps.reason IS 'Code of the reason, such as ws_disconnect';
COMMENT ON COLUMN scalp_gaps.session_id IS 'The run of the recorder that noticed it';

COMMENT ON TABLE migration_log IS 'Which migrations ran';
COMMENT ON COLUMN migration_log.id IS 'Row number';
COMMENT ON COLUMN migration_log.migration_name IS 'File name without .sql';
COMMENT ON COLUMN migration_log.executed_at IS 'When, UTC';
COMMENT ON COLUMN migration_log.status IS 'success, or what went wrong';
COMMENT ON COLUMN migration_log.details IS 'Free text';

COMMENT ON TABLE swing_bars_10m IS 'Track A: ten-minute bars; rows of schema_version 1.0 hold day-so-far values instead';
COMMENT ON COLUMN swing_bars_10m.symbol IS 'KRX short code';
COMMENT ON COLUMN swing_bars_10m.bar_time IS 'Start of the window, UTC; in version 1.0 the moment of writing';
COMMENT ON COLUMN swing_bars_10m.open IS 'First price, KRW with 4 decimals; in version 1.0 of the day';
COMMENT ON COLUMN swing_bars_10m.high IS 'Highest price, KRW with 4 decimals; in version 1.0 of the day so far';
COMMENT ON COLUMN swing_bars_10m.low IS 'Lowest price, KRW with 4 decimals; in version 1.0 of the day so far';
COMMENT ON COLUMN swing_bars_10m.close IS 'Last price, KRW with 4 decimals';
COMMENT ON COLUMN swing_bars_10m.volume IS 'Shares traded in the window; in version 1.0 since the open';
COMMENT ON COLUMN swing_bars_10m.bid_price IS 'Best bid at the close of the window, KRW with 4 decimals';
COMMENT ON COLUMN swing_bars_10m.ask_price IS 'Best ask at the close of the window, KRW with 4 decimals';
COMMENT ON COLUMN swing_bars_10m.session_id IS 'The run of the recorder that wrote it';
COMMENT ON COLUMN swing_bars_10m.schema_version IS 'Written form it came in: 1.0 the Python system, 2.0 ours';
COMMENT ON COLUMN swing_bars_10m.mitigation_level IS 'As scalp_ticks.mitigation_level';
COMMENT ON COLUMN swing_bars_10m.quality_flag IS 'normal, degraded or gap';

COMMENT ON TABLE portfolio_policy IS 'What a portfolio is managed by';
COMMENT ON COLUMN portfolio_policy.policy_id IS 'Name of the policy';
COMMENT ON COLUMN portfolio_policy.policy_name IS 'Title for people';
COMMENT ON COLUMN portfolio_policy.created_at IS 'When, UTC';
COMMENT ON COLUMN portfolio_policy.rebalance_threshold IS 'Drift that calls for a plan, 0 to 1';
COMMENT ON COLUMN portfolio_policy.rebalance_frequency IS 'Calendar that calls for a plan, such as monthly';
COMMENT ON COLUMN portfolio_policy.is_active IS 'Whether plans are made from it';

COMMENT ON TABLE target_weights IS 'What share of its value a portfolio should hold of each symbol';
COMMENT ON COLUMN target_weights.policy_id IS 'The policy';
COMMENT ON COLUMN target_weights.symbol IS 'KRX short code';
COMMENT ON COLUMN target_weights.target_weight IS 'Share of the value, 0 to 1';
COMMENT ON COLUMN target_weights.updated_at IS 'When it was set, UTC';

COMMENT ON TABLE portfolio_snapshot IS 'The value of a portfolio at one instant';
COMMENT ON COLUMN portfolio_snapshot.snapshot_id IS 'Row number';
COMMENT ON COLUMN portfolio_snapshot.policy_id IS 'The policy';
COMMENT ON COLUMN portfolio_snapshot.snapshot_time IS 'The instant of valuation, UTC';
COMMENT ON COLUMN portfolio_snapshot.total_value IS 'Positions and cash, KRW with 4 decimals';
COMMENT ON COLUMN portfolio_snapshot.cash IS 'Cash, KRW with 4 decimals';
COMMENT ON COLUMN portfolio_snapshot.created_at IS 'When the row was written, UTC';

COMMENT ON TABLE portfolio_positions IS 'The positions of a snapshot';
COMMENT ON COLUMN portfolio_positions.position_id IS 'Row number';
COMMENT ON COLUMN portfolio_positions.snapshot_id IS 'The snapshot';
COMMENT ON COLUMN portfolio_positions.symbol IS 'KRX short code';
COMMENT ON COLUMN portfolio_positions.quantity IS 'Shares held';
COMMENT ON COLUMN portfolio_positions.market_price IS 'Price of a share, KRW with 4 decimals';
COMMENT ON COLUMN portfolio_positions.market_value IS 'quantity x market_price, KRW with 4 decimals';
COMMENT ON COLUMN portfolio_positions.current_weight IS 'Share of the total value, 0 to 1';
COMMENT ON COLUMN portfolio_positions.target_weight IS 'Share it should have, 0 to 1';
COMMENT ON COLUMN portfolio_positions.weight_diff IS 'current_weight - target_weight';

COMMENT ON TABLE rebalance_plan IS 'A set of orders that brings a snapshot to its targets';
COMMENT ON COLUMN rebalance_plan.plan_id IS 'Row number';
COMMENT ON COLUMN rebalance_plan.policy_id IS 'The policy';
COMMENT ON COLUMN rebalance_plan.snapshot_id IS 'The snapshot it starts from';
COMMENT ON COLUMN rebalance_plan.status IS 'pending, approved, executing, done, failed or cancelled';
COMMENT ON COLUMN rebalance_plan.reason IS 'Why it was made';
COMMENT ON COLUMN rebalance_plan.created_at IS 'When, UTC';
COMMENT ON COLUMN rebalance_plan.completed_at IS 'When it reached its last status, UTC';

COMMENT ON TABLE rebalance_orders IS 'The orders of a plan';
COMMENT ON COLUMN rebalance_orders.order_id IS 'Row number';
COMMENT ON COLUMN rebalance_orders.plan_id IS 'The plan';
COMMENT ON COLUMN rebalance_orders.symbol IS 'KRX short code';
COMMENT ON COLUMN rebalance_orders.side IS 'BUY or SELL';
COMMENT ON COLUMN rebalance_orders.target_qty IS 'Shares to trade';
COMMENT ON COLUMN rebalance_orders.order_type IS 'MARKET or LIMIT';
COMMENT ON COLUMN rebalance_orders.status IS 'How far it got';
COMMENT ON COLUMN rebalance_orders.created_at IS 'When, UTC';

COMMENT ON TABLE rebalance_execution IS 'What became of an order';
COMMENT ON COLUMN rebalance_execution.exec_id IS 'Row number';
COMMENT ON COLUMN rebalance_execution.order_id IS 'The order';
COMMENT ON COLUMN rebalance_execution.filled_qty IS 'Shares traded';
COMMENT ON COLUMN rebalance_execution.filled_price IS 'Price of a share, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_execution.exec_time IS 'When it was filled, UTC';
COMMENT ON COLUMN rebalance_execution.commission IS 'Commission, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_execution.slippage IS 'What it cost against the planned price, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_execution.status IS 'How it ended';
COMMENT ON COLUMN rebalance_execution.error_msg IS 'What the broker said when it refused';
COMMENT ON COLUMN rebalance_execution.created_at IS 'When the row was written, UTC';

INSERT INTO migration_log (migration_name, status, details)
SELECT '004_create_loading_tables', 'success', 'loading positions, rejects, feed sessions, day volumes, recorded bars'
WHERE NOT EXISTS (
    SELECT FROM migration_log WHERE migration_name = '004_create_loading_tables' AND status = 'success'
);
