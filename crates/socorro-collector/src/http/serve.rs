//! Accepts connections until the service ends.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, serve::Listener};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{Options, address::Peer, answer::jittered, connection};
use crate::metrics;

/// Connections beyond the limit that wait for another one to end; further ones are sent away at once.
const WAITING: usize = 256;

/// How long a connection may take to see that it is sent away.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long answers may take to be written after all is over.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An address of a peer as a listener gives it: of TCP or of a Unix socket.
pub trait PeerAddress: Send + 'static {
    /// The address of the internet, if it has one.
    fn internet(&self) -> Option<IpAddr>;
}

impl PeerAddress for SocketAddr {
    fn internet(&self) -> Option<IpAddr> {
        Some(self.ip())
    }
}

#[cfg(unix)]
impl PeerAddress for tokio::net::unix::SocketAddr {
    fn internet(&self) -> Option<IpAddr> {
        None
    }
}

/// Serves a router at a listener, of TCP or of a Unix socket, until `shutdown` or
/// [`Options::shutdown`] says that it is over.
///
/// Then connections are still accepted for [`Options::drain_delay`], running requests may go on for
/// [`Options::grace`], and the rest is answered with 503. Several listeners may be served at the same time with the
/// same options; they end together.
///
/// # Errors
///
/// None at this time: errors of single connections end these alone.
pub async fn serve<L, F>(
    mut listener: L,
    router: Router,
    options: &Options,
    shutdown: F,
) -> io::Result<()>
where
    L: Listener,
    L::Addr: PeerAddress,
    F: Future<Output = ()>,
{
    let server = Server::new(router, options);
    let ended = async {
        tokio::select! {
            () = shutdown => options.shutdown.begin(),
            () = options.shutdown.begun() => {}
        }
        sleep(options.drain_delay).await;
    };
    tokio::pin!(ended);
    loop {
        tokio::select! {
            biased;
            () = &mut ended => break,
            (stream, address) = listener.accept() => {
                let peer = address.internet().map_or(Peer::Unix, Peer::Address);
                server.accept(stream, peer);
            }
        }
    }
    drop(listener);
    options.shutdown.stop();
    server.connections.close();
    if timeout(options.grace, server.connections.wait())
        .await
        .is_err()
    {
        options.shutdown.end();
        let _ = timeout(LAST_WORDS, server.connections.wait()).await;
    }
    Ok(())
}

/// The connections of one listener.
struct Server {
    router: Router,
    options: Arc<Options>,
    connections: TaskTracker,
    room: Option<Arc<Semaphore>>,
    waiting: Arc<Semaphore>,
}

impl Server {
    fn new(router: Router, options: &Options) -> Self {
        let most = options.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            router,
            options: Arc::new(options.clone()),
            connections: TaskTracker::new(),
            room: (most > 0).then(|| Arc::new(Semaphore::new(most))),
            waiting: Arc::new(Semaphore::new(WAITING)),
        }
    }

    fn accept<S>(&self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (router, options) = (self.router.clone(), Arc::clone(&self.options));
        let counted = Counted::new(&self.connections);
        let Some(room) = self.room.clone() else {
            self.connections.spawn(async move {
                connection::serve(stream, peer, router, &options).await;
                drop(counted);
            });
            return;
        };
        if let Ok(permit) = Arc::clone(&room).try_acquire_owned() {
            self.connections.spawn(async move {
                connection::serve(stream, peer, router, &options).await;
                drop((permit, counted));
            });
            return;
        }
        // Without a place to wait, it is closed without a word.
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            metrics::OVERLOADED.count(&[("by", "connections".into())]);
            return;
        };
        self.connections.spawn(async move {
            let permit = timeout(options.admission_wait, room.acquire_owned()).await;
            if let Ok(Ok(permit)) = permit {
                drop(place);
                connection::serve(stream, peer, router, &options).await;
                drop((permit, counted));
                return;
            }
            metrics::OVERLOADED.count(&[("by", "connections".into())]);
            let _ = timeout(FAREWELL, send_away(stream)).await;
            drop((place, counted));
        });
    }
}

/// Tells how many connections there are, when one begins and when it ends.
struct Counted(TaskTracker);

impl Counted {
    fn new(connections: &TaskTracker) -> Self {
        metrics::CONNECTIONS.set(connections.len() as u64 + 1, &[]);
        Self(connections.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let others = self.0.len().saturating_sub(1);
        metrics::CONNECTIONS.set(others as u64, &[]);
    }
}

/// Serves a router on one connection, for programs that accept connections themselves, such as those of TLS.
///
/// `address` is that of the client, if it has one.
/// [`Options::max_connections`], [`Options::drain_delay`] and [`Options::grace`] are then theirs to heed.
pub async fn serve_connection<S>(
    stream: S,
    address: Option<IpAddr>,
    router: Router,
    options: &Options,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let peer = address.map_or(Peer::Unix, Peer::Address);
    connection::serve(stream, peer, router, options).await;
}

/// Answers without reading more than is there, so that the client sees it.
async fn send_away<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    let body = "Discarded=try_later";
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\nRetry-After: {}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
        jittered().as_secs(),
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}
