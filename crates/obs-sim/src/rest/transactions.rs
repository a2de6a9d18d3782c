//! The transactions under `/uapi`: which name belongs to which path, and where it is offered.

use crate::settings::Environment;

/// A service under its path, with the names that it goes by.
pub(crate) struct Transaction {
    path: &'static str,
    live: &'static [&'static str],
    paper: &'static [&'static str],
    /// Whether it reads accounts and orders, which has a limit of its own.
    pub(crate) of_ledger: bool,
}

/// How a name fits a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    Right,
    /// It would do in the other environment.
    OtherEnvironment,
    Unknown,
}

/// Quotes have the same names everywhere. The older names of orders are still taken.
const TRANSACTIONS: [Transaction; 11] = [
    Transaction { path: "quotations/inquire-price", live: &["FHKST01010100"], paper: &["FHKST01010100"], of_ledger: false },
    Transaction {
        path: "quotations/inquire-asking-price-exp-ccn",
        live: &["FHKST01010200"],
        paper: &["FHKST01010200"],
        of_ledger: false,
    },
    Transaction {
        path: "quotations/inquire-time-itemchartprice",
        live: &["FHKST03010200"],
        paper: &["FHKST03010200"],
        of_ledger: false,
    },
    Transaction {
        path: "quotations/inquire-daily-itemchartprice",
        live: &["FHKST03010100"],
        paper: &["FHKST03010100"],
        of_ledger: false,
    },
    Transaction { path: "quotations/chk-holiday", live: &["CTCA0903R"], paper: &[], of_ledger: false },
    Transaction {
        path: "trading/order-cash",
        live: &["TTTC0012U", "TTTC0011U", "TTTC0802U", "TTTC0801U"],
        paper: &["VTTC0012U", "VTTC0011U", "VTTC0802U", "VTTC0801U"],
        of_ledger: false,
    },
    Transaction {
        path: "trading/order-rvsecncl",
        live: &["TTTC0013U", "TTTC0803U"],
        paper: &["VTTC0013U", "VTTC0803U"],
        of_ledger: false,
    },
    Transaction { path: "trading/inquire-balance", live: &["TTTC8434R"], paper: &["VTTC8434R"], of_ledger: true },
    Transaction {
        path: "trading/inquire-daily-ccld",
        live: &["TTTC0081R", "TTTC8001R", "CTSC9215R", "CTSC9115R"],
        paper: &["VTTC0081R", "VTTC8001R", "VTSC9215R", "VTSC9115R"],
        of_ledger: true,
    },
    Transaction { path: "trading/inquire-psbl-order", live: &["TTTC8908R"], paper: &["VTTC8908R"], of_ledger: true },
    Transaction { path: "trading/inquire-psbl-rvsecncl", live: &["TTTC0084R", "TTTC8036R"], paper: &[], of_ledger: true },
];

impl Transaction {
    /// The transaction of a path under `/uapi/domestic-stock/v1`.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        let service = path.strip_prefix("/uapi/domestic-stock/v1/")?;
        TRANSACTIONS.iter().find(|known| known.path == service)
    }

    /// Whether a name may be used for it.
    pub(crate) fn fit(&self, tr_id: &str, environment: Environment) -> Fit {
        let (here, there) = match environment {
            Environment::Live => (self.live, self.paper),
            Environment::Paper => (self.paper, self.live),
        };
        if here.contains(&tr_id) {
            Fit::Right
        } else if there.contains(&tr_id) {
            Fit::OtherEnvironment
        } else {
            Fit::Unknown
        }
    }
}
