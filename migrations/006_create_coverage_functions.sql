-- Coverage and one-minute bars, worked out by the database itself, and the indexes that questions need: docs/QUERIES.md.
--
-- The definitions are those of the crate obs-aggregate, and a test holds both to each other. A minute has 120 slots of half a
-- second. A slot is observed when a tick lies in it, or when a feed was attested alive throughout it. Where no attestation
-- touches a minute, as in the Python system's archives, coverage is that system's formula: ticks / 120, at most 1.

CREATE INDEX IF NOT EXISTS idx_scalp_ticks_symbol_time ON scalp_ticks (symbol, event_time);
CREATE INDEX IF NOT EXISTS idx_scalp_1m_bars_coverage ON scalp_1m_bars (bar_time, symbol, coverage_ratio);
CREATE INDEX IF NOT EXISTS idx_feed_sessions_symbol ON feed_sessions (symbol, attested_until);

-- Coverage of a minute from the number of its ticks, a bit for each slot in which there is one, and the attested time.
CREATE OR REPLACE FUNCTION observer_minute_coverage(
    minute TIMESTAMPTZ, ticks BIGINT, seen BIT VARYING, attested TSTZMULTIRANGE
) RETURNS DOUBLE PRECISION LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN attested @> tstzrange(minute, minute + INTERVAL '1 minute') THEN 1.0::DOUBLE PRECISION
        WHEN attested && tstzrange(minute, minute + INTERVAL '1 minute') THEN (
            SELECT count(*) / 120.0::DOUBLE PRECISION
            FROM generate_series(0, 119) AS slot
            WHERE get_bit(seen, slot) = 1
               OR attested @> tstzrange(minute + slot * INTERVAL '0.5 s', minute + (slot + 1) * INTERVAL '0.5 s')
        )
        ELSE least(ticks, 120) / 120.0::DOUBLE PRECISION
    END
$$;

-- One bit of 120: the slot of its minute that an instant lies in.
CREATE OR REPLACE FUNCTION observer_slot(instant TIMESTAMPTZ) RETURNS BIT VARYING LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT set_bit(0::BIT(120), floor(date_part('second', instant AT TIME ZONE 'UTC') * 2)::INTEGER, 1)
$$;

CREATE OR REPLACE FUNCTION observer_coverage(of_symbol VARCHAR, of_minute TIMESTAMPTZ)
RETURNS DOUBLE PRECISION LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT observer_minute_coverage(minute, ticks, seen, attested)
    FROM date_bin('1 minute', of_minute, TIMESTAMPTZ 'epoch') AS minute
    CROSS JOIN LATERAL (
        SELECT count(*) AS ticks, coalesce(bit_or(observer_slot(event_time)), 0::BIT(120)) AS seen
        FROM scalp_ticks
        WHERE symbol = of_symbol AND event_time >= minute AND event_time < minute + INTERVAL '1 minute'
    ) AS arrived
    CROSS JOIN LATERAL (
        SELECT range_agg(tstzrange(attested_from, attested_until)) AS attested
        FROM feed_sessions
        WHERE symbol = of_symbol AND attested_from < attested_until
            AND attested_until > minute AND attested_from < minute + INTERVAL '1 minute'
    ) AS alive
$$;

-- Reads the ticks once. What a bar takes from a single tick, it fetches by the row number of that tick.
CREATE OR REPLACE FUNCTION observer_aggregate_1m(since TIMESTAMPTZ, until TIMESTAMPTZ)
RETURNS TABLE (
    symbol VARCHAR, bar_time TIMESTAMPTZ, open NUMERIC, high NUMERIC, low NUMERIC, close NUMERIC, volume BIGINT,
    coverage_ratio DOUBLE PRECISION, session_id VARCHAR, quality_flag VARCHAR
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bar.symbol, bar.minute,
           (SELECT last_price FROM scalp_ticks WHERE id = bar.first_tick[2]),
           bar.high, bar.low,
           (SELECT last_price FROM scalp_ticks WHERE id = bar.last_tick[2]),
           bar.volume, covered.ratio,
           (SELECT tick.session_id FROM scalp_ticks AS tick WHERE id = bar.last_tick[2]),
           CASE WHEN covered.ratio >= 0.7 THEN 'normal' WHEN covered.ratio >= 0.5 THEN 'degraded' ELSE 'gap' END
    FROM (
        SELECT tick.symbol, date_bin('1 minute', event_time, TIMESTAMPTZ 'epoch') AS minute,
               -- By time, and within the same instant by arrival.
               min(ARRAY[(date_part('second', event_time AT TIME ZONE 'UTC') * 1000000)::BIGINT, id])
                   FILTER (WHERE last_price > 0) AS first_tick,
               max(ARRAY[(date_part('second', event_time AT TIME ZONE 'UTC') * 1000000)::BIGINT, id])
                   FILTER (WHERE last_price > 0) AS last_tick,
               max(last_price) FILTER (WHERE last_price > 0) AS high,
               min(last_price) FILTER (WHERE last_price > 0) AS low,
               least(coalesce(sum(tick.volume), 0), 9223372036854775807)::BIGINT AS volume,
               count(*) AS ticks,
               bit_or(observer_slot(event_time)) AS seen
        FROM scalp_ticks AS tick
        WHERE event_time >= date_bin('1 minute', since + INTERVAL '59.999999 s', TIMESTAMPTZ 'epoch')
            AND event_time < date_bin('1 minute', until + INTERVAL '59.999999 s', TIMESTAMPTZ 'epoch')
        GROUP BY 1, 2
    ) AS bar
    LEFT JOIN (
        SELECT feed.symbol, range_agg(tstzrange(attested_from, attested_until)) AS attested
        FROM feed_sessions AS feed
        WHERE attested_from < attested_until AND attested_until > since AND attested_from < until + INTERVAL '1 minute'
        GROUP BY 1
    ) AS alive ON alive.symbol = bar.symbol
    CROSS JOIN LATERAL observer_minute_coverage(bar.minute, bar.ticks, bar.seen, alive.attested) AS covered (ratio)
    WHERE bar.first_tick IS NOT NULL
$$;

COMMENT ON FUNCTION observer_minute_coverage IS
    'Coverage of a minute, 0 to 1, from its ticks, the slots they lie in, and the time that was attested';
COMMENT ON FUNCTION observer_slot IS 'The half-second slot of its minute that an instant lies in, as one of 120 bits';
COMMENT ON FUNCTION observer_coverage IS 'Coverage of the minute around an instant, 0 to 1, of one symbol, from stored ticks';
COMMENT ON FUNCTION observer_aggregate_1m IS
    'One-minute bars of the minutes that start in [since, until), aggregated from stored ticks; nothing is written';

INSERT INTO migration_log (migration_name, status, details)
SELECT '006_create_coverage_functions', 'success', 'coverage, aggregation of ticks, indexes that questions need'
WHERE NOT EXISTS (
    SELECT FROM migration_log WHERE migration_name = '006_create_coverage_functions' AND status = 'success'
);
