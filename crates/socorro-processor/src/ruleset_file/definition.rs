//! One ruleset as a file defines it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{
    Problem,
    document::{array, boolean, known_keys, table, text, wrong},
};

const KEYS: [&str; 5] = ["base", "remove", "insert", "in-place", "options"];

/// One ruleset as a file defines it.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    /// Where it stands in the file.
    pub(super) key: String,
    /// The ruleset with whose rules it begins.
    pub(super) base: Option<String>,
    /// Rules of the base to leave out.
    pub(super) remove: Vec<String>,
    /// Rules to put in, in this order.
    pub(super) insert: Vec<Insertion>,
    /// Whether to change the processed crash of the run before; without it, as the base.
    pub(super) in_place: Option<bool>,
    /// The options of rules, by name.
    pub(super) options: BTreeMap<String, Table>,
}

/// A rule to put in.
#[derive(Debug, Clone)]
pub(super) struct Insertion {
    pub(super) rule: String,
    pub(super) place: Place,
}

/// Where to put a rule.
#[derive(Debug, Clone)]
pub(super) enum Place {
    End,
    Before(String),
    After(String),
}

impl Definition {
    /// Reads the table at `key`.
    pub(super) fn read(definition: &Table, key: String) -> Result<Self, Problem> {
        known_keys(definition, &key, &KEYS)?;
        let at = |name: &str| format!("{key}.{name}");
        let get = |name: &str| definition.get(name).map(|value| (value, at(name)));
        let items = |name: &str| match get(name) {
            None => Ok(Vec::new()),
            Some((value, key)) => array(value, &key).map(|items| {
                let indexed = items.iter().enumerate();
                indexed
                    .map(|(index, item)| (item, format!("{key}[{index}]")))
                    .collect()
            }),
        };
        let read_text = |(value, key): (&Value, String)| text(value, &key);
        let mut options = BTreeMap::new();
        if let Some((value, key)) = get("options") {
            for (rule, value) in table(value, &key)? {
                let table = table(value, &format!("{key}.{rule}"))?;
                options.insert(rule.clone(), table.clone());
            }
        }
        Ok(Self {
            base: get("base").map(read_text).transpose()?,
            remove: items("remove")?
                .into_iter()
                .map(read_text)
                .collect::<Result<_, _>>()?,
            insert: items("insert")?
                .into_iter()
                .map(|(value, key)| Insertion::read(value, &key))
                .collect::<Result<_, _>>()?,
            in_place: get("in-place")
                .map(|(value, key)| boolean(value, &key))
                .transpose()?,
            options,
            key,
        })
    }
}

impl Insertion {
    fn read(value: &Value, key: &str) -> Result<Self, Problem> {
        let insertion = table(value, key)?;
        known_keys(insertion, key, &["rule", "before", "after"])?;
        let get = |name: &str| {
            let value = insertion.get(name);
            value
                .map(|value| text(value, &format!("{key}.{name}")))
                .transpose()
        };
        let Some(rule) = get("rule")? else {
            return Err(wrong(key, "`rule` is missing: which rule to put in"));
        };
        let place = match (get("before")?, get("after")?) {
            (None, None) => Place::End,
            (Some(name), None) => Place::Before(name),
            (None, Some(name)) => Place::After(name),
            (Some(_), Some(_)) => {
                return Err(wrong(key, "`before` and `after` exclude each other"));
            }
        };
        Ok(Self { rule, place })
    }
}
