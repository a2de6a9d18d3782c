//! A service that embeds obs-model with its default features only.
fn main() {}
