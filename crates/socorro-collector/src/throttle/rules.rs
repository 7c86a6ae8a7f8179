//! Rules from data, and how they are applied.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read as _,
    path::Path,
    sync::Arc,
};

use super::{
    Draws, HashDraws, Problem, Subject, ThrottleResult, Throttler, Verdict, condition::Condition,
    read,
};

/// How large a file may be, in bytes.
const MAX_SIZE: usize = 256 << 10;
/// The rule that a verdict names when no rule decided.
pub(super) const NO_MATCH: &str = "NO_MATCH";

/// The rules that come with this crate, by name.
const PRESETS: [(&str, &str); 2] = [
    ("open", include_str!("open.toml")),
    ("mozilla", include_str!("mozilla.toml")),
];

/// Throttling rules from data: they are asked in order, and the first one that matches and does not
/// say `continue` decides. What no rule decides is rejected as `NO_MATCH`.
///
/// The form of the data is explained at [the module](super).
///
/// ```
/// use serde_json::json;
/// use socorro_collector::throttle::{RandomDraws, Rules, Subject, Throttler, ThrottleResult};
///
/// let rules = Rules::parse(r#"
///     [[rule]]
///     name = "no_tests"
///     when = { field = "ReleaseChannel", op = "eq", value = "test" }
///     do = "reject"
///
///     [[rule]]
///     name = "the_rest"
///     do = "accept"
/// "#)?;
/// let annotations = json!({"ReleaseChannel": "test"});
/// let subject = Subject {
///     annotations: annotations.as_object().unwrap(),
///     main_dump_size: None,
///     main_dump_sha256: None,
///     user_agent: None,
///     now: "2026-08-01T12:34:56Z".parse().unwrap(),
/// };
/// let verdict = rules.throttle(&subject, &mut RandomDraws);
/// assert_eq!(verdict.result, ThrottleResult::Reject);
/// assert_eq!(&*verdict.rule, "no_tests");
/// # Ok::<(), socorro_collector::throttle::Problem>(())
/// ```
#[derive(Debug, Clone)]
pub struct Rules {
    pub(super) scope: Scope,
    pub(super) sampling: Sampling,
    pub(super) rules: Vec<Rule>,
    pub(super) warnings: Vec<String>,
    pub(super) no_match: Arc<str>,
}

/// Where samples come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sampling {
    /// Each report draws anew.
    #[default]
    Random,
    /// The SHA-256 of the main minidump decides, so that a client which sends the same crash again
    /// gets the same verdict again. Reports without one draw at random.
    Hash,
}

/// What is supported.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Products; empty for all.
    pub(super) products: BTreeSet<String>,
    /// Android packages by product.
    pub(super) packages: BTreeMap<String, BTreeSet<String>>,
}

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: Arc<str>,
    pub(super) condition: Condition,
    pub(super) action: Action,
    pub(super) stop_sending: Option<Arc<str>>,
}

/// What a rule says of reports that match; `None` to go on with the next rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Action {
    Do(Option<ThrottleResult>),
    Sample {
        percent: f64,
        below: Option<ThrottleResult>,
        above: Option<ThrottleResult>,
    },
}

impl Rules {
    /// Keeps everything: the default.
    #[must_use]
    pub fn open() -> Self {
        Self::built_in(PRESETS[0].1)
    }

    /// What Mozilla's own collector keeps (Antenna, `antenna/throttler.py`).
    #[must_use]
    pub fn mozilla() -> Self {
        Self::built_in(PRESETS[1].1)
    }

    /// The preset of this name: `open` (also called `accept_all`) or `mozilla`.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let name = if name == "accept_all" { "open" } else { name };
        let preset = PRESETS.iter().find(|(preset, _)| *preset == name);
        preset.map(|(_, text)| Self::built_in(text))
    }

    /// The names of the presets.
    pub fn presets() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|(name, _)| *name)
    }

    #[expect(clippy::expect_used, reason = "a test reads all presets")]
    fn built_in(text: &str) -> Self {
        Self::parse(text).expect("the presets are well-formed")
    }

    /// Reads rules from TOML text of at most 256 KiB.
    ///
    /// # Errors
    ///
    /// [`Problem`]: the first thing that is wrong, with its place.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_SIZE {
            return Err(Problem::TooLarge {
                limit: MAX_SIZE,
                of: "bytes",
            });
        }
        read::rules(text)
    }

    /// Reads rules from a file.
    ///
    /// # Errors
    ///
    /// As [`Rules::parse`], and [`Problem::Unreadable`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Problem> {
        let path = path.as_ref();
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(MAX_SIZE as u64 + 1).read_to_string(&mut text))
            .map_err(|error| Problem::Unreadable {
                file: path.display().to_string(),
                reason: error.to_string(),
            })?;
        Self::parse(&text)
    }

    /// Supports these products instead of the ones of the data; none means all.
    #[must_use]
    pub fn with_products<P: Into<String>>(mut self, products: impl IntoIterator<Item = P>) -> Self {
        self.scope.products = products.into_iter().map(Into::into).collect();
        self
    }

    /// Takes samples from elsewhere than the data says.
    #[must_use]
    pub fn with_sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = sampling;
        self
    }

    /// What is odd about the rules but no error, such as rules that are never reached.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The names of the rules in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| &*rule.name)
    }

    /// The verdict when no rule decides.
    pub(super) fn no_match(&self) -> Verdict {
        Verdict {
            result: ThrottleResult::Reject,
            rule: Arc::clone(&self.no_match),
            percentage: 0.0,
            stop_sending: None,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::open()
    }
}

impl Throttler for Rules {
    fn throttle(&self, subject: &Subject<'_>, draws: &mut dyn Draws) -> Verdict {
        let mut hashed;
        let draws: &mut dyn Draws = match (self.sampling, subject.main_dump_sha256) {
            (Sampling::Hash, Some(sha256)) => {
                hashed = HashDraws::new(sha256);
                &mut hashed
            }
            _ => draws,
        };
        for rule in &self.rules {
            if !rule.condition.holds(subject, &self.scope) {
                continue;
            }
            let result = match rule.action {
                Action::Do(result) => result,
                // The comparison is upstream's: a draw of exactly 0 passes 0 percent.
                Action::Sample { percent, below, .. } if draws.draw() * 100.0 <= percent => below,
                Action::Sample { above, .. } => above,
            };
            if let Some(result) = result {
                return rule.verdict(result);
            }
        }
        self.no_match()
    }
}

impl Rule {
    pub(super) fn verdict(&self, result: ThrottleResult) -> Verdict {
        let percentage = match self.action {
            Action::Do(_) => 100.0,
            Action::Sample { percent, .. } => percent,
        };
        Verdict {
            result,
            rule: Arc::clone(&self.name),
            percentage,
            stop_sending: self.stop_sending.clone(),
        }
    }
}

impl Scope {
    pub(super) fn supports_product(&self, product: &str) -> bool {
        self.products.is_empty() || self.products.contains(product)
    }

    pub(super) fn supports_package(&self, product: &str, package: &str) -> bool {
        let packages = self.packages.get(product);
        packages.is_none_or(|packages| packages.contains(package))
    }
}
