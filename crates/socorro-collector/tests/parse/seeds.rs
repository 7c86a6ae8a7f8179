//! What the fuzz targets begin with is still what it should be.
//!
//! With `SOCORRO_UPDATE_SEEDS=1` the files are made again.

use std::{fs, path::Path};

use crate::cuts::{bodies, json};

fn is_current(target: &str, name: &str, expected: &[u8]) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    let path = seeds.join(target).join(name);
    if std::env::var_os("SOCORRO_UPDATE_SEEDS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    assert!(
        fs::read(&path).unwrap() == expected,
        "{} is old: run with SOCORRO_UPDATE_SEEDS=1",
        path.display()
    );
}

#[test]
fn forms() {
    for (number, (headers, body)) in bodies().into_iter().enumerate() {
        // How the body is packed, and how it is cut: see the target.
        let packing = u8::from(headers.contains_key("content-encoding"));
        let seed = [&[packing, 100], &body[..]].concat();
        is_current("multipart", &format!("{number}.form"), &seed);
    }
}

#[test]
fn annotations() {
    is_current("json_extra", "plain.json", json().as_bytes());
    let units = json().encode_utf16().flat_map(u16::to_le_bytes);
    is_current("json_extra", "utf16.json", &units.collect::<Vec<_>>());
    let points = json()
        .chars()
        .flat_map(|point| u32::from(point).to_be_bytes());
    is_current("json_extra", "utf32.json", &points.collect::<Vec<_>>());
}
