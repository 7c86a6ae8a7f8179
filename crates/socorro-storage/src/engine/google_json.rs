//! Google Cloud Storage by its JSON API, which is all that emulators of it speak. object_store has
//! the XML API, for Google itself.
//!
//! Source: Google's *Cloud Storage JSON API* reference, `objects.get`, `insert`, `list`, `delete`.
//!
//! An emulator is for development and tests, and some know no conditions on writes. So this
//! compares generations itself before a conditional write and does one of them at a time, which
//! holds within one process. A large object is kept in memory until it is complete.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{
    FutureExt as _, StreamExt as _, TryStreamExt as _,
    future::ready,
    stream::{self, BoxStream},
};
use object_store::{
    Attribute, Attributes, CopyOptions, Error as StoreError, GetOptions, GetResult,
    GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
    client::{HttpClient, HttpResponse},
    path::Path,
};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::http::{generic, request, send, text};

const BINARY: &str = "application/octet-stream";
/// An upload of no bytes, with its description.
const NOTHING: &[u8] = b"--nothing\r\nContent-Type: application/json\r\n\r\n{}\r\n\
    --nothing\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--nothing--\r\n";
const NOTHING_TYPE: &str = "multipart/related; boundary=nothing";

/// A bucket behind the JSON API.
#[derive(Debug, Clone)]
pub(crate) struct GoogleJson {
    client: HttpClient,
    endpoint: Url,
    bucket: String,
    /// Held for a write with a condition.
    conditional: Arc<Mutex<()>>,
}

impl GoogleJson {
    pub(crate) fn new(client: HttpClient, endpoint: Url, bucket: &str) -> Self {
        Self {
            client,
            endpoint,
            bucket: bucket.to_owned(),
            conditional: Arc::default(),
        }
    }

    /// The address of the bucket's objects, or of one of them, below `api`.
    fn url(&self, api: &[&str], object: Option<&Path>) -> Result<Url> {
        let mut url = self.endpoint.clone();
        let base = "the endpoint cannot have a path";
        url.path_segments_mut()
            .map_err(|()| generic(base))?
            .pop_if_empty()
            .extend(api)
            .extend(["b", &self.bucket, "o"])
            .extend(object.map(Path::as_ref));
        Ok(url)
    }

    async fn send(&self, method: &str, url: &Url, object: Option<&Path>) -> Result<HttpResponse> {
        let path = object.map_or(self.bucket.as_str(), Path::as_ref);
        send(&self.client, request(method, url, Bytes::new())?, path).await
    }

    async fn look_at(&self, object: &Path) -> Result<ObjectMeta> {
        let url = self.url(&["storage", "v1"], Some(object))?;
        let response = self.send("GET", &url, Some(object)).await?;
        described(&json(response).await?)
    }

    async fn upload(
        &self,
        object: &Path,
        content: PutPayload,
        content_type: Option<&str>,
        generation: Option<&str>,
    ) -> Result<PutResult> {
        let mut url = self.url(&["upload", "storage", "v1"], None)?;
        // An emulator reads JSON and stores it in another form, unless it is not told; and it takes
        // nothing for an object only in this shape.
        let (kind, content_type, content) = if content.content_length() == 0 {
            ("multipart", NOTHING_TYPE, Bytes::from_static(NOTHING))
        } else {
            let named = content_type.filter(|name| !name.ends_with("json"));
            ("media", named.unwrap_or(BINARY), content.into())
        };
        url.query_pairs_mut()
            .append_pair("uploadType", kind)
            .append_pair("name", object.as_ref())
            .extend_pairs(generation.map(|generation| ("ifGenerationMatch", generation)));
        let mut request = request("POST", &url, content)?;
        let content_type = content_type.parse().map_err(generic)?;
        request.headers_mut().insert("content-type", content_type);
        let response = send(&self.client, request, object.as_ref()).await?;
        let written = described(&json(response).await?)?;
        Ok(PutResult {
            e_tag: written.e_tag,
            version: written.version,
            extensions: Default::default(),
        })
    }

    /// Makes sure that a condition holds, for servers that do not.
    async fn require(&self, object: &Path, mode: &PutMode) -> Result<()> {
        let present = match self.look_at(object).await {
            Ok(present) => Some(present),
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        let path = object.to_string();
        match (mode, present) {
            (PutMode::Create, Some(_)) => Err(StoreError::AlreadyExists {
                path,
                source: "it is there".into(),
            }),
            (PutMode::Update(expected), present)
                if present
                    .as_ref()
                    .and_then(|present| present.version.as_ref())
                    != expected.version.as_ref() =>
            {
                Err(StoreError::Precondition {
                    path,
                    source: "it has another generation".into(),
                })
            }
            _ => Ok(()),
        }
    }

    /// One page of a list, sorted, and where the next one begins.
    async fn page(
        &self,
        prefix: &str,
        token: Option<String>,
    ) -> Result<(Vec<ObjectMeta>, Option<String>)> {
        let mut url = self.url(&["storage", "v1"], None)?;
        url.query_pairs_mut()
            .append_pair("prefix", prefix)
            .extend_pairs(token.map(|token| ("pageToken", token)));
        let answer = json(self.send("GET", &url, None).await?).await?;
        let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
        let mut objects = items.iter().map(described).collect::<Result<Vec<_>>>()?;
        // An emulator lists in the order of writing.
        objects.sort_unstable_by(|one, other| one.location.cmp(&other.location));
        let next = answer["nextPageToken"].as_str().map(str::to_owned);
        Ok((objects, next.filter(|token| !token.is_empty())))
    }

    fn unsupported<T>(&self, operation: &str) -> Result<T> {
        Err(StoreError::NotImplemented {
            operation: operation.to_owned(),
            implementer: self.to_string(),
        })
    }
}

async fn json(response: HttpResponse) -> Result<Value> {
    serde_json::from_slice(&text(response).await?).map_err(generic)
}

/// What the API says about an object.
fn described(object: &Value) -> Result<ObjectMeta> {
    let text = |member: &str| {
        object[member]
            .as_str()
            .ok_or_else(|| generic(format!("the answer has no text {member:?}")))
    };
    Ok(ObjectMeta {
        location: Path::parse(text("name")?)?,
        last_modified: text("updated")?.parse().map_err(generic)?,
        size: text("size")?.parse().map_err(generic)?,
        e_tag: object["etag"].as_str().map(str::to_owned),
        version: object["generation"].as_str().map(str::to_owned),
    })
}

impl fmt::Display for GoogleJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gs://{} at {}", self.bucket, self.endpoint)
    }
}

#[async_trait]
impl ObjectStore for GoogleJson {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let content_type = options.attributes.get(&Attribute::ContentType);
        let content_type = content_type.map(|name| &**name);
        let generation = match &options.mode {
            PutMode::Overwrite => return self.upload(location, payload, content_type, None).await,
            PutMode::Create => "0",
            PutMode::Update(expected) => match &expected.version {
                Some(generation) => generation.as_str(),
                None => return self.unsupported("replacing a version without a generation"),
            },
        };
        let _one_at_a_time = self.conditional.lock().await;
        self.require(location, &options.mode).await?;
        self.upload(location, payload, content_type, Some(generation))
            .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Parts {
            bucket: self.clone(),
            location: location.clone(),
            parts: Vec::new(),
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.range.is_some() {
            return self.unsupported("reading a range");
        }
        let meta = self.look_at(location).await?;
        options.check_preconditions(&meta)?;
        let payload = if options.head {
            stream::empty().boxed()
        } else {
            let mut url = self.url(&["storage", "v1"], Some(location))?;
            url.set_query(Some("alt=media"));
            let response = self.send("GET", &url, Some(location)).await?;
            let body = response.into_body().bytes_stream();
            body.map_err(generic).boxed()
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(payload),
            range: 0..meta.size,
            meta,
            attributes: Attributes::new(),
            extensions: Default::default(),
        })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let bucket = self.clone();
        locations
            .and_then(move |location| {
                let bucket = bucket.clone();
                async move {
                    let url = bucket.url(&["storage", "v1"], Some(&location))?;
                    bucket.send("DELETE", &url, Some(&location)).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.map_or_else(String::new, |prefix| format!("{prefix}/"));
        let bucket = self.clone();
        stream::try_unfold(Some(None), move |next| {
            let (bucket, prefix) = (bucket.clone(), prefix.clone());
            async move {
                let Some(token) = next else {
                    return Ok::<_, StoreError>(None);
                };
                let (objects, token) = bucket.page(&prefix, token).await?;
                let objects = stream::iter(objects.into_iter().map(Ok));
                Ok(Some((objects, token.map(Some))))
            }
        })
        .try_flatten()
        .boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        self.unsupported("listing with a delimiter")
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let _ = options;
        let content = self.get(from).await?.bytes().await?;
        self.put(to, content.into()).await?;
        Ok(())
    }
}

/// An upload in parts.
#[derive(Debug)]
struct Parts {
    bucket: GoogleJson,
    location: Path,
    parts: Vec<PutPayload>,
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        self.parts.push(part);
        ready(Ok(())).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let whole: PutPayload = self.parts.drain(..).flatten().collect();
        let (bucket, location) = (&self.bucket, &self.location);
        bucket.upload(location, whole, None, None).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}
