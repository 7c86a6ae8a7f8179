//! Bounds of everything that comes from outside.

/// Bounds of a crash report. 0 means that there is none.
///
/// The defaults are what Mozilla's collector has (Antenna, and the nginx in front of it), where it has
/// a bound at all. Unless said otherwise, what is beyond is refused as
/// [`Malformed::TooLarge`](crate::Malformed::TooLarge).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the body as sent: 25 MiB.
    pub body: u64,
    /// Bytes of the body after decompression: 256 MiB.
    pub unpacked: u64,
    /// Bytes of one text annotation: 20 MiB. A longer one is dropped with a note.
    pub annotation: usize,
    /// Bytes of a JSON part: 20 MiB.
    pub json: usize,
    /// Levels of nesting in JSON: 128, and never more than 512. Deeper JSON is
    /// [`Malformed::InvalidJson`](crate::Malformed::InvalidJson).
    pub json_depth: usize,
    /// Values in a JSON part, for small ones take much more memory than their text: 250,000.
    pub json_values: usize,
    /// Bytes of one file: 256 MiB.
    pub file: u64,
    /// Parts of a multipart body: 2000. More are
    /// [`Malformed::TooManyParts`](crate::Malformed::TooManyParts).
    pub parts: usize,
    /// Files: 64. Further ones are dropped with a note.
    pub files: usize,
    /// Bytes of the headers of a part: 8192, and never more than 64 KiB. Longer ones are
    /// [`Malformed::InvalidPayloadStructure`](crate::Malformed::InvalidPayloadStructure).
    pub part_header: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            body: 25 * MIB,
            unpacked: 256 * MIB,
            annotation: 20 << 20,
            json: 20 << 20,
            json_depth: 128,
            json_values: 250_000,
            file: 256 * MIB,
            parts: 2000,
            files: 64,
            part_header: 8192,
        }
    }
}
