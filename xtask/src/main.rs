//! Tasks of this repository: test, migrate, tidy, bench.
fn main() {}
