//! `socorro completions`.

use clap::{Args, ValueEnum};
use clap_complete::{generate, shells};

use crate::{arguments, exit::Exit, failure::Failure, output::Output};

const EXAMPLES: &str = "\
Examples:
  socorro completions bash > /etc/bash_completion.d/socorro
  socorro completions zsh > /usr/local/share/zsh/site-functions/_socorro
  socorro completions fish > ~/.config/fish/completions/socorro.fish
  source <(socorro completions bash)";

/// Print what a shell needs to complete commands and options.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArguments {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
    /// For which name of the program
    #[arg(long, value_name = "NAME", default_value = "socorro")]
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(arguments: &CompletionsArguments, output: &mut Output) -> Result<Exit, Failure> {
    let mut program = arguments::program();
    let (name, mut text) = (&arguments.name, Vec::new());
    match arguments.shell {
        Shell::Bash => generate(shells::Bash, &mut program, name, &mut text),
        Shell::Zsh => generate(shells::Zsh, &mut program, name, &mut text),
        Shell::Fish => generate(shells::Fish, &mut program, name, &mut text),
    }
    output.bytes(&text)?;
    Ok(Exit::Success)
}
