//! The collector as the settings describe it, ready to serve.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use socorro_collector::{
    Collector, MemoryBudget,
    http::{self, AnswerStyle, Options, Rate, RateLimits, RateSettings, SubmitPath, UploadToken},
    report, spool,
};
use socorro_core::DumpName;
use tokio_util::sync::CancellationToken;

use super::{Listener, Places, rules};
use crate::{
    arguments::{ClientArguments, CollectorArguments, SpoolMode, Verify, values},
    failure::Failure,
};

/// The collector as the settings describe it. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    collector: Collector,
    options: http::Options,
}

impl Receiver {
    /// Makes it, and asks storage and queue as `--verify` says.
    ///
    /// # Errors
    ///
    /// When a setting cannot be used, another process has the spool, or storage or queue do not
    /// answer.
    pub(crate) async fn open(
        arguments: &CollectorArguments,
        places: &Places,
    ) -> Result<Self, Failure> {
        let options = options(arguments)?;
        let collector = collector(arguments, places, &options.rate_limits).await?;
        if arguments.verify != Verify::Off {
            match (collector.verify().await, arguments.verify) {
                (Ok(()), _) => {}
                (Err(error), Verify::Warn) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "reports go to the spool for now");
                }
                (Err(error), _) => {
                    return Err(Failure::because("cannot take reports", &error).hint(
                        "--verify warn starts all the same, and keeps reports in the spool",
                    ));
                }
            }
        }
        Ok(Self { collector, options })
    }

    /// The collector.
    pub(crate) fn collector(&self) -> &Collector {
        &self.collector
    }

    /// Takes over settings that were read again: rules, tokens, rates. The others are those of the
    /// start.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used. Then nothing is changed.
    pub(crate) fn reload(&self, arguments: &CollectorArguments) -> Result<(), Failure> {
        let rules = rules(&arguments.throttle)?;
        let tokens = tokens(&arguments.clients)?;
        let throttler = self.options.rate_limits.limit_products(Arc::new(rules));
        self.collector.set_throttler(throttler);
        self.options.tokens.replace(tokens);
        self.options.rate_limits.replace(rates(&arguments.clients));
        Ok(())
    }

    /// Takes reports until `stop` is cancelled, and finishes those that are being taken then.
    /// `more` is served beside the paths of reports.
    ///
    /// # Errors
    ///
    /// When a listener cannot be used.
    pub(crate) async fn serve(
        mut self,
        listener: Listener,
        admin: Admin,
        more: Option<Router>,
        grace: Duration,
        stop: CancellationToken,
    ) -> Result<(), Failure> {
        self.options.grace = grace;
        let Self { collector, options } = self;
        let mut reports = http::router(collector.clone(), &options);
        if let Some(more) = more {
            reports = reports.merge(more);
        }
        let prometheus = admin.prometheus;
        let metrics = move || {
            let render = |prometheus: &PrometheusHandle| prometheus.render();
            prometheus.as_ref().map_or_else(String::new, render)
        };
        let questions = http::admin_router(collector.clone(), &options, metrics);
        let elsewhere = match admin.listener {
            Some(listener) => {
                // Health is asked for at both.
                let mut without_reports = options.clone();
                without_reports.submit = Vec::new();
                let health = http::router(collector.clone(), &without_reports);
                let listener = tokio::net::TcpListener::from_std(listener)
                    .map_err(|error| no_listener(&error))?;
                Some((listener, questions.merge(health)))
            }
            None => {
                reports = reports.merge(questions);
                None
            }
        };
        let stop_replay = CancellationToken::new();
        let replay = tokio::spawn({
            let (collector, stop) = (collector.clone(), stop_replay.clone());
            async move { collector.replay(stop).await }
        });
        let serving = listener.serve(reports, &options, stop.clone());
        let answering = async {
            match elsewhere {
                Some((listener, router)) => {
                    http::serve(listener, router, &options, stop.cancelled()).await
                }
                None => Ok(()),
            }
        };
        let (served, answered) = tokio::join!(serving, answering);
        collector.finish().await;
        stop_replay.cancel();
        let _ = replay.await;
        served.and(answered).map_err(|error| no_listener(&error))
    }
}

fn no_listener(error: &io::Error) -> Failure {
    Failure::because("cannot listen", error)
}

/// Where operators ask.
#[derive(Debug, Default)]
pub(crate) struct Admin {
    /// A listener of its own, if there is one.
    pub(crate) listener: Option<TcpListener>,
    /// What there is for Prometheus.
    pub(crate) prometheus: Option<PrometheusHandle>,
}

impl Admin {
    /// Where operators ask, if that is a place of its own.
    pub(super) fn address(&self) -> Option<String> {
        let address = self.listener.as_ref()?.local_addr().ok()?;
        Some(address.to_string())
    }
}

async fn collector(
    arguments: &CollectorArguments,
    places: &Places,
    rate_limits: &RateLimits,
) -> Result<Collector, Failure> {
    let rules = rules(&arguments.throttle)?;
    for warning in rules.warnings() {
        tracing::warn!("{warning}");
    }
    let main_dump = DumpName::parse(&arguments.main_dump)
        .map_err(|error| Failure::because("--main-dump cannot be used", &error).into_usage())?;
    let mut spool = spool::Options::new(&places.spool);
    spool.mode = match arguments.spool.spool_mode {
        SpoolMode::OnFailure => spool::Mode::OnFailure,
        SpoolMode::Always => spool::Mode::Always,
        SpoolMode::Off => spool::Mode::Off,
    };
    spool.max_bytes = arguments.spool.spool_max_size;
    spool.min_free_bytes = arguments.spool.spool_keep_free;
    let limits = &arguments.limits;
    Collector::builder()
        .storage(Arc::clone(&places.storage))
        .queue(Arc::clone(&places.queue))
        .throttler(rate_limits.limit_products(Arc::new(rules)))
        .limits(limits.of_a_report())
        .memory(MemoryBudget::new(limits.max_memory))
        .report(report_options(arguments))
        .spool(spool)
        .save_budget(arguments.save_budget)
        .main_dump(main_dump)
        .observations(!is_mozilla(arguments))
        .decode_percent_names(arguments.decode_percent_names)
        .dedupe_window(arguments.dedupe_window.filter(|window| !window.is_zero()))
        .build()
        .await
        .map_err(|error| {
            Failure::because("there is no collector", &error)
                .hint("--spool names the directory of the spool; each process has its own")
        })
}

/// Whether reports are to become what Mozilla's collector makes of them.
fn is_mozilla(arguments: &CollectorArguments) -> bool {
    arguments.throttle == "mozilla"
}

/// How raw crashes are made: as Mozilla makes them with its rules, else with the names that other
/// clients have for things.
fn report_options(arguments: &CollectorArguments) -> report::Options {
    let mut options = if is_mozilla(arguments) {
        report::Options::mozilla()
    } else {
        report::Options::open()
    };
    options
        .forbidden
        .extend(arguments.forbidden.iter().cloned());
    options
        .submitter_token
        .clone_from(&arguments.submitter_token);
    options
}

/// How the HTTP service behaves.
fn options(arguments: &CollectorArguments) -> Result<Options, Failure> {
    let clients = &arguments.clients;
    let mut options = Options::default();
    let paths = clients.submit_path.iter().map(|text| submit_path(text));
    options.submit = paths.collect::<Result<_, _>>()?;
    options.bare_for_crashpad = clients.bare_for_crashpad;
    options.max_connections = arguments.limits.max_connections;
    options.max_in_flight_bytes = arguments.limits.max_memory;
    let networks = clients.trusted_proxy.iter().map(|text| {
        text.parse()
            .map_err(|error| Failure::usage(format!("--trusted-proxy cannot be {text:?}: {error}")))
    });
    options.trusted_proxies = networks.collect::<Result<_, _>>()?;
    // Whoever can connect by a socket in the file system is the proxy in front.
    options.trust_unix_peers = true;
    options.rate_limits.replace(rates(clients));
    options.tokens.replace(tokens(clients)?);
    options.view_url.clone_from(&clients.view_url);
    options.version = crate::operations::version();
    options.log_addresses = clients.log_addresses;
    options.drain_delay = arguments.drain_delay;
    Ok(options)
}

/// Reads `PATH` or `PATH=STYLE`.
fn submit_path(text: &str) -> Result<SubmitPath, Failure> {
    let (path, style) = match text.split_once('=') {
        Some((path, style)) => {
            let style = style.parse().map_err(|error| {
                Failure::usage(format!("--submit-path cannot be {text:?}: {error}"))
            })?;
            (path, style)
        }
        None => (text, AnswerStyle::default()),
    };
    if !path.starts_with('/') || path.contains(['{', '}', '?', '#']) {
        return Err(Failure::usage(format!(
            "--submit-path cannot be {text:?}: a path begins with / and has none of {{}}?#"
        )));
    }
    Ok(SubmitPath::new(path, style))
}

/// Reads `TOKEN` or `TOKEN=PRODUCT;PRODUCT`. Messages show nothing of it.
fn tokens(clients: &ClientArguments) -> Result<Vec<UploadToken>, Failure> {
    let tokens = clients.report_token.iter().map(|text| {
        // Tokens in base64 end with the same character.
        let (secret, products) = match text.split_once('=') {
            Some((secret, products)) if !products.trim_matches('=').is_empty() => {
                (secret, products)
            }
            _ => (text.as_str(), ""),
        };
        if secret.is_empty() {
            return Err(Failure::usage("a --report-token is empty"));
        }
        let products = products.split(';').filter(|product| !product.is_empty());
        Ok(UploadToken::new(
            secret,
            products.map(str::to_owned).collect(),
        ))
    });
    tokens.collect()
}

fn rates(clients: &ClientArguments) -> RateSettings {
    let rate = |rate: Option<values::Rate>| {
        rate.map(|values::Rate { count, time }| Rate {
            per_second: f64::from(count) / time.as_secs_f64(),
            burst: f64::from(count),
        })
    };
    RateSettings {
        address: rate(clients.rate_address),
        client: rate(clients.rate_client),
        product: rate(clients.rate_product),
        ..RateSettings::default()
    }
}
