//! `rebalancer policy`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use obs_cli::table;
use obs_model::{PolicyId, PortfolioPolicy, TargetWeight};
use obs_portfolio::Policy;
use obs_store::{AppliedPolicy, StoreError};
use serde_json::json;

use crate::{
    context::{Context, Permission, chosen, read_version},
    exit::Ending,
    options::Manner,
    text::{percent, time},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Store a policy's file as the newest version, after showing what it changes
    Apply {
        /// The file, as examples/policy.toml
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Look whether a file is a policy; nothing is stored
    Check {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List all policies
    List,
    /// Show a policy as it is in force, or an older version of it
    Show {
        /// Which
        #[arg(value_name = "ID", value_parser = |id: &str| PolicyId::new(id))]
        id: PolicyId,
        /// The version, from 1 [default: the newest]
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
    /// Take a policy out of force; applying its file again puts it back
    Retire {
        /// Which
        #[arg(value_name = "ID", value_parser = |id: &str| PolicyId::new(id))]
        id: PolicyId,
    },
}

/// Reads a policy's file. Files that it names lie beside it.
fn read(file: &Path) -> anyhow::Result<Policy> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the policy {}", file.display()))?;
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    let beside = |name: &str| fs::read(folder.join(name)).map_err(|error| error.to_string());
    Policy::parse(&text, beside).map_err(|error| anyhow::anyhow!("{} is not a policy:\n{error}", file.display()))
}

pub(crate) fn check(file: &Path, manner: &Manner) -> anyhow::Result<Ending> {
    let policy = read(file)?;
    if manner.json {
        println!("{}", json!({ "policy_id": policy.id(), "text": policy.to_text() }));
    } else {
        println!("{} is a policy: {}", file.display(), summary(&policy));
    }
    Ok(Ending::Done)
}

pub(crate) async fn run(command: &Command, context: &Context) -> anyhow::Result<Ending> {
    match command {
        Command::Apply { file } => apply(file, context).await,
        Command::Check { file } => check(file, &context.manner),
        Command::List => list(context).await,
        Command::Show { id, version } => show(id, *version, context).await,
        Command::Retire { id } => retire(id, context).await,
    }
}

async fn apply(file: &Path, context: &Context) -> anyhow::Result<Ending> {
    let policy = read(file)?;
    let stored = context.store.policy(policy.id()).await?;
    let before = stored.as_ref().map(chosen).transpose()?;
    let replaces = before.as_ref().and_then(|before| before.version);
    let changes: Vec<String> =
        before.iter().flat_map(|before| before.policy.diff(&policy)).map(|change| change.to_string()).collect();
    // A policy of the Python system gets its first version also if nothing else changes.
    let is_retired = stored.as_ref().is_some_and(|stored| !stored.policy.is_active);
    let is_new = replaces.is_none();
    if !context.manner.json {
        println!("Policy {:?}: {}", policy.id().as_str(), summary(&policy));
        match replaces {
            None => println!("It is new."),
            Some(version) if changes.is_empty() && is_retired => {
                println!("It is what version {version} is, and is put in force again.")
            }
            Some(version) if changes.is_empty() => println!("Nothing changes: it is what version {version} is."),
            Some(version) => println!("It changes version {version}:"),
        }
        changes.iter().for_each(|change| println!("  {change}"));
    }
    let mut applied = None;
    if is_new || is_retired || !changes.is_empty() {
        match context.permission(&format!("Store {:?} as version {}?", policy.id().as_str(), replaces.unwrap_or(0) + 1))? {
            Permission::Declined => return Ok(Ending::Failed),
            Permission::DryRun => {}
            Permission::Granted => applied = Some(store(&policy, replaces, true, context).await?),
        }
    }
    let version = applied.or(replaces);
    let result = json!({
        "policy_id": policy.id(), "version": version, "replaces": replaces, "changes": changes,
        "applied": applied.is_some(), "dry_run": context.manner.dry_run,
    });
    if !context.print_json(&result)?
        && let Some(version) = applied
    {
        println!("Stored as version {version}. Next: `rebalancer snapshot`.");
    }
    Ok(Ending::Done)
}

async fn store(policy: &Policy, replaces: Option<u32>, is_active: bool, context: &Context) -> anyhow::Result<u32> {
    let (policy_id, at) = (policy.id().clone(), context.clock.now());
    let target = |(symbol, target_weight): (&_, &_)| TargetWeight {
        policy_id: policy_id.clone(),
        symbol: *symbol,
        target_weight: *target_weight,
        updated_at: at,
    };
    let applied = AppliedPolicy {
        targets: policy.targets().iter().map(target).collect(),
        policy: PortfolioPolicy {
            policy_id: policy_id.clone(),
            policy_name: policy.name().to_owned(),
            created_at: at,
            rebalance_threshold: policy.tolerance().drift,
            rebalance_frequency: policy.frequency(),
            is_active,
        },
        text: policy.to_text(),
        at,
    };
    match context.store.apply_policy(&applied, replaces).await {
        Ok(version) => Ok(version),
        Err(StoreError::Stale { .. }) => bail!(
            "somebody else stored a version of {:?} meanwhile: look at it with `rebalancer policy show` and apply again",
            policy_id.as_str()
        ),
        Err(error) => Err(error.into()),
    }
}

async fn retire(id: &PolicyId, context: &Context) -> anyhow::Result<Ending> {
    let stored = context.stored_policy(id).await?;
    if !stored.policy.is_active {
        bail!("policy {:?} is not in force already", id.as_str());
    }
    let before = chosen(&stored)?;
    let permission = context.permission(&format!("Take policy {:?} out of force?", id.as_str()))?;
    let mut version = before.version;
    if permission == Permission::Granted {
        version = Some(store(&before.policy, before.version, false, context).await?);
    }
    let is_active = permission != Permission::Granted;
    let shown = json!({ "policy_id": id, "version": version, "is_active": is_active, "dry_run": context.manner.dry_run });
    if !context.print_json(&shown)? && !is_active {
        println!("Policy {id} is out of force. Applying its file again puts it back.");
    }
    Ok(if permission == Permission::Declined { Ending::Failed } else { Ending::Done })
}

async fn list(context: &Context) -> anyhow::Result<Ending> {
    let mut policies = Vec::new();
    for policy in context.store.policies().await? {
        let version = context.store.policy(&policy.policy_id).await?.and_then(|stored| stored.version);
        policies.push((policy, version));
    }
    let listed: Vec<_> = policies
        .iter()
        .map(|(policy, version)| {
            json!({
                "policy_id": policy.policy_id, "name": policy.policy_name, "is_active": policy.is_active,
                "version": version.as_ref().map(|version| version.version),
                "applied_at": version.as_ref().map(|version| version.applied_at),
                "frequency": policy.rebalance_frequency, "threshold": policy.rebalance_threshold,
            })
        })
        .collect();
    if context.print_json(&listed)? {
        return Ok(Ending::Done);
    }
    if policies.is_empty() {
        println!("There is none. Store one with `rebalancer policy apply FILE`; examples/policy.toml shows how one looks.");
        return Ok(Ending::Done);
    }
    let rows = policies.iter().map(|(policy, version)| {
        [
            policy.policy_id.to_string(),
            policy.policy_name.clone(),
            if policy.is_active { "yes" } else { "no" }.to_owned(),
            version.as_ref().map_or_else(|| "none".to_owned(), |version| version.version.to_string()),
            version.as_ref().map(|version| time(version.applied_at)).unwrap_or_default(),
            policy.rebalance_frequency.to_string(),
            percent(policy.rebalance_threshold.share()),
        ]
    });
    println!("{}", table(["Policy", "Title", "Active", "Version", "Applied (KST)", "Look", "Drift from"], rows));
    Ok(Ending::Done)
}

async fn show(id: &PolicyId, version: Option<u32>, context: &Context) -> anyhow::Result<Ending> {
    let stored = context.stored_policy(id).await?;
    let version = match version {
        None => stored.version.clone(),
        Some(number) => match context.store.policy_version(id, number).await? {
            Some(version) => Some(version),
            None => bail!(
                "policy {:?} has no version {number}; the newest is {}",
                id.as_str(),
                stored.version.map_or_else(|| "none".to_owned(), |version| version.version.to_string())
            ),
        },
    };
    let policy = match &version {
        Some(version) => read_version(&version.text)?,
        None => chosen(&stored)?.policy,
    };
    let shown = json!({
        "policy_id": id, "name": policy.name(), "is_active": stored.policy.is_active,
        "version": version.as_ref().map(|version| version.version),
        "applied_at": version.as_ref().map(|version| version.applied_at),
        "targets": policy.targets(), "cash_target": policy.cash_target(), "text": policy.to_text(),
    });
    if context.print_json(&shown)? {
        return Ok(Ending::Done);
    }
    match &version {
        Some(version) => println!("# version {}, applied {} KST", version.version, time(version.applied_at)),
        None => println!("# of the Python system, without a version; what its rows do not say is as by default"),
    }
    print!("{}", policy.to_text());
    Ok(Ending::Done)
}

fn summary(policy: &Policy) -> String {
    let cash = percent(policy.cash_target().share());
    let drift = percent(policy.tolerance().drift.share());
    format!(
        "{} targets, {cash} cash, looked at {}, put right from a drift of {drift}",
        policy.targets().len(),
        policy.frequency()
    )
}
