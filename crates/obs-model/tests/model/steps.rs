//! What may happen to a plan, and the names of the portfolio's rows.

use obs_model::{
    BrokerKind, BrokerOrder, ExecutionStatus, HoldingsSource, Money, OrderId, OrderStatus, PlanDigest, PlanStatus, PlanStep,
    PlannedOrder, PriceSource, Quantity, RebalanceExecution, Side,
};

const ORDER: OrderId = OrderId(7);

fn execution(status: ExecutionStatus) -> PlanStep {
    let is_refusal = status == ExecutionStatus::Rejected;
    let execution = RebalanceExecution {
        order_id: ORDER,
        filled_qty: Quantity::new(if is_refusal { 0 } else { 2 }).unwrap(),
        filled_price: if is_refusal { None } else { "71900.5".parse().ok() },
        exec_time: "2026-01-23T00:32:00Z".parse().unwrap(),
        commission: Money::ZERO,
        tax: Some(Money::ZERO),
        slippage: Money::ZERO,
        status,
        error_msg: is_refusal.then(|| "no cash".to_owned()),
    };
    PlanStep::Executed { execution }
}

fn planned() -> PlannedOrder {
    PlannedOrder {
        sequence: 1,
        symbol: "005930".parse().unwrap(),
        side: Side::Buy,
        quantity: Quantity::new(2).unwrap(),
        limit_price: None,
        decision_price: "71900".parse().unwrap(),
    }
}

/// A step with its name, its order's states before and afterwards, and its words.
type OrderStep = (PlanStep, &'static str, &'static [OrderStatus], Option<OrderStatus>, Option<&'static str>);

#[test]
fn steps_of_an_order_happen_while_its_plan_is_executing() {
    use OrderStatus::{Cancelled, Executing, Filled, Pending, Rejected};
    let broker_order = BrokerOrder { day: "2026-01-23".parse().unwrap(), branch: String::new(), number: "42".to_owned() };
    let why = "nobody knows it".to_owned();
    let table: [OrderStep; 8] = [
        (PlanStep::Submitting { order: ORDER }, "submitting", &[Pending], Some(Executing), None),
        (PlanStep::Accepted { order: ORDER, broker_order }, "accepted", &[Executing], None, Some("number 42")),
        (
            PlanStep::NotSent { order: ORDER, why: why.clone() },
            "not_sent",
            &[Executing],
            Some(Pending),
            Some("nobody knows it"),
        ),
        (execution(ExecutionStatus::Partial), "filled_in_part", &[Executing], None, Some("2 at 71900.5")),
        (execution(ExecutionStatus::Filled), "filled", &[Executing], Some(Filled), Some("2 at 71900.5")),
        (execution(ExecutionStatus::Rejected), "rejected", &[Executing], Some(Rejected), Some("no cash")),
        (PlanStep::Withdrawn { order: ORDER, why }, "withdrawn", &[Executing], Some(Cancelled), Some("nobody knows it")),
        (PlanStep::Replaced { order: ORDER, by: planned() }, "replaced", &[Rejected, Cancelled], None, Some("BUY 2 005930")),
    ];
    for (step, name, before, after, detail) in table {
        assert_eq!((step.name(), step.order()), (name, Some(ORDER)));
        assert_eq!((step.needs_order(), step.order_after()), (before, after), "{name}");
        assert_eq!((step.needs_plan(), step.plan_after()), (&[PlanStatus::Executing][..], None), "{name}");
        assert_eq!(step.detail().as_deref(), detail, "{name}");
    }
}

#[test]
fn a_plan_is_approved_begins_and_ends() {
    use PlanStatus::{Approved, Cancelled, Done, Executing, Failed, Pending};
    let digest = PlanDigest::new("0123456789abcdef".repeat(4)).unwrap();
    let approved = PlanStep::Approved { digest, broker: BrokerKind::KisLive };
    assert_eq!(approved.detail().as_deref(), Some("0123456789ab for kis-live"));
    let end = |status| PlanStep::Ended { status, why: Some("words".to_owned()) };
    assert_eq!(end(Done).detail().as_deref(), Some("words"));
    let table: [(PlanStep, &str, &[PlanStatus], PlanStatus); 5] = [
        (approved, "approved", &[Pending, Approved], Approved),
        (PlanStep::Started, "started", &[Approved], Executing),
        (end(Done), "done", &[Executing], Done),
        (end(Failed), "failed", &[Approved, Executing], Failed),
        (end(Cancelled), "cancelled", &[Pending, Approved, Executing], Cancelled),
    ];
    for (step, name, before, after) in table {
        assert_eq!((step.name(), step.needs_plan(), step.plan_after()), (name, before, Some(after)));
        assert_eq!((step.order(), step.needs_order(), step.order_after()), (None, &[][..], None), "{name}");
    }
    for status in [Pending, Approved, Executing] {
        assert_eq!(end(status).needs_plan(), [], "{status} is no end");
    }
}

#[test]
fn names_read_back() {
    let brokers = BrokerKind::ALL;
    assert!(brokers.iter().all(|broker| broker.to_string().parse() == Ok(*broker)));
    let sources = brokers.map(HoldingsSource::Broker);
    assert!(sources.into_iter().chain([HoldingsSource::File]).all(|source| source.as_str().parse() == Ok(source)));
    let prices = [PriceSource::Tick, PriceSource::MinuteBar, PriceSource::SwingBar, PriceSource::Quote];
    assert!(prices.into_iter().all(|source| source.as_str().parse() == Ok(source)));
    let words = "kis".parse::<BrokerKind>().unwrap_err().to_string();
    assert_eq!(words, r#""kis" is not a broker: it is not one of paper, kis-paper, kis-live"#);
}

#[test]
fn a_digest_has_64_hexadecimal_digits() {
    let digest = PlanDigest::new("0123456789abcdef".repeat(4)).unwrap();
    assert_eq!((digest.short(), digest.as_str().len()), ("0123456789ab", 64));
    for wrong in ["", "0123456789ab", &"0123456789ABCDEF".repeat(4), &"가".repeat(64), &"0".repeat(65)] {
        assert!(PlanDigest::new(wrong).is_err(), "{wrong}");
    }
    let json = serde_json::to_string(&digest).unwrap();
    assert_eq!(serde_json::from_str::<PlanDigest>(&json).unwrap(), digest);
    assert!(serde_json::from_str::<PlanDigest>("\"0f\"").is_err());
}
