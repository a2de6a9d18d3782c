//! Everybody who has an account at the simulated broker.

use chrono::{DateTime, Utc};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::{
    keys::{IssueRefusal, Keys},
    random_text::{DIGITS, random_text},
};

/// What a customer needs to use the simulator. All of it is made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// 36 characters.
    pub app_key: String,
    /// 180 characters.
    pub app_secret: String,
    /// The number of its account: 8 digits and the product code `01`.
    pub account: String,
}

/// All customers, numbered from 0.
pub(crate) struct Customers {
    all: Vec<(Keys, String)>,
}

impl Customers {
    pub(crate) fn new(seed: u64, count: usize) -> Self {
        let customer = |number: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            // The market draws from stream 0 of the same seed, the first customer from stream 1, the cipher from stream 2.
            rng.set_stream(if number == 0 { 1 } else { 100 + number });
            let keys = Keys::new(rng.clone());
            rng.set_stream(1_000_000 + number);
            (keys, format!("5{}01", random_text(&mut rng, DIGITS, 7)))
        };
        Self { all: (0..count.max(1) as u64).map(customer).collect() }
    }

    pub(crate) fn list(&self) -> Vec<Customer> {
        let customer = |(keys, account): &(Keys, String)| Customer {
            app_key: keys.app_key.clone(),
            app_secret: keys.app_secret.clone(),
            account: account.clone(),
        };
        self.all.iter().map(customer).collect()
    }

    /// The customer of an app key, with its number.
    pub(crate) fn of_app_key(&self, app_key: &str) -> Result<(usize, &Keys), IssueRefusal> {
        let found = self.all.iter().enumerate().find(|(_, (keys, _))| keys.app_key == app_key);
        found.map(|(number, (keys, _))| (number, keys)).ok_or(IssueRefusal::AppKey)
    }

    /// The customer that an approval key was issued to.
    pub(crate) fn of_approval(&self, approval_key: &str, now: DateTime<Utc>) -> Option<usize> {
        self.all.iter().position(|(keys, _)| keys.approves(approval_key, now))
    }

    /// Whether an account belongs to a customer.
    pub(crate) fn owns(&self, customer: usize, account: &str) -> bool {
        self.all.get(customer).is_some_and(|(_, own)| own == account)
    }

    pub(crate) fn revoke_tokens(&self) {
        self.all.iter().for_each(|(keys, _)| keys.revoke_all());
    }
}
