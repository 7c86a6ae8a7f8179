//! Signals that end what somebody waits for.

use crate::failure::Failure;

/// Waits for a signal that ends the work, and gives back its number. What is in work is dropped.
///
/// # Errors
///
/// When signals cannot be watched for.
pub(crate) async fn stop_signal() -> Result<u8, Failure> {
    const SIGINT: u8 = 2;
    let failed = |error: std::io::Error| Failure::because("cannot watch for signals", &error);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        const SIGTERM: u8 = 15;
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
