//! Invariants 1 to 5: who may depend on whom.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Violation,
    workspace::{Dependency, Member, Workspace},
};

/// What a service that embeds the vocabulary must not have to build.
const HEAVY: [&str; 4] = ["tokio", "sqlx", "reqwest", "axum"];
/// What reaches outside a process, or exists only to.
const IO: [&str; 5] = ["tokio", "sqlx", "reqwest", "axum", "tokio-tungstenite"];
/// The crates whose results depend on their arguments alone.
pub(super) const PURE: [&str; 3] = ["obs-schema", "obs-aggregate", "obs-portfolio"];
const ADAPTERS: [&str; 2] = ["obs-store-postgres", "obs-store-sqlite"];
const SQLX_USERS: [&str; 4] = ["obs-store-postgres", "obs-store-sqlite", "obs-testkit", "xtask"];
/// The crates that know nothing of any broker, not even in their tests.
const BROKERLESS: [&str; 7] =
    ["obs-model", "obs-schema", "obs-store", "obs-store-postgres", "obs-store-sqlite", "obs-aggregate", "obs-pipeline"];
const SIMULATOR_USERS: [&str; 3] = ["collector", "simulator", "xtask"];

pub(super) fn check(workspace: &Workspace) -> Vec<Violation> {
    let closures = workspace.members.iter().flat_map(|member| {
        let (forbidden, rule): (&[&str], _) = match member.name.as_str() {
            "obs-model" => (&HEAVY, "invariant 1, a light vocabulary"),
            name if PURE.contains(&name) => (&IO, "invariant 3, no I/O"),
            _ => (&[], ""),
        };
        forbidden.iter().filter_map(move |outsider| {
            let chain = chain(workspace, &member.name, outsider)?;
            Some(Violation::new(&member.name, format!("is built with {chain}: {rule}"), member.manifest_path()))
        })
    });
    let direct = workspace.members.iter().flat_map(|member| {
        let broken = member.dependencies.iter().filter_map(move |dependency| {
            let rule = broken_rule(member, dependency)?;
            Some(Violation::new(&member.name, format!("depends on {}: {rule}", dependency.name), member.manifest_path()))
        });
        broken.collect::<Vec<_>>()
    });
    closures.chain(direct).collect()
}

/// The rule that a direct dependency breaks, if it breaks one.
fn broken_rule(member: &Member, dependency: &Dependency) -> Option<&'static str> {
    let name = member.name.as_str();
    let composes = member.is_in("bins") || name == "xtask";
    let (allowed, rule) = match dependency.name.as_str() {
        "sqlx" => (SQLX_USERS.contains(&name), "invariant 2, sqlx stays inside the adapters"),
        "obs-kis" => {
            let speaks_kis = composes || name == "obs-rebalance" || name.starts_with("obs-ingest-");
            let may = speaks_kis || (dependency.is_dev && !BROKERLESS.contains(&name));
            (may, "invariant 4, vendor wire types stay inside obs-kis, obs-ingest-* and obs-rebalance")
        }
        adapter if ADAPTERS.contains(&adapter) => {
            (composes || dependency.is_dev, "invariant 4, only programs and tests name an adapter")
        }
        "obs-sim" => (dependency.is_dev || SIMULATOR_USERS.contains(&name), "invariant 5, obs-sim is for demo and tests"),
        "obs-testkit" => (dependency.is_dev || name == "xtask", "invariant 5, obs-testkit is for tests"),
        _ => return None,
    };
    (!allowed).then_some(rule)
}

/// The shortest way by which `from` is built with `to`, such as `reqwest -> hyper -> tokio`.
fn chain(workspace: &Workspace, from: &str, to: &str) -> Option<String> {
    let start = workspace.builds_with.keys().find(|package| name_of(package) == from)?;
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = VecDeque::from([start.as_str()]);
    while let Some(package) = queue.pop_front() {
        if name_of(package) == to {
            let mut chain = vec![name_of(package)];
            let mut at = package;
            while let Some(previous) = came_from.get(at).filter(|previous| **previous != start) {
                chain.push(name_of(previous));
                at = previous;
            }
            chain.reverse();
            return Some(chain.join(" -> "));
        }
        for next in workspace.builds_with.get(package).into_iter().flatten() {
            if next != start && !came_from.contains_key(next.as_str()) {
                came_from.insert(next, package);
                queue.push_back(next);
            }
        }
    }
    None
}

fn name_of(package: &str) -> &str {
    package.split('@').next().unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORMAL: bool = false;
    const DEV: bool = true;

    fn workspace(folder: &str, name: &str, dependencies: &[(&str, bool)]) -> Workspace {
        let dependencies =
            dependencies.iter().map(|(name, is_dev)| Dependency { name: (*name).to_owned(), is_dev: *is_dev }).collect();
        let member = Member { name: name.to_owned(), folder: folder.to_owned(), dependencies, ..Member::default() };
        Workspace { members: vec![member], ..Workspace::default() }
    }

    fn broken(folder: &str, name: &str, dependency: &str, is_dev: bool) -> Option<String> {
        let violations = check(&workspace(folder, name, &[(dependency, is_dev)]));
        assert!(violations.len() < 2, "{violations:?}");
        violations.first().map(Violation::to_string)
    }

    fn built_with(name: &str, edges: &[(&str, &[&str])]) -> Vec<String> {
        let mut workspace = workspace(&format!("crates/{name}"), name, &[]);
        workspace.builds_with = edges
            .iter()
            .map(|(from, to)| ((*from).to_owned(), to.iter().map(|name| (*name).to_owned()).collect()))
            .collect();
        check(&workspace).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn the_vocabulary_is_not_built_with_a_runtime_however_far_away() {
        let edges: &[(&str, &[&str])] = &[
            ("obs-model@0.1.0", &["serde@1.0.0", "client@2.0.0"]),
            ("client@2.0.0", &["hyper@1.0.0"]),
            ("hyper@1.0.0", &["tokio@1.0.0", "client@2.0.0"]),
        ];
        assert_eq!(
            built_with("obs-model", edges),
            [
                "obs-model: is built with client -> hyper -> tokio: invariant 1, a light vocabulary (crates/obs-model/Cargo.toml)"
            ]
        );
        assert_eq!(built_with("obs-model", &edges[..1]), Vec::<String>::new());
    }

    #[test]
    fn pure_crates_are_not_built_with_sockets() {
        for name in PURE {
            let edges: &[(&str, &[&str])] = &[(name, &["tokio-tungstenite"])];
            assert_eq!(
                built_with(name, edges),
                [format!("{name}: is built with tokio-tungstenite: invariant 3, no I/O (crates/{name}/Cargo.toml)")]
            );
        }
        assert_eq!(built_with("obs-archive", &[("obs-archive", &["tokio"])]), Vec::<String>::new());
    }

    #[test]
    fn sqlx_stays_inside_the_adapters_even_in_tests() {
        assert_eq!(
            broken("crates/obs-pipeline", "obs-pipeline", "sqlx", DEV).as_deref(),
            Some(
                "obs-pipeline: depends on sqlx: invariant 2, sqlx stays inside the adapters (crates/obs-pipeline/Cargo.toml)"
            )
        );
        assert!(broken("bins/backfill", "backfill", "sqlx", NORMAL).is_some());
        for (folder, name) in [("crates/obs-store-sqlite", "obs-store-sqlite"), ("xtask", "xtask")] {
            assert_eq!(broken(folder, name, "sqlx", NORMAL), None);
        }
    }

    #[test]
    fn only_programs_and_ingestion_speak_with_the_broker() {
        assert_eq!(broken("crates/obs-ingest-ws", "obs-ingest-ws", "obs-kis", NORMAL), None);
        assert_eq!(broken("bins/collector", "collector", "obs-kis", NORMAL), None);
        assert_eq!(broken("crates/obs-sim", "obs-sim", "obs-kis", DEV), None);
        assert!(broken("crates/obs-sim", "obs-sim", "obs-kis", NORMAL).is_some());
        assert!(broken("crates/obs-pipeline", "obs-pipeline", "obs-kis", DEV).is_some());
    }

    #[test]
    fn only_programs_and_tests_name_an_adapter() {
        for adapter in ADAPTERS {
            assert_eq!(broken("bins/cli", "obs-cli", adapter, NORMAL), None);
            assert_eq!(broken("crates/obs-pipeline", "obs-pipeline", adapter, DEV), None);
            assert!(broken("crates/obs-pipeline", "obs-pipeline", adapter, NORMAL).is_some());
            assert!(broken("examples/embed-model", "embed-model", adapter, NORMAL).is_some());
        }
    }

    #[test]
    fn the_simulator_and_the_testkit_are_for_the_demo_and_for_tests() {
        assert_eq!(broken("bins/collector", "collector", "obs-sim", NORMAL), None);
        assert_eq!(broken("crates/obs-ingest-ws", "obs-ingest-ws", "obs-sim", DEV), None);
        assert!(broken("bins/backfill", "backfill", "obs-sim", NORMAL).is_some());
        assert!(broken("crates/obs-ingest-ws", "obs-ingest-ws", "obs-sim", NORMAL).is_some());
        assert_eq!(broken("xtask", "xtask", "obs-sim", NORMAL), None);
        assert_eq!(broken("xtask", "xtask", "obs-testkit", NORMAL), None);
        assert_eq!(broken("bins/backfill", "backfill", "obs-testkit", DEV), None);
        assert!(broken("bins/backfill", "backfill", "obs-testkit", NORMAL).is_some());
    }
}
