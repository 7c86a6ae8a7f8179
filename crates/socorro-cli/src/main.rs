//! The program `socorro`: a thin shell around the socorro libraries.
//!
//! Each subcommand has its file or folder in [`commands`]; what they share in arguments is in
//! [`arguments`], and where values of arguments come from besides the command line in [`settings`]. Results go to standard output ([`output`]), everything else to standard error
//! ([`logging`]).

#![deny(unsafe_code)]

mod arguments;
mod commands;
mod crash_ids;
mod documents;
mod exit;
mod failure;
mod heap;
mod input;
mod interrupt;
mod listing;
mod logging;
mod mozlog;
mod named_file;
mod operations;
mod output;
mod pipeline;
mod question;
mod result;
mod settings;

use std::process::ExitCode;

use crate::{
    arguments::{Arguments, Unreadable},
    exit::Exit,
    failure::Failure,
    logging::Reporter,
    output::Output,
    settings::Settings,
};

fn main() -> ExitCode {
    #[cfg(feature = "demo")]
    commands::take_over_in_child();
    #[cfg(unix)]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == arguments::WALKER_CHILD)
    {
        // Not a command for people: a pool of walkers has started this program, and takes it from here.
        return socorro_stackwalk::pool::serve();
    }
    let (arguments, settings) = match Arguments::read() {
        Ok(read) => read,
        Err(Unreadable::Settings(failure)) => {
            Reporter::early().report(&failure);
            return failure.exit().into();
        }
        Err(Unreadable::Words(error)) => {
            // Help and version are among the errors. A closed pipe is no reason to complain.
            let _ = error.print();
            let code = u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code());
            return ExitCode::from(code);
        }
    };
    let exit = run(&arguments, &settings).unwrap_or_else(|failure| {
        Reporter::new(&arguments.global).report(&failure);
        failure.exit()
    });
    exit.into()
}

fn run(arguments: &Arguments, settings: &Settings) -> Result<Exit, Failure> {
    // Before anything else: it may start the program once more.
    if !arguments.command.is_about_settings() {
        settings.hand_to_clients()?;
    }
    let service = arguments.command.is_service();
    match arguments.command.log_file()? {
        None => logging::start(&arguments.global, service)?,
        Some(file) => logging::start_with_file(&arguments.global, file)?,
    }
    logging::watch_panics(service);
    if !arguments.command.tells_remarks() {
        settings.log_remarks();
    }
    settings.check_options()?;
    if service && arguments.command.collector().is_some() {
        heap::share();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::because("cannot start the runtime", &error))?;
    let mut output = Output::new(&arguments.global);
    let result = runtime.block_on(arguments.command.run(settings, &mut output));
    // A walk that was given up may still be loading symbols: nobody waits for those any more.
    runtime.shutdown_background();
    operations::close();
    result
}
