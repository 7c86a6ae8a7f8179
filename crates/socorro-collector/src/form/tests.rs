use std::io::Read;

use flate2::read::GzDecoder;
use futures::TryStreamExt;
use serde_json::json;

use super::*;

async fn streamed(stream: impl Stream<Item = io::Result<Bytes>>) -> Vec<u8> {
    let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
    pieces.concat()
}

fn text(form: &Form) -> String {
    String::from_utf8(form.to_bytes().unwrap().to_vec()).unwrap()
}

#[test]
fn curl_keeps_the_order() {
    let form = Form::new()
        .boundary("b")
        .annotation("Version", "1.0")
        .file("upload_file_minidump", "a \"b\".dmp", &b"MDMP"[..])
        .annotation("ProductName", "Fenix");
    assert_eq!(form.content_type(), "multipart/form-data; boundary=b");
    assert_eq!(
        text(&form),
        "--b\r\nContent-Disposition: form-data; name=\"Version\"\r\n\r\n1.0\r\n\
         --b\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; \
         filename=\"a \\\"b\\\".dmp\"\r\nContent-Type: application/octet-stream\r\n\r\nMDMP\r\n\
         --b\r\nContent-Disposition: form-data; name=\"ProductName\"\r\n\r\nFenix\r\n\
         --b--\r\n"
    );
}

#[test]
fn firefox_gathers_annotations_in_json() {
    let annotations = json!({"ProductName": "Firefox", "Throttleable": 0});
    let form = Form::in_style(Style::Firefox)
        .boundary("b")
        .file("upload_file_minidump", "a.dmp", &b"MDMP"[..])
        .annotations(annotations.as_object().unwrap());
    assert_eq!(
        text(&form),
        "--b\r\nContent-Disposition: form-data; name=\"extra\"; filename=\"extra.json\"\r\n\
         Content-Type: application/json\r\n\r\n{\"ProductName\":\"Firefox\",\"Throttleable\":0}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"a.dmp\"\r\n\
         Content-Type: application/octet-stream\r\n\r\nMDMP\r\n--b--\r\n"
    );
}

#[test]
fn crashpad_sorts_and_escapes() {
    let form = Form::in_style(Style::Crashpad)
        .boundary("b")
        .file("attachment", "log", &b"l"[..])
        .annotation("ver\r\n\"%", "1")
        .annotation("prod", "Electron");
    assert_eq!(
        text(&form),
        "--b\r\nContent-Disposition: form-data; name=\"prod\"\r\n\r\nElectron\r\n\
         --b\r\nContent-Disposition: form-data; name=\"ver%0d%0a%22%25\"\r\n\r\n1\r\n\
         --b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"log\"\r\n\
         Content-Type: application/octet-stream\r\n\r\nl\r\n--b--\r\n"
    );
    let boundary = Form::in_style(Style::Crashpad).content_type();
    assert!(boundary.contains("=---MultipartBoundary-"), "{boundary}");
    assert!(boundary.ends_with("---"), "{boundary}");
}

#[tokio::test]
async fn a_file_of_the_disk_is_streamed_with_its_length() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crash.dmp");
    let content: Vec<u8> = (0u32..200_000).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&path, &content).unwrap();
    let form = Form::new().file_at("upload_file_minidump", &path).unwrap();

    let body = form.to_bytes().unwrap();
    assert_eq!(form.length(), body.len() as u64);
    assert!(body.windows(content.len()).any(|window| window == content));
    assert_eq!(streamed(form.stream()).await, body);
    let largest = form
        .stream()
        .try_fold(0, |most, piece| async move { Ok(most.max(piece.len())) })
        .await
        .unwrap();
    assert!(largest <= 64 << 10, "{largest}");

    let mut plain = Vec::new();
    let packed = streamed(gzip(form.stream())).await;
    GzDecoder::new(&*packed).read_to_end(&mut plain).unwrap();
    assert_eq!(plain, body);
}

#[tokio::test]
async fn a_file_that_shrinks_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crash.dmp");
    std::fs::write(&path, [1; 100]).unwrap();
    let form = Form::new().file_at("upload_file_minidump", &path).unwrap();
    std::fs::write(&path, [1; 10]).unwrap();
    let kind = io::ErrorKind::UnexpectedEof;
    assert_eq!(form.to_bytes().unwrap_err().kind(), kind);
    let sent: io::Result<Vec<Bytes>> = form.stream().try_collect().await;
    assert_eq!(sent.unwrap_err().kind(), kind);
}

#[test]
fn directories_and_absent_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |path: &Path| Form::new().file_at("a", path).unwrap_err().kind();
    assert_eq!(refused(directory.path()), io::ErrorKind::InvalidInput);
    assert_eq!(
        refused(&directory.path().join("absent")),
        io::ErrorKind::NotFound
    );
}

#[test]
fn debug_shows_no_values() {
    let form = Form::new().annotation("Email", "someone@example.org");
    let shown = format!("{form:?}");
    assert!(shown.contains("Email"), "{shown}");
    assert!(!shown.contains("someone"), "{shown}");
}
