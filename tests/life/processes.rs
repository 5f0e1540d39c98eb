//! Facts about processes, read from `/proc`.

use std::path::Path;

use rustix::process::Pid;

/// A process by its number.
pub(crate) fn pid(number: u32) -> Pid {
    let number = i32::try_from(number).ok();
    number.and_then(Pid::from_raw).expect("a pid is a positive number")
}

/// The children of a process.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            let words: Vec<u32> =
                list.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            words
        })
        .collect()
}

/// What the descriptors of a process are, standard ones left out.
pub(crate) fn descriptors(pid: u32) -> Vec<String> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it is there");
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let number: u32 = entry.file_name().to_string_lossy().parse().expect("a number");
        if let Ok(target) = std::fs::read_link(entry.path()) {
            // The directory that is being read is open itself.
            if number > 2 && target != Path::new(&format!("/proc/{pid}/fd")) {
                found.push(target.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// Whether any child of a process is a zombie.
pub(crate) fn zombies(pid: u32) -> Vec<u32> {
    let is_zombie = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
    };
    children(pid).into_iter().filter(is_zombie).collect()
}

/// So many areas of memory a process has mapped.
pub(crate) fn mappings(pid: u32) -> usize {
    std::fs::read_to_string(format!("/proc/{pid}/maps")).map_or(0, |maps| maps.lines().count())
}
