//! Follows the body of a request to its end, so that it is known where the next head begins.

/// What is still to come of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Framing(Rest);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rest {
    /// So many bytes.
    Length(u64),
    /// Chunks (RFC 9112, section 7.1).
    Chunks(Chunk),
    /// Nobody knows: the chunks are damaged. hyper finds that out itself.
    Damaged,
}

/// Where in a chunked body one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    /// Before the first digit of a size.
    SizeBegins,
    Size(u64),
    /// Between the digits and the line end.
    Extension(u64),
    SizeLineFeed(u64),
    Data(u64),
    DataReturn,
    DataLineFeed,
    /// At the beginning of a line behind the last chunk.
    TrailerBegins,
    Trailer,
    TrailerLineFeed,
    LastLineFeed,
}

impl Framing {
    pub(crate) fn length(length: u64) -> Self {
        Self(Rest::Length(length))
    }

    pub(crate) fn chunked() -> Self {
        Self(Rest::Chunks(Chunk::SizeBegins))
    }

    /// Takes the next bytes. If the body ends within them, tells after how many.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        match &mut self.0 {
            Rest::Length(rest) => {
                let available = bytes.len() as u64;
                if available < *rest {
                    *rest -= available;
                    return None;
                }
                let end = usize::try_from(*rest).unwrap_or(bytes.len());
                *rest = 0;
                Some(end)
            }
            Rest::Chunks(_) => self.advance_chunks(bytes),
            Rest::Damaged => None,
        }
    }

    fn advance_chunks(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let (Some(byte), Rest::Chunks(chunk)) = (bytes.get(at), &mut self.0) {
            if let Chunk::Data(rest) = chunk {
                let available = bytes.len() - at;
                let taken = usize::try_from(*rest).map_or(available, |rest| rest.min(available));
                *rest -= taken as u64;
                at += taken;
                if *rest == 0 {
                    *chunk = Chunk::DataReturn;
                }
                continue;
            }
            at += 1;
            if *chunk == Chunk::LastLineFeed && *byte == b'\n' {
                self.0 = Rest::Length(0);
                return Some(at);
            }
            self.0 = chunk.next(*byte).map_or(Rest::Damaged, Rest::Chunks);
        }
        None
    }
}

impl Chunk {
    /// Where the byte leads; `None` for one that must not be there.
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::SizeBegins, digit) => Self::Size(hexadecimal(digit)?),
            (Self::Size(size) | Self::Extension(size), b'\r') => Self::SizeLineFeed(size),
            (Self::Size(size), b' ' | b'\t' | b';') => Self::Extension(size),
            (Self::Size(size), digit) => {
                Self::Size(size.checked_mul(16)?.checked_add(hexadecimal(digit)?)?)
            }
            (Self::Extension(_), b'\n') => return None,
            (Self::Extension(size), _) => Self::Extension(size),
            (Self::SizeLineFeed(0) | Self::TrailerLineFeed, b'\n') => Self::TrailerBegins,
            (Self::SizeLineFeed(size), b'\n') => Self::Data(size),
            (Self::DataReturn, b'\r') => Self::DataLineFeed,
            (Self::DataLineFeed, b'\n') => Self::SizeBegins,
            (Self::TrailerBegins, b'\r') => Self::LastLineFeed,
            (Self::Trailer, b'\r') => Self::TrailerLineFeed,
            (Self::TrailerBegins | Self::Trailer, _) => Self::Trailer,
            _ => return None,
        })
    }
}

fn hexadecimal(digit: u8) -> Option<u64> {
    char::from(digit).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHUNKED: &[u8] = b"3;x=y\r\nabc\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nA: b\r\n\r\n";

    #[test]
    fn a_length_ends_where_it_says() {
        let mut framing = Framing::length(5);
        assert_eq!(framing.advance(b"abc"), None);
        assert_eq!(framing.advance(b"defg"), Some(2));
        assert_eq!(framing.advance(b"x"), Some(0));
    }

    #[test]
    fn chunks_end_behind_their_trailers() {
        let followed = [CHUNKED, b"POST /"].concat();
        assert_eq!(Framing::chunked().advance(&followed), Some(CHUNKED.len()));
    }

    #[test]
    fn damaged_chunks_never_end() {
        for damaged in [
            "zz\r\n",
            "\r\n",
            "1\r\nab\r\n0\r\n\r\n",
            "ffffffffffffffffff\r\n",
            "1;\n",
        ] {
            let mut framing = Framing::chunked();
            assert_eq!(framing.advance(damaged.as_bytes()), None, "{damaged}");
            assert_eq!(framing.advance(b"0\r\n\r\n"), None, "{damaged}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(cut in 0..CHUNKED.len()) {
            let mut framing = Framing::chunked();
            prop_assert_eq!(framing.advance(&CHUNKED[..cut]), None);
            prop_assert_eq!(framing.advance(&CHUNKED[cut..]), Some(CHUNKED.len() - cut));
        }
    }
}
