//! What an operator should know about the environment.

use super::{
    clients,
    definition::Definition,
    suggestion::nearest,
    upstream::{Meaning, ROWS},
    variables::Variables,
};

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) weight: Weight,
    pub(crate) text: String,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Something will not be as whoever set it wants.
    Warning,
    /// Nothing is lost.
    Note,
}

/// How names begin that are meant for a crash processor.
const PREFIXES: [&str; 19] = [
    "SOCORRO_",
    "CRASHSTORAGE_",
    "TELEMETRY_",
    "PUBSUB_",
    "SQS_",
    "PROCESSOR_",
    "SYMBOLS_",
    "STACKWALKER_",
    "STATSD_",
    "ELASTICSEARCH_",
    "BETAVERSIONRULE_",
    "CRASHMOVER_",
    "BREAKPAD_",
    "GUNICORN_",
    "resource.",
    "destination.",
    "processor.",
    "producer_consumer.",
    "companion_process.",
];

/// Names of ours that are no settings.
const OTHERS: [&str; 4] = [
    "SOCORRO_CONFIG",
    "SOCORRO_CONFORMANCE",
    "SOCORRO_CORPUS",
    "SOCORRO_CORPUS_BIG",
];

/// How names begin that say where the servers are that our own tests talk to.
const TESTS: &str = "SOCORRO_TEST_";

/// What is worth knowing about the names that are set.
pub(super) fn on(variables: &Variables, definitions: &[Definition]) -> Vec<Remark> {
    let mut remarks = elsewhere(variables);
    for name in variables.names() {
        if definitions
            .iter()
            .any(|definition| definition.variable == name)
        {
            continue;
        }
        let origin = variables.get(name).map(|found| found.origin());
        let Some(origin) = origin else { continue };
        // Containers set it to what it is.
        if name == "HOSTNAME" {
            continue;
        }
        if let Some(row) = ROWS.iter().find(|row| row.name == name) {
            let has = |option| definitions.iter().any(|known| known.option == option);
            let (weight, text) = match row.meaning {
                Meaning::Ignored(why) => (Weight::Note, format!("{origin} has no effect: {why}")),
                Meaning::Unsupported(why) => {
                    (Weight::Warning, format!("{origin} has no effect: {why}"))
                }
                Meaning::Option(option) if !has(option) => {
                    let missing = without(option);
                    let text = format!("{origin} has no effect: this program {missing}");
                    (Weight::Warning, text)
                }
                _ => continue,
            };
            remarks.push(Remark { weight, text });
        } else if is_unknown(name) {
            let known = definitions.iter().map(|known| known.variable.as_str());
            let known = known.chain(ROWS.iter().map(|row| row.name)).chain(OTHERS);
            let likely = nearest(name, known);
            let likely = likely.map_or_else(String::new, |name| format!("; did you mean {name}?"));
            remarks.push(Remark {
                weight: Weight::Warning,
                text: format!("{origin} has no effect: there is no such setting{likely}"),
            });
        }
    }
    remarks
}

/// What a program lacks that does not have an option.
fn without(option: &str) -> String {
    match option {
        "sentry-dsn" => "was built without the feature sentry".to_owned(),
        _ => format!("has no --{option}"),
    }
}

/// Where a collector in the same environment puts crashes, and where the processor looks for them.
const COLLECTOR: [(&str, &str); 4] = [
    (
        "CRASHMOVER_CRASHSTORAGE_BUCKET_NAME",
        "CRASHSTORAGE_GCS_BUCKET",
    ),
    (
        "CRASHMOVER_CRASHSTORAGE_BUCKET_NAME",
        "CRASHSTORAGE_S3_BUCKET",
    ),
    ("CRASHMOVER_CRASHPUBLISH_PROJECT_ID", "PUBSUB_PROJECT_ID"),
    (
        "CRASHMOVER_CRASHPUBLISH_TOPIC_NAME",
        "PUBSUB_STANDARD_TOPIC_NAME",
    ),
];

/// A collector that puts crashes where nobody looks for them.
fn elsewhere(variables: &Variables) -> Vec<Remark> {
    let pairs = COLLECTOR.into_iter().filter_map(|(collector, processor)| {
        let (collector, processor) = (variables.get(collector)?, variables.get(processor)?);
        (collector.value != processor.value).then(|| Remark {
            weight: Weight::Warning,
            text: format!(
                "{} and {} differ: what the collector accepts is never processed",
                collector.origin(),
                processor.origin()
            ),
        })
    });
    pairs.collect()
}

fn is_unknown(name: &str) -> bool {
    let ours = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let is_known = OTHERS.contains(&name) || name.starts_with(TESTS) || clients::reads(name);
    ours && !is_known && !is_service_link(name)
}

/// Kubernetes tells every container where the services of its namespace are, in variables that
/// begin with their names: a service `socorro` makes `SOCORRO_SERVICE_HOST` and `SOCORRO_PORT`.
fn is_service_link(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.contains("_PORT_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remarks(name: &str) -> Vec<Remark> {
        on(&Variables::given(&[&[(name, "x")]]), &[])
    }

    #[test]
    fn what_has_no_effect_is_told_as_loud_as_it_matters() {
        for (name, weight, part) in [
            (
                "STACKWALKER_COMMAND_PATH",
                Weight::Note,
                "by this program itself",
            ),
            ("ELASTICSEARCH_URL", Weight::Warning, "no search index"),
            ("SENTRY_DSN", Weight::Warning, "without the feature sentry"),
            ("SOCORRO_STORAGE_COLOUR", Weight::Warning, "no such setting"),
            (
                "CRASHSTORAGE_S3_BUCKT",
                Weight::Warning,
                "did you mean CRASHSTORAGE_S3_BUCKET?",
            ),
            (
                "resource.boto.bucket",
                Weight::Warning,
                "did you mean resource.boto.bucket_name?",
            ),
        ] {
            let remarks = remarks(name);
            assert_eq!(remarks.len(), 1, "{name}");
            assert_eq!(remarks[0].weight, weight, "{name}");
            assert!(remarks[0].text.contains(part), "{remarks:?}");
        }
    }

    #[test]
    fn a_collector_that_puts_crashes_elsewhere_is_told() {
        let topics = |of_processor| {
            let names = [
                (
                    "CRASHMOVER_CRASHPUBLISH_TOPIC_NAME",
                    "local_dev_socorro_normal",
                ),
                ("PUBSUB_STANDARD_TOPIC_NAME", of_processor),
            ];
            on(&Variables::given(&[&names]), &[]).len()
        };
        assert_eq!(topics("local_dev_standard"), 1);
        assert_eq!(topics("local_dev_socorro_normal"), 0);
    }

    #[test]
    fn nothing_is_said_of_names_that_are_understood_or_none_of_ours() {
        for name in [
            "CRASHSTORAGE_S3_BUCKET",
            "AWS_REGION",
            "PATH",
            "SOCORRO_SERVICE_HOST",
            "SOCORRO_PORT_8001_TCP_ADDR",
            "SOCORRO_CORPUS_BIG",
            "SOCORRO_TEST_S3_ENDPOINT",
        ] {
            assert_eq!(remarks(name), [], "{name}");
        }
    }
}
