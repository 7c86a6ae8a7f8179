//! Compression of a body on its way out.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{Stream, StreamExt, stream};

/// Compresses a stream, for a request with `Content-Encoding: gzip`. Holds at most what the pieces
/// of the stream and the window of the compression need.
///
/// The stream ends after the first error.
pub fn gzip<S>(plain: S) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    stream::try_unfold(
        (Some(encoder), plain.boxed()),
        |(encoder, mut plain)| async move {
            let Some(mut encoder) = encoder else {
                return Ok(None);
            };
            // Most pieces leave nothing to send yet.
            while let Some(piece) = plain.next().await {
                encoder.write_all(&piece?)?;
                if !encoder.get_ref().is_empty() {
                    let packed = std::mem::take(encoder.get_mut());
                    return Ok(Some((packed.into(), (Some(encoder), plain))));
                }
            }
            let packed = encoder.finish()?;
            Ok(Some((packed.into(), (None, plain))))
        },
    )
}
