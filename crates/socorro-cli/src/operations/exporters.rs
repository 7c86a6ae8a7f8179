//! Where metrics go.

use metrics::{Recorder, Unit as FacadeUnit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_util::layers::FanoutBuilder;
use socorro_core::metric::{Kind, Metric, Unit};

use super::{statsd::Statsd, table};
use crate::failure::Failure;

/// Bounds of the buckets of timings in milliseconds: from a rule to an upload on a bad day.
const MILLISECONDS: [f64; 17] = [
    0.1, 0.5, 1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 3e4, 1.2e5,
    9e5,
];
/// Bounds of the buckets of sizes.
const BYTES: [f64; 8] = [1e4, 1e5, 3e5, 1e6, 3e6, 1e7, 1e8, 1e9];

/// Sends metrics to whoever was asked for, from now on. Without any, they stay as cheap as they
/// are. The handle renders them for Prometheus.
///
/// # Errors
///
/// When the DogStatsD server has no address.
pub(super) fn install(
    for_prometheus: bool,
    statsd: Option<&str>,
    host: &str,
) -> Result<Option<PrometheusHandle>, Failure> {
    if !for_prometheus && statsd.is_none() {
        return Ok(None);
    }
    let mut everybody = FanoutBuilder::default();
    let mut handle = None;
    if for_prometheus {
        let recorder = prometheus()
            .map_err(|error| Failure::because("cannot keep metrics", &error))?
            .build_recorder();
        handle = Some(recorder.handle());
        everybody = everybody.add_recorder(recorder);
    }
    if let Some(address) = statsd {
        let statsd = Statsd::to(address, host).map_err(|error| {
            Failure::because(format_args!("cannot send metrics to {address}"), &error)
                .hint("--statsd names the DogStatsD server, as HOST or HOST:PORT")
        })?;
        everybody = everybody.add_recorder(statsd);
    }
    let recorder = everybody.build();
    for metric in table::all() {
        describe(&recorder, &metric);
    }
    metrics::set_global_recorder(recorder)
        .map_err(|error| Failure::new(format!("cannot collect metrics: {error}")))?;
    Ok(handle)
}

fn prometheus() -> Result<PrometheusBuilder, metrics_exporter_prometheus::BuildError> {
    let mut builder = PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets(&MILLISECONDS)?;
    let sizes = table::all()
        .into_iter()
        .filter(|metric| metric.kind == Kind::Histogram && metric.unit == Unit::Bytes);
    for metric in sizes {
        let name = Matcher::Full(metric.name.to_owned());
        builder = builder.set_buckets_for_metric(name, &BYTES)?;
    }
    Ok(builder)
}

fn describe(recorder: &impl Recorder, metric: &Metric) {
    let unit = match metric.unit {
        Unit::Count => None,
        Unit::Milliseconds => Some(FacadeUnit::Milliseconds),
        Unit::Seconds => Some(FacadeUnit::Seconds),
        Unit::Bytes => Some(FacadeUnit::Bytes),
    };
    let (name, meaning) = (metric.name.into(), metric.meaning.into());
    match metric.kind {
        Kind::Counter => recorder.describe_counter(name, unit, meaning),
        Kind::Gauge => recorder.describe_gauge(name, unit, meaning),
        Kind::Timing | Kind::Histogram => recorder.describe_histogram(name, unit, meaning),
    }
}
