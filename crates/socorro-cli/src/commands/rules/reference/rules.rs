//! The page about rules.

use std::fmt::Write as _;

use socorro_processor::Ruleset;

use super::{
    super::{catalog::Catalog, items, list},
    cell,
};

const INTRODUCTION: &str = include_str!("rules.md");

/// The page, without a line break at its end.
pub(in super::super) fn page(catalog: &Catalog, ruleset: &Ruleset) -> String {
    let mut page = INTRODUCTION.to_owned();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "\n## The ruleset `{}`\n\nIt {}.\n\n| | Rule | What for |\n|--:|---|---|\n",
        ruleset.name(),
        list::start(ruleset)
    );
    for (index, info) in ruleset.infos().enumerate() {
        let anchor = info.name.to_lowercase();
        let (name, purpose) = (info.name, cell(info.purpose));
        let _ = writeln!(page, "| {} | [{name}](#{anchor}) | {purpose} |", index + 1);
    }
    for info in ruleset.infos() {
        let _ = write!(
            page,
            "\n### {}\n\nTo {}.\n\n- Reads: {}\n- Writes: {}\n",
            info.name,
            info.purpose,
            items::text(info.reads, "`"),
            items::text(info.writes, "`"),
        );
        for option in catalog.options(info.name) {
            let _ = writeln!(
                page,
                "- Option `{}` (default: {}): {}",
                option.name, option.default, option.meaning
            );
        }
    }
    page.trim_end().to_owned()
}
