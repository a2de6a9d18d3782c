//! The HTTP interface.

mod answer;
mod balance;
mod buying_power;
mod gate;
mod login;
mod money;
mod order_list;
mod orders;
mod paging;
mod params;
mod quotes;
mod transactions;

use std::sync::Arc;

use answer::Refused;
use axum::{Router, middleware::from_fn_with_state};

use crate::exchange::Exchange;

pub(crate) fn router(exchange: Arc<Exchange>) -> Router {
    let gated = Router::new()
        .merge(quotes::router())
        .merge(orders::router())
        .merge(order_list::router())
        .merge(balance::router())
        .merge(buying_power::router())
        .route_layer(from_fn_with_state(exchange.clone(), gate::admit));
    Router::new()
        .merge(gated)
        .merge(login::router())
        .fallback(unknown_service)
        .method_not_allowed_fallback(unknown_service)
        .layer(from_fn_with_state(exchange.clone(), gate::misbehave))
        .with_state(exchange)
}

async fn unknown_service() -> Refused {
    Refused::by_gateway("OPSQ0002", "없는 서비스 코드 입니다.")
}
