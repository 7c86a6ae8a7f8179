//! `socorro gcs`.
#![cfg(feature = "gcs")]

use super::server::{Server, sorted, tree, write_tree};
use crate::support::Site;

#[test]
fn the_forms_of_gcs_cli_work() {
    let Some(server) = Server::google() else {
        return;
    };
    let site = Site::new();
    write_tree(&site, "crashdata", 1);
    let url = server.bucket();
    let name = url.strip_prefix("gs://").unwrap();
    let run = |arguments: &[&str]| server.run(&site, arguments);
    assert_eq!(
        run(&["gcs", "create", name]).succeeds().stdout,
        format!("GCS bucket '{name}' created.\n")
    );
    run(&["gcs", "create", name])
        .succeeds()
        .prints(&["exists."]);
    assert_eq!(
        run(&["gcs", "list_objects", name]).succeeds().stdout,
        "No objects in bucket.\n"
    );
    let names = run(&["gcs", "list-buckets", "--no-details"]).succeeds();
    assert!(names.lines().contains(&name), "{names:?}");
    let details = run(&["gcs", "list-buckets"]).succeeds();
    assert!(
        details
            .lines()
            .iter()
            .any(|line| line.starts_with(&format!("{name}\t2")))
    );

    let uploaded = run(&["gcs", "upload", "crashdata", &format!("{url}/")]).succeeds();
    assert_eq!(uploaded.lines().len(), 3);
    run(&["gcs", "upload", "crash.dmp", &format!("{url}/")]).succeeds();
    let listed = run(&["gcs", "list-objects", name]).succeeds();
    let line = sorted(&listed)[0].clone();
    let columns: Vec<_> = line.split('\t').collect();
    let size = site.path("crash.dmp").metadata().unwrap().len();
    assert_eq!(columns[..2], ["crash.dmp", &size.to_string()]);
    assert!(
        columns[2].ends_with("+00:00") && columns[2].contains(' '),
        "{line}"
    );
    run(&["gcs", "download", &format!("{url}/v1/"), "back/v1/"]).succeeds();
    assert_eq!(tree(&site.path("back")), tree(&site.path("crashdata")));
    run(&["gcs", "download", &format!("{url}/crash.dmp"), "one.dmp"]).succeeds();
    assert!(site.path("one.dmp").is_file());
    run(&["gcs", "upload", "crash.dmp", "elsewhere"]).fails(2, &["gs://BUCKET/"]);

    let deleted = run(&["gcs", "delete", name]).succeeds();
    assert!(
        deleted
            .stdout
            .ends_with(&format!("GCS bucket '{name}' deleted.\n"))
    );
    run(&["gcs", "delete", name])
        .succeeds()
        .prints(&["does not exist."]);
    let missing = run(&["gcs", "list-objects", name]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
}
