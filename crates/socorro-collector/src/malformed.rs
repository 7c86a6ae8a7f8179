//! Why a request is no crash report.

/// Why a request is no crash report. Clients see the [`code`](Malformed::code) as
/// `Discarded=malformed_{code}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("malformed: {}", self.code())]
#[non_exhaustive]
pub enum Malformed {
    /// There is no `Content-Type`.
    NoContentType,
    /// The `Content-Type` is no multipart form.
    WrongContentType,
    /// The `Content-Type` has no usable boundary.
    NoBoundary,
    /// There is no body.
    NoContentLength,
    /// The gzip stream is damaged.
    BadGzip,
    /// The JSON part is no JSON.
    InvalidJson,
    /// The JSON part is no object.
    InvalidJsonValue,
    /// A file has a name that storage keeps for itself.
    InvalidDumpName,
    /// The body does not have the structure of a multipart form.
    InvalidPayloadStructure,
    /// There is not one annotation.
    NoAnnotations,
    /// The crash id that came along is none.
    InvalidUuid,
    /// A limit of size is passed.
    TooLarge,
    /// There are more parts than allowed.
    TooManyParts,
    /// The body is compressed in a way that is not understood.
    UnsupportedEncoding,
    /// The client took too long.
    Timeout,
}

impl Malformed {
    /// The code in answers and metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoContentType => "no_content_type",
            Self::WrongContentType => "wrong_content_type",
            Self::NoBoundary => "no_boundary",
            Self::NoContentLength => "no_content_length",
            Self::BadGzip => "bad_gzip",
            Self::InvalidJson => "invalid_json",
            Self::InvalidJsonValue => "invalid_json_value",
            Self::InvalidDumpName => "invalid_dump_name",
            Self::InvalidPayloadStructure => "invalid_payload_structure",
            Self::NoAnnotations => "no_annotations",
            Self::InvalidUuid => "invalid_uuid",
            Self::TooLarge => "too_large",
            Self::TooManyParts => "too_many_parts",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::Timeout => "timeout",
        }
    }

    /// The HTTP status of the answer.
    #[must_use]
    pub fn status(self) -> http::StatusCode {
        match self {
            Self::TooLarge => http::StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedEncoding => http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Timeout => http::StatusCode::REQUEST_TIMEOUT,
            _ => http::StatusCode::BAD_REQUEST,
        }
    }
}
