//! Which folders show every change of a file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The most symbolic links that are followed: the limit of Linux.
const MAX_LINKS: usize = 40;

/// Returns the folders of a file, of every symbolic link on the way to it, and of the links' targets.
///
/// A file is changed by writing into it, by renaming another file to its name, or by replacing a link that leads to it or to one of its
/// folders, as Kubernetes does for a mounted `ConfigMap`. Each of these changes an entry of one of these folders.
pub(crate) fn of(file: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut links = 0;
    add(file, &mut folders, &mut links);
    folders
}

fn add(path: &Path, folders: &mut BTreeSet<PathBuf>, links: &mut usize) {
    let mut prefix = PathBuf::new();
    for component in path.components() {
        prefix.push(component);
        if !matches!(component, Component::Normal(_)) {
            continue;
        }
        let Ok(target) = fs::read_link(&prefix) else { continue };
        *links += 1;
        if *links > MAX_LINKS {
            return;
        }
        let Some(folder) = parent(&prefix) else { continue };
        // The link itself can be replaced.
        folders.insert(folder.clone());
        let rest = path.strip_prefix(&prefix).unwrap_or(Path::new(""));
        let target = folder.join(target);
        add(&if rest.as_os_str().is_empty() { target } else { target.join(rest) }, folders, links);
        return;
    }
    folders.extend(parent(path));
}

/// The folder of a path. It is `.` for a file name alone.
fn parent(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    Some(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() })
}
