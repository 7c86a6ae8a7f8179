//! The headers of a part, and what they make of it.

use std::borrow::Cow;

use super::{
    ParseError, charset,
    parameters::{WithParameters, decode_percent},
};
use crate::Malformed;

const DEFAULT_TYPE: &str = "text/plain";
const DEFAULT_CHARSET: &str = "utf-8";
const JSON: &str = "application/json";
/// The type of files that nothing is noted about.
pub(super) const BINARY: &str = "application/octet-stream";
/// Encodings that leave the content as it is.
const IDENTITIES: [&str; 3] = ["binary", "8bit", "7bit"];
/// What Crashpad encodes in names.
const CRASHPAD: &[u8] = b"\r\n\"%";

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// All annotations, as a JSON object.
    Json,
    /// One annotation in that charset.
    Text {
        /// As the part names it.
        charset: String,
    },
    /// A file.
    File,
}

/// Something in the headers that had to be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// The field name is not UTF-8.
    Name,
    /// The file name is not UTF-8, or in a charset that is not known.
    FileName,
}

/// The headers of a part, as far as they count.
#[derive(Debug, Default)]
pub(super) struct Head {
    name: Option<Vec<u8>>,
    file_name: Option<String>,
    /// As sent; `None` when there is none.
    content_type: Option<String>,
    odd_file_name: bool,
}

impl Head {
    /// Reads header lines. The last one of a name counts; those that are no headers do not.
    ///
    /// # Errors
    ///
    /// [`Malformed::InvalidPayloadStructure`] for a transfer encoding that would have to be undone.
    pub(super) fn read(lines: &[u8]) -> Result<Self, ParseError> {
        let (mut disposition, mut content_type, mut encoding) = (None, None, None);
        for line in split_lines(lines) {
            let Some(colon) = memchr::memchr(b':', line) else {
                continue;
            };
            let (name, value) = (line[..colon].trim_ascii(), &line[colon + 1..]);
            let value = value.strip_prefix(b" ").unwrap_or(value);
            if name.eq_ignore_ascii_case(b"content-disposition") {
                disposition = Some(value);
            } else if name.eq_ignore_ascii_case(b"content-type") {
                content_type = Some(value);
            } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
                encoding = Some(value.trim_ascii());
            }
        }
        let is = |value: &[u8], name: &str| value.eq_ignore_ascii_case(name.as_bytes());
        if encoding.is_some_and(|value| !IDENTITIES.iter().any(|name| is(value, name))) {
            return Err(Malformed::InvalidPayloadStructure.into());
        }
        let mut head = Self {
            content_type: content_type.map(|value| String::from_utf8_lossy(value).into_owned()),
            ..Self::default()
        };
        if let Some(disposition) = disposition {
            head.read_disposition(WithParameters::new(disposition));
        }
        Ok(head)
    }

    fn read_disposition(&mut self, disposition: WithParameters<'_>) {
        self.name = disposition.get("name").map(Cow::into_owned);
        if let Some(name) = disposition.get("filename") {
            self.odd_file_name = std::str::from_utf8(&name).is_err();
            self.file_name = Some(String::from_utf8_lossy(&name).into_owned());
        }
        match disposition.get("filename*").as_deref().map(extended_value) {
            Some(Some((name, damaged))) => {
                self.file_name = Some(name);
                self.odd_file_name = damaged;
            }
            Some(None) => self.odd_file_name = true,
            None => {}
        }
    }

    /// The field name, if it has one; `percent` says whether Crashpad's percent-encoding is undone.
    pub(super) fn name(&self, percent: bool) -> Option<String> {
        let name = self.name.as_deref().filter(|name| !name.is_empty())?;
        let name = if percent {
            Cow::Owned(decode_percent(name, Some(CRASHPAD)))
        } else {
            Cow::Borrowed(name)
        };
        Some(String::from_utf8_lossy(&name).into_owned())
    }

    /// What had to be mended.
    pub(super) fn oddities(&self) -> impl Iterator<Item = Oddity> {
        let name = self.name.as_deref().unwrap_or_default();
        let odd_name = std::str::from_utf8(name).is_err().then_some(Oddity::Name);
        let odd_file_name = self.odd_file_name.then_some(Oddity::FileName);
        odd_name.into_iter().chain(odd_file_name)
    }

    /// The name that the file has at the client.
    pub(super) fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref().filter(|name| !name.is_empty())
    }

    /// The content type, as sent or by default.
    pub(super) fn content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or(DEFAULT_TYPE)
    }

    /// What the part is.
    pub(super) fn kind(&self) -> Kind {
        let content_type = WithParameters::new(self.content_type().as_bytes());
        let media_type = content_type.value;
        let begins_with_json = media_type
            .get(..JSON.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(JSON.as_bytes()));
        if begins_with_json {
            return Kind::Json;
        }
        let is_text = media_type.eq_ignore_ascii_case(DEFAULT_TYPE.as_bytes());
        if !is_text || self.file_name().is_some() {
            return Kind::File;
        }
        let charset = content_type.get("charset");
        let charset = charset.as_deref().unwrap_or(DEFAULT_CHARSET.as_bytes());
        Kind::Text {
            charset: String::from_utf8_lossy(charset).into_owned(),
        }
    }
}

fn split_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memmem::find(text, b"\r\n");
        rest = end.map(|end| &text[end + 2..]);
        Some(end.map_or(text, |end| &text[..end]))
    })
}

/// `charset'language'percent-encoded` (RFC 5987), and whether characters had to be replaced; `None`
/// when it is no such thing, or the charset is unknown.
fn extended_value(value: &[u8]) -> Option<(String, bool)> {
    let mut pieces = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _language) = (pieces.next()?, pieces.next()?);
    let encoded = pieces.next()?;
    let charset = std::str::from_utf8(charset).ok()?;
    let bytes = decode_percent(encoded, None);
    if let Some(text) = charset::decode(bytes.clone(), charset) {
        return Some((text, false));
    }
    let known = encoding_rs::Encoding::for_label(charset.as_bytes())?;
    let (text, _) = known.decode_without_bom_handling(&bytes);
    Some((text.into_owned(), true))
}
