//! What servers tell about the content of objects, to compare without fetching.

use std::io::{self, Read};

use md5::{Digest as _, Md5};

/// What is known about the content of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// The MD5 of all of it.
    Md5([u8; 16]),
    /// Of an upload in parts: the MD5 of the MD5s of its parts. It depends on where the parts ended,
    /// which the server does not tell.
    Parts {
        /// The digest.
        md5: [u8; 16],
        /// How many parts there were.
        count: u64,
    },
}

const MIB: u64 = 1 << 20;
/// Sizes of parts that programs use, in MiB: our own and that of Amazon's first.
const PART_SIZES: [u64; 12] = [8, 5, 16, 10, 15, 32, 50, 64, 100, 128, 256, 512];

impl Checksum {
    /// Reads the entity tag of S3, which is a checksum unless the object is encrypted with a key of
    /// the customer's or of the key service: then it looks like one, and fits nothing.
    ///
    /// ```
    /// use socorro_storage::bucket::Checksum;
    ///
    /// let e_tag = "\"900150983cd24fb0d6963f7d28e17f72\"";
    /// assert!(matches!(Checksum::of_e_tag(e_tag), Some(Checksum::Md5(_))));
    /// assert_eq!(Checksum::of_e_tag("\"0x8D1\""), None);
    /// ```
    #[must_use]
    pub fn of_e_tag(e_tag: &str) -> Option<Self> {
        let e_tag = e_tag.trim_matches('"');
        match e_tag.split_once('-') {
            None => Some(Self::Md5(from_hex(e_tag)?)),
            Some((md5, count)) => Some(Self::Parts {
                md5: from_hex(md5)?,
                count: count.parse().ok().filter(|count| *count > 0)?,
            }),
        }
    }

    /// Reads an MD5 in base64, as Google and Azure write it.
    #[must_use]
    pub fn of_base64(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches('=').bytes();
        let mut bits: u128 = 0;
        // 16 bytes are 22 digits, of which the last four bits are none.
        if text.len() != 24 || digits.len() != 22 {
            return None;
        }
        for (place, digit) in digits.enumerate() {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = match place {
                21 => bits << 2 | u128::from(value >> 4),
                _ => bits << 6 | u128::from(value),
            };
        }
        Some(Self::Md5(bits.to_be_bytes()))
    }

    /// Whether it is that of a content of `size` bytes; `open` begins to read it, as often as it is
    /// asked to. `None` when nobody can say: an upload in parts of a size that is not usual.
    ///
    /// # Errors
    ///
    /// When the content cannot be read.
    pub fn fits<R: Read>(
        &self,
        size: u64,
        mut open: impl FnMut() -> io::Result<R>,
    ) -> io::Result<Option<bool>> {
        match *self {
            Self::Md5(expected) => {
                let mut digests = Digests::default();
                io::copy(&mut open()?, &mut digests)?;
                Ok(Some(digests.md5() == expected))
            }
            Self::Parts { md5, count } => {
                for part in part_sizes(size, count) {
                    if of_parts(open()?, part)? == (md5, count) {
                        return Ok(Some(true));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// Sizes of parts that make `count` of them.
fn part_sizes(size: u64, count: u64) -> impl Iterator<Item = u64> {
    let usual = PART_SIZES.into_iter().map(|part| part * MIB);
    // Ours, where 10,000 parts of the usual size are too few.
    let large = Some(super::upload::part_of(size)).filter(|part| *part > super::PART);
    usual
        .chain(large)
        .filter(move |part| size.div_ceil(*part).max(1) == count)
}

fn of_parts(mut content: impl Read, part: u64) -> io::Result<([u8; 16], u64)> {
    let (mut all, mut count) = (Md5::new(), 0);
    loop {
        let mut digests = Digests::default();
        let read = io::copy(&mut (&mut content).take(part), &mut digests)?;
        if read == 0 && count > 0 {
            return Ok((all.finalize().into(), count));
        }
        all.update(digests.md5());
        count += 1;
    }
}

/// Takes the MD5 of what is written to it.
#[derive(Debug, Default)]
pub struct Digests(Md5);

impl Digests {
    /// The MD5 of what was written.
    #[must_use]
    pub fn md5(self) -> [u8; 16] {
        self.0.finalize().into()
    }
}

impl io::Write for Digests {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_servers_are_read() {
        let hex = Checksum::of_e_tag("\"900150983cd24fb0d6963f7d28e17f72\"");
        assert_eq!(hex, Checksum::of_base64("kAFQmDzST7DWlj99KOF/cg=="));
        assert_eq!(
            hex.unwrap().fits(3, || Ok(&b"abc"[..])).unwrap(),
            Some(true)
        );
        assert_eq!(
            hex.unwrap().fits(3, || Ok(&b"abd"[..])).unwrap(),
            Some(false)
        );
        for text in [
            "",
            "x",
            "900150983cd24fb0d6963f7d28e17f7",
            "900150983cd24fb0d6963f7d28e17f72-0",
        ] {
            assert_eq!(Checksum::of_e_tag(text), None, "{text}");
        }
        for text in ["", "kAFQmDzST7DWlj99KOF/cg", "kAFQmDzST7DWlj99KOF*cg=="] {
            assert_eq!(Checksum::of_base64(text), None, "{text}");
        }
    }

    #[test]
    fn parts_of_usual_sizes_are_found_out() {
        let content = vec![7_u8; 17 << 20];
        let size = content.len() as u64;
        for part in [8 * MIB, 5 * MIB] {
            let (md5, count) = of_parts(&content[..], part).unwrap();
            let checksum = Checksum::Parts { md5, count };
            assert_eq!(
                checksum.fits(size, || Ok(&content[..])).unwrap(),
                Some(true)
            );
            let mut other = content.clone();
            other[9 << 20] = 8;
            assert_eq!(checksum.fits(size, || Ok(&other[..])).unwrap(), None);
        }
        let (md5, count) = of_parts(&content[..], 3 * MIB).unwrap();
        let odd = Checksum::Parts { md5, count };
        assert_eq!(odd.fits(size, || Ok(&content[..])).unwrap(), None);
    }
}
