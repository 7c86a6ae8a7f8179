//! What is answered to whom.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use socorro_core::time::ManualClock;
use socorro_crash_stats::server::{Crash, Permission, Site, TestServer, Token};

use super::*;

#[tokio::test]
async fn nobody_in_particular_sees_what_is_public() {
    let server = server();
    let raw = get(&server, &format!("RawCrash/?crash_id={ID}")).await;
    assert_eq!(
        raw.headers["content-type"],
        "application/json; charset=UTF-8"
    );
    assert_eq!(raw.headers["access-control-allow-origin"], "*");
    let raw = raw.json();
    assert_eq!(raw["ProductName"], "Firefox");
    assert_eq!(
        (&raw["URL"], &raw["metadata"]),
        (&Value::Null, &Value::Null)
    );
    let processed = get(&server, &format!("ProcessedCrash/?crash_id={ID}")).await;
    assert!(processed.body.contains(r"<\/script>"), "{}", processed.body);
    assert_eq!(processed.json()["user_comments"], Value::Null);
    let dump = get(&server, &format!("RawCrash/?crash_id={ID}&format=raw")).await;
    assert_eq!(dump.status, 403);
    assert_eq!(
        dump.body,
        r#"{"error": "Binary response requires permissions: View Raw Dumps"}"#
    );
}

#[tokio::test]
async fn a_token_shows_what_it_permits() {
    let server = server();
    let raw = get_with_token(&server, &format!("RawCrash/?crash_id={ID}"))
        .await
        .json();
    assert_eq!(raw["URL"], "http://private.example/");
    // printf gzip | sha256sum
    assert_eq!(
        raw["metadata"]["dump_checksums"]["memory_report"],
        "c8d77bf4d8b1a10dd67a283d0c82bd96c9d5609860f84d7fc77692a36ab9b4c2"
    );
    for (name, file) in [
        ("", format!("{ID}.dmp")),
        ("dump", format!("{ID}-dump.dmp")),
        (
            "upload_file_minidump",
            format!("{ID}-upload_file_minidump.dmp"),
        ),
    ] {
        let path = format!("RawCrash/?crash_id={ID}&format=raw&name={name}");
        let dump = get_with_token(&server, &path).await;
        assert_eq!(dump.body, "MDMP main");
        assert_eq!(dump.headers["content-type"], "application/octet-stream");
        let disposition = format!("attachment; filename=\"{file}\"");
        assert_eq!(dump.headers["content-disposition"], disposition);
    }
    let path = format!("RawCrash/?crash_id={ID}&format=raw&name=nothing");
    assert_eq!(get_with_token(&server, &path).await.status, 404);
}

#[tokio::test]
async fn errors_are_those_of_crash_stats() {
    let server = server();
    for (path, status, body) in [
        ("RawCrash/", 400, r#"{"errors": {"crash_id": ["This field is required."]}}"#.to_owned()),
        (
            "ProcessedCrash/?crash_id=nonsense",
            400,
            r#"{"error": "Bad request: BadArgumentError: Bad value for parameter crash_id: not a valid crash id"}"#.to_owned(),
        ),
        (
            &format!("RawCrash/?crash_id={OTHER}"),
            404,
            format!(r#"{{"error": "Not found: CrashIDNotFound {OTHER}"}}"#),
        ),
        ("Nothing/", 404, r#"{"error": "No service called 'Nothing'"}"#.to_owned()),
        ("Reprocessing/", 405, r#"{"error": "Method not allowed"}"#.to_owned()),
        ("CrashVerify/?crash_id=nonsense", 400, r#"{"error": "unknown crash id"}"#.to_owned()),
        ("MissingProcessedCrash/?page=7", 400, r#"{"error": "invalid page number"}"#.to_owned()),
        (
            "SuperSearch/?product=Firefix",
            400,
            r#"{"error": "Bad request: BadArgumentError: Not valid products: Firefix"}"#.to_owned(),
        ),
    ] {
        let answer = get(&server, path).await;
        assert_eq!((answer.status, answer.body), (status, body), "{path}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_refused_for_everything() {
    let site = || Site::new().crash(crash());
    let expired = Token::new(TOKEN).expires("2026-11-23T12:59:59Z".parse().unwrap());
    for (site, reason) in [
        (site(), "API Token not matched"),
        (site().token(expired), "API Token found but expired"),
        (
            site().token(Token::new(TOKEN).of_inactive_user()),
            "User of API token not active",
        ),
    ] {
        let answer = get_with_token(&start(site), &format!("RawCrash/?crash_id={ID}")).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.json(), json!({"error": reason}));
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_before_permissions_only_by_mozilla() {
    let path = format!("RawCrash/?crash_id={OTHER}&format=raw");
    let site = || only(Permission::ViewPii);
    assert_eq!(get_with_token(&start(site()), &path).await.status, 403);
    assert_eq!(
        get_with_token(&start(site().like_mozilla()), &path)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn crashes_are_processed_again_all_or_none() {
    let server = server();
    let good = format!("crash_ids={ID}&crash_ids={OTHER}%3Aregenerate_signature");
    let answer = post(&server, "Reprocessing/", &good).await;
    assert_eq!((answer.status, &*answer.body), (200, "null"));
    let bad = format!("crash_ids={ID}&crash_ids=nonsense");
    let answer = post(&server, "Reprocessing/", &bad).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.contains("Crash id 'nonsense' is not valid."),
        "{}",
        answer.body
    );
    let answer = post(&server, "Reprocessing/", &format!("crash_ids={ID}:x")).await;
    assert!(
        answer.body.contains("Ruleset 'x' is not valid."),
        "{}",
        answer.body
    );
    assert_eq!(
        server.reprocessed(),
        [ID.to_owned(), format!("{OTHER}:regenerate_signature")]
    );

    let server = start(only(Permission::ViewPii));
    let answer = post(&server, "Reprocessing/", &good).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (
            403,
            r#"{"error": "Use of this endpoint requires the 'Reprocess Crashes' permission"}"#
        )
    );
}

#[tokio::test]
async fn missing_crashes_come_in_pages_that_lead_to_each_other() {
    let day = id(ID).date();
    let unprocessed = (0..1000).map(|_| Crash::new(CrashId::mint(day, 0)));
    let late = Crash::new(id(ID)).field("signature", "late").was_missing();
    let server = start(
        Site::new()
            .crashes(unprocessed)
            .crash(late)
            .crash(Crash::new(id(OTHER)).field("signature", "in time")),
    );
    let mut url = format!("{}/api/MissingProcessedCrash/", server.url());
    let mut seen = Vec::new();
    loop {
        let page = ask(client().get(&url)).await.json();
        assert_eq!(page["count"], 1001);
        seen.extend(page["results"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            assert!(page["previous"].as_str().unwrap().ends_with("?page=1"));
            break;
        };
        url = next.to_owned();
    }
    assert_eq!(seen.len(), 1001);
    let processed: Vec<_> = seen
        .iter()
        .filter(|crash| crash["is_processed"] == true)
        .collect();
    let late = json!({"crash_id": ID, "is_processed": true, "created": "2026-11-23T12:00:00Z"});
    assert_eq!(processed, [&late]);
}

#[tokio::test]
async fn a_crash_is_verified() {
    let server = start(Site::new().crash(Crash::new(id(ID))));
    let answer = get(&server, &format!("CrashVerify/?crash_id={ID}"))
        .await
        .json();
    assert_eq!(
        (&answer["raw_crash"], &answer["processed_crash"]),
        (&json!(true), &json!(false))
    );
}

#[tokio::test]
async fn a_path_without_its_last_slash_leads_to_the_one_with_it() {
    let server = server();
    let answer = get(&server, "NoOp?product=x&pretty=print").await;
    assert_eq!(answer.body, "{\n  \"hits\": [],\n  \"total\": 0\n}");
    assert_eq!(server.journal()[0].status, 301);
    assert_eq!(ask(client().get(server.url())).await.status, 404);
}

#[tokio::test]
async fn the_rate_is_limited_until_the_next_minute() {
    let clock = Arc::new(ManualClock::at("2026-11-23T13:00:20Z".parse().unwrap()));
    let site = || {
        let site = Site::new().rate_limits(2, 3).token(Token::new(TOKEN));
        site.clock(Arc::clone(&clock) as _)
    };
    let server = TestServer::start(site()).unwrap();
    for expected in [200, 200, 429] {
        assert_eq!(get(&server, "NoOp/?product=x").await.status, expected);
    }
    // Each view counts for itself.
    let throttled = [200, 200, 429];
    for expected in throttled {
        let answer = get(&server, "MissingProcessedCrash/").await;
        assert_eq!(answer.status, expected);
        if expected == 429 {
            assert_eq!(answer.body, r#"{"detail": "Request was throttled."}"#);
        }
    }
    for expected in [200, 200, 200, 429] {
        assert_eq!(
            get_with_token(&server, "NoOp/?product=x").await.status,
            expected
        );
    }
    let answer = get(&server, "NoOp/?product=x").await;
    assert_eq!(
        (
            &*answer.body,
            answer.headers["retry-after"].to_str().unwrap()
        ),
        ("Too Many Requests", "40")
    );
    clock.advance(Duration::from_secs(40));
    assert_eq!(get(&server, "NoOp/?product=x").await.status, 200);

    let server = TestServer::start(site().rate_limits(0, 0).like_mozilla()).unwrap();
    let answer = get(&server, "NoOp/?product=x").await;
    assert_eq!(answer.status, 429);
    assert!(!answer.headers.contains_key("retry-after"));
}
