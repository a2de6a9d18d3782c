//! Made-up keys and tokens.

use rand::{Rng, RngExt};

pub(crate) const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
pub(crate) const DIGITS: &[u8] = b"0123456789";
pub(crate) const HEX: &[u8] = b"0123456789abcdef";
pub(crate) const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// So many random characters out of an ASCII alphabet.
pub(crate) fn random_text(rng: &mut impl Rng, alphabet: &[u8], len: usize) -> String {
    (0..len).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len() as u64) as usize])).collect()
}

/// The shape of a UUID.
pub(crate) fn random_uuid(rng: &mut impl Rng) -> String {
    [8, 4, 4, 4, 12].map(|len| random_text(rng, HEX, len)).join("-")
}
