//! The reference pages, made of what rules and schema say about themselves.

mod fields;
mod rules;

pub(super) use fields::page as fields;
pub(super) use rules::page as rules;

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
