//! What the programs share: settings, opening the store, terminal output.
