//! What stocks are called, for people who read logs.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use obs_model::Symbol;

/// The Korean names of stocks, as far as they are known. Cloning gives the same book.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<RwLock<HashMap<Symbol, Arc<str>>>>);

/// A symbol as people read it: `005930 삼성전자`.
#[derive(Clone, Debug)]
pub struct Named {
    symbol: Symbol,
    name: Option<Arc<str>>,
}

impl Names {
    /// Learns names.
    pub fn learn<'a>(&self, names: impl IntoIterator<Item = (Symbol, &'a str)>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(names.into_iter().map(|(symbol, name)| (symbol, Arc::from(name))));
    }

    /// The name, if it is known.
    #[must_use]
    pub fn name(&self, symbol: Symbol) -> Option<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&symbol).cloned()
    }

    /// The symbol with its name.
    #[must_use]
    pub fn of(&self, symbol: Symbol) -> Named {
        Named { symbol, name: self.name(symbol) }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} {name}", self.symbol),
            None => write!(f, "{}", self.symbol),
        }
    }
}
