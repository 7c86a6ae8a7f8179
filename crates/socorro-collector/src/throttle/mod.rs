//! Which reports to keep.
//!
//! A [`Throttler`] decides. [`Rules`] is one whose rules are data, so that an operator can change
//! them without a new program; a program that embeds the collector may bring its own. The rules
//! that keep everything ([`Rules::open`]) are the default; [`Rules::mozilla`] has those of Mozilla's
//! own collector.
//!
//! # Rules as data
//!
//! ```toml
//! # Products that are supported; without them, all are.
//! products = ["Firefox", "Fenix"]
//! # `random` (the default), or `hash`: what has the same minidump gets the same verdict.
//! sampling = "random"
//!
//! # Products of which only these Android packages are supported.
//! [packages]
//! Fenix = ["org.mozilla.fenix"]
//!
//! # Rules are asked in order; the first that matches decides, unless it says `continue`.
//! [[rule]]
//! name = "unsupported_product"
//! when = { not = { op = "product_supported" } }
//! do = "reject"
//!
//! [[rule]]
//! name = "has_comments"
//! when = { field = "Comments", op = "exists" }
//! do = "accept"
//!
//! [[rule]]
//! name = "is_firefox_desktop"
//! when = { all = [
//!     { field = "ProductName", op = "eq", value = "Firefox" },
//!     { field = "ReleaseChannel", op = "eq", value = "release" },
//! ] }
//! sample = { percent = 10, below = "accept", above = "reject" }
//!
//! # Without `when`, a rule matches everything.
//! [[rule]]
//! name = "the_rest"
//! do = "defer"
//! ```
//!
//! Outcomes are `accept` (store and publish), `defer` (store only), `reject` (the client is told the
//! name of the rule), `fake_accept` (the client is told an id, and the report is forgotten) and
//! `continue` (the next rule is asked). A rule with `stop_sending = "VERSION"` also has clients told
//! that no more crashes of that version are wanted.
//!
//! A condition is `all`, `any` (arrays of conditions), `not` (a condition), or `op`:
//!
//! | `op` | holds when the value of the annotation `field` |
//! |---|---|
//! | `exists`, `missing` | is there, even empty; is not there |
//! | `eq`, `ne`, `eq_ignore_case` | equals `value`; does not; does when case does not count |
//! | `in`, `not_in` | is one of the texts of the array `value`; is none of them |
//! | `starts_with` | begins with `value`, or with one of an array |
//! | `lt`, `gt` | comes before or after `value` as text |
//! | `int_between` | is an integer from the first to the second of the array `value`, both included |
//! | `matches` | contains what the regular expression `value` describes |
//! | `build_date_older_than_days` | is a build id (`20YYMMDDhhmmss`) of a day that began (UTC) more than `value` days ago |
//!
//! | `op` without `field` | holds when |
//! |---|---|
//! | `product_supported` | `products` is empty or has `ProductName` |
//! | `package_supported` | `packages` has no list for `ProductName`, or the list has `Android_PackageName` |
//! | `product_listed` | `products` has `value` |
//! | `min_dump_bytes`, `max_dump_bytes` | there is a main minidump of at least, at most `value` bytes |
//! | `user_agent` | the header `User-Agent` contains what the regular expression `value` describes |
//!
//! An absent annotation fulfils `missing` and nothing else, unless `default` says what it counts as.
//! `json` is a JSON pointer (RFC 6901) into an annotation that holds JSON. Annotations that are no
//! text (JSON reports may have them) are looked at as Python writes them: `null` is `None`, `true`
//! is `True`.

mod check;
mod condition;
mod draws;
mod node;
mod problem;
mod read;
mod rules;
#[cfg(test)]
mod tests;
mod warnings;

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};
use socorro_core::time::Timestamp;

pub use check::{Chance, Checked, Sample, SampleError, check};
pub use draws::{FixedDraws, HashDraws, RandomDraws};
pub use problem::Problem;
pub use rules::{Rules, Sampling};

/// What a throttler decides on.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The annotations.
    pub annotations: &'a Map<String, Value>,
    /// Bytes of the main minidump, if there is one.
    pub main_dump_size: Option<u64>,
    /// SHA-256 of the main minidump in hexadecimal.
    pub main_dump_sha256: Option<&'a str>,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// When the report came.
    pub now: Timestamp,
}

/// Annotations are private: only their names are shown.
impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.annotations.keys().collect();
        f.debug_struct("Subject")
            .field("annotations", &names)
            .field("main_dump_size", &self.main_dump_size)
            .field("main_dump_sha256", &self.main_dump_sha256)
            .field("user_agent", &self.user_agent)
            .field("now", &self.now)
            .finish()
    }
}

/// Where samples come from.
pub trait Draws: Send {
    /// A number from 0 up to, but not including, 1.
    fn draw(&mut self) -> f64;
}

/// What to do with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThrottleResult {
    /// Store and publish.
    Accept,
    /// Store only.
    Defer,
    /// Tell the client that it is not wanted.
    Reject,
    /// Give the client an id and forget it.
    FakeAccept,
}

impl ThrottleResult {
    /// The name in logs, as upstream writes it; metrics have it in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Defer => "DEFER",
            Self::Reject => "REJECT",
            Self::FakeAccept => "FAKEACCEPT",
        }
    }

    /// The digit of crash ids.
    #[must_use]
    pub fn digit(self) -> u8 {
        match self {
            Self::Accept => 0,
            Self::Defer => 1,
            Self::Reject => 2,
            Self::FakeAccept => 3,
        }
    }
}

impl fmt::Display for ThrottleResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a throttler decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What to do.
    pub result: ThrottleResult,
    /// The rule that decided: ASCII letters, digits and `_`.
    pub rule: Arc<str>,
    /// The percentage of the rule's sample: 100 for rules that take none, 0 when no rule decided.
    pub percentage: f64,
    /// A version of which no more crashes are wanted.
    pub stop_sending: Option<Arc<str>>,
}

/// Decides which reports to keep.
///
/// ```
/// use socorro_collector::throttle::{Draws, Subject, ThrottleResult, Throttler, Verdict};
///
/// /// Keeps what has a minidump.
/// #[derive(Debug)]
/// struct OnlyMinidumps;
///
/// impl Throttler for OnlyMinidumps {
///     fn throttle(&self, subject: &Subject<'_>, _: &mut dyn Draws) -> Verdict {
///         let (result, rule) = match subject.main_dump_size {
///             Some(_) => (ThrottleResult::Accept, "has_minidump"),
///             None => (ThrottleResult::Reject, "no_minidump"),
///         };
///         Verdict { result, rule: rule.into(), percentage: 100.0, stop_sending: None }
///     }
/// }
/// ```
pub trait Throttler: Send + Sync + fmt::Debug {
    /// Decides.
    fn throttle(&self, subject: &Subject<'_>, draws: &mut dyn Draws) -> Verdict;
}
