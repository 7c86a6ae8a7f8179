//! Whether symbols can be had.

use futures::future;
use socorro_stackwalk::{MissingSymbols, ModuleName, SymbolLookup, SymbolStore};

use super::{
    DoctorArguments,
    finding::{Finding, within},
};
use crate::{arguments::symbol_source, failure::Failure};

const NAME: &str = "symbols";

pub(super) async fn check(arguments: &DoctorArguments) -> Vec<Finding> {
    let places = arguments.walk.symbols.places();
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

/// Asks for a file that nobody has.
async fn ask(place: &str) -> Result<(), Failure> {
    let store = SymbolStore::new([symbol_source(place)?]);
    let module = ModuleName {
        debug_file: Some("socorro-doctor".to_owned()),
        debug_id: Some(Default::default()),
        ..ModuleName::default()
    };
    match &*store.lookup(&module).await {
        SymbolLookup::Missing(MissingSymbols::Unavailable { reason }) => Err(Failure::new(reason)),
        _ => Ok(()),
    }
}
