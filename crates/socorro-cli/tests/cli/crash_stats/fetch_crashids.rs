//! `socorro fetch-crashids`.

use serde_json::Value;
use socorro_crash_stats::server::{Crash, Fault, Site as Stats};

use super::{anonymously, command, id, ids, sorted, start, stats, with_token};
use crate::support::{Run, Site};

/// Crashes in the seconds after midnight of the day of their ids.
fn crashes(count: u32) -> impl Iterator<Item = Crash> {
    (0..count).map(|number| {
        let (minute, second) = (number / 60 % 60, number % 60);
        let hour = number / 3600;
        let date = format!("2026-11-23T{hour:02}:{minute:02}:{second:02}+00:00");
        let product = if number % 10 == 0 { "Fenix" } else { "Firefox" };
        Crash::new(id(number))
            .field("date_processed", date)
            .field("product", product)
            .field("signature", format!("OOM | number {number}, \"quoted\""))
    })
}

const DAY: [&str; 3] = ["fetch-crashids", "--date", "2026-11-23"];

#[test]
fn ids_of_a_day_are_printed_one_on_each_line() {
    let (site, server) = (Site::new(), start(stats(0).crashes(crashes(300))));
    let run = anonymously(&site, &server, &DAY).succeeds().quietly();
    assert_eq!(run.lines().len(), 100);
    let all = anonymously(
        &site,
        &server,
        &[&DAY[..], &["--num", "all", "--product", "all"]].concat(),
    );
    assert_eq!(sorted(&all.succeeds()), ids(0..300));
    // In the words of Mozilla's documents.
    let words = [
        "fetch_crashids",
        "--signature=number 17",
        "--date=2026-11-23",
        "--num=all",
    ];
    let run = anonymously(&site, &server, &words).succeeds();
    assert_eq!(
        sorted(&run),
        ids([17, 171, 172, 173, 174, 175, 176, 177, 178, 179])
    );
}

#[test]
fn more_results_than_the_server_gives_come_in_pages_and_parts() {
    let site = Site::new();
    let server = start(stats(0).crashes(crashes(2_100)));
    let words = [&DAY[..], &["--num", "all", "--product", "all"]].concat();
    let run = anonymously(&site, &server, &words).succeeds();
    assert_eq!(run.lines().len(), 2_100);
    assert_eq!(server.requests("SuperSearch"), 3);
    let server = start(stats(0).crashes(crashes(11_000)));
    server.add_fault(Fault::status(429).retry_after("0").from(2).times(3));
    let run = anonymously(&site, &server, &words).succeeds();
    assert_eq!(sorted(&run), ids(0..11_000));
}

#[test]
fn an_address_is_pasted_whole_and_options_count_before_it() {
    let (site, server) = (Site::new(), start(stats(0).crashes(crashes(100))));
    let url = "https://crash-stats.mozilla.com/search/?product=Fenix&date=%3E%3D2026-11-23T00%3A00%3A00.000Z\
               &date=%3C2026-11-23T00%3A01%3A00.000Z&_sort=-date&_facets=signature&_columns=date#crash-reports";
    let run = anonymously(&site, &server, &["fetch-crashids", "--url", url]).succeeds();
    assert_eq!(run.lines(), ids([50, 40, 30, 20, 10, 0]));
    let words = [
        "fetch-crashids",
        "--url",
        url,
        "--product",
        "Firefox",
        "--date",
        "2026-11-23",
    ];
    let run = anonymously(&site, &server, &words).succeeds();
    assert_eq!(sorted(&run), ids((0..100).step_by(10)));
    let no_search = [
        "fetch-crashids",
        "--url",
        "https://crash-stats.mozilla.org/",
    ];
    anonymously(&site, &server, &no_search).fails(2, &["no search in --url"]);
}

#[test]
fn columns_come_in_the_form_that_is_asked_for() {
    let (site, server) = (Site::new(), start(stats(0).crashes(crashes(3))));
    let columns = [
        "--product",
        "all",
        "--columns",
        "uuid,signature,product",
        "--format",
    ];
    let form = |form: &'static str| {
        let words = [&DAY[..], &columns, &[form]].concat();
        anonymously(&site, &server, &words).succeeds()
    };
    let text = form("text");
    assert_eq!(
        text.lines()[1],
        format!("{}\tOOM | number 1, \"quoted\"\tFirefox", id(1))
    );
    let csv = form("csv");
    assert_eq!(csv.lines()[0], "uuid,signature,product");
    assert_eq!(
        csv.lines()[1],
        format!("{},\"OOM | number 0, \"\"quoted\"\"\",Fenix", id(0))
    );
    let json = form("json").json();
    assert_eq!(json.as_array().unwrap().len(), 3);
    assert_eq!(json[2]["product"], "Firefox");
    let lines = form("ndjson");
    let last: Value = serde_json::from_str(lines.lines()[2]).unwrap();
    assert_eq!(last, json[2]);
    let nothing = ["--filter", "signature=nowhere", "--format", "json"];
    let run = anonymously(&site, &server, &[&DAY[..], &nothing].concat()).succeeds();
    assert_eq!(run.json(), Value::Array(Vec::new()));
    assert!(run.stderr.contains("no crashes were found"), "{run:?}");
}

#[test]
fn filters_are_those_of_super_search() {
    let (site, server) = (Site::new(), start(stats(0).crashes(crashes(30))));
    let filters = [
        "--filter",
        "product=Fenix",
        "--filter",
        "signature=!~number 1",
    ];
    let run = anonymously(&site, &server, &[&DAY[..], &filters].concat()).succeeds();
    assert_eq!(run.lines(), ids([0, 20]));
    for bad in ["signature", "_facets=x", "=x"] {
        anonymously(&site, &server, &[&DAY[..], &["--filter", bad]].concat())
            .fails(2, &["FIELD=VALUE"]);
    }
    let unknown = [&DAY[..], &["--columns", "nonsense"]].concat();
    anonymously(&site, &server, &unknown).fails(1, &["nonsense"]);
}

#[test]
fn what_was_asked_is_told_on_standard_error() {
    let (site, server) = (Site::new(), start(stats(0).crashes(crashes(3))));
    let run = anonymously(&site, &server, &[&DAY[..], &["-v"]].concat()).succeeds();
    assert!(run.stderr.contains("Params: {"), "{run:?}");
    assert!(run.stderr.contains(">=2026-11-23"), "{run:?}");
    assert_eq!(run.lines(), ids([1, 2]));
}

#[test]
fn the_token_is_sent_and_never_shown() {
    let (site, server) = (Site::new(), start(stats(0).crashes(crashes(3))));
    let run = with_token(&site, &server, &[&DAY[..], &["-vvv"]].concat()).succeeds();
    assert!(!run.stderr.contains(&super::TOKEN[..4]), "{run:?}");
    assert!(server.journal().iter().all(|request| request.with_token));
    server.clear_journal();
    let mut other_name = command(&site, &server, &DAY);
    Run::of(other_name.env("CRASHSTATS_API_TOKEN", super::TOKEN)).succeeds();
    assert!(server.journal().iter().all(|request| request.with_token));
}

#[test]
fn wrong_calls_and_hosts_are_told() {
    let (site, server) = (Site::new(), start(Stats::new()));
    anonymously(&site, &server, &["fetch-crashids", "--num", "many"])
        .fails(2, &[r#"num needs to be an integer or "all""#]);
    anonymously(&site, &server, &["fetch-crashids", "--date", "soon"]).fails(2, &["YYYY-MM-DD"]);
    site.run(["fetch-crashids", "--host", "http://example.org"])
        .fails(2, &["https"]);
    let nowhere = [
        "fetch-crashids",
        "--host",
        "http://127.0.0.1:1",
        "--retry-wait",
        "1ms",
    ];
    site.run(nowhere)
        .fails(1, &["cannot reach 127.0.0.1:1", "--host"]);
    server.add_fault(Fault::html());
    anonymously(&site, &server, &DAY).fails(1, &["web page", "--host"]);
}
