//! Searching.

use serde_json::json;
use socorro_crash_stats::server::{Crash, Site};

use super::*;

/// Crashes of four days before the time of the server.
fn crashes() -> Site {
    let crash = |id_: &str, signature: &str| Crash::new(id(id_)).field("signature", signature);
    Site::new()
        .crash(
            crash(
                "00000000-0000-4000-8000-000000261120",
                "mozilla::dom::Crash",
            )
            .field("uptime", 5)
            .field("startup_crash", true)
            .field("os_name", "Windows NT")
            .field("addons", json!(["a:1"])),
        )
        .crash(
            crash(
                "00000000-0000-4000-8000-000000261121",
                "mozilla::layout::Crash",
            )
            .field("uptime", 50)
            .field("version", "145.0b7")
            .field("user_comments", "it crashed"),
        )
        .crash(
            crash("00000000-0000-4000-8000-000000261122", "OOM | small")
                .field("uptime", 500)
                .field("product", "Fenix")
                .field("addons", json!(["a:1", "b:2"])),
        )
        .crash(
            crash("00000000-0000-4000-8000-000000261123", "OOM | small")
                .field("startup_crash", false),
        )
        // Too old for a search that does not ask for it.
        .crash(crash("00000000-0000-4000-8000-000000260923", "old"))
        // Not processed.
        .crash(Crash::new(id(ID)))
}

/// The last digits of the ids that a search finds: the days.
async fn days(server: &TestServer, query: &str) -> Vec<String> {
    let answer = get(
        server,
        &format!("SuperSearch/?_columns=uuid&_sort=date&{query}"),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let found = answer.json();
    let hits = found["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["uuid"].as_str().unwrap()[34..].to_owned())
        .collect()
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let server = start(crashes());
    for (query, expected) in [
        ("", &["20", "21", "22", "23"][..]),
        ("signature=~mozilla", &["20", "21"]),
        ("signature=!~mozilla", &["22", "23"]),
        ("signature=crash", &["20", "21"]),
        ("signature=crash+dom", &["20"]),
        ("signature==OOM+|+small", &["22", "23"]),
        ("signature=^OOM", &["22", "23"]),
        ("signature=$Crash", &["20", "21"]),
        ("signature=~moz*dom", &["20"]),
        ("signature=@moz.*(dom|layout).*", &["20", "21"]),
        ("signature=@moz", &[]),
        // Alternatives within a field, all of different fields.
        ("signature=~dom&signature=^OOM", &["20", "22", "23"]),
        ("signature=^OOM&product=Firefox", &["23"]),
        ("platform=windows+nt", &["20"]),
        ("product=!Firefox", &["22"]),
        ("product=Firefox&product=Fenix", &["20", "21", "22", "23"]),
        ("uptime=>5", &["21", "22"]),
        ("uptime=>=5&uptime=<500", &["20", "21"]),
        ("uptime=5&uptime=500", &["20", "22"]),
        ("uptime=__null__", &["23"]),
        ("uptime=!__null__", &["20", "21", "22"]),
        ("startup_crash=__true__", &["20"]),
        ("startup_crash=!__true__", &["21", "22", "23"]),
        ("version=145.0b", &["21"]),
        ("platform=Windows", &["20"]),
        ("addons=b:2", &["22"]),
        ("date=>=2026-11-22", &["22", "23"]),
        ("date=>=2026-09-01&date=<2026-11-21", &["23", "20"]),
        ("date=<2026-11-21", &["20"]),
        ("nothing=known", &["20", "21", "22", "23"]),
        ("_sort=-date&_results_number=2", &["20", "21"]),
        ("_results_offset=1&_results_number=2", &["21", "22"]),
    ] {
        // `|` is no character of a query, but clients send it.
        let found = days(&server, &query.replace('|', "%7C")).await;
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn a_hit_has_the_columns_that_were_asked_for() {
    let server = start(crashes());
    let path =
        "SuperSearch/?_columns=date&_columns=addons&_columns=uptime&_facets_size=0&_sort=uptime";
    let found = get(&server, path).await.json();
    assert_eq!(
        found,
        json!({
            "hits": [
                {"date": "2026-11-20T12:00:00+00:00", "addons": "a:1", "uptime": 5},
                {"date": "2026-11-21T12:00:00+00:00", "addons": null, "uptime": 50},
                {"date": "2026-11-22T12:00:00+00:00", "addons": ["a:1", "b:2"], "uptime": 500},
                {"date": "2026-11-23T12:00:00+00:00", "addons": null, "uptime": null},
            ],
            "total": 4,
            "facets": {},
            "errors": [],
        })
    );
}

#[tokio::test]
async fn values_are_counted() {
    let server = start(crashes());
    let path = "SuperSearch/?_results_number=0&_facets=signature&_facets=startup_crash\
        &_facets=_cardinality.addons&_aggs.product=version&_histogram.date=product\
        &_histogram.uptime=_cardinality.signature&_histogram_interval.uptime=100&_facets_size=2";
    let found = get(&server, path).await.json();
    assert_eq!(found["hits"], json!([]));
    let facets = &found["facets"];
    assert_eq!(
        facets["signature"],
        json!([
            {"term": "OOM | small", "count": 2},
            {"term": "mozilla::dom::Crash", "count": 1},
        ])
    );
    assert_eq!(
        facets["startup_crash"],
        json!([{"term": "F", "count": 1}, {"term": "T", "count": 1}])
    );
    assert_eq!(facets["cardinality_addons"], json!({"value": 2}));
    assert_eq!(
        facets["product"],
        json!([
            {"term": "Firefox", "count": 3, "facets": {"version": [
                {"term": "145.0", "count": 2},
                {"term": "145.0b7", "count": 1},
            ]}},
            {"term": "Fenix", "count": 1, "facets": {"version": [{"term": "145.0", "count": 1}]}},
        ])
    );
    let days = facets["histogram_date"].as_array().unwrap();
    assert_eq!(days.len(), 4);
    assert_eq!(
        days[2],
        json!({"term": "2026-11-22T00:00:00+00:00", "count": 1, "facets": {
            "product": [{"term": "Fenix", "count": 1}],
        }})
    );
    assert_eq!(
        facets["histogram_uptime"],
        json!([
            {"term": 0, "count": 2, "facets": {"cardinality_signature": {"value": 2}}},
            {"term": 500, "count": 1, "facets": {"cardinality_signature": {"value": 1}}},
        ])
    );
}

#[tokio::test]
async fn what_is_protected_is_refused_or_left_out() {
    let path = "SuperSearch/?user_comments=~crashed&_columns=url&_columns=uuid";
    let server = start(crashes());
    let answer = get(&server, path).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("'url'"), "{}", answer.body);
    for (server, path) in [
        (&server, &*format!("{path}&_lenient=1")),
        (&start(crashes().like_mozilla()), path),
    ] {
        let found = get(server, path).await.json();
        assert_eq!(found["total"], 4);
        assert_eq!(found["hits"][0].as_object().unwrap().len(), 1);
    }
    let path = "SuperSearchUnredacted/?user_comments=~crashed&_columns=uuid&_columns=user_comments";
    assert_eq!(get(&server, path).await.status, 403);
    let server = start(crashes().token(Token::new(TOKEN).may(Permission::ViewPii)));
    let found = get_with_token(&server, path).await.json();
    assert_eq!(found["total"], 1);
    assert_eq!(found["hits"][0]["user_comments"], "it crashed");
}

#[tokio::test]
async fn limits_are_told_in_the_words_of_crash_stats() {
    let server = start(crashes());
    for (query, text) in [
        (
            "_results_number=1001",
            "_results_number cannot be greater than 1,000",
        ),
        ("_results_number=-1", "_results_number cannot be negative"),
        (
            "_results_offset=9901&_results_number=100",
            "_results_offset + _results_number cannot be greater than 10,000",
        ),
        (
            "_facets_size=10001",
            "_facets_size cannot be greater than 10,000",
        ),
        ("_columns=x", "Unknown field 'x'"),
        ("_facets=x", "Unknown field 'x'"),
        ("_aggs.product=x", "Unknown field 'x'"),
        ("_sort=-x", "Unknown field 'x'"),
        (
            "uptime=x",
            "Bad value for parameter uptime: not a valid int",
        ),
        (
            "_results_number=x",
            "Bad value for parameter _results_number: not a valid int",
        ),
        (
            "signature=@(",
            "Bad value for parameter signature: not a valid regular expression",
        ),
        ("date=2026-11-23", "date must have a prefix operator"),
        ("date=>=2025-01-01", "Date range is bigger than 365 days"),
        (
            "_histogram.date=product&_histogram_interval.date=0d",
            "Bad value for parameter _histogram_interval.date: not a valid interval",
        ),
    ] {
        let answer = get(&server, &format!("SuperSearch/?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        let error = format!("Bad request: BadArgumentError: {text}");
        assert_eq!(answer.json(), json!({"error": error}), "{query}");
    }
}

#[tokio::test]
async fn partial_results_say_so_and_fields_are_listed() {
    let error = json!({"type": "missing_index", "index": "socorro202646"});
    let server = start(crashes().search_error(error.clone()));
    assert_eq!(
        get(&server, "SuperSearch/").await.json()["errors"],
        json!([error])
    );
    let fields = get(&server, "SuperSearchFields/").await.json();
    assert_eq!(
        fields["url"]["permissions_needed"],
        json!(["crashstats.view_pii"])
    );
    assert_eq!(fields["uptime"]["query_type"], "integer");
}
