//! Whether symbols can be had.

use futures::future;
use socorro_stackwalk::SymbolSource;

use super::{
    DoctorArguments,
    finding::{Finding, within},
};
use crate::failure::Failure;

const NAME: &str = "symbols";

pub(super) async fn check(arguments: &DoctorArguments) -> Vec<Finding> {
    let places = arguments.walk.places();
    if places.is_empty() {
        return vec![
            Finding::warning(
                NAME,
                "no symbols: functions stay unnamed, and signatures with them",
            )
            .hint("set --symbols, STACKWALKER_SYMBOLS_URLS or [symbols] sources"),
        ];
    }
    let checks = places.into_iter().map(|place| async move {
        // The address may hold a password.
        let shown = crate::settings::shown(NAME, place);
        let asked = within(arguments.timeout, NAME, &shown, ask(place)).await;
        match asked {
            Ok(()) => Finding::ok(NAME, format!("{shown} answers")),
            Err(finding) => finding.hint("walks go on without it, and ask again and again"),
        }
    });
    future::join_all(checks).await
}

/// Asks a symbol server for a file that nobody has; a directory has to be there.
#[cfg(feature = "http-symbols")]
async fn ask(place: &str) -> Result<(), Failure> {
    use socorro_stackwalk::{FetchSymbols as _, HttpOptions, HttpSource, ModuleName, SymbolName};

    if !place.contains("://") {
        SymbolSource::parse(place)?;
        return Ok(());
    }
    let options = HttpOptions {
        attempts: 1,
        ..HttpOptions::default()
    };
    let server = HttpSource::new(place, options)?;
    let Some(name) = SymbolName::new("socorro-doctor", Default::default()) else {
        return Ok(());
    };
    server.fetch(&name, &ModuleName::default()).await?;
    Ok(())
}

#[cfg(not(feature = "http-symbols"))]
async fn ask(place: &str) -> Result<(), Failure> {
    SymbolSource::parse(place)?;
    Ok(())
}
