//! Dumps, which come bit by bit into files.

use socorro_core::DumpName;
use socorro_crash_stats::{
    client::{ClientOptions, CrashStats, Error, FetchedDump},
    server::{Fault, Permission, Token},
};

use crate::support::{TOKEN, anonymous, client, crash, dump, id, quick, site, start};

#[tokio::test]
async fn a_dump_arrives_whole_whatever_happens_on_the_way() {
    let faults = [
        Fault::cut_after(0),
        Fault::cut_after(1_000),
        Fault::wrong_byte(),
        Fault::length(100),
        Fault::status(503),
    ];
    let server = start(faults.into_iter().zip(1..).fold(
        site().crash(crash(1)),
        |site, (fault, request)| {
            let fault = fault.where_query_has("format=raw");
            site.fault(fault.from(request).times(1))
        },
    ));
    let crash_stats = client(&server);
    let meta = crash_stats.raw_crash(&id(1)).await.unwrap();
    let [listed] = &meta.dumps.unwrap()[..] else {
        panic!("one dump is listed")
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    let expected = listed.sha256.as_deref();
    assert!(expected.is_some());
    let fetched = crash_stats
        .dump_to_file(&id(1), &listed.name, expected, &path)
        .await
        .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), dump(1));
    assert_eq!(Some(&*fetched.sha256), expected);
    assert_eq!(fetched.size, dump(1).len() as u64);
    assert_eq!(FetchedDump::of_file(&path).await.unwrap(), fetched);
    assert_eq!(crash_stats.requests(), (7, 5));
}

#[tokio::test]
async fn bytes_that_stay_wrong_are_an_error_and_no_file() {
    let server = start(site().crash(crash(1)).fault(Fault::wrong_byte()));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    let sum = "0".repeat(64);
    let error = client(&server)
        .dump_to_file(&id(1), &DumpName::main(), Some(&sum), &path)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::WrongChecksum { .. }), "{error}");
    assert!(!path.exists());
    assert_eq!(server.requests("RawCrash"), 3);
}

#[tokio::test]
async fn a_dump_over_the_limit_is_not_taken() {
    let server = start(site().crash(crash(1)));
    let options = ClientOptions {
        token: Some(TOKEN.parse().unwrap()),
        max_dump_size: 1_000,
        ..quick()
    };
    let crash_stats = CrashStats::new(&server.url(), options).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    let error = crash_stats
        .dump_to_file(&id(1), &DumpName::main(), None, &path)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    assert!(!path.exists());
    assert_eq!(server.requests("RawCrash"), 1);
}

#[tokio::test]
async fn who_may_not_see_dumps_is_told_so_at_once() {
    let pii = Token::new("beefbeefbeefbeefbeefbeefbeefbeef").may(Permission::ViewPii);
    let server = start(site().crash(crash(1)).token(pii));
    let options = ClientOptions {
        token: Some("beefbeefbeefbeefbeefbeefbeefbeef".parse().unwrap()),
        ..quick()
    };
    let with_pii = CrashStats::new(&server.url(), options).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dump");
    for crash_stats in [with_pii, anonymous(&server)] {
        server.clear_journal();
        let error = crash_stats
            .dump_to_file(&id(1), &DumpName::main(), None, &path)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Denied { .. }), "{error}");
        assert!(error.to_string().contains("View Raw Dumps"), "{error}");
        assert_eq!(server.requests("RawCrash"), 1);
    }
    // Without a token the raw crash does not even say which dumps there are.
    let meta = anonymous(&server).raw_crash(&id(1)).await.unwrap();
    assert_eq!(meta.dumps, None);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_no_fault_of_the_server() {
    let server = start(site().crash(crash(1)));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("no/such/directory");
    let error = client(&server)
        .dump_to_file(&id(1), &DumpName::main(), None, &path)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::LocalFile { .. }), "{error}");
    assert!(!error.is_temporary());
}
