//! Super Search: crash ids, and columns, of the crashes that filters match.

mod results;
mod window;

use jiff::Timestamp;
use url::form_urlencoded;

pub use self::{
    results::{Hit, SearchResults},
    window::Window,
};
use super::CrashStats;

/// The field by which crashes lie in time.
const DATE: &str = "date";
/// The column that every search asks for.
const UUID: &str = "uuid";

/// What to search for.
///
/// Filters have the form of Super Search: a field, and an operator before the value. Different
/// fields all have to match; of plain values of one field, any.
///
/// ```
/// use socorro_crash_stats::client::Search;
///
/// let search = Search::new()
///     .filter("product", "Firefox")
///     .filter("signature", "~OOM")
///     .columns(["signature", "version"])
///     .limit(500);
/// assert!(search.has("product"));
/// ```
#[derive(Debug, Clone)]
pub struct Search {
    filters: Vec<(String, String)>,
    window: Option<Window>,
    columns: Vec<String>,
    sort: Vec<String>,
    limit: Option<u64>,
}

impl Default for Search {
    fn default() -> Self {
        Self::new()
    }
}

impl Search {
    /// Everything there is, of the last week.
    #[must_use]
    pub fn new() -> Self {
        Self {
            filters: Vec::new(),
            window: None,
            columns: vec![UUID.to_owned()],
            sort: Vec::new(),
            limit: None,
        }
    }

    /// The search that the address of a page of Super Search is for, whatever its host: its filters
    /// and its order. How the page shows the results is left aside.
    ///
    /// ```
    /// use socorro_crash_stats::client::Search;
    ///
    /// let search = Search::of_url("https://crash-stats.mozilla.com/search/?product=Fenix&_facets=url&page=2");
    /// assert!(search.has("product") && !search.has("_facets") && !search.has("page"));
    /// ```
    #[must_use]
    pub fn of_url(url: &str) -> Self {
        let query = url.split_once('?').map_or(url, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let mut search = Self::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "_sort" => search.sort.push(value.into_owned()),
                "page" | "" => {}
                name if name.starts_with('_') => {}
                name => search = search.filter(name, value),
            }
        }
        search
    }

    /// Adds a filter: `signature`, `~OOM`.
    #[must_use]
    pub fn filter(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.filters.push((field.into(), value.into()));
        self
    }

    /// Takes all filters on a field out.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        self.filters.retain(|(name, _)| name != field);
        self
    }

    /// Whether there is a filter on a field.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.filters.iter().any(|(name, _)| name == field)
    }

    /// Searches from a first moment up to, and without, a last one, in place of what filters on
    /// `date` say.
    #[must_use]
    pub fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.window = Some(Window { from, until });
        self.without(DATE)
    }

    /// Asks for columns beside the id.
    #[must_use]
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        for column in columns.into_iter().map(Into::into) {
            if !self.columns.contains(&column) {
                self.columns.push(column);
            }
        }
        self
    }

    /// Sorts by a field, or the other way round by `-field`; by `date` when nobody says.
    #[must_use]
    pub fn sort(mut self, field: impl Into<String>) -> Self {
        self.sort.push(field.into());
        self
    }

    /// Ends after so many results.
    #[must_use]
    pub fn limit(mut self, results: u64) -> Self {
        self.limit = Some(results);
        self
    }

    /// The parameters that all requests of this search have in common, for people.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = self.filters.clone();
        for filter in self.window.into_iter().flat_map(Window::filters) {
            parameters.push((DATE.to_owned(), filter));
        }
        let columns = self.columns.iter();
        parameters.extend(columns.map(|column| ("_columns".to_owned(), column.clone())));
        let sort = self.sort.iter();
        parameters.extend(sort.map(|field| ("_sort".to_owned(), field.clone())));
        parameters
    }

    /// What is searched from when to when, and the search without its own filters on that. Filters
    /// that are no bounds stay, and there is no window that could be parted.
    fn settled(mut self, now: Timestamp) -> Self {
        if self.window.is_none() {
            let dates = self.filters.iter().filter(|(name, _)| name == DATE);
            let dates: Vec<&str> = dates.map(|(_, value)| value.as_str()).collect();
            self.window = if dates.is_empty() {
                Some(Window::usual(now))
            } else {
                Window::of_bounds(dates, now)
            };
            if self.window.is_some() {
                self = self.without(DATE);
            }
        }
        if self.sort.is_empty() {
            self.sort.push(DATE.to_owned());
        }
        self
    }
}

impl CrashStats {
    /// Searches. Nothing is asked before the first page of the results is.
    #[must_use]
    pub fn search(&self, search: Search) -> SearchResults {
        SearchResults::new(self.clone(), search.settled(Timestamp::now()))
    }
}
