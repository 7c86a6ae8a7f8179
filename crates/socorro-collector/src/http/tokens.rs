//! What clients have to bring to send reports.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use http::{HeaderMap, header, request::Parts};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::query::query_value;

/// The tokens with which reports may be sent; without any, everybody may. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct UploadTokens(Arc<RwLock<Vec<UploadToken>>>);

/// A token with which reports of some products may be sent.
#[derive(Clone)]
pub struct UploadToken {
    /// Only the hash is compared, so that the time it takes says nothing of the length either.
    hash: [u8; 32],
    products: AllowedProducts,
}

/// The products of which a request may bring reports: an extension of requests with a valid token.
#[derive(Clone, PartialEq, Eq)]
pub struct AllowedProducts(Option<Arc<[String]>>);

/// The request has no valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unauthorized;

impl UploadToken {
    /// A token for these products, or for all if there are none.
    #[must_use]
    pub fn new(secret: &str, products: Vec<String>) -> Self {
        let products = (!products.is_empty()).then(|| products.into());
        Self {
            hash: Sha256::digest(secret).into(),
            products: AllowedProducts(products),
        }
    }
}

impl fmt::Debug for UploadToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut this = formatter.debug_struct("UploadToken");
        this.field("products", &self.products)
            .finish_non_exhaustive()
    }
}

impl AllowedProducts {
    /// Whether reports of this product may be brought; `product` is the annotation `ProductName`, or empty.
    #[must_use]
    pub fn allows(&self, product: &str) -> bool {
        match &self.0 {
            Some(products) => products.iter().any(|allowed| allowed == product),
            None => true,
        }
    }
}

impl fmt::Debug for AllowedProducts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(products) => products.fmt(formatter),
            None => formatter.write_str("all"),
        }
    }
}

impl UploadTokens {
    /// These tokens.
    #[must_use]
    pub fn new(tokens: Vec<UploadToken>) -> Self {
        Self(Arc::new(RwLock::new(tokens)))
    }

    /// Takes other tokens from now on.
    pub fn replace(&self, tokens: Vec<UploadToken>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    /// Looks for a valid token: in `Authorization: Bearer`, in `X-Upload-Token`, in the query as `token`.
    pub(crate) fn check(&self, head: &Parts) -> Result<AllowedProducts, Unauthorized> {
        let tokens = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if tokens.is_empty() {
            return Ok(AllowedProducts(None));
        }
        let query = head
            .uri
            .query()
            .and_then(|query| query_value(query, "token"));
        let query = query.map(String::into_bytes);
        let candidates = [
            bearer(&head.headers),
            head.headers
                .get("x-upload-token")
                .map(http::HeaderValue::as_bytes),
            query.as_deref(),
        ];
        let mut allowed = None;
        for candidate in candidates.into_iter().flatten() {
            let hash: [u8; 32] = Sha256::digest(candidate).into();
            // All of them are compared, whichever it is.
            for token in tokens.iter() {
                let same: Choice = token.hash.ct_eq(&hash);
                if bool::from(same) {
                    allowed = Some(token.products.clone());
                }
            }
        }
        allowed.ok_or(Unauthorized)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer ");
    is_bearer.then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> UploadTokens {
        UploadTokens::new(vec![
            UploadToken::new("for acme", vec!["Acme".to_owned()]),
            UploadToken::new("for+all", Vec::new()),
        ])
    }

    fn check(uri: &str, headers: &[(&str, &str)]) -> Result<AllowedProducts, Unauthorized> {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        tokens().check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_token_comes_in_three_ways() {
        let acme = check("/submit", &[("Authorization", "bearer for acme")]).unwrap();
        assert!(acme.allows("Acme") && !acme.allows("Other"));
        let all = check("/submit", &[("X-Upload-Token", "for+all")]).unwrap();
        assert!(all.allows("Other"));
        assert!(
            check("/submit?a=b&token=for%20acme", &[])
                .unwrap()
                .allows("Acme")
        );
        let refused = [
            check("/submit", &[]),
            check("/submit?token=for+acm", &[]),
            check("/submit", &[("Authorization", "Basic for acme")]),
            check("/submit", &[("Authorization", "Bearer ")]),
        ];
        assert!(refused.iter().all(Result::is_err));
    }

    #[test]
    fn without_tokens_everybody_may() {
        let head = http::Request::new(()).into_parts().0;
        assert!(UploadTokens::default().check(&head).unwrap().allows(""));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", tokens());
        assert!(
            !shown.contains("for acme") && shown.contains("Acme"),
            "{shown}"
        );
    }
}
