//! Signals that end the work of a command early.

use crate::failure::Failure;

const SIGINT: u8 = 2;
#[cfg(unix)]
const SIGTERM: u8 = 15;

/// Watches for a signal that ends the work, from this call on; waiting for it gives its number.
///
/// # Errors
///
/// When signals cannot be watched.
pub(crate) fn signal() -> impl Future<Output = Result<u8, Failure>> {
    let failed = |error: std::io::Error| Failure::because("cannot watch for signals", &error);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt()).map_err(failed);
        let terminate = signal(SignalKind::terminate()).map_err(failed);
        async {
            let (mut interrupt, mut terminate) = (interrupt?, terminate?);
            tokio::select! {
                _ = interrupt.recv() => Ok(SIGINT),
                _ = terminate.recv() => Ok(SIGTERM),
            }
        }
    }
    #[cfg(not(unix))]
    async move {
        let pressed = tokio::signal::ctrl_c().await;
        pressed.map(|()| SIGINT).map_err(failed)
    }
}
