//! Bounds: at each the report is taken, one beyond it is not.

use bytes::Bytes;
use socorro_collector::{
    Limits, Malformed,
    parse::{Options, ParseError, Report},
};

use crate::common::{Form, gzip, headers, options, parse_cut, parse_whole};

fn with(change: impl FnOnce(&mut Limits)) -> Options {
    let mut options = options();
    change(&mut options.limits);
    options
}

async fn refusal(body: Bytes, options: &Options) -> Malformed {
    match parse_whole(body, options).await {
        Err(ParseError::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

async fn taken(body: Bytes, options: &Options) -> Report {
    parse_whole(body, options).await.unwrap()
}

fn form() -> Form {
    Form::new().text("A", "12345")
}

#[tokio::test]
async fn sizes_of_bodies() {
    let body = form().close();
    let size = body.len() as u64;
    taken(body.clone(), &with(|limits| limits.body = size)).await;
    let less = with(|limits| limits.body = size - 1);
    assert_eq!(refusal(body.clone(), &less).await, Malformed::TooLarge);
    taken(body.clone(), &with(|limits| limits.body = 0)).await;

    let packed = Bytes::from(gzip(&body));
    taken(packed.clone(), &with(|limits| limits.unpacked = size)).await;
    let less = with(|limits| limits.unpacked = size - 1);
    assert_eq!(refusal(packed, &less).await, Malformed::TooLarge);
}

#[tokio::test]
async fn a_declared_size_is_enough_to_refuse() {
    let mut headers = headers();
    headers.remove("transfer-encoding");
    headers.insert("content-length", "1001".parse().unwrap());
    let options = with(|limits| limits.body = 1000);
    let result = parse_cut(&headers, Bytes::new(), &[], &options).await;
    assert!(matches!(
        result,
        Err(ParseError::Malformed(Malformed::TooLarge))
    ));
}

#[tokio::test]
async fn sizes_of_parts() {
    let json = r#"{"B":"1"}"#;
    let options = with(|limits| {
        limits.annotation = 5;
        limits.file = 5;
        limits.json = json.len();
    });
    let report = taken(
        form().text("A", "123456").file("f", b"12345").close(),
        &options,
    )
    .await;
    assert_eq!(report.annotations["A"], "12345");
    assert_eq!(
        report.notes,
        ["extract payload text part exception: body part is too large"]
    );
    let large = form().file("f", b"123456").close();
    assert_eq!(refusal(large, &options).await, Malformed::TooLarge);
    taken(form().json(json).close(), &options).await;
    let large = form().json(&format!("{json} ")).close();
    assert_eq!(refusal(large, &options).await, Malformed::TooLarge);
}

#[tokio::test]
async fn numbers_of_parts_and_files() {
    let options = with(|limits| {
        limits.parts = 4;
        limits.files = 2;
    });
    let files = || form().file("f1", b"").file("f2", b"1");
    taken(files().part("", "text/plain", b"").close(), &options).await;
    let surplus = taken(files().file("f3", b"").close(), &options).await;
    assert_eq!(surplus.files.len(), 2);
    assert_eq!(surplus.notes, ["1 files dropped: more than 2"]);
    let replaced = taken(files().file("f2", b"22").close(), &options).await;
    assert_eq!(replaced.files[1].content.size(), 2);
    assert!(replaced.notes.is_empty());
    let many = files().text("B", "").text("C", "").close();
    assert_eq!(refusal(many, &options).await, Malformed::TooManyParts);
}

#[tokio::test]
async fn headers_of_parts() {
    let disposition = "Content-Disposition: form-data; name=\"B\"\r\nX: ";
    let form = |length: usize| {
        let filler = "x".repeat(length - disposition.len());
        form().raw(&format!("{disposition}{filler}"), b"1").close()
    };
    let report = taken(form(8192), &options()).await;
    assert_eq!(report.annotations["B"], "1");
    let refused = refusal(form(8193), &options()).await;
    assert_eq!(refused, Malformed::InvalidPayloadStructure);
    let endless = refusal(form(200_000), &with(|limits| limits.part_header = 0)).await;
    assert_eq!(endless, Malformed::InvalidPayloadStructure);
}

#[tokio::test]
async fn blanks_behind_a_delimiter_end() {
    for (blanks, taken) in [(0, true), (1, true), (1000, true), (1_000_000, false)] {
        let body = format!(
            "--b0undary{}\r\nContent-Disposition: form-data; name=A\r\n\r\n1\r\n--b0undary--",
            " \t".repeat(blanks)
        );
        let result = parse_whole(body.into(), &options()).await;
        assert_eq!(result.is_ok(), taken, "{blanks}");
    }
}

#[tokio::test]
async fn preambles_and_epilogues_may_be_long() {
    for size in [0, 1, 70_000, 1_000_000] {
        let filler = "-".repeat(size);
        let form = form().close();
        let body = [filler.as_bytes(), &form, filler.as_bytes()].concat();
        taken(body.into(), &options()).await;
    }
}

#[tokio::test]
async fn what_comes_within_the_bounds_counts_first() {
    let body = form().json("no json").text("B", "").close();
    for encoding in [None, Some("gzip")] {
        let mut headers = headers();
        let mut body = body.clone();
        if let Some(encoding) = encoding {
            headers.insert("content-encoding", encoding.parse().unwrap());
            body = gzip(&body).into();
        }
        let size = body.len() as u64 - 1;
        for options in [
            with(|limits| limits.body = size),
            with(|limits| limits.unpacked = 250),
        ] {
            for sizes in [vec![], vec![1; body.len()]] {
                let result = parse_cut(&headers, body.clone(), &sizes, &options).await;
                let result = result.map(|_| ()).unwrap_err().to_string();
                assert_eq!(result, "malformed: invalid_json");
            }
        }
    }
}
