//! SIGHUP: read the signature lists again.

use std::sync::Arc;

use socorro_signature::SignatureGenerator;

use crate::failure::Failure;

/// Reads the signature lists again at every SIGHUP, from now on, while crashes are processed.
///
/// Crashes in work keep the lists they began with. Lists that cannot be used change nothing.
///
/// # Errors
///
/// When the operating system does not allow to watch for the signal.
#[cfg(unix)]
pub(crate) fn on_hangup(signatures: Arc<SignatureGenerator>) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup())
        .map_err(|error| Failure::because("cannot watch for signals", &error))?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let signatures = Arc::clone(&signatures);
            // A panic in there would be reported by its hook; the lists in use stay.
            let _ = tokio::task::spawn_blocking(move || reload(&signatures)).await;
        }
    });
    Ok(())
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn on_hangup(_: Arc<SignatureGenerator>) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn reload(signatures: &SignatureGenerator) {
    match signatures.reload_lists() {
        Ok(true) => {
            crate::arguments::warn_of_empty_lists(&signatures.lists());
            tracing::info!("signature lists were read again");
        }
        Ok(false) => tracing::info!("built-in signature lists are in use: nothing to read again"),
        Err(error) => tracing::error!(
            error = &error as &dyn std::error::Error,
            "signature lists cannot be used; those read before stay in use"
        ),
    }
}
