//! Values that the names of Mozilla's collector, Antenna, make up.
//!
//! Antenna names Python classes and values, of which only its own are known here: what somebody
//! else wrote in Python cannot be run, and is an error that says so.

use super::{
    parts::{Composed, proposal, query, strongest, text},
    table::Part,
};
use crate::settings::variables::{Found, Variables};

/// Kinds of storages, as the names of classes end.
const STORAGES: [(&str, Storage); 4] = [
    ("S3CrashStorage", Storage::S3),
    ("GcsCrashStorage", Storage::Google),
    ("FSCrashStorage", Storage::Directory),
    ("NoOpCrashStorage", Storage::None),
];
/// The same of queues.
const QUEUES: [(&str, Queue); 3] = [
    ("PubSubCrashPublish", Queue::Pubsub),
    ("SQSCrashPublish", Queue::Sqs),
    ("NoOpCrashPublish", Queue::None),
];
/// Where Antenna keeps crashes in files when nobody says.
const DIRECTORY: &str = "/tmp/antenna_crashes";

#[derive(Clone, Copy)]
enum Storage {
    S3,
    Google,
    Directory,
    None,
}

#[derive(Clone, Copy)]
enum Queue {
    Pubsub,
    Sqs,
    None,
}

#[derive(Clone, Copy)]
pub(super) struct Collector<'a> {
    pub(super) variables: &'a Variables,
}

impl<'a> Collector<'a> {
    fn get(self, part: Part) -> Option<Found<'a>> {
        strongest(self.variables, part)
    }

    /// What a variable with the name of a class stands for.
    fn class<T: Copy>(
        self,
        part: Part,
        known: &[(&str, T)],
        way_out: &str,
    ) -> Result<Option<(Found<'a>, T)>, String> {
        let Some(found) = self.get(part) else {
            return Ok(None);
        };
        let path = text(found);
        let class = path.rsplit('.').next().unwrap_or_default();
        match known.iter().find(|(name, _)| *name == class) {
            Some((_, kind)) => Ok(Some((found, *kind))),
            None => {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "{}: {} is not {path:?} here: a Python class cannot be used; known are {}; {way_out}",
                    found.origin(),
                    found.name,
                    names.join(", ")
                ))
            }
        }
    }

    pub(super) fn storage(self) -> Composed {
        let way_out = "SOCORRO_STORAGE names any other storage";
        let class = self.class(Part::CollectorStorage, &STORAGES, way_out)?;
        let bucket = self.get(Part::CollectorBucket);
        let url = match class {
            None => return Ok(None),
            // What is accepted would be lost.
            Some((found, Storage::None)) => return Err(nothing(found, way_out)),
            Some((_, Storage::Directory)) => {
                let directory = self.get(Part::CollectorDirectory).map(text);
                format!("file:{}", directory.as_deref().unwrap_or(DIRECTORY))
            }
            Some((found, kind)) => {
                let Some(bucket) = bucket else {
                    return Err(format!(
                        "{} needs CRASHMOVER_CRASHSTORAGE_BUCKET_NAME",
                        found.origin()
                    ));
                };
                let options = [
                    ("endpoint", self.get(Part::CollectorEndpoint)),
                    ("region", self.get(Part::CollectorRegion)),
                ];
                match kind {
                    Storage::S3 => format!("s3://{}{}", text(bucket), query(options)),
                    _ => format!("gs://{}", text(bucket)),
                }
            }
        };
        Ok(class.map(|(found, _)| proposal("storage", bucket.unwrap_or(found), url)))
    }

    pub(super) fn queue(self) -> Composed {
        let way_out = "SOCORRO_QUEUE names any other queue";
        let class = self.class(Part::CollectorQueue, &QUEUES, way_out)?;
        match class {
            None => Ok(None),
            Some((found, Queue::None)) => Err(nothing(found, way_out)),
            Some((found, Queue::Pubsub)) => {
                let project = self.get(Part::CollectorProject).ok_or_else(|| {
                    format!(
                        "{} needs CRASHMOVER_CRASHPUBLISH_PROJECT_ID",
                        found.origin()
                    )
                })?;
                let url = format!("pubsub://{}", text(project));
                Ok(Some(proposal("queue", project, url)))
            }
            Some((found, Queue::Sqs)) => {
                let queue = self.get(Part::CollectorSqsQueue);
                Ok(Some(proposal(
                    "queue",
                    queue.unwrap_or(found),
                    "sqs://".to_owned(),
                )))
            }
        }
    }

    /// Rules, products and packages are one thing here: a preset or a file.
    pub(super) fn throttler(self) -> Composed {
        let rules = self.get(Part::ThrottlerRules);
        let products = self.get(Part::ThrottlerProducts);
        let packages = self.get(Part::ThrottlerPackages);
        let Some(anchor) = rules.or(products).or(packages) else {
            return Ok(None);
        };
        let name = |found: Option<Found<'_>>, default: &str| {
            let path = found.map_or_else(|| default.to_owned(), text);
            path.rsplit('.').next().unwrap_or_default().to_owned()
        };
        let rules = name(rules, "MOZILLA_RULES");
        let products = name(products, "MOZILLA_PRODUCTS");
        let packages = name(packages, "MOZILLA_PRODUCT_PACKAGENAMES");
        let preset = match (&*rules, &*products, &*packages) {
            ("ACCEPT_ALL", ..) => "accept_all",
            ("MOZILLA_RULES", "MOZILLA_PRODUCTS", "MOZILLA_PRODUCT_PACKAGENAMES") => "mozilla",
            _ => {
                return Err(format!(
                    "{}: rules {rules} with products {products} and packages {packages} are none that \
                     are known here; SOCORRO_THROTTLE names a file of rules (`socorro collector \
                     check-rules --help`)",
                    anchor.origin()
                ));
            }
        };
        Ok(Some(proposal("throttle", anchor, preset.to_owned())))
    }

    /// Antenna listens at all addresses.
    pub(super) fn address(self) -> Composed {
        let Some(port) = self.get(Part::CollectorPort) else {
            return Ok(None);
        };
        match text(port).parse::<u16>() {
            Ok(number) => Ok(Some(proposal("bind", port, format!("0.0.0.0:{number}")))),
            Err(_) => Err(format!("{}: PORT is the number of a port", port.origin())),
        }
    }
}

/// Antenna accepts reports and forgets them with this class.
fn nothing(found: Found<'_>, way_out: &str) -> String {
    format!(
        "{}: {} would forget what is accepted; {way_out}",
        found.origin(),
        text(found)
    )
}

#[cfg(test)]
mod tests {
    use super::{super::parts::proposals, *};

    fn made(names: &[(&str, &str)]) -> (Vec<(&'static str, String)>, Vec<String>) {
        let (made, problems) = proposals(&Variables::given(&[names]));
        let made = made.into_iter().map(|made| (made.option, made.value));
        (made.collect(), problems)
    }

    #[test]
    fn an_environment_of_antenna_names_storage_queue_rules_and_port() {
        let (made, problems) = made(&[
            (
                "CRASHMOVER_CRASHSTORAGE_CLASS",
                "antenna.ext.gcs.crashstorage.GcsCrashStorage",
            ),
            ("CRASHMOVER_CRASHSTORAGE_BUCKET_NAME", "crashes"),
            (
                "CRASHMOVER_CRASHPUBLISH_CLASS",
                "antenna.ext.pubsub.crashpublish.PubSubCrashPublish",
            ),
            ("CRASHMOVER_CRASHPUBLISH_PROJECT_ID", "project"),
            (
                "BREAKPAD_THROTTLER_RULES",
                "antenna.throttler.MOZILLA_RULES",
            ),
            ("BREAKPAD_STAGE_SUBMITTER_BEARER_TOKEN", "sesame"),
            ("PORT", "8000"),
        ]);
        assert_eq!(problems, [""; 0]);
        let expected = [
            ("submitter-token", "sesame"),
            ("storage", "gs://crashes"),
            ("queue", "pubsub://project"),
            ("throttle", "mozilla"),
            ("bind", "0.0.0.0:8000"),
        ];
        assert_eq!(
            made,
            expected.map(|(option, value)| (option, value.to_owned()))
        );
    }

    #[test]
    fn the_other_classes_are_known() {
        for (names, option, value) in [
            (
                &[
                    ("CRASHMOVER_CRASHSTORAGE_CLASS", "x.S3CrashStorage"),
                    ("CRASHMOVER_CRASHSTORAGE_BUCKET_NAME", "b"),
                    ("CRASHMOVER_CRASHSTORAGE_REGION", "r"),
                ][..],
                "storage",
                "s3://b?region=r",
            ),
            (
                &[("CRASHMOVER_CRASHSTORAGE_CLASS", "x.FSCrashStorage")],
                "storage",
                "file:/tmp/antenna_crashes",
            ),
            (
                &[
                    ("CRASHMOVER_CRASHSTORAGE_CLASS", "x.FSCrashStorage"),
                    ("CRASHMOVER_CRASHSTORAGE_FS_ROOT", "/srv"),
                ],
                "storage",
                "file:/srv",
            ),
            (
                &[("CRASHMOVER_CRASHPUBLISH_CLASS", "x.SQSCrashPublish")],
                "queue",
                "sqs://",
            ),
            (
                &[("BREAKPAD_THROTTLER_RULES", "antenna.throttler.ACCEPT_ALL")],
                "throttle",
                "accept_all",
            ),
        ] {
            assert_eq!(made(names).0, [(option, value.to_owned())], "{names:?}");
        }
    }

    #[test]
    fn what_cannot_be_had_is_told() {
        for (name, value, part) in [
            (
                "CRASHMOVER_CRASHSTORAGE_CLASS",
                "my.Storage",
                "SOCORRO_STORAGE",
            ),
            (
                "CRASHMOVER_CRASHSTORAGE_CLASS",
                "x.NoOpCrashStorage",
                "forget",
            ),
            (
                "CRASHMOVER_CRASHSTORAGE_CLASS",
                "x.S3CrashStorage",
                "BUCKET_NAME",
            ),
            ("CRASHMOVER_CRASHPUBLISH_CLASS", "my.Queue", "SOCORRO_QUEUE"),
            (
                "CRASHMOVER_CRASHPUBLISH_CLASS",
                "x.PubSubCrashPublish",
                "PROJECT_ID",
            ),
            ("BREAKPAD_THROTTLER_RULES", "mine.rules", "SOCORRO_THROTTLE"),
            (
                "BREAKPAD_THROTTLER_PRODUCTS",
                "a.ALL_PRODUCTS",
                "ALL_PRODUCTS",
            ),
            ("PORT", "http", "PORT"),
        ] {
            let (_, problems) = made(&[(name, value)]);
            assert_eq!(problems.len(), 1, "{name}={value}");
            assert!(problems[0].contains(part), "{problems:?}");
        }
    }
}
