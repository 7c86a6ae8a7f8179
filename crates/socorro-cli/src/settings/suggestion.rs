//! What a mistyped name was probably meant to be.

/// How alike two names have to be, from 0 (nothing in common) to 1 (the same).
const ALIKE: f64 = 0.8;

/// The one of `known` that is most like `name`, if any is.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_likely_name_is_found_and_none_where_nothing_is_alike() {
        let known = ["workers", "lease", "max_attempts"];
        assert_eq!(nearest("worker", known), Some("workers"));
        assert_eq!(nearest("LEESE", known), Some("lease"));
        assert_eq!(nearest("max-attempt", known), Some("max_attempts"));
        assert_eq!(nearest("colour", known), None);
    }
}
