//! Databases and fixtures for tests only.
