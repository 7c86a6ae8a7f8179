//! Parameters by name, and the URLs they come in.

use url::{Url, form_urlencoded};

use super::QueryError;

/// The parameters of a search, in their order; a name may come several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query part of a URL, without its question mark.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The parameters of a search that somebody has pasted as a whole: the URL of a search, of a
    /// signature report or of the API. Which host it names does not matter.
    ///
    /// ```
    /// use socorro_crash_stats::query::Parameters;
    ///
    /// let url = "https://crash-stats.mozilla.com/search/?product=Firefox&signature=%7EJS%3A%3A&_columns=date#facet-version";
    /// let parameters = Parameters::of_search(url)?.without_presentation();
    /// assert_eq!(parameters.to_string(), "product=Firefox&signature=%7EJS%3A%3A");
    /// # Ok::<(), socorro_crash_stats::query::QueryError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`QueryError::NotASearch`] when it is no URL of HTTP(S), or has no query.
    pub fn of_search(url: &str) -> Result<Self, QueryError> {
        let bad = |why: &str| QueryError::NotASearch(why.to_owned());
        let url = Url::parse(url.trim()).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("it does not begin with https://"));
        }
        let query = url.query().filter(|query| !query.is_empty());
        let query = query.ok_or_else(|| bad("it has no parameters after a question mark"))?;
        Ok(Self::from_query(query))
    }

    /// Without those that say how results are shown, which begin with `_`; the order, `_sort`,
    /// stays.
    #[must_use]
    pub fn without_presentation(mut self) -> Self {
        self.0
            .retain(|(name, _)| !name.starts_with('_') || name == "_sort");
        self
    }

    /// Adds one.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Replaces all of that name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        self.remove(&name);
        self.push(name, value);
    }

    /// Takes all of that name out; says whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, _)| known != name);
        self.0.len() < before
    }

    /// The values of a name.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| &**value)
    }

    /// Whether there is one of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The names, each once, in order.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in &self.0 {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
        names
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(parameters: I) -> Self {
        let parameters = parameters.into_iter();
        Self(
            parameters
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// As the query of a URL.
impl std::fmt::Display for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut serializer = form_urlencoded::Serializer::new(String::new());
        f.write_str(&serializer.extend_pairs(self.iter()).finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_search_is_refused_with_a_reason() {
        for (text, why) in [
            ("product=Firefox", "without a base"),
            ("file:///search/?product=Firefox", "https://"),
            ("https://crash-stats.mozilla.org/search/", "no parameters"),
        ] {
            let error = Parameters::of_search(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_query_survives_being_written_and_read() {
        let parameters: Parameters = [("a", "1 + 1"), ("b", "ä&="), ("a", ">=2")]
            .into_iter()
            .collect();
        assert_eq!(Parameters::from_query(&parameters.to_string()), parameters);
        assert_eq!(parameters.values("a").collect::<Vec<_>>(), ["1 + 1", ">=2"]);
    }
}
