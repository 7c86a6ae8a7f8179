//! What a rule reads or writes, for people.

use socorro_processor::Item;

/// One line: `fields a, b; annotation C; dumps`. `quoted` is put around names.
pub(super) fn text(items: &[Item], quoted: &str) -> String {
    let (mut fields, mut annotations, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        match item {
            Item::Field(path) => fields.push(format!("{quoted}{path}{quoted}")),
            Item::Annotation(name) => annotations.push(format!("{quoted}{name}{quoted}")),
            other => parts.push(other.to_string()),
        }
    }
    let named = [("annotation", annotations), ("field", fields)];
    for (what, names) in named.into_iter().filter(|(_, names)| !names.is_empty()) {
        let plural = if names.len() == 1 { "" } else { "s" };
        parts.push(format!("{what}{plural} {}", names.join(", ")));
    }
    if parts.is_empty() {
        "nothing".to_owned()
    } else {
        parts.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_kind_stand_together() {
        let items = [
            Item::Field("a"),
            Item::Annotation("X"),
            Item::Field("b.c"),
            Item::Dumps,
        ];
        assert_eq!(text(&items, ""), "dumps; annotation X; fields a, b.c");
        assert_eq!(text(&items[..1], "`"), "field `a`");
        assert_eq!(text(&[], ""), "nothing");
    }
}
