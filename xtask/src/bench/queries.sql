-- A trading week of `bench.ticks` ticks: 41 symbols of about two trades a second, as many as a connection carries, and 90 that
-- had a slot now and then. Rows lie in the order of their arrival, indexes are as loading leaves them, and the same number
-- of ticks makes the same week.

SELECT setseed(0.5);

-- When the sessions of Monday to Friday open.
CREATE TEMPORARY TABLE session ON COMMIT DROP AS
SELECT nth, TIMESTAMPTZ '2026-01-19 09:00:00+09' + nth * INTERVAL '1 day' AS opening
FROM generate_series(0, 4) AS nth;

-- Codes whose order is not that of the trades.
CREATE FUNCTION pg_temp.code(nth INTEGER) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT lpad((nth * 53 % 131 * 370 + 20)::TEXT, 6, '0')
$$;

INSERT INTO scalp_ticks
    (symbol, event_time, bid_price, ask_price, bid_size, ask_size, last_price, volume, session_id, quality_flag)
SELECT pg_temp.code(symbol), at, won - 50, won + 50, size, 5000 - size, won, size % 97 + 1, 'observer-' || day, 'normal'
FROM (
    SELECT day, trade, date_trunc('second', opening + trade * INTERVAL '6.5 hours' / per_day) AS at,
           (CASE WHEN random() < 0.96 THEN trunc(random() * 41) ELSE 41 + trunc(random() * 90) END)::INTEGER AS symbol,
           trunc(random() * 5000)::BIGINT AS size
    FROM (SELECT current_setting('bench.ticks')::BIGINT) AS week (ticks)
    CROSS JOIN LATERAL (SELECT (ticks + 4) / 5) AS rate (per_day)
    CROSS JOIN LATERAL generate_series(0, ticks - 1) AS nth
    CROSS JOIN LATERAL (SELECT nth / per_day, nth % per_day) AS place (day, trade)
    CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2026-01-19 09:00:00+09' + day * INTERVAL '1 day') AS session (opening)
) AS tick
CROSS JOIN LATERAL (SELECT 5000 + symbol * 900 + 50 * round(10 * sin(trade / 50000.0 + symbol))) AS last (won);

-- A connection breaks every half an hour and is back after four seconds. It carried the 41 and some of the others.
INSERT INTO feed_sessions (feed_id, symbol, attested_from, session_id, attested_until, closed)
SELECT format('feed-%s-%s', session.nth, feed), pg_temp.code(symbol), opening + feed * INTERVAL '30 minutes',
       'observer-' || session.nth, opening + (feed + 1) * INTERVAL '30 minutes' - INTERVAL '4 seconds', TRUE
FROM session, generate_series(0, 12) AS feed, generate_series(0, 130) AS symbol
WHERE symbol < 41 OR symbol % 13 = feed;

-- The breaks, of 41 symbols each, and fifty holes a day of one symbol.
INSERT INTO scalp_gaps (gap_start_ts, gap_end_ts, gap_seconds, scope, reason, session_id)
SELECT at, at + length, extract(epoch FROM length), 'scalp', reason, 'observer-' || session.nth
FROM session
CROSS JOIN LATERAL (
    SELECT opening + feed * INTERVAL '30 minutes' - INTERVAL '4 seconds', INTERVAL '4 seconds', 'ws_disconnect'
    FROM generate_series(1, 13) AS feed
    UNION ALL
    SELECT opening + hole * INTERVAL '7 minutes', INTERVAL '90 seconds', 'slot_evicted' FROM generate_series(1, 50) AS hole
) AS gap (at, length, reason);
INSERT INTO scalp_gap_symbols (gap_id, symbol, gap_start_ts, gap_end_ts)
SELECT id, pg_temp.code(symbol), gap_start_ts, gap_end_ts - symbol * INTERVAL '0.1 second'
FROM scalp_gaps, generate_series(0, 40) AS symbol
WHERE reason = 'ws_disconnect' OR symbol = id % 41;

INSERT INTO scalp_1m_bars
SELECT bar.* FROM session, observer_aggregate_1m(opening, opening + INTERVAL '6.5 hours') AS bar
ORDER BY bar.bar_time, bar.symbol;

-- A snapshot each day of several years.
INSERT INTO portfolio_policy (policy_id, policy_name) VALUES ('core', 'Core');
INSERT INTO portfolio_snapshot (policy_id, snapshot_time, total_value, cash)
SELECT 'core', opening - back * INTERVAL '1 day', 100000000 + back * 1000, 5000000
FROM session, generate_series(0, 1999) AS back WHERE session.nth = 0;
