//! What a command says when it cannot do what it was asked to.

use std::{error::Error, fmt};

use crate::exit::Exit;

/// An error for a person: what failed and why, the way out where there is one, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    /// Whether the message is all of the line, in somebody else's words.
    verbatim: bool,
}

impl Failure {
    /// Something that did not work.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failure,
            message: message.into(),
            hint: None,
            verbatim: false,
        }
    }

    /// The same in words that scripts know from another program: nothing is put before them.
    pub(crate) fn verbatim(message: impl Into<String>) -> Self {
        Self {
            verbatim: true,
            ..Self::new(message)
        }
    }

    /// Something that nobody should have asked for.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            ..Self::new(message)
        }
    }

    /// Something that did not work because of `error`, with everything that caused that.
    pub(crate) fn because(what: impl fmt::Display, error: &dyn Error) -> Self {
        Self::new(format!("{what}: {}", with_causes(error)))
    }

    /// Adds the way out, shown on a line of its own.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what did not work because of this.
    pub(crate) fn within(self, what: impl fmt::Display) -> Self {
        Self {
            message: format!("{what}: {}", self.message),
            ..self
        }
    }

    /// The same, with the exit code of a wrong call: what is wrong is in the settings.
    pub(crate) fn into_usage(self) -> Self {
        Self {
            exit: Exit::Usage,
            ..self
        }
    }

    /// The same, with another exit code.
    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// Whether nothing is to be put before the message.
    pub(crate) fn is_verbatim(&self) -> bool {
        self.verbatim
    }

    /// The exit code of the program.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// What failed, and why, on one line.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The way out.
    pub(crate) fn way_out(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// How much of a cause is told: servers answer with pages.
const CAUSE_LENGTH: usize = 400;

/// An error and its causes on one line. A cause that the line tells already is not repeated.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = on_one_line(&error.to_string());
        if !line.contains(&text) {
            line = format!("{line}: {text}");
        }
        cause = error.source();
    }
    line
}

/// What a cause says, without the line breaks and the prologue of an answer in XML.
fn on_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let line = match (line.find("<?xml"), line.find("?>")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &line[..start], line[end + 2..].trim_start())
        }
        _ => line,
    };
    match line.char_indices().nth(CAUSE_LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl From<socorro_storage::Error> for Failure {
    fn from(error: socorro_storage::Error) -> Self {
        use socorro_storage::{Error as Storage, ErrorKind};
        let message = with_causes(&error);
        let failure = match error.kind() {
            ErrorKind::Configuration => Self::usage(message),
            _ => Self::new(message),
        };
        match error {
            Storage::MissingFeature { feature, .. } => failure.hint(install_with(feature)),
            Storage::UnknownScheme { .. } => {
                failure.hint("a directory is written file:///path, a bucket s3://name")
            }
            _ => failure,
        }
    }
}

impl From<socorro_queue::Error> for Failure {
    fn from(error: socorro_queue::Error) -> Self {
        use socorro_queue::Error as Queue;
        let message = with_causes(&error);
        match error {
            Queue::CompiledOut { feature, .. } => Self::usage(message).hint(install_with(feature)),
            Queue::InvalidUrl { .. }
            | Queue::InvalidOption { .. }
            | Queue::UnknownScheme { .. }
            | Queue::UnknownLane { .. }
            | Queue::InvalidRulesetName { .. } => Self::usage(message),
            Queue::Unsupported { .. } => {
                Self::new(message).hint("do it with the tools of its vendor")
            }
            Queue::NoSuchDeadLetter { .. } => {
                Self::new(message).hint("`socorro queue dead list` shows them")
            }
            _ => Self::new(message),
        }
    }
}

#[cfg(feature = "crash-stats")]
impl From<socorro_crash_stats::client::Error> for Failure {
    fn from(error: socorro_crash_stats::client::Error) -> Self {
        use socorro_crash_stats::client::Error as Client;
        let message = with_causes(&error);
        match error {
            Client::InvalidHost { .. } | Client::InvalidToken { .. } => Self::usage(message),
            Client::Unreachable { .. } => Self::new(message)
                .hint("--host or SOCORRO_HOST says which server; is it spelled right, and is there a network?"),
            Client::TokenRefused { .. } => Self::new(message)
                .hint("tokens are made and looked at on the page API Tokens of the server; SOCORRO_API_TOKEN holds yours"),
            Client::Redirected { .. } => Self::new(message).hint("name the right one with --host"),
            Client::TooManyRequests { .. } => Self::new(message)
                .hint("try again later, with a token (SOCORRO_API_TOKEN), or more slowly (--rate)"),
            Client::WebPage { .. } => {
                Self::new(message).hint("look at --host, and at proxies and logins on the way")
            }
            _ => Self::new(message),
        }
    }
}

impl From<socorro_stackwalk::SymbolError> for Failure {
    fn from(error: socorro_stackwalk::SymbolError) -> Self {
        use socorro_stackwalk::SymbolError;
        let message = with_causes(&error);
        match error {
            SymbolError::NotBuiltIn { feature, .. } => {
                let feature = match feature {
                    "http" => "http-symbols",
                    other => other,
                };
                Self::usage(message).hint(install_with(feature))
            }
            SymbolError::BadUrl { .. } => Self::usage(message),
            _ => Self::new(message),
        }
    }
}

impl From<socorro_signature::SignatureError> for Failure {
    fn from(error: socorro_signature::SignatureError) -> Self {
        Self::new(with_causes(&error))
    }
}

impl From<socorro_processor::Error> for Failure {
    fn from(error: socorro_processor::Error) -> Self {
        use socorro_processor::Error as Processor;
        let message = with_causes(&error);
        match error {
            Processor::UnknownRuleset { .. } | Processor::UnknownRule { .. } => {
                Self::usage(message)
            }
            Processor::RulesetFile { .. } => {
                Self::new(message).hint("`socorro rules list` shows the rules and their options")
            }
            _ => Self::new(message),
        }
    }
}

/// How to get a program with a feature that this one was built without.
pub(crate) fn install_with(feature: &str) -> String {
    format!("cargo install socorro-cli --features {feature}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Link(&'static str, Option<Box<Link>>);
    impl fmt::Display for Link {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl Error for Link {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|link| link as _)
        }
    }

    #[test]
    fn causes_follow_each_other_and_are_told_once() {
        let error = Link(
            "no crash: disk on fire",
            Some(Box::new(Link(
                "disk on fire",
                Some(Box::new(Link("heat", None))),
            ))),
        );
        assert_eq!(with_causes(&error), "no crash: disk on fire: heat");
    }

    #[test]
    fn a_page_of_a_server_is_one_short_line() {
        let page = "404: <?xml version='1.0'?>\n<Error>\n <Code>NoSuchBucket</Code></Error>";
        assert_eq!(
            on_one_line(page),
            "404: <Error> <Code>NoSuchBucket</Code></Error>"
        );
        let long = on_one_line(&"é".repeat(CAUSE_LENGTH + 1));
        assert_eq!(long.chars().count(), CAUSE_LENGTH + 1);
        assert!(long.ends_with("é…"), "{long}");
        // Ends before it begins.
        assert_eq!(on_one_line("?> <?xml"), "?> <?xml");
    }
}
