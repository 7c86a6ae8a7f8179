//! Looks at the head of a request before hyper does.

use bytes::{BufMut, BytesMut};

use super::framing::Framing;

/// How large the head of a request may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadLimits {
    pub(crate) fields: usize,
    pub(crate) bytes: usize,
}

/// Why a request is refused for its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is no HTTP, or it is not certain where its body ends.
    BadRequest,
    /// Too many fields, or too many bytes.
    TooLarge,
    /// It did not come to its end in time.
    Timeout,
}

/// What a look at the bytes so far shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The head is not complete.
    Incomplete,
    /// It is.
    Complete(Head),
    /// It will not be served.
    Refused(Refusal),
}

/// A head that is complete.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Bytes of it, with the empty line.
    pub(crate) len: usize,
    /// How its body ends.
    pub(crate) framing: Framing,
    /// Where its request line ends if it says HTTP/1.0 and nevertheless has chunks.
    chunked_1_0: Option<usize>,
}

/// Finds the end of a head in bytes that become more.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    scanned: usize,
}

impl Scanner {
    /// Looks at the bytes since the end of the request before; they are those of the last look, and more.
    pub(crate) fn look(&mut self, bytes: &[u8], limits: HeadLimits) -> Seen {
        for (offset, byte) in bytes.iter().enumerate().skip(self.scanned) {
            match byte {
                b'\n' if ends_with_empty_line(&bytes[..=offset]) => {
                    return complete(&bytes[..=offset], limits)
                        .map_or_else(Seen::Refused, Seen::Complete);
                }
                b'\n' | b'\r' | b'\t' => {}
                // So what is no HTTP at all, such as TLS, is refused without waiting for the rest.
                0..32 | 127 => return Seen::Refused(Refusal::BadRequest),
                _ => {}
            }
            if offset + 1 >= limits.bytes {
                return Seen::Refused(Refusal::TooLarge);
            }
        }
        self.scanned = bytes.len();
        Seen::Incomplete
    }
}

fn ends_with_empty_line(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n")
}

fn complete(bytes: &[u8], limits: HeadLimits) -> Result<Head, Refusal> {
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let request_line = lines.next().unwrap_or_default();
    let (mut length, mut chunked, mut fields) = (None, false, 0);
    for line in lines.take_while(|line| !line.is_empty()) {
        fields += 1;
        let colon = memchr::memchr(b':', line).ok_or(Refusal::BadRequest)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.is_empty() || name.iter().any(u8::is_ascii_whitespace) {
            return Err(Refusal::BadRequest);
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let earlier = length.replace(parse_length(value)?);
            if earlier.is_some() {
                return Err(Refusal::BadRequest);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::BadRequest);
            }
            chunked = true;
        }
    }
    let framing = match (length, chunked) {
        (Some(_), true) => return Err(Refusal::BadRequest),
        (Some(length), false) => Framing::length(length),
        (None, true) => Framing::chunked(),
        (None, false) => Framing::length(0),
    };
    let chunked_1_0 =
        (chunked && request_line.ends_with(b" HTTP/1.0")).then_some(request_line.len());
    if fields + usize::from(chunked_1_0.is_some()) > limits.fields {
        return Err(Refusal::TooLarge);
    }
    let len = bytes.len();
    Ok(Head {
        len,
        framing,
        chunked_1_0,
    })
}

/// Digits and nothing else; Rust's parser would take a sign as well.
fn parse_length(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::BadRequest);
    }
    let text = std::str::from_utf8(value).map_err(|_| Refusal::BadRequest)?;
    text.parse().map_err(|_| Refusal::BadRequest)
}

impl Head {
    /// Writes the head as hyper takes it.
    ///
    /// HTTP/1.0 knows no chunks, and hyper refuses them there. Crashpad's socket transport (Android, Fuchsia) sends
    /// them all the same: such a request is passed on as HTTP/1.1, with the end of the connection that 1.0 has.
    pub(crate) fn write_to(&self, bytes: &[u8], out: &mut BytesMut) {
        let Some(line) = self.chunked_1_0 else {
            out.put_slice(bytes);
            return;
        };
        out.put_slice(&bytes[..line - 1]);
        out.put_slice(b"1\r\nConnection: close");
        out.put_slice(&bytes[line..]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: HeadLimits = HeadLimits {
        fields: 3,
        bytes: 200,
    };

    fn look(bytes: &[u8]) -> Seen {
        Scanner::default().look(bytes, LIMITS)
    }

    #[test]
    fn what_is_no_certain_framing_is_refused() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: +1",
            "Content-Length: 0x1",
            "Content-Length:",
            "Content-Length: 1, 1",
            "Content-Length: 99999999999999999999",
            "Content-Length : 1",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "X: 1\r\n folded",
            "no colon",
        ] {
            let head = format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n");
            assert_eq!(
                look(head.as_bytes()),
                Seen::Refused(Refusal::BadRequest),
                "{fields}"
            );
        }
    }

    #[test]
    fn what_is_no_http_is_refused_at_once() {
        assert_eq!(look(b"\x16\x03\x01"), Seen::Refused(Refusal::BadRequest));
    }

    #[test]
    fn too_much_is_too_large() {
        let long = [b'a'; 200];
        assert_eq!(look(&long), Seen::Refused(Refusal::TooLarge));
        assert_eq!(look(&long[..199]), Seen::Incomplete);
        let fields = b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n";
        assert_eq!(look(fields), Seen::Refused(Refusal::TooLarge));
    }

    #[test]
    fn chunks_of_http_1_0_are_passed_on_as_1_1() {
        let bytes = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        let Seen::Complete(head) = look(bytes) else {
            panic!("not complete");
        };
        let mut out = BytesMut::new();
        head.write_to(bytes, &mut out);
        let want = "POST / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(std::str::from_utf8(&out), Ok(want));
    }

    #[test]
    fn other_heads_stay_as_they_are() {
        let heads: [&[u8]; 3] = [
            b"POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n",
            b"GET / HTTP/1.1\nHost: a\n\n",
        ];
        for bytes in heads {
            let Seen::Complete(head) = look(bytes) else {
                panic!("not complete");
            };
            let mut out = BytesMut::new();
            head.write_to(bytes, &mut out);
            assert_eq!(&out[..], bytes);
        }
    }

    proptest! {
        /// No bytes make it fail, and it does not matter in which pieces they come.
        #[test]
        fn pieces_do_not_matter(
            bytes in prop::collection::vec(
                prop::sample::select(b"GET / HTTP/1.0\r\n\r\n\n:chunked Transfer-Encoding".to_vec()), 0..250),
            cut in 0_usize..250,
        ) {
            let cut = cut.min(bytes.len());
            let mut scanner = Scanner::default();
            let first = scanner.look(&bytes[..cut], LIMITS);
            let whole = look(&bytes);
            if first == Seen::Incomplete {
                prop_assert_eq!(scanner.look(&bytes, LIMITS), whole);
            } else {
                prop_assert_eq!(first, whole);
            }
        }
    }
}
