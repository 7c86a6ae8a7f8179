//! `socorro storage delete`.

use std::{fs, path::Path};

use crate::support::{Run, Site, run_with_input};

const OTHER: &str = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0161123";

fn delete(site: &Site, options: &[&str]) -> Run {
    let command = ["storage", "delete"];
    site.run(command.iter().chain(options).copied())
}

/// A crash that is stored and processed, and another one.
fn site() -> Site {
    let site = Site::new();
    site.put();
    site.publish();
    site.run(["processor", "--drain"]).succeeds();
    let dump = site.file("crash.dmp");
    site.run(["storage", "put-crash", "--id", OTHER, &dump])
        .succeeds();
    site
}

/// The keys of a crash in the storage, in ascending order.
fn keys(site: &Site, id: &str) -> Vec<String> {
    fn collect(directory: &Path, id: &str, keys: &mut Vec<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, id, keys);
            } else if path.ends_with(id) {
                keys.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    let mut keys = Vec::new();
    collect(&site.path("crashes/v1"), id, &mut keys);
    keys.sort();
    keys
}

#[test]
fn a_crash_is_deleted_with_all_its_parts_and_no_other() {
    let site = site();
    assert_eq!(keys(&site, Site::ID).len(), 4);
    let deleted = delete(&site, &[Site::ID]).succeeds().quietly();
    assert_eq!(
        deleted.stdout,
        format!(
            "{} was deleted: raw crash, list of dump names, dump upload_file_minidump, processed crash\n",
            Site::ID
        )
    );
    assert!(keys(&site, Site::ID).is_empty());
    assert_eq!(keys(&site, OTHER).len(), 3);
    let again = delete(&site, &[Site::ID]).succeeds();
    assert_eq!(again.stdout, format!("{} is not there\n", Site::ID));
}

#[test]
fn a_dry_run_only_tells() {
    let site = site();
    let told = delete(&site, &["--dry-run", Site::ID, OTHER]).succeeds();
    assert_eq!(told.lines().len(), 2);
    assert!(
        told.lines()
            .iter()
            .all(|line| line.contains("would be deleted: "))
    );
    assert_eq!(keys(&site, Site::ID).len(), 4);
}

#[test]
fn a_list_is_read_to_its_end_whatever_is_in_it() {
    let site = site();
    let list = format!(
        "# to go\nnonsense\n\nhttps://example.org/report/{}\n",
        Site::ID
    );
    let storage = site.storage();
    let arguments = [
        "storage", "delete", &storage, OTHER, "-", "--format", "json",
    ];
    let run = run_with_input(arguments, list.as_bytes());
    let run = run.fails(1, &["not deleted", "nonsense"]);
    let outcomes: Vec<serde_json::Value> = run
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(outcomes.len(), 2);
    assert_eq!(outcomes[0]["crash_id"], OTHER);
    assert_eq!(outcomes[1]["outcome"], "deleted");
    assert_eq!(outcomes[1]["items"].as_array().unwrap().len(), 4);
    assert!(keys(&site, Site::ID).is_empty());
    assert!(keys(&site, OTHER).is_empty());
}

#[test]
fn what_cannot_be_deleted_is_told() {
    let site = site();
    let list = format!("crashes/v1/dump_names/{}", Site::ID);
    // Nobody can say which dumps there are.
    site.write(&list, "damaged");
    let run = delete(&site, &[Site::ID, OTHER]);
    let run = run.fails(1, &[Site::ID, "not deleted completely", "nobody can name"]);
    assert!(run.stdout.starts_with(OTHER), "{run:?}");
    assert_eq!(keys(&site, Site::ID).len(), 1, "what leads to dumps stays");
    let json = delete(&site, &[Site::ID, "--format", "json"]).fails(1, &[]);
    assert_eq!(json.json()["outcome"], "incomplete");
    assert_eq!(json.json()["remaining"].as_array().unwrap().len(), 2);

    let tree = format!("file://{}?layout=processor", site.file("crashes"));
    delete(&site, &[OTHER, "--storage", &tree]).fails(1, &[OTHER, "read-only"]);
    let nowhere = format!("file://{}", site.file("nowhere"));
    delete(&site, &[OTHER, "--storage", &nowhere]).fails(1, &["nowhere"]);
    delete(&site, &[]).fails(2, &["CRASHID"]);
}

#[test]
fn the_first_failure_ends_the_work_where_that_is_wanted() {
    let site = site();
    delete(&site, &["--fail-fast", "nonsense", OTHER]).fails(1, &["nonsense"]);
    assert_eq!(keys(&site, OTHER).len(), 3, "nothing was deleted");
    site.write(&format!("crashes/v1/dump_names/{}", Site::ID), "damaged");
    let run = delete(&site, &["--fail-fast", Site::ID, OTHER]);
    let run = run.fails(1, &[Site::ID, "not deleted completely"]);
    assert_eq!(run.stdout, "");
    delete(&site, &["--keep-going", Site::ID, OTHER])
        .fails(1, &[Site::ID])
        .prints(&[OTHER]);
}

/// `script` of util-linux gives a program a terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_person_at_a_terminal_is_asked() {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    let found = Command::new("script").arg("--version").output();
    if !found.is_ok_and(|output| output.stdout.starts_with(b"script from util-linux")) {
        eprintln!("skipped: there is no `script` of util-linux here");
        return;
    }
    let site = site();
    let at_terminal = |options: &str, answer: &str| {
        let program = site.command();
        let line = format!(
            "'{}' storage delete {} {options}",
            program.get_program().to_str().unwrap(),
            Site::ID
        );
        let mut command = Command::new("script");
        command.env_clear();
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let mut child = command
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut terminal = child.stdin.take().unwrap();
        terminal.write_all(answer.as_bytes()).unwrap();
        let run = Run::new(&child.wait_with_output().unwrap());
        drop(terminal);
        run
    };
    let declined = at_terminal("", "n\n").fails(1, &[]);
    declined.prints(&[
        "Delete 1 crashes from file://",
        "[y/N]",
        "nothing was deleted",
    ]);
    assert_eq!(keys(&site, Site::ID).len(), 4);
    at_terminal("", "y\n").succeeds().prints(&["was deleted"]);
    assert!(keys(&site, Site::ID).is_empty());
    let told = at_terminal("--yes", "").succeeds();
    assert!(!told.stdout.contains("[y/N]"), "{told:?}");
}
