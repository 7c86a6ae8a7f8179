//! What kind of program sends a report.

use http::{HeaderMap, header};

/// What kind of program sends a report: they differ in what they make of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientFamily {
    /// The crash reporter of Firefox and Thunderbird.
    Firefox,
    /// Breakpad's own senders.
    Breakpad,
    /// Crashpad, and with it Electron and Chromium. It sends each report once: whatever is no success is a report
    /// lost.
    Crashpad,
    /// A client library of Sentry.
    Sentry,
    /// `socorro submit`.
    Socorro,
    /// Anything else.
    Other,
}

/// How the `User-Agent` of a family begins, in lower case.
const USER_AGENTS: [(&str, ClientFamily); 5] = [
    ("crashreporter/", ClientFamily::Firefox),
    ("breakpad/", ClientFamily::Breakpad),
    ("crashpad", ClientFamily::Crashpad),
    ("sentry", ClientFamily::Sentry),
    ("socorro", ClientFamily::Socorro),
];

/// With what Crashpad begins the boundaries of its forms (Crashpad, `util/net/http_multipart_builder.cc`). Embedders
/// change its `User-Agent`, nobody changes this.
const CRASHPAD_BOUNDARY: &str = "---MultipartBoundary-";

impl ClientFamily {
    /// All families.
    pub const ALL: [Self; 6] = [
        Self::Firefox,
        Self::Breakpad,
        Self::Crashpad,
        Self::Sentry,
        Self::Socorro,
        Self::Other,
    ];

    /// The family that a request comes from.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if text(header::CONTENT_TYPE).is_some_and(|value| value.contains(CRASHPAD_BOUNDARY)) {
            return Self::Crashpad;
        }
        text(header::USER_AGENT).map_or(Self::Other, Self::of_user_agent)
    }

    /// The family with this `User-Agent`.
    #[must_use]
    pub fn of_user_agent(user_agent: &str) -> Self {
        let begins = |prefix: &str| {
            let start = user_agent.as_bytes().get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        let found = USER_AGENTS.iter().find(|(prefix, _)| begins(prefix));
        found.map_or(Self::Other, |(_, family)| *family)
    }

    /// The name in metrics, logs and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Firefox => "firefox",
            Self::Breakpad => "breakpad",
            Self::Crashpad => "crashpad",
            Self::Sentry => "sentry",
            Self::Socorro => "socorro",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_user_agent_or_boundary() {
        let of = |user_agent: &'static str, content_type: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, user_agent.parse().unwrap());
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            ClientFamily::of(&headers)
        };
        let form = "multipart/form-data; boundary=b";
        assert_eq!(of("crashreporter/1.0.0", form), ClientFamily::Firefox);
        assert_eq!(of("Breakpad/1.0 (Linux)", form), ClientFamily::Breakpad);
        assert_eq!(
            of("Crashpad/0.8.0 WinHTTP/10.0", form),
            ClientFamily::Crashpad
        );
        assert_eq!(of("curl/8.5.0", form), ClientFamily::Other);
        let crashpad = "multipart/form-data; boundary=---MultipartBoundary-Qh4t---";
        assert_eq!(of("Acme/7", crashpad), ClientFamily::Crashpad);
    }
}
