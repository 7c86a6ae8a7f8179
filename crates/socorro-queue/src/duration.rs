//! Durations as settings write them.

use std::time::Duration;

/// The units, longest name first so that `ms` is not read as minutes.
const UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Reads `60s`, `1h30m`, `250ms` or a bare number of seconds, in any case; `None` for anything
/// else. These are the forms of Socorro's settings, and milliseconds.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let lower = text.to_ascii_lowercase();
    if let Ok(seconds) = lower.parse() {
        return lower
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(Duration::from_secs(seconds));
    }
    let mut rest = lower.as_str();
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, factor) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        millis = millis.checked_add(number.checked_mul(*factor)?)?;
    }
    (!lower.is_empty()).then(|| Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_forms_of_settings_are_read() {
        for (text, millis) in [
            ("60s", 60_000),
            ("120", 120_000),
            ("1h30m", 5_400_000),
            ("2M", 120_000),
            ("250ms", 250),
            ("1m5ms", 60_005),
            ("1w", 604_800_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "+5",
            "1.5s",
            "5 s",
            "1y",
            "99999999999999999999s",
            "9999999999999999999w",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,20}") {
            let _ = parse(&text);
        }
    }
}
