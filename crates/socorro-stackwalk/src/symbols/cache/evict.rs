//! What goes when there is too much.

use std::time::SystemTime;

use super::entry::Entry;
use super::options::CacheOptions;

/// Parts `entries` into those that go, the ones not used for the longest first, and the bytes that stay.
///
/// `wanting` is how many bytes have to be freed in any case.
pub(super) fn choose(
    mut entries: Vec<Entry>,
    options: &CacheOptions,
    wanting: u64,
    now: SystemTime,
) -> (Vec<Entry>, u64) {
    entries.sort_by_key(|entry| entry.used);
    let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let goal = if left > options.largest {
        options.low_water()
    } else {
        left
    };
    let goal = goal.min(left.saturating_sub(wanting));
    let is_old = |entry: &Entry| {
        // What is used in the future has just been used, by a clock that is ahead.
        now.duration_since(entry.used)
            .is_ok_and(|age| age > options.oldest)
    };
    let mut gone = 0;
    for entry in &entries {
        if left <= goal && !is_old(entry) {
            break;
        }
        left -= entry.bytes;
        gone += 1;
    }
    entries.truncate(gone);
    (entries, left)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 * DAY)
    }

    /// An entry of 10 bytes, used so many days ago.
    fn entry(days: u64) -> Entry {
        Entry {
            directory: days.to_string().into(),
            files: Vec::new(),
            bytes: 10,
            used: now() - Duration::from_secs(days * DAY),
        }
    }

    fn gone(days: &[u64], largest: u64, wanting: u64) -> Vec<String> {
        let options = CacheOptions {
            largest,
            ..CacheOptions::default()
        };
        let entries = days.iter().map(|days| entry(*days)).collect();
        let (gone, _) = choose(entries, &options, wanting, now());
        gone.iter()
            .map(|entry| entry.directory.display().to_string())
            .collect()
    }

    #[test]
    fn within_its_bounds_nothing_goes() {
        assert_eq!(gone(&[1, 29, 3], 30, 0), Vec::<String>::new());
    }

    #[test]
    fn over_its_size_the_least_recently_used_go_until_a_tenth_is_free() {
        assert_eq!(gone(&[2, 5, 4, 3, 1], 40, 0), ["5", "4"]);
    }

    #[test]
    fn what_is_too_old_goes_whatever_the_size() {
        assert_eq!(gone(&[2, 40, 1, 31], 1_000, 0), ["40", "31"]);
    }

    #[test]
    fn a_full_disk_counts_more_than_the_size() {
        assert_eq!(gone(&[2, 5, 4], 1_000, 15), ["5", "4"]);
        assert_eq!(gone(&[2, 5, 4], 1_000, 1_000), ["5", "4", "2"]);
    }
}
