//! Two sorted lists, read side by side.

use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream, Peekable},
};
use socorro_core::CrashId;
use socorro_storage::Error;

type Ids<'a> = BoxStream<'a, Result<CrashId, Error>>;

/// A crash that is in one of the lists, or in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) id: CrashId,
    /// Whether it is in the list of raw crashes.
    pub(super) raw: bool,
    /// Whether it is in the list of processed crashes.
    pub(super) processed: bool,
}

impl Candidate {
    /// A raw crash of which nothing else is known.
    pub(super) fn only_raw(id: CrashId) -> Self {
        Self {
            id,
            raw: true,
            processed: false,
        }
    }
}

/// Where the two lists are at the moment.
struct Merge<'a> {
    raw: Peekable<Ids<'a>>,
    processed: Peekable<Ids<'a>>,
}

/// Merges the ascending lists of the raw and the processed crashes of a day. An error in either
/// ends the stream: nothing can be said without one of them.
pub(super) fn merged<'a>(
    raw: Ids<'a>,
    processed: Ids<'a>,
) -> BoxStream<'a, Result<Candidate, Error>> {
    let merge = Merge {
        raw: raw.peekable(),
        processed: processed.peekable(),
    };
    stream::try_unfold(merge, |mut merge| async move {
        let candidate = merge.next().await?;
        Ok(candidate.map(|candidate| (candidate, merge)))
    })
    .boxed()
}

impl Merge<'_> {
    async fn next(&mut self) -> Result<Option<Candidate>, Error> {
        let raw = head(&mut self.raw).await?;
        let processed = head(&mut self.processed).await?;
        // `None` would sort before everything.
        let Some(id) = raw.into_iter().chain(processed).min() else {
            return Ok(None);
        };
        let candidate = Candidate {
            id,
            raw: raw == Some(id),
            processed: processed == Some(id),
        };
        if candidate.raw {
            self.raw.try_next().await?;
        }
        if candidate.processed {
            self.processed.try_next().await?;
        }
        Ok(Some(candidate))
    }
}

/// The next id of a list, which stays there; an error is taken off.
async fn head(ids: &mut Peekable<Ids<'_>>) -> Result<Option<CrashId>, Error> {
    if let Some(Ok(id)) = std::pin::Pin::new(&mut *ids).peek().await {
        return Ok(Some(*id));
    }
    ids.try_next().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn wait_for<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(future)
    }

    fn id(number: u8) -> CrashId {
        let text = format!("{number:08x}-cbbf-4589-a673-34f800240716");
        CrashId::parse(&text).unwrap()
    }

    fn ids(numbers: &BTreeSet<u8>) -> Ids<'static> {
        let ids: BTreeSet<_> = numbers.iter().map(|number| id(*number)).collect();
        stream::iter(ids).map(Ok).boxed()
    }

    proptest! {
        #[test]
        fn every_crash_comes_once_in_order_and_says_where_it_is(
            raw: BTreeSet<u8>,
            processed: BTreeSet<u8>,
        ) {
            let merged = merged(ids(&raw), ids(&processed)).try_collect::<Vec<_>>();
            let merged = wait_for(merged).unwrap();
            let all: BTreeSet<_> = raw.union(&processed).map(|number| (id(*number), *number)).collect();
            let expected: Vec<_> = all
                .into_iter()
                .map(|(id, number)| Candidate {
                    id,
                    raw: raw.contains(&number),
                    processed: processed.contains(&number),
                })
                .collect();
            prop_assert_eq!(merged, expected);
        }
    }

    #[test]
    fn an_error_of_either_list_ends_it() {
        let broken = || {
            let first: Result<_, Error> = Ok(id(1));
            stream::iter([first, Err(Error::unavailable("test", "gone"))]).boxed()
        };
        let whole = || ids(&BTreeSet::from([1, 2, 3]));
        for both in [merged(broken(), whole()), merged(whole(), broken())] {
            let both: Vec<_> = wait_for(both.collect());
            assert_eq!(both.len(), 2, "{both:?}");
            assert!(both[0].is_ok() && both[1].is_err(), "{both:?}");
        }
    }
}
