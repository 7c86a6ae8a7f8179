//! Reading the field tables.

use super::field::{Field, Permission, Type, Types};
use crate::error::Error;

/// The rule that writes every field with a `from=`, unless the row says otherwise.
const COPY_RULE: &str = "CopyFromRawCrashRule";

/// Reads all rows of a table and nests them by indentation.
pub(super) fn parse(table: &str, text: &str) -> Result<Vec<Field>, Error> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |reason: String| Error::InvalidSchema {
            table: table.to_owned(),
            line: index + 1,
            reason,
        };
        let row = Row {
            line: index + 1,
            ..Row::parse(line).map_err(bad)?
        };
        rows.push(row);
    }
    let mut rows = rows.into_iter().peekable();
    let mut fields = Vec::new();
    while let Some(row) = rows.next() {
        let (line, depth) = (row.line, row.depth);
        if depth != 0 {
            let reason = "indented deeper than the row above allows".to_owned();
            return Err(Error::InvalidSchema {
                table: table.to_owned(),
                line,
                reason,
            });
        }
        fields.push(nest(row, Permission::Protected, &[], &mut rows));
    }
    Ok(fields)
}

/// One line of a table.
#[derive(Debug)]
struct Row {
    line: usize,
    depth: usize,
    permission: Option<Permission>,
    /// The field without what it takes from the rows around it.
    field: Field,
}

impl Row {
    fn parse(line: &str) -> Result<Self, String> {
        let indentation = line.len() - line.trim_start_matches(' ').len();
        if !indentation.is_multiple_of(2) {
            return Err("indentation goes in steps of two blanks".to_owned());
        }
        let mut words = line.split_whitespace();
        let (Some(name), Some(types)) = (words.next(), words.next()) else {
            return Err("a row needs a name and types".to_owned());
        };
        let types = types
            .split('|')
            .map(|name| Type::parse(name).ok_or_else(|| format!("unknown type {name:?}")))
            .collect::<Result<_, _>>()?;
        let mut row = Self {
            line: 0,
            depth: indentation / 2,
            permission: None,
            field: bare(name, Types(types)),
        };
        for word in words {
            row.attribute(word)?;
        }
        if row.field.source_annotation.is_some() && row.field.written_by.is_empty() {
            row.field.written_by.push(COPY_RULE.to_owned());
        }
        Ok(row)
    }

    fn attribute(&mut self, word: &str) -> Result<(), String> {
        let list = |names: &str| names.split(',').map(str::to_owned).collect();
        match word.split_once('=') {
            None if word == "public" => self.permission = Some(Permission::Public),
            None if word == "protected" => self.permission = Some(Permission::Protected),
            None if word == "deprecated" => self.field.deprecated = true,
            Some(("from", annotation)) => {
                self.field.source_annotation = Some(annotation.to_owned());
            }
            Some(("by", rules)) => self.field.written_by = list(rules),
            Some(("read-by", rules)) => self.field.read_by = list(rules),
            Some(("as", name)) => {
                let kind = Type::parse(name).ok_or_else(|| format!("unknown type {name:?}"))?;
                self.field.written_as = Some(kind);
            }
            Some(("renamed", field)) => self.field.renamed_from = Some(field.to_owned()),
            Some(("nickname", name)) => self.field.nickname = Some(name.to_owned()),
            Some(("default", value)) => {
                let value =
                    serde_json::from_str(value).map_err(|error| format!("bad default: {error}"))?;
                self.field.default = Some(value);
            }
            _ => return Err(format!("unknown attribute {word:?}")),
        }
        Ok(())
    }
}

fn bare(name: &str, types: Types) -> Field {
    Field {
        name: name.to_owned(),
        types,
        permission: Permission::Protected,
        source_annotation: None,
        written_by: Vec::new(),
        read_by: Vec::new(),
        default: None,
        nickname: None,
        deprecated: false,
        written_as: None,
        renamed_from: None,
        members: Vec::new(),
        item: None,
        other_members: None,
    }
}

/// Takes the rows below `row` in, down to the next one that is not indented deeper. `permission` and
/// `written_by` are those of the row above, which hold unless the row has its own.
fn nest(
    row: Row,
    permission: Permission,
    written_by: &[String],
    rows: &mut std::iter::Peekable<std::vec::IntoIter<Row>>,
) -> Field {
    let mut field = row.field;
    field.permission = row.permission.unwrap_or(permission);
    if field.written_by.is_empty() {
        field.written_by = written_by.to_vec();
    }
    while let Some(inner) = rows.next_if(|next| next.depth == row.depth + 1) {
        let inner = nest(inner, field.permission, &field.written_by, rows);
        match inner.name.as_str() {
            "[]" => field.item = Some(Box::new(inner)),
            "*" => field.other_members = Some(Box::new(inner)),
            _ => field.members.push(inner),
        }
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_nest_by_indentation_and_inherit_permission_and_writer() {
        let fields = parse("t", "# head\n\na object public by=R\n  []  string\n  b any protected\n    * string\nc integer\n").unwrap();
        let a = &fields[0];
        assert_eq!(a.item().unwrap().permission(), Permission::Public);
        assert_eq!(a.item().unwrap().written_by(), ["R"]);
        let innermost = a.member("b").unwrap().member("x").unwrap();
        assert_eq!(innermost.permission(), Permission::Protected);
        assert_eq!(innermost.written_by(), ["R"]);
        assert_eq!(
            fields[1].permission(),
            Permission::Protected,
            "protected unless a row says public"
        );
    }

    #[test]
    fn bad_rows_are_named_by_line() {
        for (text, line) in [
            ("a", 1),
            ("a text public", 1),
            ("a string\n   b string", 2),
            ("a string\n    b string", 2),
            ("\na string form=X", 2),
            ("a boolean default=tru", 1),
            ("a string as=text", 1),
        ] {
            match parse("t", text) {
                Err(Error::InvalidSchema { line: found, .. }) => {
                    assert_eq!(found, line, "{text:?}");
                }
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }
}
