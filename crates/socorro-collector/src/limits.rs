//! Bounds of everything that comes from outside.

/// Bounds of a crash report. 0 means that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the body as sent.
    pub body: u64,
    /// Bytes of the body after decompression.
    pub unpacked: u64,
    /// Bytes of one text annotation; a longer one is dropped with a note.
    pub annotation: usize,
    /// Bytes of a JSON part.
    pub json: usize,
    /// Levels of nesting in JSON.
    pub json_depth: usize,
    /// Values in a JSON part, for small ones take much more memory than text.
    pub json_values: usize,
    /// Bytes of one file.
    pub file: u64,
    /// Parts of a multipart body.
    pub parts: usize,
    /// Files; further ones are dropped with a note.
    pub files: usize,
    /// Bytes of the headers of a part.
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
