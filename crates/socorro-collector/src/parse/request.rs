//! What the headers of a request say of its body.

use http::{HeaderMap, header};

use super::{ParseError, parameters::WithParameters, source::Packing};
use crate::{Limits, Malformed};

const MEDIA_TYPES: [&str; 2] = ["multipart/form-data", "multipart/mixed"];
/// RFC 2046.
const LONGEST_BOUNDARY: usize = 70;

/// What has to be known to read a body.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) boundary: Vec<u8>,
    pub(super) packing: Packing,
}

impl Request {
    /// Reads the headers.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in the order in which Mozilla's collector looks.
    pub(super) fn read(headers: &HeaderMap, limits: &Limits) -> Result<Self, ParseError> {
        let boundary = boundary(headers)?;
        match declared_length(headers) {
            Some(0) => return Err(Malformed::NoContentLength.into()),
            Some(length) if limits.body != 0 && length > limits.body => {
                return Err(Malformed::TooLarge.into());
            }
            Some(_) => {}
            None if headers.contains_key(header::TRANSFER_ENCODING) => {}
            None => return Err(Malformed::NoContentLength.into()),
        }
        let packing = packing(headers)?;
        Ok(Self { boundary, packing })
    }
}

pub(super) fn boundary(headers: &HeaderMap) -> Result<Vec<u8>, Malformed> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.as_bytes().trim_ascii());
    let content_type = content_type
        .filter(|value| !value.is_empty())
        .ok_or(Malformed::NoContentType)?;
    let content_type = WithParameters::new(content_type);
    let is = |name: &&str| content_type.value.eq_ignore_ascii_case(name.as_bytes());
    if !MEDIA_TYPES.iter().any(is) {
        return Err(Malformed::WrongContentType);
    }
    let boundary = content_type.get("boundary").ok_or(Malformed::NoBoundary)?;
    let boundary = boundary.trim_ascii_end();
    if boundary.is_empty() || boundary.len() > LONGEST_BOUNDARY {
        return Err(Malformed::NoBoundary);
    }
    Ok(boundary.to_vec())
}

/// `None` when there is none, or it is no number: then the body has to frame itself.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

pub(super) fn packing(headers: &HeaderMap) -> Result<Packing, Malformed> {
    let mut packing = Packing::Plain;
    for value in headers.get_all(header::CONTENT_ENCODING) {
        for coding in value.as_bytes().split(|byte| *byte == b',') {
            match coding.trim_ascii().to_ascii_lowercase().as_slice() {
                b"" | b"identity" => {}
                b"gzip" | b"x-gzip" if packing == Packing::Plain => packing = Packing::Gzip,
                _ => return Err(Malformed::UnsupportedEncoding),
            }
        }
    }
    Ok(packing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(header::HeaderName, &[u8])]) -> Result<Request, Malformed> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, http::HeaderValue::from_bytes(value).unwrap());
        }
        let limits = Limits {
            body: 1000,
            ..Limits::default()
        };
        Request::read(&map, &limits).map_err(|error| match error {
            ParseError::Malformed(malformed) => malformed,
            other => panic!("{other}"),
        })
    }

    fn boundary_of(content_type: &str) -> Result<String, Malformed> {
        let headers = [
            (header::CONTENT_TYPE, content_type.as_bytes()),
            (header::CONTENT_LENGTH, b"10"),
        ];
        Ok(String::from_utf8(read(&headers)?.boundary).unwrap())
    }

    #[test]
    fn boundaries() {
        let longest = "x".repeat(70);
        for (content_type, expected) in [
            ("multipart/form-data; boundary=b", Ok("b")),
            ("multipart/mixed;boundary=b", Ok("b")),
            (
                "Multipart/Form-Data ; charset=utf-8 ; BOUNDARY=\"a b \" ; x",
                Ok("a b"),
            ),
            (
                &format!("multipart/form-data; boundary={longest}"),
                Ok(longest.as_str()),
            ),
            (
                &format!("multipart/form-data; boundary={longest}x"),
                Err(Malformed::NoBoundary),
            ),
            (
                "multipart/form-data; boundary=\"  \"",
                Err(Malformed::NoBoundary),
            ),
            ("multipart/form-data; boundary=", Err(Malformed::NoBoundary)),
            ("multipart/form-data", Err(Malformed::NoBoundary)),
            (
                "multipart/form-data-x; boundary=b",
                Err(Malformed::WrongContentType),
            ),
            ("application/json", Err(Malformed::WrongContentType)),
            (" ", Err(Malformed::NoContentType)),
        ] {
            let found = boundary_of(content_type);
            assert_eq!(found.as_deref(), expected.as_deref(), "{content_type}");
        }
        assert_eq!(read(&[]).unwrap_err(), Malformed::NoContentType);
    }

    #[test]
    fn a_body_has_to_be_framed() {
        let content_type = (header::CONTENT_TYPE, &b"multipart/mixed; boundary=b"[..]);
        for (name, value, expected) in [
            (header::CONTENT_LENGTH, &b"1000"[..], None),
            (header::TRANSFER_ENCODING, b"chunked", None),
            (header::CONTENT_LENGTH, b"1001", Some(Malformed::TooLarge)),
            (
                header::CONTENT_LENGTH,
                b"0",
                Some(Malformed::NoContentLength),
            ),
            (
                header::CONTENT_LENGTH,
                b"-5",
                Some(Malformed::NoContentLength),
            ),
            (header::ACCEPT, b"*/*", Some(Malformed::NoContentLength)),
        ] {
            let found = read(&[content_type.clone(), (name, value)]);
            assert_eq!(found.err(), expected, "{value:?}");
        }
    }

    #[test]
    fn encodings() {
        for (encoding, expected) in [
            (&b"gzip"[..], Ok(Packing::Gzip)),
            (b"X-GZip", Ok(Packing::Gzip)),
            (b"identity, gzip", Ok(Packing::Gzip)),
            (b"identity", Ok(Packing::Plain)),
            (b"", Ok(Packing::Plain)),
            (b"gzip, gzip", Err(Malformed::UnsupportedEncoding)),
            (b"deflate", Err(Malformed::UnsupportedEncoding)),
            (b"br", Err(Malformed::UnsupportedEncoding)),
            (b"zstd", Err(Malformed::UnsupportedEncoding)),
        ] {
            let headers = [
                (header::CONTENT_TYPE, &b"multipart/mixed; boundary=b"[..]),
                (header::CONTENT_LENGTH, b"10"),
                (header::CONTENT_ENCODING, encoding),
            ];
            assert_eq!(read(&headers).map(|request| request.packing), expected);
        }
    }
}
