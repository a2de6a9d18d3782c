//! A simulated broker, a record beside it, and plans.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use obs_kis::{AccountNumber, Clock, Credentials, Deadlines, Endpoints, Environment, KisClient, KisSettings};
use obs_model::{
    Calendar, Forecast, HoldingsSource, Money, PlanId, PlanStep, PlannedOrder, PolicyId, PortfolioPolicy, PortfolioPosition,
    PortfolioSnapshot, Price, Quantity, RebalanceFrequency, Side, SnapshotId, Symbol, Weight,
};
use obs_portfolio::{PlanTerms, digest, digest_of};
use obs_rebalance::{Broker, ExecutionRules, ExecutionSettings, Executor, KisBroker, Outcome, TradingCosts, TradingLimits};
use obs_sim::{Action, CallLimits, Fault, SimSettings, Simulator, StartingHolding, market::MarketSettings};
use obs_store::{AppliedPolicy, NewPlan, PortfolioRepository, SchemaRepository, StoredPlan};
use obs_store_sqlite::SqliteStore;
use rust_decimal::Decimal;
use tempfile::TempDir;

pub const CASH: i64 = 100_000_000;
/// Samsung Electronics, held: 151,000 won bid and 151,100 ask while the market stands still.
pub const HELD: &str = "005930";
/// SK hynix, not held.
pub const OTHER: &str = "000660";

/// A broker whose market stands still, unless a test wants it otherwise, and a record.
pub struct Desk {
    pub simulator: Simulator,
    pub store: Arc<SqliteStore>,
    pub broker: Arc<dyn Broker>,
    pub settings: ExecutionSettings,
    pub said: Arc<Mutex<Vec<String>>>,
    pub _folder: TempDir,
}

pub async fn desk() -> Desk {
    Desk::with(|_| {}).await
}

impl Desk {
    pub async fn with(change: impl FnOnce(&mut SimSettings)) -> Self {
        // In the Korean morning, whatever the time is where the test runs.
        let clock = Clock::compressed("2026-01-22T01:00:00Z".parse().unwrap(), 1);
        let mut settings = SimSettings::new(clock.reader(), 7);
        settings.market = MarketSettings { trades_per_second: 0, ..MarketSettings::new(7) };
        settings.limits =
            CallLimits { calls_per_second: Some(1_000), ledger_calls_per_second: Some(1_000), ..settings.limits };
        settings.cash = CASH;
        settings.holdings = vec![StartingHolding { symbol: symbol(HELD), quantity: 2_000, price: 100_000 }];
        settings.step = Duration::from_millis(5);
        settings.fill_lag = Duration::from_millis(20);
        change(&mut settings);
        let simulator = Simulator::start(settings).await.unwrap();
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(folder.path().join("observer.db")).await.unwrap();
        store.migrate().await.unwrap();
        let broker: Arc<dyn Broker> = Arc::new(kis(&simulator, &clock, Duration::from_secs(10)));
        let rules = ExecutionRules {
            patience: Duration::from_secs(2),
            unknown_patience: Duration::from_secs(3),
            poll: Duration::from_millis(30),
            pause: Duration::from_millis(200),
            ..ExecutionRules::default()
        };
        let limits = TradingLimits { order_value: None, day_value: None, kill_switch: folder.path().join("stop-trading") };
        let settings = ExecutionSettings {
            clock,
            calendar: Calendar::always(),
            rules,
            limits,
            costs: TradingCosts::default(),
            digest_of: |stored| digest_of(&stored.plan, &stored.orders),
        };
        Self { simulator, store: Arc::new(store), broker, settings, said: Arc::default(), _folder: folder }
    }

    /// The same account over a client that waits so long for an answer.
    pub fn impatient(mut self, answer: Duration) -> Self {
        self.broker = Arc::new(kis(&self.simulator, &self.settings.clock, answer));
        self
    }

    pub fn kill_switch(&self) -> PathBuf {
        self.settings.limits.kill_switch.clone()
    }

    pub fn executor(&self) -> Executor {
        let said = Arc::clone(&self.said);
        let store: Arc<dyn PortfolioRepository> = Arc::clone(&self.store) as _;
        Executor::new(store, Arc::clone(&self.broker), self.settings.clone())
            .telling(move |progress| said.lock().unwrap().push(progress.to_string()))
    }

    pub async fn execute(&self, plan: PlanId) -> Outcome {
        let outcome = tokio::time::timeout(Duration::from_secs(60), self.executor().execute(plan)).await;
        outcome.unwrap().unwrap()
    }

    pub async fn stored(&self, plan: PlanId) -> StoredPlan {
        self.store.plan(plan).await.unwrap().unwrap()
    }

    /// A plan of these orders, approved for the broker, that starts from what the account holds.
    pub async fn plan(&self, orders: &[PlannedOrder]) -> PlanId {
        let plan = self.unapproved(orders).await;
        self.approve(plan).await;
        plan
    }

    pub async fn approve(&self, plan: PlanId) {
        let digest = self.stored(plan).await.plan.digest.unwrap();
        let step = PlanStep::Approved { digest, broker: self.broker.kind() };
        self.store.take_step(plan, &step, self.now()).await.unwrap();
    }

    pub async fn unapproved(&self, orders: &[PlannedOrder]) -> PlanId {
        let (policy_id, created_at) = (PolicyId::new("core").unwrap(), self.now());
        let expires_at = created_at + TimeDelta::hours(1);
        self.apply_policy(&policy_id).await;
        let snapshot_id = self.snapshot(&policy_id).await;
        let terms = PlanTerms {
            policy_id: &policy_id,
            policy_version: Some(1),
            snapshot_id,
            created_at,
            expires_at: Some(expires_at),
            orders,
        };
        let plan = NewPlan {
            policy_id: policy_id.clone(),
            policy_version: Some(1),
            snapshot_id,
            reason: "drift".to_owned(),
            created_at,
            expires_at,
            digest: digest(&terms),
            forecast: forecast(),
            orders: orders.to_vec(),
        };
        self.store.add_plan(&plan).await.unwrap()
    }

    async fn apply_policy(&self, policy_id: &PolicyId) {
        if self.store.policy(policy_id).await.unwrap().is_some() {
            return;
        }
        let policy = PortfolioPolicy {
            policy_id: policy_id.clone(),
            policy_name: "Core".to_owned(),
            created_at: self.now(),
            rebalance_threshold: Weight::default(),
            rebalance_frequency: RebalanceFrequency::Daily,
            is_active: true,
        };
        let applied = AppliedPolicy { policy, targets: Vec::new(), text: String::new(), at: self.now() };
        self.store.apply_policy(&applied, None).await.unwrap();
    }

    async fn snapshot(&self, policy_id: &PolicyId) -> SnapshotId {
        let state = self.broker.state().await.unwrap();
        let snapshot = PortfolioSnapshot {
            snapshot_id: SnapshotId(0),
            policy_id: policy_id.clone(),
            policy_version: Some(1),
            snapshot_time: self.now(),
            total_value: state.cash,
            cash: state.cash,
            drift: Some(Decimal::ZERO),
            source: Some(HoldingsSource::Broker(self.broker.kind())),
        };
        let position = |(symbol, quantity)| PortfolioPosition {
            snapshot_id: SnapshotId(0),
            symbol,
            quantity,
            market_price: Price::from_won(1).unwrap(),
            market_value: Money::ZERO,
            current_weight: Weight::default(),
            target_weight: Weight::default(),
            price_time: None,
            price_source: None,
            doubt: None,
        };
        let held = state.holdings.iter().map(|(symbol, held)| position((*symbol, held.quantity)));
        self.store.add_snapshot(&snapshot, &held.collect::<Vec<_>>()).await.unwrap()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.settings.clock.now()
    }

    /// An order at the market's price of now, decided at the last price.
    pub async fn order(&self, sequence: u32, side: Side, code: &str, shares: i64) -> PlannedOrder {
        let quote = self.broker.quote(symbol(code)).await.unwrap();
        let limit_price = if side == Side::Buy { quote.ask } else { quote.bid };
        let decision_price = quote.last.unwrap();
        PlannedOrder { sequence, symbol: symbol(code), side, quantity: quantity(shares), limit_price, decision_price }
    }

    /// Makes the broker misbehave until the returned number is cleared.
    pub fn begin(&self, fault: Fault) -> u64 {
        self.simulator.control().inject(fault, Duration::ZERO).unwrap_or_default()
    }

    /// Shares bought and sold by the broker's own books.
    pub fn traded(&self) -> BTreeMap<(Symbol, Side), i64> {
        let mut traded = BTreeMap::new();
        for order in self.simulator.orders().iter().filter(|order| order.filled > 0) {
            *traded.entry((order.symbol, order.side)).or_default() += order.filled;
        }
        traded
    }

    /// The orders that the broker was sent, oldest first, by its own books.
    pub fn sent(&self) -> Vec<obs_sim::Order> {
        self.simulator.orders().into_iter().filter(|order| order.action == Action::New).collect()
    }

    pub fn open_at_broker(&self) -> i64 {
        self.sent().iter().map(obs_sim::Order::remaining).sum()
    }
}

pub fn kis(simulator: &Simulator, clock: &Clock, answer: Duration) -> KisBroker {
    let endpoints = Endpoints::at(Environment::Live, &simulator.rest_url(), &simulator.websocket_url()).unwrap();
    let credentials = Credentials::new(simulator.app_key(), simulator.app_secret()).unwrap();
    let mut settings = KisSettings::new(Environment::Live);
    let fast = NonZeroU32::new(1_000).unwrap();
    (settings.limits.calls_per_second, settings.limits.account_calls_per_second) = (fast, fast);
    settings.deadlines = Deadlines { answer, call: answer, ..settings.deadlines };
    let client = KisClient::new(endpoints, credentials, settings, clock.clone()).unwrap();
    let account: AccountNumber = simulator.customers()[0].account.parse().unwrap();
    KisBroker::new(client, account, clock.clone())
}

pub fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

pub fn quantity(shares: i64) -> Quantity {
    Quantity::new(shares).unwrap()
}

pub fn won(won: i64) -> Price {
    Price::from_won(won).unwrap()
}

pub fn money(won: i64) -> Money {
    Money::new(Decimal::from(won)).unwrap()
}

fn forecast() -> Forecast {
    Forecast {
        cash: Money::ZERO,
        least_cash: Money::ZERO,
        commission: Money::ZERO,
        tax: Money::ZERO,
        turnover: Money::ZERO,
        drift_before: Decimal::ZERO,
        drift_after: Decimal::ZERO,
        gap: Money::ZERO,
    }
}
