//! Requests to Google Cloud Storage that object_store has no call for, by the JSON API, which Google
//! and emulators have alike.
//!
//! Source: Google's *Cloud Storage JSON API* reference, `objects.list`, `objects.delete`,
//! `buckets.list`, `buckets.insert`, `buckets.delete`.

use std::fmt;

use async_trait::async_trait;
use object_store::{
    Result,
    client::{HttpClient, HttpRequest},
    gcp::GoogleCloudStorage,
};
use serde_json::Value;
use url::Url;

use super::{
    bucket_api::{BucketApi, Deleted, Page, delete_each, deletion, time},
    http::{generic, request, retried, send, text},
};
use crate::{
    bucket::{BucketEntry, Checksum, Object},
    options::StorageOptions,
};

/// A bucket behind the JSON API.
pub(crate) struct Google {
    /// Whose credentials are used; nobody's with an emulator.
    pub(crate) store: Option<GoogleCloudStorage>,
    pub(crate) client: HttpClient,
    pub(crate) endpoint: Url,
    /// In which buckets are made and listed.
    pub(crate) project: Option<String>,
    pub(crate) bucket: String,
    pub(crate) options: StorageOptions,
}

impl Google {
    /// An address of the API, below its buckets.
    pub(crate) fn url(&self, below: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["storage", "v1", "b"])
                .extend(below);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// A request with credentials.
    pub(crate) async fn signed(
        &self,
        method: &str,
        url: &Url,
        body: String,
    ) -> Result<HttpRequest> {
        let has_body = !body.is_empty();
        let mut request = request(method, url, body)?;
        if has_body {
            let json = "application/json".parse().map_err(generic)?;
            request.headers_mut().insert("content-type", json);
        }
        if let Some(store) = &self.store {
            let credential = store.credentials().get_credential().await?;
            let bearer = format!("Bearer {}", credential.bearer);
            let bearer = bearer.parse().map_err(generic)?;
            request.headers_mut().insert("authorization", bearer);
        }
        Ok(request)
    }

    async fn ask(&self, method: &str, url: &Url) -> Result<Vec<u8>> {
        retried(&self.options, || async {
            let request = self.signed(method, url, String::new()).await?;
            text(send(&self.client, request, &self.bucket).await?).await
        })
        .await
    }

    async fn json(&self, url: &Url) -> Result<Value> {
        serde_json::from_slice(&self.ask("GET", url).await?).map_err(generic)
    }
}

impl fmt::Debug for Google {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gs://{} at {}", self.bucket, self.endpoint)
    }
}

#[async_trait]
impl BucketApi for Google {
    async fn page(&self, prefix: &str, level: bool, next: Option<String>) -> Result<Page> {
        let mut query = vec![("prefix", prefix)];
        if level {
            query.push(("delimiter", "/"));
        }
        if let Some(token) = &next {
            query.push(("pageToken", token));
        }
        let answer = self.json(&self.url(&[&self.bucket, "o"], &query)).await?;
        let prefixes = texts(&answer["prefixes"]);
        let objects = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
        let mut page = Page {
            prefixes,
            objects: objects.iter().map(object).collect::<Result<_>>()?,
            next: answer["nextPageToken"]
                .as_str()
                .filter(|token| !token.is_empty())
                .map(str::to_owned),
        };
        // An emulator lists in the order of writing.
        page.objects
            .sort_unstable_by(|one, other| one.key.cmp(&other.key));
        page.prefixes.sort_unstable();
        Ok(page)
    }

    async fn delete(&self, keys: &[String]) -> Result<Deleted> {
        let delete = |key: String| async move {
            let url = self.url(&[&self.bucket, "o", &key], &[]);
            let deleted = deletion(self.ask("DELETE", &url).await);
            (key, deleted)
        };
        Ok(delete_each(keys, delete).await)
    }

    async fn buckets(&self) -> Result<Vec<BucketEntry>> {
        let project = self.project.as_deref().unwrap_or_default();
        let (mut buckets, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![("project", project)];
            query.extend(token.as_deref().map(|token| ("pageToken", token)));
            let answer = self.json(&self.url(&[], &query)).await?;
            let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
            buckets.extend(items.iter().map(|item| BucketEntry {
                name: item["name"].as_str().unwrap_or_default().to_owned(),
                created: item["timeCreated"].as_str().and_then(time),
            }));
            token = answer["nextPageToken"].as_str().map(str::to_owned);
            if token.as_deref().is_none_or(str::is_empty) {
                return Ok(buckets);
            }
        }
    }

    async fn remove(&self) -> Result<()> {
        self.ask("DELETE", &self.url(&[&self.bucket], &[]))
            .await
            .map(|_| ())
    }
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().map_or(&[][..], Vec::as_slice);
    texts
        .iter()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

/// What the API says about an object.
fn object(item: &Value) -> Result<Object> {
    let text = |member: &str| item[member].as_str();
    let size = text("size").unwrap_or_default();
    Ok(Object {
        key: text("name")
            .ok_or_else(|| generic("the answer has an object without a name"))?
            .to_owned(),
        size: size.parse().map_err(generic)?,
        last_modified: text("updated").and_then(time),
        e_tag: text("etag").map(str::to_owned),
        checksum: text("md5Hash").and_then(Checksum::of_base64),
    })
}
