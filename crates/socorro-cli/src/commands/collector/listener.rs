//! Where reports are taken, and how clients get there.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use socorro_collector::http;
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::{Bind, reachable},
    failure::Failure,
};

/// The path of reports.
const PATH: &str = "/submit";

/// The address is taken.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, PathBuf),
}

impl Listener {
    /// Takes the address. A socket that nobody listens at any more is taken over.
    ///
    /// # Errors
    ///
    /// When it is taken, or not one of this machine.
    pub(crate) fn bind(bind: &Bind) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::because(format_args!("cannot take reports at {bind}"), &error)
                .hint("--bind says where; another process may be there")
        };
        match bind {
            Bind::Tcp(address) => {
                let listener = std::net::TcpListener::bind(address).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Self::Tcp(listener))
            }
            #[cfg(unix)]
            Bind::Unix(path) => {
                use std::os::unix::net::{UnixListener, UnixStream};
                let is_left_over = UnixStream::connect(path)
                    .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
                if is_left_over {
                    std::fs::remove_file(path).map_err(failed)?;
                }
                let listener = UnixListener::bind(path).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                Ok(Self::Unix(listener, path.clone()))
            }
            #[cfg(not(unix))]
            Bind::Unix(_) => Err(failed(io::ErrorKind::Unsupported.into())),
        }
    }

    /// Serves a router here, until `stop` is cancelled and running requests are finished. A socket
    /// in the file system is removed.
    ///
    /// # Errors
    ///
    /// When the runtime cannot take the listener.
    pub(super) async fn serve(
        self,
        router: axum::Router,
        options: &http::Options,
        stop: CancellationToken,
    ) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                http::serve(listener, router, options, stop.cancelled()).await
            }
            #[cfg(unix)]
            Self::Unix(listener, path) => {
                let listener = tokio::net::UnixListener::from_std(listener)?;
                let served = http::serve(listener, router, options, stop.cancelled()).await;
                // The next one takes over what is left.
                let _ = std::fs::remove_file(path);
                served
            }
        }
    }

    /// How clients get there.
    pub(crate) fn shown(&self) -> Submit {
        match self {
            Self::Tcp(listener) => {
                let address = listener.local_addr();
                Submit::Tcp(reachable(address.unwrap_or(([127, 0, 0, 1], 0).into())))
            }
            #[cfg(unix)]
            Self::Unix(_, path) => Submit::Unix(path.clone()),
        }
    }
}

/// How clients get to where reports are taken.
#[derive(Debug, Clone)]
pub(crate) enum Submit {
    Tcp(SocketAddr),
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no such sockets"))]
    Unix(PathBuf),
}

impl Submit {
    /// Where reports go.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Tcp(_) => format!("http://{}{PATH}", self.host()),
            Self::Unix(path) => format!("{PATH} at unix:{}", path.display()),
        }
    }

    /// A line for a shell that sends a minidump.
    pub(crate) fn curl(&self) -> String {
        let fields = "-F upload_file_minidump=@crash.dmp -F ProductName=MyProduct -F Version=1.0";
        match self {
            Self::Tcp(_) => format!("curl {fields} {}", self.url()),
            Self::Unix(path) => {
                let path = path.display();
                format!("curl --unix-socket {path} {fields} http://localhost{PATH}")
            }
        }
    }
}

impl Submit {
    /// A line for a shell that brings a symbol file, with the token in a file.
    pub(crate) fn curl_symbols(&self, token: &Path) -> String {
        let token = token.display();
        let options = format!("-H \"Auth-Token: $(cat {token})\" --data-binary @app.sym");
        match self {
            Self::Tcp(_) => format!("curl {options} http://{}/symbols/", self.host()),
            Self::Unix(path) => {
                let path = path.display();
                format!("curl --unix-socket {path} {options} http://localhost/symbols/")
            }
        }
    }
}

/// What a program needs to send a report there.
#[cfg(feature = "demo")]
pub(crate) trait Connection:
    tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin
{
}
#[cfg(feature = "demo")]
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Connection for T {}

#[cfg(feature = "demo")]
impl Submit {
    /// The path of reports.
    pub(crate) fn path(&self) -> &'static str {
        PATH
    }

    /// A new connection.
    ///
    /// # Errors
    ///
    /// When nobody takes it.
    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        Ok(match self {
            Self::Tcp(address) => Box::new(tokio::net::TcpStream::connect(address).await?),
            #[cfg(unix)]
            Self::Unix(path) => Box::new(tokio::net::UnixStream::connect(path).await?),
            #[cfg(not(unix))]
            Self::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
        })
    }
}

impl Submit {
    /// Host and port as people write them.
    pub(crate) fn host(&self) -> String {
        match self {
            Self::Tcp(address) if address.ip().is_loopback() && address.is_ipv4() => {
                format!("localhost:{}", address.port())
            }
            Self::Tcp(address) => address.to_string(),
            Self::Unix(_) => "localhost".to_owned(),
        }
    }
}

impl fmt::Display for Submit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}
