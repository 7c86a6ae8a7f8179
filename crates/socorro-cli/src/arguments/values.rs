//! Durations and sizes as settings write them.

use std::time::Duration;

/// Milliseconds in each unit, longest name first so that `ms` is not read as minutes.
const TIME_UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Bytes in each unit, longest name first.
const SIZE_UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

/// Reads `2m`, `1h30m`, `250ms` or a bare number of seconds, in any case: the forms of Socorro's
/// settings, and milliseconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let lower = text.to_ascii_lowercase();
    let millis = match lower.parse::<u64>() {
        Ok(seconds) => seconds.checked_mul(1_000),
        Err(_) => sum_of_parts(&lower),
    };
    millis
        .map(Duration::from_millis)
        .ok_or_else(|| "a duration is written 90s, 2m or 1h30m".to_owned())
}

fn sum_of_parts(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, factor) = TIME_UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        millis = millis.checked_add(number.checked_mul(*factor)?)?;
    }
    (!text.is_empty()).then_some(millis)
}

/// Reads `2gb`, `512mib`, `1_000` or a bare number of bytes, in any case: the forms of Socorro's
/// settings.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase().replace('_', "");
    let (number, factor) = SIZE_UNITS
        .iter()
        .find_map(|(unit, factor)| Some((lower.strip_suffix(unit)?, *factor)))
        .unwrap_or((&lower, 1));
    let number = number.trim_end().parse::<u64>().ok();
    number
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "a size is written 512mib, 2gb or as a number of bytes".to_owned())
}

/// So many, and in which time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    pub(crate) count: u32,
    pub(crate) time: Duration,
}

/// Reads `10/s`, `60/m`, `100/h` or `1000/d`.
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    let read = || {
        let (count, unit) = text.split_once('/')?;
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        let unit = unit.trim();
        let is_unit = TIME_UNITS.iter().any(|(name, _)| *name == unit);
        let time = duration(&format!("1{unit}")).ok().filter(|_| is_unit)?;
        Some(Rate { count, time })
    };
    read().ok_or_else(|| "a rate is written 10/s, 60/m or 100/h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_forms_of_settings() {
        for (text, seconds) in [
            ("120", 120.0),
            ("2m", 120.0),
            ("1H30m", 5400.0),
            ("250ms", 0.25),
            ("1w", 604_800.0),
            ("0", 0.0),
        ] {
            assert_eq!(
                duration(text).map(|time| time.as_secs_f64()),
                Ok(seconds),
                "{text}"
            );
        }
        for text in [
            "",
            "m",
            "1x",
            "-1",
            "1.5s",
            "99999999999999999999s",
            "18446744073709551615",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_so_many_in_a_time() {
        for (text, count, seconds) in [("10/s", 10, 1), ("60/m", 60, 60), ("1 / h", 1, 3600)] {
            let time = Duration::from_secs(seconds);
            assert_eq!(rate(text), Ok(Rate { count, time }), "{text}");
        }
        for text in ["", "10", "0/s", "10/", "10/x", "-1/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_the_forms_of_settings() {
        for (text, bytes) in [
            ("4gb", 4_000_000_000),
            ("1kb", 1_000),
            ("1KiB", 1_024),
            ("1_000", 1_000),
            ("7 b", 7),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "gb", "1.5gb", "-1", "99999999999tb"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
