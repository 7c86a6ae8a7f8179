//! The list of cases that differ from upstream on purpose.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

/// Case ids with the reason why they differ.
pub(crate) struct Deviations(BTreeMap<String, String>);

impl Deviations {
    /// Reads lines `ID REASON`; `#` begins a comment.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let mut deviations = BTreeMap::new();
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (id, reason) = line
                .split_once(char::is_whitespace)
                .with_context(|| format!("deviation without a reason: {line}"))?;
            let earlier = deviations.insert(id.to_owned(), reason.trim().to_owned());
            ensure!(earlier.is_none(), "deviation listed twice: {id}");
        }
        Ok(Self(deviations))
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }
}
