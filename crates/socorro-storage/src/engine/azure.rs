//! Requests to Azure Blob Storage that object_store has no call for.
//!
//! Source: Microsoft's *Blob service REST API*: List Blobs, Delete Blob, List Containers, Create
//! Container, Delete Container.

use std::fmt;

use async_trait::async_trait;
use object_store::{
    Result,
    azure::{AzureAuthorizer, MicrosoftAzure},
    client::{HttpClient, HttpRequest},
};
use url::Url;

use super::{
    bucket_api::{BucketApi, Deleted, Page, delete_each, delete_one, time},
    http::{generic, request, retried, send, text},
    xml,
};
use crate::{
    bucket::{BucketEntry, Checksum, Object},
    options::StorageOptions,
};

/// A container.
pub(crate) struct Azure {
    pub(crate) store: MicrosoftAzure,
    pub(crate) client: HttpClient,
    pub(crate) endpoint: Url,
    pub(crate) account: String,
    pub(crate) container: String,
    pub(crate) options: StorageOptions,
}

impl Azure {
    /// The address of the container, or of the account.
    pub(crate) fn url(&self, container: Option<&str>, query: &[(&str, &str)]) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(container);
        }
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// A signed request without a body.
    pub(crate) async fn signed(&self, method: &str, target: &Url) -> Result<HttpRequest> {
        let mut request = request(method, target, String::new())?;
        let length = "0".parse().map_err(generic)?;
        request.headers_mut().insert("content-length", length);
        let credential = self.store.credentials().get_credential().await?;
        AzureAuthorizer::new(&credential, &self.account)
            .try_authorize(&mut request)
            .map_err(generic)?;
        Ok(request)
    }

    async fn ask(&self, method: &str, target: &Url) -> Result<String> {
        let answer = retried(&self.options, || async {
            let request = self.signed(method, target).await?;
            text(send(&self.client, request, &self.container).await?).await
        });
        let answer = String::from_utf8(answer.await?).map_err(generic)?;
        Ok(answer.trim_start_matches('\u{feff}').to_owned())
    }
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "az://{} at {}", self.container, self.endpoint)
    }
}

#[async_trait]
impl BucketApi for Azure {
    async fn page(&self, prefix: &str, level: bool, next: Option<String>) -> Result<Page> {
        let mut query = vec![
            ("restype", "container"),
            ("comp", "list"),
            ("maxresults", "1000"),
            ("prefix", prefix),
        ];
        if level {
            query.push(("delimiter", "/"));
        }
        if let Some(marker) = &next {
            query.push(("marker", marker));
        }
        let url = self.url(Some(&self.container), &query);
        page(&self.ask("GET", &url).await?)
    }

    async fn delete(&self, keys: &[String]) -> Result<Deleted> {
        let delete = |key: String| async move {
            let deleted = delete_one(&self.store, &key).await;
            (key, deleted)
        };
        Ok(delete_each(keys, delete).await)
    }

    async fn buckets(&self) -> Result<Vec<BucketEntry>> {
        let url = self.url(None, &[("comp", "list")]);
        let records = xml::read(&self.ask("GET", &url).await?, &["Container"])?.records;
        Ok(records
            .into_iter()
            .map(|(_, mut record)| BucketEntry {
                name: record.remove("Name").unwrap_or_default(),
                created: record
                    .get("Properties/Last-Modified")
                    .and_then(|text| time(text)),
            })
            .collect())
    }

    async fn remove(&self) -> Result<()> {
        let url = self.url(Some(&self.container), &[("restype", "container")]);
        self.ask("DELETE", &url).await.map(|_| ())
    }
}

/// Reads a page of a list.
fn page(answer: &str) -> Result<Page> {
    let mut answer = xml::read(answer, &["Blob", "BlobPrefix"])?;
    let mut page = Page {
        next: answer
            .rest
            .remove("NextMarker")
            .filter(|marker| !marker.is_empty()),
        ..Page::default()
    };
    for (element, mut record) in answer.records {
        let name = record.remove("Name").unwrap_or_default();
        if element == "BlobPrefix" {
            page.prefixes.push(name);
            continue;
        }
        let size = record.get("Properties/Content-Length");
        let size = size.map(|size| size.parse()).transpose().map_err(generic)?;
        page.objects.push(Object {
            key: name,
            size: size.unwrap_or_default(),
            last_modified: record
                .get("Properties/Last-Modified")
                .and_then(|text| time(text)),
            checksum: record
                .get("Properties/Content-MD5")
                .and_then(|text| Checksum::of_base64(text)),
            e_tag: record.remove("Properties/Etag"),
        });
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_list_is_read() {
        let page = page(
            "<EnumerationResults><Blobs><Blob><Name>a b</Name><Properties>\
             <Last-Modified>Thu, 26 Nov 2026 01:02:03 GMT</Last-Modified><Etag>0x1</Etag>\
             <Content-Length>3</Content-Length><Content-MD5>kAFQmDzST7DWlj99KOF/cg==</Content-MD5>\
             </Properties></Blob><BlobPrefix><Name>v1/</Name></BlobPrefix></Blobs>\
             <NextMarker>m</NextMarker></EnumerationResults>",
        )
        .unwrap();
        assert_eq!(page.prefixes, ["v1/"]);
        assert_eq!(page.next.as_deref(), Some("m"));
        let object = &page.objects[0];
        assert_eq!((object.key.as_str(), object.size), ("a b", 3));
        assert!(object.checksum.is_some());
        assert!(object.last_modified.is_some());
    }
}
