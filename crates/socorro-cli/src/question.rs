//! Asking before something is done for good.

use std::{
    fmt,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
};

use crate::failure::Failure;

/// Asks, where somebody is there to answer; elsewhere the answer is yes.
///
/// # Errors
///
/// When the terminal cannot be read or written.
pub(crate) fn agreed(question: impl fmt::Display) -> Result<bool, Failure> {
    let (stdin, mut stderr) = (io::stdin(), io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() {
        return Ok(true);
    }
    let failed = |error: io::Error| Failure::because("cannot ask", &error);
    write!(stderr, "{question} [y/N] ").map_err(failed)?;
    stderr.flush().map_err(failed)?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(failed)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_agrees() {
        for answer in ["y\n", "YES\n", " y "] {
            assert!(is_yes(answer), "{answer}");
        }
        for answer in ["", "\n", "n\n", "yup\n", "no, y\n"] {
            assert!(!is_yes(answer), "{answer}");
        }
    }
}
