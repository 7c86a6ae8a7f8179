//! One row of a schema.

use std::fmt;

use serde_json::Value;

use crate::json;

/// Who may see a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Everybody.
    Public,
    /// Only people who may see personal data.
    Protected,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Public => "public",
            Self::Protected => "protected",
        })
    }
}

/// A JSON type as schemas know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A number without fraction and exponent.
    Integer,
    /// A number with a fraction or an exponent. An integer is not one of these.
    Number,
    /// An array.
    Array,
    /// An object.
    Object,
    /// Anything, and anything below it.
    Any,
}

impl Type {
    const NAMES: [(&'static str, Self); 8] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("string", Self::String),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("array", Self::Array),
        ("object", Self::Object),
        ("any", Self::Any),
    ];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::NAMES
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| kind)
    }

    /// Whether a value is of this type, without looking inside.
    #[must_use]
    pub fn matches(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (Self::Null, Value::Null)
            | (Self::Boolean, Value::Bool(_))
            | (Self::String, Value::String(_))
            | (Self::Array, Value::Array(_))
            | (Self::Object, Value::Object(_)) => true,
            (Self::Integer, Value::Number(number)) => json::is_integer(number),
            (Self::Number, Value::Number(number)) => !json::is_integer(number),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(
            Self::NAMES
                .iter()
                .find(|(_, kind)| kind == self)
                .map_or("any", |(name, _)| name),
        )
    }
}

/// The types a field may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Types(pub(super) Vec<Type>);

impl Types {
    /// Whether a value is of one of the types, without looking inside.
    #[must_use]
    pub fn matches(&self, value: &Value) -> bool {
        self.0.iter().any(|kind| kind.matches(value))
    }

    /// The first type that is not `null`: what an annotation is converted to.
    #[must_use]
    pub fn main(&self) -> Type {
        self.0
            .iter()
            .copied()
            .find(|kind| *kind != Type::Null)
            .unwrap_or(Type::Null)
    }

    /// All types in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Type> {
        self.0.iter().copied()
    }

    /// Whether nothing below the field is described.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0.contains(&Type::Any)
    }
}

/// The types joined by `|`, as in the table.
impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, kind) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "|" };
            write!(f, "{separator}{kind}")?;
        }
        Ok(())
    }
}

/// One field: a member of a document or of another field, or the items of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub(super) name: String,
    pub(super) types: Types,
    pub(super) permission: Permission,
    pub(super) source_annotation: Option<String>,
    pub(super) written_by: Vec<String>,
    pub(super) read_by: Vec<String>,
    pub(super) default: Option<Value>,
    pub(super) nickname: Option<String>,
    pub(super) deprecated: bool,
    pub(super) written_as: Option<Type>,
    pub(super) renamed_from: Option<String>,
    pub(super) members: Vec<Field>,
    pub(super) item: Option<Box<Field>>,
    pub(super) other_members: Option<Box<Field>>,
}

impl Field {
    /// The name; `[]` for the items of an array, `*` for members that are not listed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The types it may have.
    #[must_use]
    pub fn types(&self) -> &Types {
        &self.types
    }

    /// Who may see it.
    #[must_use]
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// The annotation it is copied from.
    #[must_use]
    pub fn source_annotation(&self) -> Option<&str> {
        self.source_annotation.as_deref()
    }

    /// The rules that write it, in the order in which they run.
    #[must_use]
    pub fn written_by(&self) -> &[String] {
        &self.written_by
    }

    /// The rules that read it (raw crash only).
    #[must_use]
    pub fn read_by(&self) -> &[String] {
        &self.read_by
    }

    /// What is written when the annotation is absent.
    #[must_use]
    pub fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// What documentation calls members that are not listed by name.
    #[must_use]
    pub fn nickname(&self) -> Option<&str> {
        self.nickname.as_deref()
    }

    /// Whether only old crashes have it.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        self.deprecated
    }

    /// The type that values are converted to (telemetry only).
    #[must_use]
    pub fn written_as(&self) -> Option<Type> {
        self.written_as
    }

    /// What the field is called in a processed crash, where that differs (telemetry only).
    #[must_use]
    pub fn renamed_from(&self) -> Option<&str> {
        self.renamed_from.as_deref()
    }

    /// The members that are listed by name.
    #[must_use]
    pub fn members(&self) -> &[Field] {
        &self.members
    }

    /// What the items of the array are.
    #[must_use]
    pub fn item(&self) -> Option<&Field> {
        self.item.as_deref()
    }

    /// What members are whose names are not listed.
    #[must_use]
    pub fn other_members(&self) -> Option<&Field> {
        self.other_members.as_deref()
    }

    /// What a member of that name is: a listed one first, else the row for all others, which
    /// takes names that are neither empty nor broken over lines.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Field> {
        let listed = self.members.iter().find(|member| member.name == name);
        listed.or_else(|| {
            self.other_members()
                .filter(|_| !name.is_empty() && !name.trim_end_matches('\n').contains('\n'))
        })
    }
}
