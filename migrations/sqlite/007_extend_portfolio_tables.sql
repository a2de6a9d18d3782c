-- What the portfolio's record needs so that whatever was ordered can be explained and compared with the broker's own record. As
-- 007 for PostgreSQL, whose comments on tables and columns hold here too; the types are explained in 001.
--
-- A drift has more digits than SQLite's numbers keep, so it is text.

CREATE TABLE IF NOT EXISTS policy_versions (
    policy_id  TEXT NOT NULL REFERENCES portfolio_policy (policy_id),
    version    INTEGER NOT NULL CHECK (version > 0),
    applied_at TEXT NOT NULL,
    text       TEXT NOT NULL,
    PRIMARY KEY (policy_id, version)
);

CREATE TABLE IF NOT EXISTS plan_events (
    event_id INTEGER PRIMARY KEY,
    plan_id  INTEGER NOT NULL REFERENCES rebalance_plan (plan_id),
    order_id INTEGER REFERENCES rebalance_orders (order_id),
    at       TEXT NOT NULL,
    event    TEXT NOT NULL,
    detail   TEXT
);

CREATE INDEX IF NOT EXISTS idx_plan_events_plan ON plan_events (plan_id);

ALTER TABLE portfolio_snapshot ADD COLUMN policy_version INTEGER;
ALTER TABLE portfolio_snapshot ADD COLUMN drift TEXT;
ALTER TABLE portfolio_snapshot ADD COLUMN source TEXT;

ALTER TABLE portfolio_positions ADD COLUMN price_time TEXT;
ALTER TABLE portfolio_positions ADD COLUMN price_source TEXT;
ALTER TABLE portfolio_positions ADD COLUMN doubt TEXT;

ALTER TABLE rebalance_plan ADD COLUMN policy_version INTEGER;
ALTER TABLE rebalance_plan ADD COLUMN expires_at TEXT;
ALTER TABLE rebalance_plan ADD COLUMN digest TEXT;
ALTER TABLE rebalance_plan ADD COLUMN forecast_cash NUMERIC;
ALTER TABLE rebalance_plan ADD COLUMN forecast_least_cash NUMERIC;
ALTER TABLE rebalance_plan ADD COLUMN forecast_commission NUMERIC;
ALTER TABLE rebalance_plan ADD COLUMN forecast_tax NUMERIC;
ALTER TABLE rebalance_plan ADD COLUMN forecast_turnover NUMERIC;
ALTER TABLE rebalance_plan ADD COLUMN forecast_drift_before TEXT;
ALTER TABLE rebalance_plan ADD COLUMN forecast_drift_after TEXT;
ALTER TABLE rebalance_plan ADD COLUMN forecast_gap NUMERIC;
ALTER TABLE rebalance_plan ADD COLUMN approved_at TEXT;
ALTER TABLE rebalance_plan ADD COLUMN approved_digest TEXT;
ALTER TABLE rebalance_plan ADD COLUMN approved_broker TEXT;
ALTER TABLE rebalance_plan ADD COLUMN error TEXT;

ALTER TABLE rebalance_orders ADD COLUMN sequence INTEGER;
ALTER TABLE rebalance_orders ADD COLUMN limit_price NUMERIC;
ALTER TABLE rebalance_orders ADD COLUMN decision_price NUMERIC;
ALTER TABLE rebalance_orders ADD COLUMN replaces INTEGER REFERENCES rebalance_orders (order_id);
ALTER TABLE rebalance_orders ADD COLUMN submitted_at TEXT;
ALTER TABLE rebalance_orders ADD COLUMN broker TEXT;
ALTER TABLE rebalance_orders ADD COLUMN broker_day TEXT;
ALTER TABLE rebalance_orders ADD COLUMN broker_branch TEXT;
ALTER TABLE rebalance_orders ADD COLUMN broker_number TEXT;

ALTER TABLE rebalance_execution ADD COLUMN tax NUMERIC;

CREATE INDEX IF NOT EXISTS idx_rebalance_orders_submitted ON rebalance_orders (submitted_at);
-- One order of a broker is never claimed by two of ours, and one of ours never replaced twice.
CREATE UNIQUE INDEX IF NOT EXISTS idx_rebalance_orders_broker
    ON rebalance_orders (broker, broker_day, broker_branch, broker_number) WHERE broker_number IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS idx_rebalance_orders_replaces ON rebalance_orders (replaces) WHERE replaces IS NOT NULL;

INSERT INTO migration_log (migration_name, status, details)
SELECT '007_extend_portfolio_tables', 'success', 'versions, forecasts, approvals, steps, orders of brokers'
WHERE NOT EXISTS (
    SELECT 1 FROM migration_log WHERE migration_name = '007_extend_portfolio_tables' AND status = 'success'
);
