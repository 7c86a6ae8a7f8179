//! A server with symbols, and a client that says exactly what it is told.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
};

use serde_json::Value;
use socorro_collector::symbols::{self, Limits, Options, Reprocessing, Tokens};
use socorro_queue::{CrashQueue, QueueOptions};
use socorro_storage::{CrashStorage, StorageOptions};
use tempfile::TempDir;

pub(crate) const TOKEN: &str = "a-token";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) store: TempDir,
    pub(crate) storage: Arc<dyn CrashStorage>,
    pub(crate) queue: Arc<dyn CrashQueue>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// `result file` of each file.
    pub(crate) fn results(&self) -> Vec<String> {
        let report = self.json();
        let files = report["files"].as_array().unwrap();
        let told = |file: &Value, what: &str| file[what].as_str().unwrap().to_owned();
        let results = files
            .iter()
            .map(|file| format!("{} {}", told(file, "result"), told(file, "file")));
        results.collect()
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let storage = socorro_storage::open("memory:", StorageOptions::default()).unwrap();
        let queue = socorro_queue::open("memory:", QueueOptions::default());
        Self::over(storage, queue.await.unwrap(), change).await
    }

    pub(crate) async fn over(
        storage: Arc<dyn CrashStorage>,
        queue: Arc<dyn CrashQueue>,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let store = tempfile::tempdir().unwrap();
        let mut options = Options::new(store.path(), Tokens::new(["another", TOKEN]));
        let reprocessing = Reprocessing::new(Arc::clone(&storage), Arc::clone(&queue));
        options.reprocessing = Some(reprocessing);
        change(&mut options);
        let router = symbols::router(options).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            store,
            storage,
            queue,
        }
    }

    pub(crate) async fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        Self::with(|options| change(&mut options.limits)).await
    }

    /// `headers` are lines.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let body = body.into();
        let length = body.len();
        self.send_length(method, path, headers, length, body).await
    }

    /// Says that the body is longer than it is, and goes away.
    pub(crate) async fn send_length(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        length: usize,
        body: Vec<u8>,
    ) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        let address = self.address;
        let exchange = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            // A server that has seen enough does not read on.
            let _ = stream.write_all(&body);
            if body.len() < length {
                let _ = stream.shutdown(Shutdown::Write);
            }
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8(answer).unwrap()
        };
        let answer = tokio::task::spawn_blocking(exchange).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        Answer {
            status: head.get(9..12).map_or(0, |status| status.parse().unwrap()),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) async fn post(&self, headers: &str, body: impl Into<Vec<u8>>) -> Answer {
        let headers = format!("Auth-Token: {TOKEN}\r\n{headers}");
        self.send("POST", "/symbols/", &headers, body).await
    }

    /// All files in the store, the unfinished ones too.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        list(self.store.path(), self.store.path(), &mut files);
        files.sort_unstable();
        files
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.store.path().join(name)).unwrap()
    }
}

fn list(root: &Path, directory: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}
