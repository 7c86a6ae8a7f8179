//! What one field has to be like.

use jiff::Timestamp;

use super::{Field, FieldType, QueryError, dates};

/// What one field has to be like.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The field.
    pub field: &'static Field,
    /// Whether it must not be like that.
    pub negated: bool,
    /// What it has to be like.
    pub condition: Condition,
}

/// What a field has to be like.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// No operator: it is one of these; text has all words of one of these.
    AnyOf(Vec<Operand>),
    /// `=`: exactly this.
    Exactly(String),
    /// `~`: this is in it. `*` stands for any text here and in the next two, `?` for a character.
    Contains(String),
    /// `^`: it begins with this.
    StartsWith(String),
    /// `$`: it ends with this.
    EndsWith(String),
    /// `@`: a regular expression for the whole of it.
    Matches(String),
    /// `<`, `<=`, `>`, `>=`.
    Compared(Comparison, Operand),
    /// `__null__`: there is none.
    Missing,
    /// `__true__`.
    True,
}

impl Condition {
    /// The operator as it is written before a value; empty for none.
    #[must_use]
    pub fn operator(&self) -> &'static str {
        match self {
            Self::AnyOf(_) => "",
            Self::Exactly(_) => "=",
            Self::Contains(_) => "~",
            Self::StartsWith(_) => "^",
            Self::EndsWith(_) => "$",
            Self::Matches(_) => "@",
            Self::Compared(comparison, _) => comparison.operator(),
            Self::Missing => MISSING,
            Self::True => TRUE,
        }
    }
}

const MISSING: &str = "__null__";
const TRUE: &str = "__true__";

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `<`
    Less,
    /// `>`
    Greater,
}

impl Comparison {
    /// Those of two characters first.
    const ALL: [Self; 4] = [Self::AtLeast, Self::AtMost, Self::Less, Self::Greater];

    /// As it is written before a value.
    #[must_use]
    pub fn operator(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Less => "<",
            Self::Greater => ">",
        }
    }

    /// Whether it wants values that are greater than the operand.
    #[must_use]
    pub fn wants_greater(self) -> bool {
        matches!(self, Self::AtLeast | Self::Greater)
    }

    /// Whether the operand itself is taken.
    #[must_use]
    pub fn takes_equal(self) -> bool {
        matches!(self, Self::AtLeast | Self::AtMost)
    }

    /// The one that takes what this one does not.
    fn opposite(self) -> Self {
        match self {
            Self::AtLeast => Self::Less,
            Self::AtMost => Self::Greater,
            Self::Less => Self::AtLeast,
            Self::Greater => Self::AtMost,
        }
    }
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// For text and enums.
    Text(String),
    /// For whole numbers.
    Integer(i64),
    /// For numbers.
    Float(f64),
    /// For true or not.
    Bool(bool),
}

impl Operand {
    fn read(field: &Field, text: &str) -> Result<Self, QueryError> {
        let bad = || QueryError::bad_value(field.name(), field.kind().name());
        Ok(match field.kind() {
            FieldType::String | FieldType::Enum => Self::Text(text.to_owned()),
            FieldType::Integer => Self::Integer(text.trim().parse().map_err(|_| bad())?),
            FieldType::Float => {
                let number: f64 = text.trim().parse().map_err(|_| bad())?;
                Self::Float(
                    Some(number)
                        .filter(|number| number.is_finite())
                        .ok_or_else(bad)?,
                )
            }
            FieldType::Bool => {
                let text = text.trim().to_ascii_lowercase();
                Self::Bool(["1", "true", "t", "yes", "y"].contains(&&*text))
            }
            FieldType::Date => {
                return Err(QueryError::DateWithoutOperator(field.name().to_owned()));
            }
        })
    }
}

/// Whether a value is negated, and the rest of it. Only one `!` counts.
fn without_negation(value: &str) -> (bool, &str) {
    value
        .strip_prefix('!')
        .map_or((false, value), |rest| (true, rest))
}

/// The filters that the values of one parameter make.
pub(super) fn read(field: &'static Field, values: &[&str]) -> Result<Vec<Filter>, QueryError> {
    let (mut any, mut none, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for value in values {
        let (negated, text) = without_negation(value);
        match with_operator(field, text)? {
            Some(condition) => others.push(Filter {
                field,
                negated,
                condition,
            }),
            None if negated => none.push(Operand::read(field, text)?),
            None => any.push(Operand::read(field, text)?),
        }
    }
    let bare = [(false, any), (true, none)].into_iter();
    let bare = bare.filter(|(_, operands)| !operands.is_empty());
    let bare = bare.map(|(negated, operands)| Filter {
        field,
        negated,
        condition: Condition::AnyOf(operands),
    });
    Ok(bare.chain(others).collect())
}

/// What a value with one of the operators of its field says; `None` when it has none of them: an
/// operator that a type does not know is text.
fn with_operator(field: &Field, text: &str) -> Result<Option<Condition>, QueryError> {
    use FieldType::{Bool, Date, Float, Integer, String as Text};
    if text == MISSING {
        return Ok(Some(Condition::Missing));
    }
    if field.kind() == Bool && text == TRUE {
        return Ok(Some(Condition::True));
    }
    if field.kind() == Text {
        return Ok(text_condition(text));
    }
    // The beta versions of a release: 60.0b1, 60.0b2, ...
    if field.name() == "version" && text.ends_with('b') {
        return Ok(Some(Condition::StartsWith(text.to_owned())));
    }
    if matches!(field.kind(), Integer | Float | Date)
        && let Some((comparison, rest)) = comparison_in(text)
    {
        let operand = Operand::read(field, rest)?;
        return Ok(Some(Condition::Compared(comparison, operand)));
    }
    Ok(None)
}

fn text_condition(text: &str) -> Option<Condition> {
    let mut characters = text.chars();
    let condition = match characters.next()? {
        '=' => Condition::Exactly,
        '~' => Condition::Contains,
        '$' => Condition::EndsWith,
        '^' => Condition::StartsWith,
        '@' => Condition::Matches,
        _ => return None,
    };
    Some(condition(characters.as_str().to_owned()))
}

fn comparison_in(text: &str) -> Option<(Comparison, &str)> {
    Comparison::ALL.into_iter().find_map(|comparison| {
        let rest = text.strip_prefix(comparison.operator())?;
        Some((comparison, rest))
    })
}

/// The bounds that the values of a date make. `__null__` makes none: every crash has a date.
pub(super) fn date_bounds(
    parameter: &str,
    values: &[&str],
) -> Result<Vec<(Comparison, Timestamp)>, QueryError> {
    let mut bounds = Vec::new();
    for value in values {
        let (negated, text) = without_negation(value);
        if text == MISSING {
            continue;
        }
        let Some((comparison, rest)) = comparison_in(text) else {
            return Err(match dates::moment(text) {
                Some(_) => QueryError::DateWithoutOperator(parameter.to_owned()),
                None => QueryError::bad_value(parameter, FieldType::Date.name()),
            });
        };
        let moment = dates::moment(rest)
            .ok_or_else(|| QueryError::bad_value(parameter, FieldType::Date.name()))?;
        let comparison = if negated {
            comparison.opposite()
        } else {
            comparison
        };
        bounds.push((comparison, moment));
    }
    Ok(bounds)
}
