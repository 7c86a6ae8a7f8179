//! The page and its commands.

const PAGE: &str = include_str!("../../../../docs/processing-crashes.md");

/// The sections that have commands: their titles and their blocks.
pub(crate) struct Page {
    pub(crate) sections: Vec<(String, Vec<String>)>,
}

impl Page {
    pub(crate) fn read() -> Self {
        let mut sections: Vec<(String, Vec<String>)> = Vec::new();
        let mut block: Option<(bool, String)> = None;
        for line in PAGE.lines() {
            match (&mut block, line) {
                (None, line) if line.starts_with("```") => {
                    block = Some((line == "```sh", String::new()));
                }
                (Some((is_run, text)), "```") => {
                    if *is_run {
                        let (_, blocks) = sections.last_mut().unwrap();
                        blocks.push(std::mem::take(text));
                    }
                    block = None;
                }
                (Some((_, text)), line) => {
                    text.push_str(line);
                    text.push('\n');
                }
                (None, line) => {
                    if let Some(title) = line.strip_prefix("## ") {
                        sections.push((title.to_owned(), Vec::new()));
                    }
                }
            }
        }
        sections.retain(|(_, blocks)| !blocks.is_empty());
        Self { sections }
    }

    /// The blocks of a section.
    pub(crate) fn blocks(&self, title: &str) -> &[String] {
        let section = self.sections.iter().find(|(known, _)| known == title);
        &section
            .unwrap_or_else(|| panic!("no commands below {title:?}"))
            .1
    }
}
