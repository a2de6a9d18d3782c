//! What a client can be told to do otherwise.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use secrecy::SecretString;

use crate::Environment;

/// How a client behaves. Every duration is market time (see [`Clock`](crate::Clock)).
///
/// ```
/// use obs_kis::{Environment, KisSettings};
///
/// let mut settings = KisSettings::new(Environment::Live);
/// assert_eq!(settings.limits.calls_per_second.get(), 18);
/// settings.token_cache = Some("/var/lib/observer/tokens".into());
/// ```
#[derive(Clone, Debug)]
pub struct KisSettings {
    /// How many calls are made in a second.
    pub limits: Limits,
    /// How long a call may take.
    pub deadlines: Deadlines,
    /// How often a query is asked again.
    pub retries: Retries,
    /// The folder in which access tokens are kept between runs, one file for each app key and host. Without it each start asks
    /// for a token, which the broker allows once a minute and wants once a day.
    pub token_cache: Option<PathBuf>,
    /// How long before its end a token is replaced: half an hour. The broker hands out the same token for six hours after its
    /// issue, so more than eighteen hours would be in vain.
    pub renew_token_before: Duration,
    /// Whether orders are sent with the broker's hash of their body, which costs a call for each. The broker has made it optional.
    pub hashkey: bool,
    /// A proxy for all calls, such as `http://user:password@127.0.0.1:3128`. Those of the environment are not used.
    pub proxy: Option<SecretString>,
}

/// How many calls are made in a second, by all clones of a client together.
///
/// Calls are spaced evenly, so that no second sees more, wherever it begins. The broker counts all calls of an app key against
/// the first limit, and some calls about an account against a second one as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls of any kind: 18 live, 1 paper (the broker's notice of 2026-04-20; a new live customer has 3 for three days).
    pub calls_per_second: NonZeroU32,
    /// Calls that read the ledger: [`balance`](crate::KisClient::balance), [`orders`](crate::KisClient::orders),
    /// [`buying_power`](crate::KisClient::buying_power). The broker does not publish this limit: 2 live and 1 paper are ours.
    pub account_calls_per_second: NonZeroU32,
}

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Connecting: 5 s.
    pub connect: Duration,
    /// The host's silence at any time during a call: 10 s.
    pub answer: Duration,
    /// The call in all, should the host send drop by drop: 30 s. Waiting for the rate limit or for a token is not counted, and
    /// each further try has its own.
    pub call: Duration,
}

/// How often a query is asked again that failed in a way that passes. Orders never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Further tries after the first one: 3.
    pub tries: u32,
    /// The pause before the first of them, doubled for each further one and lengthened by up to as much again by chance: 200 ms.
    pub first_pause: Duration,
    /// The longest pause before chance: 5 s.
    pub longest_pause: Duration,
    /// The shortest pause after the broker said that the rate limit is exceeded: 100 ms live, 1 s paper.
    pub rate_limit_pause: Duration,
}

impl KisSettings {
    /// What the broker's notices allow in this environment, and nothing kept on disk.
    #[must_use]
    pub const fn new(environment: Environment) -> Self {
        Self {
            limits: Limits::new(environment),
            deadlines: Deadlines {
                connect: Duration::from_secs(5),
                answer: Duration::from_secs(10),
                call: Duration::from_secs(30),
            },
            retries: Retries::new(environment),
            token_cache: None,
            renew_token_before: Duration::from_secs(30 * 60),
            hashkey: false,
            proxy: None,
        }
    }
}

impl Limits {
    const fn new(environment: Environment) -> Self {
        let (all, account) = match environment {
            Environment::Live => (18, 2),
            Environment::Paper => (1, 1),
        };
        Self { calls_per_second: at_least_one(all), account_calls_per_second: at_least_one(account) }
    }
}

impl Retries {
    const fn new(environment: Environment) -> Self {
        let rate_limit_pause = match environment {
            Environment::Live => Duration::from_millis(100),
            Environment::Paper => Duration::from_secs(1),
        };
        Self { tries: 3, first_pause: Duration::from_millis(200), longest_pause: Duration::from_secs(5), rate_limit_pause }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}
