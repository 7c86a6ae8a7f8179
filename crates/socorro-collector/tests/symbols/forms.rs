//! Each form in which symbols may come.

use std::{io::Write as _, process::Command};

use flate2::{Compression, write::GzEncoder};
use socorro_collector::symbols::Tokens;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    corpus::SymbolFile,
    server::{Server, TOKEN},
};

const BOUNDARY: &str = "----a-boundary";

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(content).unwrap();
    gzip.finish().unwrap()
}

pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Fields, and files as `(field, content)`; with the header that belongs to it.
pub(crate) fn form(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        write!(
            body,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
        .unwrap();
    }
    for (name, content) in files {
        write!(
            body,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .unwrap();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    write!(body, "--{BOUNDARY}--\r\n").unwrap();
    let header = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n");
    (header, body)
}

#[tokio::test]
async fn a_symbol_file_comes_plain_or_packed_and_twice() {
    let Some(file) = SymbolFile::of("nofp") else {
        return;
    };
    let packed = gzip(&file.text);
    for (header, body) in [
        ("", &file.text),
        ("", &packed),
        ("Content-Encoding: gzip\r\n", &packed),
        ("Content-Type: text/plain\r\n", &file.text),
    ] {
        let server = Server::start().await;
        for expected in ["stored", "unchanged"] {
            let answer = server.post(header, body.clone()).await;
            assert_eq!(answer.status, 201, "{}", answer.body);
            assert!(answer.head.contains("content-type: application/json"));
            assert_eq!(answer.results(), [format!("{expected} {}", file.name)]);
            assert_eq!(answer.json()["crashes"], 0);
            assert_eq!(server.files(), [&*file.name]);
            assert_eq!(server.read(&file.name), file.text);
        }
    }
}

#[tokio::test]
async fn an_address_names_the_file_that_is_put_there() {
    let Some(file) = SymbolFile::of("nofp") else {
        return;
    };
    let server = Server::start().await;
    let token = format!("Authorization: Bearer {TOKEN}\r\n");
    let put = async |path: &str| {
        let path = format!("/symbols/{path}");
        server.send("PUT", &path, &token, file.text.clone()).await
    };
    let id = file.debug_id();
    let other = id.replace('D', "E");
    for wrong in [
        format!("nofp/{other}/nofp.sym"),
        format!("other/{id}/nofp.sym"),
        format!("nofp/{id}/other.sym"),
        format!("..%2f..%2fnofp/{other}/nofp.sym"),
    ] {
        let answer = put(&wrong).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.body);
        assert_eq!(answer.results(), ["refused the symbol file"]);
        assert!(server.files().is_empty(), "{wrong}");
    }
    let lower = file.name.replace(id, &id.to_ascii_lowercase());
    assert_eq!(put(&lower).await.status, 201);
    assert_eq!(server.files(), [&*file.name]);
}

#[tokio::test]
async fn a_zip_comes_as_mozillas_symbol_server_takes_it() {
    let (Some(one), Some(other)) = (SymbolFile::of("nofp"), SymbolFile::of("signals")) else {
        return;
    };
    let archive = zip(&[
        (&one.name, &one.text),
        ("app-symbols.txt", b"a list"),
        (&format!("./{}", other.name), &other.text),
        ("app.exe/AAAA/app.ex_", b"a program"),
    ]);
    let expected = [
        "skipped app-symbols.txt".to_owned(),
        "skipped app.exe/AAAA/app.ex_".to_owned(),
        format!("stored {}", one.name),
        format!("stored {}", other.name),
    ];
    let (header, body) = form(&[], &[("symbols.zip", &archive)]);
    for (header, body) in [(&*header, &body), ("", &archive), (&*header, &gzip(&body))] {
        let server = Server::start().await;
        let headers = format!("Auth-Token: {TOKEN}\r\n{header}");
        let answer = server
            .send("POST", "/upload/", &headers, body.clone())
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.results(), expected);
        assert_eq!(server.files(), [&*one.name, &*other.name]);
        assert_eq!(server.read(&other.name), other.text);
    }
}

/// As `symupload` of Breakpad sends it, which believes 200 only.
#[tokio::test]
async fn breakpads_form_says_what_the_file_is() {
    let Some(file) = SymbolFile::of("nofp") else {
        return;
    };
    let server = Server::start().await;
    let send = async |debug_file: &str, id: &str| {
        let fields = [
            ("code_file", debug_file),
            ("cpu", "x86_64"),
            ("debug_file", debug_file),
            ("debug_identifier", id),
            ("os", "Linux"),
            ("version", "1.2"),
        ];
        let (header, body) = form(&fields, &[("symbol_file", &file.text)]);
        let path = format!("/symbols/?token={TOKEN}");
        server.send("POST", &path, &header, body).await
    };
    let wrong = send("nofp", "0000").await;
    assert_eq!(wrong.status, 400, "{}", wrong.body);
    assert_eq!(send("other", file.debug_id()).await.status, 400);
    assert!(server.files().is_empty());
    assert_eq!(send("nofp", file.debug_id()).await.status, 200);
    assert_eq!(server.files(), [&*file.name]);
}

#[tokio::test]
async fn a_good_file_is_replaced_only_when_that_is_wanted_and_a_damaged_one_always() {
    let Some(file) = SymbolFile::of("nofp") else {
        return;
    };
    let mut other = file.text.clone();
    other.extend_from_slice(b"PUBLIC 7fffffff 0 one_more\n");
    for (replace, status, result) in [(false, 409, "conflict"), (true, 201, "replaced")] {
        let server = Server::with(|options| options.replace = replace).await;
        assert_eq!(server.post("", file.text.clone()).await.status, 201);
        let answer = server.post("", other.clone()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.results(), [format!("{result} {}", file.name)]);
        let is_other = server.read(&file.name) == other;
        assert_eq!(is_other, replace);
        std::fs::write(server.store.path().join(&file.name), "garbage").unwrap();
        let answer = server.post("", file.text.clone()).await;
        assert_eq!(answer.results(), [format!("replaced {}", file.name)]);
        assert_eq!(server.read(&file.name), file.text);
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let Some(file) = SymbolFile::of("nofp") else {
        return;
    };
    let server = Server::start().await;
    for headers in ["", "Auth-Token: wrong\r\n", "Authorization: Bearer a\r\n"] {
        let answer = server
            .send("POST", "/symbols/", headers, file.text.clone())
            .await;
        assert_eq!(answer.status, 401);
        assert!(answer.body.contains("Auth-Token"), "{}", answer.body);
    }
    assert!(server.files().is_empty());
    let closed = Server::with(|options| options.tokens = Tokens::default()).await;
    let answer = closed.post("", file.text).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("no token is configured"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_does_it_as_the_manual_says() {
    let Some(file) = SymbolFile::of("nofp") else {
        return;
    };
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no curl");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let sym = directory.path().join("nofp.sym");
    std::fs::write(&sym, &file.text).unwrap();
    let archive = directory.path().join("symbols.zip");
    std::fs::write(&archive, zip(&[(&file.name, &file.text)])).unwrap();
    for arguments in [
        ["--data-binary".to_owned(), format!("@{}", sym.display())],
        ["--form".to_owned(), format!("file=@{}", archive.display())],
        [
            "--form".to_owned(),
            format!("symbol_file=@{}", sym.display()),
        ],
        ["--upload-file".to_owned(), sym.display().to_string()],
    ] {
        let server = Server::start().await;
        let run = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--fail-with-body",
                "--max-time",
                "60",
            ])
            .args(["--header", &format!("Auth-Token: {TOKEN}")])
            .args(&arguments)
            .arg(format!("http://{}/symbols/", server.address).replace(
                "/symbols/",
                // curl adds the name of the file to an address with a slash at its end.
                if arguments[0] == "--upload-file" {
                    "/symbols"
                } else {
                    "/symbols/"
                },
            ))
            .output();
        let output = run.unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert_eq!(server.files(), [&*file.name], "{arguments:?}");
    }
}
