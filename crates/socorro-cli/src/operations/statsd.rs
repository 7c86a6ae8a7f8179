//! Metrics to a DogStatsD server, in the forms that Mozilla's Socorro sends them: one datagram for
//! each event, timings in milliseconds as `ms`, the tag `host` last.
//!
//! The exporters that exist for the facade aggregate timings into histograms, which the same
//! dashboards do not find.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io,
    net::{ToSocketAddrs as _, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use socorro_core::metric::Kind;

use super::table;

/// Sends every event as it happens.
#[derive(Debug)]
pub(super) struct Statsd {
    socket: Arc<UdpSocket>,
    host: String,
    /// What was registered before: there are few names, and few values of tags.
    lines: Mutex<HashMap<Key, Arc<Line>>>,
}

/// A metric with its tags: everything of a datagram but the value.
#[derive(Debug)]
struct Line {
    socket: Arc<UdpSocket>,
    before: String,
    after: String,
    /// The last value of a gauge or an absolute counter, as bits.
    last: AtomicU64,
}

impl Statsd {
    /// Sends to `address`. Nobody needs to listen there; a name is looked up now, and only now.
    ///
    /// # Errors
    ///
    /// When the name is unknown, or there is no way there.
    pub(super) fn to(address: &str, host: &str) -> io::Result<Self> {
        let server = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::other("the name has no address"))?;
        let any = if server.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any)?;
        // Metrics must not keep anybody waiting: what cannot be sent now is lost.
        socket.set_nonblocking(true)?;
        socket.connect(server)?;
        Ok(Self {
            socket: Arc::new(socket),
            host: clean(host),
            lines: Mutex::default(),
        })
    }

    fn line(&self, key: &Key, otherwise: Kind) -> Arc<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(key) {
            return Arc::clone(line);
        }
        let kind = table::find(key.name()).map_or(otherwise, |metric| metric.kind);
        let kind = match kind {
            Kind::Counter => "c",
            Kind::Gauge => "g",
            Kind::Timing => "ms",
            Kind::Histogram => "h",
        };
        let mut after = format!("|{kind}|#");
        for label in key.labels() {
            // Writing to a string cannot fail.
            let _ = write!(after, "{}:{},", clean(label.key()), clean(label.value()));
        }
        let _ = write!(after, "host:{}", self.host);
        let line = Arc::new(Line {
            socket: Arc::clone(&self.socket),
            before: format!("{}:", clean(key.name())),
            after,
            last: AtomicU64::new(0),
        });
        lines.insert(key.clone(), Arc::clone(&line));
        line
    }
}

/// Takes out what has a meaning in a datagram.
fn clean(text: &str) -> String {
    text.replace(['|', '#', ',', ':', '\n'], "_")
}

impl Line {
    fn send(&self, value: impl std::fmt::Display) {
        let Self { before, after, .. } = self;
        // Nobody listens, or the buffer is full: no reason to do anything.
        let _ = self
            .socket
            .send(format!("{before}{value}{after}").as_bytes());
    }

    fn change(&self, change: impl Fn(f64) -> f64) {
        let changed = |bits| Some(change(f64::from_bits(bits)).to_bits());
        let updated = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
        let before = updated.unwrap_or_else(|bits| bits);
        self.send(change(f64::from_bits(before)));
    }
}

impl CounterFn for Line {
    fn increment(&self, value: u64) {
        self.send(value);
    }

    fn absolute(&self, value: u64) {
        let before = self.last.fetch_max(value, Ordering::Relaxed);
        if value > before {
            self.send(value - before);
        }
    }
}

impl GaugeFn for Line {
    fn increment(&self, value: f64) {
        self.change(|before| before + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|before| before - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

impl HistogramFn for Line {
    fn record(&self, value: f64) {
        self.send(value);
    }
}

impl Recorder for Statsd {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.line(key, Kind::Counter))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.line(key, Kind::Gauge))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.line(key, Kind::Histogram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What a server gets when the metrics of `emit` are sent to it.
    fn sent(emit: impl FnOnce()) -> Vec<String> {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        server
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let address = server.local_addr().unwrap().to_string();
        let statsd = Statsd::to(&address, "h1").unwrap();
        metrics::with_local_recorder(&statsd, || {
            emit();
            metrics::counter!("end").increment(1);
        });
        let mut lines = Vec::new();
        loop {
            let mut datagram = [0; 1000];
            let length = server.recv(&mut datagram).unwrap();
            let line = String::from_utf8(datagram[..length].to_vec()).unwrap();
            if line.starts_with("end:") {
                return lines;
            }
            lines.push(line);
        }
    }

    #[test]
    fn the_forms_are_those_of_socorro() {
        let lines = sent(|| {
            metrics::counter!("socorro.processor.save_processed_crash").increment(1);
            metrics::histogram!("socorro.processor.ingestion_timing").record(12.5);
            metrics::gauge!("socorro.processor.truncatestackrule.stack_size").set(3.0);
            metrics::histogram!("socorro.processor.load.bytes").record(5.0);
            metrics::histogram!("socorro.processor.process_crash", "ruleset" => "default")
                .record(0.001_29);
            metrics::histogram!("socorro.processor.telemetry.save_processed_crash").record(1.0);
            let tags = [("outcome", "success"), ("exitcode", "0")];
            metrics::counter!("socorro.processor.minidumpstackwalk.run", &tags).increment(1);
        });
        assert_eq!(
            lines,
            [
                "socorro.processor.save_processed_crash:1|c|#host:h1",
                "socorro.processor.ingestion_timing:12.5|ms|#host:h1",
                "socorro.processor.truncatestackrule.stack_size:3|g|#host:h1",
                "socorro.processor.load.bytes:5|h|#host:h1",
                "socorro.processor.process_crash:0.00129|ms|#ruleset:default,host:h1",
                "socorro.processor.telemetry.save_processed_crash:1|ms|#host:h1",
                "socorro.processor.minidumpstackwalk.run:1|c|#outcome:success,exitcode:0,host:h1",
            ]
        );
    }

    #[test]
    fn gauges_and_absolute_counters_go_on_from_what_they_were() {
        let lines = sent(|| {
            metrics::gauge!("g").set(3.0);
            metrics::gauge!("g").increment(2.0);
            metrics::gauge!("g").decrement(1.5);
            metrics::counter!("c").absolute(4);
            metrics::counter!("c").absolute(4);
            metrics::counter!("c").absolute(9);
        });
        let expected = ["g:3|g", "g:5|g", "g:3.5|g", "c:4|c", "c:5|c"];
        let expected = expected.map(|line| format!("{line}|#host:h1"));
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_tag_cannot_end_its_datagram() {
        let lines = sent(|| metrics::counter!("c", "t" => "a|b#c,d:e\nf").increment(1));
        assert_eq!(lines, ["c:1|c|#t:a_b_c_d_e_f,host:h1"]);
    }
}
