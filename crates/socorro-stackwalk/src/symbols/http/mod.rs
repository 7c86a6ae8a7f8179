//! Symbols on a symbol server.
//!
//! Protocol: that of Mozilla's symbol server Tecken, which a plain file server speaks as well except for the look-up by
//! code id. Source: Tecken's documentation, "Symbols download API".

mod options;
mod pause;
mod request;
mod url;

use std::fmt;
use std::time::Duration;

use ::url::Url;
use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{Client, redirect};
use tokio::time::Instant;
use tracing::debug;

pub use options::HttpOptions;

use self::pause::Pause;
use self::request::Answer;
use super::download::Downloaded;
use super::error::SymbolError;
use super::name::{CodeName, SymbolName};
use super::source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolRequest};

/// One symbol server.
///
/// A file is asked for as `<base>/<debug file>/<debug id>/<name>.sym?code_file=..&code_id=..`. A server that is too busy
/// or fails is asked again after a while; one that does not have the file is not.
pub struct HttpSource {
    base: Url,
    options: HttpOptions,
    pause: Pause,
    client: Client,
    /// Does not follow redirects: where they lead is the answer.
    identifying_client: Client,
}

impl HttpSource {
    /// The symbol server at `url`. It is not asked anything yet.
    ///
    /// # Errors
    ///
    /// When `url` is not an `http` or `https` URL, or has a query.
    pub fn new(url: &str, options: HttpOptions) -> Result<Self, SymbolError> {
        let base = url::base(url)?;
        let client = |redirects| {
            let builder = Client::builder()
                .user_agent(concat!("socorro-stackwalk/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(options.connect_timeout)
                .read_timeout(options.read_timeout)
                .timeout(options.timeout)
                .redirect(redirects);
            builder.build().map_err(|error| SymbolError::Server {
                url: url::shown(&base),
                reason: request::reason(&error),
                retry_after: None,
            })
        };
        Ok(Self {
            client: client(redirect::Policy::limited(5))?,
            identifying_client: client(redirect::Policy::none())?,
            base,
            options,
            pause: Pause::default(),
        })
    }

    /// Asks the server for a file, again and again if it asks to.
    async fn download(
        &self,
        request: &SymbolRequest<'_>,
        url: &Url,
    ) -> Result<Option<Downloaded>, SymbolError> {
        let mut attempts = request::Attempts::begin(&self.options, &self.pause, url)?;
        while let Some(response) = attempts.answer(&self.client).await? {
            match self.receive(response, request, url).await {
                Ok(downloaded) => return Ok(Some(downloaded)),
                Err(Received::Final(error)) => return Err(error),
                Err(Received::Broken(failure)) => attempts.wait_after(failure).await?,
            }
        }
        Ok(None)
    }

    /// Receives a file. Its size counts after decompression, so a small answer that unfolds is caught, too.
    async fn receive(
        &self,
        mut response: reqwest::Response,
        request: &SymbolRequest<'_>,
        url: &Url,
    ) -> Result<Downloaded, Received> {
        let mut download = request.download(url::shown(url)).await?;
        download.check_size(response.content_length().unwrap_or_default())?;
        let started = Instant::now();
        while !download.is_damaged()
            && let Some(chunk) = next_chunk(&mut response).await?
        {
            download.write(&chunk).await?;
            self.check_speed(download.size(), started.elapsed())?;
        }
        Ok(download.finish().await?)
    }

    /// Gets any file of at most `largest` bytes. `take` gets its bytes, or `None` when the transfer begins, for the first
    /// time or anew. Gives back whether the server has it.
    #[cfg(feature = "debuginfod")]
    pub(super) async fn get(
        &self,
        path: [String; 3],
        largest: u64,
        mut take: impl FnMut(Option<&[u8]>) -> Result<(), SymbolError> + Send,
    ) -> Result<bool, SymbolError> {
        let url = url::below(&self.base, path);
        let mut attempts = request::Attempts::begin(&self.options, &self.pause, &url)?;
        while let Some(response) = attempts.answer(&self.client).await? {
            take(None)?;
            match self.take(response, largest, &mut take).await {
                Ok(()) => return Ok(true),
                Err(Received::Final(error)) => return Err(error),
                Err(Received::Broken(failure)) => attempts.wait_after(failure).await?,
            }
        }
        Ok(false)
    }

    #[cfg(feature = "debuginfod")]
    async fn take(
        &self,
        mut response: reqwest::Response,
        largest: u64,
        take: &mut (impl FnMut(Option<&[u8]>) -> Result<(), SymbolError> + Send),
    ) -> Result<(), Received> {
        let started = Instant::now();
        let mut size = 0;
        while let Some(chunk) = next_chunk(&mut response).await? {
            size += chunk.len() as u64;
            if size > largest {
                return Err(Received::Final(SymbolError::TooLarge {
                    place: url::shown(&self.base),
                    limit: largest,
                }));
            }
            take(Some(&chunk))?;
            self.check_speed(size, started.elapsed())?;
        }
        Ok(())
    }

    /// An answer that trickles would never fall silent for long enough to be given up.
    fn check_speed(&self, size: u64, elapsed: Duration) -> Result<(), Received> {
        let least = elapsed.as_secs().saturating_mul(self.options.lowest_speed);
        if elapsed >= self.options.read_timeout && size < least {
            let failure = request::Failure::too_slow(self.options.lowest_speed);
            return Err(Received::Broken(failure));
        }
        Ok(())
    }
}

/// Why an answer did not arrive.
enum Received {
    /// It will not arrive another time either.
    Final(SymbolError),
    /// The transfer broke off.
    Broken(request::Failure),
}

impl From<SymbolError> for Received {
    fn from(error: SymbolError) -> Self {
        Self::Final(error)
    }
}

async fn next_chunk(response: &mut reqwest::Response) -> Result<Option<Bytes>, Received> {
    response
        .chunk()
        .await
        .map_err(|error| Received::Broken(request::Failure::of(&error)))
}

#[async_trait]
impl FetchSymbols for HttpSource {
    async fn fetch(
        &self,
        request: &SymbolRequest<'_>,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        let url = url::of_symbols(&self.base, request.name(), request.module());
        debug!(url = url::shown(&url), "downloading symbols");
        let downloaded = self.download(request, &url).await?;
        Ok(downloaded.map(|downloaded| FoundSymbols {
            content: SymbolContent::Downloaded(downloaded),
            url: Some(url::shown(&url)),
        }))
    }

    fn place(&self) -> String {
        url::shown(&self.base)
    }

    async fn identify(&self, code: &CodeName) -> Result<Option<SymbolName>, SymbolError> {
        let url = url::of_code(&self.base, code);
        let mut attempts = request::Attempts::begin(&self.options, &self.pause, &url)?;
        loop {
            match request::get(&self.identifying_client, &url).await {
                Ok(Answer::Redirect(location)) => return Ok(url::symbols_at(&url, &location)),
                // A server that gives the file itself does not tell its name.
                Ok(Answer::Found(_) | Answer::NotFound) => return Ok(None),
                Ok(Answer::Refused(status)) => {
                    return Err(attempts.give_up(&format!("answered {status}")));
                }
                Err(failure) => attempts.wait_after(failure).await?,
            }
        }
    }
}

/// Without the user name and password that the URL may hold.
impl fmt::Debug for HttpSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSource")
            .field("url", &url::shown(&self.base))
            .finish_non_exhaustive()
    }
}
