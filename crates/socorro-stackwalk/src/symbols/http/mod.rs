//! Symbols on a symbol server.
//!
//! Protocol: that of Mozilla's symbol server Tecken, which a plain file server speaks as well except for the look-up by
//! code id. Source: Tecken's documentation, "Symbols download API".

mod disk;
mod options;
mod request;
mod url;

use std::fmt;
use std::io::ErrorKind;

use ::url::Url;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::{Client, redirect};
use tracing::debug;

pub use options::HttpOptions;

use self::disk::DiskCache;
use self::request::Answer;
use super::error::SymbolError;
use super::name::{CodeName, ModuleName, SymbolName};
use super::source::{FetchSymbols, FoundSymbols, SymbolContent};

/// One symbol server.
///
/// A file is asked for as `<base>/<debug file>/<debug id>/<name>.sym?code_file=..&code_id=..`. A server that is too busy
/// or fails is asked again after a while; one that does not have the file is not.
pub struct HttpSource {
    base: Url,
    options: HttpOptions,
    disk: Option<DiskCache>,
    client: Client,
    /// Does not follow redirects: where they lead is the answer.
    identifying_client: Client,
}

impl HttpSource {
    /// The symbol server at `url`. It is not asked anything yet.
    ///
    /// # Errors
    ///
    /// When `url` is not an `http` or `https` URL, has a query, or the cache directory cannot be made.
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
            disk: options
                .cache_directory
                .as_deref()
                .map(DiskCache::open)
                .transpose()?,
            base,
            options,
        })
    }

    /// Asks the server for a file, again and again if it asks to.
    async fn download(
        &self,
        name: &SymbolName,
        url: &Url,
    ) -> Result<Option<SymbolContent>, SymbolError> {
        let mut attempts = request::Attempts::new(&self.options, url);
        loop {
            let failure = match request::get(&self.client, url).await {
                Ok(Answer::Found(response)) => match self.receive(response, name, url).await {
                    Ok(content) => return Ok(Some(content)),
                    Err(Received::Final(error)) => return Err(error),
                    Err(Received::Broken(failure)) => failure,
                },
                Ok(Answer::Redirect(_)) => return Err(attempts.give_up("too many redirects")),
                Ok(Answer::NotFound) => return Ok(None),
                Ok(Answer::Refused(status)) => {
                    return Err(attempts.give_up(&format!("answered {status}")));
                }
                Err(failure) => failure,
            };
            attempts.wait_after(failure).await?;
        }
    }

    async fn receive(
        &self,
        response: reqwest::Response,
        name: &SymbolName,
        url: &Url,
    ) -> Result<SymbolContent, Received> {
        match &self.disk {
            Some(disk) => self.receive_file(response, disk, name, url).await,
            None => self.receive_bytes(response, url).await,
        }
    }

    async fn receive_file(
        &self,
        mut response: reqwest::Response,
        disk: &DiskCache,
        name: &SymbolName,
        url: &Url,
    ) -> Result<SymbolContent, Received> {
        let mut download = disk.begin(name).await.map_err(Received::Final)?;
        while let Some(chunk) = next_chunk(&mut response).await? {
            download.write(&chunk).await.map_err(Received::Final)?;
            self.check_size(download.size(), url)?;
        }
        let path = download
            .publish(&url::shown(url))
            .await
            .map_err(Received::Final)?;
        Ok(SymbolContent::File(path))
    }

    async fn receive_bytes(
        &self,
        mut response: reqwest::Response,
        url: &Url,
    ) -> Result<SymbolContent, Received> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = next_chunk(&mut response).await? {
            bytes.extend_from_slice(&chunk);
            self.check_size(bytes.len() as u64, url)?;
        }
        Ok(SymbolContent::Bytes(bytes.freeze()))
    }

    /// The size is that after decompression, so a small answer that unfolds is caught, too.
    fn check_size(&self, size: u64, url: &Url) -> Result<(), Received> {
        let limit = self.options.largest_file;
        if size > limit {
            return Err(Received::Final(SymbolError::TooLarge {
                place: url::shown(url),
                limit,
            }));
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
        name: &SymbolName,
        module: &ModuleName,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        if let Some(disk) = &self.disk {
            match disk.find(name).await {
                Ok(path) => {
                    return Ok(Some(FoundSymbols {
                        content: SymbolContent::File(path),
                        url: None,
                    }));
                }
                Err(source)
                    if matches!(
                        source.kind(),
                        ErrorKind::NotFound | ErrorKind::NotADirectory
                    ) => {}
                Err(source) => {
                    return Err(SymbolError::Io {
                        path: disk.path(name),
                        source,
                    });
                }
            }
        }
        let url = url::of_symbols(&self.base, name, module);
        debug!(url = url::shown(&url), "downloading symbols");
        let content = self.download(name, &url).await?;
        Ok(content.map(|content| FoundSymbols {
            content,
            url: Some(url::shown(&url)),
        }))
    }

    fn place(&self) -> String {
        url::shown(&self.base)
    }

    async fn identify(&self, code: &CodeName) -> Result<Option<SymbolName>, SymbolError> {
        let url = url::of_code(&self.base, code);
        let mut attempts = request::Attempts::new(&self.options, &url);
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
