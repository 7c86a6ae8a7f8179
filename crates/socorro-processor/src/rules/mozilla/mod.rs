//! Rules that come from Mozilla's products; most are of use to everybody.

mod convert_module_signature_info;
mod copy_from_raw_crash;
mod crashing_frames;
mod missing_symbols;
mod module_url_rewrite;
mod modules_in_stack;
mod signature;
mod submitted_from;
mod top_most_files;

pub use convert_module_signature_info::ConvertModuleSignatureInfo;
pub use copy_from_raw_crash::CopyFromRawCrash;
pub use missing_symbols::MissingSymbols;
pub use module_url_rewrite::ModuleUrlRewrite;
pub use modules_in_stack::ModulesInStack;
pub use signature::Signature;
pub use submitted_from::SubmittedFrom;
pub use top_most_files::TopMostFiles;
