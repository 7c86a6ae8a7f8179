//! The table of metrics.

use socorro_core::metric::{Metric, Unit};

use super::Emitted;

/// Names the rows and collects them, so that there is no row that is not in the table.
macro_rules! table {
    ($($name:ident = $metric:expr;)*) => {
        $(pub(crate) const $name: Emitted = Emitted($metric);)*

        /// All metrics that this library emits. The names of Mozilla's Antenna are the same here.
        pub const METRICS: &[Metric] = &[$($name.0),*];
    };
}

table! {
    INCOMING = Metric::counter("socorro.collector.breakpad_resource.incoming_crash", &[],
        "reports that were read to their end").of_upstream();
    ON_POST = Metric::timing("socorro.collector.breakpad_resource.on_post.time", &[],
        "a request with a report from its head to the answer").of_upstream();
    MALFORMED = Metric::counter("socorro.collector.breakpad_resource.malformed", &["reason"],
        "requests that were no crash report, by the code that clients see").of_upstream();
    THROTTLE = Metric::counter("socorro.collector.breakpad_resource.throttle", &["result"],
        "reports by what was decided: `accept`, `defer`, `reject`, `fakeaccept`").of_upstream();
    THROTTLE_RULE = Metric::counter("socorro.collector.breakpad_resource.throttle_rule", &["rule"],
        "reports by the throttling rule that decided").of_upstream();
    GZIPPED_CRASH = Metric::counter("socorro.collector.breakpad_resource.gzipped_crash", &[],
        "reports that came compressed").of_upstream();
    CRASH_SIZE = Metric::histogram("socorro.collector.breakpad_resource.crash_size", Unit::Bytes, &["payload"],
        "bytes of reports, decompressed; `payload` tells how they came: `compressed` or `uncompressed`").of_upstream();
    UNAUTHORIZED_UUID = Metric::counter("socorro.collector.breakpad_resource.unauthorized_uuid", &[],
        "reports that brought a crash id without being allowed to").of_upstream();
    BROKEN = Metric::counter("socorro.collector.health.broken.count", &[],
        "requests for `/__broken__`").of_upstream();
    VERSION = Metric::counter("socorro.collector.health.version.count", &[],
        "requests for `/__version__`").of_upstream();
    LBHEARTBEAT = Metric::counter("socorro.collector.health.lbheartbeat.count", &[],
        "requests for `/__lbheartbeat__`").of_upstream();
    HEARTBEAT = Metric::counter("socorro.collector.health.heartbeat.count", &[],
        "requests for `/__heartbeat__`").of_upstream();
    CONNECTIONS = Metric::gauge("socorro.collector.connections", Unit::Count, &[],
        "open connections");
    REQUESTS_IN_FLIGHT = Metric::gauge("socorro.collector.requests.in_flight", Unit::Count, &[],
        "reports that are being taken");
    BYTES_IN_FLIGHT = Metric::gauge("socorro.collector.requests.in_flight_bytes", Unit::Bytes, &[],
        "declared or received bytes of the reports that are being taken");
    RESPONSES = Metric::counter("socorro.collector.responses", &["status"],
        "answers by their HTTP status");
    CLIENTS = Metric::counter("socorro.collector.clients", &["family"],
        "requests with a report by what sent them: `firefox`, `breakpad`, `crashpad`, `sentry`, `socorro`, `other`");
    REFUSED_HEADS = Metric::counter("socorro.collector.refused_heads", &["reason"],
        "requests that were refused for their heads: `bad_request`, `too_large`, `timeout`");
    OVERLOADED = Metric::counter("socorro.collector.overloaded", &["by"],
        "requests that were sent away because of too much of something: `connections`, `bytes`");
    RATE_LIMITED = Metric::counter("socorro.collector.rate_limited", &["by", "action"],
        "reports beyond a rate: by `address`, `client` or `product`; answered by `refuse`, `discard` or `fake_accept`");
    UNAUTHORIZED = Metric::counter("socorro.collector.unauthorized", &[],
        "reports without a valid upload token where one is demanded");
    FIRST_BYTE = Metric::timing("socorro.collector.upload.first_byte", &[],
        "from the head of a request to the first byte of its body");
    UPLOAD_RATE = Metric::histogram("socorro.collector.upload.bytes_per_second", Unit::Bytes, &[],
        "how fast a body came that took more than a second");
    COMPRESSION_RATIO = Metric::histogram("socorro.collector.report.compression_ratio", Unit::Count, &[],
        "how much smaller compressed reports were sent than they are");
    MINIDUMP_SIZE = Metric::histogram("socorro.collector.report.minidump_size", Unit::Bytes, &["product"],
        "bytes of main minidumps, by the products that are configured to be named");
    FILES = Metric::histogram("socorro.collector.report.files", Unit::Count, &[],
        "files of a report");
    NOTES = Metric::counter("socorro.collector.report.notes", &[],
        "notes on what was odd about reports");
    RETRY_COUNT = Metric::counter("socorro.collector.crashmover.retry_count", &["count"],
        "reports that were stored after so many failures, when there were some").of_upstream();
    CRASH_HANDLING = Metric::timing("socorro.collector.crashmover.crash_handling.time", &[],
        "storing and publishing a report, or spooling it").of_upstream();
    CRASH_SAVE = Metric::timing("socorro.collector.crashmover.crash_save.time", &[],
        "storing a report").of_upstream();
    CRASH_PUBLISH = Metric::timing("socorro.collector.crashmover.crash_publish.time", &[],
        "publishing an id").of_upstream();
    SAVE_CRASH = Metric::counter("socorro.collector.crashmover.save_crash.count", &[],
        "reports that were stored and published at once").of_upstream();
    SAVE_CRASH_DROPPED = Metric::counter("socorro.collector.crashmover.save_crash_dropped.count", &[],
        "reports that could neither be stored nor spooled; the client was told so").of_upstream();
    PUBLISH_CRASH_DROPPED = Metric::counter("socorro.collector.crashmover.publish_crash_dropped.count", &[],
        "ids of stored reports that were not published, and are not in the spool").of_upstream();
    SPOOLED = Metric::counter("socorro.collector.spool.kept", &["what"],
        "what was put in the spool: a `report`, or only the `id` of one that is stored");
    SPOOL_REFUSED = Metric::counter("socorro.collector.spool.refused", &["reason"],
        "reports that the spool could not take: `full`, or the `disk` failed");
    SPOOL_REPLAYED = Metric::counter("socorro.collector.spool.replayed", &["result"],
        "entries that were tried to be delivered: `delivered`, `failed`, `quarantined`");
    SPOOL_ENTRIES = Metric::gauge("socorro.collector.spool.entries", Unit::Count, &[],
        "entries that wait in the spool");
    SPOOL_BYTES = Metric::gauge("socorro.collector.spool.bytes", Unit::Bytes, &[],
        "bytes of all entries that wait in the spool");
    SPOOL_OLDEST = Metric::gauge("socorro.collector.spool.oldest_age", Unit::Seconds, &[],
        "how long the oldest entry has been in the spool");
    SPOOL_QUARANTINED = Metric::gauge("socorro.collector.spool.quarantined", Unit::Count, &[],
        "entries that were set aside, for somebody to look at");
    BREAKER_OPEN = Metric::gauge("socorro.collector.breaker.open", Unit::Count, &["backend"],
        "1 while `storage` or `queue` is known to be down");
    DEDUPED = Metric::counter("socorro.collector.dedupe.hits", &[],
        "reports that got the id of one with the same minidump");
}
