//! The table of Socorro's names.

/// What Socorro's processor or its collector, Antenna, calls a setting, and what it is here.
///
/// Source of names, defaults and forms: `socorro/mozilla_settings.py` and its predecessors in the
/// repository mozilla-services/socorro, the components of mozilla-services/antenna, and the
/// environment files of their local development.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) meaning: Meaning,
}

/// What becomes of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The value of this option.
    Option(&'static str),
    /// A part of a value that several names make up.
    Part(Part),
    /// What a client library reads under this name.
    Client(&'static str),
    /// Accepted without effect, and why nothing is lost by that.
    Ignored(&'static str),
    /// Asks for something that this program does not do.
    Unsupported(&'static str),
}

/// Parts of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// `AWS` or `GCP`, where both are set up.
    Provider,
    /// Where S3 and SQS are, if not at Amazon.
    AwsEndpoint,
    S3Bucket,
    S3Region,
    GoogleBucket,
    TelemetryS3Bucket,
    TelemetryS3Region,
    TelemetryGoogleBucket,
    PubsubProject,
    SqsQueue,
    Processes,
    Threads,
    /// Antenna: what stores crashes, by the name of a Python class.
    CollectorStorage,
    CollectorBucket,
    CollectorRegion,
    CollectorEndpoint,
    CollectorDirectory,
    /// Antenna: what publishes their ids.
    CollectorQueue,
    CollectorProject,
    CollectorSqsQueue,
    CollectorPort,
    ThrottlerRules,
    ThrottlerProducts,
    ThrottlerPackages,
}

impl Part {
    /// What it contributes to.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Provider => "which bucket counts where both kinds are set",
            Self::AwsEndpoint => {
                "the endpoint in the addresses of `--storage`, `--queue` and telemetry"
            }
            Self::S3Bucket => "`--storage s3://BUCKET`",
            Self::S3Region | Self::CollectorRegion => "the region in the address of `--storage`",
            Self::GoogleBucket => "`--storage gs://BUCKET`",
            Self::TelemetryS3Bucket => "`--destination 'telemetry=telemetry+s3://BUCKET;optional'`",
            Self::TelemetryS3Region => "the region in the address of that destination",
            Self::TelemetryGoogleBucket => {
                "`--destination 'telemetry=telemetry+gs://BUCKET;optional'`"
            }
            Self::PubsubProject | Self::CollectorProject => "`--queue pubsub://PROJECT`",
            Self::SqsQueue => "`--queue sqs://`, which reads all three names of queues",
            Self::Processes => "`--workers`, times the number of threads",
            Self::Threads => "`--workers`, times the number of processes",
            Self::CollectorStorage => {
                "which kind of `--storage`: the classes for S3, GCS and the file system"
            }
            Self::CollectorBucket => "the bucket in the address of `--storage`",
            Self::CollectorEndpoint => "the endpoint in the address of `--storage`",
            Self::CollectorDirectory => "`--storage file:DIR`",
            Self::CollectorQueue => "which kind of `--queue`: the classes for Pub/Sub and SQS",
            Self::CollectorSqsQueue => "`--queue sqs://`, as the variable `SQS_STANDARD_QUEUE`",
            Self::CollectorPort => "`--bind 0.0.0.0:PORT`",
            Self::ThrottlerRules => "`--throttle`: `MOZILLA_RULES` and `ACCEPT_ALL`",
            Self::ThrottlerProducts => {
                "`--throttle`: `MOZILLA_PRODUCTS`, or `ALL_PRODUCTS` with `ACCEPT_ALL`"
            }
            Self::ThrottlerPackages => "`--throttle`: `MOZILLA_PRODUCT_PACKAGENAMES`",
        }
    }
}

use Meaning::{Client, Ignored, Option, Part as Of, Unsupported};

const fn row(name: &'static str, meaning: Meaning) -> Row {
    Row { name, meaning }
}

const NO_INDEX: &str = "there is no search index destination yet: crashes are not indexed";
const OWN_CACHE: &str = "symbol files are written beside their place in the cache and moved there";
#[cfg(not(feature = "crash-stats"))]
const NO_API: &str = "what asks the API is not part of this program";
const IN_PROCESS: &str = "minidumps are walked by this program itself";

const OWN_SERVER: &str = "one process serves all connections; --max-connections bounds them";
const OWN_RETRIES: &str =
    "saving is tried again within --save-budget, and then the spool keeps the report";

/// All names. Of several with the same meaning in one source the first one counts.
pub(crate) static ROWS: &[Row] = &[
    // From 2023 on, Google's cloud.
    row("CRASHSTORAGE_GCS_BUCKET", Of(Part::GoogleBucket)),
    row("TELEMETRY_GCS_BUCKET", Of(Part::TelemetryGoogleBucket)),
    row("PUBSUB_PROJECT_ID", Of(Part::PubsubProject)),
    row(
        "PUBSUB_STANDARD_TOPIC_NAME",
        Client("PUBSUB_STANDARD_TOPIC_NAME"),
    ),
    row(
        "PUBSUB_STANDARD_SUBSCRIPTION_NAME",
        Client("PUBSUB_STANDARD_SUBSCRIPTION_NAME"),
    ),
    row(
        "PUBSUB_PRIORITY_TOPIC_NAME",
        Client("PUBSUB_PRIORITY_TOPIC_NAME"),
    ),
    row(
        "PUBSUB_PRIORITY_SUBSCRIPTION_NAME",
        Client("PUBSUB_PRIORITY_SUBSCRIPTION_NAME"),
    ),
    row(
        "PUBSUB_REPROCESSING_TOPIC_NAME",
        Client("PUBSUB_REPROCESSING_TOPIC_NAME"),
    ),
    row(
        "PUBSUB_REPROCESSING_SUBSCRIPTION_NAME",
        Client("PUBSUB_REPROCESSING_SUBSCRIPTION_NAME"),
    ),
    // Our own, beside them.
    row(
        "PUBSUB_DEAD_LETTER_TOPIC_NAME",
        Client("PUBSUB_DEAD_LETTER_TOPIC_NAME"),
    ),
    row(
        "PUBSUB_DEAD_LETTER_SUBSCRIPTION_NAME",
        Client("PUBSUB_DEAD_LETTER_SUBSCRIPTION_NAME"),
    ),
    row("PUBSUB_EMULATOR_HOST", Client("PUBSUB_EMULATOR_HOST")),
    row(
        "GOOGLE_APPLICATION_CREDENTIALS",
        Client("GOOGLE_APPLICATION_CREDENTIALS"),
    ),
    row("STORAGE_EMULATOR_HOST", Client("STORAGE_EMULATOR_HOST")),
    row("STORAGE_PROJECT_ID", Client("STORAGE_PROJECT_ID")),
    // Until July 2024, Amazon's cloud.
    row("CLOUD_PROVIDER", Of(Part::Provider)),
    row("LOCAL_DEV_AWS_ENDPOINT_URL", Of(Part::AwsEndpoint)),
    row("CRASHSTORAGE_S3_BUCKET", Of(Part::S3Bucket)),
    row("CRASHSTORAGE_S3_REGION", Of(Part::S3Region)),
    row("CRASHSTORAGE_S3_ACCESS_KEY", Client("AWS_ACCESS_KEY_ID")),
    row(
        "CRASHSTORAGE_S3_SECRET_ACCESS_KEY",
        Client("AWS_SECRET_ACCESS_KEY"),
    ),
    row("TELEMETRY_S3_BUCKET", Of(Part::TelemetryS3Bucket)),
    row("TELEMETRY_S3_REGION", Of(Part::TelemetryS3Region)),
    row("TELEMETRY_S3_ACCESS_KEY", Client("AWS_ACCESS_KEY_ID")),
    row(
        "TELEMETRY_S3_SECRET_ACCESS_KEY",
        Client("AWS_SECRET_ACCESS_KEY"),
    ),
    row("SQS_STANDARD_QUEUE", Of(Part::SqsQueue)),
    row("SQS_PRIORITY_QUEUE", Client("SQS_PRIORITY_QUEUE")),
    row("SQS_REPROCESSING_QUEUE", Client("SQS_REPROCESSING_QUEUE")),
    // Our own, beside them.
    row("SQS_DEAD_LETTER_QUEUE", Client("SQS_DEAD_LETTER_QUEUE")),
    row("SQS_ACCESS_KEY", Client("AWS_ACCESS_KEY_ID")),
    row("SQS_SECRET_ACCESS_KEY", Client("AWS_SECRET_ACCESS_KEY")),
    row("SQS_REGION", Client("SQS_REGION")),
    // The processor.
    row("PROCESSOR_WORKERS", Of(Part::Processes)),
    row("PROCESSOR_NUMBER_OF_THREADS", Of(Part::Threads)),
    row(
        "PROCESSOR_MAXIMUM_QUEUE_SIZE",
        Ignored("crashes are taken from the queue when there is room for them, none waits here"),
    ),
    row("PROCESSOR_TEMPORARY_PATH", Option("temporary-path")),
    row("LOGGING_LEVEL", Option("log-level")),
    row("STATSD_HOST", Option("statsd")),
    row("STATSD_PORT", Option("statsd-port")),
    row("SENTRY_DSN", Option("sentry-dsn")),
    row(
        "HOSTNAME",
        Ignored("results and logs have the host name of the machine"),
    ),
    row(
        "LOCAL_DEV_ENV",
        Ignored("the log is text for people unless --log-format says otherwise"),
    ),
    row(
        "TOOL_ENV",
        Ignored("no setting is required that a command does not need"),
    ),
    row("SOCORRO_SETTINGS", Ignored("there is no settings module")),
    row("PROCESS_NAME", Ignored("there is one process")),
    // The collector.
    row("CRASHMOVER_CRASHSTORAGE_CLASS", Of(Part::CollectorStorage)),
    row(
        "CRASHMOVER_CRASHSTORAGE_BUCKET_NAME",
        Of(Part::CollectorBucket),
    ),
    row("CRASHMOVER_CRASHSTORAGE_REGION", Of(Part::CollectorRegion)),
    row(
        "CRASHMOVER_CRASHSTORAGE_ENDPOINT_URL",
        Of(Part::CollectorEndpoint),
    ),
    row(
        "CRASHMOVER_CRASHSTORAGE_FS_ROOT",
        Of(Part::CollectorDirectory),
    ),
    row(
        "CRASHMOVER_CRASHSTORAGE_ACCESS_KEY",
        Client("AWS_ACCESS_KEY_ID"),
    ),
    row(
        "CRASHMOVER_CRASHSTORAGE_SECRET_ACCESS_KEY",
        Client("AWS_SECRET_ACCESS_KEY"),
    ),
    row("CRASHMOVER_CRASHPUBLISH_CLASS", Of(Part::CollectorQueue)),
    row(
        "CRASHMOVER_CRASHPUBLISH_PROJECT_ID",
        Of(Part::CollectorProject),
    ),
    row(
        "CRASHMOVER_CRASHPUBLISH_TOPIC_NAME",
        Client("PUBSUB_STANDARD_TOPIC_NAME"),
    ),
    row(
        "CRASHMOVER_CRASHPUBLISH_QUEUE_NAME",
        Of(Part::CollectorSqsQueue),
    ),
    row("CRASHMOVER_CRASHPUBLISH_TIMEOUT", Ignored(OWN_RETRIES)),
    row("CRASHMOVER_MAX_ATTEMPTS", Ignored(OWN_RETRIES)),
    row("CRASHMOVER_RETRY_SLEEP_SECONDS", Ignored(OWN_RETRIES)),
    row("BREAKPAD_DUMP_FIELD", Option("main-dump")),
    row(
        "BREAKPAD_STAGE_SUBMITTER_BEARER_TOKEN",
        Option("submitter-token"),
    ),
    row("BREAKPAD_THROTTLER_RULES", Of(Part::ThrottlerRules)),
    row("BREAKPAD_THROTTLER_PRODUCTS", Of(Part::ThrottlerProducts)),
    row(
        "BREAKPAD_THROTTLER_PRODUCT_PACKAGENAMES",
        Of(Part::ThrottlerPackages),
    ),
    row("PORT", Of(Part::CollectorPort)),
    row("SECRET_SENTRY_DSN", Option("sentry-dsn")),
    row(
        "BASEDIR",
        Ignored("`/__version__` looks for version.json in the working directory and in /app"),
    ),
    row("GUNICORN_WORKERS", Unsupported(OWN_SERVER)),
    row("GUNICORN_WORKER_CLASS", Unsupported(OWN_SERVER)),
    row("GUNICORN_MAX_REQUESTS", Unsupported(OWN_SERVER)),
    row("GUNICORN_MAX_REQUESTS_JITTER", Unsupported(OWN_SERVER)),
    row("GUNICORN_TIMEOUT", Unsupported(OWN_SERVER)),
    row("GUNICORN_CMD_ARGS", Unsupported(OWN_SERVER)),
    // Symbols and the walk.
    row("STACKWALKER_SYMBOLS_URLS", Option("symbols")),
    row("STACKWALKER_KILL_TIMEOUT", Option("deadline")),
    row("STACKWALKER_COMMAND_PATH", Ignored(IN_PROCESS)),
    row("SYMBOLS_CACHE_PATH", Option("symbols-cache")),
    row("SYMBOLS_TMP_PATH", Ignored(OWN_CACHE)),
    row("SYMBOLS_CACHE_MAX_SIZE", Option("symbols-cache-size")),
    row(
        "CACHE_MANAGER_LOGGING_LEVEL",
        Ignored("the processor looks after the cache itself"),
    ),
    row(
        "BETAVERSIONRULE_VERSION_STRING_API",
        Option("version-service"),
    ),
    // The index.
    row("ELASTICSEARCH_URL", Unsupported(NO_INDEX)),
    row("ELASTICSEARCH_INDEX", Ignored(NO_INDEX)),
    row("ELASTICSEARCH_INDEX_REGEX", Ignored(NO_INDEX)),
    row("ELASTICSEARCH_CA_CERTS", Ignored(NO_INDEX)),
    // Other programs of Socorro that share an environment with the processor.
    row(
        "STAGE_SUBMITTER_LOGGING_LEVEL",
        Ignored("there is no stage submitter"),
    ),
    row(
        "STAGE_SUBMITTER_DESTINATIONS",
        Ignored("there is no stage submitter"),
    ),
    #[cfg(feature = "crash-stats")]
    row("CRASHSTATS_API_TOKEN", Option("api-token")),
    #[cfg(not(feature = "crash-stats"))]
    row("SOCORRO_API_TOKEN", Ignored(NO_API)),
    #[cfg(not(feature = "crash-stats"))]
    row("SOCORRO_REPROCESS_API_TOKEN", Ignored(NO_API)),
    // 2019, names with dots.
    row("resource.boto.endpoint_url", Of(Part::AwsEndpoint)),
    row("resource.boto.bucket_name", Of(Part::S3Bucket)),
    row("resource.boto.region", Of(Part::S3Region)),
    row("resource.boto.access_key", Client("AWS_ACCESS_KEY_ID")),
    row(
        "secrets.boto.secret_access_key",
        Client("AWS_SECRET_ACCESS_KEY"),
    ),
    row(
        "resource.boto.temporary_file_system_storage_path",
        Option("temporary-path"),
    ),
    row(
        "destination.telemetry.bucket_name",
        Of(Part::TelemetryS3Bucket),
    ),
    row("telemetry.bucket_name", Of(Part::TelemetryS3Bucket)),
    row("resource.pubsub.project_id", Of(Part::PubsubProject)),
    row(
        "resource.pubsub.standard_topic_name",
        Client("PUBSUB_STANDARD_TOPIC_NAME"),
    ),
    row(
        "resource.pubsub.standard_subscription_name",
        Client("PUBSUB_STANDARD_SUBSCRIPTION_NAME"),
    ),
    row(
        "resource.pubsub.priority_topic_name",
        Client("PUBSUB_PRIORITY_TOPIC_NAME"),
    ),
    row(
        "resource.pubsub.priority_subscription_name",
        Client("PUBSUB_PRIORITY_SUBSCRIPTION_NAME"),
    ),
    row(
        "resource.pubsub.reprocessing_topic_name",
        Client("PUBSUB_REPROCESSING_TOPIC_NAME"),
    ),
    row(
        "resource.pubsub.reprocessing_subscription_name",
        Client("PUBSUB_REPROCESSING_SUBSCRIPTION_NAME"),
    ),
    row(
        "resource.pubsub.service_account_file",
        Client("GOOGLE_APPLICATION_CREDENTIALS"),
    ),
    row(
        "resource.elasticsearch.elasticsearch_urls",
        Unsupported(NO_INDEX),
    ),
    row("resource.logging.level", Option("log-level")),
    row("resource.metrics.statsd_host", Option("statsd")),
    row("secrets.sentry.dsn", Option("sentry-dsn")),
    row("producer_consumer.number_of_threads", Of(Part::Threads)),
    row("processor.breakpad.symbols_urls", Option("symbols")),
    row(
        "processor.breakpad.symbol_cache_path",
        Option("symbols-cache"),
    ),
    row(
        "companion_process.symbol_cache_path",
        Option("symbols-cache"),
    ),
    row("processor.breakpad.symbol_tmp_path", Ignored(OWN_CACHE)),
    row("processor.command_pathname", Ignored(IN_PROCESS)),
    row("processor.kill_timeout", Option("deadline")),
];
