#![doc = include_str!("../README.md")]

mod control;
mod control_server;
mod customers;
mod delivery;
mod error;
mod exchange;
mod faults;
mod feed;
pub mod frame;
mod keys;
mod ledger;
mod limiter;
mod line;
pub mod market;
mod message;
mod pingpong;
mod random_text;
mod rest;
mod session;
mod sessions;
mod settings;
mod simulator;
mod trading;

pub use control::Control;
pub use customers::Customer;
pub use error::SimError;
pub use faults::{ActiveFault, Fault, InvalidFault, Scheduled};
pub use ledger::{Connection, ConnectionEnd, Delivery, Ledger};
pub use limiter::Pace;
pub use settings::{CallLimits, Clock, Environment, SimSettings};
pub use simulator::Simulator;
pub use trading::{Action, Order, StartingHolding};
