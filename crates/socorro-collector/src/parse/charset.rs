//! Text in the character encoding that a part names.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

/// Decodes `bytes`; `None` when the charset is unknown or the bytes are no text in it.
///
/// Names are those of the WHATWG's Encoding Standard, except that Latin-1 and ASCII are what they
/// are called, not windows-1252. A byte-order mark decides how `utf-16` is read; in other encodings
/// it stays in the text.
pub(super) fn decode(bytes: Vec<u8>, charset: &str) -> Option<String> {
    let label = charset.trim().to_ascii_lowercase();
    match label.as_str() {
        "utf-8" | "utf8" | "utf_8" => String::from_utf8(bytes).ok(),
        "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso-ir-6" | "646" => {
            String::from_utf8(bytes).ok().filter(|text| text.is_ascii())
        }
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "iso88591" | "latin-1" | "latin1" | "l1"
        | "8859" | "cp819" | "ibm819" => Some(bytes.iter().copied().map(char::from).collect()),
        "utf-16" | "utf16" | "utf_16" => match bytes.as_slice() {
            [0xfe, 0xff, rest @ ..] => strict(UTF_16BE, rest),
            bytes => strict(UTF_16LE, bytes.strip_prefix(&[0xff, 0xfe]).unwrap_or(bytes)),
        },
        label => strict(Encoding::for_label(label.as_bytes())?, &bytes),
    }
}

fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_that_clients_use() {
        for (charset, bytes, expected) in [
            ("utf-8", &b"\xc3\xa9"[..], Some("é")),
            ("utf-8", b"\xef\xbb\xbfhi", Some("\u{feff}hi")),
            ("utf-8", b"\xde\xde", None),
            ("UTF-8", b"a\0b", Some("a\0b")),
            ("us-ascii", b"cafe", Some("cafe")),
            ("us-ascii", b"caf\xe9", None),
            ("iso-8859-1", b"\x93\xe9", Some("\u{93}é")),
            ("windows-1252", b"\x93hi\x94", Some("“hi”")),
            ("cp1251", b"\xcf", Some("П")),
            ("utf-16", b"\xff\xfeh\0\xe9\0", Some("hé")),
            ("utf-16", b"\xfe\xff\0h\0\xe9", Some("hé")),
            ("utf-16", b"h\0", Some("h")),
            ("utf-16", b"\0\xd8", None),
            ("utf-16", b"h", None),
            ("shift_jis", b"\x83\x65", Some("テ")),
            ("gbk", b"\xc4\xe3", Some("你")),
            ("euc-kr", b"\xc7\xd1", Some("한")),
            ("koi8-r", b"\xd0", Some("п")),
            ("x-bogus", b"hi", None),
            ("", b"hi", None),
        ] {
            let decoded = decode(bytes.to_vec(), charset);
            assert_eq!(decoded.as_deref(), expected, "{charset} {bytes:x?}");
        }
    }
}
