//! Processed crashes, reprocessing, missing crashes, whereabouts.

use socorro_crash_stats::{
    client::{Error, ReprocessingJob},
    server::Crash,
};

use crate::support::{anonymous, client, crash, id, site, start};

#[tokio::test]
async fn a_processed_crash_is_public_as_far_as_it_may_be_seen() {
    let crash = crash(1)
        .field("signature", "OOM | small")
        .field("url", "http://private.example/");
    let server = start(site().crash(crash));
    let public = anonymous(&server).processed_crash(&id(1)).await.unwrap();
    assert_eq!(public.text("signature"), Some("OOM | small"));
    assert_eq!(public.text("url"), None);
    let all = client(&server).processed_crash(&id(1)).await.unwrap();
    assert_eq!(all.text("url"), Some("http://private.example/"));
}

#[tokio::test]
async fn crashes_are_reprocessed_all_or_none() {
    let server = start(site().crashes((1..=3).map(crash)));
    let job = |number, ruleset: Option<&str>| ReprocessingJob {
        id: id(number),
        ruleset: ruleset.map(str::to_owned),
    };
    let jobs = [job(1, None), job(2, Some("regenerate_signature"))];
    client(&server).reprocess(&jobs).await.unwrap();
    let expected = jobs.clone().map(|job| job.to_string());
    assert_eq!(server.reprocessed(), expected);
    let wrong = [job(1, None), job(2, Some("nonsense"))];
    let error = client(&server).reprocess(&wrong).await.unwrap_err();
    assert!(matches!(error, Error::BadRequest { .. }), "{error}");
    assert_eq!(server.reprocessed(), expected);
    let error = anonymous(&server).reprocess(&jobs).await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error}");
}

#[tokio::test]
async fn missing_crashes_come_page_by_page() {
    let unprocessed = (0..1_200).map(|number| Crash::new(id(number)));
    let server = start(site().crashes(unprocessed));
    server.add_crash(crash(5_000).field("signature", "x").was_missing());
    let crash_stats = anonymous(&server);
    let first = crash_stats.missing(1).await.unwrap();
    assert_eq!((first.missing.len(), first.count), (1_000, Some(1_201)));
    assert!(first.has_next);
    let second = crash_stats.missing(2).await.unwrap();
    assert_eq!(second.missing.len(), 201);
    assert!(!second.has_next);
    let all = first.missing.iter().chain(&second.missing);
    let processed: Vec<_> = all.filter(|missing| missing.is_processed).collect();
    assert_eq!(processed.len(), 1);
    assert_eq!(processed[0].id, id(5_000));
}

#[tokio::test]
async fn the_server_says_where_a_crash_is() {
    let server = start(site().crash(crash(1)));
    server.add_crash(crash(2).field("signature", "x"));
    for (number, raw, processed) in [(1, true, false), (2, true, true), (3, false, false)] {
        let verified = anonymous(&server).verify(&id(number)).await.unwrap();
        assert_eq!(
            (verified.raw_crash, verified.processed_crash),
            (raw, processed),
            "{number}"
        );
    }
}
