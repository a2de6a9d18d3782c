//! The interface over real sockets, on a database in a file.

mod dashboard;
mod document;
mod events;
mod guard;
mod lists;
mod market;
mod program;
mod support;
mod udf;
