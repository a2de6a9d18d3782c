-- What the portfolio's record needs so that whatever was ordered can be explained and compared with the broker's own record:
-- the versions of policies, who said what is held and at which prices, what was expected of a plan and for what it was approved,
-- what the broker knows an order by, and every step with its time.
--
-- All new columns admit NULL: the Python system's rows have none of them, and its readers need not know them. Nothing is ever
-- removed from the new tables.

CREATE TABLE IF NOT EXISTS policy_versions (
    policy_id  VARCHAR(50) NOT NULL REFERENCES portfolio_policy (policy_id),
    version    INTEGER NOT NULL CHECK (version > 0),
    applied_at TIMESTAMPTZ NOT NULL,
    text       TEXT NOT NULL,
    PRIMARY KEY (policy_id, version)
);

CREATE TABLE IF NOT EXISTS plan_events (
    event_id BIGSERIAL PRIMARY KEY,
    plan_id  BIGINT NOT NULL REFERENCES rebalance_plan (plan_id),
    order_id BIGINT REFERENCES rebalance_orders (order_id),
    at       TIMESTAMPTZ NOT NULL,
    event    VARCHAR(20) NOT NULL,
    detail   TEXT
);

CREATE INDEX IF NOT EXISTS idx_plan_events_plan ON plan_events (plan_id);

ALTER TABLE portfolio_snapshot
    ADD COLUMN IF NOT EXISTS policy_version INTEGER,
    ADD COLUMN IF NOT EXISTS drift NUMERIC,
    ADD COLUMN IF NOT EXISTS source VARCHAR(20);

ALTER TABLE portfolio_positions
    ADD COLUMN IF NOT EXISTS price_time TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS price_source VARCHAR(20),
    ADD COLUMN IF NOT EXISTS doubt TEXT;

ALTER TABLE rebalance_plan
    ADD COLUMN IF NOT EXISTS policy_version INTEGER,
    ADD COLUMN IF NOT EXISTS expires_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS digest VARCHAR(64),
    ADD COLUMN IF NOT EXISTS forecast_cash NUMERIC(20, 4),
    ADD COLUMN IF NOT EXISTS forecast_least_cash NUMERIC(20, 4),
    ADD COLUMN IF NOT EXISTS forecast_commission NUMERIC(20, 4),
    ADD COLUMN IF NOT EXISTS forecast_tax NUMERIC(20, 4),
    ADD COLUMN IF NOT EXISTS forecast_turnover NUMERIC(20, 4),
    ADD COLUMN IF NOT EXISTS forecast_drift_before NUMERIC,
    ADD COLUMN IF NOT EXISTS forecast_drift_after NUMERIC,
    ADD COLUMN IF NOT EXISTS forecast_gap NUMERIC(20, 4),
    ADD COLUMN IF NOT EXISTS approved_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS approved_digest VARCHAR(64),
    ADD COLUMN IF NOT EXISTS approved_broker VARCHAR(20),
    ADD COLUMN IF NOT EXISTS error TEXT;

ALTER TABLE rebalance_orders
    ADD COLUMN IF NOT EXISTS sequence INTEGER,
    ADD COLUMN IF NOT EXISTS limit_price NUMERIC(15, 4),
    ADD COLUMN IF NOT EXISTS decision_price NUMERIC(15, 4),
    ADD COLUMN IF NOT EXISTS replaces BIGINT REFERENCES rebalance_orders (order_id),
    ADD COLUMN IF NOT EXISTS submitted_at TIMESTAMPTZ,
    ADD COLUMN IF NOT EXISTS broker VARCHAR(20),
    ADD COLUMN IF NOT EXISTS broker_day DATE,
    ADD COLUMN IF NOT EXISTS broker_branch TEXT,
    ADD COLUMN IF NOT EXISTS broker_number TEXT;

ALTER TABLE rebalance_execution
    ADD COLUMN IF NOT EXISTS tax NUMERIC(20, 4);

CREATE INDEX IF NOT EXISTS idx_rebalance_orders_submitted ON rebalance_orders (submitted_at);
-- One order of a broker is never claimed by two of ours, and one of ours never replaced twice.
CREATE UNIQUE INDEX IF NOT EXISTS idx_rebalance_orders_broker
    ON rebalance_orders (broker, broker_day, broker_branch, broker_number) WHERE broker_number IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS idx_rebalance_orders_replaces ON rebalance_orders (replaces) WHERE replaces IS NOT NULL;

COMMENT ON TABLE policy_versions IS 'Policies as they were applied; what was planned by an older one stays explained';
COMMENT ON COLUMN policy_versions.policy_id IS 'The policy';
COMMENT ON COLUMN policy_versions.version IS 'Counted from 1';
COMMENT ON COLUMN policy_versions.applied_at IS 'When it was applied, UTC';
COMMENT ON COLUMN policy_versions.text IS 'The whole file';

COMMENT ON TABLE plan_events IS 'Every step of a plan and its orders; rows are only ever added';
COMMENT ON COLUMN plan_events.event_id IS 'Row number';
COMMENT ON COLUMN plan_events.plan_id IS 'The plan';
COMMENT ON COLUMN plan_events.order_id IS 'The order, if it is about one';
COMMENT ON COLUMN plan_events.at IS 'When, UTC';
COMMENT ON COLUMN plan_events.event IS 'created, or the step: approved, started, submitting, accepted, and so on';
COMMENT ON COLUMN plan_events.detail IS 'More words about it';

COMMENT ON COLUMN portfolio_snapshot.policy_version IS 'Which version of the policy';
COMMENT ON COLUMN portfolio_snapshot.drift IS 'Root of the summed squares of current_weight - target_weight over all symbols';
COMMENT ON COLUMN portfolio_snapshot.source IS 'Who said what is held: file, paper, kis-paper or kis-live';

COMMENT ON COLUMN portfolio_positions.price_time IS 'When the price was true, UTC';
COMMENT ON COLUMN portfolio_positions.price_source IS 'Where it was found: tick, minute_bar, swing_bar or quote';
COMMENT ON COLUMN portfolio_positions.doubt IS 'What somebody accepted about the price, in words';

COMMENT ON COLUMN rebalance_plan.policy_version IS 'Which version of the policy';
COMMENT ON COLUMN rebalance_plan.expires_at IS 'From when on it may not be begun any more, UTC';
COMMENT ON COLUMN rebalance_plan.digest IS 'What it consists of, 64 hexadecimal digits; an approval holds for these';
COMMENT ON COLUMN rebalance_plan.forecast_cash IS 'Cash expected after all orders and their costs, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_plan.forecast_least_cash IS 'Cash if every order is filled at its limit, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_plan.forecast_commission IS 'Commission expected, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_plan.forecast_tax IS 'Tax expected, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_plan.forecast_turnover IS 'Value bought and sold together, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_plan.forecast_drift_before IS 'Drift before it';
COMMENT ON COLUMN rebalance_plan.forecast_drift_after IS 'Drift expected after it';
COMMENT ON COLUMN rebalance_plan.forecast_gap IS 'How far it may be from the best one, KRW with 4 decimals; 0 = it is the best';
COMMENT ON COLUMN rebalance_plan.approved_at IS 'When somebody approved it, UTC';
COMMENT ON COLUMN rebalance_plan.approved_digest IS 'The digest that was approved';
COMMENT ON COLUMN rebalance_plan.approved_broker IS 'Where it may be executed: paper, kis-paper or kis-live';
COMMENT ON COLUMN rebalance_plan.error IS 'Why it failed or was withdrawn';

COMMENT ON COLUMN rebalance_orders.sequence IS 'Place in the plan, from 1';
COMMENT ON COLUMN rebalance_orders.limit_price IS 'Worst price that is accepted, KRW with 4 decimals; NULL = at the market';
COMMENT ON COLUMN rebalance_orders.decision_price IS 'Price it was decided at, KRW with 4 decimals';
COMMENT ON COLUMN rebalance_orders.replaces IS 'The order whose rest it trades';
COMMENT ON COLUMN rebalance_orders.submitted_at IS 'When it was about to be sent, the last time, UTC';
COMMENT ON COLUMN rebalance_orders.broker IS 'Where it was sent: paper, kis-paper or kis-live';
COMMENT ON COLUMN rebalance_orders.broker_day IS 'Day of the broker''s order, in Korea';
COMMENT ON COLUMN rebalance_orders.broker_branch IS 'The broker''s branch that took it; may be empty';
COMMENT ON COLUMN rebalance_orders.broker_number IS 'The broker''s number of it on that day';

COMMENT ON COLUMN rebalance_execution.tax IS 'Securities transaction tax, KRW with 4 decimals';

INSERT INTO migration_log (migration_name, status, details)
SELECT '007_extend_portfolio_tables', 'success', 'versions, forecasts, approvals, steps, orders of brokers'
WHERE NOT EXISTS (
    SELECT FROM migration_log WHERE migration_name = '007_extend_portfolio_tables' AND status = 'success'
);
