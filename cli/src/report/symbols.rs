//! Names and source lines of addresses in one ELF file.

use super::demangle::demangle;
use addr2line::Loader;
use object::{LittleEndian, Object, ObjectSymbol, SymbolKind, read::elf::ElfFile64};
use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
};

/// The names in an ELF file, looked up when first asked for.
pub(super) struct Symbols {
    host: PathBuf,
    loader: OnceCell<Option<Loader>>,
    functions: OnceCell<Vec<Function>>,
}

/// A function in a symbol table.
struct Function {
    start: u64,
    size: u64,
    name: String,
}

/// What is known about an address. Several of them, the innermost first, where functions were inlined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The function.
    pub(super) name: String,
    /// How far behind the function's start, where only that is known.
    pub(super) offset: Option<u64>,
    /// `file:line`.
    pub(super) line: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if let Some(offset) = self.offset.filter(|offset| *offset != 0) {
            write!(f, "+{offset:#x}")?;
        }
        self.line.as_ref().map_or(Ok(()), |line| write!(f, " at {line}"))
    }
}

impl Symbols {
    pub(super) fn of(host: &Path) -> Self {
        Self {
            host: host.to_owned(),
            loader: OnceCell::new(),
            functions: OnceCell::new(),
        }
    }

    /// What is at `address`, as the file counts addresses; empty if unknown.
    pub(super) fn at(&self, address: u64) -> Vec<Place> {
        // The reader of debug information adds one to it.
        if address == u64::MAX {
            return Vec::new();
        }
        let places = self.by_debug_information(address);
        if places.is_empty() {
            self.by_symbol(address).into_iter().collect()
        } else {
            places
        }
    }

    fn by_debug_information(&self, address: u64) -> Vec<Place> {
        let loader = self.loader.get_or_init(|| Loader::new(&self.host).ok());
        let mut places = Vec::new();
        let Some(mut frames) = loader
            .as_ref()
            .and_then(|loader| loader.find_frames(address).ok())
        else {
            return places;
        };
        while let Ok(Some(frame)) = frames.next() {
            let line = frame.location.and_then(|place| {
                let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
                Some(format!("{}{line}", place.file?))
            });
            let name = frame
                .function
                .and_then(|name| Some(demangle(&name.raw_name().ok()?)));
            let (name, offset) = match name {
                Some(name) => (name, None),
                None => match self.by_symbol(address) {
                    Some(symbol) => (symbol.name, symbol.offset),
                    None => continue,
                },
            };
            places.push(Place { name, offset, line });
        }
        places
    }

    fn by_symbol(&self, address: u64) -> Option<Place> {
        let functions = self
            .functions
            .get_or_init(|| functions(&self.host).unwrap_or_default());
        let last = functions
            .partition_point(|function| function.start <= address)
            .checked_sub(1)?;
        // Several names may start at one address, and a local one may have no size.
        let function = functions[..=last]
            .iter()
            .rev()
            .take_while(|function| function.start == functions[last].start)
            .find(|function| address - function.start < function.size.max(1))?;
        Some(Place {
            name: demangle(&function.name),
            offset: Some(address - function.start),
            line: None,
        })
    }
}

/// The functions in the symbol tables of the file, ascending.
fn functions(host: &Path) -> Option<Vec<Function>> {
    let bytes = std::fs::read(host).ok()?;
    let file = ElfFile64::<LittleEndian>::parse(&*bytes).ok()?;
    let mut functions: Vec<_> = file
        .symbols()
        .chain(file.dynamic_symbols())
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
        .filter_map(|symbol| {
            let name = symbol.name().ok()?.to_owned();
            Some(Function {
                start: symbol.address(),
                size: symbol.size(),
                name,
            })
        })
        .collect();
    functions.sort_by_key(|function| function.start);
    Some(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_of_this_program_is_known_by_name_and_line() {
        let host = Path::new("/proc/self/exe");
        let name = format!("{}::marker_for_symbols", module_path!());
        let function = functions(host)
            .unwrap()
            .into_iter()
            .find(|function| demangle(&function.name) == name);
        let function = function.unwrap_or_else(|| panic!("{name} is in the symbol table"));
        let places = Symbols::of(host).at(function.start);
        let place = places.last().unwrap();
        assert!(place.name.ends_with("marker_for_symbols"), "{place}");
        assert!(place.line.as_ref().unwrap().contains("symbols.rs:"), "{place}");
        assert_eq!(marker_for_symbols(&[1]), 1);
    }

    #[inline(never)]
    fn marker_for_symbols(bytes: &[u8]) -> usize {
        std::hint::black_box(bytes).len()
    }

    #[test]
    fn an_address_outside_is_unknown() {
        assert_eq!(Symbols::of(Path::new("/proc/self/exe")).at(u64::MAX), []);
        assert_eq!(Symbols::of(Path::new("/nonexistent")).at(0x1000), []);
    }
}
