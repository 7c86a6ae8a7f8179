//! The value of each setting: the first source that says something.

use super::{
    Setting,
    configuration_file::Entry,
    definition::Definition,
    mask,
    origin::Origin,
    remarks::{Remark, Weight},
    upstream::{self, Proposal},
    variables::{Found, Variables},
};

/// Settings that say where crashes are. Two names that disagree about that are no matter of
/// precedence: crashes would pile up, unseen, in the place that nobody looks at.
const PLACES: [&str; 2] = ["storage", "queue"];

pub(super) struct Resolver<'a> {
    variables: &'a Variables,
    proposals: Vec<Proposal>,
    entries: Vec<Entry>,
    /// What keeps settings from being used.
    pub(super) problems: Vec<String>,
    /// What an operator should know.
    pub(super) remarks: Vec<Remark>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(variables: &'a Variables, entries: Vec<Entry>) -> Self {
        let (proposals, problems) = upstream::proposals(variables);
        Self {
            variables,
            proposals,
            entries,
            problems,
            remarks: Vec::new(),
        }
    }

    pub(super) fn resolve(&mut self, definition: Definition) -> Setting {
        let ours = self.variables.get(&definition.variable);
        let theirs = self
            .proposals
            .iter()
            .find(|made| made.option == definition.option)
            .cloned();
        match (ours, theirs) {
            (Some(ours), Some(theirs)) if theirs.layer < ours.layer => {
                self.proposed(definition, &theirs)
            }
            (None, Some(theirs)) => self.proposed(definition, &theirs),
            (Some(ours), theirs) => {
                if let Some(theirs) = theirs {
                    self.compare(&definition, ours, &theirs);
                }
                self.of_variable(definition, ours)
            }
            (None, None) => self.of_file(definition),
        }
    }

    fn of_variable(&mut self, definition: Definition, found: Found<'_>) -> Setting {
        let origin = found.origin();
        let Some(text) = found.value.to_str() else {
            // Names of files need not be texts.
            return Setting {
                definition,
                values: vec![found.value.to_owned()],
                origin,
            };
        };
        self.of_text(definition, text, origin)
    }

    fn proposed(&mut self, definition: Definition, proposal: &Proposal) -> Setting {
        self.of_text(definition, &proposal.value, proposal.origin.clone())
    }

    fn of_text(&mut self, definition: Definition, text: &str, origin: Origin) -> Setting {
        let values = definition.values(text).unwrap_or_else(|problem| {
            let variable = origin.name().unwrap_or(&definition.variable);
            let shown = mask::shown(variable, text);
            let problem = format!("{origin}: {variable} cannot be {shown:?}: {problem}");
            self.problems.push(problem);
            Vec::new()
        });
        Setting {
            definition,
            values: values.into_iter().map(Into::into).collect(),
            origin,
        }
    }

    fn of_file(&mut self, definition: Definition) -> Setting {
        let mut values = Vec::new();
        let mut origin = Origin::Default;
        for entry in &self.entries {
            if entry.option == definition.option {
                values.extend(entry.values.iter().map(Into::into));
                origin = Origin::File(entry.place.clone());
            }
        }
        Setting {
            definition,
            values,
            origin,
        }
    }

    /// Our own name wins where both are set in one place, and that is told if it matters.
    fn compare(&mut self, definition: &Definition, ours: Found<'_>, theirs: &Proposal) {
        let value = ours.value.to_string_lossy();
        let own_name = theirs.origin.name() == Some(ours.name);
        if theirs.layer != ours.layer || own_name || *value == theirs.value {
            return;
        }
        let is_place = PLACES.contains(&definition.option.as_str());
        if is_place && place(&value) == place(&theirs.value) {
            return;
        }
        let (ours, theirs) = (ours.origin(), &theirs.origin);
        if is_place {
            self.problems.push(format!(
                "{ours} and {theirs} name different places for the {}; unset one of them",
                definition.option
            ));
        } else {
            let text = format!("{ours} and {theirs} are both set: the first one counts");
            self.remarks.push(Remark {
                weight: Weight::Warning,
                text,
            });
        }
    }
}

/// An address as far as it says where something is: scheme and bucket, project or host.
fn place(address: &str) -> &str {
    let end = address.find('?').unwrap_or(address.len());
    let address = &address[..end];
    match address.find("://").map(|slashes| slashes + 3) {
        Some(host) => {
            let end = address[host..]
                .find('/')
                .map_or(address.len(), |slash| host + slash);
            &address[..end]
        }
        None => address,
    }
}
