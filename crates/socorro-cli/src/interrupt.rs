//! Signals that end the work of a command early.

use crate::failure::Failure;

const SIGINT: u8 = 2;
#[cfg(unix)]
const SIGTERM: u8 = 15;

/// Waits for a signal that ends the work, and gives back its number.
///
/// # Errors
///
/// When signals cannot be watched.
pub(crate) async fn signal() -> Result<u8, Failure> {
    let failed = |error: std::io::Error| Failure::because("cannot watch for signals", &error);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result.map(|()| SIGINT).map_err(failed),
            _ = terminate.recv() => Ok(SIGTERM),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c()
        .await
        .map(|()| SIGINT)
        .map_err(failed)
}
