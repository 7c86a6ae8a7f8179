//! Odd names, hostile keys, and everything that cannot be done.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    thread,
};

use super::server::{Server, sorted, tree, write_tree};
use crate::support::{Run, Site};

const ODD: [&str; 9] = [
    "with space",
    "plus+and&and=",
    "per%20cent",
    "question?mark#hash",
    "quote'\"quote",
    "ünïcödé/日本",
    "[brackets]{braces}",
    "tilde~^`|",
    "..leading/dots..",
];

#[test]
fn odd_names_go_into_every_bucket_and_come_back() {
    for server in Server::all() {
        let site = Site::new();
        for name in ODD {
            site.write(&format!("odd names/{name}"), name);
        }
        let bucket = server.new_bucket(&site);
        let url = format!("{bucket}/below a folder");
        let run = |arguments: &[&str]| server.run(&site, arguments).succeeds().quietly();
        println!("{}", server.name);
        assert_eq!(
            run(&["storage", "sync", "odd names", &url]).lines().len(),
            ODD.len()
        );
        assert_eq!(run(&["storage", "sync", "odd names", &url]).stdout, "");
        run(&["storage", "cp", "--recursive", &url, "back"]);
        assert_eq!(
            tree(&site.path("back")),
            tree(&site.path("odd names")),
            "{}",
            server.name
        );
        let one = format!("{url}/question?mark#hash");
        assert_eq!(run(&["storage", "cat", &one]).stdout, "question?mark#hash");
        assert_eq!(
            run(&["storage", "rm", "--recursive", &bucket])
                .lines()
                .len(),
            ODD.len()
        );
        assert_eq!(run(&["storage", "ls", &bucket]).stdout, "");
    }
}

/// A server whose bucket has the keys of an attacker, among good ones.
fn hostile(keys: &[&str]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let contents: String = keys
        .iter()
        .map(|key| format!("<Contents><Key>{key}</Key><Size>1</Size><LastModified>2026-11-26T00:00:00.000Z</LastModified></Contents>"))
        .collect();
    let list =
        format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>");
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            let _ = lines.find(|line| line.as_ref().unwrap().is_empty());
            let body = if first.contains("list-type") {
                list.as_str()
            } else {
                "x"
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: \"e\"\r\nLast-Modified: Thu, 26 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = connection.write_all((head + body).as_bytes());
        }
    });
    Server::s3_at("hostile", &endpoint)
}

#[test]
fn keys_that_lead_away_write_nothing_and_the_others_are_fetched() {
    let server = hostile(&[
        "../evil",
        "a/../../evil",
        "/tmp/evil",
        "a//b",
        "./c",
        "good/one",
        "folder/",
    ]);
    let site = Site::new();
    for command in [&["sync"][..], &["cp", "--recursive"]] {
        let arguments = [&["s3"], command, &["s3://bucket/", "deep/target"]].concat();
        let run = server.run(&site, &arguments);
        let run = run.fails(
            1,
            &["download failed: s3://bucket/../evil", "no path below"],
        );
        assert_eq!(
            run.stdout,
            "download: s3://bucket/good/one to deep/target/good/one\n"
        );
    }
    let found = tree(&site.path("deep"));
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ["target/good/one"]);
    assert!(!site.path("evil").exists());
    server
        .run(&site, &["s3", "cp", "s3://bucket/a/..", "deep/"])
        .fails(2, &["s3://bucket/a/..", "a key has no"]);
    let listed = server
        .run(&site, &["s3", "ls", "s3://bucket/", "--recursive"])
        .succeeds();
    assert_eq!(listed.lines().len(), 7);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_told_and_the_rest_copied() {
    use std::{
        ffi::OsStr,
        os::unix::{ffi::OsStrExt as _, fs::symlink},
    };

    let (site, server) = (Site::new(), Server::own());
    write_tree(&site, "crashdata", 1);
    symlink("../crashdata", site.path("crashdata/loop")).unwrap();
    symlink("nowhere", site.path("crashdata/broken")).unwrap();
    symlink(site.path("crash.dmp"), site.path("crashdata/link")).unwrap();
    fs::write(site.path("crashdata").join(OsStr::from_bytes(b"\xff")), "x").unwrap();
    let bucket = server.new_bucket(&site);
    let run = server.run(&site, &["s3", "sync", "crashdata", &bucket, "--delete"]);
    let run = run.fails(
        1,
        &[
            "left out crashdata/loop",
            "left out crashdata/broken",
            "no UTF-8",
        ],
    );
    assert_eq!(run.lines().len(), 4, "{run:?}");
    let run = server.run(
        &site,
        &["s3", "sync", "crashdata", &bucket, "--no-follow-symlinks"],
    );
    run.fails(1, &["no UTF-8"]);
    // A target that is a file, and a directory where a file should be.
    server
        .run(&site, &["s3", "sync", &bucket, "crash.dmp"])
        .fails(1, &["crash.dmp is a file, and no directory"]);
    fs::create_dir_all(site.path("back/link")).unwrap();
    let run = server.run(&site, &["s3", "sync", &bucket, "back"]);
    let run = run.fails(1, &["download failed: ", "back/link"]);
    assert_eq!(run.lines().len(), 3);
    assert_eq!(
        tree(&site.path("back")).len(),
        3,
        "and nothing half written"
    );
}

#[test]
fn wrong_calls_are_told_with_the_way_out() {
    let (site, server) = (Site::new(), Server::own());
    let bucket = server.new_bucket(&site);
    let run = |arguments: &[&str]| server.run(&site, arguments);
    run(&["s3", "sync", "nowhere", &bucket])
        .fails(1, &["The user-provided path nowhere does not exist."]);
    run(&["s3", "cp", "nowhere", &bucket])
        .fails(1, &["The user-provided path nowhere does not exist."]);
    run(&["s3", "sync", "crash.dmp", &bucket]).fails(1, &["is a file", "socorro s3 cp"]);
    run(&["s3", "cp", "symbols", &bucket]).fails(2, &["is a directory", "--recursive"]);
    run(&["s3", "ls", "bucket"]).fails(2, &["no address", "s3://BUCKET/KEY"]);
    run(&["s3", "mb", &format!("{bucket}/key")]).fails(2, &["is no bucket", &bucket]);
    run(&["s3", "rb", "s3://"]).fails(2, &["is no bucket"]);
    run(&["s3", "sync", "symbols", "s3://"]).fails(2, &["the bucket is missing"]);
    run(&["s3", "ls", "s3://b?regoin=x"]).fails(2, &["regoin", "region"]);
    run(&["s3", "ls", "ftp://host/x"]).fails(2, &["ftp"]);
    run(&["s3", "ls", "s3://key:secret@bucket/"]).fails(2, &["credentials do not belong"]);
    run(&["s3", "mv", &format!("{bucket}/a"), &format!("{bucket}/a")])
        .fails(1, &["does not exist"]);
    run(&["s3", "sync", "symbols", &bucket, "--jobs", "0"]).fails(2, &["--jobs"]);
    #[cfg(not(feature = "gcs"))]
    for arguments in [["gcs", "create", "b"], ["storage", "ls", "gs://b"]] {
        run(&arguments).fails(2, &["gs:", "--features gcs"]);
    }
    for help in [["s3", "help"], ["storage", "help"], ["gcs", "help"]] {
        run(&help).succeeds().prints(&["Usage: socorro"]);
    }
    run(&["s3", "help", "sync"])
        .succeeds()
        .prints(&["Examples:\n  socorro s3 sync"]);
}

#[test]
fn refused_access_is_told_once_and_nothing_is_written() {
    let (site, server) = (Site::new(), Server::own());
    write_tree(&site, "crashdata", 2);
    let bucket = server.new_bucket(&site);
    let wrong = |arguments: &[&str]| {
        let mut command = server.command(&site);
        Run::of(
            command
                .env("AWS_SECRET_ACCESS_KEY", "wrong")
                .args(arguments),
        )
    };
    wrong(&["s3", "sync", "crashdata", &bucket]).fails(
        1,
        &[
            "fatal error: ",
            "SignatureDoesNotMatch",
            "AWS_SECRET_ACCESS_KEY",
        ],
    );
    let copied = wrong(&["s3", "cp", "--recursive", "crashdata", &bucket]);
    let copied = copied.fails(1, &["upload failed: crashdata/v1/", "given up"]);
    assert_eq!(
        copied.stderr.matches("upload failed").count(),
        1,
        "{copied:?}"
    );
    assert_eq!(copied.stdout, "");
    assert!(!copied.stderr.contains("wrong"), "{copied:?}");
    assert_eq!(
        server.run(&site, &["s3", "ls", &bucket]).succeeds().stdout,
        ""
    );
    // Nobody listens there.
    let nobody = server.behind("http://127.0.0.1:9");
    let mut command = nobody.command(&site);
    let run = Run::of(command.args(["s3", "mb", "s3://bucket"]));
    run.fails(1, &["make_bucket failed: s3://bucket"]);
}

#[test]
fn a_name_with_an_underscore_is_refused_with_the_way_out_or_taken() {
    let site = Site::new();
    if let Some(server) = Server::localstack() {
        server.run(&site, &["s3", "mb", "s3://dev_bucket/"]).fails(
            1,
            &[
                "make_bucket failed: s3://dev_bucket/ An error occurred (InvalidBucketName) when calling the CreateBucket operation: The specified bucket is not valid.",
                "s3://dev-bucket/",
                "Moto",
            ],
        );
    }
    if let Some(server) = Server::moto() {
        write_tree(&site, "crashdata", 1);
        let made = server.run(&site, &["s3", "mb", "s3://dev_bucket/"]);
        assert_eq!(
            made.succeeds().quietly().stdout,
            "make_bucket: dev_bucket\n"
        );
        // Others use the same bucket.
        let folder = server.bucket().replace("s3://", "s3://dev_bucket/");
        let synced = server.run(&site, &["s3", "sync", "crashdata", &folder]);
        let lines = sorted(&synced.succeeds());
        assert!(
            lines[0].contains(&format!(" to {folder}/v1/dump/")),
            "{lines:?}"
        );
    }
}
