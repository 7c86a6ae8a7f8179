//! A value of a TOML document that knows its place, for messages.

use socorro_core::suggestion::nearest;
use toml::{Table, Value};

use super::Problem;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    place: String,
}

/// A table and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    table: &'a Table,
    place: String,
}

impl<'a> Node<'a> {
    pub(super) fn new(value: &'a Value, place: impl Into<String>) -> Self {
        let place = place.into();
        Self { value, place }
    }

    /// It is a table that has none but these keys.
    pub(super) fn table(&self, known: &[&str]) -> Result<Fields<'a>, Problem> {
        let table = self.any_table()?;
        Fields::new(table, self.place.clone(), known)
    }

    fn any_table(&self) -> Result<&'a Table, Problem> {
        self.value
            .as_table()
            .ok_or_else(|| self.expected("a table"))
    }

    /// It is a table with keys of any name.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Self)>, Problem> {
        let entries = self.any_table()?.iter();
        Ok(entries
            .map(|(key, value)| (key.as_str(), Node::new(value, join(&self.place, key))))
            .collect())
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, Problem> {
        let items = self.value.as_array();
        let items = items.ok_or_else(|| self.expected("an array"))?;
        let items = items.iter().enumerate();
        Ok(items
            .map(|(index, item)| Node::new(item, format!("{}[{index}]", self.place)))
            .collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, Problem> {
        self.value.as_str().ok_or_else(|| self.expected("text"))
    }

    pub(super) fn texts(&self) -> Result<Vec<String>, Problem> {
        let items = self.items()?;
        items
            .iter()
            .map(|item| item.text().map(str::to_owned))
            .collect()
    }

    /// It is text, or an array of text.
    pub(super) fn text_or_texts(&self) -> Result<Vec<String>, Problem> {
        match self.value {
            Value::String(text) => Ok(vec![text.clone()]),
            Value::Array(_) => self.texts(),
            _ => Err(self.expected("text or an array of text")),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, Problem> {
        let integer = self.value.as_integer();
        integer.ok_or_else(|| self.expected("an integer"))
    }

    /// It is an integer that fits.
    pub(super) fn count<T: TryFrom<i64>>(&self) -> Result<T, Problem> {
        let integer = self.integer()?;
        integer
            .try_into()
            .map_err(|_| self.wrong(format!("{integer} is out of range")))
    }

    /// It is a number from 0 to 100.
    pub(super) fn percent(&self) -> Result<f64, Problem> {
        let percent = match self.value {
            Value::Float(float) => *float,
            #[expect(clippy::cast_precision_loss, reason = "only 0 to 100 pass")]
            Value::Integer(integer) => *integer as f64,
            _ => return Err(self.expected("a number")),
        };
        if (0.0..=100.0).contains(&percent) {
            Ok(percent)
        } else {
            Err(self.wrong("expected a number from 0 to 100"))
        }
    }

    /// It is one of these words.
    pub(super) fn one_of<T: Copy>(
        &self,
        what: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<T, Problem> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let known = words.iter().map(|(word, _)| *word);
            unknown(&self.place, what, text, known)
        })
    }

    pub(super) fn wrong(&self, reason: impl Into<String>) -> Problem {
        wrong(&self.place, reason)
    }

    fn expected(&self, expected: &str) -> Problem {
        self.wrong(format!(
            "expected {expected}, found {}",
            self.value.type_str()
        ))
    }
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        table: &'a Table,
        place: impl Into<String>,
        known: &[&str],
    ) -> Result<Self, Problem> {
        let place = place.into();
        match table.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(unknown(&place, "key", key, known.iter().copied())),
            None => Ok(Self { table, place }),
        }
    }

    /// The same table under another name.
    pub(super) fn at(self, place: impl Into<String>) -> Self {
        let place = place.into();
        Self { place, ..self }
    }

    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.table.get(key)?;
        Some(Node::new(value, join(&self.place, key)))
    }

    pub(super) fn require(&self, key: &str) -> Result<Node<'a>, Problem> {
        self.get(key)
            .ok_or_else(|| self.wrong(format!("`{key}` is missing")))
    }

    /// Of these keys, the ones that are there.
    pub(super) fn present(&self, keys: &[&'static str]) -> Vec<&'static str> {
        let present = keys.iter().filter(|key| self.table.contains_key(**key));
        present.copied().collect()
    }

    pub(super) fn wrong(&self, reason: impl Into<String>) -> Problem {
        wrong(&self.place, reason)
    }
}

fn join(place: &str, key: &str) -> String {
    if place.is_empty() {
        key.to_owned()
    } else {
        format!("{place}.{key}")
    }
}

fn wrong(place: &str, reason: impl Into<String>) -> Problem {
    Problem::Wrong {
        place: named(place),
        reason: reason.into(),
    }
}

fn unknown<'k>(
    place: &str,
    what: &'static str,
    name: &str,
    known: impl Iterator<Item = &'k str>,
) -> Problem {
    Problem::Unknown {
        place: named(place),
        what,
        name: name.to_owned(),
        suggestion: nearest(name, known).map(str::to_owned),
    }
}

fn named(place: &str) -> String {
    if place.is_empty() {
        "the file".to_owned()
    } else {
        place.to_owned()
    }
}
