//! A server of the S3 protocol in this process.

use std::{
    fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// A server of the S3 protocol on a free port of the loopback, over a directory that goes with it
/// (feature `testkit-s3`).
///
/// It checks signatures, which most other servers for tests do not. It runs on a thread of its own
/// until the process ends.
#[derive(Debug)]
pub struct S3Server {
    endpoint: String,
    directory: TempDir,
}

impl S3Server {
    /// Starts a server that knows one access key.
    ///
    /// # Errors
    ///
    /// When there is no port or no room for files.
    pub fn start(access_key_id: &str, secret_access_key: &str) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let files = FileSystem::new(directory.path())
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(access_key_id, secret_access_key));
        let service = service.build();

        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        listener.set_nonblocking(true)?;
        // A runtime of its own: those of tests end with them.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        thread::spawn(move || runtime.block_on(serve(listener, service)));
        Ok(Self {
            endpoint,
            directory,
        })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The directory of a bucket, whether the bucket exists or not.
    #[must_use]
    pub fn bucket(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a bucket.
    ///
    /// # Errors
    ///
    /// When it exists, or there is no room.
    pub fn create_bucket(&self, name: impl AsRef<Path>) -> io::Result<()> {
        fs::create_dir(self.directory.path().join(name))
    }
}

async fn serve(listener: TcpListener, service: S3Service) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let one_at_a_time = Arc::new(Mutex::new(()));
    loop {
        let (connection, _) = listener.accept().await?;
        let (service, one_at_a_time) = (service.clone(), Arc::clone(&one_at_a_time));
        let answer = service_fn(move |request: Request<Incoming>| {
            let (service, one_at_a_time) = (service.clone(), Arc::clone(&one_at_a_time));
            async move {
                // The server looks, then writes: what S3 does in one step takes two here.
                let conditional = ["if-match", "if-none-match"]
                    .iter()
                    .any(|header| request.headers().contains_key(*header));
                let _guard = match conditional {
                    true => Some(one_at_a_time.lock().await),
                    false => None,
                };
                service.call(request.map(s3s::Body::from)).await
            }
        });
        tokio::spawn(async move {
            let http = Builder::new(TokioExecutor::new());
            // The client may go away whenever it likes.
            let _ = http
                .serve_connection(TokioIo::new(connection), answer)
                .await;
        });
    }
}
