//! The table of metrics.

use socorro_core::metric::{Metric, Unit};

use super::Emitted;

/// Names the rows and collects them, so that there is no row that is not in the table.
macro_rules! table {
    ($($name:ident = $metric:expr;)*) => {
        $(pub(crate) const $name: Emitted = Emitted($metric);)*

        /// All metrics that this library emits.
        pub const METRICS: &[Metric] = &[$($name.0),*];
    };
}

table! {
    PROCESS_CRASH = Metric::timing("socorro.processor.process_crash", &["ruleset"],
        "a crash from receive to acknowledgement").of_upstream();
    SAVE_PROCESSED_CRASH = Metric::counter("socorro.processor.save_processed_crash", &[],
        "crashes that were saved, and that every required destination took or is noted to get").of_upstream();
    STORAGE_SAVE = Metric::timing("socorro.processor.storage.save_processed_crash", &[],
        "saving a processed crash in the main storage").of_upstream();
    DESTINATION_SAVE = Metric::timing("socorro.processor.{destination}.save_processed_crash", &[],
        "giving a processed crash to a destination, by its name").of_upstream();
    INGESTION_TIMING = Metric::timing("socorro.processor.ingestion_timing", &[],
        "from the submission of a crash to its first processed crash, ruleset `default`").of_upstream();
    RULE_TIMING = Metric::timing("socorro.processor.rule.act.timing", &["rule"],
        "one rule on one crash").of_upstream();
    MINIDUMP_STACKWALK = Metric::counter("socorro.processor.minidumpstackwalk.run", &["outcome", "exitcode"],
        "walked minidumps; outcome `success` or `fail`").of_upstream();
    VERSION_CACHE = Metric::counter("socorro.processor.betaversionrule.cache", &["result"],
        "questions for the version of a beta; `hit` when the answer was known").of_upstream();
    VERSION_LOOKUP = Metric::counter("socorro.processor.betaversionrule.lookup", &["result"],
        "requests to the version service; `success` or `fail`").of_upstream();
    HAD_NONES = Metric::counter("socorro.processor.denonerule.had_nones", &[],
        "reports with annotations that are null").of_upstream();
    HAS_NULLS = Metric::counter("socorro.processor.denullrule.has_nulls", &[],
        "reports with NUL characters in annotations").of_upstream();
    STACK_SIZE = Metric::gauge("socorro.processor.truncatestackrule.stack_size", Unit::Count, &[],
        "frames of the last stack that was cut").of_upstream();
    STACK_TRUNCATED = Metric::counter("socorro.processor.truncatestackrule.truncated", &[],
        "stacks that were cut because of their length").of_upstream();
    QUEUE_RECEIVED = Metric::counter("socorro.processor.queue.received", &["lane"],
        "messages received");
    QUEUE_AGE = Metric::timing("socorro.processor.queue.age", &["lane"],
        "age of a message when it was received, since it was published");
    QUEUE_ACKED = Metric::counter("socorro.processor.queue.acked", &[],
        "messages acknowledged");
    QUEUE_NACKED = Metric::counter("socorro.processor.queue.nacked", &["reason"],
        "messages given back: `outage`, `crash` (failed by its own fault), `queue` (it failed), `shutdown`");
    QUEUE_DEAD_LETTERED = Metric::counter("socorro.processor.queue.dead_lettered", &["reason"],
        "messages set aside as dead letters, by reason");
    QUEUE_EXTENDED = Metric::counter("socorro.processor.queue.extended", &[],
        "leases that were extended because work went on");
    QUEUE_LEASE_LOST = Metric::counter("socorro.processor.queue.lease_lost", &[],
        "messages that another processor had meanwhile");
    QUEUE_ERROR = Metric::counter("socorro.processor.queue.receive_error", &[],
        "requests for messages that failed");
    LOAD_RAW_CRASH = Metric::timing("socorro.processor.load.raw_crash", &[],
        "reading the raw crash from storage");
    LOAD_DUMPS = Metric::timing("socorro.processor.load.dumps", &[],
        "reading all dumps of a crash from storage");
    LOAD_BYTES = Metric::histogram("socorro.processor.load.bytes", Unit::Bytes, &[],
        "bytes of all dumps of a crash");
    RETRIES = Metric::counter("socorro.processor.retries", &["op"],
        "calls that were tried once more: `ack`, `extend`, `destination`");
    WORKERS_BUSY = Metric::gauge("socorro.processor.workers.busy", Unit::Count, &[],
        "crashes in work");
    WORKERS_IDLE = Metric::gauge("socorro.processor.workers.idle", Unit::Count, &[],
        "crashes that could be in work besides");
    IN_FLIGHT_BYTES = Metric::gauge("socorro.processor.memory.in_flight_bytes", Unit::Bytes, &[],
        "bytes of the dumps of crashes in work");
    DESTINATION_ERROR = Metric::counter("socorro.processor.destination.error", &["name"],
        "crashes that a destination did not take, by its name; they are noted for later");
}
