//! Symbols in an object store.

use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};

use super::error::SymbolError;
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
}

impl ObjectSource {
    /// Symbols in `objects`, which people know as `place`: a URL without secrets.
    pub fn new(objects: Arc<dyn ObjectStore>, place: impl Into<String>) -> Self {
        Self {
            objects,
            place: place.into(),
        }
    }
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
        let path = Path::from_iter(request.name().path_parts());
        let url = format!("{}/{path}", self.place.trim_end_matches('/'));
        let object = match self.objects.get(&path).await {
            Ok(object) => object,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(&error, &url)),
        };
        let mut download = request.download(url.clone()).await?;
        download.check_size(object.meta.size)?;
        let mut chunks = object.into_stream();
        loop {
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
