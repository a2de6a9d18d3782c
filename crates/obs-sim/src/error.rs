//! Why the simulator does not start.

use std::io;

use obs_model::Symbol;

/// Why a simulator or its market cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// A port cannot be had: free it, or ask for port 0, which takes any free one.
    #[error("cannot listen for {service} on 127.0.0.1:{port}: {source}; free the port or ask for port 0")]
    Bind {
        /// What the port is for.
        service: &'static str,
        /// The port that was asked for.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// A market without stocks cannot trade: list at least one.
    #[error("the simulated market lists no stock; give it at least one listing")]
    NoListings,
    /// A stock is listed twice: remove one of the two.
    #[error("the simulated market lists {symbol} twice; remove one of the two")]
    ListedTwice {
        /// The stock.
        symbol: Symbol,
    },
    /// A base price at which no stock can open: choose one on KRX's grid.
    #[error("{symbol} cannot start at {base_price} won; choose a multiple of {tick} won, at least {least} won")]
    BasePrice {
        /// The stock.
        symbol: Symbol,
        /// The refused price in won.
        base_price: i64,
        /// The tick at that price.
        tick: i64,
        /// The smallest base price.
        least: i64,
    },
}
