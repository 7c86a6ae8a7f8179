//! Symbols in an object store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};

use super::error::SymbolError;
use super::file::SymbolFile;
use super::name::SymbolName;
use super::source::{FetchSymbols, FoundSymbols, SymbolContent, SymbolRequest};

/// Symbols in an object store, laid out as on a symbol server: `NAME/ID/NAME.sym`. Asking again when a bucket is busy is
/// the business of the object store.
///
/// ```
/// use std::sync::Arc;
///
/// use object_store::{memory::InMemory, prefix::PrefixStore};
/// use socorro_stackwalk::{ObjectSource, SymbolSource, SymbolStore};
///
/// let bucket = PrefixStore::new(InMemory::new(), "v1");
/// let source = ObjectSource::new(Arc::new(bucket), "memory:v1");
/// let store = SymbolStore::new([SymbolSource::custom(source)]);
/// ```
#[derive(Debug)]
pub struct ObjectSource {
    objects: Arc<dyn ObjectStore>,
    place: String,
    was_there: AtomicBool,
}

impl ObjectSource {
    /// Symbols in `objects`, which people know as `place`: a URL without secrets.
    pub fn new(objects: Arc<dyn ObjectStore>, place: impl Into<String>) -> Self {
        Self {
            objects,
            place: place.into(),
            was_there: AtomicBool::new(false),
        }
    }

    /// Puts a symbol file where it will be found, and gives back the URL of that place.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn put(&self, file: &SymbolFile) -> Result<String, SymbolError> {
        let (path, url) = self.path_and_url(file.name());
        let put = self.objects.put(&path, file.text().clone().into()).await;
        put.map_err(|error| failed(&error, &url))?;
        Ok(url)
    }

    /// Whether there is a bucket at all: stores answer alike for a missing bucket and a missing object, but nobody can
    /// list what is in a missing bucket. One that was there once is believed to stay.
    async fn is_there(&self, path: &Path) -> bool {
        if !self.was_there.load(Ordering::Relaxed) {
            let listed = self.objects.list(Some(path)).try_next().await;
            if listed.is_err_and(|error| says_no_bucket(&error)) {
                return false;
            }
            self.was_there.store(true, Ordering::Relaxed);
        }
        true
    }

    fn path_and_url(&self, name: &SymbolName) -> (Path, String) {
        let path = Path::from_iter(name.path_parts());
        let url = format!("{}/{path}", self.place.trim_end_matches('/'));
        (path, url)
    }
}

/// Codes in the answers of S3, Google Cloud Storage and Azure.
const NO_BUCKET: [&str; 3] = [
    "<Code>NoSuchBucket</Code>",
    "<Code>ContainerNotFound</Code>",
    "<Code>ContainerBeingDeleted</Code>",
];

fn says_no_bucket(error: &Error) -> bool {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    });
    matches!(error, Error::NotFound { .. })
        || chain
            .map(ToString::to_string)
            .any(|text| NO_BUCKET.iter().any(|code| text.contains(code)))
}

fn failed(error: &Error, url: &str) -> SymbolError {
    SymbolError::Server {
        url: url.to_owned(),
        reason: error.to_string(),
        retry_after: None,
    }
}

#[async_trait]
impl FetchSymbols for ObjectSource {
    async fn fetch(
        &self,
        request: &SymbolRequest<'_>,
    ) -> Result<Option<FoundSymbols>, SymbolError> {
        let (path, url) = self.path_and_url(request.name());
        let object = match self.objects.get(&path).await {
            Ok(object) => object,
            Err(Error::NotFound { .. }) if self.is_there(&path).await => return Ok(None),
            Err(Error::NotFound { .. }) => {
                return Err(SymbolError::Server {
                    url,
                    reason: "there is no such bucket".to_owned(),
                    retry_after: None,
                });
            }
            Err(error) => return Err(failed(&error, &url)),
        };
        let mut download = request.download(url.clone()).await?;
        download.check_size(object.meta.size)?;
        let mut chunks = object.into_stream();
        while !download.is_damaged() {
            let chunk = chunks.try_next().await;
            match chunk.map_err(|error| failed(&error, &url))? {
                Some(chunk) => download.write(&chunk).await?,
                None => break,
            }
        }
        Ok(Some(FoundSymbols {
            content: SymbolContent::Downloaded(download.finish().await?),
            url: Some(url),
        }))
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;
    use crate::symbols::name::ModuleName;
    use crate::symbols::{SymbolLookup, SymbolSource, SymbolStore};

    #[tokio::test]
    async fn what_was_put_into_a_bucket_is_found_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let id = "ABCD1234ABCD1234ABCDABCD12345678a";
        std::fs::write(
            &path,
            format!("MODULE Linux x86_64 {id} my app\nPUBLIC 1000 0 main\n"),
        )
        .unwrap();
        let bucket: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let source = || ObjectSource::new(Arc::clone(&bucket), "memory:bucket");
        let url = source()
            .put(&SymbolFile::open(&path, 1000).unwrap())
            .await
            .unwrap();
        assert_eq!(url, format!("memory:bucket/my app/{id}/my app.sym"));

        let store = SymbolStore::new([SymbolSource::custom(source())]);
        let module = |file: &str| ModuleName {
            debug_file: Some(file.to_owned()),
            debug_id: Some(id.parse().unwrap()),
            ..ModuleName::default()
        };
        let found = store.lookup(&module("my app")).await;
        let SymbolLookup::Loaded(symbols) = &*found else {
            panic!("{found:?}")
        };
        assert_eq!(symbols.url(), Some(&*url));
        let missing = store.lookup(&module("other")).await;
        assert!(matches!(&*missing, SymbolLookup::Missing(_)), "{missing:?}");
    }
}
