//! What is mended or passed over, and what the notes say about it.

use bytes::Bytes;
use serde_json::json;
use socorro_collector::parse::{Options, Payload, Report};

use crate::common::{Form, options, parse_whole};

async fn parse(body: Bytes) -> Report {
    parse_whole(body, &options()).await.unwrap()
}

async fn observe(body: Bytes) -> Vec<String> {
    let options = Options {
        observations: true,
        ..options()
    };
    parse_whole(body, &options).await.unwrap().notes
}

#[tokio::test]
async fn json_replaces_fields_before_it_and_not_those_after() {
    let form = || {
        Form::new()
            .text("Before", "1")
            .text("Both", "form")
            .json(r#"{"Both": "json", "B": [1]}"#)
            .text("After", "2")
            .text("After", "3")
            .close()
    };
    let report = parse(form()).await;
    let annotations = json!({"Both": "json", "B": [1], "After": "3"});
    assert_eq!(serde_json::Value::Object(report.annotations), annotations);
    assert_eq!(report.payload, Payload::Json);
    let both = "includes annotations in both json-encoded extra and formdata parts";
    assert_eq!(report.notes, [both]);
    let dropped = "1 annotations before json-encoded extra dropped: Before";
    assert_eq!(observe(form()).await, [dropped, both]);
}

#[tokio::test]
async fn parts_without_a_name() {
    let form = || {
        Form::new()
            .part("name=\"\"", "text/plain", b"x")
            .part("filename=\"x\"", "application/octet-stream", b"x")
            .part("name=\"\"", "application/json", b"no json")
            .text("A", "1")
            .close()
    };
    let report = parse(form()).await;
    assert_eq!((report.annotations.len(), report.files.len()), (1, 0));
    assert!(report.notes.is_empty());
    assert_eq!(observe(form()).await, ["3 parts without a name dropped"]);
}

#[tokio::test]
async fn text_that_cannot_be_decoded() {
    let report = parse(
        Form::new()
            .text("A", "1")
            .part("name=\"B\"", "text/plain; charset=X-Bogus", b"x")
            .part("name=\"C\"", "TEXT/plain;Charset=\"us-ascii\"", b"\xff")
            .part("name=\"D\"", "text/plain; charset=latin1", b"\xff")
            .close(),
    )
    .await;
    assert_eq!(report.annotations["D"], "ÿ");
    assert_eq!(report.annotations.len(), 2);
    let problem = "extract payload text part exception: invalid text or charset";
    assert_eq!(
        report.notes,
        [
            format!("{problem}: X-Bogus"),
            format!("{problem}: us-ascii")
        ]
    );
}

#[tokio::test]
async fn file_names_of_clients() {
    for (parameters, expected, noted) in [
        (
            "filename=\"C:\\dumps\\a.dmp\"",
            Some("C:\\dumps\\a.dmp"),
            false,
        ),
        (
            "filename=a.dmp; filename*=UTF-8''cr%C3%A9.dmp",
            Some("cré.dmp"),
            false,
        ),
        ("filename*=iso-8859-1'en'%E9", Some("é"), false),
        ("filename*=utf-8''%FF.dmp", Some("\u{fffd}.dmp"), true),
        ("filename=a.dmp; filename*=bogus''x", Some("a.dmp"), true),
        ("filename=a.dmp; filename*=utf-8", Some("a.dmp"), true),
        ("filename=\"\"", None, false),
    ] {
        let parameters = format!("name=\"f\"; {parameters}");
        let form = Form::new().text("A", "1");
        let form = form
            .part(&parameters, "application/octet-stream", b"x")
            .close();
        let report = parse(form).await;
        assert_eq!(
            report.files[0].file_name.as_deref(),
            expected,
            "{parameters}"
        );
        let notes: &[&str] = match noted {
            true => &["file name cannot be decoded: f"],
            false => &[],
        };
        assert_eq!(report.notes, notes, "{parameters}");
    }
}

#[tokio::test]
async fn names_in_percent_encoding_are_decoded_only_when_wanted() {
    let form = || Form::new().text("a%22b%0d%0A%25%41", "1").close();
    let names = |report: Report| report.annotations.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(parse(form()).await), ["a%22b%0d%0A%25%41"]);
    let options = Options {
        decode_percent_names: true,
        ..options()
    };
    let report = parse_whole(form(), &options).await.unwrap();
    assert_eq!(names(report), ["a\"b\r\n%%41"]);
}

#[tokio::test]
async fn types_are_compared_in_any_case_but_noted_as_sent() {
    let report = parse(
        Form::new()
            .part("name=\"A\"", "Application/JSON-patch", b"{\"a\": 1}")
            .part("name=\"B\"", "Text/Plain", b"x")
            .part("name=\"C\"", "text/plainish", b"x")
            .part("name=\"D\"", "Application/Octet-Stream", b"x")
            .part("name=\"E!\"", "", b"x")
            .close(),
    )
    .await;
    assert_eq!(report.annotations.len(), 2);
    let files: Vec<_> = report.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(files, ["C", "D", "E"]);
    let mut expected: Vec<_> = [
        "unknown content type: C text/plainish",
        "unknown content type: D Application/Octet-Stream",
        "unknown content type: E! ",
    ]
    .map(str::to_owned)
    .into();
    expected.push("includes annotations in both json-encoded extra and formdata parts".into());
    // A name that had to be changed in no way but by dropping characters is nothing to note.
    assert_eq!(report.notes, expected);
}
