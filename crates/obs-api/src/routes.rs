//! What is answered at each address.

pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod market;
pub(crate) mod portfolio;
pub(crate) mod record;
pub(crate) mod status;
pub(crate) mod udf;

mod reading;
