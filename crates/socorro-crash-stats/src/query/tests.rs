use proptest::prelude::*;

use super::*;

fn parse(query: &str) -> Result<Query, QueryError> {
    let now = "2024-07-16T12:00:00Z".parse().unwrap();
    Query::parse(&Parameters::from_query(query), now)
}

/// The filters of a query: field, whether negated, operator.
fn filters(query: &str) -> Vec<(&'static str, bool, &'static str)> {
    let filters = parse(query).unwrap().filters.into_iter();
    filters
        .map(|filter| {
            (
                filter.field.name(),
                filter.negated,
                filter.condition.operator(),
            )
        })
        .collect()
}

#[test]
fn a_type_knows_its_operators_and_takes_others_for_text() {
    for (query, expected) in [
        ("signature=x", ("signature", false, "")),
        ("signature=!=x", ("signature", true, "=")),
        ("signature=>x", ("signature", false, "")),
        ("signature=!!x", ("signature", true, "")),
        ("signature=!__null__", ("signature", true, "__null__")),
        ("signature=__true__", ("signature", false, "")),
        ("product=~Fire", ("product", false, "")),
        ("product=__null__", ("product", false, "__null__")),
        ("version=!60.0b", ("version", true, "^")),
        ("uptime=>=5", ("uptime", false, ">=")),
        ("uptime=!<5", ("uptime", true, "<")),
        ("uptime_ts=>0.5", ("uptime_ts", false, ">")),
        ("safe_mode=!__true__", ("safe_mode", true, "__true__")),
        ("safe_mode=1", ("safe_mode", false, "")),
    ] {
        assert_eq!(filters(query), [expected], "{query}");
    }
}

#[test]
fn bare_values_are_taken_together_and_negated_ones_apart() {
    let filters = parse("signature=a&signature=!b&signature=c&signature=!d")
        .unwrap()
        .filters;
    let of = |texts: [&str; 2]| {
        Condition::AnyOf(texts.map(|text| Operand::Text(text.to_owned())).to_vec())
    };
    assert_eq!(filters.len(), 2);
    assert_eq!(
        (filters[0].negated, &filters[0].condition),
        (false, &of(["a", "c"]))
    );
    assert_eq!(
        (filters[1].negated, &filters[1].condition),
        (true, &of(["b", "d"]))
    );
}

#[test]
fn a_negated_bound_is_the_opposite_one() {
    let dates = parse("date=!<2024-07-10&date=<2024-07-11").unwrap().dates;
    assert!(dates.from.inclusive);
    assert_eq!(dates.from.moment.to_string(), "2024-07-10T00:00:00Z");
}

#[test]
fn intervals_are_read() {
    let interval = |text: &str| {
        let query = format!("_histogram.date=product&_histogram_interval.date={text}");
        parse(&query).map(|query| query.interval_of(Field::named("date").unwrap()))
    };
    let hours = |hours| Ok(Interval::Duration(jiff::SignedDuration::from_hours(hours)));
    assert_eq!(interval("hour"), hours(1));
    assert_eq!(interval("12h"), hours(12));
    assert_eq!(interval("week"), hours(7 * 24));
    assert_eq!(interval("quarter"), Ok(Interval::Months(3)));
    for text in ["", "h", "0h", "-1h", "1é", "7", "fortnight", "99999999999s"] {
        assert!(interval(text).is_err(), "{text}");
    }
}

#[test]
fn protected_fields_are_named_and_can_be_taken_out() {
    let query = parse(
        "url=x&signature=y&_columns=user_comments&_columns=uuid&_sort=-url&_facets=dumper_error\
         &_aggs.product=url&_histogram.date=product",
    );
    let query = query.unwrap();
    let names: Vec<_> = query
        .protected_fields()
        .iter()
        .map(|field| field.name())
        .collect();
    assert_eq!(names, ["dumper_error", "url", "user_comments"]);
    let public = query.without_protected_fields();
    assert!(public.protected_fields().is_empty());
    assert_eq!((public.filters.len(), public.columns.len()), (1, 1));
    assert_eq!(public.aggregations.len(), 1);
}

proptest! {
    #[test]
    fn parsing_never_panics(query in "[a-z_.]{0,12}(=[!<>=~^$@_0-9a-z:.+-]{0,12}){0,3}", text in ".{0,30}") {
        for name in ["date", "uptime", "signature", "version", "_sort", "_facets", "_aggs.product",
            "_histogram_interval.date", "_results_number"] {
            let mut parameters = Parameters::from_query(&query);
            parameters.push(name, &text);
            let _ = Query::parse(&parameters, Timestamp::MAX);
            let _ = Query::parse(&parameters, Timestamp::MIN);
        }
        let _ = Parameters::of_search(&text);
    }
}
