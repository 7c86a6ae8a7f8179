//! What a rule is: one step of the pipeline, and what it says about itself.

use std::{borrow::Cow, fmt};

use async_trait::async_trait;
use serde_json::{Map, Value};
use socorro_core::schema::Schema;

use crate::crash::Crash;

/// One step of the pipeline: looks at a crash and writes some of its fields.
///
/// A rule is a page that explains itself: [`Rule::info`] names it, says what it is for, and lists
/// what it reads and writes. A rule that fails or panics leaves a note, and the pipeline goes on
/// with the next one; what it wrote before stays.
///
/// ```
/// use socorro_processor::{Crash, Item, Rule, RuleError, RuleInfo};
///
/// /// Says whether the crash happened on the nightly channel.
/// #[derive(Debug)]
/// struct IsNightly;
///
/// impl Rule for IsNightly {
///     fn info(&self) -> RuleInfo {
///         RuleInfo {
///             name: "IsNightly",
///             purpose: "mark crashes of nightly builds",
///             reads: &[Item::Annotation("ReleaseChannel")],
///             writes: &[Item::Field("is_nightly")],
///         }
///     }
///
///     fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
///         let nightly = crash.raw.annotation("ReleaseChannel") == Some("nightly");
///         crash.processed.set("is_nightly", nightly);
///         Ok(())
///     }
/// }
/// ```
pub trait Rule: fmt::Debug + Send + Sync + 'static {
    /// What the rule says about itself.
    fn info(&self) -> RuleInfo;

    /// Whether there is anything to do for this crash.
    fn applies(&self, crash: &Crash) -> bool {
        let _ = crash;
        true
    }

    /// Whether the rule also runs in safe mode: for a crash that has taken whole processes with it,
    /// so that nothing may be done that could have been the reason ([`Crash::is_in_safe_mode`]).
    ///
    /// By default that is every rule that does not read the dumps.
    fn runs_in_safe_mode(&self) -> bool {
        !self.info().reads.contains(&Item::Dumps)
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// Whatever keeps the rule from doing its work. Values of the wrong type are better treated as
    /// absent, with a note ([`Crash::wrong_type`]).
    fn apply(&self, crash: &mut Crash) -> Result<(), RuleError>;
}

/// A [`Rule`] that truly waits for something outside, like a stackwalk or a version service.
#[async_trait]
pub trait AsyncRule: fmt::Debug + Send + Sync + 'static {
    /// What the rule says about itself.
    fn info(&self) -> RuleInfo;

    /// Whether there is anything to do for this crash.
    fn applies(&self, crash: &Crash) -> bool {
        let _ = crash;
        true
    }

    /// Whether the rule also runs in safe mode: for a crash that has taken whole processes with it,
    /// so that nothing may be done that could have been the reason ([`Crash::is_in_safe_mode`]).
    ///
    /// By default that is every rule that does not read the dumps.
    fn runs_in_safe_mode(&self) -> bool {
        !self.info().reads.contains(&Item::Dumps)
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// As [`Rule::apply`].
    async fn apply(&self, crash: &mut Crash) -> Result<(), RuleError>;
}

/// What a rule says about itself. The list of all of them is the table of contents of a ruleset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleInfo {
    /// The name, unique in a ruleset. The built-in rules keep the names of Mozilla Socorro.
    pub name: &'static str,
    /// One line: what a reader of the crash gains.
    pub purpose: &'static str,
    /// What it looks at.
    pub reads: &'static [Item],
    /// What it may write.
    pub writes: &'static [Item],
}

impl RuleInfo {
    /// What changed between two states of a crash although the rule does not declare to write it:
    /// fields and annotations that came, went or have another value now.
    #[must_use]
    pub fn undeclared_writes(&self, before: &Crash, after: &Crash) -> Vec<String> {
        let fields = changed(before.processed.as_map(), after.processed.as_map())
            .filter(|name| !self.writes.iter().any(|item| item.covers_field(name)))
            .map(|name| format!("field {name}"));
        let annotations = changed(before.raw.as_map(), after.raw.as_map())
            .filter(|name| !self.writes.iter().any(|item| item.covers_annotation(name)))
            .map(|name| format!("annotation {name}"));
        let dumps = (before.dumps != after.dumps).then(|| "dumps".to_owned());
        fields.chain(annotations).chain(dumps).collect()
    }
}

/// The names of all members that differ.
fn changed<'a>(
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
) -> impl Iterator<Item = &'a String> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let new = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, _)| name);
    gone.chain(new)
}

/// Something that a rule reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// A member of the raw crash.
    Annotation(&'static str),
    /// Any member of the raw crash.
    Annotations,
    /// A field of the processed crash, or a place inside one as a dotted path.
    Field(&'static str),
    /// All fields that the schema copies from annotations.
    CopiedFields,
    /// The fields of a stackwalk below the name of each further minidump.
    FurtherMinidumps,
    /// The files of the report.
    Dumps,
}

impl Item {
    /// The top-level field of the processed crash that this is or lies in.
    #[must_use]
    pub fn top_level_field(&self) -> Option<&'static str> {
        match self {
            Self::Field(path) => Some(path.split_once('.').map_or(*path, |(first, _)| first)),
            _ => None,
        }
    }

    /// Whether this is, or holds, or lies in a top-level field of the processed crash.
    #[must_use]
    pub fn covers_field(&self, name: &str) -> bool {
        match self {
            Self::Field(_) => self.top_level_field() == Some(name),
            Self::CopiedFields => Schema::processed_crash()
                .field(name)
                .is_some_and(|field| field.source_annotation().is_some()),
            // They lie below the names of files, of which the schema knows only the usual one.
            Self::FurtherMinidumps => {
                name.starts_with("upload_file_minidump")
                    || Schema::processed_crash().field(name).is_none()
            }
            Self::Annotation(_) | Self::Annotations | Self::Dumps => false,
        }
    }

    /// Whether this is, or holds, a member of the raw crash.
    #[must_use]
    pub fn covers_annotation(&self, name: &str) -> bool {
        match self {
            Self::Annotations => true,
            Self::Annotation(annotation) => *annotation == name,
            _ => false,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Annotation(name) => write!(f, "annotation {name}"),
            Self::Annotations => f.write_str("all annotations"),
            Self::Field(path) => write!(f, "field {path}"),
            Self::CopiedFields => f.write_str("all copied fields"),
            Self::FurtherMinidumps => f.write_str("stackwalks of further minidumps"),
            Self::Dumps => f.write_str("dumps"),
        }
    }
}

/// Why a rule could not do its work.
///
/// Notes are public, so only the `kind` gets into them; the detail, which may hold private data,
/// goes to the debug log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct RuleError {
    kind: Cow<'static, str>,
    detail: String,
    is_temporary: bool,
}

impl RuleError {
    /// An error of some kind: one word for the note, and the detail.
    pub fn new(kind: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            detail: detail.into(),
            is_temporary: false,
        }
    }

    /// An error that has nothing to do with the crash: something the rule needs is not to be had at the moment. It ends
    /// the run, and the crash is to be processed again.
    pub fn temporary(kind: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            is_temporary: true,
            ..Self::new(kind, detail)
        }
    }

    /// Whether the same crash may fare better later, with nothing changed but the time.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.is_temporary
    }

    /// The kind: a word without private data.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }
}
