//! The schema: every field of a raw and of a processed crash, and of the report made of it for
//! telemetry, as data.
//!
//! The tables are the files in this crate's `data` folder, one row a field. Copying
//! annotations, redaction, validation and the field reference are all driven by them; adding a
//! field is adding a row.
//!
//! ```
//! use socorro_core::schema::{Permission, Schema};
//!
//! let schema = Schema::processed_crash();
//! let field = schema.field("user_comments").expect("a known field");
//! assert_eq!(field.source_annotation(), Some("Comments"));
//! assert_eq!(field.permission(), Permission::Protected);
//! ```

mod field;
mod redact;
mod table;
mod validate;

use std::{collections::HashMap, sync::LazyLock};

pub use field::{Field, Permission, Type, Types};
pub use redact::Redacted;
pub use validate::Violation;

use crate::error::Error;

/// The fields of one kind of document.
#[derive(Debug)]
pub struct Schema {
    name: &'static str,
    fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

impl Schema {
    /// The fields of a processed crash.
    #[must_use]
    pub fn processed_crash() -> &'static Self {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
            Schema::built_in(
                "processed_crash",
                include_str!("../../data/processed_crash.fields"),
            )
        });
        &SCHEMA
    }

    /// The members of a raw crash.
    #[must_use]
    pub fn raw_crash() -> &'static Self {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
            Schema::built_in("raw_crash", include_str!("../../data/raw_crash.fields"))
        });
        &SCHEMA
    }

    /// The fields of a telemetry crash report; see [`crate::telemetry`].
    #[must_use]
    pub fn telemetry() -> &'static Self {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
            Schema::built_in("telemetry", include_str!("../../data/telemetry.fields"))
        });
        &SCHEMA
    }

    /// Reads a table in the format that the head of the built-in ones explains.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSchema`] with the line of the first bad row.
    pub fn parse(name: &'static str, text: &str) -> Result<Self, Error> {
        let fields = table::parse(name, text)?;
        let by_name = fields
            .iter()
            .enumerate()
            .map(|(index, field)| (field.name().to_owned(), index))
            .collect();
        Ok(Self {
            name,
            fields,
            by_name,
        })
    }

    #[expect(
        clippy::panic,
        reason = "the tables are part of the program and a test reads all"
    )]
    fn built_in(name: &'static str, text: &str) -> Self {
        Self::parse(name, text).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What kind of document this describes: `raw_crash`, `processed_crash` or `telemetry`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The top-level fields, in the order of the table.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A top-level field by name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name).map(|index| &self.fields[*index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tables_are_complete() {
        fn count(fields: &[Field]) -> usize {
            fields.iter().map(|field| 1 + count_below(field)).sum()
        }
        fn count_below(field: &Field) -> usize {
            count(field.members())
                + field.item().map_or(0, |item| 1 + count_below(item))
                + field
                    .other_members()
                    .map_or(0, |other| 1 + count_below(other))
        }
        let processed = Schema::processed_crash();
        // Upstream's 166 and 734, and our own `processor_failed_rules` and `symbolication` with
        // what is in them, the latter also of a further minidump.
        assert_eq!(processed.fields().len(), 168);
        assert_eq!(count(processed.fields()), 776);
        let copied = processed
            .fields()
            .iter()
            .filter(|field| field.source_annotation().is_some());
        assert_eq!(copied.count(), 90);
        assert_eq!(count(Schema::raw_crash().fields()), 124);
        assert_eq!(Schema::telemetry().fields().len(), 84);
        assert_eq!(count(Schema::telemetry().fields()), 173);
    }

    #[test]
    fn every_copied_annotation_is_a_known_one() {
        for field in Schema::processed_crash().fields() {
            if let Some(annotation) = field.source_annotation() {
                assert!(
                    Schema::raw_crash().field(annotation).is_some(),
                    "{annotation}"
                );
            }
        }
    }

    #[test]
    fn a_field_that_is_copied_from_a_protected_annotation_is_protected() {
        for field in Schema::processed_crash().fields() {
            let source = field
                .source_annotation()
                .and_then(|name| Schema::raw_crash().field(name));
            // The processor checks this one's structure and drops what is private from it.
            if let Some(source) = source.filter(|source| source.name() != "JavaException")
                && source.permission() == Permission::Protected
            {
                assert_eq!(
                    field.permission(),
                    Permission::Protected,
                    "{}",
                    field.name()
                );
            }
        }
    }
}
