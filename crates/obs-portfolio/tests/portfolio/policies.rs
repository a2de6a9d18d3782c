//! Policies: what a file may say, everything that is wrong with one, and how versions differ.

use obs_model::{OrderType, PolicyId, PortfolioPolicy, RebalanceFrequency, Symbol, TargetWeight, TickTable, Weight};
use obs_portfolio::{CashBuffer, CostRates, Limits, OrderRules, Policy, Tolerance};
use proptest::prelude::*;

use crate::{weight, won};

pub(crate) fn policy(text: &str) -> Policy {
    Policy::parse(text, no_file).unwrap()
}

fn no_file(path: &str) -> Result<Vec<u8>, String> {
    Err(format!("no {path}"))
}

fn refusals(text: &str) -> Vec<String> {
    Policy::parse(text, no_file).unwrap_err().0.iter().map(ToString::to_string).collect()
}

fn symbol(code: &str) -> Symbol {
    code.parse().unwrap()
}

fn targets(policy: &Policy) -> Vec<(String, Weight)> {
    policy.targets().iter().map(|(symbol, weight)| (symbol.to_string(), *weight)).collect()
}

#[test]
fn the_example_is_a_policy_and_shows_the_usual_values() {
    let example = policy(include_str!("../../../../examples/policy.toml"));
    assert_eq!((example.id().as_str(), example.name()), ("core", "Six large stocks"));
    assert_eq!(example.targets().len(), 6);
    assert_eq!(example.target(symbol("051910")), weight("0.15"));
    assert_eq!(example.cash_target(), weight("0.05"));
    assert_eq!((example.minimum(symbol("005930")), example.maximum(symbol("005930"))), (weight("0.1"), weight("0.25")));
    assert_eq!(example.limits().buffer, CashBuffer::Share(weight("0.01")));
    assert_eq!(example.order_rules(), &OrderRules::default());
    assert_eq!(example.rates(), &CostRates::default());
    assert!(!example.is_taxed(symbol("069500")) && example.is_taxed(symbol("005930")));
    assert_eq!(example.tick_table(symbol("069500")), TickTable::Fund);
    let least = policy("id = \"core\"\ncash = 1");
    assert_eq!((least.frequency(), least.name()), (RebalanceFrequency::Monthly, "core"));
    assert_eq!(least.tolerance(), &Tolerance { drift: weight("0.05"), ..Tolerance::default() });
    assert_eq!(least.limits(), &Limits::default());
    assert_eq!(least.price_rules(Default::default()).oldest.num_minutes(), 15);
    assert_eq!(least.price_rules(Default::default()), example.price_rules(Default::default()));
}

#[test]
fn numbers_are_exact_however_they_are_written() {
    let same = ["0.07", "7e-2", "0.070", "\"7 %\"", "\"7.0%\"", "\"0.07\""];
    for written in same {
        let policy = policy(&format!("id = \"x\"\ncash = 0.93\ntargets = {{ \"005930\" = {written} }}"));
        assert_eq!(policy.target(symbol("005930")), weight("0.07"), "{written}");
    }
}

#[test]
fn equal_shares_divide_what_cash_and_other_targets_leave() {
    let thirds = policy("id = \"x\"\nequal = [\"005930\", \"000660\", \"035420\"]");
    assert_eq!(thirds.target(symbol("000660")), weight("0.333333333333"));
    assert_eq!(thirds.cash_target(), weight("0.000000000001"));
    let mixed = policy("id = \"x\"\ncash = 0.1\nequal = [\"005930\", \"000660\"]\n[targets]\n\"035420\" = 0.4");
    assert_eq!((mixed.target(symbol("005930")), mixed.cash_target()), (weight("0.25"), weight("0.1")));
    assert_eq!(
        refusals("id = \"x\"\ncash = 0.6\nequal = [\"005930\"]\n[targets]\n\"035420\" = 0.4"),
        ["line 3: equal: cash and the other targets leave 0 for it; lower them"]
    );
}

#[test]
fn targets_are_read_from_a_spreadsheet_in_korean_and_in_its_encoding() {
    // 종목코드,종목명,목표비중 and 현금 in CP949.
    let (bytes, _, _) = encoding_rs::EUC_KR
        .encode("종목코드,종목명,목표비중\r\nA005930,삼성전자,\"45 %\"\r\n660,SK하이닉스,0.5\r\n현금,,5%\r\n");
    let read = |path: &str| if path == "targets.csv" { Ok(bytes.to_vec()) } else { Err("not there".to_owned()) };
    let policy = Policy::parse("id = \"x\"\nfile = \"targets.csv\"", read).unwrap();
    assert_eq!(targets(&policy), [("000660".to_owned(), weight("0.5")), ("005930".to_owned(), weight("0.45"))]);
    let both = "id = \"x\"\nfile = \"targets.csv\"\n[targets]\n\"005930\" = 0.1";
    let error = Policy::parse(both, read).unwrap_err().to_string();
    assert_eq!(
        error,
        "line 2: file: targets.csv, line 2: 005930 has a target in targets.\"005930\" already; remove one of them"
    );
    assert_eq!(
        refusals("id = \"x\"\nfile = \"other.csv\""),
        ["line 2: file: \"other.csv\" cannot be read: no other.csv; correct the path, it counts from the policy's folder"]
    );
    let bad =
        |text: &str| Policy::parse("id = \"x\"\nfile = \"t\"", |_| Ok(text.as_bytes().to_vec())).unwrap_err().to_string();
    assert_eq!(bad(""), "line 2: file: t is empty; give a header and a row for each target");
    assert_eq!(
        bad("symbol,weight,risk\n005930,20\nAAPL,0.1"),
        "line 2: file: t has a column \"risk\" that means nothing here; remove it\n\
         line 2: file: t, line 2: \"20\" is not a share of 0 to 1 with at most 18 decimals; write 0.2, or \"20 %\"\n\
         line 2: file: t, line 3: \"AAPL\" is not a symbol: it has 4 characters instead of 6; give KRX's short code"
    );
}

#[test]
fn every_mistake_is_named_with_its_place_and_what_to_do() {
    let text = r#"
id = "core"
name = 5
frequency = "hourly"
no_trade = ["005930", "005930", 5930]
colour = "red"

[targets]
"005930" = 1.2
"5930" = 0.2
"000660" = -0.1

[limits]
maximum = 1.5
cash_buffer = 0.1
cash_buffer_won = 1000
turnover = 3

[due]
band = 0

[orders]
type = "stop"
attempts = 2.5
patience = 3

[costs]
sales_tax = 1
"#;
    assert_eq!(
        refusals(text),
        [
            "line 3: name: 5 is no text; put it in quotes",
            "line 4: frequency: \"hourly\" is not a rebalance frequency: it is not one of daily, weekly, monthly",
            "line 5: no_trade: 005930 stands in it twice; remove one",
            "line 5: no_trade: 5930 is no symbol; put it in quotes, its leading zeros count",
            "line 6: colour: there is no such key; examples/policy.toml has all of them",
            "line 9: targets.\"005930\": 1.2 is not a share of 0 to 1 with at most 18 decimals; write 0.2, or \"20 %\"",
            "line 10: targets.\"5930\": \"5930\" is not a symbol: it has 4 characters instead of 6; give KRX's short code",
            "line 11: targets.\"000660\": -0.1 is not a share of 0 to 1 with at most 18 decimals; write 0.2, or \"20 %\"",
            "line 14: limits.maximum: 1.5 is not a share of 0 to 1 with at most 18 decimals; write 0.2, or \"20 %\"",
            "line 16: limits.cash_buffer_won: there is a cash_buffer already; remove one of them",
            "line 17: limits.turnover: 3 is not a share of 0 to 2 of the portfolio; 2 exchanges all of it, 0 forbids every trade",
            "line 20: due.band: 0 is not a share above 0 and up to 1; leave the key out to do without",
            "line 23: orders.type: \"stop\" is no type of order; write \"limit\" or \"market\"",
            "line 24: orders.attempts: 2.5 is not a whole number of 1 to 100",
            "line 25: orders.patience: there is no such key; examples/policy.toml has all of them",
            "line 28: costs.sales_tax: 1 is not a share of 0 to below 1 with at most 10 decimals",
        ]
    );
    assert_eq!(refusals("cash = 1"), ["id: it is missing; give the policy a name, such as id = \"core\""]);
    assert_eq!(refusals("id = \"x\"\nid = \"y\"").len(), 1);
}

#[test]
fn parts_that_contradict_each_other_are_named() {
    let with = |more: &str| {
        refusals(&format!("id = \"x\"\ncash = 0.1\ntargets = {{ \"005930\" = 0.5, \"000660\" = 0.4 }}\n{more}"))
    };
    assert_eq!(
        refusals("id = \"x\"\ntargets = { \"005930\" = 0.5, \"000660\" = 0.45 }"),
        ["targets: targets of 0.95 and cash of 0 add up to 0.95 instead of 1; raise a target, or write cash = 0.05"]
            .map(|words| format!("line 2: {words}"))
    );
    assert_eq!(
        refusals("id = \"x\"\ncash = 0.1\ntargets = { \"005930\" = 0.5, \"000660\" = 0.4000001 }"),
        ["line 3: targets: targets of 0.9000001 and cash of 0.1 add up to 1.0000001; lower them by 0.0000001"]
    );
    assert_eq!(policy("id = \"x\"\ntargets = { \"005930\" = 0.999999 }").cash_target(), weight("0.000001"));
    assert_eq!(
        with("[limits]\nmaximum = 0.4"),
        [
            "line 3: targets.\"005930\": the target of 005930, 0.5, is outside its limits of 0 to 0.4; move one of them",
            "line 5: limits.maximum: 2 symbols at their maximum are 0.8 and the targets ask for 0.9; raise the maximum, add \
             symbols, or hold more cash",
        ]
    );
    assert_eq!(
        with("[limits]\nminimum_of = { \"000660\" = 0.45, \"035420\" = 0.1 }"),
        [
            "line 3: targets.\"000660\": the target of 000660, 0.4, is outside its limits of 0.45 to 1; move one of them",
            "line 5: limits.minimum_of.\"035420\": this symbol has no target; give it one (0 to sell it), or remove its limit",
        ]
    );
    assert_eq!(
        with("[limits]\ncash_buffer = 0.2\n[orders]\ndistance = 0.05\n[costs]\nsell_commission = 0.5\nsales_tax = 0.5"),
        [
            "line 5: limits.cash_buffer: a buffer of 0.2 is more than the 0.1 that the targets leave; lower the buffer, or the \
             targets",
            "line 7: orders.distance: limit prices 0.05 away are farther than the 0.02 at which a plan expires; lower the \
             distance, or raise `away`",
            "line 10: costs.sales_tax: commission and tax of a sale are 1 of it; lower them below 1",
        ]
    );
    assert_eq!(
        with("[limits]\nminimum = 0.6\nmaximum = 0.55")[0..1],
        ["line 3: targets.\"000660\": the target of 000660, 0.4, is outside its limits of 0.6 to 0.55; move one of them"]
    );
}

#[test]
fn a_minimum_for_all_does_not_hold_for_what_is_to_be_sold() {
    let policy = policy("id = \"x\"\ntargets = { \"005930\" = 1, \"000660\" = 0 }\nlimits.minimum = 0.01");
    assert_eq!((policy.minimum(symbol("005930")), policy.minimum(symbol("000660"))), (weight("0.01"), weight("0")));
    assert_eq!(policy.minimum(symbol("035420")), weight("0"));
}

#[test]
fn what_a_newer_version_changes_is_told_in_lines() {
    let older = policy("id = \"x\"\ncash = 0.1\ntargets = { \"005930\" = 0.2, \"000660\" = 0.5, \"051910\" = 0.2 }");
    let newer = policy(
        "id = \"x\"\ncash = 0.12\nno_trade = [\"000660\"]\n\
         targets = { \"005930\" = 0.15, \"000660\" = 0.5, \"015760\" = 0.23 }\n[limits]\nturnover = 0.5\n[due]\nband = \"5 %\"",
    );
    let told: Vec<String> = older.diff(&newer).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "target of 005930: 20 % -> 15 %",
            "015760 added at 23 %",
            "051910 removed, was 20 %",
            "target of cash: 10 % -> 12 %",
            "no_trade: [] -> [\"000660\"]",
            "due.band: not set -> 0.05",
            "limits.turnover: not set -> 0.5",
        ]
    );
    assert_eq!(newer.diff(&newer), []);
}

#[test]
fn rows_of_the_python_system_make_a_policy_though_floats_held_their_targets() {
    let policy_id = PolicyId::new("policy_balanced_001").unwrap();
    let row = PortfolioPolicy {
        policy_id: policy_id.clone(),
        policy_name: "Balanced".to_owned(),
        created_at: chrono::DateTime::UNIX_EPOCH,
        rebalance_threshold: weight("0.05"),
        rebalance_frequency: RebalanceFrequency::Daily,
        is_active: true,
    };
    // The shortest decimal form of the float next to 1/131; 131 of them are more than 1.
    let rows: Vec<TargetWeight> = (0..131)
        .map(|at| TargetWeight {
            policy_id: policy_id.clone(),
            symbol: symbol(&format!("{at:06}")),
            target_weight: weight("0.007633587786259542"),
            updated_at: chrono::DateTime::UNIX_EPOCH,
        })
        .collect();
    let policy = Policy::of_rows(&row, &rows).unwrap();
    assert_eq!((policy.targets().len(), policy.frequency()), (131, RebalanceFrequency::Daily));
    assert_eq!(policy.cash_target(), weight("0.000000000034"));
    let twice = [rows[0].clone(), rows[0].clone()];
    assert_eq!(
        Policy::of_rows(&row, &twice).unwrap_err().to_string(),
        "targets: 000000 has two targets; remove one of them"
    );
}

fn any_weight() -> impl Strategy<Value = String> {
    (0_u32..=1_000_000)
        .prop_map(|parts| weight(&rust_decimal::Decimal::new(parts.into(), 6).to_string()).share().to_string())
}

prop_compose! {
    fn any_policy()(
        parts in prop::collection::btree_map("[0-9]{5}[0-9A-Z]", 1_u32..1_000, 1..20),
        name in "\\PC{0,20}",
        odd in "[\"\\\\\u{0}-\u{1f}\u{7f}]{0,5}",
        frequency in prop::sample::select(vec!["daily", "weekly", "monthly"]),
        bands in [prop::option::of(any_weight()), prop::option::of(any_weight()), prop::option::of(any_weight())],
        (drift, turnover, buffer_won, least) in (any_weight(), prop::option::of(any_weight()), prop::option::of(0_u32..1_000_000), 0_u32..1_000_000),
        (no_trade, funds) in (prop::collection::btree_set("[0-9]{6}", 0..5), prop::collection::btree_set("[0-9]{6}", 0..5)),
        (is_market, distance, participation, valid) in (any::<bool>(), 0_u32..20, 1_u32..1_000, prop::option::of(1_u32..500)),
        (patience, attempts, oldest, tax) in (1_u32..3_600, 1_u32..100, 1_u32..1_000, 0_u32..1_000_000),
    ) -> String {
        let sum: u32 = parts.values().sum::<u32>() + 7;
        // Cut, so that the sum is never above 1; what is left is cash.
        let share = |parts: u32| rust_decimal::Decimal::from(u64::from(parts) * 1_000_000 / u64::from(sum)) / rust_decimal::Decimal::from(1_000_000);
        let cash = rust_decimal::Decimal::ONE - parts.values().map(|parts| share(*parts)).sum::<rust_decimal::Decimal>();
        let list = |symbols: &std::collections::BTreeSet<String>| format!("{symbols:?}").replace('{', "[").replace('}', "]");
        let escaped: String = format!("{name}{odd}").chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
        let mut text = format!(
            "id = \"some\"\nname = \"{escaped}\"\nfrequency = \"{frequency}\"\ncash = {cash}\nno_trade = {}\nfunds = {}\n[targets]\n",
            list(&no_trade), list(&funds),
        );
        for (code, parts) in &parts {
            text += &format!("\"{code}\" = {}\n", share(*parts));
        }
        text += &format!("[due]\ndrift = {drift}\n");
        for (key, band) in ["band", "relative_band", "cash_band"].iter().zip(bands) {
            text += &band.filter(|band| band != "0").map(|band| format!("{key} = {band}\n")).unwrap_or_default();
        }
        text += &format!("[limits]\nleast_order_won = {least}\n");
        text += &turnover.map(|limit| format!("turnover = {limit}\n")).unwrap_or_default();
        text += &buffer_won.map(|won| format!("cash_buffer_won = {won}\n")).unwrap_or_default();
        text += &format!("[costs]\nsales_tax = {}\n[prices]\noldest_minutes = {oldest}\n", rust_decimal::Decimal::new(tax.into(), 7));
        let order_type = if is_market { "market" } else { "limit" };
        text += &format!("[orders]\ntype = \"{order_type}\"\ndistance = 0.0{distance:02}\nparticipation = \"{}.{} %\"\n", participation / 10, participation % 10);
        text += &valid.map(|minutes| format!("valid_minutes = {minutes}\n")).unwrap_or_default();
        text + &format!("patience_s = {patience}\nattempts = {attempts}\n")
    }
}

proptest! {
    #[test]
    fn a_policy_that_is_written_is_read_back_the_same(text in any_policy()) {
        let first = Policy::parse(&text, no_file).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let written = first.to_text();
        let second = Policy::parse(&written, no_file).map_err(|error| TestCaseError::fail(format!("{error}\n{written}")))?;
        prop_assert_eq!(&second, &first);
        prop_assert_eq!(second.to_text(), written);
        prop_assert_eq!(first.diff(&second), vec![]);
    }

    #[test]
    fn any_text_is_a_policy_or_refused_without_a_panic(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Policy::parse(&text, |_| Ok(bytes.clone()));
        let _ = Policy::parse("id = \"x\"\nfile = \"t\"", |_| Ok(bytes.clone()));
    }
}

#[test]
fn orders_without_a_limit_and_amounts_in_won_are_read() {
    let policy = policy(
        "id = \"x\"\ncash = 1\n[limits]\ncash_buffer_won = 100_000\nleast_order_won = 50000.5\n[orders]\ntype = \"market\"",
    );
    assert_eq!(policy.order_rules().order_type, OrderType::Market);
    assert_eq!(policy.limits().buffer, CashBuffer::Won(won("100000")));
    assert_eq!(policy.limits().least_order, won("50000.5"));
}
