//! The program `socorro`: a thin shell around the socorro libraries.
//!
//! Each subcommand has its file or folder in [`commands`]; what they share in arguments is in
//! [`arguments`]. Results go to standard output ([`output`]), everything else to standard error
//! ([`logging`]).

#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod documents;
mod exit;
mod failure;
mod input;
mod logging;
mod mozlog;
mod named_file;
mod operations;
mod output;
mod pipeline;
mod result;

use std::process::ExitCode;

use crate::{
    arguments::Arguments, exit::Exit, failure::Failure, logging::Reporter, output::Output,
};

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are among the errors. A closed pipe is no reason to complain.
            let _ = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code());
            return ExitCode::from(code);
        }
    };
    let exit = run(&arguments).unwrap_or_else(|failure| {
        Reporter::new(&arguments.global).report(&failure);
        failure.exit()
    });
    exit.into()
}

fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let service = arguments.command.is_service();
    logging::start(&arguments.global, service)?;
    logging::watch_panics(service);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::because("cannot start the runtime", &error))?;
    let mut output = Output::new(&arguments.global);
    let result = runtime.block_on(arguments.command.run(&mut output));
    // A walk that was given up may still be loading symbols: nobody waits for those any more.
    runtime.shutdown_background();
    operations::close();
    result
}
