//! `rebalancer snapshot`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use indicatif::{MultiProgress, ProgressBar};
use obs_cli::table;
use obs_model::{BrokerKind, HoldingsSource, Money, PriceSource, Quantity, SnapshotId, Symbol};
use obs_portfolio::{Doubt, KnownPrice, Reason, Valuation, ValuationError, read_holdings};
use obs_rebalance::{AccountState, Broker, SnapshotError, SnapshotRequest, measure, store_snapshot};
use serde_json::{Value, json};
use tracing::warn;

use crate::{
    broker::{open_kis, paper_state},
    context::{Chosen, Context},
    exit::{Ending, NeedsPerson},
    options::broker_kind,
    plan::due,
    tables::shares,
    text::{percent, price, time, won},
};

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Options {
    /// Which broker says what is held: paper, kis-paper or kis-live [default: `trading.broker` of the settings file, or paper]
    #[arg(long, value_name = "BROKER", conflicts_with = "holdings")]
    from: Option<BrokerKind>,
    /// A CSV file that says what is held, as brokers export it
    #[arg(long, value_name = "FILE")]
    holdings: Option<PathBuf>,
    /// The cash in won, if the file does not say
    #[arg(long, value_name = "WON", requires = "holdings")]
    cash: Option<Money>,
    /// Symbols whose doubtful price is good enough
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    accept: Vec<Symbol>,
}

impl Options {
    /// What the daily cycle asks for.
    pub(crate) fn of(from: Option<BrokerKind>, accept: Vec<Symbol>) -> Self {
        Self { from, accept, ..Self::default() }
    }
}

/// What was measured.
pub(crate) struct Taken {
    /// `None` in a dry run.
    pub(crate) id: Option<SnapshotId>,
    chosen: Chosen,
    source: HoldingsSource,
    at: DateTime<Utc>,
    valuation: Valuation,
    /// Why a plan is due now.
    due: Vec<Reason>,
}

pub(crate) async fn run(options: &Options, context: &Context, bars: &MultiProgress) -> anyhow::Result<Ending> {
    let taken = take(options, context, bars).await?;
    if !context.print_json(&taken.json())? {
        taken.print();
    }
    Ok(Ending::Done)
}

/// Measures, and stores what was measured unless it is a dry run.
pub(crate) async fn take(options: &Options, context: &Context, bars: &MultiProgress) -> anyhow::Result<Taken> {
    let chosen = context.policy().await?;
    let kind = broker_kind(options.from, &context.settings)?.unwrap_or(BrokerKind::Paper);
    let targets = chosen.policy.targets();
    let (source, holdings, cash, quotes) = match &options.holdings {
        Some(file) => {
            let (holdings, cash) = read(file, options.cash)?;
            (HoldingsSource::File, holdings, cash, BTreeMap::new())
        }
        None if kind == BrokerKind::Paper => {
            let AccountState { holdings, cash } = paper_state(context, &chosen.id).await?;
            (HoldingsSource::Broker(kind), quantities(&AccountState { holdings, cash }), cash, BTreeMap::new())
        }
        None => {
            let broker = open_kis(context, kind)?;
            let state = broker.state().await.with_context(|| format!("account {} at {kind}", broker.account()))?;
            let holdings = quantities(&state);
            let symbols = holdings.keys().chain(targets.keys()).copied().collect();
            let quotes = quotes(&*broker, &symbols, bars).await;
            (HoldingsSource::Broker(kind), holdings, state.cash, quotes)
        }
    };
    let request = SnapshotRequest {
        policy_id: chosen.id.clone(),
        policy_version: chosen.version,
        targets: targets.clone(),
        rules: chosen.policy.price_rules(options.accept.iter().copied().collect()),
        holdings,
        cash,
        source,
        quotes,
    };
    let at = context.clock.now();
    let valuation = match measure(&*context.store, &request, &context.calendar, at).await {
        Err(SnapshotError::Value(ValuationError::Doubtful(doubtful))) => return Err(doubts(&doubtful)),
        measured => measured?,
    };
    let id = if context.manner.dry_run {
        context.say("Nothing was stored: it was a dry run.");
        None
    } else {
        Some(store_snapshot(&*context.store, &request, &valuation, at).await?)
    };
    let due = due(context, &chosen, &valuation).await?;
    Ok(Taken { id, chosen, source, at, valuation, due })
}

fn read(file: &Path, named: Option<Money>) -> anyhow::Result<(BTreeMap<Symbol, Quantity>, Money)> {
    let bytes = fs::read(file).with_context(|| format!("cannot read the holdings {}", file.display()))?;
    let holdings = read_holdings(&bytes)
        .map_err(|error| anyhow::anyhow!("{} says nothing about holdings:\n{error}", file.display()))?;
    let cash = match (named, holdings.cash) {
        (Some(named), Some(told)) if named != told => {
            bail!("--cash says {} won and {} says {}: leave one out", won(named), file.display(), won(told))
        }
        (Some(cash), _) | (None, Some(cash)) => cash,
        (None, None) => bail!("{} has no row for cash: add one that begins with CASH, or say --cash WON", file.display()),
    };
    Ok((holdings.shares, cash))
}

fn quantities(state: &AccountState) -> BTreeMap<Symbol, Quantity> {
    state.holdings.iter().map(|(symbol, held)| (*symbol, held.quantity)).collect()
}

/// The broker's quotes, as far as it has them; for the others the record has to do.
async fn quotes(broker: &dyn Broker, symbols: &BTreeSet<Symbol>, bars: &MultiProgress) -> BTreeMap<Symbol, KnownPrice> {
    let bar = bars.add(ProgressBar::new(symbols.len() as u64));
    let mut quotes = BTreeMap::new();
    for symbol in symbols {
        match broker.quote(*symbol).await {
            Ok(quote) => {
                let known = |price| KnownPrice {
                    price,
                    at: quote.at,
                    source: PriceSource::Quote,
                    is_in_gap: false,
                    is_halted: quote.is_halted,
                };
                quotes.extend(quote.last.map(|price| (*symbol, known(price))));
            }
            Err(error) => warn!(%symbol, %error, "The broker does not say what it costs: the record has to do"),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    quotes
}

/// Prices that are not good enough, one a line, and what to do.
fn doubts(doubtful: &[(Symbol, Doubt)]) -> anyhow::Error {
    let mut words = "these prices are not good enough, and nothing was stored:".to_owned();
    for (symbol, doubt) in doubtful {
        words.push_str(&format!("\n  {symbol} {}", doubt_words(*doubt)));
    }
    let acceptable: Vec<String> =
        doubtful.iter().filter(|(_, doubt)| *doubt != Doubt::Missing).map(|(symbol, _)| symbol.to_string()).collect();
    if acceptable.len() < doubtful.len() {
        words.push_str("\nThose without a price cannot be valued: record them with the collector, or load their history.");
    }
    if !acceptable.is_empty() {
        words.push_str(&format!(
            "\nWait for newer prices, or say --accept {} if these are good enough.",
            acceptable.join(",")
        ));
    }
    NeedsPerson::error(words)
}

fn doubt_words(doubt: Doubt) -> String {
    match doubt {
        Doubt::Missing => "has no price in the record".to_owned(),
        Doubt::Stale { age } => format!("has a price that is {} minutes of trading old", age.num_minutes()),
        Doubt::Gap => "has a price beside a gap of the record".to_owned(),
        Doubt::Halted => "is halted by the exchange".to_owned(),
    }
}

impl Taken {
    pub(crate) fn json(&self) -> Value {
        let Self { id, chosen, source, at, valuation, due } = self;
        let positions: Vec<_> = valuation
            .positions
            .iter()
            .map(|position| {
                json!({
                    "symbol": position.symbol, "shares": position.shares, "price": position.price.price,
                    "price_time": position.price.at, "price_source": position.price.source,
                    "doubt": position.doubt.map(doubt_words), "value": position.value, "weight": position.weight,
                    "target": position.target,
                })
            })
            .collect();
        json!({
            "snapshot_id": id, "policy_id": chosen.id, "policy_version": chosen.version, "taken_at": at,
            "source": source, "total": valuation.total, "cash": valuation.cash, "cash_weight": valuation.cash_weight,
            "drift": valuation.drift, "positions": positions,
            "due": due.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    pub(crate) fn print(&self) {
        let Self { id, chosen, source, at, valuation, due } = self;
        let rows = valuation.positions.iter().map(|position| {
            [
                position.symbol.to_string(),
                shares(position.shares),
                price(position.price.price),
                time(position.price.at),
                position.price.source.to_string().replace('_', " "),
                won(position.value),
                percent(position.weight.share()),
                percent(position.target.share()),
                percent(position.weight.share() - position.target.share()),
            ]
        });
        let header = ["Symbol", "Shares", "Price", "As of (KST)", "From", "Value", "Weight", "Target", "Off"];
        println!("{}", table(header, rows));
        let number = id.map_or_else(|| "Snapshot".to_owned(), |id| format!("Snapshot {id}"));
        println!("{number} of {} KST by policy {}, holdings from {source}", time(*at), chosen.id);
        println!(
            "Total {} won, of which {} cash ({}); drift {}",
            won(valuation.total),
            won(valuation.cash),
            percent(valuation.cash_weight.share()),
            percent(valuation.drift)
        );
        for position in valuation.positions.iter().filter(|position| position.doubt.is_some()) {
            println!("Accepted: {} {}", position.symbol, position.doubt.map(doubt_words).unwrap_or_default());
        }
        if due.is_empty() {
            println!("No plan is due.");
        } else {
            println!("A plan is due:");
            due.iter().for_each(|reason| println!("  {reason}"));
            println!("Next: `rebalancer plan`.");
        }
    }
}
