//! Who may bring symbols.

use std::fmt;

use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// The secrets of those who may bring symbols. `Debug` tells how many there are, nothing else does
/// even that.
#[derive(Clone, Default)]
pub struct Tokens(Vec<[u8; 32]>);

impl Tokens {
    /// Any of these; empty ones are none.
    pub fn new<T: AsRef<str>>(tokens: impl IntoIterator<Item = T>) -> Self {
        let tokens = tokens.into_iter();
        let given = tokens.filter(|token| !token.as_ref().trim().is_empty());
        Self(given.map(|token| hash(token.as_ref().trim())).collect())
    }

    /// Whether nobody may bring symbols.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request has one of the tokens. What a wrong one has in common with a right one does
    /// not show in the time that this takes.
    pub(super) fn allow(&self, head: &Parts) -> bool {
        let Some(given) = from_headers(&head.headers).or_else(|| from_query(head.uri.query()?))
        else {
            return false;
        };
        let given = hash(given);
        let found = self.0.iter().fold(Choice::from(0), |found, token| {
            found | token[..].ct_eq(&given[..])
        });
        found.into()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// `Auth-Token` is what Mozilla's symbol server takes (Tecken, `docs/upload.rst`).
fn from_headers(headers: &HeaderMap) -> Option<&str> {
    if let Some(token) = headers.get("auth-token") {
        return Some(token.to_str().ok()?.trim());
    }
    let (scheme, token) = headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .trim()
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// For `symupload`, which cannot be given a header.
fn from_query(query: &str) -> Option<&str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(name, value)| (name == "token").then_some(value))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_token_comes_in_one_of_three_ways() {
        let tokens = Tokens::new(["first", " second\n", ""]);
        assert_eq!(format!("{tokens:?}"), "Tokens(2)");
        for (header, value, query, allowed) in [
            ("auth-token", "second", "", true),
            ("authorization", "Bearer first", "", true),
            ("authorization", "bearer  first", "", true),
            ("x", "y", "?a=b&token=first", true),
            ("auth-token", "wrong", "?token=first", false),
            ("auth-token", "", "", false),
            ("authorization", "Basic first", "", false),
            ("authorization", "first", "", false),
            ("x", "y", "", false),
            ("x", "y", "?token=", false),
            ("x", "y", "?token=firs", false),
        ] {
            let request = Request::post(format!("http://a/{query}")).header(header, value);
            let (head, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(tokens.allow(&head), allowed, "{header} {value} {query}");
            assert!(!Tokens::default().allow(&head));
        }
    }
}
