//! What goes wrong on demand.

use std::time::Duration;

use socorro_crash_stats::server::Fault;

use super::*;

/// What came of a request: the status and the body, or nothing whole.
async fn fetch(server: &TestServer) -> Result<(u16, String), reqwest::Error> {
    let url = format!("{}/api/RawCrash/?crash_id={ID}&format=raw", server.url());
    let response = client().get(url).header("Auth-Token", TOKEN).send().await?;
    let status = response.status().as_u16();
    Ok((status, response.text().await?))
}

#[tokio::test]
async fn faults_strike_and_pass() {
    let server = server();
    let good = (200, "MDMP main".to_owned());
    assert_eq!(fetch(&server).await.unwrap(), good);

    server.add_fault(Fault::status(503).retry_after("7").on("RawCrash").times(2));
    assert_eq!(fetch(&server).await.unwrap().0, 503);
    let answer = get(&server, &format!("RawCrash/?crash_id={ID}")).await;
    assert_eq!(
        (
            answer.status,
            answer.headers["retry-after"].to_str().unwrap()
        ),
        (503, "7")
    );
    assert_eq!(fetch(&server).await.unwrap(), good);

    server.add_fault(Fault::html().where_query_has("format=raw").times(1));
    assert_eq!(
        get(&server, &format!("RawCrash/?crash_id={ID}"))
            .await
            .status,
        200
    );
    assert!(fetch(&server).await.unwrap().1.contains("<html>"));

    server.add_fault(Fault::wrong_byte().times(1));
    assert_eq!(fetch(&server).await.unwrap().1, "MDMP!main");
    server.add_fault(Fault::slow(2, Duration::ZERO).times(1));
    assert_eq!(fetch(&server).await.unwrap(), good);
    assert_eq!(server.requests("RawCrash"), 8);
    assert!(
        server
            .journal()
            .iter()
            .all(|request| request.endpoint == "RawCrash")
    );
}

#[tokio::test]
async fn connections_are_cut_and_lengths_lie() {
    let server = server();
    for fault in [Fault::cut_after(0), Fault::cut_after(4), Fault::length(100)] {
        server.add_fault(fault.clone().times(1));
        fetch(&server).await.expect_err(&format!("{fault:?}"));
    }
    server.add_fault(Fault::length(4).times(1));
    assert_eq!(fetch(&server).await.unwrap(), (200, "MDMP".to_owned()));
    assert_eq!(fetch(&server).await.unwrap().1, "MDMP main");
}

#[tokio::test]
async fn what_is_before_a_cut_arrives() {
    let server = server();
    server.add_fault(Fault::cut_after(4).times(1));
    let url = format!("{}/api/RawCrash/?crash_id={ID}&format=raw", server.url());
    let request = client().get(url).header("Auth-Token", TOKEN);
    let mut response = request.send().await.unwrap();
    assert_eq!(response.content_length(), Some(9));
    assert_eq!(response.chunk().await.unwrap().unwrap(), "MDMP");
    assert!(response.chunk().await.is_err());
}

#[tokio::test]
async fn a_server_ends_although_a_connection_stalls() {
    let server = server();
    server.add_fault(Fault::stall_after(4));
    let url = format!("{}/api/RawCrash/?crash_id={ID}&format=raw", server.url());
    let request = client().get(url).header("Auth-Token", TOKEN);
    let mut response = request.send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "MDMP");
    drop(server);
    assert!(response.chunk().await.is_err());
}
