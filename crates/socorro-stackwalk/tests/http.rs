//! Symbol servers: a real server on the loopback interface that counts who asks for what.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod common;

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, LOCATION, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use common::corpus::Corpus;
use common::synthetic::{Crash, debug_id, symbols};
use serde_json::{Map, Value};
use socorro_stackwalk::testkit::differences;
use socorro_stackwalk::{
    CacheOptions, HttpOptions, HttpSource, InProcessStackwalker, SymbolCache, SymbolError,
    SymbolSource, SymbolStore,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the server says to the requests for a path: each answer once, the last one for ever.
type Script = HashMap<String, Vec<fn() -> Response>>;

struct Server {
    address: SocketAddr,
    /// Path and query of each request.
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let state = Arc::new((Mutex::new(script), Arc::clone(&requests)));
        let router = Router::new().fallback(answer).with_state(state);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}/symbols/", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

type Shared = Arc<(Mutex<Script>, Arc<Mutex<Vec<String>>>)>;

async fn answer(State(state): State<Shared>, request: Request) -> Response {
    let (script, requests) = &*state;
    requests.lock().unwrap().push(request.uri().to_string());
    let mut script = script.lock().unwrap();
    match script.get_mut(request.uri().path()) {
        Some(answers) if answers.len() > 1 => answers.remove(0)(),
        Some(answers) => answers[0](),
        None => status(404),
    }
}

fn status(code: u16) -> Response {
    axum::http::StatusCode::from_u16(code)
        .unwrap()
        .into_response()
}

fn path() -> String {
    format!("/symbols/app/{}/app.sym", debug_id(1))
}

fn script(answers: &[fn() -> Response]) -> Script {
    HashMap::from([(path(), answers.to_vec())])
}

fn good() -> Response {
    symbols(1).into_response()
}

fn options() -> HttpOptions {
    HttpOptions {
        backoff: Duration::from_millis(1),
        ..HttpOptions::default()
    }
}

fn source(url: &str) -> SymbolSource {
    SymbolSource::custom(HttpSource::new(url, options()).unwrap())
}

fn store(url: &str) -> SymbolStore {
    SymbolStore::new([source(url)])
}

fn caching_store(url: &str, cache: &Path) -> SymbolStore {
    let cache = SymbolCache::open(cache, CacheOptions::default()).unwrap();
    let builder = SymbolStore::builder().source(source(url));
    builder.cache(cache).build()
}

async fn walk(store: &SymbolStore, crash: &Crash) -> Value {
    let walker = InProcessStackwalker::new().symbols(store.clone());
    walker
        .stackwalk(crash.dump(), &Map::new())
        .await
        .unwrap()
        .into_json()
}

/// Symbol files, and what is left of downloads, anywhere under a directory.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if [".usage", ".prune"].iter().any(|ours| path.ends_with(ours))
            || path.extension().is_some_and(|kind| kind == "symindex")
        {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn symbols_are_downloaded_once_and_their_url_survives_on_disk() {
    let server = Server::start(script(&[good])).await;
    let cache = tempfile::tempdir().unwrap();
    let expected = format!(
        "/symbols/app/{}/app.sym?code_file=app&code_id=",
        debug_id(1)
    );

    let first = caching_store(&server.url(), cache.path());
    let downloaded = walk(&first, &Crash::new(1)).await;
    assert_eq!(
        downloaded["crashing_thread"]["frames"][1]["function"],
        "main"
    );
    let url = downloaded["modules"][0]["symbol_url"].as_str().unwrap();
    assert!(
        url.starts_with(&format!("http://{}{expected}", server.address)),
        "{url}"
    );

    // From memory, and, by a later program, from disk.
    assert_eq!(walk(&first, &Crash::new(1)).await, downloaded);
    let second = caching_store(&server.url(), cache.path());
    assert_eq!(walk(&second, &Crash::new(1)).await, downloaded);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(files(cache.path()).len(), 1);
}

#[tokio::test]
async fn without_a_cache_directory_symbols_are_kept_in_memory() {
    let server = Server::start(script(&[good])).await;
    let store = store(&server.url());
    let document = walk(&store, &Crash::new(1)).await;
    assert_eq!(document["modules"][0]["loaded_symbols"], true);
    assert_eq!(walk(&store, &Crash::new(1)).await, document);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_walks_ask_once() {
    let server = Server::start(script(&[good])).await;
    let store = store(&server.url());
    let walks: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { walk(&store, &Crash::new(1)).await.to_string() })
        })
        .collect();
    let mut documents = Vec::new();
    for walk in walks {
        documents.push(walk.await.unwrap());
    }
    documents.dedup();
    assert_eq!(documents.len(), 1);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_is_not_there_is_not_asked_for_again() {
    let server = Server::start(Script::new()).await;
    let store = store(&server.url());
    for _ in 0..3 {
        let document = walk(&store, &Crash::new(1)).await;
        assert_eq!(document["modules"][0]["missing_symbols"], true);
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let later = || ([(RETRY_AFTER, "0")], status(429)).into_response();
    let failing = || status(503);
    let server = Server::start(script(&[later, failing, good])).await;
    let document = walk(&store(&server.url()), &Crash::new(1)).await;
    assert_eq!(document["modules"][0]["loaded_symbols"], true);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_for_a_while_only() {
    let server = Server::start(script(&[|| status(500), || status(500), good])).await;
    let two_attempts = HttpOptions {
        attempts: 2,
        ..options()
    };
    let source = SymbolSource::custom(HttpSource::new(&server.url(), two_attempts).unwrap());
    let store = SymbolStore::builder()
        .source(source)
        .failed_for(Duration::ZERO)
        .build();
    assert_eq!(
        walk(&store, &Crash::new(1)).await["modules"][0]["missing_symbols"],
        true
    );
    // Not remembered as not found: asked again, and there it is.
    assert_eq!(
        walk(&store, &Crash::new(1)).await["modules"][0]["loaded_symbols"],
        true
    );
}

#[tokio::test]
async fn a_server_that_wants_to_be_left_alone_for_long_is_left_alone() {
    let later = || ([(RETRY_AFTER, "3600")], status(503)).into_response();
    let server = Server::start(script(&[later])).await;
    let store = store(&server.url());
    assert_eq!(
        walk(&store, &Crash::new(1)).await["modules"][0]["missing_symbols"],
        true
    );
    assert_eq!(
        walk(&store, &Crash::new(1)).await["modules"][0]["missing_symbols"],
        true
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_next_source_is_asked_when_one_cannot_answer() {
    let (refusing, good) = (
        Server::start(script(&[|| status(403)])).await,
        Server::start(script(&[good])).await,
    );
    let store = SymbolStore::new([source(&refusing.url()), source(&good.url())]);
    assert_eq!(
        walk(&store, &Crash::new(1)).await["modules"][0]["loaded_symbols"],
        true
    );
    assert_eq!((refusing.requests().len(), good.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_unfolds_is_cut_off_and_leaves_nothing_behind() {
    fn unfolding() -> Response {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b'\n'; 8 << 20]).unwrap();
        ([(CONTENT_ENCODING, "gzip")], encoder.finish().unwrap()).into_response()
    }
    let server = Server::start(script(&[unfolding])).await;
    let cache = tempfile::tempdir().unwrap();
    let kept = SymbolCache::open(cache.path(), CacheOptions::default()).unwrap();
    let builder = || {
        let builder = SymbolStore::builder().source(source(&server.url()));
        builder.largest_file(1 << 20)
    };
    for store in [builder().build(), builder().cache(kept).build()] {
        let document = walk(&store, &Crash::new(1)).await;
        assert_eq!(document["modules"][0]["missing_symbols"], true);
    }
    assert_eq!(files(cache.path()), Vec::<String>::new());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn compressed_symbols_are_understood() {
    fn compressed() -> Response {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(symbols(1).as_bytes()).unwrap();
        ([(CONTENT_ENCODING, "gzip")], encoder.finish().unwrap()).into_response()
    }
    let server = Server::start(script(&[compressed])).await;
    let document = walk(&store(&server.url()), &Crash::new(1)).await;
    assert_eq!(document["modules"][0]["loaded_symbols"], true);
}

/// A server that breaks off the first answer in the middle.
#[tokio::test]
async fn a_transfer_that_breaks_off_is_begun_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        for complete in [false, true] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            let body = symbols(1);
            let sent = if complete {
                &body[..]
            } else {
                &body[..body.len() / 2]
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream
                .write_all(format!("{head}{sent}").as_bytes())
                .await
                .unwrap();
        }
    });
    let cache = tempfile::tempdir().unwrap();
    let document = walk(&caching_store(&url, cache.path()), &Crash::new(1)).await;
    assert_eq!(document["modules"][0]["loaded_symbols"], true);
    assert_eq!(files(cache.path()).len(), 1);
    server.await.unwrap();
}

#[tokio::test]
async fn corrupt_symbols_are_reported_as_such() {
    let server = Server::start(script(&[|| "not symbols\n".into_response()])).await;
    let document = walk(&store(&server.url()), &Crash::new(1)).await;
    assert_eq!(document["modules"][0]["corrupt_symbols"], true);
    assert_eq!(document["modules"][0]["symbol_url"], Value::Null);
}

/// The server tells debug file and id of a module that is known by its code id only.
#[tokio::test]
async fn a_code_id_leads_to_the_symbols() {
    let redirect = || {
        (
            [(LOCATION, format!("/symbols/app/{}/app.sym", debug_id(1)))],
            status(302),
        )
            .into_response()
    };
    let mut crash = Crash::new(1);
    crash.has_debug_id = false;
    // The code id of a Windows module is made of time stamp and size.
    let mut script = script(&[good]);
    script.insert(
        "/symbols/app/5F00000010000/app.sym".to_owned(),
        vec![redirect],
    );
    let server = Server::start(script).await;
    let document = walk(&store(&server.url()), &crash.on_windows()).await;
    let module = &document["modules"][0];
    assert_eq!(
        module["loaded_symbols"],
        true,
        "{:?} {module:?}",
        server.requests()
    );
    assert_eq!(module["debug_id"], debug_id(1));
    assert_eq!(module["debug_file"], "app");
}

#[tokio::test]
async fn nobody_at_the_address_means_no_symbols() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:password@{}/", listener.local_addr().unwrap());
    drop(listener);
    let source = HttpSource::new(&url, options()).unwrap();
    assert!(!format!("{source:?}").contains("password"));
    let store = SymbolStore::new([SymbolSource::custom(source)]);
    assert_eq!(
        walk(&store, &Crash::new(1)).await["modules"][0]["missing_symbols"],
        true
    );
}

#[tokio::test]
async fn secrets_in_a_url_stay_out_of_the_document() {
    let server = Server::start(script(&[good])).await;
    let url = server.url().replace("http://", "http://user:password@");
    let document = walk(&store(&url), &Crash::new(1)).await;
    assert_eq!(document["modules"][0]["loaded_symbols"], true);
    assert!(!document.to_string().contains("password"));
}

/// Real dumps with their symbols from a server give the documents that they give with symbols from a directory.
#[tokio::test(flavor = "multi_thread")]
async fn downloaded_symbols_give_the_documents_of_the_reference() {
    let Some(corpus) = Corpus::find() else { return };
    let mut stores = HashMap::new();
    for case in corpus.cases().into_iter().filter(|case| !case.is_big) {
        if !stores.contains_key(&case.symbols) {
            let files = FileServer::start(case.symbols.clone()).await;
            stores.insert(case.symbols.clone(), store(&files));
        }
        let walker = InProcessStackwalker::new().symbols(stores[&case.symbols].clone());
        let document = walker
            .stackwalk(case.dump.as_path(), &case.annotations)
            .await
            .unwrap()
            .into_json();
        assert_eq!(
            differences(&document, &case.expected()),
            Vec::<String>::new(),
            "{}",
            case.name
        );
        let has_url = |module: &Value| module["symbol_url"].is_string();
        for module in document["modules"].as_array().unwrap() {
            let is_good = module["loaded_symbols"] == true && module["corrupt_symbols"] == false;
            assert_eq!(has_url(module), is_good, "{}: {module}", case.name);
        }
    }
}

/// Serves the files of a directory.
struct FileServer;

impl FileServer {
    /// Returns the URL.
    async fn start(root: PathBuf) -> String {
        async fn file(State(root): State<Arc<PathBuf>>, request: Request) -> Response {
            let path = root.join(request.uri().path().trim_start_matches('/'));
            std::fs::read(path).map_or_else(|_| status(404), IntoResponse::into_response)
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().fallback(file).with_state(Arc::new(root));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

#[test]
fn a_url_that_cannot_be_used_is_refused_at_once() {
    let refused = |url: &str| HttpSource::new(url, HttpOptions::default()).unwrap_err();
    assert!(matches!(refused("not a url"), SymbolError::BadUrl { .. }));
    assert!(matches!(refused("ftp://host/"), SymbolError::BadUrl { .. }));
}
