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

/// The program, and the name that Mozilla's documents have for it.
const NAME: &str = "socorro";
const OTHER_NAME: &str = "socorro-cmd";

/// Print what a shell needs to complete commands and options, of `socorro` and of `socorro-cmd`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArguments {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(arguments: &CompletionsArguments, output: &mut Output) -> Result<Exit, Failure> {
    let mut program = arguments::program();
    let mut text = Vec::new();
    match arguments.shell {
        Shell::Bash => {
            generate(shells::Bash, &mut program, NAME, &mut text);
            text.extend(
                format!("complete -F _{NAME} -o bashdefault -o default {OTHER_NAME}\n").bytes(),
            );
        }
        Shell::Zsh => {
            text.extend(format!("#compdef {NAME} {OTHER_NAME}\n").bytes());
            generate(shells::Zsh, &mut program, NAME, &mut text);
        }
        Shell::Fish => {
            generate(shells::Fish, &mut program, NAME, &mut text);
            text.extend(format!("complete -c {OTHER_NAME} -w {NAME}\n").bytes());
        }
    }
    output.bytes(&text)?;
    Ok(Exit::Success)
}
