//! What was asked.

/// A request that the server got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Which endpoint: the part of the path after `/api/`, for example `RawCrash`; the whole path
    /// of anything else.
    pub endpoint: String,
    /// The query as it was sent, without its question mark.
    pub query: String,
    /// Whether it came with a token, right or wrong.
    pub with_token: bool,
    /// The value of `User-Agent`.
    pub user_agent: String,
    /// The status of the answer.
    pub status: u16,
}
