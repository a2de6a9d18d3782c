//! Giving, changing and withdrawing orders.

use chrono::NaiveTime;
use obs_model::{Quantity, Side, Symbol};
use serde::Serialize;

use crate::{
    AccountNumber, Environment, KisClient, KisError, OrderKind, Venue,
    call::Call,
    fields::{Body, Fields},
};

const BUY: Call = Call::order("order-cash", "TTTC0012U");
const SELL: Call = Call::order("order-cash", "TTTC0011U");
const REVISE_OR_CANCEL: Call = Call::order("order-rvsecncl", "TTTC0013U");

/// An order to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The stock.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Whole shares.
    pub quantity: Quantity,
    /// At what price, and for how long.
    pub kind: OrderKind,
    /// Where.
    pub venue: Venue,
}

/// What the broker knows an order by, on the day it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrderRef {
    /// The broker's branch that forwarded it (`KRX_FWDG_ORD_ORGNO`).
    pub branch: String,
    /// Its number (`ODNO`), with zeros in front up to ten digits.
    pub number: String,
}

/// An order that the broker has accepted, which does not say that it was filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderReceipt {
    /// What the broker knows it by. A revision or cancellation has a number of its own.
    pub order: OrderRef,
    /// When it was accepted, in Korea.
    pub time: Option<NaiveTime>,
}

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The new kind and price.
    pub kind: OrderKind,
    /// How many of its open shares; none for all of them.
    pub quantity: Option<Quantity>,
    /// Where the order was given.
    pub venue: Venue,
}

#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct NewBody<'a> {
    cano: &'a str,
    acnt_prdt_cd: &'a str,
    pdno: &'a str,
    ord_dvsn: &'a str,
    ord_qty: String,
    ord_unpr: String,
    excg_id_dvsn_cd: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sll_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cndt_pric: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct ChangeBody<'a> {
    cano: &'a str,
    acnt_prdt_cd: &'a str,
    krx_fwdg_ord_orgno: &'a str,
    orgn_odno: &'a str,
    ord_dvsn: &'a str,
    rvse_cncl_dvsn_cd: &'a str,
    ord_qty: String,
    ord_unpr: String,
    qty_all_ord_yn: &'a str,
    excg_id_dvsn_cd: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cndt_pric: Option<String>,
}

impl KisClient {
    /// Gives an order for cash (`order-cash`). It is sent once.
    ///
    /// # Errors
    /// [`KisError::Rejected`] if the broker says why not. [`KisError::OutcomeUnknown`] if it was sent and the answer is missing:
    /// the broker has no key by which a repeated order would be recognised, so look it up with [`orders`](Self::orders) first.
    /// [`KisError::Setup`] and [`KisError::NotOffered`] for what cannot be ordered, without asking. Others as their variants say.
    pub async fn place_order(&self, account: &AccountNumber, order: &NewOrder) -> Result<OrderReceipt, KisError> {
        self.check_venue(order.venue)?;
        let body = NewBody {
            cano: account.number(),
            acnt_prdt_cd: account.product(),
            pdno: order.symbol.as_str(),
            ord_dvsn: order.kind.code(),
            ord_qty: shares(order.quantity)?,
            ord_unpr: order.kind.wire_price()?,
            excg_id_dvsn_cd: order.venue.code(),
            sll_type: (order.side == Side::Sell).then_some("01"),
            cndt_pric: order.kind.wire_stop_price()?,
        };
        let call = match order.side {
            Side::Buy => &BUY,
            Side::Sell => &SELL,
        };
        receipt(&self.order(call, &body).await?)
    }

    /// Changes an open order (`order-rvsecncl`). The changed order has a number of its own and refers to this one.
    ///
    /// # Errors
    /// As for [`place_order`](Self::place_order).
    pub async fn revise_order(
        &self,
        account: &AccountNumber,
        order: &OrderRef,
        revision: &Revision,
    ) -> Result<OrderReceipt, KisError> {
        self.check_venue(revision.venue)?;
        let (ord_qty, qty_all_ord_yn) = part(revision.quantity)?;
        let body = ChangeBody {
            cano: account.number(),
            acnt_prdt_cd: account.product(),
            krx_fwdg_ord_orgno: &order.branch,
            orgn_odno: &order.number,
            ord_dvsn: revision.kind.code(),
            rvse_cncl_dvsn_cd: "01",
            ord_qty,
            ord_unpr: revision.kind.wire_price()?,
            qty_all_ord_yn,
            excg_id_dvsn_cd: revision.venue.code(),
            cndt_pric: revision.kind.wire_stop_price()?,
        };
        receipt(&self.order(&REVISE_OR_CANCEL, &body).await?)
    }

    /// Withdraws an open order, or so many of its shares (`order-rvsecncl`).
    ///
    /// # Errors
    /// As for [`place_order`](Self::place_order). An order that was filled meanwhile is [`KisError::Rejected`] with
    /// [`Rejection::NothingOpen`](crate::Rejection::NothingOpen).
    pub async fn cancel_order(
        &self,
        account: &AccountNumber,
        order: &OrderRef,
        quantity: Option<Quantity>,
        venue: Venue,
    ) -> Result<OrderReceipt, KisError> {
        self.check_venue(venue)?;
        let (ord_qty, qty_all_ord_yn) = part(quantity)?;
        let body = ChangeBody {
            cano: account.number(),
            acnt_prdt_cd: account.product(),
            krx_fwdg_ord_orgno: &order.branch,
            orgn_odno: &order.number,
            ord_dvsn: "00",
            rvse_cncl_dvsn_cd: "02",
            ord_qty,
            ord_unpr: "0".to_owned(),
            qty_all_ord_yn,
            excg_id_dvsn_cd: venue.code(),
            cndt_pric: None,
        };
        receipt(&self.order(&REVISE_OR_CANCEL, &body).await?)
    }

    fn check_venue(&self, venue: Venue) -> Result<(), KisError> {
        if self.endpoints().environment() == Environment::Paper && venue != Venue::Krx {
            return Err(KisError::NotOffered { what: "another exchange than KRX" });
        }
        Ok(())
    }
}

impl OrderRef {
    pub(crate) fn new(branch: &str, number: &str) -> Self {
        // Paper trading has sent numbers without the zeros.
        Self { branch: branch.to_owned(), number: format!("{number:0>10}") }
    }
}

/// The broker accepted an order: whatever is wrong with the receipt, the order is there.
fn receipt(body: &Body) -> Result<OrderReceipt, KisError> {
    let read = |fields: Fields| {
        let order = OrderRef::new(fields.text("krx_fwdg_ord_orgno").unwrap_or_default(), fields.required("odno")?);
        Ok(OrderReceipt { order, time: fields.time_if_any("ord_tmd") })
    };
    body.one("output").and_then(read).map_err(KisError::of_sent_order)
}

fn shares(quantity: Quantity) -> Result<String, KisError> {
    if quantity == Quantity::ZERO {
        return Err(KisError::Setup { reason: "an order for no shares: give at least one".to_owned() });
    }
    Ok(quantity.to_string())
}

/// How many shares of an open order, and whether all.
fn part(quantity: Option<Quantity>) -> Result<(String, &'static str), KisError> {
    match quantity {
        Some(quantity) => Ok((shares(quantity)?, "N")),
        None => Ok(("0".to_owned(), "Y")),
    }
}
