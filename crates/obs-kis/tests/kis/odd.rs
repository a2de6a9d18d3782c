//! Every field of every recorded answer, replaced by everything that it should not be.

use std::sync::{Arc, Mutex};

use obs_kis::{KisClient, KisError, NewOrder, OrderFilter, OrderKind, TimeInForce, Venue};
use obs_model::{Quantity, Side};
use serde_json::{Value, json};

use crate::{
    account::{BALANCE, BUYING_POWER, ORDERS},
    broker::{Broker, Reply, account, symbol},
    orders::LIVE,
    quotes::{ASKING_PRICE, DAYS, HOLIDAYS, MINUTES, PRICE},
};

/// The answer with one place in it replaced, for each place in it.
fn each_replaced(value: &Value, by: &Value) -> Vec<Value> {
    let mut all = vec![by.clone()];
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                all.extend(each_replaced(field, by).into_iter().map(|changed| {
                    let mut whole = value.clone();
                    whole[key] = changed;
                    whole
                }));
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                all.extend(each_replaced(item, by).into_iter().map(|changed| {
                    let mut whole = value.clone();
                    whole[at] = changed;
                    whole
                }));
            }
        }
        _ => {}
    }
    all
}

async fn ask(client: &KisClient, call: usize) -> Result<(), KisError> {
    let (stock, day) = (symbol("000660"), "2026-11-23".parse().unwrap());
    let kind = OrderKind::Market(TimeInForce::Day);
    let order = NewOrder { symbol: stock, side: Side::Buy, quantity: Quantity::new(1).unwrap(), kind, venue: Venue::Krx };
    match call {
        0 => client.quote(stock).await.map(drop),
        1 => client.asking_price(stock).await.map(drop),
        2 => client.minute_chart(stock, "09:00:00".parse().unwrap()).await.map(drop),
        3 => client.daily_chart(stock, day, day, true).await.map(drop),
        4 => client.holidays(day).await.map(drop),
        5 => client.balance(&account()).await.map(drop),
        6 => client.buying_power(&account(), stock, kind).await.map(drop),
        7 => client.orders(&account(), day, day, &OrderFilter::default()).await.map(drop),
        _ => client.place_order(&account(), &order).await.map(drop),
    }
}

#[tokio::test]
async fn an_odd_field_is_an_error_or_does_not_matter() {
    let odd =
        [json!(null), json!(""), json!("-1"), json!("1e400"), json!("９"), json!(true), json!([[]]), json!({ "a": {} })];
    let recorded = [PRICE, ASKING_PRICE, MINUTES, DAYS, HOLIDAYS, BALANCE, BUYING_POWER, ORDERS, LIVE];
    let answer = Arc::new(Mutex::new(Value::Null));
    let answering = Arc::clone(&answer);
    let broker = Broker::with_login(move |_| Reply::Json(200, answering.lock().unwrap().clone())).await;
    let client = broker.client_with(|settings| settings.retries.tries = 0);
    let mut errors = 0;
    for (call, recorded) in recorded.iter().enumerate() {
        let whole: Value = serde_json::from_str(recorded).unwrap();
        *answer.lock().unwrap() = whole.clone();
        ask(&client, call).await.unwrap();
        for changed in odd.iter().flat_map(|by| each_replaced(&whole, by)) {
            *answer.lock().unwrap() = changed;
            // That it comes back at all is the point: nothing panics, and nothing waits.
            errors += usize::from(ask(&client, call).await.is_err());
        }
    }
    assert!(errors > 500, "most fields matter: {errors}");
}
