//! Pages of documentation with commands: what they show is what happens.

use std::{fs, process::Command};

use crate::support::{Run, Site, program};

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

/// Runs the commands of a page with `program`, in the directory of a site where the files of the
/// page are written, and gives back how many there are.
fn run_page(name: &str, site: &Site, program: impl Fn() -> Command) -> usize {
    let mut commands = 0;
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let page = fs::read_to_string(format!("{pages}/{name}")).unwrap();
    for block in blocks(&page) {
        if let Some((_, file)) = block.label.split_once(' ') {
            site.write(file, &block.text);
            continue;
        }
        assert_eq!(block.label, "console", "{}", block.text);
        let (command, expected) = block.text.split_once('\n').unwrap();
        let arguments = command.strip_prefix("$ socorro ").unwrap().split(' ');
        let run = Run::of(program().args(arguments));
        assert_eq!(
            run.stdout.clone() + &run.stderr,
            expected,
            "{command}: {run:#?}"
        );
        commands += 1;
    }
    commands
}

#[test]
fn the_page_about_signatures_shows_what_happens() {
    let site = Site::new();
    assert_eq!(run_page("signatures.md", &site, || site.command()), 4);
}

#[test]
fn the_page_about_settings_shows_what_happens() {
    let site = Site::new();
    let program = || {
        let mut command = program();
        command.current_dir(site.path(""));
        command
    };
    assert_eq!(run_page("configuration.md", &site, program), 3);
}
