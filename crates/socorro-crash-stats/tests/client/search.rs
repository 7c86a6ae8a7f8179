//! Searching.

use std::collections::BTreeSet;

use socorro_core::CrashId;
use socorro_crash_stats::{
    client::{CrashStats, Error, Search},
    server::Crash,
};

use crate::support::{anonymous, id, site, start};

/// Crashes of the day, `per_second` in each second from midnight on.
fn crashes(count: u32, per_second: u32) -> impl Iterator<Item = Crash> {
    (0..count).map(move |number| {
        let second = number / per_second;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let date = format!("2026-11-23T{hour:02}:{minute:02}:{second:02}+00:00");
        Crash::new(id(number)).field("date_processed", date)
    })
}

fn day() -> Search {
    let [from, until] = ["2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"];
    Search::new()
        .filter("product", "Firefox")
        .between(from.parse().unwrap(), until.parse().unwrap())
}

async fn found(crash_stats: &CrashStats, search: Search) -> (Vec<CrashId>, Option<u64>) {
    let mut results = crash_stats.search(search);
    let mut ids = Vec::new();
    while let Some(hits) = results.next_page().await.unwrap() {
        ids.extend(hits.into_iter().map(|hit| hit.id));
    }
    (ids, results.total())
}

#[tokio::test]
async fn results_come_in_pages_of_a_thousand() {
    let server = start(site().crashes(crashes(2_100, 10)));
    let (ids, total) = found(&anonymous(&server), day().limit(2_100)).await;
    assert_eq!(total, Some(2_100));
    assert_eq!(ids, (0..2_100).map(id).collect::<Vec<_>>());
    let journal = server.journal();
    let offsets: Vec<_> = journal
        .iter()
        .map(|request| {
            let parameters = request.query.split('&');
            let paging = parameters.filter(|one| one.starts_with("_results_"));
            paging.collect::<Vec<_>>().join("&")
        })
        .collect();
    assert_eq!(
        offsets,
        [
            "_results_offset=0&_results_number=1000",
            "_results_offset=1000&_results_number=1000",
            "_results_offset=2000&_results_number=100",
        ]
    );
    assert!(journal[0].query.contains("_facets_size=0"));
    assert!(
        journal[0]
            .query
            .contains("date=%3E%3D2026-11-23&date=%3C2026-11-24&")
    );
    assert!(journal[0].user_agent.starts_with("socorro-rs/"));
}

#[tokio::test]
async fn a_limit_is_not_exceeded_and_no_more_is_asked_for() {
    let server = start(site().crashes(crashes(50, 1)));
    for (limit, requests) in [(0, 0), (7, 1), (50, 1), (60, 1)] {
        server.clear_journal();
        let (ids, _) = found(&anonymous(&server), day().limit(limit)).await;
        assert_eq!(ids.len() as u64, limit.min(50));
        assert_eq!(server.requests("SuperSearch"), requests, "{limit}");
    }
}

#[tokio::test]
async fn more_than_the_server_gives_are_found_part_by_part() {
    let server = start(site().crashes(crashes(12_500, 3)));
    let (ids, total) = found(&anonymous(&server), day()).await;
    assert_eq!(total, Some(12_500));
    assert_eq!(ids.len(), 12_500);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 12_500);
    let expected: Vec<_> = (0..12_500).map(id).collect();
    let seconds = |ids: &[CrashId]| -> Vec<u32> {
        ids.iter()
            .map(|id| u32::from_str_radix(&id.as_str()[..8], 16).unwrap() / 3)
            .collect()
    };
    assert_eq!(seconds(&ids), seconds(&expected), "in order");
    let (backwards, _) = found(&anonymous(&server), day().sort("-date").limit(11_000)).await;
    let mut first = seconds(&expected);
    first.reverse();
    assert_eq!(seconds(&backwards), first[..11_000]);
    // What can be had without parting is.
    server.clear_journal();
    assert_eq!(
        found(&anonymous(&server), day().limit(10_000))
            .await
            .0
            .len(),
        10_000
    );
    assert_eq!(server.requests("SuperSearch"), 10);
}

#[tokio::test]
async fn too_many_in_one_second_are_cut_off() {
    let server = start(site().crashes(crashes(10_100, 20_000)));
    let (ids, total) = found(&anonymous(&server), day()).await;
    assert_eq!((ids.len(), total), (10_000, Some(10_100)));
}

#[tokio::test]
async fn the_address_of_a_page_is_a_search() {
    let server = start(site().crashes(crashes(9, 1)));
    let url = "https://crash-stats.mozilla.com/search/?product=Firefox&\
               date=%3E%3D2026-11-23T00%3A00%3A02.000Z&date=%3C2026-11-23T00%3A00%3A05.000Z&\
               _sort=-date&_facets=signature&_columns=build_id&page=3#crash-reports";
    let (ids, _) = found(&anonymous(&server), Search::of_url(url)).await;
    assert_eq!(ids, [4, 3, 2].map(id));
}

#[tokio::test]
async fn what_may_be_missing_is_no_failure_and_what_is_wrong_is_one() {
    let error = serde_json::json!({"type": "missing_index", "index": "socorro202648"});
    let server = start(site().crashes(crashes(3, 1)).search_error(error));
    assert_eq!(found(&anonymous(&server), day()).await.0.len(), 3);
    let mut wrong = anonymous(&server).search(day().filter("nonsense", "1"));
    match wrong.next_page().await {
        Err(Error::BadRequest { reason, .. }) => assert!(reason.contains("nonsense"), "{reason}"),
        other => assert!(other.is_ok(), "{other:?}"),
    }
    let mut wrong = anonymous(&server).search(day().columns(["nonsense"]));
    let error = wrong.next_page().await.unwrap_err().to_string();
    assert!(error.contains("nonsense"), "{error}");
}
