//! What policies may not say.
