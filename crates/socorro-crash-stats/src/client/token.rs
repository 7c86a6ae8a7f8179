//! The token of a user of Crash Stats.

use std::{fmt, str::FromStr};

use reqwest::header::HeaderValue;

use super::error::Error;

/// Far more than the 32 characters that tokens of Crash Stats have.
const MAX_LENGTH: usize = 256;

/// The token that stands for a user and what he may do. Nothing shows it.
///
/// ```
/// use socorro_crash_stats::client::ApiToken;
///
/// let token: ApiToken = " c0ffee00c0ffee00c0ffee00c0ffee00\n".parse()?;
/// assert_eq!(format!("{token:?}"), "ApiToken(***)");
/// assert!("".parse::<ApiToken>().is_err());
/// # Ok::<(), socorro_crash_stats::client::Error>(())
/// ```
#[derive(Clone)]
pub struct ApiToken(HeaderValue);

impl ApiToken {
    /// As the value of the header `Auth-Token`.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl FromStr for ApiToken {
    type Err = Error;

    /// Takes blanks off at both ends: tokens are pasted.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let invalid = |reason| Error::InvalidToken { reason };
        if text.is_empty() {
            return Err(invalid("it is empty"));
        }
        if text.len() > MAX_LENGTH {
            return Err(invalid("it is longer than 256 characters"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid(
                "it has characters other than ASCII letters, digits and signs",
            ));
        }
        let mut header =
            HeaderValue::from_str(text).map_err(|_| invalid("it cannot be put into a header"))?;
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(***)")
    }
}
