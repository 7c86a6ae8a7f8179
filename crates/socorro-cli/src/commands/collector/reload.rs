//! SIGHUP: read the settings again.

use super::Receiver;
use crate::failure::Failure;

/// Reads the settings again at every SIGHUP, from now on, while reports are taken. Settings that
/// cannot be used change nothing.
///
/// # Errors
///
/// When the operating system does not allow to watch for the signal.
#[cfg(unix)]
pub(crate) fn at_hangup(receiver: Receiver) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup())
        .map_err(|error| Failure::because("cannot watch for signals", &error))?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let receiver = receiver.clone();
            // A panic in there would be reported by its hook; what was read before stays in use.
            let _ = tokio::task::spawn_blocking(move || reload(&receiver)).await;
        }
    });
    Ok(())
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn at_hangup(_: Receiver) -> Result<(), Failure> {
    Ok(())
}

#[cfg(unix)]
fn reload(receiver: &Receiver) {
    use crate::arguments::{Arguments, Unreadable};

    let read = match Arguments::read() {
        Ok((arguments, _)) => arguments,
        Err(Unreadable::Settings(failure)) => return refused(failure.message()),
        // The command line was read once already: a setting must contradict it now.
        Err(Unreadable::Words(_)) => return refused("they do not fit the command line"),
    };
    let Some(arguments) = read.command.collector() else {
        return;
    };
    match receiver.reload(arguments) {
        Ok(()) => tracing::info!("settings were read again"),
        Err(failure) => refused(failure.message()),
    }
}

#[cfg(unix)]
fn refused(reason: &str) {
    tracing::error!(
        reason,
        "settings cannot be used; those read before stay in use"
    );
}
