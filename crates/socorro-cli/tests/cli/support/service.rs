//! A processor that runs as a service.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Stdio},
};

use super::{Run, Site};

/// A processor that runs as a service.
pub(crate) struct Service {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
}

impl Service {
    /// Starts it and waits until it says so.
    pub(crate) fn start(site: &Site, options: &[&str]) -> Self {
        let mut command = site.command();
        command
            .args(["processor", "--log-format", "json", "--workers", "1"])
            .args(options);
        let mut service = Self::spawn(&mut command);
        service.wait_for("processor started");
        service
    }

    /// Starts the program, and waits for nothing.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// Reads the log up to a line that says `text`, and gives that line.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let mut read = String::new();
        while self.log.read_line(&mut read).unwrap() > 0 {
            if let Some(line) = read.lines().last().filter(|line| line.contains(text)) {
                return line.to_owned();
            }
        }
        panic!("the log ends without {text:?}: {read}");
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Ends it on the spot, with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), None);
    }

    /// Waits until it has ended.
    pub(crate) fn end(mut self) -> Run {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.log.read_to_string(&mut stderr).unwrap();
        let mut pipe = self.child.stdout.take().unwrap();
        pipe.read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code();
        Run {
            code,
            stdout,
            stderr,
        }
    }
}

/// A test that fails leaves no processor behind.
impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
