//! What is tried again, and what is not.

use std::time::{Duration, Instant};

use socorro_crash_stats::{
    client::{ClientOptions, CrashStats, Error},
    server::Fault,
};

use crate::support::{TOKEN, anonymous, client, crash, id, quick, site, start};

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let faults = [429, 500, 502, 503, 504].map(Fault::status);
    let server = start(
        faults
            .into_iter()
            .chain([Fault::cut_after(0), Fault::cut_after(20)])
            .zip(1..)
            .fold(site().crash(crash(1)), |site, (fault, request)| {
                site.fault(fault.from(request).times(1))
            }),
    );
    let crash_stats = anonymous(&server);
    let meta = crash_stats.raw_crash(&id(1)).await.unwrap();
    assert_eq!(meta.raw_crash.crash_id().unwrap(), id(1));
    assert_eq!(crash_stats.requests(), (8, 7));
}

#[tokio::test]
async fn after_eight_tries_it_is_given_up() {
    let server = start(site().fault(Fault::status(500)));
    let error = anonymous(&server).raw_crash(&id(1)).await.unwrap_err();
    assert!(
        matches!(error, Error::OutOfOrder { status: 500, .. }),
        "{error}"
    );
    assert_eq!(server.requests("RawCrash"), 8);
}

#[tokio::test]
async fn refusals_are_not_tried_again() {
    let server = start(site().crash(crash(1)));
    let error = anonymous(&server).raw_crash(&id(2)).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    for status in [400, 405, 410, 418] {
        server.add_fault(Fault::status(status).times(1));
        let error = anonymous(&server).raw_crash(&id(1)).await.unwrap_err();
        assert!(!error.is_temporary() && !error.is_final(), "{error}");
    }
    assert_eq!(server.requests("RawCrash"), 5);
    let options = ClientOptions {
        token: Some("deadbeefdeadbeefdeadbeefdeadbeef".parse().unwrap()),
        ..quick()
    };
    let wrong = CrashStats::new(&server.url(), options).unwrap();
    let error = wrong.raw_crash(&id(1)).await.unwrap_err();
    assert!(matches!(error, Error::TokenRefused { .. }), "{error}");
    assert!(error.is_final());
    assert!(!format!("{error} {error:?} {wrong:?}").contains("deadbeef"));
}

#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_obeyed() {
    let later = Fault::status(429).retry_after("1").times(1);
    let server = start(site().crash(crash(1)).fault(later));
    let begin = Instant::now();
    anonymous(&server).raw_crash(&id(1)).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));
    // Not to wait that long is better than to wait without end.
    server.add_fault(Fault::status(503).retry_after("86400"));
    let error = anonymous(&server).raw_crash(&id(1)).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)));
}

#[tokio::test]
async fn parallel_users_of_a_client_get_through_a_storm_together() {
    let server = start(
        (0..40)
            .map(crash)
            .fold(site(), socorro_crash_stats::server::Site::crash)
            .fault(Fault::status(429).retry_after("0").times(30)),
    );
    let crash_stats = client(&server);
    let asked = (0..40).map(|number| {
        let crash_stats = crash_stats.clone();
        tokio::spawn(async move { crash_stats.raw_crash(&id(number)).await })
    });
    for answer in asked.collect::<Vec<_>>() {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(crash_stats.requests(), (70, 30));
}

#[tokio::test]
async fn a_page_for_browsers_is_told_from_an_answer() {
    let server = start(site().crash(crash(1)).fault(Fault::html()));
    let error = client(&server).raw_crash(&id(1)).await.unwrap_err();
    assert!(
        matches!(error, Error::WebPage { status: 200, .. }),
        "{error}"
    );
    assert_eq!(server.requests("RawCrash"), 1);
    server.clear_faults();
    server.add_fault(Fault::answer(404, "text/html; charset=utf-8", "<html>"));
    let error = client(&server).raw_crash(&id(1)).await.unwrap_err();
    assert!(
        matches!(error, Error::WebPage { status: 404, .. }),
        "{error}"
    );
    server.clear_faults();
    server.add_fault(Fault::answer(200, "application/json", " <!doctype html>"));
    let error = client(&server).raw_crash(&id(1)).await.unwrap_err();
    assert!(matches!(error, Error::WebPage { .. }), "{error}");
    server.clear_faults();
    server.add_fault(Fault::answer(200, "application/json", "[1, 2"));
    let error = client(&server).raw_crash(&id(1)).await.unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    server.clear_faults();
    server.add_fault(Fault::answer(503, "text/html", "<h1>maintenance</h1>").times(1));
    client(&server).raw_crash(&id(1)).await.unwrap();
}

#[tokio::test]
async fn a_redirect_within_the_host_is_followed_and_another_is_not() {
    let other = start(site().crash(crash(1)));
    let server = start(site().crash(crash(1)));
    let within = format!("{}/api/RawCrash/?crash_id={}", server.url(), id(1));
    server.add_fault(Fault::redirect(within).times(1));
    client(&server).raw_crash(&id(1)).await.unwrap();
    let elsewhere = format!("{}/api/RawCrash/?crash_id={}&a=secret", other.url(), id(1));
    server.add_fault(Fault::redirect(elsewhere));
    let error = client(&server).raw_crash(&id(1)).await.unwrap_err();
    assert!(matches!(error, Error::Redirected { .. }), "{error}");
    assert!(error.to_string().contains(&other.url()), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert_eq!(other.requests("RawCrash"), 0, "the token stays here");
    server.clear_faults();
    server.add_fault(Fault::redirect("/api/RawCrash/"));
    let error = client(&server).raw_crash(&id(1)).await.unwrap_err();
    assert!(
        matches!(error, Error::Redirected { .. }),
        "in circles: {error}"
    );
}

#[tokio::test]
async fn silence_has_a_limit() {
    let server = start(
        site()
            .crash(crash(1))
            .fault(Fault::stall_after(10).times(1)),
    );
    let options = ClientOptions {
        token: Some(TOKEN.parse().unwrap()),
        read_timeout: Duration::from_millis(200),
        ..quick()
    };
    let crash_stats = CrashStats::new(&server.url(), options).unwrap();
    crash_stats.raw_crash(&id(1)).await.unwrap();
    assert_eq!(crash_stats.requests(), (2, 1));
}

#[tokio::test]
async fn nobody_at_the_other_end_is_found_out_soon() {
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let crash_stats = CrashStats::new(&format!("http://{address}"), quick()).unwrap();
    let error = crash_stats.raw_crash(&id(1)).await.unwrap_err();
    assert!(
        matches!(error, Error::Unreachable { known: false, .. }),
        "{error}"
    );
    assert!(error.is_final());
    assert_eq!(crash_stats.requests(), (3, 2));
}

#[tokio::test]
async fn an_answer_over_the_limit_is_not_read() {
    let server = start(site().crash(crash(1)));
    let options = ClientOptions {
        max_document_size: 50,
        ..quick()
    };
    let crash_stats = CrashStats::new(&server.url(), options).unwrap();
    let error = crash_stats.raw_crash(&id(1)).await.unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 50, .. }),
        "{error}"
    );
}
