//! Crash ids: the one name of a crash everywhere.

use std::{fmt, str::FromStr};

use jiff::civil::Date;

use crate::error::{Error, InvalidCrashIdReason};

/// Length of a crash id in characters (all of them ASCII).
const LENGTH: usize = 36;
/// Byte offset of the throttle digit.
const THROTTLE: usize = LENGTH - 7;
/// Byte offset of the `YYMMDD` date.
const DATE: usize = LENGTH - 6;

/// The id of one crash report, for example `de1bb258-cbbf-4589-a673-34f800160918`.
///
/// It looks like a lower-case UUID, but its last seven characters carry meaning: a *throttle
/// digit* (what the collector decided; Socorro's own tools store a depth there) and the UTC date
/// `YYMMDD` on which the report was accepted. A value of this type always has a real calendar
/// date, so every storage key made from it is well formed.
///
/// The format is Socorro's (`socorro/lib/libooid.py`); stricter in one way: upstream accepts
/// impossible dates and a trailing newline.
///
/// ```
/// use socorro_core::CrashId;
///
/// let id = CrashId::parse("de1bb258-cbbf-4589-a673-34f800160918")?;
/// assert_eq!(id.date().to_string(), "2016-09-18");
/// assert_eq!(id.throttle_digit(), '0');
/// # Ok::<(), socorro_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashId([u8; LENGTH]);

impl CrashId {
    /// Reads a crash id in exactly its canonical form.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCrashId`] for anything else, surrounding blanks, upper case and the `bp-`
    /// prefix of links included; [`CrashId::parse_lenient`] takes those.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match check(text) {
            Ok(()) => {
                let mut bytes = [0; LENGTH];
                bytes.copy_from_slice(text.as_bytes());
                Ok(Self(bytes))
            }
            Err(reason) => Err(Error::invalid_crash_id(text, reason)),
        }
    }

    /// Reads a crash id the way people paste it: surrounding blanks, upper case and a `bp-`
    /// prefix are taken off.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCrashId`] when what remains is not a crash id.
    pub fn parse_lenient(text: &str) -> Result<Self, Error> {
        let lower = text.trim().to_ascii_lowercase();
        Self::parse(lower.strip_prefix("bp-").unwrap_or(&lower))
    }

    /// Makes a new random id for a report accepted on `date` (UTC).
    ///
    /// `throttle_digit` is 0 for an accepted and 1 for a deferred report; only its last decimal
    /// digit is used. Years outside 2000..=2099 keep their last two digits.
    #[must_use]
    pub fn mint(date: Date, throttle_digit: u8) -> Self {
        let mut buffer = uuid::Uuid::encode_buffer();
        let random = uuid::Uuid::new_v4();
        let text = random.hyphenated().encode_lower(&mut buffer);
        let mut bytes = [0; LENGTH];
        bytes.copy_from_slice(text.as_bytes());
        bytes[THROTTLE] = b'0' + throttle_digit % 10;
        let parts = [
            date.year().rem_euclid(100),
            date.month().into(),
            date.day().into(),
        ];
        for (index, part) in parts.into_iter().enumerate() {
            // Each part is in 0..=99: two decimal digits.
            let part = u8::try_from(part).unwrap_or_default();
            bytes[DATE + 2 * index] = b'0' + part / 10;
            bytes[DATE + 2 * index + 1] = b'0' + part % 10;
        }
        Self(bytes)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in, so the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The UTC day on which the collector accepted the report.
    #[must_use]
    pub fn date(&self) -> Date {
        date_of(&self.0).unwrap_or(Date::ZERO)
    }

    /// The day as storage keys spell it: `YYYYMMDD`.
    #[must_use]
    pub fn date_key(&self) -> String {
        let text = self.as_str();
        format!("20{}", &text[DATE..])
    }

    /// The character before the date: a hexadecimal digit, `0` (accepted) or `1` (deferred) when
    /// a collector made the id.
    #[must_use]
    pub fn throttle_digit(&self) -> char {
        char::from(self.0[THROTTLE])
    }

    /// How many directory levels Socorro's older file storage used for this crash: the throttle
    /// digit when it is 1 to 4, else 0.
    #[must_use]
    pub fn depth(&self) -> u8 {
        match self.0[THROTTLE] {
            digit @ b'1'..=b'4' => digit - b'0',
            _ => 0,
        }
    }
}

/// Says what is wrong with `text`, if anything.
fn check(text: &str) -> Result<(), InvalidCrashIdReason> {
    let bytes = text.as_bytes();
    if bytes.len() != LENGTH {
        return Err(InvalidCrashIdReason::Length);
    }
    let well_formed = bytes.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        DATE.. => byte.is_ascii_digit(),
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    });
    if !well_formed {
        return Err(InvalidCrashIdReason::Form);
    }
    date_of(bytes).map(|_| ()).ok_or(InvalidCrashIdReason::Date)
}

/// The date in the last six characters of `bytes`, which are decimal digits.
fn date_of(bytes: &[u8]) -> Option<Date> {
    let two = |at: usize| 10 * (bytes[at] - b'0') + (bytes[at + 1] - b'0');
    let (year, month, day) = (two(DATE), two(DATE + 2), two(DATE + 4));
    Date::new(
        2000 + i16::from(year),
        month.cast_signed(),
        day.cast_signed(),
    )
    .ok()
}

impl FromStr for CrashId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl fmt::Display for CrashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CrashId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CrashId({})", self.as_str())
    }
}

impl AsRef<str> for CrashId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

    #[test]
    fn a_well_formed_id_is_kept_as_it_is() {
        let id = CrashId::parse(ID).unwrap();
        assert_eq!(id.as_str(), ID);
        assert_eq!(id.date_key(), "20160918");
        assert_eq!(id.throttle_digit(), '0');
        assert_eq!(id.depth(), 0);
    }

    #[test]
    fn each_kind_of_bad_id_says_what_is_wrong() {
        let reason = |text: &str| match CrashId::parse(text) {
            Err(Error::InvalidCrashId { reason, .. }) => reason,
            other => panic!("{text:?}: {other:?}"),
        };
        assert_eq!(reason(""), InvalidCrashIdReason::Length);
        assert_eq!(reason(&format!("{ID}\n")), InvalidCrashIdReason::Length);
        assert_eq!(reason(&format!("bp-{ID}")), InvalidCrashIdReason::Length);
        assert_eq!(reason(&ID.to_uppercase()), InvalidCrashIdReason::Form);
        assert_eq!(
            reason("de1bb258_cbbf-4589-a673-34f800160918"),
            InvalidCrashIdReason::Form
        );
        assert_eq!(
            reason("de1bb258-cbbf-4589-a673-34f800240230"),
            InvalidCrashIdReason::Date
        );
        assert_eq!(
            reason("de1bb258-cbbf-4589-a673-34f800999999"),
            InvalidCrashIdReason::Date
        );
    }

    #[test]
    fn lenient_parsing_takes_what_people_paste() {
        for text in [format!(" {ID}\n"), format!("bp-{ID}"), ID.to_uppercase()] {
            assert_eq!(
                CrashId::parse_lenient(&text).unwrap().as_str(),
                ID,
                "{text:?}"
            );
        }
        assert!(CrashId::parse_lenient("bp-").is_err());
    }

    proptest! {
        #[test]
        fn a_minted_id_parses_back_to_its_date_and_digit(
            year in 2000i16..=2099, month in 1i8..=12, day in 1i8..=28, digit in 0u8..=9,
        ) {
            let date = Date::new(year, month, day).unwrap();
            let id = CrashId::mint(date, digit);
            let parsed = CrashId::parse(id.as_str()).unwrap();
            prop_assert_eq!(parsed, id);
            prop_assert_eq!(parsed.date(), date);
            prop_assert_eq!(parsed.throttle_digit(), char::from(b'0' + digit));
            prop_assert_eq!(parsed.date_key(), date.strftime("%Y%m%d").to_string());
        }

        #[test]
        fn parsing_never_panics_and_keeps_what_it_accepts(text in ".{0,40}") {
            if let Ok(id) = CrashId::parse(&text) {
                prop_assert_eq!(id.as_str(), text);
            }
        }

        #[test]
        fn anything_of_the_right_shape_is_an_id_or_has_no_real_date(
            text in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{6}[0-9]{6}",
        ) {
            match CrashId::parse(&text) {
                Ok(id) => prop_assert_eq!(id.to_string(), text),
                Err(Error::InvalidCrashId { reason, .. }) => {
                    prop_assert_eq!(reason, InvalidCrashIdReason::Date);
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }
}
