//! Requests of the S3 protocol that object_store has no call for.
//!
//! Source: Amazon's S3 API reference, `ListObjectsV2`, `DeleteObjects`, `ListBuckets`, `CreateBucket`,
//! `DeleteBucket`.

use std::fmt;

use async_trait::async_trait;
use md5::{Digest as _, Md5};
use object_store::{
    Result,
    aws::{AmazonS3, AwsAuthorizer},
    client::{HttpClient, HttpRequest},
};
use url::Url;

use super::{
    bucket_api::{BucketApi, Deleted, Page, time},
    http::{generic, request, retried, send, text},
    xml::{self, Record},
};
use crate::{
    bucket::{BucketEntry, Checksum, Object},
    options::StorageOptions,
};

/// A bucket behind the S3 protocol.
pub(crate) struct S3 {
    pub(crate) store: AmazonS3,
    pub(crate) client: HttpClient,
    pub(crate) endpoint: Url,
    pub(crate) region: String,
    pub(crate) bucket: String,
    pub(crate) options: StorageOptions,
}

impl S3 {
    /// The address of the bucket, or of the server itself.
    pub(crate) fn url(&self, bucket: Option<&str>, query: &[(&str, &str)]) -> Url {
        let mut url = self.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(bucket);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
            // Signatures are made of %20.
            let query = url.query().unwrap_or_default().replace('+', "%20");
            url.set_query(Some(&query));
        }
        url
    }

    /// A signed request.
    pub(crate) async fn signed(
        &self,
        method: &str,
        target: &Url,
        body: String,
    ) -> Result<HttpRequest> {
        let digest = Md5::digest(body.as_bytes());
        let has_body = !body.is_empty();
        let mut request = request(method, target, body)?;
        if has_body {
            let digest = base64(&digest).parse().map_err(generic)?;
            request.headers_mut().insert("content-md5", digest);
        }
        let credential = self.store.credentials().get_credential().await?;
        AwsAuthorizer::new(&credential, "s3", &self.region)
            .try_authorize(&mut request, None)
            .map_err(generic)?;
        Ok(request)
    }

    /// What the server answers.
    async fn ask(&self, method: &str, target: &Url, body: &str) -> Result<String> {
        let answer = retried(&self.options, || async {
            let request = self.signed(method, target, body.to_owned()).await?;
            text(send(&self.client, request, &self.bucket).await?).await
        });
        String::from_utf8(answer.await?).map_err(generic)
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{} at {}", self.bucket, self.endpoint)
    }
}

#[async_trait]
impl BucketApi for S3 {
    async fn page(&self, prefix: &str, level: bool, next: Option<String>) -> Result<Page> {
        let mut query = vec![("list-type", "2"), ("prefix", prefix)];
        if level {
            query.push(("delimiter", "/"));
        }
        if let Some(token) = &next {
            query.push(("continuation-token", token));
        }
        // Signatures want them sorted.
        query.sort_unstable();
        let url = self.url(Some(&self.bucket), &query);
        let answer = self.ask("GET", &url, "").await?;
        page(&answer)
    }

    async fn delete(&self, keys: &[String]) -> Result<Deleted> {
        let objects: String = keys
            .iter()
            .map(|key| format!("<Object><Key>{}</Key></Object>", xml::escaped(key)))
            .collect();
        let body =
            format!("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{objects}</Delete>");
        let url = self.url(Some(&self.bucket), &[("delete", "")]);
        let answer = xml::read(&self.ask("POST", &url, &body).await?, &["Deleted", "Error"])?;
        let outcome = |(name, mut record): (String, Record)| {
            let key = record.remove("Key").unwrap_or_default();
            let (code, message) = (record.remove("Code"), record.remove("Message"));
            let refused = format!(
                "{}: {}",
                code.unwrap_or_default(),
                message.unwrap_or_default()
            );
            (
                key,
                if name == "Error" {
                    Err(refused)
                } else {
                    Ok(())
                },
            )
        };
        Ok(answer.records.into_iter().map(outcome).collect())
    }

    async fn buckets(&self) -> Result<Vec<BucketEntry>> {
        let answer = self.ask("GET", &self.url(None, &[]), "").await?;
        let records = xml::read(&answer, &["Bucket"])?.records;
        Ok(records
            .into_iter()
            .map(|(_, mut record)| BucketEntry {
                name: record.remove("Name").unwrap_or_default(),
                created: record.get("CreationDate").and_then(|text| time(text)),
            })
            .collect())
    }

    async fn remove(&self) -> Result<()> {
        self.ask("DELETE", &self.url(Some(&self.bucket), &[]), "")
            .await
            .map(|_| ())
    }
}

/// Reads a page of a list.
fn page(answer: &str) -> Result<Page> {
    let mut answer = xml::read(answer, &["Contents", "CommonPrefixes"])?;
    let is_truncated = answer
        .rest
        .get("IsTruncated")
        .is_some_and(|text| text == "true");
    let next = answer.rest.remove("NextContinuationToken");
    let mut page = Page {
        next: next.filter(|_| is_truncated),
        ..Page::default()
    };
    for (element, mut record) in answer.records {
        if element == "CommonPrefixes" {
            page.prefixes
                .push(record.remove("Prefix").unwrap_or_default());
            continue;
        }
        let number = record.get("Size").map(|size| size.parse());
        let e_tag = record.remove("ETag");
        page.objects.push(Object {
            key: record.remove("Key").unwrap_or_default(),
            size: number.transpose().map_err(generic)?.unwrap_or_default(),
            last_modified: record.get("LastModified").and_then(|text| time(text)),
            checksum: e_tag.as_deref().and_then(Checksum::of_e_tag),
            e_tag,
        });
    }
    Ok(page)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            (0..4).map(move |place| match place <= chunk.len() {
                true => char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]),
                false => '=',
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_list_is_read_whatever_its_keys_are() {
        let page = page(
            "<ListBucketResult><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>t</NextContinuationToken>\
             <Contents><Key>v1/a b&amp;+=%20/../é&#1;</Key><Size>7</Size>\
             <LastModified>2026-11-26T01:02:03.000Z</LastModified>\
             <ETag>&quot;900150983cd24fb0d6963f7d28e17f72&quot;</ETag></Contents>\
             <CommonPrefixes><Prefix>v2/</Prefix></CommonPrefixes></ListBucketResult>",
        )
        .unwrap();
        assert_eq!(page.next.as_deref(), Some("t"));
        assert_eq!(page.prefixes, ["v2/"]);
        let [object] = &page.objects[..] else {
            panic!("{page:?}")
        };
        assert_eq!(object.key, "v1/a b&+=%20/../é\u{1}");
        assert_eq!(object.size, 7);
        assert!(matches!(object.checksum, Some(Checksum::Md5(_))));
        assert_eq!(
            object.last_modified.unwrap().to_string(),
            "2026-11-26T01:02:03Z"
        );
    }

    #[test]
    fn digests_are_written_in_base64() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"\xff\xfe\xfd", "//79"),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }
}
