//! Why a poller stopped.

use obs_kis::KisError;

/// Why a poller stopped for good. Nothing but a person's doing makes another run succeed; everything else is survived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PollError {
    /// The broker refuses these keys, or will not serve them with what Track A needs.
    #[error("Track A cannot go on: {0}")]
    Broker(#[source] KisError),
}

/// Whether an error is about us and not about one stock: then every further call would get it too.
pub(crate) fn concerns_all(error: &KisError) -> bool {
    match error {
        KisError::WrongCredentials { .. } | KisError::Setup { .. } => true,
        // The gateway's refusals are about permissions, OPSQ0002 about an unknown service.
        KisError::Refused { code, .. } => code.starts_with("EGW") || code == "OPSQ0002",
        _ => false,
    }
}
