//! The environment, with the files that stand in for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::{OsStr, OsString},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{
    env_file,
    origin::{Origin, Place},
};
use crate::failure::Failure;

/// The file that is read when it is there: the one that Mozilla's documentation names.
const LOCAL_FILE: &str = "my.env";

/// One source of variables.
type Layer = BTreeMap<String, (OsString, Option<Place>)>;

/// The variables of the environment, then those of files, strongest first. A variable that is set
/// to nothing counts as not set.
pub(crate) struct Variables {
    layers: Vec<Layer>,
    files: Vec<PathBuf>,
}

/// A variable that is set.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a OsStr,
    /// 0 for the environment itself, more for weaker sources.
    pub(crate) layer: usize,
    place: Option<&'a Place>,
}

impl Found<'_> {
    pub(crate) fn origin(&self) -> Origin {
        Origin::Variable {
            name: self.name.to_owned(),
            place: self.place.cloned(),
        }
    }
}

impl Variables {
    /// Reads the environment, `files` (the last one is the strongest) and `my.env` in the working
    /// directory, where that exists.
    ///
    /// # Errors
    ///
    /// When one of the files is not there, cannot be read, or not be understood.
    pub(crate) fn read(files: &[PathBuf]) -> Result<Self, Failure> {
        let environment = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, (value, None))))
            .collect();
        let mut all = Self {
            layers: vec![environment],
            files: Vec::new(),
        };
        for file in files.iter().rev() {
            all.add(file)?;
        }
        let local = Path::new(LOCAL_FILE);
        let missing = local
            .metadata()
            .is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if !missing && !files.iter().any(|file| file == local) {
            all.add(local)?;
        }
        Ok(all)
    }

    /// Variables that are given, strongest source first.
    #[cfg(test)]
    pub(crate) fn given(layers: &[&[(&str, &str)]]) -> Self {
        let layers = layers.iter().map(|layer| {
            let layer = layer.iter();
            layer
                .map(|(name, value)| ((*name).to_owned(), (OsString::from(value), None)))
                .collect()
        });
        Self {
            layers: layers.collect(),
            files: Vec::new(),
        }
    }

    fn add(&mut self, file: &Path) -> Result<(), Failure> {
        let entries = env_file::read(file)?.into_iter();
        let layer = entries.map(|(name, (value, place))| (name, (value.into(), Some(place))));
        self.layers.push(layer.collect());
        self.files.push(file.to_owned());
        Ok(())
    }

    /// The files that were read, strongest first.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The strongest value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<Found<'_>> {
        self.layers.iter().enumerate().find_map(|(layer, entries)| {
            let (name, (value, place)) = entries.get_key_value(name)?;
            (!value.is_empty()).then_some(Found {
                name,
                value,
                layer,
                place: place.as_ref(),
            })
        })
    }

    /// The names of all variables that are set.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let entries = self.layers.iter().flatten();
        entries
            .filter(|(_, (value, _))| !value.is_empty())
            .map(|(name, _)| name.as_str())
            .collect()
    }
}
