//! Names of modules and of their symbol files, fit for paths and URLs.
//!
//! The names come from minidumps, that is from strangers. A name that could lead out of a symbol directory does not
//! become a [`SymbolName`].

use debugid::{CodeId, DebugId};
use minidump::Module;

/// Longest file name that is looked up; no file system stores longer ones.
const LONGEST_NAME: usize = 255;

/// What a minidump says about a module that matters for finding its symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "pool", derive(serde::Serialize, serde::Deserialize))]
pub struct ModuleName {
    /// Path of the module's file on the machine that crashed.
    pub code_file: String,
    /// Identifier of the module's file.
    pub code_id: Option<CodeId>,
    /// Path of the file with the debug information. On Linux and macOS the same as `code_file`.
    pub debug_file: Option<String>,
    /// Identifier of the debug information.
    pub debug_id: Option<DebugId>,
}

impl ModuleName {
    pub(crate) fn of(module: &(dyn Module + Sync)) -> Self {
        Self {
            code_file: module.code_file().into_owned(),
            code_id: module.code_identifier(),
            debug_file: module.debug_file().map(std::borrow::Cow::into_owned),
            debug_id: module.debug_identifier(),
        }
    }

    /// The name of the module's symbols; `None` if the minidump does not tell or the name is unfit for a path.
    ///
    /// An empty debug file name stands for the code file: MinGW writes none.
    pub fn symbols(&self) -> Option<SymbolName> {
        let debug_file = self.debug_file.as_deref()?;
        let debug_file = if debug_file.is_empty() {
            &self.code_file
        } else {
            debug_file
        };
        SymbolName::new(debug_file, self.debug_id?)
    }

    /// The name of the module's file; `None` if the minidump does not tell or the name is unfit for a path.
    pub fn code(&self) -> Option<CodeName> {
        Some(CodeName {
            file: file_name(&self.code_file)?.to_owned(),
            id: self.code_id.clone()?,
        })
    }
}

/// Identifies a symbol file: base name of the debug file, and debug id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SymbolName {
    debug_file: String,
    debug_id: DebugId,
}

impl SymbolName {
    /// Takes the base name of `debug_file`, which may be a Windows or a POSIX path.
    ///
    /// `None` if no safe base name is left: empty, `.`, `..`, with control characters or a colon, or over 255 bytes.
    pub fn new(debug_file: &str, debug_id: DebugId) -> Option<Self> {
        Some(Self {
            debug_file: file_name(debug_file)?.to_owned(),
            debug_id,
        })
    }

    /// Base name of the debug file.
    pub fn debug_file(&self) -> &str {
        &self.debug_file
    }

    /// The debug id.
    pub fn debug_id(&self) -> DebugId {
        self.debug_id
    }

    /// The three parts of a symbol file's path in a directory or on a server: `xul.pdb`, `<debug id>`, `xul.sym`.
    ///
    /// The debug id is written as 32 upper-case hexadecimal digits and the age. The extension `.pdb` is replaced by
    /// `.sym`; others are kept and `.sym` appended. Source: Breakpad, "symbol server" layout.
    pub fn path_parts(&self) -> [String; 3] {
        let file = with_sym_extension(&self.debug_file, "pdb");
        [
            self.debug_file.clone(),
            self.debug_id.breakpad().to_string(),
            file,
        ]
    }
}

/// Identifies a module's file: its base name, and code id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeName {
    file: String,
    id: CodeId,
}

impl CodeName {
    /// Base name of the module's file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The code id.
    pub fn id(&self) -> &CodeId {
        &self.id
    }

    /// The three parts of the path under which a symbol server (Tecken) tells debug file and id of a module of which
    /// only the file is known: `xul.dll`, `<code id>`, `xul.sym`.
    pub fn path_parts(&self) -> [String; 3] {
        let id = self.id.to_string().to_uppercase();
        [self.file.clone(), id, with_sym_extension(&self.file, "dll")]
    }
}

fn with_sym_extension(file: &str, replaced: &str) -> String {
    match file.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case(replaced) => {
            format!("{stem}.sym")
        }
        _ => format!("{file}.sym"),
    }
}

/// The part after the last slash or backslash, if it is fit to be a file name on every system.
fn file_name(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next()?;
    let fit = !matches!(name, "" | "." | "..")
        && name.len() <= LONGEST_NAME
        && !name.chars().any(|c| c.is_control() || c == ':');
    fit.then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id() -> DebugId {
        "abcd1234-abcd-1234-abcd-abcd12345678-a".parse().unwrap()
    }

    fn path(debug_file: &str) -> Option<String> {
        SymbolName::new(debug_file, id()).map(|name| name.path_parts().join("/"))
    }

    #[test]
    fn symbols_lie_under_base_name_and_id() {
        let directory = "ABCD1234ABCD1234ABCDABCD12345678a";
        assert_eq!(
            path(r"c:\build\foo.pdb"),
            Some(format!("foo.pdb/{directory}/foo.sym"))
        );
        assert_eq!(
            path("FOO.PDB"),
            Some(format!("FOO.PDB/{directory}/FOO.sym"))
        );
        assert_eq!(
            path("/usr/lib/libc.so.6"),
            Some(format!("libc.so.6/{directory}/libc.so.6.sym"))
        );
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a/..",
            r"a\..",
            "a/",
            "/",
            "a\0b",
            "a\nb",
            "C:",
            "file:stream",
            &"x".repeat(256),
        ] {
            assert_eq!(path(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_empty_debug_file_stands_for_the_code_file() {
        let module = ModuleName {
            code_file: "/app/foo.dll".into(),
            debug_file: Some(String::new()),
            debug_id: Some(id()),
            code_id: None,
        };
        assert_eq!(module.symbols().unwrap().debug_file(), "foo.dll");
        assert_eq!(module.code(), None);
    }

    #[test]
    fn a_file_of_which_only_the_code_id_is_known_has_a_path_too() {
        let module = ModuleName {
            code_file: r"C:\Windows\foo.dll".into(),
            code_id: Some(CodeId::new("64e782c570c4000".into())),
            ..ModuleName::default()
        };
        assert_eq!(
            module.code().unwrap().path_parts().join("/"),
            "foo.dll/64E782C570C4000/foo.sym"
        );
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_its_directory(name in any::<String>()) {
            if let Some(name) = SymbolName::new(&name, id()) {
                for part in name.path_parts() {
                    let mut components = std::path::Path::new(&part).components();
                    prop_assert!(matches!(components.next(), Some(std::path::Component::Normal(_))));
                    prop_assert!(components.next().is_none());
                }
            }
        }
    }
}
