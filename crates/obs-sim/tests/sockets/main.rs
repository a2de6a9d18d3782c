//! The simulator on its sockets, asked by a client made of plain libraries.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a panic in a test is a failed test")]

mod account;
mod books;
mod broker;
mod exact;
mod faults;
mod faults_frames;
mod faults_http;
mod gate;
mod orders;
mod past;
mod rest;
mod support;
mod websocket;
