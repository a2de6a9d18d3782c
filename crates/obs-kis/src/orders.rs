//! The orders of some days and how far they are filled.

use chrono::{Months, NaiveDate, NaiveTime};
use obs_model::{KST, Money, Price, Quantity, Side, Symbol};

use crate::{
    AccountNumber, Environment, KisClient, KisError, OrderRef,
    call::Call,
    chart::date,
    fields::{Fields, malformed},
};

const RECENT: Call = Call::ledger("inquire-daily-ccld", "TTTC0081R");
const OLDER: Call = Call::ledger("inquire-daily-ccld", "CTSC9215R");
/// How far back the first of them reaches.
const RECENT_MONTHS: Months = Months::new(3);

/// Which orders are asked for. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only this side.
    pub side: Option<Side>,
    /// Only this stock.
    pub symbol: Option<Symbol>,
    /// Only this order.
    pub order: Option<OrderRef>,
    /// Only those filled, or not.
    pub fills: FillFilter,
}

/// Which orders by how far they are filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FillFilter {
    /// All of them.
    #[default]
    All,
    /// Those with a fill.
    Filled,
    /// Those with open shares.
    Unfilled,
}

/// An order and what has become of it: one record for each, with the sum of its fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// What the broker knows it by.
    pub order: OrderRef,
    /// The number of the order that it revises or cancels.
    pub parent: Option<String>,
    /// The day it was given, in Korea.
    pub date: NaiveDate,
    /// When it was given, in Korea.
    pub time: Option<NaiveTime>,
    /// The stock.
    pub symbol: Symbol,
    /// The stock's Korean name.
    pub name: Option<String>,
    /// Buy or sell.
    pub side: Side,
    /// The code of its kind ([`OrderKind::code`](crate::OrderKind::code)).
    pub kind: String,
    /// Shares ordered.
    pub quantity: Quantity,
    /// The price asked for, if any.
    pub price: Option<Price>,
    /// Shares filled so far.
    pub filled: Quantity,
    /// What they cost on average.
    pub average_price: Option<Price>,
    /// What they cost in all.
    pub filled_amount: Money,
    /// Shares still open.
    pub open: Quantity,
    /// Shares cancelled.
    pub cancelled: Quantity,
    /// Shares rejected after the order was accepted.
    pub rejected: Quantity,
}

impl KisClient {
    /// The orders of an account from `from` to `to`, newest first (`inquire-daily-ccld`, all pages of it).
    ///
    /// An order that was just accepted may be missing for some seconds, most of all in paper trading: that it is not listed does
    /// not say that it was rejected. Orders of more than three months ago are asked for by a call of their own.
    ///
    /// # Errors
    /// As the variants of [`KisError`] say.
    pub async fn orders(
        &self,
        account: &AccountNumber,
        from: NaiveDate,
        to: NaiveDate,
        filter: &OrderFilter,
    ) -> Result<Vec<OrderRecord>, KisError> {
        let today = self.shared.clock.now().with_timezone(&KST).date_naive();
        let recent_from = today.checked_sub_months(RECENT_MONTHS).unwrap_or(today);
        let mut records = Vec::new();
        if to >= recent_from {
            records = self.orders_by(&RECENT, account, from.max(recent_from), to, filter).await?;
        }
        if from < recent_from {
            let last = recent_from.pred_opt().unwrap_or(recent_from);
            records.extend(self.orders_by(&OLDER, account, from, to.min(last), filter).await?);
        }
        Ok(records)
    }

    async fn orders_by(
        &self,
        call: &Call,
        account: &AccountNumber,
        from: NaiveDate,
        to: NaiveDate,
        filter: &OrderFilter,
    ) -> Result<Vec<OrderRecord>, KisError> {
        let (from, to) = (date(from), date(to));
        let (branch, number) = filter.order.as_ref().map_or(("", ""), |order| (&order.branch, &order.number));
        let query = [
            ("CANO", account.number()),
            ("ACNT_PRDT_CD", account.product()),
            ("INQR_STRT_DT", &from),
            ("INQR_END_DT", &to),
            ("SLL_BUY_DVSN_CD", filter.side.map_or("00", side_code)),
            ("PDNO", filter.symbol.as_ref().map_or("", Symbol::as_str)),
            ("ORD_GNO_BRNO", branch),
            ("ODNO", number),
            ("CCLD_DVSN", filter.fills.code()),
            // Newest first, of every kind, with every condition.
            ("INQR_DVSN", "00"),
            ("INQR_DVSN_1", ""),
            ("INQR_DVSN_3", "00"),
            ("EXCG_ID_DVSN_CD", self.all_venues()),
        ];
        let mut records = Vec::new();
        for page in self.pages(call, &query).await? {
            for row in page.many("output1")? {
                records.push(record(call, &row)?);
            }
        }
        Ok(records)
    }

    fn all_venues(&self) -> &'static str {
        match self.endpoints().environment() {
            Environment::Live => "ALL",
            Environment::Paper => "KRX",
        }
    }
}

impl FillFilter {
    const fn code(self) -> &'static str {
        match self {
            Self::All => "00",
            Self::Filled => "01",
            Self::Unfilled => "02",
        }
    }
}

const fn side_code(side: Side) -> &'static str {
    match side {
        Side::Sell => "01",
        Side::Buy => "02",
    }
}

fn record(call: &Call, row: &Fields) -> Result<OrderRecord, KisError> {
    const SIDE: &str = "sll_buy_dvsn_cd";
    let side = match row.required(SIDE)? {
        "01" => Side::Sell,
        "02" => Side::Buy,
        other => return Err(malformed(call.name, SIDE, format!("{other:?} is neither 01 (sell) nor 02 (buy)"))),
    };
    // The broker's table spells it one way and its example another.
    let cancelled = if row.text("cncl_cfrm_qty").is_some() { "cncl_cfrm_qty" } else { "cnc_cfrm_qty" };
    let parent = row.text("orgn_odno").filter(|number| number.bytes().any(|byte| byte != b'0'));
    Ok(OrderRecord {
        order: OrderRef::new(row.text("ord_gno_brno").unwrap_or_default(), row.required("odno")?),
        parent: parent.map(|number| format!("{number:0>10}")),
        date: row.date("ord_dt")?,
        time: row.time_if_any("ord_tmd"),
        symbol: row.symbol("pdno")?,
        name: row.text("prdt_name").map(str::to_owned),
        side,
        kind: row.text("ord_dvsn_cd").unwrap_or_default().to_owned(),
        quantity: row.quantity("ord_qty")?,
        price: row.price("ord_unpr")?,
        filled: row.quantity("tot_ccld_qty")?,
        average_price: row.price("avg_prvs")?,
        filled_amount: row.money("tot_ccld_amt")?,
        open: row.quantity("rmn_qty")?,
        cancelled: row.quantity_or_zero(cancelled)?,
        rejected: row.quantity_or_zero("rjct_qty")?,
    })
}
