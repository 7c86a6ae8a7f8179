//! What these commands have in common on the command line.

use clap::Args;

use crate::arguments::FailureArguments;

/// Where S3 is, for addresses that do not say it themselves.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct S3Arguments {
    /// The server of s3:// addresses that name none [default: AWS_ENDPOINT_URL, else Amazon]
    #[arg(long, value_name = "URL", env = "SOCORRO_S3_ENDPOINT")]
    pub(super) endpoint_url: Option<String>,
    /// The region of s3:// addresses that name none [default: AWS_REGION, else us-east-1]
    #[arg(long, value_name = "NAME", env = "SOCORRO_S3_REGION")]
    pub(super) region: Option<String>,
}

/// How many files are worked on at the same time, when nobody says.
const JOBS: u8 = 16;

/// How several objects are worked on.
#[derive(Debug, Args)]
pub(super) struct WorkArguments {
    /// Only show what would be done
    #[arg(long, alias = "dryrun")]
    pub(super) dry_run: bool,
    /// How many files are worked on at the same time
    #[arg(long, value_name = "N", default_value_t = JOBS, value_parser = clap::value_parser!(u8).range(1..=128))]
    pub(super) jobs: u8,
    /// Do not print what went well
    #[arg(long)]
    pub(super) only_show_errors: bool,
    /// Show no progress bar
    #[arg(long)]
    pub(super) no_progress: bool,
    /// Leave symbolic links in local directories alone
    #[arg(long)]
    pub(super) no_follow_symlinks: bool,
    /// Follow symbolic links in local directories, which is the default
    #[arg(long, hide = true)]
    pub(super) follow_symlinks: bool,
    #[command(flatten)]
    pub(super) failures: FailureArguments,
}

impl Default for WorkArguments {
    fn default() -> Self {
        Self {
            dry_run: false,
            jobs: JOBS,
            only_show_errors: false,
            no_progress: false,
            no_follow_symlinks: false,
            follow_symlinks: true,
            failures: FailureArguments::default(),
        }
    }
}
