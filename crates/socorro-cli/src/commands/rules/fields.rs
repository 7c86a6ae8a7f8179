//! `socorro rules fields`.

use clap::Args;
use serde_json::{Map, Value};
use socorro_core::{
    json::Form,
    schema::{Field, Schema},
};

use super::{DocumentKind, Format, catalog::unknown, reference};
use crate::{exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro rules fields
  socorro rules fields user_comments
  socorro rules fields 'json_dump.threads[].frames'
  socorro rules fields --of raw --format json
  socorro rules fields --format markdown > docs/fields.md

`[]` stands for every item of an array, `*` for members that are not listed by name.";

/// Show the fields of crashes: their types, who may see them, where they come from.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct FieldsArguments {
    /// Which field, with everything below it; without it, all at the top
    #[arg(value_name = "FIELD")]
    field: Option<String>,
    /// Of which kind of document; the reference page has both
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    of: DocumentKind,
    /// How to print them
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(arguments: &FieldsArguments, output: &mut Output) -> Result<Exit, Failure> {
    let schema = arguments.of.schema();
    let found = arguments.field.as_deref().map(|path| find(schema, path));
    let rows = match found.transpose()? {
        Some((path, field)) => {
            let mut rows = Vec::new();
            flatten(field, path, &mut rows);
            rows
        }
        None if arguments.format == Format::Json => all(schema),
        None => top(schema),
    };
    match arguments.format {
        Format::Text => text(&rows, output)?,
        Format::Json => {
            let rows = rows.iter().map(|row| Value::Object(json(row)));
            let list = Map::from_iter([("fields".to_owned(), rows.collect())]);
            output.json(&list, Form::Pretty)?;
        }
        Format::Markdown if arguments.field.is_some() => {
            return Err(Failure::usage("the reference page has all fields")
                .hint("leave out FIELD or --format markdown"));
        }
        Format::Markdown => output.line(reference::fields())?,
    }
    Ok(Exit::Success)
}

/// A field with its path from the top.
pub(super) struct Row<'a> {
    pub(super) path: String,
    pub(super) field: &'a Field,
}

impl Row<'_> {
    /// Whether the field lies in no other one.
    pub(super) fn is_top(&self) -> bool {
        self.path == self.field.name()
    }
}

fn top(schema: &Schema) -> Vec<Row<'_>> {
    let fields = schema.fields().iter();
    let rows = fields.map(|field| Row {
        path: field.name().to_owned(),
        field,
    });
    rows.collect()
}

/// All fields, each before those in it.
pub(super) fn all(schema: &Schema) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for field in schema.fields() {
        flatten(field, field.name().to_owned(), &mut rows);
    }
    rows
}

fn flatten<'a>(field: &'a Field, path: String, rows: &mut Vec<Row<'a>>) {
    let start = rows.len();
    rows.push(Row { path, field });
    for member in field.members().iter().chain(field.other_members()) {
        let path = format!("{}.{}", rows[start].path, member.name());
        flatten(member, path, rows);
    }
    if let Some(item) = field.item() {
        let path = format!("{}[]", rows[start].path);
        flatten(item, path, rows);
    }
}

/// Finds a field by its path: names joined by dots, `[]` for the items of an array.
fn find<'a>(schema: &'a Schema, path: &str) -> Result<(String, &'a Field), Failure> {
    let spelled = path.replace("[]", ".[]");
    let mut names = spelled.split('.');
    let first = names.next().unwrap_or_default();
    let tops = || schema.fields().iter().map(Field::name);
    let hint = "`socorro rules fields` shows those there are";
    let top = schema.field(first);
    let mut field = top.ok_or_else(|| unknown("field", first, tops()).hint(hint))?;
    let mut found = first.to_owned();
    for name in names {
        let next = if name == "[]" {
            field.item()
        } else {
            field.member(name)
        };
        field = next.ok_or_else(|| {
            let members = field.members().iter().map(Field::name);
            let below = members.chain(field.item().map(Field::name));
            unknown(&format!("field in {found},"), name, below).hint(format!(
                "`socorro rules fields '{found}'` shows those there are"
            ))
        })?;
        let dot = if name == "[]" { "" } else { "." };
        found = format!("{found}{dot}{}", field.name());
    }
    Ok((found, field))
}

fn text(rows: &[Row<'_>], output: &mut Output) -> Result<(), Failure> {
    let width = |cell: fn(&Row<'_>) -> usize| rows.iter().map(cell).max().unwrap_or(0);
    let name = width(|row| row.path.len()).max("FIELD".len());
    let types = width(|row| row.field.types().to_string().len()).max("TYPES".len());
    output.line(format_args!(
        "{:name$}  {:types$}  {:9}  {}",
        "FIELD", "TYPES", "WHO", "FROM"
    ))?;
    for row in rows {
        let field = row.field;
        let line = format!(
            "{:name$}  {:types$}  {:9}  {}",
            row.path,
            field.types().to_string(),
            field.permission(),
            origin(row)
        );
        output.line(line.trim_end())?;
    }
    Ok(())
}

/// Where a field comes from, and what is special about it. What lies in another field comes from
/// where that one does.
fn origin(row: &Row<'_>) -> String {
    let (field, mut parts) = (row.field, Vec::new());
    if field.is_deprecated() {
        parts.push("in old crashes only".to_owned());
    }
    if !row.is_top() {
        return parts.join("; ");
    }
    if let Some(annotation) = field.source_annotation() {
        parts.push(format!("annotation {annotation}"));
    }
    if let Some(default) = field.default() {
        parts.push(format!("else {default}"));
    }
    if !field.written_by().is_empty() {
        parts.push(format!("by {}", field.written_by().join(", ")));
    }
    if !field.read_by().is_empty() {
        parts.push(format!("read by {}", field.read_by().join(", ")));
    }
    parts.join("; ")
}

fn json(row: &Row<'_>) -> Map<String, Value> {
    let field = row.field;
    let types = field.types().iter().map(|kind| kind.to_string());
    let mut json = Map::from_iter([
        ("path".to_owned(), row.path.clone().into()),
        ("types".to_owned(), types.collect()),
        (
            "permission".to_owned(),
            field.permission().to_string().into(),
        ),
        (
            "source_annotation".to_owned(),
            field.source_annotation().into(),
        ),
        ("written_by".to_owned(), field.written_by().into()),
        ("read_by".to_owned(), field.read_by().into()),
        ("deprecated".to_owned(), field.is_deprecated().into()),
    ]);
    if let Some(default) = field.default() {
        json.insert("default".to_owned(), default.clone());
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_at_every_depth() {
        let schema = Schema::processed_crash();
        for path in [
            "uptime",
            "addons[]",
            "json_dump.threads[].frames[].file",
            "breadcrumbs[].data.*",
        ] {
            assert_eq!(find(schema, path).unwrap().0, path);
        }
        let message = |path| {
            find(schema, path)
                .map(|_| ())
                .unwrap_err()
                .message()
                .to_owned()
        };
        assert_eq!(
            message("uptme"),
            "there is no field \"uptme\"; did you mean \"uptime\"?"
        );
        assert_eq!(
            message("json_dump.threds"),
            "there is no field in json_dump, \"threds\"; did you mean \"threads\"?"
        );
        assert_eq!(message("uptime.x"), "there is no field in uptime, \"x\"");
        assert_eq!(message(""), "there is no field \"\"");
    }

    #[test]
    fn all_fields_have_paths_of_their_own() {
        let rows = all(Schema::processed_crash());
        let paths: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.path).collect();
        assert_eq!(paths.len(), rows.len());
        assert!(rows.len() > 700);
    }
}
