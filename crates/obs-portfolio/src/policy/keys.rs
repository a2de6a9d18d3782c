//! Reading a file's keys one by one, and keeping account of what is wrong with them.

use std::collections::BTreeMap;

use obs_model::{Symbol, Weight};
use rust_decimal::Decimal;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::PolicyProblem;
use crate::{number, units};

/// What is wrong with a file, and where its keys stand.
pub(super) struct Notes<'t> {
    text: &'t str,
    lines: BTreeMap<String, usize>,
    pub(super) problems: Vec<PolicyProblem>,
}

/// A table whose keys are taken out as they are read.
pub(super) struct Keys<'t> {
    path: String,
    table: DeTable<'t>,
}

impl<'t> Notes<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, lines: BTreeMap::new(), problems: Vec::new() }
    }

    /// Notes what is wrong with a key.
    pub(super) fn add(&mut self, key: impl Into<String>, words: impl Into<String>) {
        let key = key.into();
        self.problems.push(PolicyProblem { line: self.lines.get(&key).copied(), key, words: words.into() });
    }

    /// Notes what is wrong at a place of the text.
    pub(super) fn add_at(&mut self, start: usize, key: String, words: impl Into<String>) {
        self.problems.push(PolicyProblem { line: Some(self.line(start)), key, words: words.into() });
    }

    /// The line of a key that was read.
    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        self.lines.get(key).copied()
    }

    fn line(&self, start: usize) -> usize {
        let before = self.text.as_bytes().get(..start).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

impl<'t> Keys<'t> {
    /// The keys of the whole file.
    pub(super) const fn of(table: DeTable<'t>) -> Self {
        Self { path: String::new(), table }
    }

    /// The full name of a key.
    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn take(&mut self, notes: &mut Notes<'_>, key: &str) -> Option<DeValue<'t>> {
        let value = self.table.remove(key)?;
        notes.lines.insert(self.name(key), notes.line(value.span().start));
        Some(value.into_inner())
    }

    /// A table within; empty if there is none.
    pub(super) fn table(&mut self, notes: &mut Notes<'_>, key: &str) -> Self {
        let path = self.name(key);
        let table = match self.take(notes, key) {
            None => DeTable::new(),
            Some(DeValue::Table(table)) => table,
            Some(other) => {
                notes.add(path.clone(), format!("this is a table: write [{path}], not {}", shown(&other)));
                DeTable::new()
            }
        };
        Self { path, table }
    }

    /// A text.
    pub(super) fn text(&mut self, notes: &mut Notes<'_>, key: &str) -> Option<String> {
        match self.take(notes, key)? {
            DeValue::String(text) => Some(text.into_owned()),
            other => {
                notes.add(self.name(key), format!("{} is no text; put it in quotes", shown(&other)));
                None
            }
        }
    }

    /// A number within a range, which is described for people.
    pub(super) fn number(
        &mut self,
        notes: &mut Notes<'_>,
        key: &str,
        range: &str,
        is_good: impl FnOnce(Decimal) -> bool,
    ) -> Option<Decimal> {
        let value = self.take(notes, key)?;
        let number = decimal(&value).filter(|number| is_good(*number));
        if number.is_none() {
            notes.add(self.name(key), format!("{} is not {range}", shown(&value)));
        }
        number
    }

    /// A share of 0 to 1.
    pub(super) fn weight(&mut self, notes: &mut Notes<'_>, key: &str) -> Option<Weight> {
        let number = self.number(notes, key, WEIGHT, is_weight)?;
        Weight::new(number).ok()
    }

    /// A share above 0 up to a largest one.
    pub(super) fn weight_to(&mut self, notes: &mut Notes<'_>, key: &str, most: Decimal) -> Option<Weight> {
        let range = format!("a share above 0 and up to {most}; leave the key out to do without");
        let is_good = |share| is_weight(share) && share > Decimal::ZERO && share <= most;
        Weight::new(self.number(notes, key, &range, is_good)?).ok()
    }

    /// A whole number within a range.
    pub(super) fn whole(&mut self, notes: &mut Notes<'_>, key: &str, least: i64, most: i64) -> Option<i64> {
        let range = format!("a whole number of {least} to {most}");
        let is_good = |number: Decimal| number.is_integer() && (least.into()..=most.into()).contains(&number);
        self.number(notes, key, &range, is_good)?.try_into().ok()
    }

    /// A list of symbols, none of them twice.
    pub(super) fn symbols(&mut self, notes: &mut Notes<'_>, key: &str) -> Vec<Symbol> {
        let name = self.name(key);
        let Some(value) = self.take(notes, key) else { return Vec::new() };
        let DeValue::Array(list) = value else {
            notes.add(name, format!("{} is no list; write [\"005930\", \"000660\"]", shown(&value)));
            return Vec::new();
        };
        let mut symbols = Vec::new();
        for item in list {
            let start = item.span().start;
            match symbol_of(item.get_ref()) {
                Ok(symbol) if symbols.contains(&symbol) => {
                    notes.add_at(start, name.clone(), format!("{symbol} stands in it twice; remove one"))
                }
                Ok(symbol) => symbols.push(symbol),
                Err(words) => notes.add_at(start, name.clone(), words),
            }
        }
        symbols
    }

    /// All keys of a table of weights by symbol, each with its full name.
    pub(super) fn weights(self, notes: &mut Notes<'_>) -> Vec<(Symbol, Weight, String)> {
        let mut weights = Vec::new();
        for (code, value) in self.table {
            let name = format!("{}.\"{}\"", self.path, code.get_ref());
            notes.lines.insert(name.clone(), notes.line(code.span().start));
            let symbol = code.get_ref().parse::<Symbol>();
            let weight =
                decimal(value.get_ref()).filter(|weight| is_weight(*weight)).and_then(|weight| Weight::new(weight).ok());
            match (symbol, weight) {
                (Ok(symbol), Some(weight)) => weights.push((symbol, weight, name)),
                (symbol, weight) => {
                    if let Err(error) = symbol {
                        notes.add(name.clone(), format!("{error}; give KRX's short code"));
                    }
                    if weight.is_none() {
                        notes.add(name, format!("{} is not {WEIGHT}", shown(value.get_ref())));
                    }
                }
            }
        }
        weights
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn finish(self, notes: &mut Notes<'_>) {
        for key in self.table.keys() {
            let name = self.name(key.get_ref());
            notes.add_at(key.span().start, name, "there is no such key; examples/policy.toml has all of them");
        }
    }
}

/// What a weight is, for people.
pub(super) const WEIGHT: &str = "a share of 0 to 1 with at most 18 decimals; write 0.2, or \"20 %\"";

pub(super) fn is_weight(share: Decimal) -> bool {
    (Decimal::ZERO..=Decimal::ONE).contains(&share) && share.normalize().scale() <= units::WEIGHT_DECIMALS
}

/// A number as it is written, never as a float.
fn decimal(value: &DeValue<'_>) -> Option<Decimal> {
    match value {
        DeValue::Integer(number) if number.radix() == 10 => number::decimal(number.as_str()),
        DeValue::Float(number) => number::decimal(number.as_str()),
        DeValue::String(text) => number::decimal(text),
        _ => None,
    }
}

fn symbol_of(value: &DeValue<'_>) -> Result<Symbol, String> {
    match value {
        DeValue::String(code) => code.parse().map_err(|error| format!("{error}; give KRX's short code")),
        other => Err(format!("{} is no symbol; put it in quotes, its leading zeros count", shown(other))),
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// The keys of a text, or what is wrong with its writing.
pub(super) fn keys<'t>(text: &'t str, notes: &mut Notes<'_>) -> Option<Keys<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let start = error.span().map_or(0, |span| span.start);
        notes.add_at(start, String::new(), error.message().to_owned());
    }
    errors.is_empty().then(|| Keys::of(Spanned::into_inner(table)))
}
