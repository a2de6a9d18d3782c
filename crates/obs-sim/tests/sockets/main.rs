//! The simulator on its sockets, asked by a client made of plain libraries.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod faults;
mod rest;
mod support;
mod websocket;
