//! Which server is asked.

use reqwest::Url;
use url::Host as UrlHost;

use super::error::Error;

/// The base address of a server.
#[derive(Debug, Clone)]
pub(super) struct Host {
    /// Ends with a slash.
    base: Url,
    name: String,
}

impl Host {
    /// Reads an address like `https://crash-stats.mozilla.org`.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let invalid = |reason: String| Error::InvalidHost {
            host: without_user(text),
            reason,
        };
        let mut base: Url = text
            .parse()
            .map_err(|error| invalid(format!("{error}; write https://HOST")))?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err(invalid("write https://HOST".to_owned()));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(invalid("a user does not belong into it".to_owned()));
        }
        if base.scheme() == "http" && !is_loopback(&base) {
            return Err(invalid(
                "without https everybody on the way can read along; only this machine itself may be asked so".to_owned(),
            ));
        }
        base.set_query(None);
        base.set_fragment(None);
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let name = match (base.host_str(), base.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(invalid("it names no host".to_owned())),
        };
        Ok(Self { base, name })
    }

    /// Host and port, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The address without the slash at its end.
    pub(super) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// The address of an endpoint. The slash at its end is required.
    pub(super) fn endpoint(&self, name: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}api/{name}/", self.base.path()));
        url
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(UrlHost::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(UrlHost::Ipv4(address)) => address.is_loopback(),
        Some(UrlHost::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// An address fit for messages: without user and query.
pub(super) fn shown(url: &Url) -> String {
    let end = url.as_str().find(['?', '#']).unwrap_or(url.as_str().len());
    without_user(&url.as_str()[..end])
}

fn without_user(address: &str) -> String {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let address = &address[..end];
    let start = address.find("://").map_or(0, |at| at + 3);
    match address[start..].rfind('@') {
        Some(at) => format!("{}{}", &address[..start], &address[start + at + 1..]),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_do_not_matter() {
        for text in ["https://host", "https://host/", " https://host//?x#y"] {
            let host = Host::parse(text).unwrap();
            assert_eq!(host.endpoint("NoOp").as_str(), "https://host/api/NoOp/");
            assert_eq!(host.address(), "https://host");
        }
        let below = Host::parse("https://host/stats/").unwrap();
        let endpoint = below.endpoint("NoOp");
        assert_eq!(endpoint.as_str(), "https://host/stats/api/NoOp/");
    }

    #[test]
    fn only_this_machine_is_asked_without_encryption() {
        for text in [
            "http://localhost:8000",
            "http://127.0.0.2",
            "http://[::1]:1",
            "https://example.org",
        ] {
            assert!(Host::parse(text).is_ok(), "{text}");
        }
        for (text, part) in [
            ("http://example.org", "https"),
            ("http://127.0.0.1.example.org", "https"),
            ("crash-stats.mozilla.org", "https://HOST"),
            ("ftp://host", "https://HOST"),
            ("", "https://HOST"),
            ("https://user:secret@host", "user"),
        ] {
            let error = Host::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
