//! Errors and panics to Sentry.
//!
//! What the log says at the level `error`, of our own crates, becomes an event. The log holds nothing
//! private; of its fields, only those that are known here go along.

use std::{borrow::Cow, fmt, sync::OnceLock, time::Duration};

use sentry::{
    Client, ClientOptions, Level,
    protocol::{Event, Value},
    types::Dsn,
};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    layer::{Context, Layer},
    registry::LookupSpan,
};

use crate::failure::Failure;

/// How long the end of the program waits for events that are on their way.
const PATIENCE: Duration = Duration::from_secs(2);
/// Fields that become tags, to look for.
const TAGS: [&str; 7] = [
    "crash_id",
    "ruleset",
    "queue",
    "reason",
    "destination",
    "check",
    "place",
];
/// Fields that go along.
const EXTRA: [&str; 2] = ["error", "attempt"];

/// Where events go, once that is known.
static CLIENT: OnceLock<Client> = OnceLock::new();

/// Sends errors to `dsn` from now on.
///
/// # Errors
///
/// When that is no DSN.
pub(super) fn send_to(dsn: &str, host: &str) -> Result<(), Failure> {
    // It holds a key, so it is not repeated.
    let dsn: Dsn = dsn.parse().map_err(|error| {
        Failure::usage(format!("cannot read the Sentry DSN: {error}"))
            .hint("it is written https://KEY@HOST/PROJECT")
    })?;
    let mut options = ClientOptions::default();
    options.dsn = Some(dsn);
    options.release = Some(Cow::Borrowed(concat!(
        "socorro@",
        env!("CARGO_PKG_VERSION")
    )));
    options.server_name = Some(Cow::Owned(host.to_owned()));
    // Nothing of the environment, and no hook beside our own, which keeps texts of panics private.
    options.default_integrations = false;
    options.send_default_pii = false;
    let client = Client::with_options(sentry::apply_defaults(options));
    CLIENT
        .set(client)
        .map_err(|_| Failure::new("errors are sent to Sentry already"))
}

/// Waits a moment for events that are on their way.
pub(super) fn close() {
    if let Some(client) = CLIENT.get() {
        client.close(Some(PATIENCE));
    }
}

/// Makes events of errors in the log.
#[derive(Debug)]
pub(crate) struct Errors;

/// What is known of an error or of a span: names and values.
#[derive(Debug, Clone, Default)]
struct Known(Vec<(&'static str, String)>);

impl Known {
    fn insert(&mut self, field: &Field, value: String) {
        let name = match field.name() {
            // The span of a crash has it under another name.
            "id" => "crash_id",
            name => name,
        };
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
    }
}

impl Visit for Known {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value.to_owned());
    }
}

impl<S> Layer<S> for Errors
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut known = Known::default();
            attributes.record(&mut known);
            span.extensions_mut().insert(known);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let ours = metadata.target().starts_with("socorro");
        let Some(client) = CLIENT.get().filter(|_| ours) else {
            return;
        };
        if *metadata.level() != tracing::Level::ERROR {
            return;
        }
        let mut known = Known::default();
        let scope = context.event_scope(event);
        for span in scope
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(of_span) = span.extensions().get::<Known>() {
                known.0.extend(of_span.0.iter().cloned());
            }
        }
        event.record(&mut known);
        client.capture_event(report(metadata, known), None);
    }
}

fn report(metadata: &tracing::Metadata<'_>, known: Known) -> Event<'static> {
    let place = format!(
        "{}:{}",
        metadata.file().unwrap_or_default(),
        metadata.line().unwrap_or_default()
    );
    // Texts have crash ids in them: what was written at one place for one reason is one issue.
    let mut fingerprint = vec![Cow::Owned(place)];
    let mut event = Event {
        level: Level::Error,
        logger: Some(metadata.target().to_owned()),
        ..Event::default()
    };
    for (name, value) in known.0 {
        if name == "message" {
            event.message = Some(value);
        } else if TAGS.contains(&name) {
            if name == "reason" {
                fingerprint.push(Cow::Owned(value.clone()));
            }
            event.tags.insert(name.to_owned(), value);
        } else if EXTRA.contains(&name) {
            event.extra.insert(name.to_owned(), Value::from(value));
        }
    }
    event.fingerprint = fingerprint.into();
    event
}
