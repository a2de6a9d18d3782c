-- The portfolio: what it should hold, what it held, and every step from the one to the other. As 003 for PostgreSQL; the
-- types are explained in 001. Fifteen digits are enough for amounts below 100 billion won with four decimals; above that, whole
-- won are exact and fractions are not.

CREATE TABLE IF NOT EXISTS portfolio_policy (
    policy_id           TEXT PRIMARY KEY NOT NULL,
    policy_name         TEXT NOT NULL,
    created_at          TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    rebalance_threshold REAL DEFAULT 0.05,
    rebalance_frequency TEXT DEFAULT 'monthly',
    is_active           INTEGER DEFAULT 1
);

CREATE TABLE IF NOT EXISTS target_weights (
    policy_id     TEXT NOT NULL REFERENCES portfolio_policy (policy_id),
    symbol        TEXT NOT NULL,
    target_weight REAL NOT NULL,
    updated_at    TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    PRIMARY KEY (policy_id, symbol)
);

CREATE INDEX IF NOT EXISTS idx_target_weights_policy ON target_weights (policy_id);

CREATE TABLE IF NOT EXISTS portfolio_snapshot (
    snapshot_id   INTEGER PRIMARY KEY,
    policy_id     TEXT NOT NULL REFERENCES portfolio_policy (policy_id),
    snapshot_time TEXT NOT NULL,
    total_value   NUMERIC,
    cash          NUMERIC,
    created_at    TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
);

CREATE INDEX IF NOT EXISTS idx_portfolio_snapshot_policy ON portfolio_snapshot (policy_id);
CREATE INDEX IF NOT EXISTS idx_portfolio_snapshot_time ON portfolio_snapshot (snapshot_time DESC);

CREATE TABLE IF NOT EXISTS portfolio_positions (
    position_id    INTEGER PRIMARY KEY,
    snapshot_id    INTEGER NOT NULL REFERENCES portfolio_snapshot (snapshot_id),
    symbol         TEXT NOT NULL,
    quantity       INTEGER,
    market_price   NUMERIC,
    market_value   NUMERIC,
    current_weight REAL,
    target_weight  REAL,
    weight_diff    REAL
);

CREATE INDEX IF NOT EXISTS idx_portfolio_positions_snapshot ON portfolio_positions (snapshot_id);
CREATE INDEX IF NOT EXISTS idx_portfolio_positions_symbol ON portfolio_positions (symbol);

CREATE TABLE IF NOT EXISTS rebalance_plan (
    plan_id      INTEGER PRIMARY KEY,
    policy_id    TEXT NOT NULL REFERENCES portfolio_policy (policy_id),
    snapshot_id  INTEGER NOT NULL REFERENCES portfolio_snapshot (snapshot_id),
    status       TEXT DEFAULT 'pending',
    reason       TEXT,
    created_at   TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
    completed_at TEXT
);

CREATE INDEX IF NOT EXISTS idx_rebalance_plan_policy ON rebalance_plan (policy_id);
CREATE INDEX IF NOT EXISTS idx_rebalance_plan_status ON rebalance_plan (status);

CREATE TABLE IF NOT EXISTS rebalance_orders (
    order_id   INTEGER PRIMARY KEY,
    plan_id    INTEGER NOT NULL REFERENCES rebalance_plan (plan_id),
    symbol     TEXT NOT NULL,
    side       TEXT NOT NULL,
    target_qty INTEGER,
    order_type TEXT DEFAULT 'MARKET',
    status     TEXT DEFAULT 'pending',
    created_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
);

CREATE INDEX IF NOT EXISTS idx_rebalance_orders_plan ON rebalance_orders (plan_id);
CREATE INDEX IF NOT EXISTS idx_rebalance_orders_symbol ON rebalance_orders (symbol);

CREATE TABLE IF NOT EXISTS rebalance_execution (
    exec_id      INTEGER PRIMARY KEY,
    order_id     INTEGER NOT NULL REFERENCES rebalance_orders (order_id),
    filled_qty   INTEGER,
    filled_price NUMERIC,
    exec_time    TEXT,
    commission   NUMERIC,
    slippage     NUMERIC,
    status       TEXT,
    error_msg    TEXT,
    created_at   TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
);

CREATE INDEX IF NOT EXISTS idx_rebalance_execution_order ON rebalance_execution (order_id);
CREATE INDEX IF NOT EXISTS idx_rebalance_execution_time ON rebalance_execution (exec_time DESC);

INSERT INTO migration_log (migration_name, status, details)
SELECT '003_create_portfolio_tables', 'success', 'policies, targets, snapshots, plans, orders, executions'
WHERE NOT EXISTS (
    SELECT 1 FROM migration_log WHERE migration_name = '003_create_portfolio_tables' AND status = 'success'
);
