//! Bodies with which something goes wrong.

use std::{io, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};

use super::fault::Kind;

/// The body, with what goes wrong with it.
pub(super) fn spoilt(body: Bytes, fault: Option<&Kind>) -> Body {
    match fault {
        Some(Kind::CutAfter(length)) => {
            let cut = Err(io::Error::from(io::ErrorKind::ConnectionReset));
            Body::from_stream(beginning(&body, *length).chain(stream::once(async move {
                // What is before it is on its way by then.
                tokio::task::yield_now().await;
                cut
            })))
        }
        Some(Kind::StallAfter(length)) => {
            Body::from_stream(beginning(&body, *length).chain(stream::pending()))
        }
        Some(Kind::Slow { piece, pause }) => Body::from_stream(slow(body, *piece, *pause)),
        Some(Kind::WrongByte) => {
            let mut bytes = body.to_vec();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 1;
            }
            Body::from(bytes)
        }
        Some(Kind::Length(length)) => {
            let shown = usize::try_from(*length).unwrap_or(usize::MAX);
            let cut = Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            let too_few = shown > body.len();
            let rest = stream::iter(too_few.then_some(cut));
            Body::from_stream(beginning(&body, shown).chain(rest))
        }
        _ => Body::from(body),
    }
}

/// The first bytes of a body, if there are any.
fn beginning(body: &Bytes, length: usize) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let piece = body.slice(..length.min(body.len()));
    stream::iter((!piece.is_empty()).then_some(Ok(piece)))
}

fn slow(body: Bytes, piece: usize, pause: Duration) -> impl Stream<Item = io::Result<Bytes>> {
    stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let sent = rest.split_to(piece.min(rest.len()));
        Some((Ok(sent), rest))
    })
}
