//! The same bucket seen by `aws s3` and by us: the same lines, byte for byte.

use std::{ffi::OsString, process::Command};

use super::server::{Server, sorted, tree, write_tree};
use crate::support::{Run, Site};

/// `aws` and a server for both. Said loudly when one is not there.
fn both() -> Option<(Server, Aws)> {
    let server = Server::localstack()?;
    let found = Command::new(aws()).arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "there is no aws, and CI must not skip tests");
        eprintln!("SKIPPED: install awscli (scripts/services/awscli.sh) to run this test");
        return None;
    }
    Some((server, Aws))
}

struct Aws;

/// Amazon's command line: of the version that tests are made for, where that is known.
fn aws() -> OsString {
    std::env::var_os("SOCORRO_TEST_AWS").unwrap_or_else(|| "aws".into())
}

impl Aws {
    /// Runs `aws s3`, without what it shows of its progress.
    fn run(&self, server: &Server, site: &Site, arguments: &[&str]) -> Run {
        let mut command = Command::new(aws());
        command.env_clear().current_dir(site.path(""));
        for name in ["PATH", "HOME", "PYENV_ROOT", "PYENV_VERSION", "TZ"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        server.give_to(&mut command);
        command
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .arg("s3")
            .args(arguments);
        if ["cp", "mv", "sync"].contains(&arguments[0]) {
            command.arg("--no-progress");
        }
        Run::of(&mut command)
    }
}

#[test]
fn both_see_the_same_bucket_the_same_way() {
    let Some((server, aws)) = both() else { return };
    let site = Site::new();
    write_tree(&site, "crashdata", 4);
    site.write("crashdata/a name with spaces", "x");
    site.write("crashdata/large", vec![1; 17 << 20]);
    site.write("crashdata/ünï", "y");
    let (theirs, ours) = (server.bucket(), server.bucket());
    let run_aws = |arguments: &[&str]| aws.run(&server, &site, arguments);
    let run_own = |arguments: &[&str]| server.run(&site, &[&["s3"], arguments].concat());
    // The same command on a bucket of each, with the name of the one for that of the other.
    let same = |arguments: &[&str]| {
        let with = |bucket: &str| {
            arguments
                .iter()
                .map(|word| word.replace("BUCKET", bucket))
                .collect::<Vec<_>>()
        };
        let (their_words, our_words) = (with(&theirs), with(&ours));
        let words = |words: &[String]| {
            words
                .iter()
                .map(String::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (their_words, our_words) = (words(&their_words), words(&our_words));
        let theirs_run = run_aws(&their_words.iter().map(String::as_str).collect::<Vec<_>>());
        let ours_run = run_own(&our_words.iter().map(String::as_str).collect::<Vec<_>>());
        let named = |run: &Run, bucket: &str| {
            let name = bucket.trim_start_matches("s3://");
            sorted(run)
                .iter()
                .map(|line| line.replace(name, "NAME"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            named(&ours_run, &ours),
            named(&theirs_run, &theirs),
            "{arguments:?}\n{ours_run:#?}\n{theirs_run:#?}"
        );
        assert_eq!(
            ours_run.code, theirs_run.code,
            "{arguments:?}\n{ours_run:#?}\n{theirs_run:#?}"
        );
        let said = |run: &Run, bucket: &str| {
            let first = run.stderr.trim_start().lines().next().unwrap_or_default();
            first.replace(bucket.trim_start_matches("s3://"), "NAME")
        };
        assert_eq!(
            said(&ours_run, &ours),
            said(&theirs_run, &theirs),
            "{arguments:?}"
        );
    };
    same(&["mb", "BUCKET/"]);
    same(&["mb", "s3://dev_bucket/"]);
    same(&["cp", "--recursive", "crashdata", "BUCKET/"]);
    same(&["sync", "crashdata", "BUCKET/"]);
    same(&["sync", "crashdata", "BUCKET/", "--dryrun", "--exclude", "*"]);
    same(&[
        "sync",
        "./crashdata/",
        "BUCKET/again/",
        "--exclude",
        "*",
        "--include",
        "v1/dump/*",
    ]);
    same(&["cp", "crash.dmp", "BUCKET/again/"]);
    same(&["cp", "BUCKET/again/crash.dmp", "fetched"]);
    same(&[
        "cp",
        "BUCKET/again/crash.dmp",
        "BUCKET/again/copy",
        "--dryrun",
    ]);
    same(&["mv", "BUCKET/again/crash.dmp", "BUCKET/again/moved"]);
    same(&["cp", "BUCKET/none", "fetched"]);
    same(&["cp", "crash.dmp", "s3://no-such-bucket-of-anybody/"]);
    same(&["rm", "BUCKET/none"]);
    same(&["rb", "BUCKET"]);
    same(&["ls", "BUCKET/none"]);
    same(&["ls", "s3://no-such-bucket-of-anybody/"]);

    // Both list the same bucket in the same bytes.
    for arguments in [
        &["ls", &ours][..],
        &["ls", &format!("{ours}/v1/")],
        &["ls", &format!("{ours}/v1/du")],
        &["ls", &ours, "--recursive"],
        &[
            "ls",
            &ours,
            "--recursive",
            "--human-readable",
            "--summarize",
        ],
        &["ls", &format!("{ours}/v1/dump/"), "--summarize"],
    ] {
        let (own, aws) = (run_own(arguments).succeeds(), run_aws(arguments).succeeds());
        assert_eq!(own.stdout, aws.stdout, "{arguments:?}");
    }
    let mine = |run: &Run| {
        let own = [&theirs, &ours].map(|url| url.trim_start_matches("s3://"));
        let lines = run
            .stdout
            .lines()
            .filter(|line| own.iter().any(|name| line.ends_with(name)));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let listed = mine(&run_own(&["ls"]).succeeds());
    assert_eq!(listed.len(), 2);
    assert_eq!(listed, mine(&run_aws(&["ls"]).succeeds()));

    // What one has put, the other finds complete.
    assert_eq!(
        run_own(&["sync", "crashdata", &theirs]).succeeds().stdout,
        ""
    );
    assert_eq!(run_aws(&["sync", "crashdata", &ours]).succeeds().stdout, "");
    run_own(&["sync", &theirs, "own", "--exclude", "again/*"]).succeeds();
    assert_eq!(tree(&site.path("own")), tree(&site.path("crashdata")));
    assert_eq!(
        run_aws(&["sync", &theirs, "own", "--exclude", "again/*"])
            .succeeds()
            .stdout,
        ""
    );
    run_aws(&["sync", &ours, "aws", "--exclude", "again/*"]).succeeds();
    assert_eq!(
        run_own(&["sync", &ours, "aws", "--exclude", "again/*"])
            .succeeds()
            .stdout,
        ""
    );
    same(&["rm", "BUCKET/again/", "--recursive"]);
    same(&["rb", "BUCKET", "--force"]);
}
