#![doc = include_str!("../README.md")]

mod account;
mod control;
mod error;
mod exchange;
mod feed;
pub mod frame;
mod ledger;
pub mod market;
mod message;
mod random_text;
mod rest;
mod session;
mod sessions;
mod settings;
mod simulator;

pub use control::Control;
pub use error::SimError;
pub use ledger::{Delivery, Ledger};
pub use settings::{Clock, SimSettings};
pub use simulator::Simulator;
