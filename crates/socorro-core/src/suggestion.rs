//! "Did you mean": the known name that is nearest to an unknown one.

/// Longest name that is compared, in characters; the work grows with its square.
const MAX_LENGTH: usize = 100;
/// From this length on, the beginning of a name is enough.
const PREFIX_LENGTH: usize = 3;

/// The one of the known names that somebody who wrote `name` probably meant: one that begins with
/// it, or differs in no more than a third of its characters. Upper and lower case count alike.
///
/// ```
/// use socorro_core::suggestion::nearest;
///
/// let rules = ["IdentifierRule", "TopMostFilesRule"];
/// assert_eq!(nearest("TopmostFileRule", rules), Some("TopMostFilesRule"));
/// assert_eq!(nearest("identifier", rules), Some("IdentifierRule"));
/// assert_eq!(nearest("Breadcrumbs", rules), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    if name.len() > MAX_LENGTH {
        return None;
    }
    known
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            let begins = name.len() >= PREFIX_LENGTH && letters.starts_with(&name);
            let distance = if begins { 1 } else { distance(&name, &letters) };
            (distance <= (name.len() / 3).max(1)).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The end of a message about an unknown name: a question if there is a suggestion, else nothing.
///
/// ```
/// use socorro_core::suggestion::did_you_mean;
///
/// assert_eq!(did_you_mean(Some("accept")), "; did you mean \"accept\"?");
/// assert_eq!(did_you_mean(None), "");
/// ```
#[must_use]
pub fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

/// How many characters have to be put in, taken out or replaced (Levenshtein's distance).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, from) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, to) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_single_changes() {
        let distance = |from: &str, to: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            super::distance(&letters(from), &letters(to))
        };
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("äöü", "äou"), 2);
    }

    #[test]
    fn the_nearest_name_wins_and_far_ones_are_not_suggested() {
        let known = ["default", "defaults2", "regenerate_signature"];
        assert_eq!(nearest("DEFAULT", known), Some("default"));
        assert_eq!(nearest("defalt", known), Some("default"));
        assert_eq!(nearest("regen", known), Some("regenerate_signature"));
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("de", known), None);
        assert_eq!(nearest(&"d".repeat(10_000), known), None);
    }
}
