//! Where S3 is: variables of each time, options, and the script.

use std::process::Command;

use super::server::{Server, write_tree};
use crate::support::{Run, Site, path_with_program, program};

/// The program without the server in its environment.
fn bare(site: &Site) -> Command {
    let mut command = program();
    command.current_dir(site.path(""));
    command
}

#[test]
fn the_names_of_each_time_say_where_s3_is() {
    let (site, server) = (Site::new(), Server::own());
    server.run(&site, &["s3", "mb", "s3://crashes"]).succeeds();
    let endpoint = server.endpoint();
    for names in [
        [
            format!("resource.boto.endpoint_url={endpoint}/"),
            "resource.boto.access_key=key".to_owned(),
            "secrets.boto.secret_access_key=secret".to_owned(),
            "resource.boto.bucket_name=crashes".to_owned(),
        ],
        [
            format!("LOCAL_DEV_AWS_ENDPOINT_URL={endpoint}/"),
            "CRASHSTORAGE_S3_ACCESS_KEY=key".to_owned(),
            "CRASHSTORAGE_S3_SECRET_ACCESS_KEY=secret".to_owned(),
            "CRASHSTORAGE_S3_REGION=us-east-1".to_owned(),
        ],
        [
            format!("AWS_ENDPOINT_URL={endpoint}"),
            "AWS_ACCESS_KEY_ID=key".to_owned(),
            "AWS_SECRET_ACCESS_KEY=secret".to_owned(),
            "AWS_REGION=us-east-1".to_owned(),
        ],
    ] {
        // my.env is read by itself.
        site.write("my.env", names.join("\n"));
        let listed = Run::of(bare(&site).args(["s3", "ls"])).succeeds();
        assert!(
            listed.stdout.ends_with(" crashes\n"),
            "{names:?}: {listed:?}"
        );
        assert_eq!(listed.stdout.len(), 28);
    }
    std::fs::remove_file(site.path("my.env")).unwrap();
    let mut command = bare(&site);
    command
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .args(["s3", "ls", "--endpoint-url", endpoint, "s3://crashes/"]);
    Run::of(&mut command).succeeds();
    let mut command = bare(&site);
    command
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .args(["s3", "ls", &format!("s3://crashes/?endpoint={endpoint}")]);
    Run::of(&mut command).succeeds();
}

#[cfg(unix)]
#[test]
fn the_script_hands_everything_on_as_it_is() {
    let (site, server) = (Site::new(), Server::own());
    write_tree(&site, "crash data", 1);
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../scripts/socorro_aws_s3.sh"
    );
    let run = |arguments: &[&str]| {
        let mut command = Command::new(script);
        command
            .env_clear()
            .env("PATH", path_with_program())
            .current_dir(site.path(""))
            .args(arguments);
        server.give_to(&mut command);
        Run::of(&mut command)
    };
    assert_eq!(
        run(&["mb", "s3://crashes/"]).succeeds().quietly().stdout,
        "make_bucket: crashes\n"
    );
    let synced = run(&["sync", "crash data", "s3://crashes/a folder/"]).succeeds();
    assert_eq!(synced.lines().len(), 3);
    assert!(
        synced.stdout.starts_with("upload: crash data/v1/dump"),
        "{synced:?}"
    );
    run(&["help"]).succeeds().prints(&["sync"]);
    run(&["ls", "s3://nothing-here/"]).fails(255, &["NoSuchBucket"]);
}
