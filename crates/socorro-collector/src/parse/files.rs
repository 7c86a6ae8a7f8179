//! The files of a report and their names.

use std::collections::HashSet;

use socorro_core::DumpName;

use super::{ParseError, ReportFile, content::Content, notes::Notes};
use crate::{Malformed, Reservation};

/// What the storage of Mozilla's programs keeps beside the files of a crash.
const RESERVED: [&str; 3] = ["dump_names", "processed_crash", "raw_crash"];
/// What object keys call the main minidump.
const MAIN_SEGMENT: &str = "dump";
/// Where a name is cut.
const LONGEST: usize = 30;

/// What a field name makes of a file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// Usable.
    Good(DumpName),
    /// `dump`, which is the main minidump's name in object keys.
    Dump,
    /// Used by storage for something else, though a client may use it.
    Taken(String),
    /// Nothing is left of it.
    Empty,
}

impl Name {
    /// Makes a name of a field name.
    ///
    /// # Errors
    ///
    /// [`Malformed::InvalidDumpName`] for what storage keeps for itself.
    pub(super) fn of(field: &str) -> Result<Self, Malformed> {
        let kept = || {
            field
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        };
        if kept().next().is_none() {
            return Ok(Self::Empty);
        }
        if kept().eq(MAIN_SEGMENT.chars()) {
            return Ok(Self::Dump);
        }
        let text: String = kept().take(LONGEST).collect();
        if RESERVED.contains(&text.as_str()) {
            return Err(Malformed::InvalidDumpName);
        }
        Ok(DumpName::sanitize(field).map_or(Self::Taken(text), Self::Good))
    }
}

/// A file that arrived.
#[derive(Debug)]
struct Arrived {
    field: String,
    name: Name,
    file_name: Option<String>,
    content: Content,
}

/// The files of a report, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Files {
    arrived: Vec<Arrived>,
}

impl Files {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.arrived.len()
    }

    /// Whether there is one of that field.
    pub(super) fn contains(&self, field: &str) -> bool {
        self.arrived.iter().any(|file| file.field == field)
    }

    /// Adds a file. One of the same field is replaced in its place and returned.
    pub(super) fn insert(
        &mut self,
        field: String,
        name: Name,
        file_name: Option<String>,
        content: Content,
    ) -> Option<Content> {
        let file = Arrived {
            field,
            name,
            file_name,
            content,
        };
        match self
            .arrived
            .iter_mut()
            .find(|present| present.field == file.field)
        {
            Some(present) => Some(std::mem::replace(present, file).content),
            None => {
                self.arrived.push(file);
                None
            }
        }
    }

    /// Gives every file a name of its own, and notes those that are not what was sent.
    pub(super) fn named(
        self,
        main: &DumpName,
        notes: &mut Notes,
        memory: &mut Reservation,
    ) -> Result<Vec<NamedFile>, ParseError> {
        let names = self.names(main);
        let mut files = Vec::with_capacity(names.len());
        for (file, name) in self.arrived.into_iter().zip(names) {
            if file.name != Name::Good(name.clone()) && !(file.name == Name::Dump && name.is_main())
            {
                let field = &file.field;
                notes.add(format!("file {field:?} stored as {name}"), memory)?;
            }
            files.push(NamedFile {
                name,
                field: file.field,
                file_name: file.file_name,
                content: file.content,
            });
        }
        Ok(files)
    }

    /// The names of all files, in order. Good ones are given out first.
    fn names(&self, main: &DumpName) -> Vec<DumpName> {
        let mut used = HashSet::new();
        let mut names: Vec<Option<DumpName>> = Vec::with_capacity(self.arrived.len());
        // Those that were sent as they are stored come before those that became so.
        let exact = |file: &Arrived| match &file.name {
            Name::Good(name) if name.as_str() == file.field => Some(name.clone()),
            _ => None,
        };
        for file in &self.arrived {
            names.push(exact(file).filter(|name| used.insert(name.clone())));
        }
        let mut rest: Vec<_> = (0..names.len())
            .filter(|index| names[*index].is_none())
            .collect();
        rest.sort_by_key(|index| match self.arrived[*index].name {
            Name::Good(_) => 0,
            Name::Dump => 1,
            Name::Taken(_) => 2,
            Name::Empty => 3,
        });
        for index in rest {
            let (wanted, stem, first) = match &self.arrived[index].name {
                Name::Good(name) => (Some(name.clone()), name.as_str(), 2),
                Name::Dump => (Some(DumpName::main()), "dump_file", 1),
                Name::Taken(text) => (None, text.as_str(), 2),
                Name::Empty => (Some(main.clone()), "unnamed", 1),
            };
            let free = wanted
                .into_iter()
                .chain(numbered(stem, first))
                .find(|name| used.insert(name.clone()));
            names[index] = free;
        }
        names.into_iter().flatten().collect()
    }
}

/// `stem_first`, the next number, and so on, none too long. `dump_file` itself comes as its first.
fn numbered(stem: &str, first: usize) -> impl Iterator<Item = DumpName> {
    let bare = (stem == "dump_file").then(|| stem.to_owned());
    let stem = stem.to_owned();
    let rest = (first..).map(move |number| {
        let ending = format!("_{number}");
        let kept = stem.len().min(LONGEST.saturating_sub(ending.len()));
        format!("{}{ending}", &stem[..kept])
    });
    bare.into_iter()
        .chain(rest)
        .filter_map(|name| DumpName::parse(&name).ok())
}

/// A file with its final name.
#[derive(Debug)]
pub(super) struct NamedFile {
    pub(super) name: DumpName,
    field: String,
    file_name: Option<String>,
    pub(super) content: Content,
}

impl From<NamedFile> for ReportFile {
    fn from(file: NamedFile) -> Self {
        Self {
            name: file.name,
            field: file.field,
            file_name: file.file_name,
            content: file.content.dump,
            sha256: file.content.sha256,
        }
    }
}
