//! Addresses of frames that have nothing but an address.

use crate::crash_data::Scalar;
use crate::python::integer::parse_hexadecimal;

/// The address without leading zeros: `0x0000abcd` gives `0xabcd`. What is no hexadecimal text stays as it is.
pub(crate) fn strip_leading_zeros(offset: &Scalar<'_>) -> String {
    let Scalar::Text(text) = offset else {
        return offset.to_string();
    };
    match parse_hexadecimal(text) {
        Some(parsed) => format!(
            "{}0x{}",
            if parsed.negative { "-" } else { "" },
            parsed.digits
        ),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_go_and_odd_texts_stay() {
        for (text, stripped) in [
            ("0x00ABCD", "0xabcd"),
            ("-0x10", "-0x10"),
            ("0x", "0x"),
            ("0000", "0x0"),
            ("xyz", "xyz"),
        ] {
            assert_eq!(strip_leading_zeros(&Scalar::from(text)), stripped);
        }
        assert_eq!(strip_leading_zeros(&Scalar::Integer(16)), "16");
    }
}
