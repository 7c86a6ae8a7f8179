//! Trying rules on samples.

use std::{
    fmt,
    io::{self, BufRead},
};

use serde_json::{Map, Value};
use socorro_core::{json, time::Timestamp};

use super::{Rules, Subject, Verdict, rules::Action};

/// How long a line may be, in bytes.
const MAX_LINE: usize = 32 << 20;

/// What may become of a report, and how probable that is.
#[derive(Debug, Clone, PartialEq)]
pub struct Chance {
    /// How probable it is, above 0 up to 1.
    pub probability: f64,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// A report to try rules on.
#[derive(Clone, PartialEq, Default)]
pub struct Sample {
    /// The annotations.
    pub annotations: Map<String, Value>,
    /// Bytes of the main minidump, if there is one.
    pub dump_bytes: Option<u64>,
    /// The header `User-Agent`.
    pub user_agent: Option<String>,
}

/// Why a line is no [`Sample`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// It cannot be read.
    #[error("cannot read the samples: {0}")]
    Read(#[from] io::Error),
    /// It is too long.
    #[error("the line has more than {MAX_LINE} bytes")]
    TooLong,
    /// It is no JSON object.
    #[error(transparent)]
    NotAnObject(#[from] socorro_core::Error),
}

/// What the rules say to one line of samples.
#[derive(Debug)]
pub struct Checked {
    /// The line, from 1.
    pub line: usize,
    /// What may become of the report; the most probable first.
    pub outcome: Result<Vec<Chance>, SampleError>,
}

impl Rules {
    /// Everything that may become of a report, with its probability; the most probable first.
    /// Sampling by hash is looked at as if it were random.
    #[must_use]
    pub fn chances(&self, subject: &Subject<'_>) -> Vec<Chance> {
        let mut chances = Vec::new();
        let mut left = 1.0;
        for rule in &self.rules {
            if !rule.condition.holds(subject, &self.scope) {
                continue;
            }
            let (share, below, above) = match rule.action {
                Action::Do(result) => (1.0, result, result),
                Action::Sample {
                    percent,
                    below,
                    above,
                } => (percent / 100.0, below, above),
            };
            let mut going_on = 0.0;
            for (share, result) in [(share, below), (1.0 - share, above)] {
                match result {
                    Some(result) => chances.push(Chance {
                        probability: left * share,
                        verdict: rule.verdict(result),
                    }),
                    None => going_on += left * share,
                }
            }
            left = going_on;
            if left <= 0.0 {
                break;
            }
        }
        chances.push(Chance {
            probability: left,
            verdict: self.no_match(),
        });
        chances.retain(|chance| chance.probability > 0.0);
        chances.sort_by(|one, other| other.probability.total_cmp(&one.probability));
        chances
    }
}

/// Annotations are private: only their names are shown.
impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.annotations.keys().collect();
        f.debug_struct("Sample")
            .field("annotations", &names)
            .field("dump_bytes", &self.dump_bytes)
            .field("user_agent", &self.user_agent)
            .finish()
    }
}

impl Sample {
    /// Reads a sample: a JSON object of annotations, or one with the member `annotations` and, if
    /// known, `dump_bytes` and `user_agent`.
    ///
    /// # Errors
    ///
    /// [`SampleError::NotAnObject`].
    pub fn parse(line: &[u8]) -> Result<Self, SampleError> {
        let mut object = json::read_object(line, MAX_LINE as u64)?;
        if !object.get("annotations").is_some_and(Value::is_object) {
            return Ok(Self {
                annotations: object,
                ..Self::default()
            });
        }
        let dump_bytes = object.get("dump_bytes").and_then(Value::as_u64);
        let user_agent = object.get("user_agent").and_then(Value::as_str);
        let user_agent = user_agent.map(str::to_owned);
        let annotations = match object.remove("annotations") {
            Some(Value::Object(annotations)) => annotations,
            _ => Map::new(),
        };
        Ok(Self {
            annotations,
            dump_bytes,
            user_agent,
        })
    }

    /// The sample as what a throttler decides on.
    #[must_use]
    pub fn subject(&self, now: Timestamp) -> Subject<'_> {
        Subject {
            annotations: &self.annotations,
            main_dump_size: self.dump_bytes,
            main_dump_sha256: None,
            user_agent: self.user_agent.as_deref(),
            now,
        }
    }
}

/// Tries rules on samples, one on each line as [`Sample::parse`] reads it; empty lines are skipped.
/// It ends after a line that cannot be read.
pub fn check<R: BufRead>(
    rules: &Rules,
    mut samples: R,
    now: Timestamp,
) -> impl Iterator<Item = Checked> {
    let mut line = 0;
    let mut ended = false;
    std::iter::from_fn(move || {
        while !ended {
            line += 1;
            let mut bytes = Vec::new();
            let mut bounded = io::Read::take(&mut samples, MAX_LINE as u64 + 1);
            let outcome = match bounded.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) if bytes.trim_ascii().is_empty() => continue,
                Ok(length) if length > MAX_LINE => {
                    ended = true;
                    Err(SampleError::TooLong)
                }
                Ok(_) => Sample::parse(&bytes),
                Err(error) => {
                    ended = true;
                    Err(error.into())
                }
            };
            let outcome = outcome.map(|sample| rules.chances(&sample.subject(now)));
            return Some(Checked { line, outcome });
        }
        None
    })
}
