//! What becomes of orders that were refused, or withdrawn before they were filled.

use obs_model::{OrderStatus, PlanStep, Price, RebalanceOrder, Side, TickTable};
use rust_decimal::Decimal;

use super::{
    ExecuteError,
    fills::NOT_IN_TIME,
    run::Run,
    sending::{CASH_SHORT, replacement},
};
use crate::{BrokerQuote, amount::scaled};

impl Run<'_> {
    /// Offers anew what was not filled, or gives it up.
    pub(super) async fn renew(&mut self) -> Result<(), ExecuteError> {
        let ended = [OrderStatus::Rejected, OrderStatus::Cancelled].map(|status| self.orders_that_are(status));
        for order in ended.concat() {
            if self.is_settled(&order) {
                continue;
            }
            let limit = match order.status {
                OrderStatus::Rejected => self.after_refusal(&order),
                _ => self.after_withdrawal(&order).await?,
            };
            match limit {
                Next::Wait => {}
                Next::GiveUp(why) => {
                    self.given_up.insert(order.order_id, why);
                }
                Next::Offer(limit) => self.offer(&order, limit).await?,
            }
        }
        Ok(())
    }

    /// Puts an order in the place of another one, unless it would be too large.
    async fn offer(&mut self, order: &RebalanceOrder, limit: Option<Price>) -> Result<(), ExecuteError> {
        let rest = self.rest(order);
        let as_if = RebalanceOrder { target_qty: rest, limit_price: limit, ..order.clone() };
        if let Some(why) = self.exceeds(&as_if) {
            self.given_up.insert(order.order_id, why);
        } else if let Some(by) = replacement(order, rest, limit) {
            self.step(PlanStep::Replaced { order: order.order_id, by }).await?;
        }
        Ok(())
    }

    fn after_refusal(&self, order: &RebalanceOrder) -> Next {
        let rules = &self.executor.settings.rules;
        let refusal = self.stored.executions.iter().rfind(|execution| execution.order_id == order.order_id);
        let words = refusal.and_then(|refusal| refusal.error_msg.clone()).unwrap_or_default();
        // Whether it may pass is known to the run that sent it; another one does not send again what was refused.
        let Some(since) = self.passing.get(&order.order_id) else {
            return Next::GiveUp(words);
        };
        if self.chain(order, |one| one.status == OrderStatus::Rejected) >= rules.attempts {
            return Next::GiveUp(format!("refused {} times: {words}", rules.attempts));
        }
        if self.has_passed(*since, rules.pause) { Next::Offer(order.limit_price) } else { Next::Wait }
    }

    async fn after_withdrawal(&mut self, order: &RebalanceOrder) -> Result<Next, ExecuteError> {
        let rules = &self.executor.settings.rules;
        let withdrawn = |event: &&obs_model::PlanEvent| event.order_id == Some(order.order_id) && event.event == "withdrawn";
        let why = self.stored.events.iter().rfind(withdrawn).and_then(|event| event.detail.clone()).unwrap_or_default();
        // What somebody else withdrew, or the broker dropped, is not sent again.
        if why != NOT_IN_TIME && why != CASH_SHORT {
            return Ok(Next::GiveUp(why));
        }
        if self.chain(order, |one| one.broker_order.is_some()) >= rules.attempts {
            return Ok(Next::GiveUp(format!("not filled after {} attempts", rules.attempts)));
        }
        let Some(decision) = order.decision_price else { return Ok(Next::GiveUp(why)) };
        let broker = &self.executor.broker;
        let Some(quote) = self.ask_about(order.order_id, || broker.quote(order.symbol)).await? else {
            return Ok(Next::Wait);
        };
        if quote.is_halted {
            return Ok(Next::GiveUp("it was halted".to_owned()));
        }
        if order.limit_price.is_none() {
            // Whether the price is near enough is looked at before it is sent.
            return Ok(Next::Offer(None));
        }
        let far = || match super::guard::now_at(&quote) {
            Some(now) => format!("the price moved from {decision} to {now}"),
            None => "the broker has no price".to_owned(),
        };
        let limit = fresh_limit(order.side, decision, &quote, rules.distance, rules.away);
        Ok(limit.map_or_else(|| Next::GiveUp(far()), |limit| Next::Offer(Some(limit))))
    }

    /// How many orders of the chain that ends with one are as `which` says.
    fn chain(&self, order: &RebalanceOrder, which: impl Fn(&RebalanceOrder) -> bool) -> u32 {
        let mut count = u32::from(which(order));
        let mut before = order.replaces;
        while let Some(earlier) = before.and_then(|id| self.order(id)) {
            count += u32::from(which(&earlier));
            before = earlier.replaces;
        }
        count
    }
}

/// What becomes of an order.
enum Next {
    /// It is not time yet.
    Wait,
    /// Nothing more.
    GiveUp(String),
    /// Its rest is offered with this limit.
    Offer(Option<Price>),
}

/// The limit of an order that is priced anew: somewhat beyond the best price of the other side, on the grid, within the day's
/// limits, and never further from the price at decision than is allowed. `None` if the market itself is further.
fn fresh_limit(side: Side, decision: Price, quote: &BrokerQuote, distance: Decimal, away: Decimal) -> Option<Price> {
    // Every price of the stocks' grid is one of the funds' as well.
    let grid = TickTable::Stock;
    let one = Decimal::ONE;
    match side {
        Side::Buy => {
            let best = quote.ask.or(quote.last)?;
            let wanted = scaled(best, one + distance)?.min(scaled(decision, one + away)?);
            let limit = grid.floor_to_tick(quote.upper_limit.map_or(wanted, |most| wanted.min(most)));
            // Cutting to the grid must not put it below the offer that it is meant to take.
            let limit = if limit < best && best <= wanted { best } else { limit };
            (limit >= best).then_some(limit)
        }
        Side::Sell => {
            let best = quote.bid.or(quote.last)?;
            let wanted = scaled(best, one - distance)?.max(scaled(decision, one - away)?);
            let limit = grid.ceil_to_tick(quote.lower_limit.map_or(wanted, |least| wanted.max(least)));
            let limit = if limit > best && best >= wanted { best } else { limit };
            (limit <= best).then_some(limit)
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn won(won: i64) -> Price {
        Price::from_won(won).unwrap()
    }

    fn quote(bid: i64, ask: i64) -> BrokerQuote {
        BrokerQuote {
            last: Some(won(bid)),
            at: DateTime::<Utc>::UNIX_EPOCH,
            ask: Some(won(ask)),
            bid: Some(won(bid)),
            upper_limit: None,
            lower_limit: None,
            is_halted: false,
        }
    }

    #[test]
    fn a_fresh_limit_takes_the_best_price_and_stays_near_the_decision() {
        let (distance, away) = (Decimal::new(5, 3), Decimal::new(2, 2));
        let buy = |decision, quote: &BrokerQuote| fresh_limit(Side::Buy, won(decision), quote, distance, away);
        let sell = |decision, quote: &BrokerQuote| fresh_limit(Side::Sell, won(decision), quote, distance, away);
        assert_eq!(buy(151_000, &quote(151_000, 151_100)), Some(won(151_800)));
        assert_eq!(buy(148_200, &quote(151_000, 151_100)), Some(won(151_100)));
        assert_eq!(buy(148_500, &quote(151_000, 151_500)), None);
        assert_eq!(sell(151_000, &quote(151_000, 151_100)), Some(won(150_300)));
        assert_eq!(sell(154_000, &quote(151_000, 151_100)), Some(won(151_000)));
        assert_eq!(sell(155_000, &quote(151_000, 151_100)), None);
    }

    #[test]
    fn a_fresh_limit_stays_within_the_limits_of_the_day() {
        let at_the_top = BrokerQuote { upper_limit: Some(won(151_200)), ..quote(151_000, 151_100) };
        let limit = fresh_limit(Side::Buy, won(151_000), &at_the_top, Decimal::new(5, 3), Decimal::new(2, 2));
        assert_eq!(limit, Some(won(151_200)));
    }
}
