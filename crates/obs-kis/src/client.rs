//! Calls to the broker's REST host.

use std::{error::Error, time::Duration};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Credentials, Endpoints, KisError, answer::Answer};

/// How long connecting may take.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// How long the host may stay silent during a call.
const READ_DEADLINE: Duration = Duration::from_secs(10);
/// How long a call may take in all, should the host send drop by drop.
const CALL_DEADLINE: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes. The broker's longest are below a tenth of it.
const MAX_ANSWER: usize = 1 << 20;

/// An account at one REST host.
///
/// Cloning is cheap, and clones share their connections.
#[derive(Clone, Debug)]
pub struct KisClient {
    http: reqwest::Client,
    endpoints: Endpoints,
    credentials: Credentials,
}

#[derive(Serialize)]
struct ApprovalRequest<'a> {
    grant_type: &'static str,
    appkey: &'a str,
    // The one call that names the app secret like this.
    secretkey: &'a str,
}

#[derive(Deserialize)]
struct Approval {
    approval_key: String,
}

impl KisClient {
    /// A client for these hosts and keys. Nothing is asked yet.
    ///
    /// # Errors
    /// [`KisError::Setup`] if TLS cannot be set up, which is when the machine has no root certificates.
    pub fn new(endpoints: Endpoints, credentials: Credentials) -> Result<Self, KisError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // It fails only if another thread was faster, and then there is a provider too.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_DEADLINE)
            .read_timeout(READ_DEADLINE)
            .timeout(CALL_DEADLINE)
            // Following a redirect would send the keys to whoever it names.
            .redirect(reqwest::redirect::Policy::none())
            // Proxies would come from the environment, which is for programs to read.
            .no_proxy();
        // A plain host needs no certificates, and a bare container has none.
        let needs_tls = endpoints.rest().starts_with("https:");
        let builder = if needs_tls { builder } else { builder.tls_certs_only([]) };
        let http = builder.build().map_err(|error| KisError::Setup {
            reason: format!(
                "TLS cannot be set up: {}; are the root certificates installed (ca-certificates)?",
                causes(&error)
            ),
        })?;
        Ok(Self { http, endpoints, credentials })
    }

    /// The hosts it asks.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Asks for the key that opens the WebSocket.
    ///
    /// A key is valid for 24 hours and checked when a connection first subscribes. One call a second is allowed.
    ///
    /// # Errors
    /// [`KisError::WrongCredentials`] if the broker does not know the keys; others as their variants say.
    pub async fn approval_key(&self) -> Result<SecretString, KisError> {
        let request = ApprovalRequest {
            grant_type: "client_credentials",
            appkey: self.credentials.app_key(),
            secretkey: self.credentials.app_secret(),
        };
        let approval: Approval = self.post("/oauth2/Approval", &request).await?.read(&self.credentials)?;
        Ok(approval.approval_key.into())
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answer, KisError> {
        let address = self.endpoints.rest();
        let unreachable = |error: reqwest::Error| KisError::Unreachable {
            address: address.to_owned(),
            reason: causes(&error.without_url()),
        };
        let mut response = self.http.post(format!("{address}{path}")).json(body).send().await.map_err(unreachable)?;
        let mut answer = Answer { address: address.to_owned(), status: response.status().as_u16(), body: Vec::new() };
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            answer.body.extend_from_slice(&chunk);
            if answer.body.len() > MAX_ANSWER {
                return Err(answer.unreadable("is too long"));
            }
        }
        Ok(answer)
    }
}

/// An error and what caused it, in one line.
fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
