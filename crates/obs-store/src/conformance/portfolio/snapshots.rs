//! Snapshots and their positions.

use obs_model::{HoldingsSource, PolicyId, PortfolioPosition, PortfolioSnapshot, PriceSource, SnapshotId};

use super::{Outcome, sample};
use crate::{AppliedPolicy, Store};

/// With all their digits, and their positions by symbol; what is not known stays unknown. A weight has as many
/// digits as a float.
///
/// # Errors
/// When the store fails.
pub async fn snapshots_come_back_with_their_positions(store: &dyn Store) -> Outcome {
    store.apply_policy(&sample::policy()?, None).await?;
    let full = sample::snapshot(sample::MORNING)?;
    let sparse = PortfolioSnapshot { policy_version: None, drift: None, source: None, ..sample::snapshot(sample::EVENING)? };
    let numberless = SnapshotId(0);
    let letters = PortfolioPosition {
        price_time: None,
        price_source: Some(PriceSource::Quote),
        doubt: Some("older than allowed".to_owned()),
        current_weight: sample::weight("0.582799876543210987")?,
        ..sample::position(numberless, "0004V0")?
    };
    let positions = [sample::position(numberless, "005930")?, letters];
    let one = store.add_snapshot(&full, &positions).await?;
    let two = store.add_snapshot(&sparse, &[]).await?;

    let full = PortfolioSnapshot { snapshot_id: one, ..full };
    let sparse = PortfolioSnapshot { snapshot_id: two, ..sparse };
    let [last, first] = positions.map(|position| PortfolioPosition { snapshot_id: one, ..position });
    let first = PortfolioPosition { current_weight: sample::weight("0.582799876543211")?, ..first };
    assert_eq!(store.snapshot(one).await?, Some((full, vec![first, last])));
    assert_eq!(store.snapshot(two).await?, Some((sparse, Vec::new())));
    assert_eq!(store.snapshot(SnapshotId(one.0 + two.0)).await?, None);
    Ok(())
}

/// Newest first, and of those of one instant the last; of one policy or of all.
///
/// # Errors
/// When the store fails.
pub async fn the_newest_snapshots_come_first(store: &dyn Store) -> Outcome {
    let mut other = sample::policy()?;
    other.policy.policy_id = PolicyId::new("other")?;
    other.targets.clear();
    store.apply_policy(&AppliedPolicy { text: String::new(), ..other.clone() }, None).await?;
    store.apply_policy(&sample::policy()?, None).await?;
    assert_eq!(store.latest_snapshot().await?, None);

    let of_other = PortfolioSnapshot {
        policy_id: other.policy.policy_id.clone(),
        source: Some(HoldingsSource::File),
        ..sample::snapshot(sample::MORNING)?
    };
    let rows = [
        sample::snapshot(sample::EVENING)?,
        sample::snapshot(sample::MORNING)?,
        of_other,
        sample::snapshot(sample::EVENING)?,
    ];
    let mut stored = Vec::new();
    for row in rows {
        let snapshot_id = store.add_snapshot(&row, &[]).await?;
        stored.push(PortfolioSnapshot { snapshot_id, ..row });
    }
    let of = |order: &[usize]| order.iter().map(|nth| stored[*nth].clone()).collect::<Vec<_>>();
    assert_eq!(store.snapshots(None, 100).await?, of(&[2, 1, 3, 0]));
    assert_eq!(store.snapshots(None, 2).await?, of(&[2, 1]));
    assert_eq!(store.snapshots(Some(&sample::id()?), 2).await?, of(&[1, 3]));
    assert_eq!(store.latest_snapshot().await?, of(&[2]).pop());
    Ok(())
}

/// A snapshot of a policy that is not there is refused with its positions.
///
/// # Errors
/// When the store fails.
pub async fn a_snapshot_needs_its_policy(store: &dyn Store) -> Outcome {
    let positions = [sample::position(SnapshotId(0), "005930")?];
    assert!(store.add_snapshot(&sample::snapshot(sample::MORNING)?, &positions).await.is_err());
    assert_eq!(store.snapshots(None, 100).await?, []);
    Ok(())
}
