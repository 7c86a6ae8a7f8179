//! Measuring, and writing down what was measured.

use std::fmt;
use std::time::{Duration, Instant};

/// Times of one thing, measured several times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) async fn measure<T>(&mut self, work: impl Future<Output = T>) -> T {
        let begin = Instant::now();
        let done = work.await;
        self.0.push(begin.elapsed());
        done
    }

    pub(crate) fn measure_blocking<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let done = work();
        self.0.push(begin.elapsed());
        done
    }

    pub(crate) fn median(&self) -> Option<Duration> {
        let mut times = self.0.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }

    /// How many times as long as `other` this takes.
    pub(crate) fn ratio(&self, other: &Self) -> Option<f64> {
        Some(self.median()?.as_secs_f64() / other.median()?.as_secs_f64())
    }
}

/// The median in milliseconds.
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.median() {
            Some(median) => write!(f, "{:>10.3}", median.as_secs_f64() * 1e3),
            None => write!(f, "{:>10}", "-"),
        }
    }
}

/// A ratio for people: `27.3 x`.
pub(crate) fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2} x"))
}

/// The one in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
