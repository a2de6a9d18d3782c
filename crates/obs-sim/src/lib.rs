//! A simulated KIS exchange on real sockets.
