//! Parameters of header values: `; name=value; name="quoted value"`.

use std::borrow::Cow;

/// A header value cut into what comes before the first semicolon, and its parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct WithParameters<'a> {
    /// What comes first, without blanks around it.
    pub(super) value: &'a [u8],
    parameters: &'a [u8],
}

impl<'a> WithParameters<'a> {
    pub(super) fn new(header: &'a [u8]) -> Self {
        let end = header
            .iter()
            .position(|byte| *byte == b';')
            .unwrap_or(header.len());
        Self {
            value: header[..end].trim_ascii(),
            parameters: &header[end..],
        }
    }

    /// The last parameter of that name, in any case; quotation marks and the escapes `\"` and `\\`
    /// are undone. Any other backslash stays, as in paths of Windows.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let same = |(found, _): &(&[u8], _)| found.eq_ignore_ascii_case(name.as_bytes());
        self.iter().filter(same).last().map(|(_, value)| value)
    }

    fn iter(&self) -> impl Iterator<Item = (&'a [u8], Cow<'a, [u8]>)> {
        let mut rest = self.parameters;
        std::iter::from_fn(move || {
            rest = rest.strip_prefix(b";")?;
            let end = rest
                .iter()
                .position(|byte| matches!(byte, b'=' | b';'))
                .unwrap_or(rest.len());
            let name = rest[..end].trim_ascii();
            rest = &rest[end..];
            let Some(after) = rest.strip_prefix(b"=") else {
                return Some((name, Cow::Borrowed(&b""[..])));
            };
            let (value, after) = value(after.trim_ascii_start());
            rest = after;
            Some((name, value))
        })
    }
}

/// Splits off the value at the beginning; what is left begins with a semicolon or is empty.
fn value(text: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let until_semicolon = |text: &[u8]| {
        text.iter()
            .position(|byte| *byte == b';')
            .unwrap_or(text.len())
    };
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = until_semicolon(text);
        return (Cow::Borrowed(text[..end].trim_ascii_end()), &text[end..]);
    };
    let (mut end, mut escaped) = (0, false);
    while let Some(byte) = quoted.get(end) {
        match (byte, quoted.get(end + 1)) {
            (b'\\', Some(b'"' | b'\\')) => {
                escaped = true;
                end += 2;
            }
            (b'"', _) => break,
            _ => end += 1,
        }
    }
    let (inner, rest) = quoted.split_at(end);
    let rest = &rest[until_semicolon(rest)..];
    if !escaped {
        return (Cow::Borrowed(inner), rest);
    }
    (Cow::Owned(unescape(inner)), rest)
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = bytes.next_if(|next| byte == b'\\' && matches!(next, b'"' | b'\\'));
        plain.push(escaped.unwrap_or(byte));
    }
    plain
}

/// Undoes percent-encoding: of `only` these bytes, or of all. A percent sign without two hexadecimal
/// digits stays.
pub(super) fn decode_percent(text: &[u8], only: Option<&[u8]>) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match encoded(&text[at..]).filter(|byte| only.is_none_or(|only| only.contains(byte))) {
            Some(decoded) => {
                plain.push(decoded);
                at += 3;
            }
            None => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    plain
}

fn encoded(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(16 * digit(*high)? + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(header: &str, name: &str) -> Option<String> {
        let value = WithParameters::new(header.as_bytes()).get(name)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    #[test]
    fn parameters_are_found_in_any_place_and_case() {
        for (header, expected) in [
            ("form-data; name=\"a\"", Some("a")),
            ("form-data ;  NAME = a ; x=y", Some("a")),
            ("x; other=\"; name=b\"; name=a", Some("a")),
            ("x;name=\"a\" trash; y", Some("a")),
            ("x; name=a; name=b", Some("b")),
            ("x; name=", Some("")),
            ("x; name", Some("")),
            ("x; name=\"open", Some("open")),
            ("x; name=\"", Some("")),
            ("x; name*=a", None),
            ("name=a", None),
            ("", None),
        ] {
            assert_eq!(get(header, "name").as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn only_quotation_marks_and_backslashes_are_escaped() {
        for (header, expected) in [
            (r#"x; name="a\"b""#, r#"a"b"#),
            (r#"x; name="a\\b""#, r"a\b"),
            (r#"x; name="C:\dumps\a.dmp""#, r"C:\dumps\a.dmp"),
            (r#"x; name="a\\";y"#, r"a\"),
            (r#"x; name="a\"#, r"a\"),
        ] {
            assert_eq!(get(header, "name").as_deref(), Some(expected), "{header}");
        }
    }

    #[test]
    fn percent_encoding() {
        assert_eq!(decode_percent(b"%41%zz%4", None), b"A%zz%4");
        let crashpad = Some(&b"\r\n\"%"[..]);
        assert_eq!(decode_percent(b"%0D%0a%22%25%41", crashpad), b"\r\n\"%%41");
    }
}
