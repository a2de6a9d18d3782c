//! Holdings from a file.

use std::collections::BTreeMap;

use obs_model::{InvalidValue, Money, Quantity, Symbol};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use crate::sheet::{self, NoSheet, Row, Sheet};

/// What a file says is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Shares by symbol, none of them zero.
    pub shares: BTreeMap<Symbol, Quantity>,
    /// Cash in won, if the file says so.
    pub cash: Option<Money>,
}

/// Why a file says nothing about holdings: everything that is wrong with it, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct HoldingsError(pub Vec<HoldingsProblem>);

/// One thing that is wrong with a file of holdings. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HoldingsProblem {
    /// Nothing in it.
    #[error("the file is empty; give a header such as symbol,quantity (종목코드,보유수량) and a row for each holding")]
    Empty,
    /// No text.
    #[error("the file is neither UTF-8 nor CP949; save it as CSV in UTF-8")]
    Encoding,
    /// No CSV.
    #[error("line {line}: {words}; mend it, or save the file as CSV again")]
    Csv {
        /// The line.
        line: u64,
        /// What the reader of CSV says.
        words: String,
    },
    /// A column that nobody knows: it might change what the others mean.
    #[error("the column {column:?} is not known; remove it")]
    UnknownColumn {
        /// Its header.
        column: String,
    },
    /// A column that must be there.
    #[error("there is no column of {what}; its header is one of {names}")]
    MissingColumn {
        /// What it would hold.
        what: &'static str,
        /// Its possible headers.
        names: String,
    },
    /// A code that is none.
    #[error("line {line}: {error}; give KRX's short code")]
    Symbol {
        /// The line.
        line: u64,
        /// What is wrong with it.
        error: InvalidValue,
    },
    /// A symbol in two rows.
    #[error("line {line}: {symbol} stands on line {first} already; merge the two")]
    Duplicate {
        /// The line.
        line: u64,
        /// The symbol.
        symbol: Symbol,
        /// Where it stands first.
        first: u64,
    },
    /// A quantity that is no number, or too large.
    #[error("line {line}: {text:?} is no number of shares; write it in digits")]
    NotANumber {
        /// The line.
        line: u64,
        /// What stands there.
        text: String,
    },
    /// A quantity below zero.
    #[error("line {line}: {symbol} has {quantity} shares; what was sold short cannot be rebalanced")]
    Negative {
        /// The line.
        line: u64,
        /// The symbol.
        symbol: Symbol,
        /// The quantity.
        quantity: Decimal,
    },
    /// A part of a share.
    #[error("line {line}: {symbol} has {quantity} shares; leave parts of shares out, the exchange trades whole ones")]
    Fraction {
        /// The line.
        line: u64,
        /// The symbol.
        symbol: Symbol,
        /// The quantity.
        quantity: Decimal,
    },
    /// Cash that is no amount.
    #[error("line {line}: {text:?} is no amount of cash; write won in digits, 0 or more")]
    Cash {
        /// The line.
        line: u64,
        /// What stands there.
        text: String,
    },
    /// Cash that the file gives twice, with two amounts.
    #[error("line {line}: cash is {second} won here and {first} won before; keep one of them")]
    CashTwice {
        /// The line.
        line: u64,
        /// The amount before.
        first: Money,
        /// The amount there.
        second: Money,
    },
}

/// Columns, and their headers without spaces, underscores and what stands in parentheses, in lower case: those of Korean brokers'
/// exports, of KIS's answers, and plain English.
const COLUMNS: [&[&str]; 4] = [
    &["symbol", "code", "ticker", "pdno", "종목코드", "종목번호", "단축코드", "상품번호", "코드"],
    &["quantity", "shares", "qty", "hldgqty", "보유수량", "잔고수량", "보유량", "보유주수", "잔고", "수량"],
    &["amount", "value", "금액", "평가금액", "evluamt"],
    &["cash", "예수금", "현금", "d+2예수금", "dncatotamt"],
];
const CODE: usize = 0;
const SHARES: usize = 1;
const AMOUNT: usize = 2;
const CASH: usize = 3;
/// Headers of columns that say nothing that is needed.
const IGNORED: &[&str] = &[
    "name",
    "price",
    "averageprice",
    "averagecost",
    "cost",
    "profit",
    "return",
    "weight",
    "market",
    "currency",
    "note",
    "notes",
    "종목명",
    "종목",
    "상품명",
    "이름",
    "현재가",
    "현재가격",
    "매입가",
    "매입단가",
    "매입평균가",
    "매입평균가격",
    "평균단가",
    "평균매입가",
    "평단가",
    "매입금액",
    "평가손익",
    "평가손익률",
    "평가손익율",
    "손익",
    "손익률",
    "손익율",
    "수익률",
    "수익율",
    "등락률",
    "전일대비",
    "비중",
    "보유비중",
    "매도가능수량",
    "매도가능",
    "주문가능수량",
    "가능수량",
    "금일매수수량",
    "금일매도수량",
    "전일매수수량",
    "전일매도수량",
    "대출금액",
    "대출일",
    "만기일",
    "신용구분",
    "잔고구분",
    "매매구분",
    "구분",
    "시장",
    "통화",
    "비고",
    "prdtname",
    "prpr",
    "pchsavgpric",
    "pchsamt",
    "ordpsblqty",
    "evlupflsamt",
    "evlupflsrt",
];

/// Reads holdings from CSV: a row for each symbol with its shares, and cash in a row of its own (`CASH`, `현금`, `예수금`) or in a
/// column. It may be UTF-8, UTF-16 with its mark, or CP949, with separators in numbers and headers in English or Korean.
///
/// Codes may have an `A` or a quote in front. Codes of fewer than six digits are filled up with zeros: a spreadsheet cut them off,
/// since no code is shorter. Rows of zero shares and rows of sums (`합계`) are left out.
///
/// # Errors
/// [`HoldingsError`] with everything that is wrong with the file.
pub fn read_holdings(bytes: &[u8]) -> Result<Holdings, HoldingsError> {
    let sheet = Sheet::read(bytes, &COLUMNS, IGNORED).map_err(|none| {
        HoldingsError(vec![match none {
            NoSheet::Empty => HoldingsProblem::Empty,
            NoSheet::Encoding => HoldingsProblem::Encoding,
            NoSheet::Csv { line, words } => HoldingsProblem::Csv { line, words },
        }])
    })?;
    let mut reader = Reader::default();
    reader.columns(&sheet);
    if sheet.has(CODE) && sheet.has(SHARES) {
        for row in &sheet.rows {
            reader.row(row);
        }
        if sheet.rows.is_empty() {
            reader.problems.push(HoldingsProblem::Empty);
        }
    }
    if reader.problems.is_empty() { Ok(reader.finish()) } else { Err(HoldingsError(reader.problems)) }
}

#[derive(Default)]
struct Reader {
    shares: BTreeMap<Symbol, (u64, Quantity)>,
    cash: Option<Money>,
    problems: Vec<HoldingsProblem>,
}

impl Reader {
    fn columns(&mut self, sheet: &Sheet) {
        let unknown = sheet.unknown.iter().map(|column| HoldingsProblem::UnknownColumn { column: column.clone() });
        self.problems.extend(unknown);
        for (column, what) in [(CODE, "symbols"), (SHARES, "shares")] {
            if !sheet.has(column) {
                self.problems.push(HoldingsProblem::MissingColumn { what, names: COLUMNS[column].join(", ") });
            }
        }
    }

    fn row(&mut self, row: &Row) {
        let code = row.cell(CODE);
        if !row.cell(CASH).is_empty() {
            self.cash(row.line, row.cell(CASH));
        }
        if sheet::is_cash(code) {
            let cells = [row.cell(CASH), row.cell(AMOUNT), row.cell(SHARES)];
            self.cash(row.line, cells.into_iter().find(|cell| !cell.is_empty()).unwrap_or_default());
        } else {
            let says_nothing = code.is_empty() && row.cell(SHARES).is_empty();
            if !(says_nothing || sheet::is_sum(code)) {
                self.holding(row, code);
            }
        }
    }

    fn holding(&mut self, row: &Row, code: &str) {
        let line = row.line;
        let symbol = match sheet::symbol(code) {
            Ok(symbol) => symbol,
            Err(error) => return self.problems.push(HoldingsProblem::Symbol { line, error }),
        };
        if let Some((first, _)) = self.shares.get(&symbol) {
            return self.problems.push(HoldingsProblem::Duplicate { line, symbol, first: *first });
        }
        let text = row.cell(SHARES);
        let quantity = sheet::number(text);
        let whole = quantity.filter(Decimal::is_integer).and_then(|shares| shares.to_i64());
        match (quantity, whole.map(Quantity::new)) {
            (Some(quantity), _) if quantity < Decimal::ZERO => {
                self.problems.push(HoldingsProblem::Negative { line, symbol, quantity });
            }
            (Some(quantity), _) if !quantity.is_integer() => {
                self.problems.push(HoldingsProblem::Fraction { line, symbol, quantity });
            }
            (_, Some(Ok(shares))) => {
                self.shares.insert(symbol, (line, shares));
                return;
            }
            _ => self.problems.push(HoldingsProblem::NotANumber { line, text: text.to_owned() }),
        }
        self.shares.insert(symbol, (line, Quantity::ZERO));
    }

    fn cash(&mut self, line: u64, text: &str) {
        let amount = sheet::number(text).filter(|won| *won >= Decimal::ZERO).and_then(|won| Money::new(won).ok());
        match (amount, self.cash) {
            (None, _) => self.problems.push(HoldingsProblem::Cash { line, text: text.to_owned() }),
            (Some(second), Some(first)) if first != second => {
                self.problems.push(HoldingsProblem::CashTwice { line, first, second });
            }
            (Some(amount), _) => self.cash = Some(amount),
        }
    }

    fn finish(self) -> Holdings {
        let held = self.shares.into_iter().filter(|(_, (_, shares))| *shares > Quantity::ZERO);
        Holdings { shares: held.map(|(symbol, (_, shares))| (symbol, shares)).collect(), cash: self.cash }
    }
}
