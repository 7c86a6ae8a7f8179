//! The name of the operating system as people know it.

use serde_json::Value;
use socorro_core::json::is_truthy;

use crate::{
    crash::Crash,
    rule::{Item, Rule, RuleError, RuleInfo},
    values::strip,
};

/// Major and minor version of Windows, and the name under which it was sold.
const WINDOWS: [((u64, u64), &str); 12] = [
    ((3, 5), "Windows NT"),
    ((4, 0), "Windows NT"),
    ((4, 1), "Windows 98"),
    ((4, 9), "Windows Me"),
    ((5, 0), "Windows 2000"),
    ((5, 1), "Windows XP"),
    ((5, 2), "Windows Server 2003"),
    ((6, 0), "Windows Vista"),
    ((6, 1), "Windows 7"),
    ((6, 2), "Windows 8"),
    ((6, 3), "Windows 8.1"),
    ((10, 0), "Windows 10"),
];
/// The build from which on version 10.0 is Windows 11.
const WINDOWS_11: u64 = 21996;

/// Names the operating system as people know it: `Windows 11`, `macOS 14`, `Ubuntu 24.04 LTS`.
///
/// Source: Socorro `OSPrettyVersionRule`, which compares the build of Windows as text.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsPrettyVersion;

impl Rule for OsPrettyVersion {
    fn info(&self) -> RuleInfo {
        RuleInfo {
            name: "OSPrettyVersionRule",
            purpose: "name the operating system as people know it",
            reads: &[
                Item::Field("os_name"),
                Item::Field("os_version"),
                Item::Field("json_dump.lsb_release.description"),
                Item::Annotation("LinuxLSBDescription"),
            ],
            writes: &[Item::Field("os_pretty_version")],
        }
    }

    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
        let name = crash.processed.text("os_name").map(str::to_owned);
        let pretty = name.map(|name| {
            let version = crash.processed.text("os_version").unwrap_or_default();
            match name.as_str() {
                "Mac OS X" => mac_os(version).unwrap_or(name),
                "Android" if !version.is_empty() => format!("Android {version}"),
                "Linux" => linux(crash),
                _ if name.starts_with("Windows") => {
                    windows(version).map(str::to_owned).unwrap_or(name)
                }
                _ => name,
            }
        });
        crash.processed.set(
            "os_pretty_version",
            pretty.map_or(Value::Null, Value::String),
        );
        Ok(())
    }
}

fn windows(version: &str) -> Option<&'static str> {
    let (major, minor, rest) = numbers(version)?;
    if (major, minor) == (10, 0)
        && leading_number(rest.strip_prefix('.').unwrap_or_default())
            .is_some_and(|(build, _)| build >= WINDOWS_11)
    {
        return Some("Windows 11");
    }
    let known = WINDOWS.iter().find(|(known, _)| *known == (major, minor));
    Some(known.map_or("Windows Unknown", |(_, name)| name))
}

fn mac_os(version: &str) -> Option<String> {
    let (major, minor, _) = numbers(version)?;
    Some(match major {
        11.. => format!("macOS {major}"),
        10 => format!("OS X {major}.{minor}"),
        _ => "OS X Unknown".to_owned(),
    })
}

/// What the distribution calls itself: by the minidump, or else by the client.
fn linux(crash: &mut Crash) -> String {
    let place = "json_dump.lsb_release.description";
    match crash.processed.lookup(place) {
        Some(Value::String(description)) if !description.is_empty() => return description.clone(),
        Some(other) if is_truthy(other) => crash.wrong_type(place, "text"),
        _ => {}
    }
    let description = crash.text_annotation("LinuxLSBDescription");
    let description = strip(description.as_deref().unwrap_or_default());
    if description.is_empty() {
        "Linux".to_owned()
    } else {
        description.to_owned()
    }
}

/// The two numbers at the beginning of a version, and what follows them.
fn numbers(version: &str) -> Option<(u64, u64, &str)> {
    let (major, rest) = leading_number(version)?;
    let (minor, rest) = leading_number(rest.strip_prefix('.')?)?;
    Some((major, minor, rest))
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{added, apply};
    use serde_json::json;

    fn pretty(name: &str, version: &str) -> String {
        let processed = json!({"os_name": name, "os_version": version});
        let added = added(OsPrettyVersion, json!({}), processed);
        added["os_pretty_version"].as_str().unwrap().to_owned()
    }

    #[test]
    fn windows_and_mac_os_are_named_by_their_numbers() {
        for (name, version, expected) in [
            ("Windows NT", "10.0.19045", "Windows 10"),
            ("Windows NT", "10.0.9999", "Windows 10"),
            ("Windows NT", "10.0.21996", "Windows 11"),
            ("Windows NT", "10.0.100000", "Windows 11"),
            ("Windows NT", "06.01", "Windows 7"),
            ("Windows NT", "6.1.7601 Service Pack 1", "Windows 7"),
            ("Windows NT", "15.2", "Windows Unknown"),
            ("Windows NT", "5", "Windows NT"),
            ("Windows NT", "99999999999999999999.0", "Windows NT"),
            ("Mac OS X", "10.15.7 19H2", "OS X 10.15"),
            ("Mac OS X", "14.4 23E214", "macOS 14"),
            ("Mac OS X", "9.9", "OS X Unknown"),
            ("Mac OS X", "15", "Mac OS X"),
            ("Android", "31", "Android 31"),
            ("Android", "", "Android"),
            ("Solaris", "1.2", "Solaris"),
        ] {
            assert_eq!(pretty(name, version), expected, "{name} {version}");
        }
    }

    #[test]
    fn linux_is_named_by_its_distribution() {
        let dump =
            json!({"os_name": "Linux", "json_dump": {"lsb_release": {"description": "Ubuntu"}}});
        let plain = json!({"os_name": "Linux"});
        let fedora = json!({"LinuxLSBDescription": " Fedora "});
        for (raw, processed, expected) in [
            (fedora.clone(), dump, "Ubuntu"),
            (fedora, plain.clone(), "Fedora"),
            (json!({}), plain, "Linux"),
        ] {
            let added = added(OsPrettyVersion, raw, processed);
            assert_eq!(added, json!({"os_pretty_version": expected}));
        }
    }

    #[test]
    fn no_name_is_null_and_wrong_types_are_noted() {
        assert_eq!(
            added(OsPrettyVersion, json!({}), json!({})),
            json!({"os_pretty_version": null})
        );
        let raw = json!({"LinuxLSBDescription": 5});
        let crash = apply(OsPrettyVersion, raw, json!({"os_name": "Linux"}));
        assert_eq!(crash.processed.text("os_pretty_version"), Some("Linux"));
        assert_eq!(crash.notes().len(), 1);
    }
}
