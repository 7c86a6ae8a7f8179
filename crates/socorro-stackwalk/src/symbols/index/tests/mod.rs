//! The index against the reference, against damage, and against symbol files made to do harm.

mod damage;
mod differences;
mod files;
mod generate;
mod hostile;
