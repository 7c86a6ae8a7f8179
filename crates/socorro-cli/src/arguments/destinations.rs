//! Who gets processed crashes besides the main storage.

use std::{env, fs, sync::Arc};

use clap::Args;
use socorro_processor::{
    Destination, Destinations,
    destinations::{
        Content, DestinationError, DestinationOptions, JsonLines, StorageCopy, TelemetryCopy,
    },
};
use socorro_storage::{CrashStorage, DocumentFolder, StorageOptions};

use crate::failure::Failure;

const FORM: &str = "a destination is written NAME=URL, NAME=URL;optional or NAME=URL;everything";

const HEADER_FORM: &str = "a header is written NAME=HEADER=env:VARIABLE or NAME=HEADER=file:FILE";

/// Who gets processed crashes besides the main storage.
#[derive(Debug, Args)]
pub(crate) struct DestinationArguments {
    /// Who gets every processed crash besides the storage; may be repeated, or several with commas
    ///
    /// NAME tells its crashes from those of others. URL: a storage (file:///DIR, s3://BUCKET),
    /// telemetry+STORAGE for the public reports that telemetry wants, https://HOST/PATH for a POST
    /// request with each crash, ndjson:FILE or ndjson:- for lines of JSON.
    /// `;optional` after it: a crash that it can never get does not stay in the queue.
    /// `;everything`: requests and lines hold personal data too, not only what is public.
    #[arg(
        long = "destination",
        value_name = "NAME=URL",
        env = "SOCORRO_DESTINATIONS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    destinations: Vec<String>,
    /// A header for the requests of a webhook, with its value from a variable or a file; may be
    /// repeated
    ///
    /// NAME is that of the destination. The value is taken for a secret and never shown. A line
    /// break at the end of the file is no part of it.
    #[arg(
        long = "destination-header",
        value_name = "NAME=HEADER=env:VARIABLE|file:FILE",
        env = "SOCORRO_DESTINATION_HEADERS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    headers: Vec<String>,
}

/// One destination as it is written.
struct Written<'a> {
    name: &'a str,
    url: &'a str,
    optional: bool,
    everything: bool,
}

impl DestinationArguments {
    /// Opens all destinations, and makes sure that storages among them answer.
    ///
    /// # Errors
    ///
    /// When one is written wrongly, is none this program has, is the main storage `main` itself,
    /// or does not answer although it is required.
    pub(crate) async fn open(&self, main: &str) -> Result<Destinations, Failure> {
        let mut destinations = Destinations::none();
        let headers = self.headers.iter().map(|text| Header::parse(text));
        let headers = headers.collect::<Result<Vec<_>, _>>()?;
        let mut used = vec![false; headers.len()];
        // The list may name the main storage, which comes first in any case.
        for text in self.destinations.iter().filter(|text| *text != "storage") {
            let written = Written::parse(text)?;
            let mut own = Vec::new();
            for (header, used) in headers.iter().zip(&mut used) {
                if header.destination == written.name && written.is_webhook() {
                    *used = true;
                    own.push(header);
                }
            }
            let opened = written.open(main, &own).await;
            let opened = opened
                .map_err(|failure| failure.within(format_args!("destination {}", written.name)))?;
            let options = DestinationOptions {
                required: !written.optional,
                ..DestinationOptions::default()
            };
            destinations = destinations.with(written.name, opened, options)?;
        }
        if let Some((header, _)) = headers.iter().zip(used).find(|(_, used)| !used) {
            return Err(Failure::usage(format!(
                "a header for {name}, but there is no webhook named {name}",
                name = header.destination
            )));
        }
        Ok(destinations)
    }
}

/// A header of the requests of a webhook.
#[cfg_attr(
    not(feature = "webhook"),
    expect(dead_code, reason = "there are no requests without webhooks")
)]
struct Header<'a> {
    destination: &'a str,
    name: &'a str,
    value: String,
}

impl<'a> Header<'a> {
    /// Reads it, with its value.
    fn parse(text: &'a str) -> Result<Self, Failure> {
        // What is not understood may be the secret, so it is not repeated.
        let bad = || Failure::usage("cannot read a --destination-header").hint(HEADER_FORM);
        let (destination, rest) = text.split_once('=').ok_or_else(bad)?;
        let (name, from) = rest.split_once('=').ok_or_else(bad)?;
        let value = match from.split_once(':') {
            Some(("env", variable)) => env::var(variable).map_err(|_| {
                Failure::usage(format!(
                    "the variable {variable} with a header for {destination} is not set"
                ))
            })?,
            Some(("file", path)) => fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!(
                    "cannot read the header for {destination} in {path}: {error}"
                ))
            })?,
            _ => return Err(bad()),
        };
        Ok(Self {
            destination,
            name,
            value: value.trim_end_matches(['\r', '\n']).to_owned(),
        })
    }
}

/// Looks at a destination without touching it.
///
/// # Errors
///
/// When it is written wrongly, or none this program has.
pub(crate) fn check(text: &str) -> Result<(), Failure> {
    for text in text.split(',').filter(|text| *text != "storage") {
        let written = Written::parse(text)?;
        let named = |failure: Failure| failure.within(format_args!("destination {}", written.name));
        // The name becomes part of the keys of notes.
        if DocumentFolder::outbox(written.name).is_err() {
            let reason = format!("{:?} is not 1 to 64 letters, digits, - or _", written.name);
            return Err(DestinationError::InvalidName { reason }.into());
        }
        written.check().map_err(named)?;
    }
    Ok(())
}

impl<'a> Written<'a> {
    fn parse(text: &'a str) -> Result<Self, Failure> {
        // What is not understood may hold a password, so it is not repeated.
        let bad = || Failure::usage("cannot read a --destination").hint(FORM);
        let (name, rest) = text.split_once('=').ok_or_else(bad)?;
        let mut words = rest.split(';');
        let url = words.next().filter(|url| !url.is_empty()).ok_or_else(bad)?;
        let mut written = Self {
            name,
            url,
            optional: false,
            everything: false,
        };
        for word in words {
            match word {
                "optional" => written.optional = true,
                "everything" => written.everything = true,
                _ => return Err(bad()),
            }
        }
        Ok(written)
    }

    fn is_webhook(&self) -> bool {
        self.url.starts_with("https:") || self.url.starts_with("http:")
    }

    async fn open(
        &self,
        main: &str,
        headers: &[&Header<'_>],
    ) -> Result<Arc<dyn Destination>, Failure> {
        let content = if self.everything {
            Content::Everything
        } else {
            Content::Public
        };
        if let Some(path) = self.url.strip_prefix("ndjson:") {
            let lines = match path {
                "" => return Err(Failure::usage("no file").hint("write ndjson:FILE or ndjson:-")),
                "-" => JsonLines::standard_output(),
                path => JsonLines::file(path)?,
            };
            return Ok(Arc::new(lines.with_content(content)));
        }
        if self.is_webhook() {
            return webhook(self.url, content, headers);
        }
        if self.everything {
            return Err(
                Failure::usage("`;everything` is for webhooks and lines of JSON")
                    .hint("a copy in a storage has all fields, a report for telemetry is public"),
            );
        }
        if let Some(url) = self.url.strip_prefix("telemetry+") {
            return Ok(Arc::new(TelemetryCopy::to(self.storage(url).await?)));
        }
        let storage = self.storage(self.url).await?;
        if storage.to_string() == main {
            return Err(Failure::usage(format!("{main} is the storage itself")));
        }
        Ok(Arc::new(StorageCopy::to(storage)))
    }

    fn check(&self) -> Result<(), Failure> {
        if self.url.starts_with("ndjson:") {
            return Ok(());
        }
        if self.url.starts_with("https:") || self.url.starts_with("http:") {
            return webhook(self.url, Content::Public, &[]).map(|_| ());
        }
        let url = self.url.strip_prefix("telemetry+").unwrap_or(self.url);
        no_memory(url)?;
        Ok(socorro_storage::check_address(url)?)
    }

    async fn storage(&self, url: &str) -> Result<Arc<dyn CrashStorage>, Failure> {
        no_memory(url)?;
        let storage = socorro_storage::open(url, StorageOptions::default())?;
        match storage.check().await {
            Err(error) if self.optional => {
                tracing::warn!(destination = self.name, %error, "starting without it");
            }
            checked => checked?,
        }
        Ok(storage)
    }
}

fn no_memory(url: &str) -> Result<(), Failure> {
    if url.starts_with("memory:") {
        return Err(Failure::usage(
            "a storage in memory ends with this program, and the crashes with it",
        ));
    }
    Ok(())
}

#[cfg(feature = "webhook")]
fn webhook(
    url: &str,
    content: Content,
    headers: &[&Header<'_>],
) -> Result<Arc<dyn Destination>, Failure> {
    let mut webhook = socorro_processor::destinations::Webhook::to(url)?;
    for header in headers {
        webhook = webhook.with_header(header.name, &header.value)?;
    }
    Ok(Arc::new(webhook.with_content(content)))
}

#[cfg(not(feature = "webhook"))]
fn webhook(_: &str, _: Content, _: &[&Header<'_>]) -> Result<Arc<dyn Destination>, Failure> {
    Err(Failure::usage("webhooks are not part of this program")
        .hint("cargo install socorro-cli --features webhook"))
}

impl From<DestinationError> for Failure {
    fn from(error: DestinationError) -> Self {
        match &error {
            DestinationError::BadUrl { .. }
            | DestinationError::BadHeader { .. }
            | DestinationError::InvalidName { .. } => Self::usage(error.to_string()),
            _ => Self::new(error.to_string()),
        }
    }
}
