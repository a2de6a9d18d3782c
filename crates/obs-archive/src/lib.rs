//! The durable log: append, fsync, rotate, tail.
