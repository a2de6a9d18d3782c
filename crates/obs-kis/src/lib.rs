//! A KIS account: keys, typed REST calls, error codes.
//!
//! [`KisClient`] asks one REST host on behalf of one pair of keys. What the broker answers is judged by the code in the body
//! first and by the HTTP status second, because the broker sends expired logins and rate limits as status 500.
//!
//! ```
//! use obs_kis::{Credentials, Endpoints, KisClient};
//!
//! let error = Credentials::new("an app key", "an app secret").unwrap_err();
//! assert_eq!(error.to_string(), "the app key has a character that no key has (a space or a line break?): copy it again");
//!
//! let client = KisClient::new(
//!     Endpoints::at("http://127.0.0.1:9443", "ws://127.0.0.1:21000")?,
//!     Credentials::new("PSdemo", "c2VjcmV0")?,
//! )?;
//! assert_eq!(client.endpoints().websocket(), "ws://127.0.0.1:21000");
//! # Ok::<(), obs_kis::KisError>(())
//! ```

mod answer;
mod client;
mod credentials;
mod endpoints;
mod error;

pub use client::KisClient;
pub use credentials::Credentials;
pub use endpoints::Endpoints;
pub use error::KisError;
