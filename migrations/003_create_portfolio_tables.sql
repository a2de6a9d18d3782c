-- The portfolio: what it should hold, what it held, and every step from the one to the other.
--
-- As in 001, the shape is the Python system's. No foreign key deletes or changes anything on its own: the rows are an audit
-- trail, and whoever wants to remove a policy has to say what becomes of its history.

CREATE TABLE IF NOT EXISTS portfolio_policy (
    policy_id           VARCHAR(50) PRIMARY KEY,
    policy_name         VARCHAR(100) NOT NULL,
    created_at          TIMESTAMPTZ DEFAULT NOW(),
    rebalance_threshold FLOAT DEFAULT 0.05,
    rebalance_frequency VARCHAR(20) DEFAULT 'monthly',
    is_active           BOOLEAN DEFAULT TRUE
);

CREATE TABLE IF NOT EXISTS target_weights (
    policy_id     VARCHAR(50) NOT NULL REFERENCES portfolio_policy (policy_id),
    symbol        VARCHAR(20) NOT NULL,
    target_weight FLOAT NOT NULL,
    updated_at    TIMESTAMPTZ DEFAULT NOW(),
    PRIMARY KEY (policy_id, symbol)
);

CREATE INDEX IF NOT EXISTS idx_target_weights_policy ON target_weights (policy_id);

CREATE TABLE IF NOT EXISTS portfolio_snapshot (
    snapshot_id   BIGSERIAL PRIMARY KEY,
    policy_id     VARCHAR(50) NOT NULL REFERENCES portfolio_policy (policy_id),
    snapshot_time TIMESTAMPTZ NOT NULL,
    total_value   NUMERIC(20, 4),
    cash          NUMERIC(20, 4),
    created_at    TIMESTAMPTZ DEFAULT NOW()
);

CREATE INDEX IF NOT EXISTS idx_portfolio_snapshot_policy ON portfolio_snapshot (policy_id);
CREATE INDEX IF NOT EXISTS idx_portfolio_snapshot_time ON portfolio_snapshot (snapshot_time DESC);

CREATE TABLE IF NOT EXISTS portfolio_positions (
    position_id    BIGSERIAL PRIMARY KEY,
    snapshot_id    BIGINT NOT NULL REFERENCES portfolio_snapshot (snapshot_id),
    symbol         VARCHAR(20) NOT NULL,
    quantity       BIGINT,
    market_price   NUMERIC(15, 4),
    market_value   NUMERIC(20, 4),
    current_weight FLOAT,
    target_weight  FLOAT,
    weight_diff    FLOAT
);

CREATE INDEX IF NOT EXISTS idx_portfolio_positions_snapshot ON portfolio_positions (snapshot_id);
CREATE INDEX IF NOT EXISTS idx_portfolio_positions_symbol ON portfolio_positions (symbol);

CREATE TABLE IF NOT EXISTS rebalance_plan (
    plan_id      BIGSERIAL PRIMARY KEY,
    policy_id    VARCHAR(50) NOT NULL REFERENCES portfolio_policy (policy_id),
    snapshot_id  BIGINT NOT NULL REFERENCES portfolio_snapshot (snapshot_id),
    status       VARCHAR(20) DEFAULT 'pending',
    reason       TEXT,
    created_at   TIMESTAMPTZ DEFAULT NOW(),
    completed_at TIMESTAMPTZ
);

CREATE INDEX IF NOT EXISTS idx_rebalance_plan_policy ON rebalance_plan (policy_id);
CREATE INDEX IF NOT EXISTS idx_rebalance_plan_status ON rebalance_plan (status);

CREATE TABLE IF NOT EXISTS rebalance_orders (
    order_id   BIGSERIAL PRIMARY KEY,
    plan_id    BIGINT NOT NULL REFERENCES rebalance_plan (plan_id),
    symbol     VARCHAR(20) NOT NULL,
    side       VARCHAR(10) NOT NULL,
    target_qty BIGINT,
    order_type VARCHAR(20) DEFAULT 'MARKET',
    status     VARCHAR(20) DEFAULT 'pending',
    created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE INDEX IF NOT EXISTS idx_rebalance_orders_plan ON rebalance_orders (plan_id);
CREATE INDEX IF NOT EXISTS idx_rebalance_orders_symbol ON rebalance_orders (symbol);

CREATE TABLE IF NOT EXISTS rebalance_execution (
    exec_id      BIGSERIAL PRIMARY KEY,
    order_id     BIGINT NOT NULL REFERENCES rebalance_orders (order_id),
    filled_qty   BIGINT,
    filled_price NUMERIC(15, 4),
    exec_time    TIMESTAMPTZ,
    commission   NUMERIC(20, 4),
    slippage     NUMERIC(20, 4),
    status       VARCHAR(20),
    error_msg    TEXT,
    created_at   TIMESTAMPTZ DEFAULT NOW()
);

CREATE INDEX IF NOT EXISTS idx_rebalance_execution_order ON rebalance_execution (order_id);
CREATE INDEX IF NOT EXISTS idx_rebalance_execution_time ON rebalance_execution (exec_time DESC);

INSERT INTO migration_log (migration_name, status, details)
SELECT '003_create_portfolio_tables', 'success', 'policies, targets, snapshots, plans, orders, executions'
WHERE NOT EXISTS (
    SELECT FROM migration_log WHERE migration_name = '003_create_portfolio_tables' AND status = 'success'
);
