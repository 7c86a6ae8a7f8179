//! How crash reports are taken.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, ValueEnum, builder::RangedU64ValueParser};

use super::{listen_address, values};
use crate::failure::Failure;

/// Where everything is when nobody says.
const DATA: &str = "./socorro-data";

/// Where crashes, queue and spool are: by default all in one directory.
#[derive(Debug, Args)]
pub(crate) struct PlaceArguments {
    /// Keep everything in this directory that is not said to be elsewhere: crashes, queue, spool,
    /// symbols
    #[arg(long, value_name = "DIR", env = "SOCORRO_DATA", default_value = DATA)]
    pub(crate) data: PathBuf,
    /// Where crashes are: file:///DIR, or s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME] with
    /// credentials from the AWS_* variables [default: the directory crashes in --data]
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_STORAGE",
        hide_env_values = true
    )]
    storage: Option<String>,
    /// Which queue: sqlite:///FILE, pubsub://PROJECT/TOPIC-PREFIX or sqs://QUEUE-PREFIX
    /// [default: the file queue.sqlite in --data]
    #[arg(
        long,
        value_name = "URL",
        env = "SOCORRO_QUEUE",
        hide_env_values = true
    )]
    queue: Option<String>,
    /// Keep reports here while storage or queue are down, until these have them [default: the
    /// directory spool in --data]
    #[arg(long, value_name = "DIR", env = "SOCORRO_SPOOL")]
    spool: Option<PathBuf>,
}

impl PlaceArguments {
    /// Where things are. The directory for everything is made if something is to be in it.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(crate) fn resolve(&self) -> Result<Places, Failure> {
        let is_needed = self.storage.is_none() || self.queue.is_none() || self.spool.is_none();
        let directory = if is_needed {
            self.directory()?
        } else {
            self.data.clone()
        };
        let file =
            |scheme: &str, name: &str| format!("{scheme}://{}", directory.join(name).display());
        let or = |given: &Option<String>, scheme, name| {
            given.clone().unwrap_or_else(|| file(scheme, name))
        };
        let spool = self.spool.clone();
        Ok(Places {
            storage: or(&self.storage, "file", "crashes"),
            queue: or(&self.queue, "sqlite", "queue.sqlite"),
            spool: spool.unwrap_or_else(|| directory.join("spool")),
        })
    }

    /// The directory for everything, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(crate) fn directory(&self) -> Result<PathBuf, Failure> {
        let failed = |error: std::io::Error| {
            let directory = self.data.display();
            Failure::because(format_args!("cannot use the directory {directory}"), &error)
                .hint("--data names one that this user may write to")
        };
        std::fs::create_dir_all(&self.data).map_err(failed)?;
        self.data.canonicalize().map_err(failed)
    }
}

/// Where things are.
#[derive(Debug)]
pub(crate) struct Places {
    /// The address of the storage.
    pub(crate) storage: String,
    /// The address of the queue.
    pub(crate) queue: String,
    /// The directory of the spool.
    pub(crate) spool: PathBuf,
}

/// How crash reports are taken.
#[derive(Debug, Args)]
#[command(next_help_heading = "Collector")]
pub(crate) struct CollectorArguments {
    /// Take crash reports here: ADDRESS:PORT, a port of the loopback interface, or unix:PATH
    #[arg(
        long,
        value_name = "ADDR",
        env = "SOCORRO_BIND",
        default_value = "127.0.0.1:8888"
    )]
    pub(crate) bind: Bind,
    /// Which reports are kept: all (`open`, `accept_all`), those that Mozilla keeps (`mozilla`), or
    /// what a file of rules says
    #[arg(
        long,
        value_name = "RULES",
        env = "SOCORRO_THROTTLE",
        default_value = "open"
    )]
    pub(crate) throttle: String,
    /// Let clients with this token give crashes ids of their own
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SOCORRO_SUBMITTER_TOKEN",
        hide_env_values = true
    )]
    pub(crate) submitter_token: Option<String>,
    /// The field of the minidump that decides about samples and duplicates
    #[arg(
        long,
        value_name = "NAME",
        env = "SOCORRO_MAIN_DUMP",
        default_value = "upload_file_minidump"
    )]
    pub(crate) main_dump: String,
    /// Remove these annotations before a report is stored, besides those that are always removed;
    /// may be repeated, or name several with commas between
    #[arg(
        long,
        value_name = "NAME",
        env = "SOCORRO_FORBIDDEN",
        value_delimiter = ','
    )]
    pub(crate) forbidden: Vec<String>,
    /// Read names of fields as Crashpad writes them, with %0d, %0a, %22 and %25
    #[arg(long, env = "SOCORRO_DECODE_PERCENT_NAMES")]
    pub(crate) decode_percent_names: bool,
    #[command(flatten)]
    pub(crate) clients: ClientArguments,
    /// What to do at the start when storage or queue do not answer
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value_t,
        env = "SOCORRO_VERIFY"
    )]
    pub(crate) verify: Verify,
    /// Try for so long to store and publish a report before the spool keeps it and the client gets
    /// its answer
    #[arg(long, value_name = "TIME", env = "SOCORRO_SAVE_BUDGET", default_value = "5s", value_parser = values::duration)]
    pub(crate) save_budget: Duration,
    /// Give a report with the minidump and product of one that came within this time the same id,
    /// and store it once [default: never]
    #[arg(long, value_name = "TIME", env = "SOCORRO_DEDUPE_WINDOW", value_parser = values::duration)]
    pub(crate) dedupe_window: Option<Duration>,
    /// Go on taking reports for so long after SIGTERM, while load balancers are told to send no more
    #[arg(long, value_name = "TIME", env = "SOCORRO_DRAIN_DELAY", default_value = "0s", value_parser = values::duration)]
    pub(crate) drain_delay: Duration,
    #[command(flatten)]
    pub(crate) spool: SpoolArguments,
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
}

/// Who may send reports, and how they are answered.
#[derive(Debug, Args)]
pub(crate) struct ClientArguments {
    /// Take reports at this path; =bare, =uuid or =json say how they are answered there. May be
    /// repeated
    #[arg(
        long,
        value_name = "PATH[=STYLE]",
        env = "SOCORRO_SUBMIT_PATH",
        value_delimiter = ',',
        default_value = "/submit"
    )]
    pub(crate) submit_path: Vec<String>,
    /// Answer Crashpad with the bare id, since it stores the whole answer as the id of the report
    #[arg(long, env = "SOCORRO_BARE_FOR_CRASHPAD")]
    pub(crate) bare_for_crashpad: bool,
    /// Tell clients where the crash can be looked at; {crash_id} stands for its id
    #[arg(long, value_name = "URL", env = "SOCORRO_VIEW_URL")]
    pub(crate) view_url: Option<String>,
    /// Take reports only with one of these tokens; =PRODUCT;PRODUCT ties it to products. May be
    /// repeated
    #[arg(
        long,
        value_name = "TOKEN[=PRODUCTS]",
        env = "SOCORRO_REPORT_TOKEN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) report_token: Vec<String>,
    /// Believe what this proxy, or network of proxies, says of the addresses of clients; may be
    /// repeated
    #[arg(
        long,
        value_name = "NETWORK",
        env = "SOCORRO_TRUSTED_PROXY",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxy: Vec<String>,
    /// Take no more than so many reports of one address, as in 10/s, 60/m or 100/h [default: any
    /// number]
    #[arg(long, value_name = "RATE", env = "SOCORRO_RATE_ADDRESS", value_parser = values::rate)]
    pub(crate) rate_address: Option<values::Rate>,
    /// The same of one installation, as Crashpad and Firefox name it [default: any number]
    #[arg(long, value_name = "RATE", env = "SOCORRO_RATE_CLIENT", value_parser = values::rate)]
    pub(crate) rate_client: Option<values::Rate>,
    /// The same of one product [default: any number]
    #[arg(long, value_name = "RATE", env = "SOCORRO_RATE_PRODUCT", value_parser = values::rate)]
    pub(crate) rate_product: Option<values::Rate>,
    /// Write the addresses of clients to the log
    #[arg(long, env = "SOCORRO_LOG_ADDRESSES")]
    pub(crate) log_addresses: bool,
}

/// Who may bring symbols, and where they go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Symbol uploads")]
pub(crate) struct UploadArguments {
    /// Take symbol files from whoever has one of these tokens; may be repeated
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SOCORRO_SYMBOLS_UPLOAD_TOKEN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) symbols_upload_token: Vec<String>,
    /// Put symbol files here, where walks look for them: a directory [default: the directory symbols
    /// in --data]
    #[arg(long, value_name = "DIR", env = "SOCORRO_SYMBOLS_STORE")]
    pub(crate) symbols_store: Option<PathBuf>,
}

/// What the spool may do.
#[derive(Debug, Args)]
pub(crate) struct SpoolArguments {
    /// When the spool keeps reports
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        env = "SOCORRO_SPOOL_MODE"
    )]
    pub(crate) spool_mode: SpoolMode,
    /// Keep no more than this in the spool; further reports are refused until there is room
    #[arg(long, value_name = "SIZE", env = "SOCORRO_SPOOL_MAX_SIZE", default_value = "10gib", value_parser = values::size)]
    pub(crate) spool_max_size: u64,
    /// Leave so much of its disk free
    #[arg(long, value_name = "SIZE", env = "SOCORRO_SPOOL_KEEP_FREE", default_value = "256mib", value_parser = values::size)]
    pub(crate) spool_keep_free: u64,
}

/// What a report, and all of them together, may take; 0 is without an end.
#[derive(Debug, Args)]
pub(crate) struct LimitArguments {
    /// Refuse reports that are larger as they are sent
    #[arg(long, value_name = "SIZE", env = "SOCORRO_MAX_BODY", default_value = "25mib", value_parser = values::size)]
    pub(crate) max_body: u64,
    /// Refuse reports that are larger when they are unpacked
    #[arg(long, value_name = "SIZE", env = "SOCORRO_MAX_UNPACKED", default_value = "256mib", value_parser = values::size)]
    pub(crate) max_unpacked: u64,
    /// Refuse reports with a larger file
    #[arg(long, value_name = "SIZE", env = "SOCORRO_MAX_FILE", default_value = "256mib", value_parser = values::size)]
    pub(crate) max_file: u64,
    /// Keep so many files of a report
    #[arg(long, value_name = "COUNT", env = "SOCORRO_MAX_FILES", default_value = "64", value_parser = RangedU64ValueParser::<usize>::new())]
    pub(crate) max_files: usize,
    /// Refuse reports with more parts
    #[arg(long, value_name = "COUNT", env = "SOCORRO_MAX_PARTS", default_value = "2000", value_parser = RangedU64ValueParser::<usize>::new())]
    pub(crate) max_parts: usize,
    /// Hold so much of all reports together in memory while they are taken
    #[arg(long, value_name = "SIZE", env = "SOCORRO_MAX_MEMORY", default_value = "512mib", value_parser = values::size)]
    pub(crate) max_memory: u64,
    /// Serve so many connections at once
    #[arg(long, value_name = "COUNT", env = "SOCORRO_MAX_CONNECTIONS", default_value = "4096", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) max_connections: usize,
}

impl LimitArguments {
    /// The bounds of a report.
    pub(crate) fn of_a_report(&self) -> socorro_collector::Limits {
        let mut limits = socorro_collector::Limits::default();
        limits.body = self.max_body;
        limits.unpacked = self.max_unpacked;
        limits.file = self.max_file;
        limits.files = self.max_files;
        limits.parts = self.max_parts;
        limits
    }
}

/// What to do when storage or queue do not answer at the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Verify {
    /// End
    #[default]
    Fail,
    /// Say so, and let the spool keep reports until they do
    Warn,
    /// Do not ask them
    Off,
}

/// When the spool keeps reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SpoolMode {
    /// While storage or queue are down
    #[default]
    OnFailure,
    /// Always: the client is answered when the report is on this disk
    Always,
    /// Never: the client is told that its report could not be stored
    Off,
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bind {
    /// An address of the network.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl FromStr for Bind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("unix:") {
            Some("") => Err("it is written like unix:/run/socorro/collector.sock".to_owned()),
            Some(_) if cfg!(not(unix)) => Err("there are no such sockets here".to_owned()),
            Some(path) => Ok(Self::Unix(path.into())),
            None => listen_address(text).map(Self::Tcp),
        }
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_at_a_port_an_address_or_a_socket() {
        for (text, shown) in [
            ("8888", "127.0.0.1:8888"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("unix:/run/c.sock", "unix:/run/c.sock"),
        ] {
            let bind: Bind = text.parse().unwrap();
            assert_eq!(bind.to_string(), shown);
        }
        for bad in ["unix:", "", "host:1"] {
            assert!(bad.parse::<Bind>().is_err(), "{bad}");
        }
    }
}
