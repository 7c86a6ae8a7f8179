//! Where the source of a frame is.

use crate::words;

use super::NAME;

/// A line of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The file, without what names its repository.
    pub file: String,
    /// The line, if it is known.
    pub line: Option<u64>,
    /// Where the line can be read, if it is in a well-known public repository.
    pub url: Option<String>,
}

impl Source {
    /// The line of a file as symbol files name it: a path, or `hg:HOST/REPOSITORY:PATH:REVISION` and its like.
    pub(super) fn new(file: &str, line: Option<u64>) -> Self {
        let parts: Vec<&str> = file.split(':').collect();
        let [system, repository, path, revision] = parts[..] else {
            return Self::plain(file, line);
        };
        let url = url(system, repository, path, revision);
        if !matches!(system, "git" | "hg" | "s3" | "svn") {
            return Self::plain(file, line);
        }
        Self {
            url: url.map(|url| match (system, line) {
                (_, None) => url,
                ("hg", Some(line)) => format!("{url}#l{line}"),
                (_, Some(line)) => format!("{url}#L{line}"),
            }),
            ..Self::plain(path, line)
        }
    }

    fn plain(file: &str, line: Option<u64>) -> Self {
        Self {
            file: words::line(file, NAME),
            line,
            url: None,
        }
    }

    /// File and line, as in `src/app.c:7`.
    #[must_use]
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.clone(),
        }
    }
}

/// Only hosts that are known, and only names that mean nothing special in a URL.
fn url(system: &str, repository: &str, path: &str, revision: &str) -> Option<String> {
    let plain = |part: &str| {
        !part.is_empty()
            && part.len() <= NAME
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.+".contains(&byte))
            && part.split('/').all(|step| step != ".." && !step.is_empty())
    };
    if ![repository, path, revision].into_iter().all(plain) {
        return None;
    }
    match (system, repository.split_once('/')?) {
        ("hg", ("hg.mozilla.org", name)) => Some(format!(
            "https://hg.mozilla.org/{name}/file/{revision}/{path}"
        )),
        ("git", ("github.com", name)) => {
            Some(format!("https://github.com/{name}/blob/{revision}/{path}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> (String, Option<String>) {
        let source = Source::new(file, Some(7));
        (source.place(), source.url)
    }

    #[test]
    fn known_repositories_are_linked() {
        assert_eq!(
            read("hg:hg.mozilla.org/mozilla-central:xpcom/base/nsDebug.cpp:0a1b"),
            (
                "xpcom/base/nsDebug.cpp:7".to_owned(),
                Some(
                    "https://hg.mozilla.org/mozilla-central/file/0a1b/xpcom/base/nsDebug.cpp#l7"
                        .to_owned()
                )
            )
        );
        assert_eq!(
            read("git:github.com/rust-lang/rust:library/std/src/panic.rs:0a1b").1,
            Some(
                "https://github.com/rust-lang/rust/blob/0a1b/library/std/src/panic.rs#L7"
                    .to_owned()
            )
        );
        assert_eq!(
            read("s3:gecko-generated-sources:0a1b/ipc/PContent.cpp:"),
            ("0a1b/ipc/PContent.cpp:7".to_owned(), None)
        );
    }

    #[test]
    fn everything_else_is_a_file() {
        for file in [
            "/build/app.c",
            r"c:\build\app.c",
            "a:b:c:d",
            "git:evil.example/a/b:c:d",
            "git:github.com/a/b:../../c:d",
            "git:github.com/a/b:c\" onclick=\"x:d",
            "git:github.com/a/b:c?x=:d",
            "::::",
            "",
        ] {
            assert_eq!(read(file).1, None, "{file}");
        }
        assert_eq!(read(r"c:\build\app.c").0, r"c:\build\app.c:7");
    }
}
