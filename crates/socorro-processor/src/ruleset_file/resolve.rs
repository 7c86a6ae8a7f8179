//! Making the rulesets that a file defines.

use std::{collections::BTreeMap, path::Path};

use super::{
    Problem, RuleOptions, RuleRegistry,
    definition::{Definition, Insertion, Place},
};
use crate::{
    error::Error,
    pipeline::{GIVEN_FIELDS, Pipeline},
    ruleset::Ruleset,
    suggestion::nearest,
};

/// Makes all rulesets. `built_in` has those that the file may begin with.
pub(super) fn rulesets(
    definitions: &BTreeMap<String, Definition>,
    registry: &RuleRegistry,
    built_in: &Pipeline,
    directory: &Path,
) -> Result<Vec<Ruleset>, Problem> {
    let mut resolver = Resolver {
        definitions,
        registry,
        built_in,
        directory,
        made: BTreeMap::new(),
        path: Vec::new(),
    };
    for name in definitions.keys() {
        resolver.ruleset(name)?;
    }
    Ok(resolver.made.into_values().collect())
}

struct Resolver<'a> {
    definitions: &'a BTreeMap<String, Definition>,
    registry: &'a RuleRegistry,
    built_in: &'a Pipeline,
    directory: &'a Path,
    made: BTreeMap<&'a str, Ruleset>,
    /// The rulesets that are being made, each the base of the one before it.
    path: Vec<&'a str>,
}

impl<'a> Resolver<'a> {
    /// The ruleset of that name, which the file defines.
    fn ruleset(&mut self, name: &'a str) -> Result<Ruleset, Problem> {
        if let Some(made) = self.made.get(name) {
            return Ok(made.clone());
        }
        if let Some(start) = self.path.iter().position(|known| *known == name) {
            let circle = self.path[start..].iter().chain([&name]);
            return Err(Problem::Circle {
                names: circle.map(|name| (*name).to_owned()).collect(),
            });
        }
        self.path.push(name);
        let definition = &self.definitions[name];
        let base = self.base(name, definition)?;
        let ruleset = self.made_from(base.renamed(name), definition)?;
        self.path.pop();
        self.made.insert(name, ruleset.clone());
        Ok(ruleset)
    }

    /// The ruleset with which the one of that name begins.
    fn base(&mut self, name: &str, definition: &'a Definition) -> Result<Ruleset, Problem> {
        let Some(base) = &definition.base else {
            return Ok(Ruleset::named(name));
        };
        // In its own definition, the name means the ruleset that was there before.
        if base != name && self.definitions.contains_key(base) {
            return self.ruleset(base);
        }
        if let Some(ruleset) = self.built_in.ruleset(base) {
            return Ok(ruleset.clone());
        }
        let built_in = self.built_in.rulesets().map(Ruleset::name);
        let in_file = self.definitions.keys().map(String::as_str);
        let known = built_in.chain(in_file).filter(|known| *known != name);
        Err(Problem::UnknownBase {
            key: format!("{}.base", definition.key),
            name: base.clone(),
            suggestion: nearest(base, known).map(str::to_owned),
        })
    }

    /// Applies a definition to the rules it begins with.
    fn made_from(&self, mut ruleset: Ruleset, definition: &Definition) -> Result<Ruleset, Problem> {
        let key = &definition.key;
        for (index, rule) in definition.remove.iter().enumerate() {
            let removed = ruleset.without(rule);
            ruleset = removed.map_err(|error| absent(error, format!("{key}.remove[{index}]")))?;
        }
        for (index, insertion) in definition.insert.iter().enumerate() {
            let key = format!("{key}.insert[{index}]");
            ruleset = self.inserted(ruleset, insertion, &key)?;
        }
        for (rule, table) in &definition.options {
            let key = format!("{key}.options.{rule}");
            let options = RuleOptions {
                table,
                directory: self.directory,
            };
            let step = self.registry.make_with(rule, &options, &key, &key)?;
            let replaced = ruleset.replace_step(rule, step);
            ruleset = replaced.map_err(|error| absent(error, key))?;
        }
        ruleset = match definition.in_place {
            Some(true) => ruleset.in_place(),
            Some(false) => ruleset.starting_empty(),
            None => ruleset,
        };
        let violations = ruleset.order_violations(&GIVEN_FIELDS);
        if violations.is_empty() {
            return Ok(ruleset);
        }
        let ruleset = ruleset.name().to_owned();
        Err(Problem::WrongOrder {
            ruleset,
            violations,
        })
    }

    fn inserted(
        &self,
        mut ruleset: Ruleset,
        insertion: &Insertion,
        key: &str,
    ) -> Result<Ruleset, Problem> {
        let step = self
            .registry
            .make(&insertion.rule, &format!("{key}.rule"))?;
        match &insertion.place {
            Place::End => {
                ruleset.push(step);
                Ok(ruleset)
            }
            Place::Before(name) => {
                let inserted = ruleset.insert(name, 0, step);
                inserted.map_err(|error| absent(error, format!("{key}.before")))
            }
            Place::After(name) => {
                let inserted = ruleset.insert(name, 1, step);
                inserted.map_err(|error| absent(error, format!("{key}.after")))
            }
        }
    }
}

/// What the file says wrong when a ruleset does not have a rule.
fn absent(error: Error, key: String) -> Problem {
    match error {
        Error::UnknownRule {
            name, suggestion, ..
        } => Problem::UnknownRule {
            key,
            name,
            place: " in the ruleset",
            suggestion,
        },
        other => Problem::WrongValue {
            key,
            reason: other.to_string(),
        },
    }
}
