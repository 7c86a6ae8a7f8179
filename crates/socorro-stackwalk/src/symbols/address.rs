//! What symbols say about one address.

use breakpad_symbols::{FrameSymbolizer, SimpleModule};

use super::index::SymbolIndex;

/// What symbols say about one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressSymbols {
    /// The function that the address is in.
    pub function: Option<String>,
    /// Where it begins, in bytes from the beginning of the module.
    pub function_address: Option<u64>,
    /// The source file.
    pub file: Option<String>,
    /// The line in it, counted from 1.
    pub line: Option<u32>,
    /// Functions that are inlined there, innermost first.
    pub inlines: Vec<InlinedFunction>,
}

/// A function that is inlined into another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlinedFunction {
    /// Its name.
    pub function: String,
    /// The source file.
    pub file: Option<String>,
    /// The line in it, counted from 1.
    pub line: Option<u32>,
}

impl SymbolIndex {
    /// What is known about an address, in bytes from the beginning of the module.
    pub fn at(&self, address: u64) -> AddressSymbols {
        let module = SimpleModule {
            base_address: Some(0),
            size: Some(u64::MAX),
            ..SimpleModule::default()
        };
        let mut frame = Frame {
            address,
            found: AddressSymbols::default(),
        };
        self.fill_symbol(&module, &mut frame);
        frame.found.inlines.reverse();
        frame.found
    }
}

struct Frame {
    address: u64,
    found: AddressSymbols,
}

impl FrameSymbolizer for Frame {
    fn get_instruction(&self) -> u64 {
        self.address
    }

    fn set_function(&mut self, name: &str, base: u64, _: u32) {
        self.found.function = Some(name.to_owned());
        self.found.function_address = Some(base);
    }

    fn set_source_file(&mut self, file: &str, line: u32, _: u64) {
        self.found.file = Some(file.to_owned());
        // 0 stands for no line.
        self.found.line = (line > 0).then_some(line);
    }

    fn add_inline_frame(&mut self, name: &str, file: Option<&str>, line: Option<u32>) {
        self.found.inlines.push(InlinedFunction {
            function: name.to_owned(),
            file: file.map(str::to_owned),
            line: line.filter(|line| *line > 0),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_lines_and_inlined_functions_are_told() {
        let text = "MODULE Linux x86_64 111111111111111111111111111111111 app\nFILE 0 a.c\nFILE 1 b.h\n\
                    INLINE_ORIGIN 0 outer\nINLINE_ORIGIN 1 inner\nFUNC 1000 20 0 main\n\
                    INLINE 0 7 0 0 1000 10\nINLINE 1 8 1 1 1000 10\n1000 10 9 1\n1010 10 10 0\n";
        let symbols = SymbolIndex::from_text(text.as_bytes().into()).unwrap();
        let found = symbols.at(0x1004);
        assert_eq!(found.function.as_deref(), Some("main"));
        assert_eq!(found.function_address, Some(0x1000));
        let inlined: Vec<_> = found
            .inlines
            .iter()
            .map(|inline| (&*inline.function, inline.line))
            .collect();
        assert_eq!(inlined, [("inner", Some(9)), ("outer", Some(8))]);
        assert_eq!((found.file.as_deref(), found.line), (Some("a.c"), Some(7)));
        assert_eq!(symbols.at(0x1014).line, Some(10));
        assert_eq!(symbols.at(0x5000), AddressSymbols::default());
    }
}
