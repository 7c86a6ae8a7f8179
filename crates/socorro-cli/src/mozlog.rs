//! The log as Mozilla's services write it: a JSON object on each line, in the form mozlog 2.0.
//!
//! Source: <https://wiki.mozilla.org/Firefox/Services/Logging>, and the order of keys of Socorro.

use std::{fmt, process, time::SystemTime};

use serde_json::{Map, Value, json};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormattedFields,
        format::{FormatEvent, JsonFields, Writer},
    },
    registry::LookupSpan,
};

/// Writes events in that form.
#[derive(Debug)]
pub(crate) struct Mozlog {
    host: String,
}

impl Mozlog {
    /// The form, with the name of the machine.
    pub(crate) fn of(host: &str) -> Self {
        Self {
            host: host.to_owned(),
        }
    }
}

/// The number of syslog.
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

impl<S> FormatEvent<S, JsonFields> for Mozlog
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        let mut fields = Map::new();
        fields.insert("hostname".to_owned(), self.host.as_str().into());
        fields.insert("processname".to_owned(), "processor".into());
        // Its place; the event fills it in.
        fields.insert("msg".to_owned(), Value::Null);
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            let extensions = span.extensions();
            let written = extensions.get::<FormattedFields<JsonFields>>();
            let read = written.map(|written| serde_json::from_str(&written.fields));
            if let Some(Ok(Value::Object(of_span))) = read {
                fields.extend(of_span);
            }
        }
        event.record(&mut Collect(&mut fields));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let timestamp = now.map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX));
        let line = json!({
            "Timestamp": timestamp,
            "Type": metadata.target(),
            "Logger": "socorro",
            "Hostname": self.host,
            "EnvVersion": "2.0",
            "Severity": severity(*metadata.level()),
            "Pid": process::id(),
            "Fields": fields,
        });
        writeln!(writer, "{line}")
    }
}

/// Takes the fields of an event.
struct Collect<'a>(&'a mut Map<String, Value>);

impl Collect<'_> {
    fn insert(&mut self, field: &Field, value: Value) {
        let name = match field.name() {
            "message" => "msg",
            name => name,
        };
        self.0.insert(name.to_owned(), value);
    }
}

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_the_keys_in_their_order_and_the_fields_of_event_and_span() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .fmt_fields(JsonFields::new())
            .event_format(Mozlog::of("h1"))
            .finish();
        tracing::subscriber::with_default(log, || {
            let span = tracing::error_span!("crash", id = "x", attempt = 2);
            span.in_scope(|| tracing::warn!(lane = "standard", "given \"back\""));
        });
        let written = lines.0.lock().unwrap().clone();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written.matches('\n').count(), 1, "{written}");
        let line: Map<String, Value> = serde_json::from_str(&written).unwrap();
        let keys: Vec<_> = line.keys().map(String::as_str).collect();
        let expected = [
            "Timestamp",
            "Type",
            "Logger",
            "Hostname",
            "EnvVersion",
            "Severity",
            "Pid",
            "Fields",
        ];
        assert_eq!(keys, expected);
        assert_eq!(
            (&line["Severity"], &line["EnvVersion"]),
            (&4.into(), &"2.0".into())
        );
        assert!(line["Timestamp"].as_u64().unwrap() > 1_700_000_000_000_000_000);
        assert_eq!(
            line["Fields"],
            json!({
                "hostname": "h1", "processname": "processor", "msg": "given \"back\"",
                "id": "x", "attempt": 2, "lane": "standard",
            })
        );
    }
}
