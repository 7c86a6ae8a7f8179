//! How known clients write their forms.

use std::iter;

use serde_json::Map;

use super::{Part, extra};

/// The manner in which a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// `curl -F`, and Breakpad on Linux, which uses the same library: one part for each annotation,
    /// in the order given.
    #[default]
    Curl,
    /// The crash reporter of Firefox: all annotations in one JSON part `extra`, then the files.
    Firefox,
    /// Crashpad, and with it Electron: annotations sorted by name, then files sorted by name, odd
    /// characters of names as `%0d`, `%0a`, `%22` and `%25` (`util/net/http_multipart_builder.cc`).
    Crashpad,
}

impl Style {
    /// A random boundary in the client's form.
    pub(super) fn boundary(self) -> String {
        let (begin, length, end) = match self {
            Self::Curl | Self::Firefox => ("------------------------", 22, ""),
            Self::Crashpad => ("---MultipartBoundary-", 32, "---"),
        };
        let random: String = iter::repeat_with(fastrand::alphanumeric)
            .take(length)
            .collect();
        format!("{begin}{random}{end}")
    }

    /// The parts in the order in which the client sends them.
    pub(super) fn arrange(self, parts: &[Part]) -> Vec<Part> {
        let mut parts = parts.to_vec();
        match self {
            Self::Curl => {}
            Self::Firefox => parts = gather(parts),
            Self::Crashpad => parts.sort_by(|left, right| {
                let key = |part: &Part| matches!(part, Part::File(_));
                (key(left), left.name()).cmp(&(key(right), right.name()))
            }),
        }
        parts
    }

    /// The delimiter and the headers of a part.
    pub(super) fn head(self, boundary: &str, part: &Part) -> String {
        let name = self.escape(part.name());
        let disposition =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
        match part {
            Part::Annotation(..) => format!("{disposition}\r\n\r\n"),
            Part::File(file) => {
                let (file_name, content_type) = (self.escape(&file.name), file.content_type);
                format!(
                    "{disposition}; filename=\"{file_name}\"\r\nContent-Type: {content_type}\r\n\r\n"
                )
            }
        }
    }

    /// A name between quotation marks. Line ends are `%0D` and `%0A` everywhere, because a header
    /// has no other way to carry them.
    fn escape(self, name: &str) -> String {
        let mut escaped = String::with_capacity(name.len());
        for character in name.chars() {
            let replacement = match (self, character) {
                (Self::Crashpad, '\r') => "%0d",
                (Self::Crashpad, '\n') => "%0a",
                (Self::Crashpad, '"') => "%22",
                (Self::Crashpad, '%') => "%25",
                (Self::Curl | Self::Firefox, '\r') => "%0D",
                (Self::Curl | Self::Firefox, '\n') => "%0A",
                (Self::Curl | Self::Firefox, '"') => "\\\"",
                (Self::Curl | Self::Firefox, '\\') => "\\\\",
                (_, other) => {
                    escaped.push(other);
                    continue;
                }
            };
            escaped.push_str(replacement);
        }
        escaped
    }
}

/// Puts all annotations into one JSON part, which comes first.
fn gather(parts: Vec<Part>) -> Vec<Part> {
    let mut annotations = Map::new();
    let mut files = Vec::new();
    for part in parts {
        match part {
            Part::Annotation(name, value) => {
                annotations.insert(name, value);
            }
            file @ Part::File(_) => files.push(file),
        }
    }
    let extra = (!annotations.is_empty()).then(|| Part::File(extra(&annotations)));
    extra.into_iter().chain(files).collect()
}
