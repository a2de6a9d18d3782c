//! What every command works with.

use std::{
    io::{self, IsTerminal, Write},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use obs_cli::{SettingsArgs, StoreSettings, open_store, prepare_store};
use obs_kis::Clock;
use obs_model::{Calendar, PlanId, PolicyId, PortfolioPosition, PortfolioSnapshot};
use obs_portfolio::Policy;
use obs_store::{Store, StoredPlan, StoredPolicy};
use serde::Serialize;

use crate::options::{Manner, MarketArgs};

/// What every command works with.
pub(crate) struct Context {
    pub(crate) manner: Manner,
    pub(crate) market: MarketArgs,
    pub(crate) settings: StoreSettings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
}

/// Whether a change may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Granted,
    /// It is a dry run.
    DryRun,
    /// A person said no.
    Declined,
}

/// A policy that was chosen.
pub(crate) struct Chosen {
    pub(crate) policy: Policy,
    pub(crate) id: PolicyId,
    /// `None` for a policy of the Python system.
    pub(crate) version: Option<u32>,
}

impl Context {
    /// Opens the store. Commands that write give an empty database its schema, unless it is a dry run.
    pub(crate) async fn open(
        manner: &Manner,
        market: &MarketArgs,
        settings: &SettingsArgs,
        writes: bool,
    ) -> anyhow::Result<Self> {
        let settings = settings.resolve()?;
        let store = if writes && !manner.dry_run {
            std::fs::create_dir_all(&settings.data_dir)
                .with_context(|| format!("cannot make the data folder {}", settings.data_dir.display()))?;
            prepare_store(&settings.database).await?
        } else {
            let store = open_store(&settings.database).await?;
            store.check_schema().await?;
            store
        };
        let calendar = market.calendar(&settings.data_dir);
        Ok(Self { manner: manner.clone(), market: market.clone(), settings, store, clock: Clock::system(), calendar })
    }

    /// Asks whether something may be done, on a terminal; elsewhere `--yes` must have said so.
    pub(crate) fn permission(&self, question: &str) -> anyhow::Result<Permission> {
        if self.manner.dry_run {
            self.say("Nothing was changed: it was a dry run.");
            return Ok(Permission::DryRun);
        }
        if self.manner.yes {
            return Ok(Permission::Granted);
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            bail!("nobody is there to ask \"{question}\": say --yes if it is meant; nothing was changed");
        }
        eprint!("{question} [y/N] ");
        io::stderr().flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            Ok(Permission::Granted)
        } else {
            self.say("Nothing was changed.");
            Ok(Permission::Declined)
        }
    }

    /// Says something to people: not among the JSON.
    pub(crate) fn say(&self, words: &str) {
        if self.manner.json {
            eprintln!("{words}");
        } else {
            println!("{words}");
        }
    }

    /// Prints a value as JSON if JSON was asked for. Whether it was.
    pub(crate) fn print_json(&self, value: &impl Serialize) -> anyhow::Result<bool> {
        if self.manner.json {
            println!("{}", serde_json::to_string_pretty(value)?);
        }
        Ok(self.manner.json)
    }

    /// The policy that `--policy` names, or the only active one.
    pub(crate) async fn policy(&self) -> anyhow::Result<Chosen> {
        let id = match &self.manner.policy {
            Some(id) => id.clone(),
            None => self.only_policy().await?,
        };
        let stored = self.stored_policy(&id).await?;
        chosen(&stored)
    }

    /// A stored policy by its name.
    pub(crate) async fn stored_policy(&self, id: &PolicyId) -> anyhow::Result<StoredPolicy> {
        match self.store.policy(id).await? {
            Some(stored) => Ok(stored),
            None => bail!("there is no policy {:?}; {}", id.as_str(), self.known_policies().await?),
        }
    }

    async fn only_policy(&self) -> anyhow::Result<PolicyId> {
        let mut active = self.store.policies().await?;
        active.retain(|policy| policy.is_active);
        match <[_; 1]>::try_from(active) {
            Ok([only]) => Ok(only.policy_id),
            Err(none) if none.is_empty() => bail!("there is no active policy; {}", self.known_policies().await?),
            Err(several) => {
                let ids: Vec<&str> = several.iter().map(|policy| policy.policy_id.as_str()).collect();
                bail!("several policies are active: {}; name one by --policy", ids.join(", "))
            }
        }
    }

    async fn known_policies(&self) -> anyhow::Result<String> {
        let policies = self.store.policies().await?;
        if policies.is_empty() {
            return Ok("none is stored yet: write one as examples/policy.toml shows, and store it with `rebalancer policy \
                       apply FILE`"
                .to_owned());
        }
        let ids: Vec<&str> = policies.iter().map(|policy| policy.policy_id.as_str()).collect();
        Ok(format!("stored are {}", ids.join(", ")))
    }

    /// The newest snapshot of a policy.
    pub(crate) async fn newest_snapshot(
        &self,
        policy: &PolicyId,
    ) -> anyhow::Result<Option<(PortfolioSnapshot, Vec<PortfolioPosition>)>> {
        match self.store.snapshots(Some(policy), 1).await?.first() {
            Some(newest) => Ok(self.store.snapshot(newest.snapshot_id).await?),
            None => Ok(None),
        }
    }

    /// A plan by its number.
    pub(crate) async fn plan(&self, plan: PlanId) -> anyhow::Result<StoredPlan> {
        if let Some(stored) = self.store.plan(plan).await? {
            return Ok(stored);
        }
        match self.store.plans(None, 1).await?.first() {
            Some(newest) => bail!("there is no plan {plan}; the newest is {}: see `rebalancer history`", newest.plan_id),
            None => bail!("there is no plan {plan}: none was made yet; make one with `rebalancer plan`"),
        }
    }

    /// All plans of a policy with everything that belongs to them, newest first.
    pub(crate) async fn plans(&self, policy: &PolicyId, limit: u32) -> anyhow::Result<Vec<StoredPlan>> {
        let mut plans = Vec::new();
        for plan in self.store.plans(Some(policy), limit).await? {
            plans.extend(self.store.plan(plan.plan_id).await?);
        }
        Ok(plans)
    }
}

/// Reads a stored policy.
pub(crate) fn chosen(stored: &StoredPolicy) -> anyhow::Result<Chosen> {
    let id = stored.policy.policy_id.clone();
    let (policy, version) = match &stored.version {
        Some(version) => {
            let policy = read_version(&version.text)
                .with_context(|| format!("version {} of policy {:?} cannot be read", version.version, id.as_str()))?;
            (policy, Some(version.version))
        }
        None => (Policy::of_rows(&stored.policy, &stored.targets)?, None),
    };
    Ok(Chosen { policy, id, version })
}

/// Reads a policy as it was stored: with everything that it consists of.
pub(crate) fn read_version(text: &str) -> anyhow::Result<Policy> {
    Ok(Policy::parse(text, |file| Err(format!("{file} was not stored")))?)
}
