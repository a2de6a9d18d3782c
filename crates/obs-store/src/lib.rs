//! The ports to a database, and the conformance suite that every adapter passes.
