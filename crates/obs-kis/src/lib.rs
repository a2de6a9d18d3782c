//! A KIS account: keys, typed REST calls, error codes.
