//! Records the market.
fn main() {}
