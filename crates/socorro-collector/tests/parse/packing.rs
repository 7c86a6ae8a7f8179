//! Compressed bodies, and connections that break.

use bytes::Bytes;
use futures::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use socorro_collector::{
    BodyError, Malformed,
    parse::{ParseError, Report, parse},
};

use crate::common::{Form, gzip, headers, options, parse_cut, parse_whole};

fn form() -> Bytes {
    Form::new()
        .text("ProductName", "Firefox")
        .file("upload_file_minidump", b"MDMP")
        .close()
}

fn packed_headers() -> HeaderMap {
    let mut headers = headers();
    headers.insert("content-encoding", "gzip".parse().unwrap());
    headers
}

fn malformed(result: Result<Report, ParseError>) -> Malformed {
    match result {
        Err(ParseError::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn several_members_and_what_follows_them() {
    let form = form();
    let (first, second) = form.split_at(50);
    for (body, noted) in [
        ([gzip(first), gzip(second)].concat(), false),
        (
            [gzip(b""), gzip(first), gzip(b""), gzip(second), gzip(b"")].concat(),
            false,
        ),
        ([gzip(&form), b"garbage".to_vec()].concat(), true),
        ([gzip(&form), vec![0x1f]].concat(), true),
        ([gzip(&form), vec![0x1f, 0x8b]].concat(), true),
        ([gzip(&form), vec![0; 500]].concat(), true),
    ] {
        let mut options = options();
        options.observations = true;
        let body = Bytes::from(body);
        let ones = vec![1; body.len()];
        for sizes in [&[][..], &ones] {
            let headers = packed_headers();
            let report = parse_cut(&headers, body.clone(), sizes, &options)
                .await
                .unwrap();
            assert!(report.compressed);
            assert_eq!(report.size, body.len() as u64);
            assert_eq!(report.unpacked_size, form.len() as u64);
            let expected: &[&str] = match noted {
                true => &["bytes behind the gzip stream ignored"],
                false => &[],
            };
            assert_eq!(report.notes, expected);
        }
    }
}

#[tokio::test]
async fn damaged_gzip() {
    let whole = gzip(&form());
    let mut bad_checksum = whole.clone();
    let checksum = whole.len() - 8;
    bad_checksum[checksum] ^= 1;
    for body in [
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        whole[..5].to_vec(),
        bad_checksum,
        form().to_vec(),
        b"x".to_vec(),
        [&whole[..], &whole[..20]].concat(),
    ] {
        let result = parse_cut(&packed_headers(), body.into(), &[], &options()).await;
        assert_eq!(malformed(result), Malformed::BadGzip);
    }
}

#[tokio::test]
async fn gzip_is_known_without_a_label() {
    let body = Bytes::from(gzip(&form()));
    for sizes in [&[][..], &[1], &[0, 1, 0, 1]] {
        let report = parse_cut(&headers(), body.clone(), sizes, &options())
            .await
            .unwrap();
        assert!(report.compressed);
        assert_eq!(report.notes, ["gzip without Content-Encoding"]);
    }
}

#[tokio::test]
async fn no_body() {
    for sizes in [&[][..], &[0, 0]] {
        let result = parse_cut(&headers(), Bytes::new(), sizes, &options()).await;
        assert_eq!(malformed(result), Malformed::NoContentLength);
    }
}

/// Reads a body whose connection breaks behind these bytes.
async fn parse_broken(headers: &HeaderMap, sent: Bytes) -> Result<Report, ParseError> {
    let frames = [
        Ok(Frame::data(sent)),
        Err(BodyError::Broken("reset".into())),
    ];
    parse(headers, StreamBody::new(stream::iter(frames)), &options()).await
}

#[tokio::test]
async fn connections_that_break() {
    let form = form();
    let report = parse_broken(&headers(), form.clone()).await.unwrap();
    assert_eq!(report.notes, ["the connection broke behind the last part"]);

    let half = parse_broken(&headers(), form.slice(..80)).await;
    assert!(
        matches!(half, Err(ParseError::Body(BodyError::Broken(_)))),
        "{half:?}"
    );
    // It is not known whether the rest would have been sound.
    let packed = parse_broken(&packed_headers(), gzip(&form).into()).await;
    assert!(
        matches!(packed, Err(ParseError::Body(BodyError::Broken(_)))),
        "{packed:?}"
    );
}

#[tokio::test]
async fn trailers_are_no_content() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "1".parse().unwrap());
    let frames = [
        Ok::<_, BodyError>(Frame::data(form())),
        Ok(Frame::trailers(trailers)),
    ];
    let body = StreamBody::new(stream::iter(frames));
    assert!(parse(&headers(), body, &options()).await.is_ok());
}

#[test]
fn reports_can_be_read_on_any_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let (headers, options, body) = (headers(), options(), form());
    drop(is_send(parse_cut(&headers, body.clone(), &[], &options)));
    drop(is_send(parse_whole(body, &options)));
}
