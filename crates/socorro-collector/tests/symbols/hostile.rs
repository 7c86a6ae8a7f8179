//! Uploads that are out to do harm, or came to harm. None leaves anything behind.

use std::time::Duration;

use crate::{
    corpus::SymbolFile,
    forms::{form, gzip, zip},
    server::{Answer, Server},
};

const ID: &str = "111111111111111111111111111111111";

fn symbols(id: &str, name: &str) -> Vec<u8> {
    format!("MODULE Linux x86_64 {id} {name}\nPUBLIC 1000 0 main\n").into_bytes()
}

async fn refused(server: &Server, body: Vec<u8>, status: u16) -> Answer {
    let answer = server.post("", body).await;
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(server.files(), [""; 0], "{}", answer.body);
    answer
}

#[tokio::test]
async fn what_is_no_good_symbol_file_is_refused_with_the_reason() {
    let server = Server::start().await;
    for (body, reason) in [
        (&b"garbage"[..], "line 1: the file ends within a line"),
        (b"garbage\n", "line 1"),
        (b"MODULE Linux x86_64 1 app\n", ""),
        (
            b"MODULE Linux x86_64 111111111111111111111111111111111 ..\nPUBLIC 1 0 a\n",
            "",
        ),
        (
            b"MODULE Linux x86_64 111111111111111111111111111111111 app\nFUNC what\n",
            "line 2",
        ),
    ] {
        let answer = refused(&server, body.to_vec(), 400).await;
        let file = answer.json()["files"][0].clone();
        assert_eq!(file["result"], "refused", "{file}");
        let told = file["reason"].as_str().unwrap();
        assert!(told.contains(reason), "{told}");
        let place = server.store.path().display().to_string();
        assert!(!answer.body.contains(&place), "{}", answer.body);
    }
    let answer = refused(&server, Vec::new(), 400).await;
    assert!(answer.body.contains("no symbol file"), "{}", answer.body);
    let (header, body) = form(&[("a", "b")], &[]);
    let answer = server.post(&header, body).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn names_in_a_zip_lead_nowhere() {
    let server = Server::start().await;
    let evil = symbols(ID, "app");
    for name in [
        format!("../../app/{ID}/app.sym"),
        format!("/app/{ID}/app.sym"),
        format!("app/../{ID}/app.sym"),
        format!("app/{ID}/../app.sym"),
        format!("..\\app\\{ID}\\app.sym"),
        format!("app/{ID}/app.dbg"),
        "x".repeat(5000),
    ] {
        let answer = refused(&server, zip(&[(&name, &evil)]), 400).await;
        assert_eq!(answer.json()["files"][0]["result"], "skipped", "{name}");
        assert!(answer.body.len() < 1000);
    }
    for name in [
        format!("../{ID}/app.sym"),
        format!("other/{ID}/other.sym"),
        format!("app/{}/app.sym", ID.replace('1', "2")),
    ] {
        let answer = refused(&server, zip(&[(&name, &evil)]), 400).await;
        assert_eq!(answer.json()["files"][0]["result"], "refused", "{name}");
    }
}

#[tokio::test]
async fn good_files_are_kept_when_others_in_the_zip_are_bad() {
    let server = Server::start().await;
    let body = zip(&[
        (&format!("bad/{ID}/bad.sym"), b"garbage"),
        (&format!("app/{ID}/app.sym"), &symbols(ID, "app")),
    ]);
    let answer = server.post("", body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.results(),
        [
            format!("refused bad/{ID}/bad.sym"),
            format!("stored app/{ID}/app.sym")
        ]
    );
    assert_eq!(server.files(), [format!("app/{ID}/app.sym")]);
}

#[tokio::test]
async fn bombs_do_not_unpack() {
    let zeros = vec![b' '; 4 << 20];
    let one = format!("a/{ID}/a.sym");
    let two = format!("b/{ID}/b.sym");
    let good = symbols(ID, "good");
    let good_name = format!("good/{ID}/good.sym");
    let small = Server::limited(|limits| limits.file = 1 << 20).await;
    refused(&small, zip(&[(&good_name, &good), (&one, &zeros)]), 413).await;
    refused(&small, gzip(&gzip(&zeros)), 413).await;
    let little = Server::limited(|limits| limits.unpacked = 6 << 20).await;
    refused(
        &little,
        zip(&[(&good_name, &good), (&one, &zeros), (&two, &zeros)]),
        413,
    )
    .await;
    let answer = refused(&little, gzip(&[&zeros[..], &zeros].concat()), 413).await;
    assert!(answer.body.contains("6291456"), "{}", answer.body);
    let short = Server::limited(|limits| limits.body = 1 << 20).await;
    refused(&short, zeros, 413).await;
}

#[tokio::test]
async fn a_zip_may_not_have_too_many_files_nor_say_so() {
    let server = Server::limited(|limits| limits.entries = 3).await;
    let names: Vec<_> = (0..4).map(|number| format!("{number}.txt")).collect();
    let files: Vec<_> = names.iter().map(|name| (&**name, &b"x"[..])).collect();
    refused(&server, zip(&files), 413).await;
    refused(&server, zip(&files[..3]), 400).await;
    // The number of files in the directory, as the end of the archive tells it.
    let mut lying = zip(&files[..3]);
    let end = lying.len() - 22;
    lying[end + 10..end + 12].copy_from_slice(&60_000_u16.to_le_bytes());
    refused(&server, lying.clone(), 413).await;
    let patient = Server::start().await;
    lying[end + 10..end + 12].copy_from_slice(&9_000_u16.to_le_bytes());
    let answer = refused(&patient, lying, 400).await;
    assert!(answer.body.contains("directory"), "{}", answer.body);
}

#[tokio::test]
async fn damage_is_noticed_wherever_it_is() {
    let name = format!("app/{ID}/app.sym");
    let text = symbols(ID, "app");
    let archive = zip(&[(&name, &text)]);
    let server = Server::start().await;
    for length in [4, 30, archive.len() / 2, archive.len() - 1] {
        let answer = refused(&server, archive[..length].to_vec(), 400).await;
        assert!(answer.body.contains("zip"), "{}", answer.body);
    }
    // A byte of the content: the checksum does not fit.
    let mut stored = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    stored.start_file(&*name, options).unwrap();
    std::io::Write::write_all(&mut stored, &text).unwrap();
    let mut stored = stored.finish().unwrap().into_inner();
    let at = 30 + name.len() + text.len() - 2;
    stored[at] ^= 1;
    let answer = refused(&server, stored, 400).await;
    assert!(answer.body.contains("checksum"), "{}", answer.body);

    let packed = gzip(&text);
    refused(&server, packed[..packed.len() - 9].to_vec(), 400).await;
    let (header, body) = form(&[], &[("file", &archive)]);
    let answer = server.post(&header, body[..body.len() / 2].to_vec()).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(server.files().is_empty());
}

#[tokio::test]
async fn any_byte_of_a_zip_may_be_wrong() {
    let name = format!("app/{ID}/app.sym");
    let text = symbols(ID, "app");
    let archive = zip(&[(&name, &text), ("x", b"y")]);
    let server = Server::start().await;
    for at in 0..archive.len() {
        let mut damaged = archive.clone();
        damaged[at] = !damaged[at];
        let answer = server.post("", damaged).await;
        assert!(
            matches!(answer.status, 201 | 400 | 413),
            "{at}: {}",
            answer.body
        );
        if let [file] = &server.files()[..] {
            assert_eq!(
                (file, server.read(file)),
                (&name, text.clone()),
                "byte {at}"
            );
        }
    }
}

#[tokio::test]
async fn clients_that_go_away_or_fall_silent_leave_nothing() {
    let Some(file) = SymbolFile::of("nofp") else {
        return;
    };
    let server = Server::limited(|limits| limits.idle = Duration::from_millis(50)).await;
    let headers = format!("Auth-Token: {}\r\n", crate::server::TOKEN);
    let length = file.text.len() + 1;
    let text = file.text.clone();
    let answer = server.send_length("POST", "/symbols/", &headers, length, text);
    assert_ne!(answer.await.status, 201);
    assert!(server.files().is_empty());
    let silent = std::net::TcpStream::connect(server.address).unwrap();
    let head =
        format!("POST /symbols/ HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n{headers}\r\nMODULE");
    let answer = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let mut silent = silent;
        silent.write_all(head.as_bytes()).unwrap();
        let mut answer = [0; 12];
        silent.read_exact(&mut answer).unwrap();
        answer
    });
    assert_eq!(&answer.await.unwrap(), b"HTTP/1.1 408");
    assert!(server.files().is_empty());
}
