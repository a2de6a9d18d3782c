//! Ticks to one-minute bars with coverage.
