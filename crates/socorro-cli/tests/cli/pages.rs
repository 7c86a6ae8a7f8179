//! Pages of documentation with commands: what they show is what happens.

use std::fs;

use crate::support::{Run, Site};

/// A block of a page between fences.
struct Block<'a> {
    /// What follows the first fence: a language, and for a file its name.
    label: &'a str,
    text: String,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(label) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                let text = String::new();
                blocks.push(Block { label, text });
            }
        } else if let Some(block) = blocks.last_mut().filter(|_| inside) {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    blocks
}

#[test]
fn the_page_about_signatures_shows_what_happens() {
    let site = Site::new();
    let mut commands = 0;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/signatures.md");
    let page = fs::read_to_string(file).unwrap();
    for block in blocks(&page) {
        if let Some((_, file)) = block.label.split_once(' ') {
            site.write(file, &block.text);
            continue;
        }
        assert_eq!(block.label, "console", "{}", block.text);
        let (command, expected) = block.text.split_once('\n').unwrap();
        let arguments = command.strip_prefix("$ socorro ").unwrap().split(' ');
        let run = Run::of(site.command().args(arguments));
        assert_eq!(run.stdout, expected, "{command}: {run:#?}");
        assert_eq!(run.stderr, "", "{command}");
        commands += 1;
    }
    assert_eq!(commands, 4);
}
