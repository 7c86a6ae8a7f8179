//! URLs on a symbol server.

use ::url::{Url, form_urlencoded};

use crate::symbols::error::SymbolError;
use crate::symbols::name::{CodeName, ModuleName, SymbolName};
use crate::symbols::source::without_secrets;

/// Understands the base URL of a symbol server.
pub(super) fn base(text: &str) -> Result<Url, SymbolError> {
    let bad = |reason: &str| SymbolError::BadUrl {
        url: without_secrets(text),
        reason: reason.to_owned(),
    };
    let mut url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("the scheme must be http or https"));
    }
    if url.query().is_some() {
        return Err(bad("a symbol server's URL has no query"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Where a symbol file is. Code file and id tell the server's operator which modules are asked for.
pub(super) fn of_symbols(base: &Url, name: &SymbolName, module: &ModuleName) -> Url {
    let mut url = below(base, name.path_parts());
    let code_file = module
        .code_file
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default();
    let code_id = module.code_id.clone().unwrap_or_default();
    url.query_pairs_mut()
        .append_pair("code_file", code_file)
        .append_pair("code_id", code_id.as_str());
    url
}

/// Where the server redirects to the symbols of a module's file.
pub(super) fn of_code(base: &Url, code: &CodeName) -> Url {
    below(base, code.path_parts())
}

/// A path of three parts on a server.
pub(super) fn below(base: &Url, parts: [String; 3]) -> Url {
    let mut url = base.clone();
    // Only URLs that cannot be a base have no segments, and http URLs can.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(parts);
    }
    url
}

/// The name in a redirect to symbols: `.../<debug file>/<debug id>/<name>.sym`.
pub(super) fn symbols_at(from: &Url, location: &str) -> Option<SymbolName> {
    let target = from.join(location).ok()?;
    let mut segments = target.path_segments()?.rev();
    let _file = segments.next()?;
    let debug_id = segments.next()?.parse().ok()?;
    SymbolName::new(&percent_decoded(segments.next()?), debug_id)
}

fn percent_decoded(segment: &str) -> String {
    // In a form a plus is a space; in a path it is a plus.
    let pair = format!("segment={}", segment.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// A URL as it may be shown and kept: without user name and password.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // These fail for URLs without a host, which have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ABCD1234ABCD1234ABCDABCD12345678a";

    #[test]
    fn names_are_escaped_and_secrets_not_shown() {
        let base = base("https://user:pass@symbols.example/try").unwrap();
        let name = SymbolName::new("a b?c.pdb", ID.parse().unwrap()).unwrap();
        let module = ModuleName {
            code_file: r"C:\x\a&b.dll".into(),
            ..ModuleName::default()
        };
        let url = of_symbols(&base, &name, &module);
        assert_eq!(
            shown(&url),
            format!(
                "https://symbols.example/try/a%20b%3Fc.pdb/{ID}/a%20b%3Fc.sym?code_file=a%26b.dll&code_id="
            )
        );
        assert_eq!(url.password(), Some("pass"));
    }

    #[test]
    fn other_urls_are_refused_without_showing_secrets() {
        for text in [
            "ftp://user:pass@host/",
            "http://user:pass@host/?token=pass",
            "http://user:pass@[/",
        ] {
            let error = base(text).unwrap_err().to_string();
            assert!(!error.contains("pass"), "{error}");
        }
    }

    #[test]
    fn a_redirect_tells_debug_file_and_id() {
        let from = base("http://host/x/y/z.sym").unwrap();
        let expected = SymbolName::new("x+ y.pdb", ID.parse().unwrap());
        assert_eq!(
            symbols_at(&from, &format!("/x+%20y.pdb/{ID}/xy.sym")),
            expected
        );
        assert_eq!(
            symbols_at(
                &from,
                &format!("https://other/bucket/x+%20y.pdb/{ID}/xy.sym?s=1")
            ),
            expected
        );
        for bad in ["", "/", "/a/b/c", &format!("/..%2F/{ID}/c")] {
            assert_eq!(symbols_at(&from, bad), None, "{bad}");
        }
    }
}
