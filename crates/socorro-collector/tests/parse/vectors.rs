//! Recorded requests of Mozilla's collector: what its parser made of them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use socorro_collector::parse::{ParseError, Payload, Report};

use crate::{
    common::{Form, headers, options, parse_cut},
    recorded::{body, cases, deviations, same},
};

fn headers_of(request: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for header in request["headers"].as_array().unwrap() {
        let name: HeaderName = header[0].as_str().unwrap().parse().unwrap();
        let value = HeaderValue::from_str(header[1].as_str().unwrap()).unwrap();
        headers.append(name, value);
    }
    headers
}

/// What the HTTP server makes of a body: no more of it than is declared.
fn framed(headers: &HeaderMap, mut body: Vec<u8>) -> Bytes {
    let declared = headers
        .get("content-length")
        .and_then(|value| value.to_str().ok());
    body.truncate(declared.and_then(|value| value.parse().ok()).unwrap_or(0));
    body.into()
}

/// All recorded requests that can be read, as they are sent.
pub(crate) fn recorded() -> impl Iterator<Item = (HeaderMap, Bytes)> {
    let requests = cases("requests.jsonl")
        .into_iter()
        .map(|case| case["request"].clone());
    let small = requests.filter(|request| request["body_b64"].is_string());
    small.map(|request| (headers_of(&request), body(&request).into()))
}

#[tokio::test]
async fn recorded_requests() {
    let deviations = deviations();
    let mut failed = Vec::new();
    let mut count = 0;
    for case in cases("requests.jsonl") {
        let id = case["id"].as_str().unwrap();
        let upstream = &case["upstream"];
        let is_about_parsing = ["parsed", "malformed", "parser_exception"]
            .iter()
            .any(|key| !upstream[*key].is_null());
        if !is_about_parsing {
            continue;
        }
        count += 1;
        let headers = headers_of(&case["request"]);
        let body = framed(&headers, body(&case["request"]));
        let result = parse_cut(&headers, body, &[], &options()).await;
        let difference = match case.get("want") {
            Some(want) => differs_from_wanted(want, &result),
            None => differs_from_upstream(upstream, &result),
        };
        let listed = deviations.iter().any(|listed| listed == id);
        match difference {
            Some(difference) if !listed => failed.push(format!("{id}: {difference}")),
            // What is said of raw crashes is found later than here.
            None if listed && !id.starts_with("rawcrash/") => {
                failed.push(format!("{id}: listed as deviating, but it matches"));
            }
            _ => {}
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
    println!("{count} cases");
}

fn differs_from_upstream(upstream: &Value, result: &Result<Report, ParseError>) -> Option<String> {
    match (&upstream["parsed"], result) {
        (Value::Null, Err(ParseError::Malformed(malformed))) => {
            // Where it fails itself nothing is said about the reason.
            let reason = upstream["malformed"].as_str();
            let same = reason.is_none_or(|reason| reason == malformed.code())
                // A crash id is looked at later.
                || reason == Some("invalid_uuid");
            (!same).then(|| format!("expected {reason:?}, found {malformed}"))
        }
        (Value::Null, Ok(_)) if upstream["malformed"] == "invalid_uuid" => None,
        (expected @ Value::Object(_), Ok(report)) => differs_from_parsed(expected, report),
        (expected, found) => Some(format!("expected {expected}, found {found:?}")),
    }
}

fn differs_from_parsed(expected: &Value, report: &Report) -> Option<String> {
    let dumps: Map<String, Value> = report
        .files
        .iter()
        .map(|file| {
            let content = json!({"sha256": file.sha256, "size": file.content.size()});
            (file.name.to_string(), content)
        })
        .collect();
    let found = json!({
        "dumps": dumps,
        "notes": comparable_notes(report),
        "payload": payload(report),
        "payload_compressed": if report.compressed { "1" } else { "0" },
        "payload_size": report.size,
    });
    let mut expected = expected.clone();
    let annotations = expected
        .as_object_mut()
        .unwrap()
        .remove("annotations")
        .unwrap();
    if expected != found {
        return Some(format!("expected {expected}, found {found}"));
    }
    let annotations = annotations.as_object().unwrap();
    let names = |map: &Map<String, Value>| {
        let mut names: Vec<_> = map.keys().cloned().collect();
        names.sort();
        names
    };
    let (expected, found) = (names(annotations), names(&report.annotations));
    if expected != found {
        return Some(format!(
            "expected annotations {expected:?}, found {found:?}"
        ));
    }
    let different = annotations
        .iter()
        .find(|(name, value)| !same(value, &report.annotations[*name]));
    different.map(|(name, value)| {
        let found = report.annotations[name].to_string();
        format!("{name}: expected {value}, found {found:.200}")
    })
}

/// All notes but the one about a replacement that upstream does not need.
fn comparable_notes(report: &Report) -> Vec<&String> {
    let notes = report.notes.iter();
    notes
        .filter(|note| !note.contains("lone surrogates"))
        .collect()
}

fn payload(report: &Report) -> &'static str {
    match report.payload {
        Payload::Json => "json",
        Payload::Multipart => "multipart",
    }
}

fn differs_from_wanted(want: &Value, result: &Result<Report, ParseError>) -> Option<String> {
    // Later steps may refuse what is read well.
    let malformed = want["body"]
        .as_str()
        .and_then(|body| body.strip_prefix("Discarded=malformed_"));
    let report = match (result, malformed) {
        (Ok(report), None | Some("invalid_uuid")) => report,
        (Err(ParseError::Malformed(found)), Some(expected)) => {
            let status = want["status"].as_u64() == Some(found.status().as_u16().into());
            let same = status && found.code() == expected;
            return (!same).then(|| format!("expected {expected}, found {found}"));
        }
        (result, _) => return Some(format!("expected {want}, found {result:?}")),
    };
    if let Some(names) = want["dump_names"].as_array() {
        let found: Vec<_> = report.files.iter().map(|file| file.name.as_str()).collect();
        if *names != found {
            return Some(format!("expected files {names:?}, found {found:?}"));
        }
    }
    if let Some(expected) = want["payload"].as_str()
        && expected != payload(report)
    {
        return Some(format!("expected payload {expected}"));
    }
    let annotations = want["annotation"].as_object().into_iter().flatten();
    let missing = annotations
        .filter(|(name, value)| report.annotations.get(*name) != Some(*value))
        .map(|(name, _)| format!("wrong annotation {name}"));
    missing.into_iter().next()
}

/// A form with a file of that field.
fn form_with_file(field: &str) -> Bytes {
    let field = field.replace('\\', "\\\\").replace('"', "\\\"");
    Form::new()
        .text("ProductName", "Firefox")
        .part(
            &format!("name=\"{field}\""),
            "application/octet-stream",
            b"MDMP",
        )
        .close()
}

#[tokio::test]
async fn recorded_names() {
    for case in cases("sanitize.jsonl") {
        let field = case["name"].as_str().unwrap();
        let report = parse_cut(&headers(), form_with_file(field), &[], &options())
            .await
            .unwrap();
        let found: Vec<_> = report.files.iter().map(|file| file.name.as_str()).collect();
        let expected = match case["expected"].as_str().unwrap() {
            // No field name at all.
            "" if field.is_empty() => vec![],
            // There is no file without a name.
            "" => vec!["upload_file_minidump"],
            name => vec![name],
        };
        assert_eq!(found, expected, "{field:?}");
    }
}
