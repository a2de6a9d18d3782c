//! Where a policy's targets come from: a table, a file, a list that shares what is left.

use std::collections::BTreeMap;

use obs_model::{Symbol, Weight};
use rust_decimal::{Decimal, RoundingStrategy};

use super::keys::{Keys, Notes, WEIGHT, is_weight};
use crate::sheet::{self, NoSheet, Sheet};

/// Decimals of an equal share. What is cut off becomes cash.
const DECIMALS: u32 = 12;
/// As much may be missing to a sum of 1, because weights were rounded. It becomes cash.
pub(super) const ROUNDING: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// Names of a file's columns, written without spaces and in lower case.
const CODE: &[&str] = &["symbol", "code", "ticker", "종목코드", "종목번호", "단축코드", "코드"];
const SHARE: &[&str] = &["weight", "target", "targetweight", "목표비중", "비중", "목표", "목표비율"];
const IGNORED: &[&str] = &["name", "종목명", "종목", "이름", "비고", "note", "notes"];

/// Symbols with their targets and where each was named.
struct Found {
    targets: BTreeMap<Symbol, (Weight, String)>,
    cash: Option<Decimal>,
}

/// Reads all targets of a policy. Nothing is returned if something is wrong with one: their sum would say nothing then.
pub(super) fn read(
    keys: &mut Keys<'_>,
    notes: &mut Notes<'_>,
    read: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Option<BTreeMap<Symbol, Weight>> {
    let before = notes.problems.len();
    let cash = keys.weight(notes, "cash").map(Weight::share);
    let mut found = Found { targets: BTreeMap::new(), cash };
    for (symbol, weight, name) in keys.table(notes, "targets").weights(notes) {
        found.insert(symbol, weight, name, notes);
    }
    if let Some(path) = keys.text(notes, "file") {
        match read(&path) {
            Ok(bytes) => found.file(&path, &bytes, notes),
            Err(words) => notes.add(
                "file",
                format!("{path:?} cannot be read: {words}; correct the path, it counts from the policy's folder"),
            ),
        }
    }
    let equal = keys.symbols(notes, "equal");
    if notes.problems.len() > before {
        return None;
    }
    if !equal.is_empty() {
        found.divide(&equal, notes);
    }
    found.check_sum(notes);
    (notes.problems.len() == before)
        .then(|| found.targets.into_iter().map(|(symbol, (weight, _))| (symbol, weight)).collect())
}

impl Found {
    /// Adds a target that stands at a place, which is a key of the policy or a line of its file.
    fn insert(&mut self, symbol: Symbol, weight: Weight, place: String, notes: &mut Notes<'_>) {
        if let Some((_, first)) = self.targets.get(&symbol) {
            let words = format!("{symbol} has a target in {first} already; remove one of them");
            if notes.line_of(&place).is_some() {
                notes.add(place, words);
            } else {
                notes.add("file", format!("{place}: {words}"));
            }
            return;
        }
        self.targets.insert(symbol, (weight, place));
    }

    /// Adds what a CSV file says.
    fn file(&mut self, path: &str, bytes: &[u8], notes: &mut Notes<'_>) {
        let sheet = match Sheet::read(bytes, &[CODE, SHARE], IGNORED) {
            Ok(sheet) => sheet,
            Err(NoSheet::Empty) => {
                return notes.add("file", format!("{path} is empty; give a header and a row for each target"));
            }
            Err(NoSheet::Encoding) => {
                return notes.add("file", format!("{path} is neither UTF-8 nor CP949; save it as CSV in UTF-8"));
            }
            Err(NoSheet::Csv { line, words }) => return notes.add("file", format!("{path}, line {line}: {words}")),
        };
        for column in &sheet.unknown {
            notes.add("file", format!("{path} has a column {column:?} that means nothing here; remove it"));
        }
        for (column, names) in [CODE, SHARE].iter().enumerate().filter(|(column, _)| !sheet.has(*column)) {
            let what = ["symbols", "weights"][column];
            notes.add("file", format!("{path} has no column of {what}; its header is one of {}", names.join(", ")));
        }
        if !(sheet.has(0) && sheet.has(1)) {
            return;
        }
        for row in &sheet.rows {
            let (code, share) = (row.cell(0), row.cell(1));
            let place = format!("{path}, line {}", row.line);
            let number = crate::number::decimal(share).filter(|share| is_weight(*share));
            let weight = number.and_then(|share| Weight::new(share).ok());
            let Some(weight) = weight else {
                notes.add("file", format!("{place}: {share:?} is not {WEIGHT}"));
                continue;
            };
            if sheet::is_cash(code) {
                if self.cash.is_some_and(|cash| cash != weight.share()) {
                    notes.add("file", format!("{place}: cash has another target already; remove one of them"));
                }
                self.cash = Some(weight.share());
            } else {
                match sheet::symbol(code) {
                    Ok(symbol) => self.insert(symbol, weight, place, notes),
                    Err(error) => notes.add("file", format!("{place}: {error}; give KRX's short code")),
                }
            }
        }
    }

    /// Divides among symbols what cash and the other targets leave.
    fn divide(&mut self, symbols: &[Symbol], notes: &mut Notes<'_>) {
        let left = (Decimal::ONE - self.cash.unwrap_or_default() - self.sum()).normalize();
        let share = left / Decimal::from(symbols.len());
        let share = share.round_dp_with_strategy(DECIMALS, RoundingStrategy::ToZero);
        match Weight::new(share) {
            Ok(share) if share > Weight::default() => {
                for symbol in symbols {
                    self.insert(*symbol, share, "equal".to_owned(), notes);
                }
            }
            _ => notes.add("equal", format!("cash and the other targets leave {left} for it; lower them")),
        }
    }

    fn check_sum(&self, notes: &mut Notes<'_>) {
        let (sum, cash) = (self.sum(), self.cash.unwrap_or_default());
        let all = (sum + cash).normalize();
        if all > Decimal::ONE {
            let over = all - Decimal::ONE;
            notes.add("targets", format!("targets of {sum} and cash of {cash} add up to {all}; lower them by {over}"));
        } else if Decimal::ONE - all > ROUNDING {
            let left = (Decimal::ONE - sum).normalize();
            let next = format!("raise a target, or write cash = {left}");
            notes.add("targets", format!("targets of {sum} and cash of {cash} add up to {all} instead of 1; {next}"));
        }
    }

    fn sum(&self) -> Decimal {
        self.targets.values().map(|(weight, _)| weight.share()).sum::<Decimal>().normalize()
    }
}
