//! The fields that can be searched.

use std::{collections::HashMap, sync::LazyLock};

use socorro_core::schema::{self, Permission, Schema};

use super::QueryError;

/// What kind of values a field has, which decides the operators that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Text in which words are looked for.
    String,
    /// Text that is one of a few.
    Enum,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// A moment.
    Date,
    /// True or not.
    Bool,
}

impl FieldType {
    /// What Crash Stats calls it in error messages and in the list of fields.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "str",
            Self::Enum => "enum",
            Self::Integer => "int",
            Self::Float => "float",
            Self::Date => "datetime",
            Self::Bool => "bool",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "enum" => Self::Enum,
            "integer" => Self::Integer,
            "float" => Self::Float,
            "date" => Self::Date,
            "bool" => Self::Bool,
            _ => return None,
        })
    }
}

/// A field that can be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Field {
    name: &'static str,
    kind: FieldType,
    path: &'static str,
    permission: Permission,
}

impl Field {
    /// The field of that name.
    ///
    /// # Errors
    ///
    /// [`QueryError::UnknownField`].
    pub fn named(name: &str) -> Result<&'static Self, QueryError> {
        static BY_NAME: LazyLock<HashMap<&str, &Field>> =
            LazyLock::new(|| FIELDS.iter().map(|field| (field.name, field)).collect());
        BY_NAME
            .get(name)
            .copied()
            .ok_or_else(|| QueryError::UnknownField(name.to_owned()))
    }

    /// All fields, by name.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &FIELDS
    }

    /// What it is called in searches.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What kind of values it has.
    #[must_use]
    pub fn kind(&self) -> FieldType {
        self.kind
    }

    /// Where it is in a processed crash, as a dotted path.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Who may search for it and see it.
    #[must_use]
    pub fn permission(&self) -> Permission {
        self.permission
    }
}

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let rows = include_str!("../../data/super_search.fields").lines();
    rows.filter_map(row).collect()
});

/// Reads a row of the table; `None` for comments and empty lines, and for what a test would find.
fn row(line: &'static str) -> Option<Field> {
    let mut words = line.split_whitespace();
    let name = words.next().filter(|word| !word.starts_with('#'))?;
    let kind = FieldType::parse(words.next()?)?;
    let path = words.next().and_then(|word| word.strip_prefix("of="));
    let path = path.unwrap_or(name);
    let (top, _) = path.split_once('.').unwrap_or((path, ""));
    // What the schema does not know may be private.
    let permission = Schema::processed_crash()
        .field(top)
        .map_or(Permission::Protected, schema::Field::permission);
    Some(Field {
        name,
        kind,
        path,
        permission,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_field_that_the_schema_knows() {
        let rows = include_str!("../../data/super_search.fields")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(rows.count(), Field::all().len());
        assert!(Field::all().is_sorted_by(|one, next| one.name < next.name));
        for field in Field::all() {
            let top = field.path.split('.').next().unwrap();
            assert!(Schema::processed_crash().field(top).is_some(), "{top}");
        }
    }

    #[test]
    fn what_is_private_in_a_crash_is_private_in_a_search() {
        let permission = |name: &str| Field::named(name).unwrap().permission();
        assert_eq!(permission("signature"), Permission::Public);
        assert_eq!(permission("memory_explicit"), Permission::Public);
        assert_eq!(permission("user_comments"), Permission::Protected);
        assert_eq!(permission("collector_notes"), Permission::Protected);
    }
}
