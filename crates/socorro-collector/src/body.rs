//! What can happen to the body of a request while it is read.

/// Why the body of a request could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The client was silent, or slower than the limits allow.
    #[error("the client is too slow")]
    Timeout,
    /// More bytes than [`Limits::body`](crate::Limits::body).
    #[error("the body is too large")]
    TooLarge,
    /// The connection ended in the middle, or the framing is damaged.
    #[error("the connection broke: {0}")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<std::convert::Infallible> for BodyError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
