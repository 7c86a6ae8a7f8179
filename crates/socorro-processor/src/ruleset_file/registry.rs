//! Rules by name, with their options.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use toml::Table;

use super::{
    OptionError, OptionInfo, Problem, RuleOptions,
    document::{known_keys, wrong},
};
use crate::{
    rule::{AsyncRule, Rule, RuleInfo},
    ruleset::Step,
    suggestion::nearest,
};

type Make = dyn Fn(&RuleOptions<'_>) -> Result<Step, OptionError> + Send + Sync;

/// The rules that a ruleset file can name.
///
/// ```
/// use socorro_processor::{
///     Crash, Rule, RuleError, RuleInfo,
///     ruleset_file::{OptionInfo, RuleRegistry},
/// };
///
/// /// Writes a greeting.
/// #[derive(Debug)]
/// struct Greeting(String);
///
/// impl Rule for Greeting {
///     fn info(&self) -> RuleInfo {
///         RuleInfo { name: "Greeting", purpose: "be nice", reads: &[], writes: &[] }
///     }
///     fn apply(&self, crash: &mut Crash) -> Result<(), RuleError> {
///         crash.note(self.0.clone());
///         Ok(())
///     }
/// }
///
/// const OPTIONS: [OptionInfo; 1] =
///     [OptionInfo { name: "text", default: "\"hello\"", meaning: "what to say" }];
///
/// let registry = RuleRegistry::empty().configurable(&OPTIONS, |options| {
///     let text = options.get("text")?;
///     Ok(Greeting(text.unwrap_or_else(|| "hello".to_owned())))
/// })?;
/// assert_eq!(registry.options("Greeting"), OPTIONS);
/// # Ok::<(), socorro_processor::ruleset_file::OptionError>(())
/// ```
#[derive(Clone, Default)]
pub struct RuleRegistry {
    rules: BTreeMap<&'static str, Entry>,
}

#[derive(Clone)]
struct Entry {
    info: RuleInfo,
    options: &'static [OptionInfo],
    make: Arc<Make>,
}

impl RuleRegistry {
    /// No rules.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a rule without options; one of the same name is replaced.
    #[must_use]
    pub fn rule(self, rule: impl Rule) -> Self {
        self.step(Step::Sync(Arc::new(rule)))
    }

    /// Adds a rule without options that waits for something outside.
    #[must_use]
    pub fn async_rule(self, rule: impl AsyncRule) -> Self {
        self.step(Step::Async(Arc::new(rule)))
    }

    /// Adds a rule that is made with options; one of the same name is replaced.
    ///
    /// # Errors
    ///
    /// When the rule cannot be made without any options.
    pub fn configurable<R: Rule>(
        self,
        options: &'static [OptionInfo],
        make: impl Fn(&RuleOptions<'_>) -> Result<R, OptionError> + Send + Sync + 'static,
    ) -> Result<Self, OptionError> {
        self.entry(options, move |options| {
            make(options).map(|rule| Step::Sync(Arc::new(rule)))
        })
    }

    /// [`RuleRegistry::configurable`] for a rule that waits for something outside.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn configurable_async<R: AsyncRule>(
        self,
        options: &'static [OptionInfo],
        make: impl Fn(&RuleOptions<'_>) -> Result<R, OptionError> + Send + Sync + 'static,
    ) -> Result<Self, OptionError> {
        self.entry(options, move |options| {
            make(options).map(|rule| Step::Async(Arc::new(rule)))
        })
    }

    /// What the rules say about themselves, by name.
    pub fn infos(&self) -> impl Iterator<Item = RuleInfo> {
        self.rules.values().map(|entry| entry.info)
    }

    /// The options of a rule; none for one that has none or is not there.
    #[must_use]
    pub fn options(&self, name: &str) -> &'static [OptionInfo] {
        self.rules.get(name).map_or(&[], |entry| entry.options)
    }

    pub(super) fn step(mut self, step: Step) -> Self {
        let info = step.info();
        let entry = Entry {
            info,
            options: &[],
            make: Arc::new(move |_| Ok(step.clone())),
        };
        self.rules.insert(info.name, entry);
        self
    }

    fn entry(
        mut self,
        options: &'static [OptionInfo],
        make: impl Fn(&RuleOptions<'_>) -> Result<Step, OptionError> + Send + Sync + 'static,
    ) -> Result<Self, OptionError> {
        let none = RuleOptions {
            table: &Table::new(),
            directory: Path::new(""),
        };
        let info = make(&none)?.info();
        let entry = Entry {
            info,
            options,
            make: Arc::new(make),
        };
        self.rules.insert(info.name, entry);
        Ok(self)
    }

    /// The rule that the file names at `key`, with its defaults.
    pub(super) fn make(&self, name: &str, key: &str) -> Result<Step, Problem> {
        let none = RuleOptions {
            table: &Table::new(),
            directory: Path::new(""),
        };
        self.make_with(name, &none, key, key)
    }

    /// The rule with the options at `options_key`.
    pub(super) fn make_with(
        &self,
        name: &str,
        options: &RuleOptions<'_>,
        key: &str,
        options_key: &str,
    ) -> Result<Step, Problem> {
        let Some(entry) = self.rules.get(name) else {
            return Err(Problem::UnknownRule {
                key: key.to_owned(),
                name: name.to_owned(),
                place: "",
                suggestion: nearest(name, self.rules.keys().copied()).map(str::to_owned),
            });
        };
        if entry.options.is_empty() && !options.table.is_empty() {
            let key = options_key.to_owned();
            return Err(Problem::NoOptions { key });
        }
        let known: Vec<&str> = entry.options.iter().map(|option| option.name).collect();
        known_keys(options.table, options_key, &known)?;
        (entry.make)(options).map_err(|OptionError { option, reason }| match option {
            Some(option) => wrong(&format!("{options_key}.{option}"), reason),
            None => wrong(options_key, reason),
        })
    }
}

impl fmt::Debug for RuleRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RuleRegistry ")?;
        f.debug_set().entries(self.rules.keys()).finish()
    }
}
