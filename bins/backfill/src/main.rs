//! Loads archives into the store.
fn main() {}
