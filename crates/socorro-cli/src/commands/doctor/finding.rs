//! What a check finds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::Failure;

/// What a check finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) state: State,
    /// What was checked, in a word.
    pub(super) name: &'static str,
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    /// A processor works, but not as well as it could.
    Warning,
    /// A processor does not work.
    Error,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Finding {
    pub(super) fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            state: State::Ok,
            name,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn warning(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            state: State::Warning,
            ..Self::ok(name, message)
        }
    }

    pub(super) fn error(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            state: State::Error,
            ..Self::ok(name, message)
        }
    }

    /// An error with the way out that it tells itself.
    pub(super) fn failed(name: &'static str, failure: &Failure) -> Self {
        Self {
            hint: failure.way_out().map(str::to_owned),
            ..Self::error(name, failure.message())
        }
    }

    /// Says what to do, unless that is said already.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "state": self.state.as_str(),
            "message": self.message,
            "hint": self.hint,
        })
    }
}

/// Lets a check take so long and no longer.
pub(super) async fn within<T>(
    limit: Duration,
    name: &'static str,
    what: &str,
    check: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Finding> {
    match tokio::time::timeout(limit, check).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failure)) => Err(Finding::failed(name, &failure)),
        Err(_) => {
            let seconds = limit.as_secs_f64();
            let message = format!("{what}: no answer within {seconds} s");
            Err(Finding::error(name, message)
                .hint("look at the address, the network and firewalls; --timeout sets the time"))
        }
    }
}
