//! Times, sizes and paths as `aws s3` shows them.

use std::{
    env,
    path::{Component, Path, PathBuf},
};

use chrono::{DateTime, Local};
use socorro_core::time::Timestamp;

/// A time of this machine's zone: `2026-11-26 01:02:03`.
pub(super) fn time(time: Option<Timestamp>) -> String {
    let utc = time.and_then(|time| DateTime::from_timestamp(time.as_second(), 0));
    match utc {
        Some(utc) => utc
            .with_timezone(&Local)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string(),
        None => " ".repeat(19),
    }
}

/// A number of bytes in the largest unit that fits: `1.2 MiB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes == 1 {
        return "1 Byte".to_owned();
    }
    if bytes < 1024 {
        return format!("{bytes} Bytes");
    }
    let mut unit = 0;
    // Exact enough for a number with one digit after the point.
    #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
    let mut size = bytes as f64 / 1024.0;
    while (size * 10.0).round() / 10.0 >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// A file as it is seen from the working directory: `./f`, `crashdata/v1/dump/x`, `../f`.
pub(super) fn path(file: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    let directory = normal(&here.join(file.parent().unwrap_or(Path::new(""))));
    let name = file.file_name().unwrap_or_default();
    let shared = here
        .components()
        .zip(directory.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = here.components().count() - shared;
    let mut relative: PathBuf = std::iter::repeat_n("..", up).collect();
    relative.extend(directory.components().skip(shared));
    if relative.as_os_str().is_empty() {
        relative.push(".");
    }
    relative.join(name).display().to_string()
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_here() {
        let here = env::current_dir().unwrap();
        for (given, shown) in [
            ("f", "./f"),
            ("./f", "./f"),
            ("crashdata/v1/dump/x", "crashdata/v1/dump/x"),
            ("crashdata/../f", "./f"),
            ("../f", "../f"),
        ] {
            assert_eq!(path(Path::new(given)), shown);
        }
        assert_eq!(path(&here.join("a/b")), "a/b");
    }

    #[test]
    fn sizes_are_for_people() {
        for (bytes, shown) in [
            (0, "0 Bytes"),
            (1, "1 Byte"),
            (1023, "1023 Bytes"),
            (1024, "1.0 KiB"),
            (1_048_576, "1.0 MiB"),
            (1_600_000_000, "1.5 GiB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }
}
