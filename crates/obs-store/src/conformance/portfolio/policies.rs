//! Policies and their versions.

use obs_model::{PolicyVersion, RebalanceFrequency, Weight};

use super::{Outcome, sample, times::at};
use crate::{AppliedPolicy, Store, StoreError, StoredPolicy, conformance::Made};

/// A policy comes back with its targets by symbol and its version.
///
/// # Errors
/// When the store fails.
pub async fn a_policy_comes_back_with_its_targets_and_its_version(store: &dyn Store) -> Outcome {
    let id = sample::id()?;
    assert_eq!(store.policy(&id).await?, None);
    assert_eq!(store.policies().await?, []);
    let applied = sample::policy()?;
    let reversed = AppliedPolicy { targets: applied.targets.iter().rev().cloned().collect(), ..applied.clone() };
    assert_eq!(store.apply_policy(&reversed, None).await?, 1);

    let AppliedPolicy { policy, targets, text, at } = applied;
    let version = PolicyVersion { policy_id: id.clone(), version: 1, applied_at: at, text };
    let expected = StoredPolicy { policy: policy.clone(), targets, version: Some(version.clone()) };
    assert_eq!(store.policy(&id).await?, Some(expected));
    assert_eq!(store.policies().await?, [policy]);
    assert_eq!(store.policy_version(&id, 1).await?, Some(version));
    assert_eq!(store.policy_version(&id, 2).await?, None);
    Ok(())
}

/// A further version replaces row and targets, except for when the policy was first stored; older versions stay as they were.
///
/// # Errors
/// When the store fails.
pub async fn a_further_version_replaces_the_targets(store: &dyn Store) -> Outcome {
    let first = sample::policy()?;
    store.apply_policy(&first, None).await?;
    let mut second = first.clone();
    second.policy.policy_name = "Balanced".to_owned();
    second.policy.created_at = at(sample::MORNING)?;
    second.policy.rebalance_threshold = sample::weight("0.1")?;
    second.policy.rebalance_frequency = RebalanceFrequency::Daily;
    second.policy.is_active = false;
    second.targets.remove(0);
    second.targets[0].target_weight = Weight::new(1.into())?;
    (second.text, second.at) = ("# empty".to_owned(), at(sample::MORNING)?);
    assert_eq!(store.apply_policy(&second, Some(1)).await?, 2);

    let id = sample::id()?;
    let stored = store.policy(&id).await?.ok_or("the policy is gone")?;
    second.policy.created_at = first.policy.created_at;
    assert_eq!((stored.policy, stored.targets), (second.policy, second.targets));
    assert_eq!(stored.version.map(|version| (version.version, version.text)), Some((2, second.text)));
    assert_eq!(store.policy_version(&id, 1).await?.map(|version| version.text), Some(first.text));
    Ok(())
}

/// Whoever replaces another version than the newest is refused, and writes nothing.
///
/// # Errors
/// When the store fails.
pub async fn only_the_newest_version_is_replaced(store: &dyn Store) -> Outcome {
    let applied = sample::policy()?;
    let other = AppliedPolicy { text: "# of somebody else".to_owned(), ..applied.clone() };
    let refused = async |replaces| -> Made<String> {
        let before = store.policy(&sample::id()?).await?;
        let error = store.apply_policy(&other, replaces).await.err();
        assert!(matches!(error, Some(StoreError::Stale { .. })), "replacing {replaces:?} came to {error:?}");
        assert_eq!(store.policy(&sample::id()?).await?, before);
        Ok(error.map(|error| error.to_string()).unwrap_or_default())
    };
    let mut words = vec![refused(Some(1)).await?];
    store.apply_policy(&applied, None).await?;
    words.extend([refused(None).await?, refused(Some(2)).await?]);
    store.apply_policy(&applied, Some(1)).await?;
    words.push(refused(Some(1)).await?);
    let end = "is not possible then: another program changed it meanwhile, look at it again";
    let is = |found: &str, wanted: &str| format!("policy balanced is {found}, and {wanted} {end}");
    let expected = [
        is("without a version", "replacing version 1"),
        is("at version 1", "a first version"),
        is("at version 1", "replacing version 2"),
        is("at version 2", "replacing version 1"),
    ];
    assert_eq!(words, expected);
    Ok(())
}

/// A policy that cannot be stored whole is not stored at all.
///
/// # Errors
/// When the store fails.
pub async fn a_policy_is_stored_whole_or_not_at_all(store: &dyn Store) -> Outcome {
    let mut applied = sample::policy()?;
    applied.targets.push(applied.targets[0].clone());
    assert!(store.apply_policy(&applied, None).await.is_err());
    assert_eq!(store.policy(&sample::id()?).await?, None);
    assert_eq!(store.policy_version(&sample::id()?, 1).await?, None);
    Ok(())
}

/// Of two who apply at the same time one is refused. `other` is a second store on the same database.
///
/// # Errors
/// When a store fails.
pub async fn of_two_who_apply_at_once_one_is_refused(store: &dyn Store, other: &dyn Store) -> Outcome {
    let applied = sample::policy()?;
    for replaces in [None, Some(1), Some(2)] {
        let (one, two) = (store.apply_policy(&applied, replaces), other.apply_policy(&applied, replaces));
        let both = futures_util::future::join(one, two).await;
        let is_one = |version: &u32| *version == replaces.unwrap_or(0) + 1;
        let is_stale = |error: &StoreError| matches!(error, StoreError::Stale { .. });
        match &both {
            (Ok(version), Err(error)) | (Err(error), Ok(version)) => assert!(is_one(version) && is_stale(error), "{both:?}"),
            _ => return Err(format!("{both:?}").into()),
        }
    }
    Ok(())
}
