//! The embedded adapter, and the default.
