//! The rules and the dashboard under `docker/`: whatever they ask for is there.

use std::collections::{BTreeMap, BTreeSet};

use obs_testkit::{TestDatabase, execute};
use serde_json::Value;

use crate::support::open;

const RULES: &str = include_str!("../../../../docker/prometheus/rules.yaml");
const RULE_TESTS: &str = include_str!("../../../../docker/prometheus/rules.test.yaml");
const DASHBOARD: &str = include_str!("../../../../docker/grafana/dashboards/observer.json");

/// The families of metrics that a text names; those of a histogram by its own name.
pub fn metric_names(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let ours = words.filter(|word| word.starts_with("observer_") || word.starts_with("process_"));
    let family = |word: &str| {
        let parts = ["_bucket", "_sum", "_count"];
        parts.iter().find_map(|part| word.strip_suffix(part)).unwrap_or(word).to_owned()
    };
    ours.map(family).collect()
}

/// The families that rules and dashboard name, and where.
pub fn names_in_use() -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for (of, text) in [("rules.yaml", RULES.to_owned()), ("observer.json", texts_of("expr").join("\n"))] {
        names.extend(metric_names(&text).into_iter().map(|name| (name, of.to_owned())));
    }
    names
}

/// The texts under a key of the dashboard, however deep.
fn texts_of(key: &str) -> Vec<String> {
    fn collect(value: &Value, key: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text) if name == key => found.push(text.to_owned()),
                        _ => collect(value, key, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, key, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::from_str(DASHBOARD).unwrap(), key, &mut found);
    found
}

/// A query as Grafana would send it.
fn filled_in(query: &str) -> String {
    const FILTER: &str = "$__timeFilter(";
    let mut query = query.replace("${symbol:sqlstring}", "'005930'");
    while let Some(start) = query.find(FILTER) {
        let end = start + query[start..].find(')').unwrap();
        let column = query[start + FILTER.len()..end].to_owned();
        query.replace_range(start..=end, &format!("{column} BETWEEN now() - INTERVAL '6 hours' AND now()"));
    }
    assert!(!query.contains('$'), "nobody knows what Grafana makes of this: {query}");
    query
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_dashboard_runs_on_a_migrated_database() {
    let database = TestDatabase::create().await.unwrap();
    open(database.url()).await.migrate().await.unwrap();
    let mut queries = texts_of("rawSql");
    queries.extend(texts_of("rawQuery"));
    queries.extend(texts_of("query"));
    assert!(queries.len() >= 9, "{queries:?}");
    for query in queries {
        let filled_in = filled_in(&query);
        let ran = execute(database.url(), &filled_in).await;
        assert!(ran.is_ok(), "{ran:?}\n{filled_in}");
    }
}

#[test]
fn every_rule_is_shown_to_fire() {
    let names = RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let (shown, silent): (Vec<&str>, Vec<&str>) =
        names.partition(|name| RULE_TESTS.contains(&format!("count(ALERTS{{alertname=\"{name}\",alertstate=\"firing\"}})")));
    assert!(silent.is_empty() && shown.len() > 20, "not shown to fire: {silent:?}");
}
