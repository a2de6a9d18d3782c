//! What an account holds, and what it can buy.

use chrono::NaiveDate;
use obs_model::{Money, Price, Quantity, Symbol};

use crate::{
    AccountNumber, KisClient, KisError, OrderKind,
    call::Call,
    fields::{Body, Fields, malformed},
};

const BALANCE: Call = Call::ledger("inquire-balance", "TTTC8434R");
const BUYING_POWER: Call = Call::ledger("inquire-psbl-order", "TTTC8908R");

/// An account's holdings and money, in won.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// One for each stock and kind of money. What was sold in full stays with zero shares for two days.
    pub holdings: Vec<Holding>,
    /// Settled cash today (`dnca_tot_amt`).
    pub deposit: Money,
    /// Cash after tomorrow's settlement (`nxdy_excc_amt`).
    pub next_day_deposit: Money,
    /// Cash after all trades so far are settled, in two days (`prvs_rcdl_excc_amt`). What can be spent goes by this one.
    pub settled_deposit: Money,
    /// What the holdings are worth (`scts_evlu_amt`).
    pub securities: Money,
    /// Holdings and settled cash (`tot_evlu_amt`).
    pub total: Money,
    /// After loans (`nass_amt`).
    pub net_assets: Money,
    /// Bought today (`thdt_buy_amt`).
    pub bought_today: Money,
    /// Sold today (`thdt_sll_amt`).
    pub sold_today: Money,
    /// Today's fees and taxes (`thdt_tlex_amt`).
    pub costs_today: Money,
}

/// Shares of one stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The stock.
    pub symbol: Symbol,
    /// Its Korean name.
    pub name: String,
    /// With what it was bought, in the broker's word (`현금` is cash). A stock may be held in several ways.
    pub kind: String,
    /// Shares held, today's trades included.
    pub quantity: Quantity,
    /// Shares that can be sold: held, less those in open orders. After a purchase in paper trading it lags by seconds.
    pub sellable: Quantity,
    /// What a share cost on average.
    pub average_price: Option<Price>,
    /// What the shares cost.
    pub cost: Money,
    /// What a share costs now. After 15:30 it is the close, not the price of the after-market.
    pub price: Option<Price>,
    /// What the shares are worth now.
    pub value: Money,
    /// Worth less cost.
    pub profit: Money,
    /// The day of the loan, if bought with one.
    pub loan_date: Option<NaiveDate>,
}

/// What an account can buy of one stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuyingPower {
    /// Cash for orders (`ord_psbl_cash`).
    pub cash: Money,
    /// The price that the quantities were computed with: for orders without a price, about the upper limit.
    pub price: Option<Price>,
    /// What can be spent without credit (`nrcvb_buy_amt`).
    pub amount: Money,
    /// Shares that can be bought without credit (`nrcvb_buy_qty`).
    pub quantity: Quantity,
    /// What can be spent with credit (`max_buy_amt`).
    pub amount_with_credit: Money,
    /// Shares that can be bought with credit (`max_buy_qty`).
    pub quantity_with_credit: Quantity,
}

impl KisClient {
    /// All that an account holds (`inquire-balance`, all pages of it). It is slow, and has a limit of its own.
    ///
    /// # Errors
    /// As the variants of [`KisError`] say.
    pub async fn balance(&self, account: &AccountNumber) -> Result<Balance, KisError> {
        let query = [
            ("CANO", account.number()),
            ("ACNT_PRDT_CD", account.product()),
            // Prices of the regular session, by stock, with the trades of the day before.
            ("AFHR_FLPR_YN", "N"),
            ("OFL_YN", ""),
            ("INQR_DVSN", "02"),
            ("UNPR_DVSN", "01"),
            ("FUND_STTL_ICLD_YN", "N"),
            ("FNCG_AMT_AUTO_RDPT_YN", "N"),
            ("PRCS_DVSN", "00"),
        ];
        let pages = self.pages(&BALANCE, &query).await?;
        let mut holdings = Vec::new();
        for page in &pages {
            for row in page.many("output1")? {
                holdings.push(holding(&row)?);
            }
        }
        // Each page has the sums of all; the last one is the newest.
        let last = pages.last().map(|page: &Body| page.one("output2")).transpose()?;
        let sums = last.ok_or_else(|| malformed(BALANCE.name, "output2", "it is missing".to_owned()))?;
        Ok(Balance {
            holdings,
            deposit: sums.money("dnca_tot_amt")?,
            next_day_deposit: sums.money("nxdy_excc_amt")?,
            settled_deposit: sums.money("prvs_rcdl_excc_amt")?,
            securities: sums.money("scts_evlu_amt")?,
            total: sums.money("tot_evlu_amt")?,
            net_assets: sums.money("nass_amt")?,
            bought_today: sums.money("thdt_buy_amt")?,
            sold_today: sums.money("thdt_sll_amt")?,
            costs_today: sums.money("thdt_tlex_amt")?,
        })
    }

    /// What an account can buy of a stock with this kind of order (`inquire-psbl-order`).
    ///
    /// # Errors
    /// [`KisError::Setup`] for a price with a fraction of a won; others as their variants say.
    pub async fn buying_power(
        &self,
        account: &AccountNumber,
        symbol: Symbol,
        kind: OrderKind,
    ) -> Result<BuyingPower, KisError> {
        let price = kind.wire_price()?;
        let query = [
            ("CANO", account.number()),
            ("ACNT_PRDT_CD", account.product()),
            ("PDNO", symbol.as_str()),
            ("ORD_UNPR", price.as_str()),
            ("ORD_DVSN", kind.code()),
            ("CMA_EVLU_AMT_ICLD_YN", "N"),
            ("OVRS_ICLD_YN", "N"),
        ];
        let fields = self.get(&BUYING_POWER, &query).await?.one("output")?;
        Ok(BuyingPower {
            cash: fields.money("ord_psbl_cash")?,
            price: fields.price("psbl_qty_calc_unpr")?,
            amount: fields.money("nrcvb_buy_amt")?,
            quantity: fields.quantity("nrcvb_buy_qty")?,
            amount_with_credit: fields.money("max_buy_amt")?,
            quantity_with_credit: fields.quantity("max_buy_qty")?,
        })
    }
}

fn holding(row: &Fields) -> Result<Holding, KisError> {
    Ok(Holding {
        symbol: row.symbol("pdno")?,
        name: row.text("prdt_name").unwrap_or_default().to_owned(),
        kind: row.text("trad_dvsn_name").unwrap_or_default().to_owned(),
        quantity: row.quantity("hldg_qty")?,
        sellable: row.quantity("ord_psbl_qty")?,
        average_price: row.price("pchs_avg_pric")?,
        cost: row.money("pchs_amt")?,
        price: row.price("prpr")?,
        value: row.money("evlu_amt")?,
        profit: row.money("evlu_pfls_amt")?,
        loan_date: row.text("loan_dt").and_then(|_| row.date("loan_dt").ok()),
    })
}
