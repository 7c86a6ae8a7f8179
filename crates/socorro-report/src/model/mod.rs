//! What is shown, apart from how.

mod audience;
mod facts;
mod fields;
mod frames;
mod java;
mod modules;
mod source;
mod unnamed;
mod walk;

use serde_json::Value;
use socorro_core::{ProcessedCrash, schema::Schema};

use crate::words;

pub use audience::Audience;
pub use facts::Fact;
pub use fields::Field;
pub use frames::{Frame, Row, Thread};
pub use java::Stack;
pub use modules::{Module, ModuleSymbols};
pub use source::Source;
pub use unnamed::Unnamed;
pub use walk::Walk;

/// Characters of a name: of a function, a file, a thread.
const NAME: usize = 600;
/// Characters of the value of a field.
const VALUE: usize = 4_000;
/// Notes that are shown.
const MOST_NOTES: usize = 1_000;

/// A processed crash as people look at it.
///
/// All text in it is clean (see [`socorro_core::Clean`]) and bounded; line breaks are the only control characters, and
/// only in values of facts and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What groups the crash with its like.
    pub signature: Option<String>,
    /// The id of the crash.
    pub crash_id: Option<String>,
    /// Product and version.
    pub product: String,
    /// For whom the report is.
    pub audience: Audience,
    /// What crashed: product, process, system, times.
    pub what: Vec<Fact>,
    /// Why it crashed, as far as is known.
    pub why: Vec<Fact>,
    /// The stack of a Java exception, if there was one.
    pub java: Option<Stack>,
    /// The stacks: of the process that crashed, then of others whose minidumps came with it.
    pub walks: Vec<Walk>,
    /// All other fields that say something, in alphabetical order.
    pub fields: Vec<Field>,
    /// What the processor noted.
    pub notes: Vec<String>,
}

impl Report {
    /// The report for people who may see everything.
    #[must_use]
    pub fn of(crash: &ProcessedCrash) -> Self {
        let public = Schema::processed_crash().redact(crash.as_map());
        let protected = audience::missing(crash.as_map(), &public.document);
        Self::build(crash, Audience::Protected { shown: protected })
    }

    /// The report for everybody: only what is public by
    /// [`Schema::processed_crash`](socorro_core::schema::Schema::processed_crash).
    #[must_use]
    pub fn public(crash: &ProcessedCrash) -> Self {
        let public = Schema::processed_crash().redact(crash.as_map());
        let left_out = audience::missing(crash.as_map(), &public.document).len();
        Self::build(&public.document.into(), Audience::Public { left_out })
    }

    fn build(crash: &ProcessedCrash, audience: Audience) -> Self {
        let crash = crash.as_map();
        let text = |field: &str| crash.get(field).and_then(|value| words::value(value, NAME));
        let product = [text("product"), text("version")];
        let product: Vec<String> = product.into_iter().flatten().collect();
        let java = Stack::of(crash);
        let walks = Walk::all(crash, java.is_some());
        let fields = fields::others(crash, &audience);
        let notes = crash
            .get("processor_notes")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .lines();
        Self {
            signature: text("signature"),
            crash_id: text("uuid").or_else(|| text("crash_id")),
            product: product.join(" "),
            what: facts::what(crash, &audience),
            why: facts::why(crash, &audience),
            java,
            walks,
            fields,
            notes: notes
                .take(MOST_NOTES)
                .map(|note| words::line(note, VALUE))
                .collect(),
            audience,
        }
    }

    /// The stacks of the process that crashed.
    #[must_use]
    pub fn walk(&self) -> Option<&Walk> {
        self.walks.first().filter(|walk| walk.minidump.is_none())
    }
}
