//! Values that several names make up.

use url::form_urlencoded;

use super::{
    Proposal,
    collector::Collector,
    table::{Meaning, Part, ROWS},
};
use crate::settings::variables::{Found, Variables};

/// How many threads a processor of Socorro's has when nobody says.
const DEFAULT_THREADS: u32 = 4;

/// What Socorro's names say about our options, strongest first for each option.
///
/// # Errors
///
/// The names that contradict each other or cannot be understood.
pub(crate) fn proposals(variables: &Variables) -> (Vec<Proposal>, Vec<String>) {
    let mut made = Vec::new();
    let mut problems = Vec::new();
    for row in ROWS {
        if let (Meaning::Option(option), Some(found)) = (row.meaning, variables.get(row.name)) {
            made.push(proposal(option, found, text(found)));
        }
    }
    let parts = Parts { variables };
    let collector = Collector { variables };
    for composed in [
        parts.storage(),
        parts.telemetry(),
        parts.workers(),
        Ok(parts.queue()),
        // After those of the processor, which count in an environment that has both.
        collector.storage(),
        collector.queue(),
        collector.throttler(),
        collector.address(),
    ] {
        match composed {
            Ok(proposal) => made.extend(proposal),
            Err(problem) => problems.push(problem),
        }
    }
    // For addresses of buckets on the command line, which do not say it.
    for (option, part) in [
        ("endpoint-url", Part::AwsEndpoint),
        ("region", Part::S3Region),
    ] {
        let found = parts.get(part);
        made.extend(found.map(|found| proposal(option, found, text(found))));
    }
    // Of the same strength, the first row counts.
    made.sort_by_key(|proposal| proposal.layer);
    (made, problems)
}

pub(super) fn proposal(option: &'static str, anchor: Found<'_>, value: String) -> Proposal {
    Proposal {
        option,
        value,
        layer: anchor.layer,
        origin: anchor.origin(),
    }
}

pub(super) fn text(found: Found<'_>) -> String {
    found.value.to_string_lossy().trim().to_owned()
}

/// The strongest value of a part.
pub(super) fn strongest(variables: &Variables, part: Part) -> Option<Found<'_>> {
    let rows = ROWS.iter().filter(|row| row.meaning == Meaning::Part(part));
    let found = rows.filter_map(|row| variables.get(row.name));
    found.min_by_key(|found| found.layer)
}

pub(super) type Composed = Result<Option<Proposal>, String>;

#[derive(Clone, Copy)]
struct Parts<'a> {
    variables: &'a Variables,
}

impl<'a> Parts<'a> {
    fn get(self, part: Part) -> Option<Found<'a>> {
        strongest(self.variables, part)
    }

    fn storage(self) -> Composed {
        let s3 = self.get(Part::S3Bucket);
        let google = self.get(Part::GoogleBucket);
        let bucket = self.bucket(s3, google, Part::S3Region)?;
        Ok(bucket.map(|(anchor, url)| proposal("storage", anchor, url)))
    }

    fn telemetry(self) -> Composed {
        let s3 = self.get(Part::TelemetryS3Bucket);
        let google = self.get(Part::TelemetryGoogleBucket);
        let bucket = self.bucket(s3, google, Part::TelemetryS3Region)?;
        Ok(bucket.map(|(anchor, url)| {
            // A copy for others: a crash is not held back for it.
            let destination = format!("telemetry=telemetry+{url};optional");
            proposal("destination", anchor, destination)
        }))
    }

    /// The one of two buckets that is meant, as the address of a storage.
    fn bucket(
        self,
        s3: Option<Found<'a>>,
        google: Option<Found<'a>>,
        region: Part,
    ) -> Result<Option<(Found<'a>, String)>, String> {
        let provider = self.get(Part::Provider).map(text);
        let s3_address = |bucket| {
            let region = self.get(region).or_else(|| self.get(Part::S3Region));
            let options = [
                ("endpoint", self.get(Part::AwsEndpoint)),
                ("region", region),
            ];
            (bucket, format!("s3://{}{}", text(bucket), query(options)))
        };
        let google_address = |bucket| (bucket, format!("gs://{}", text(bucket)));
        match (s3, google, provider.as_deref()) {
            (None, None, _) => Ok(None),
            (Some(bucket), None, _) | (Some(bucket), Some(_), Some("AWS")) => {
                Ok(Some(s3_address(bucket)))
            }
            (None, Some(bucket), _) | (Some(_), Some(bucket), Some("GCP")) => {
                Ok(Some(google_address(bucket)))
            }
            (Some(s3), Some(google), _) => Err(format!(
                "{} and {} are both set; CLOUD_PROVIDER=AWS or CLOUD_PROVIDER=GCP says which counts",
                s3.name, google.name
            )),
        }
    }

    /// The names of topics, subscriptions and the other queues are read by the queue itself.
    fn queue(self) -> Option<Proposal> {
        if let Some(project) = self.get(Part::PubsubProject) {
            return Some(proposal(
                "queue",
                project,
                format!("pubsub://{}", text(project)),
            ));
        }
        let queue = self.get(Part::SqsQueue)?;
        let options = [("endpoint", self.get(Part::AwsEndpoint))];
        Some(proposal(
            "queue",
            queue,
            format!("sqs://{}", query(options)),
        ))
    }

    /// Socorro starts so many processes with so many threads each; here is one process.
    fn workers(self) -> Composed {
        let (processes, threads) = (self.get(Part::Processes), self.get(Part::Threads));
        let anchor = match (processes, threads) {
            (None, None) => return Ok(None),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(processes), Some(threads)) if processes.layer < threads.layer => processes,
            (Some(_), Some(threads)) => threads,
        };
        let number = |found: Option<Found<'_>>, default: u32| match found {
            None => Ok(default),
            Some(found) => text(found)
                .parse::<u32>()
                .map_err(|_| format!("{}: {} is a whole number", found.origin(), found.name)),
        };
        let workers = number(processes, 1)?.saturating_mul(number(threads, DEFAULT_THREADS)?);
        Ok(Some(proposal("workers", anchor, workers.to_string())))
    }
}

/// The query of an address.
pub(super) fn query<const N: usize>(options: [(&str, Option<Found<'_>>); N]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, found) in options {
        if let Some(found) = found {
            query.append_pair(name, &text(found));
        }
    }
    match query.finish() {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(layers: &[&[(&str, &str)]]) -> Vec<(&'static str, String)> {
        let (made, problems) = proposals(&Variables::given(layers));
        assert_eq!(problems, [""; 0]);
        made.into_iter()
            .map(|made| (made.option, made.value))
            .filter(|(option, _)| !["endpoint-url", "region"].contains(option))
            .collect()
    }

    fn only(names: &[(&str, &str)]) -> (&'static str, String) {
        let made = proposed(&[names]);
        assert_eq!(made.len(), 1, "{made:?}");
        made[0].clone()
    }

    #[test]
    fn a_bucket_of_each_time_becomes_the_address_of_a_storage() {
        for (names, url) in [
            (
                &[("CRASHSTORAGE_GCS_BUCKET", "crashes")][..],
                "gs://crashes",
            ),
            (&[("CRASHSTORAGE_S3_BUCKET", "crashes")], "s3://crashes"),
            (
                &[
                    ("LOCAL_DEV_AWS_ENDPOINT_URL", "http://localstack:4566/"),
                    ("CRASHSTORAGE_S3_BUCKET", "dev-bucket"),
                    ("CRASHSTORAGE_S3_REGION", "us-west-2"),
                ],
                "s3://dev-bucket?endpoint=http%3A%2F%2Flocalstack%3A4566%2F&region=us-west-2",
            ),
            (
                &[
                    ("resource.boto.bucket_name", "dev_bucket"),
                    ("resource.boto.endpoint_url", "http://localstack-s3:5000/"),
                ],
                "s3://dev_bucket?endpoint=http%3A%2F%2Flocalstack-s3%3A5000%2F",
            ),
            (
                &[
                    ("CLOUD_PROVIDER", "GCP"),
                    ("CRASHSTORAGE_GCS_BUCKET", "new"),
                    ("CRASHSTORAGE_S3_BUCKET", "old"),
                ],
                "gs://new",
            ),
        ] {
            assert_eq!(only(names), ("storage", url.to_owned()), "{names:?}");
        }
    }

    #[test]
    fn the_endpoint_of_each_time_counts_for_commands_about_buckets() {
        for endpoint in ["LOCAL_DEV_AWS_ENDPOINT_URL", "resource.boto.endpoint_url"] {
            let names = [
                (endpoint, "http://localstack:4566/"),
                ("resource.boto.region", "r"),
            ];
            let (made, _) = proposals(&Variables::given(&[&names]));
            let made: Vec<_> = made
                .iter()
                .map(|made| (made.option, &*made.value))
                .collect();
            assert_eq!(
                made,
                [("endpoint-url", "http://localstack:4566/"), ("region", "r")]
            );
        }
    }

    #[test]
    fn two_buckets_without_a_provider_are_told() {
        let names = [
            ("CRASHSTORAGE_GCS_BUCKET", "a"),
            ("CRASHSTORAGE_S3_BUCKET", "b"),
        ];
        let (_, problems) = proposals(&Variables::given(&[&names]));
        assert!(problems[0].contains("CLOUD_PROVIDER=GCP"), "{problems:?}");
    }

    #[test]
    fn other_names_become_our_options() {
        for (names, option, value) in [
            (
                &[("TELEMETRY_GCS_BUCKET", "t")][..],
                "destination",
                "telemetry=telemetry+gs://t;optional",
            ),
            (&[("PUBSUB_PROJECT_ID", "test")], "queue", "pubsub://test"),
            (&[("PROCESSOR_WORKERS", "2")], "workers", "8"),
            (
                &[
                    ("PROCESSOR_WORKERS", "2"),
                    ("PROCESSOR_NUMBER_OF_THREADS", "3"),
                ],
                "workers",
                "6",
            ),
            (
                &[("producer_consumer.number_of_threads", "3")],
                "workers",
                "3",
            ),
            (&[("STATSD_HOST", "metrics")], "statsd", "metrics"),
            (&[("STATSD_PORT", "99")], "statsd-port", "99"),
            (&[("LOGGING_LEVEL", "DEBUG")], "log-level", "DEBUG"),
            (&[("secrets.sentry.dsn", "x")], "sentry-dsn", "x"),
        ] {
            assert_eq!(only(names), (option, value.to_owned()), "{names:?}");
        }
    }

    #[test]
    fn nothing_and_empty_names_say_nothing() {
        assert_eq!(proposed(&[&[("CRASHSTORAGE_S3_BUCKET", "")]]), []);
        let (_, problems) = proposals(&Variables::given(&[&[(
            "PROCESSOR_NUMBER_OF_THREADS",
            "four",
        )]]));
        assert!(
            problems[0].contains("PROCESSOR_NUMBER_OF_THREADS"),
            "{problems:?}"
        );
    }

    #[test]
    fn the_stronger_source_counts() {
        let layers: &[&[(&str, &str)]] = &[
            &[("resource.boto.bucket_name", "strong")],
            &[
                ("CRASHSTORAGE_S3_BUCKET", "weak"),
                ("CRASHSTORAGE_S3_REGION", "r"),
            ],
        ];
        assert_eq!(
            proposed(layers),
            [("storage", "s3://strong?region=r".to_owned())]
        );
    }

    #[test]
    fn no_name_is_there_twice() {
        let mut names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
