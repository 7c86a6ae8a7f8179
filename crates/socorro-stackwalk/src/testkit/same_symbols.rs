//! Symbols for whatever module comes.

use async_trait::async_trait;
use bytes::Bytes;

use crate::symbols::{FetchSymbols, FoundSymbols, SymbolContent, SymbolError, SymbolRequest};

/// A source that has the same symbol file for every module.
#[derive(Debug)]
pub struct SameSymbols(pub Bytes);

#[async_trait]
impl FetchSymbols for SameSymbols {
    async fn fetch(&self, _: &SymbolRequest<'_>) -> Result<Option<FoundSymbols>, SymbolError> {
        Ok(Some(FoundSymbols {
            content: SymbolContent::Bytes(self.0.clone()),
            url: None,
        }))
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn is_local(&self) -> bool {
        true
    }
}
