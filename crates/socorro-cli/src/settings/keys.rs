//! Where settings lie in the configuration file.

/// A section of the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    /// What its settings are about.
    pub(crate) about: &'static str,
}

/// The sections, in the order in which an operator thinks of them. An option whose name begins
/// with that of a section belongs there (`--log-format` is `format` in `[log]`), any other one to
/// [`GENERAL`], unless [`PLACES`] says otherwise.
pub(crate) const SECTIONS: [Section; 15] = [
    section("storage", "where crashes are"),
    section("queue", "which crashes are to be processed"),
    section("collector", "how crash reports are taken over HTTP"),
    section(
        "spool",
        "where reports wait while storage or queue are down",
    ),
    section("processor", "how the processor goes about its work"),
    section(
        "destinations",
        "who gets processed crashes besides the storage; NAME = \"URL\"",
    ),
    section("stackwalk", "how minidumps are walked"),
    section("symbols", "where symbols come from"),
    section("signature", "how signatures are made"),
    section("rules", "rulesets of your own"),
    section("verify", "looking for crashes that were never processed"),
    section("crash_stats", "the Crash Stats server that is asked"),
    section("log", "the log on standard error"),
    section("statsd", "metrics"),
    section("sentry", "reports of errors"),
];

/// Options of [`COLLECTOR`], which do not begin with its name.
const OF_COLLECTOR: [&str; 28] = [
    "bind",
    "admin-bind",
    "data",
    "throttle",
    "submitter-token",
    "report-token",
    "verify",
    "save-budget",
    "dedupe-window",
    "main-dump",
    "forbidden",
    "drain-delay",
    "decode-percent-names",
    "submit-path",
    "bare-for-crashpad",
    "view-url",
    "trusted-proxy",
    "rate-address",
    "rate-client",
    "rate-product",
    "log-addresses",
    "max-body",
    "max-unpacked",
    "max-file",
    "max-files",
    "max-parts",
    "max-memory",
    "max-connections",
];
/// The section of the collector.
const COLLECTOR: &str = "collector";

/// The section of options that name none.
const GENERAL: &str = "processor";

/// Options that lie elsewhere than their name says: option, section, key. An option that is a
/// section as a whole has no key.
const PLACES: [(&str, &str, &str); 19] = [
    ("storage", "storage", "url"),
    ("endpoint-url", "storage", "s3_endpoint"),
    ("region", "storage", "s3_region"),
    ("queue", "queue", "url"),
    ("spool", "spool", "directory"),
    ("destination", "destinations", ""),
    ("deadline", "stackwalk", "deadline"),
    ("max-dump-size", "stackwalk", "max_dump_size"),
    ("frames", "stackwalk", "frames"),
    ("symbols", "symbols", "sources"),
    ("siglists", "signature", "lists"),
    ("grouping", "signature", "grouping"),
    ("rulesets", "rules", "file"),
    ("statsd", "statsd", "host"),
    ("version-service", "rules", "version_service"),
    ("host", "crash_stats", "host"),
    ("api-token", "crash_stats", "api_token"),
    ("reprocess-api-token", "crash_stats", "reprocess_api_token"),
    ("rate", "crash_stats", "rate"),
];

const fn section(name: &'static str, about: &'static str) -> Section {
    Section { name, about }
}

/// Where a setting lies in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) section: &'static str,
    /// Nothing when the section as a whole is the setting.
    pub(crate) name: Option<String>,
}

impl Key {
    /// The key of an option.
    pub(crate) fn of(option: &str) -> Self {
        if let Some((_, section, name)) = PLACES.iter().find(|(named, ..)| *named == option) {
            let name = (!name.is_empty()).then(|| (*name).to_owned());
            return Self { section, name };
        }
        if OF_COLLECTOR.contains(&option) {
            return Self {
                section: COLLECTOR,
                name: Some(option.replace('-', "_")),
            };
        }
        let by_name = option.split_once('-').and_then(|(first, rest)| {
            let section = SECTIONS.iter().find(|section| section.name == first)?;
            Some((section.name, rest))
        });
        let (section, name) = by_name.unwrap_or((GENERAL, option));
        Self {
            section,
            name: Some(name.replace('-', "_")),
        }
    }

    /// The place of its section in [`SECTIONS`].
    pub(crate) fn order(&self) -> usize {
        let position = SECTIONS
            .iter()
            .position(|section| section.name == self.section);
        position.unwrap_or(SECTIONS.len())
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}.{name}", self.section),
            None => f.write_str(self.section),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_option_says_where_it_lies() {
        for (option, key) in [
            ("workers", "processor.workers"),
            ("max-attempts", "processor.max_attempts"),
            ("log-format", "log.format"),
            ("symbols", "symbols.sources"),
            ("symbols-cache", "symbols.cache"),
            ("storage", "storage.url"),
            ("destination", "destinations"),
            ("verify-every", "verify.every"),
            ("verify", "collector.verify"),
            ("spool", "spool.directory"),
            ("spool-mode", "spool.mode"),
        ] {
            assert_eq!(Key::of(option).to_string(), key);
        }
    }

    #[test]
    fn every_place_is_in_a_section() {
        for (option, ..) in PLACES {
            assert!(Key::of(option).order() < SECTIONS.len(), "{option}");
        }
        assert!(Key::of("anything").order() < SECTIONS.len());
        assert!(Key::of(OF_COLLECTOR[0]).order() < SECTIONS.len());
    }
}
