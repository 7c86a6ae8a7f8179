//! Values in the query of a URL.

/// The first value of this name, decoded (WHATWG URL, `application/x-www-form-urlencoded`).
pub(crate) fn query_value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    Some(decode(value))
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        at += if escaped.is_some() { 3 } else { 1 };
        decoded.push(match (escaped, byte) {
            (Some(escaped), _) => escaped,
            (None, b'+') => b' ',
            (None, byte) => *byte,
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let query = "id=%7Bec8030f7%7D&version=148.0a1&a=b+c&d&e=%zz%4";
        let value = |name| query_value(query, name);
        assert_eq!(value("id").as_deref(), Some("{ec8030f7}"));
        assert_eq!(value("a").as_deref(), Some("b c"));
        assert_eq!(value("d").as_deref(), Some(""));
        assert_eq!(value("e").as_deref(), Some("%zz%4"));
        assert_eq!(value("f"), None);
    }
}
