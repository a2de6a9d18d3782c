//! What a broker looks at before it takes an order.

use obs_model::{Side, Symbol};

use super::{Stock, refusal::OrderRefusal};
use crate::{market::tick_size, settings::Environment};

/// Paper trading refuses stocks below this price in won: it treats them as not tradable.
const LEAST_PAPER_PRICE: i64 = 1_000;

/// What a customer asks for.
#[derive(Clone, Debug)]
pub(crate) struct NewOrder {
    pub(crate) symbol: Symbol,
    pub(crate) side: Side,
    pub(crate) order_type: OrderType,
    pub(crate) quantity: i64,
    /// In won; `None` for types without a price.
    pub(crate) price: Option<i64>,
}

/// The broker's `ORD_DVSN`, as far as KRX's regular session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderType {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) pricing: Pricing,
    pub(crate) stay: Stay,
}

/// Where an order's limit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pricing {
    /// The customer names it.
    Limit,
    /// There is none.
    Market,
    /// The other side's best quote at acceptance.
    BestOpposite,
    /// The own side's best quote at acceptance.
    BestSame,
}

/// What becomes of the part that is not filled at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stay {
    /// It rests until the day ends.
    Day,
    /// It is taken back (IOC).
    Never,
    /// If there is one, all of the order is taken back (FOK).
    AllOrNothing,
}

const TYPES: [OrderType; 11] = [
    OrderType::new("00", "지정가", Pricing::Limit, Stay::Day),
    OrderType::new("01", "시장가", Pricing::Market, Stay::Day),
    OrderType::new("02", "조건부지정가", Pricing::Limit, Stay::Day),
    OrderType::new("03", "최유리지정가", Pricing::BestOpposite, Stay::Day),
    OrderType::new("04", "최우선지정가", Pricing::BestSame, Stay::Day),
    OrderType::new("11", "지정가IOC", Pricing::Limit, Stay::Never),
    OrderType::new("12", "지정가FOK", Pricing::Limit, Stay::AllOrNothing),
    OrderType::new("13", "시장가IOC", Pricing::Market, Stay::Never),
    OrderType::new("14", "시장가FOK", Pricing::Market, Stay::AllOrNothing),
    OrderType::new("15", "최유리IOC", Pricing::BestOpposite, Stay::Never),
    OrderType::new("16", "최유리FOK", Pricing::BestOpposite, Stay::AllOrNothing),
];

impl OrderType {
    const fn new(code: &'static str, name: &'static str, pricing: Pricing, stay: Stay) -> Self {
        Self { code, name, pricing, stay }
    }

    /// The type of a code, if it is simulated.
    pub(crate) fn of(code: &str) -> Option<Self> {
        TYPES.into_iter().find(|known| known.code == code)
    }
}

impl NewOrder {
    /// The worst price at which it may be filled.
    pub(super) fn limit(&self, stock: &Stock) -> Option<i64> {
        match (self.order_type.pricing, self.side) {
            (Pricing::Limit, _) => self.price,
            (Pricing::Market, _) => None,
            (Pricing::BestOpposite, Side::Buy) | (Pricing::BestSame, Side::Sell) => Some(stock.ask),
            (Pricing::BestOpposite, Side::Sell) | (Pricing::BestSame, Side::Buy) => Some(stock.bid),
        }
    }
}

/// Whether an order fits its stock.
pub(super) fn check_stock(new: &NewOrder, stock: &Stock, environment: Environment) -> Result<(), OrderRefusal> {
    if stock.halted || (environment == Environment::Paper && stock.last < LEAST_PAPER_PRICE) {
        return Err(OrderRefusal::NotTradable);
    }
    if new.quantity <= 0 {
        return Err(OrderRefusal::Quantity);
    }
    match new.price {
        Some(price) if price <= 0 || price % tick_size(price) != 0 => Err(OrderRefusal::Tick),
        Some(price) if price < stock.lower_limit || price > stock.upper_limit => Err(OrderRefusal::PriceLimit),
        None if new.order_type.pricing == Pricing::Limit => Err(OrderRefusal::Tick),
        _ => Ok(()),
    }
}
