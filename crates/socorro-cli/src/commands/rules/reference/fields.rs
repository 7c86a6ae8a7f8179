//! The page about fields.

use socorro_core::schema::{Field, Schema};

use super::{super::fields::all, cell};

const INTRODUCTION: &str = include_str!("fields.md");

/// The page, without a line break at its end.
pub(in super::super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Processed crash\n\n| Field | Types | Who | Annotation | Written by |\n|---|---|---|---|---|\n");
    table(&mut page, Schema::processed_crash(), 2, |field| {
        let default = field.default().map(|default| format!(", else `{default}`"));
        let annotation = field.source_annotation().map(|name| format!("`{name}`"));
        let from = annotation.unwrap_or_default() + &default.unwrap_or_default();
        [from, field.written_by().join(", ")].join(" | ")
    });
    page.push_str("\n## Raw crash\n\n| Annotation | Types | Who | Read by |\n|---|---|---|---|\n");
    table(&mut page, Schema::raw_crash(), 1, |field| {
        field.read_by().join(", ")
    });
    page.trim_end().to_owned()
}

/// Adds a row for each field. Fields that lie in no other one have so many more cells at the end.
fn table(page: &mut String, schema: &Schema, more: usize, cells: impl Fn(&Field) -> String) {
    for row in all(schema) {
        let deprecated = if row.field.is_deprecated() {
            " (old crashes)"
        } else {
            ""
        };
        let cells = if row.is_top() {
            cells(row.field)
        } else {
            " | ".repeat(more - 1)
        };
        let line = format!(
            "| `{}`{deprecated} | {} | {} | {cells} |",
            row.path,
            cell(&row.field.types().to_string()),
            row.field.permission(),
        );
        page.push_str(&line);
        page.push('\n');
    }
}
