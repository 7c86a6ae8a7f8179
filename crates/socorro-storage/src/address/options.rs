//! The query of an address.

use url::Url;

use super::invalid;
use crate::{error::Error, options::StorageOptions};

/// What every storage knows.
pub(super) const COMMON: &[&str] = &["legacy_keys"];

/// The options in the query of an address, checked against the known ones.
#[derive(Debug, Default)]
pub(super) struct Query {
    legacy_keys: Option<bool>,
    others: Vec<(String, String)>,
}

impl Query {
    pub(super) fn parse(url: &Url, known: &[&str]) -> Result<Self, Error> {
        let mut query = Self::default();
        for (name, value) in url.query_pairs() {
            if name == "legacy_keys" {
                query.legacy_keys = Some(flag(url, &name, &value)?);
            } else if known.contains(&name.as_ref()) {
                query.others.push((name.into_owned(), value.into_owned()));
            } else {
                let known = [COMMON, known].concat().join(", ");
                return Err(invalid(
                    url,
                    format!("unknown option {name:?}; known are {known}"),
                ));
            }
        }
        Ok(query)
    }

    /// The settings with what the address overrides.
    pub(super) fn apply(&self, mut options: StorageOptions) -> StorageOptions {
        if let Some(legacy_keys) = self.legacy_keys {
            options.legacy_keys = legacy_keys;
        }
        options
    }

    /// The value of an option of this kind of storage; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.others
            .iter()
            .find(|(present, value)| present == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

fn flag(url: &Url, name: &str, value: &str) -> Result<bool, Error> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(invalid(
            url,
            format!("the option {name} is 0 or 1, not {value:?}"),
        )),
    }
}
