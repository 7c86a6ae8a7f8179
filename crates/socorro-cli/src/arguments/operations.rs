//! How the service is watched.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;

/// The port of DogStatsD.
const STATSD_PORT: u16 = 8125;

/// How the service is watched.
#[derive(Debug, Args)]
#[command(next_help_heading = "Operations")]
pub(crate) struct OperationsArguments {
    /// Answer health checks, metrics and a status page over HTTP: ADDRESS:PORT, or only a port of
    /// the loopback interface
    #[arg(long, value_name = "ADDR", env = "SOCORRO_LISTEN", value_parser = listen_address)]
    pub(crate) listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) metrics: MetricsArguments,
}

/// Who is told of metrics and errors.
#[derive(Debug, Args)]
#[command(next_help_heading = "Operations")]
pub(crate) struct MetricsArguments {
    /// Send metrics to this DogStatsD server: HOST or HOST:PORT
    #[arg(long, value_name = "HOST", env = "STATSD_HOST")]
    statsd: Option<String>,
    /// Port of the DogStatsD server, unless HOST tells it
    #[arg(long, value_name = "PORT", env = "STATSD_PORT", default_value_t = STATSD_PORT)]
    statsd_port: u16,
    /// Send errors and panics to Sentry, with crash id and ruleset and nothing private
    #[cfg(feature = "sentry")]
    #[arg(long, value_name = "DSN", env = "SENTRY_DSN", hide_env_values = true)]
    pub(crate) sentry_dsn: Option<String>,
}

impl MetricsArguments {
    /// The DogStatsD server, as HOST:PORT.
    pub(crate) fn statsd(&self) -> Option<String> {
        let host = self.statsd.as_deref()?;
        let port = self.statsd_port;
        Some(match host.parse::<IpAddr>() {
            Ok(address) => SocketAddr::new(address, port).to_string(),
            Err(_) if host.contains(':') => host.to_owned(),
            Err(_) => format!("{host}:{port}"),
        })
    }
}

/// Reads an address to listen at. Without a host it is the loopback interface: the pages are for
/// operators, and there is no password.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").or(text.strip_prefix(':'));
    if let Ok(port) = port.unwrap_or(text).parse::<u16>() {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    let hint = "it is written like 8000, 127.0.0.1:8000, 0.0.0.0:8000 or [::]:8000";
    text.parse().map_err(|_| hint.to_owned())
}

/// Where to find what listens at all addresses.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_of_the_loopback_interface() {
        for text in ["8000", ":8000", "localhost:8000", "127.0.0.1:8000"] {
            assert_eq!(
                listen_address(text),
                Ok(([127, 0, 0, 1], 8000).into()),
                "{text}"
            );
        }
        assert_eq!(listen_address("0.0.0.0:1"), Ok(([0, 0, 0, 0], 1).into()));
        assert_eq!(listen_address("[::]:1").unwrap().to_string(), "[::]:1");
        for text in ["", "host", "99999", "1.2.3.4"] {
            assert!(listen_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_listens_everywhere_is_asked_at_the_loopback_address() {
        let asked = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8000"), "127.0.0.1:8000");
        assert_eq!(asked("[::]:8000"), "[::1]:8000");
        assert_eq!(asked("10.0.0.1:8000"), "10.0.0.1:8000");
    }

    #[test]
    fn a_statsd_server_may_say_its_port() {
        let address = |host: &str| {
            let arguments = MetricsArguments {
                statsd: Some(host.to_owned()),
                statsd_port: 9,
                #[cfg(feature = "sentry")]
                sentry_dsn: None,
            };
            arguments.statsd().unwrap()
        };
        assert_eq!(address("statsd.example"), "statsd.example:9");
        assert_eq!(address("statsd.example:1"), "statsd.example:1");
        assert_eq!(address("::1"), "[::1]:9");
    }
}
