//! The body of an upload, into a file.

use std::{path::Path, time::Duration};

use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::{
    fs::File,
    io::AsyncWriteExt as _,
    time::{Instant, timeout, timeout_at},
};

use super::{Limits, refusal::Refusal};
use crate::BodyError;

/// Writes a body to a new file, bit by bit, and gives back its size in bytes.
pub(super) async fn receive(
    mut body: Body,
    path: &Path,
    limits: &Limits,
) -> Result<u64, Refusal> {
    let mut file = File::create_new(path)
        .await
        .map_err(Refusal::storage(path))?;
    let end = Instant::now() + limits.time;
    let mut size = 0_u64;
    while let Some(frame) = next(&mut body, end, limits.idle).await? {
        size += frame.len() as u64;
        if size > limits.body {
            return Err(Refusal::TooLarge {
                what: "The upload".to_owned(),
                limit: limits.body,
            });
        }
        file.write_all(&frame)
            .await
            .map_err(Refusal::storage(path))?;
    }
    // What was written is not in the file before this.
    file.flush().await.map_err(Refusal::storage(path))?;
    Ok(size)
}

async fn next(
    body: &mut Body,
    end: Instant,
    idle: Duration,
) -> Result<Option<bytes::Bytes>, BodyError> {
    loop {
        let frame = timeout_at(end, timeout(idle, body.frame())).await;
        let Ok(Ok(frame)) = frame else {
            return Err(BodyError::Timeout);
        };
        match frame {
            None => return Ok(None),
            Some(Err(error)) => return Err(BodyError::Broken(error.into())),
            Some(Ok(frame)) => {
                // Trailers tell nothing about symbols.
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
