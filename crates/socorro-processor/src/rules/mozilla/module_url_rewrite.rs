//! Where symbols came from.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value};

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
};

/// Mozilla's symbol server, whose queries are of no use to a reader.
const MOZILLA: &str = "symbols.mozilla.org";

/// Makes the symbol URL of each module one that a reader can use: no addresses of this machine, no
/// queries on Mozilla's symbol server.
///
/// Source: Socorro `ModuleURLRewriteRule`. Upstream looks for parts of the host name; this compares
/// the host, in any case, and takes every loopback address for this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModuleUrlRewrite;

impl Rule for ModuleUrlRewrite {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "ModuleURLRewriteRule",
            purpose: "make symbol URLs ones that a reader can use",
            reads: &[Item::Field("json_dump.modules")],
            writes: &[Item::Field("json_dump")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let mut redacted = Vec::new();
        for module in modules_mut(crash) {
            let Value::Object(module) = module else {
                continue;
            };
            let Some(url) = module.get("symbol_url").and_then(Value::as_str) else {
                continue;
            };
            match rewritten(url) {
                Rewrite::Keep => {}
                Rewrite::Replace(url) => {
                    module.insert("symbol_url".to_owned(), Value::String(url));
                }
                Rewrite::Redact => {
                    redacted.push(name(module));
                    module.insert("symbol_url".to_owned(), Value::Null);
                }
            }
        }
        for name in redacted {
            crash.note(format!("Redacting symbol url for module {name}"));
        }
        Ok(())
    }
}

fn modules_mut(crash: &mut Crash) -> &mut [Value] {
    let dump = crash.processed.as_map_mut().get_mut("json_dump");
    let modules = dump.and_then(|dump| dump.get_mut("modules"));
    modules
        .and_then(Value::as_array_mut)
        .map_or(&mut [], Vec::as_mut_slice)
}

fn name(module: &Map<String, Value>) -> String {
    let name = module.get("filename").or_else(|| module.get("debug_file"));
    name.map_or("unknown", |name| name.as_str().unwrap_or("unknown"))
        .to_owned()
}

#[derive(Debug, PartialEq)]
enum Rewrite {
    Keep,
    Replace(String),
    Redact,
}

fn rewritten(url: &str) -> Rewrite {
    // What browsers and Python do before they look at a URL.
    let clean: String = url
        .trim_start_matches(|character| character <= ' ')
        .chars()
        .filter(|character| !matches!(character, '\t' | '\r' | '\n'))
        .collect();
    let (scheme, rest) = split_scheme(&clean);
    let Some(rest) = rest.strip_prefix("//") else {
        return Rewrite::Keep;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match host(authority) {
        None => Rewrite::Redact,
        Some(host) if is_this_machine(&host) => Rewrite::Redact,
        Some(host) if host == MOZILLA => {
            let (before_fragment, fragment) = path.split_once('#').unwrap_or((path, ""));
            let path = before_fragment.split('?').next().unwrap_or_default();
            let mark = if fragment.is_empty() { "" } else { "#" };
            Rewrite::Replace(format!(
                "{}//{authority}{path}{mark}{fragment}",
                scheme.to_lowercase()
            ))
        }
        Some(_) => Rewrite::Keep,
    }
}

/// Splits `https:` off, colon included; text before a colon that is no scheme stays.
fn split_scheme(url: &str) -> (&str, &str) {
    match url.find(':') {
        Some(colon)
            if url.starts_with(|first: char| first.is_ascii_alphabetic())
                && url[..colon]
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
        {
            url.split_at(colon + 1)
        }
        _ => ("", url),
    }
}

/// The host in lower case, without brackets, user and port; `None` for a bad address in brackets.
fn host(authority: &str) -> Option<String> {
    let address = authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address);
    if let Some(bracketed) = address.strip_prefix('[') {
        let (inner, _) = bracketed.split_once(']')?;
        inner.parse::<Ipv6Addr>().ok()?;
        return Some(inner.to_owned());
    }
    if address.contains(['[', ']']) {
        return None;
    }
    let host = address.split(':').next().unwrap_or_default();
    Some(host.trim_end_matches('.').to_lowercase())
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| {
            address.is_loopback()
                || address
                    .to_ipv4_mapped()
                    .is_some_and(|mapped| mapped.is_loopback())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::apply;
    use serde_json::json;

    #[test]
    fn addresses_of_this_machine_are_redacted() {
        for url in [
            "http://localhost/x",
            "http://LOCALHOST:8000/x",
            "http://user@localhost./x",
            "http://127.0.0.1:80/x",
            "http://[::1]/x",
            "http://[::ffff:127.0.0.1]/x",
            "http://symbols.localhost/x",
            "http://[bad/x",
        ] {
            assert_eq!(rewritten(url), Rewrite::Redact, "{url}");
        }
    }

    #[test]
    fn queries_are_taken_off_on_one_host_only() {
        for (url, expected) in [
            (
                "https://symbols.mozilla.org/x?a=1#f",
                Some("https://symbols.mozilla.org/x#f"),
            ),
            (
                " HTTPS://Symbols.Mozilla.Org/X?a",
                Some("https://Symbols.Mozilla.Org/X"),
            ),
            ("//symbols.mozilla.org?q#", Some("//symbols.mozilla.org")),
            ("https://xsymbols.mozilla.org.evil/x?a=1", None),
            ("https://example.com/?u=symbols.mozilla.org", None),
            ("http://sub.localhost.example.com/x?y=1", None),
            ("file:///localhost/x", None),
            ("/symbols.mozilla.org/x?a=1", None),
        ] {
            let expected = expected.map_or(Rewrite::Keep, |url| Rewrite::Replace(url.to_owned()));
            assert_eq!(rewritten(url), expected, "{url}");
        }
    }

    #[test]
    fn a_redacted_module_is_noted_by_name() {
        let modules = json!([{"filename": "a", "symbol_url": "http://localhost/"}, {"symbol_url": "http://[/"}]);
        let crash = apply(
            ModuleUrlRewrite,
            json!({}),
            json!({"json_dump": {"modules": modules}}),
        );
        assert_eq!(
            crash.notes(),
            [
                "Redacting symbol url for module a",
                "Redacting symbol url for module unknown"
            ]
        );
        assert_eq!(
            crash.processed.lookup("json_dump.modules.1.symbol_url"),
            Some(&Value::Null)
        );
    }
}
