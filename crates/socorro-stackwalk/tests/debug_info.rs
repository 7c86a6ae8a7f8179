//! Symbols made from the debug information of a program that is at hand: this one.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use debugid::{CodeId, DebugId};
use dump_syms::dumper::{self, Config, Output};
use socorro_stackwalk::{
    DebuginfodSource, HttpOptions, LocalDebugInfo, MissingSymbols, ModuleName, SymbolFile,
    SymbolLookup, SymbolSource, SymbolStore,
};
use tokio::net::TcpListener;

/// A small library that every program has, with what its symbols are.
struct Library {
    path: PathBuf,
    module: ModuleName,
    /// A function that it exports, and where.
    function: (String, u64),
}

impl Library {
    /// The library with unwinding for C, or the C library itself.
    fn find() -> Self {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let paths = maps
            .lines()
            .filter_map(|line| line.split_whitespace().nth(5));
        let path = paths
            .filter(|path| path.contains("libgcc_s") || path.contains("libc.so"))
            .map(PathBuf::from)
            .next()
            .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let output = directory.path().join("symbols");
        let config = Config {
            check_cfi: false,
            ..Config::with_output(Output::from(output.clone()))
        };
        dumper::single_file(&config, path.to_str().unwrap()).unwrap();
        let file = SymbolFile::open(&output, 1 << 30).unwrap();
        let text = std::str::from_utf8(file.text()).unwrap();
        let code_id = text
            .lines()
            .find_map(|line| line.strip_prefix("INFO CODE_ID "));
        let code_id = code_id.unwrap().split(' ').next().unwrap();
        // FUNC address size parameters name, or PUBLIC address parameters name.
        let addresses = text.lines().filter_map(|line| {
            let fields = line
                .strip_prefix("FUNC ")
                .or(line.strip_prefix("PUBLIC "))?;
            u64::from_str_radix(fields.split(' ').next()?, 16).ok()
        });
        let address = addresses.max().unwrap();
        let function = file.symbols().at(address).function.unwrap();
        Self {
            module: ModuleName {
                code_id: Some(CodeId::new(code_id.to_lowercase())),
                debug_file: Some(file.name().debug_file().to_owned()),
                debug_id: Some(file.name().debug_id()),
                ..ModuleName::default()
            },
            function: (function, address),
            path,
        }
    }

    fn build_id(&self) -> &str {
        self.module.code_id.as_ref().unwrap().as_str()
    }

    async fn is_known_to(&self, source: SymbolSource) {
        let store = SymbolStore::new([source]);
        let found = store.lookup(&self.module).await;
        let SymbolLookup::Loaded(symbols) = &*found else {
            panic!("{found:?}");
        };
        let (name, address) = &self.function;
        assert_eq!(symbols.at(*address).function.as_ref(), Some(name));

        let other = ModuleName {
            debug_id: Some(DebugId::nil()),
            ..self.module.clone()
        };
        let found = store.lookup(&other).await;
        let is_missing = matches!(
            &*found,
            SymbolLookup::Missing(MissingSymbols::NotFound { .. })
        );
        assert!(is_missing, "{found:?}");
    }
}

fn local(root: &Path) -> SymbolSource {
    SymbolSource::custom(LocalDebugInfo::new(root).unwrap())
}

#[tokio::test]
async fn a_directory_of_libraries_gives_symbols_of_those_with_the_right_id() {
    let library = Library::find();
    library
        .is_known_to(local(library.path.parent().unwrap()))
        .await;
}

#[tokio::test]
async fn a_tree_of_build_ids_gives_symbols() {
    let library = Library::find();
    let root = tempfile::tempdir().unwrap();
    let (first, rest) = library.build_id().split_at(2);
    let directory = root.path().join(".build-id").join(first);
    fs::create_dir_all(&directory).unwrap();
    fs::copy(&library.path, directory.join(format!("{rest}.debug"))).unwrap();
    library.is_known_to(local(root.path())).await;
}

#[tokio::test]
async fn a_server_is_asked_by_build_id() {
    async fn answer(State(files): State<Arc<(String, PathBuf)>>, request: Request) -> Response {
        let (path, file) = &*files;
        if request.uri().path() == path {
            fs::read(file).unwrap().into_response()
        } else {
            StatusCode::NOT_FOUND.into_response()
        }
    }
    let library = Library::find();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let path = format!("/buildid/{}/executable", library.build_id());
    let files = Arc::new((path, library.path.clone()));
    let router = Router::new().fallback(answer).with_state(files);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let source = DebuginfodSource::new(&url, HttpOptions::default()).unwrap();
    library.is_known_to(SymbolSource::custom(source)).await;
}
