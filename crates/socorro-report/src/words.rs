//! Values as words: clean, bounded, with units.

use serde_json::{Map, Value};
use socorro_core::{
    Clean,
    json::{self, Form},
    time::Timestamp,
};

/// Text on one line, clean, of `most` characters at most.
pub(crate) fn line(text: &str, most: usize) -> String {
    bounded(text, most, |character| {
        Clean::shown(if character.is_whitespace() {
            ' '
        } else {
            character
        })
    })
}

/// Text that may have several lines, clean, of `most` characters at most.
pub(crate) fn lines(text: &str, most: usize) -> String {
    let text = text.trim();
    bounded(text, most, |character| match character {
        '\n' => Some('\n'),
        '\r' => None,
        '\t' => Some(' '),
        _ => Clean::shown(character),
    })
}

/// The first characters of a text as `shown` has them, and how many were left out.
fn bounded(text: &str, most: usize, shown: impl Fn(char) -> Option<char>) -> String {
    match text.char_indices().nth(most) {
        None => text.chars().filter_map(shown).collect(),
        Some((end, _)) => {
            let mut start: String = text[..end].chars().filter_map(shown).collect();
            let left = text[end..].chars().count();
            start.push_str(&format!("… ({} more characters)", grouped(left as u64)));
            start
        }
    }
}

/// Any value: text as it is, lists of texts joined, everything else as JSON. `None` for what says nothing: null, the
/// empty text, empty containers.
pub(crate) fn value(value: &Value, most: usize) -> Option<String> {
    let shown = match value {
        Value::Null => return None,
        Value::String(text) => lines(text, most),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            line(&texts.join(", "), most)
        }
        Value::Object(members) if members.is_empty() => return None,
        other => line(&json::to_string(other, Form::Processor), most),
    };
    (!shown.is_empty()).then_some(shown)
}

/// An integer, also one that is written as text.
pub(crate) fn integer(crash: &Map<String, Value>, field: &str) -> Option<u64> {
    match crash.get(field)? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things: `1 frame`, `1,486 frames`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// Seconds as a person says them, with two units at most.
pub(crate) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let parts = UNITS.map(|(size, unit)| {
        let number = rest / size;
        rest %= size;
        (number, unit)
    });
    let first = parts.iter().position(|(number, _)| *number > 0);
    let Some(first) = first else {
        return "0 s".to_owned();
    };
    let shown = parts[first..]
        .iter()
        .take(2)
        .filter(|(number, _)| *number > 0);
    let shown: Vec<_> = shown
        .map(|(number, unit)| format!("{} {unit}", grouped(*number)))
        .collect();
    shown.join(" ")
}

/// A number of bytes with the unit that fits.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut tenths = u128::from(number) * 10;
    let mut unit = "";
    for name in UNITS {
        tenths /= 1024;
        unit = name;
        if tenths < 10_240 {
            break;
        }
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// A moment to the second, if it is one; else the text as it is.
pub(crate) fn moment(text: &str) -> String {
    match text.trim().parse::<Timestamp>() {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => line(text, 64),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_have_units_for_people() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!([999, 1000].map(grouped), ["999", "1,000"]);
        assert_eq!(count(1, "frame", "frames"), "1 frame");
        assert_eq!(
            [0, 7, 60, 3_725, 90_061].map(duration),
            ["0 s", "7 s", "1 min", "1 h 2 min", "1 d 1 h"]
        );
        assert_eq!(
            [1023, 1024, 15_708_651_520, u64::MAX].map(bytes),
            ["1023 B", "1.0 KiB", "14.6 GiB", "16777215.9 TiB"]
        );
    }

    #[test]
    fn moments_are_told_to_the_second() {
        assert_eq!(
            moment("2026-11-10T21:36:43.937043+00:00"),
            "2026-11-10 21:36:43 UTC"
        );
        assert_eq!(moment("yesterday\u{202e}"), "yesterday\u{fffd}");
    }

    #[test]
    fn what_is_too_long_says_so() {
        assert_eq!(line("a\nb\tc", 10), "a b c");
        assert_eq!(line("ééééé", 3), "ééé… (2 more characters)");
        assert_eq!(lines("\r\na\r\nb\n", 10), "a\nb");
    }

    #[test]
    fn any_value_is_shown() {
        let show = |shown| value(&shown, 100);
        assert_eq!(show(json!(null)), None);
        assert_eq!(show(json!([])), None);
        assert_eq!(show(json!(["a", "b"])).unwrap(), "a, b");
        assert_eq!(show(json!(true)).unwrap(), "true");
        assert_eq!(show(json!({"a": [1, "x"]})).unwrap(), r#"{"a": [1, "x"]}"#);
    }
}
