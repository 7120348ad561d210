//! Files that only their owner may read, written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The largest file read here, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// A file could not be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {source}")]
pub struct FileError {
    /// What was tried.
    pub action: &'static str,
    /// The file.
    pub path: PathBuf,
    /// Why it failed.
    #[source]
    pub source: io::Error,
}

fn at<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> FileError + 'a {
    move |source| FileError { action, path: path.to_owned(), source }
}

/// Makes a directory, and those above it, for its owner alone (mode 0700). One that exists is closed to
/// others.
///
/// # Errors
/// [`FileError`].
pub fn create_private_dir(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(at("create", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(at("close to others", path))?;
    }
    Ok(())
}

/// Writes a file that only its owner may read and write (mode 0600 from its first byte on).
///
/// # Errors
/// [`FileError`]; an older file of that name is then unchanged.
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, 0o600)
}

/// Writes a file that everyone who reaches it may read (mode 0644).
///
/// # Errors
/// [`FileError`]; an older file of that name is then unchanged.
pub fn write_public(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, 0o644)
}

/// Writes a new file beside the old one and puts it in its place.
fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    // What a process of the same number left behind when it was killed.
    let _ = fs::remove_file(&temporary);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(&temporary).map_err(at("create", &temporary))?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| fs::rename(&temporary, path)).and_then(|()| sync_parent(path));
    placed.map_err(|source| {
        let _ = fs::remove_file(&temporary);
        at("write", path)(source)
    })
}

/// Makes the new name in the directory last.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) && !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Removes a file; one that is not there is as good as removed.
///
/// # Errors
/// [`FileError`].
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Reads a text file.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path) -> Result<String, FileError> {
    let file = File::open(path).map_err(at("open", path))?;
    read_text(&file, path)
}

/// Reads a text file that holds secrets, and refuses one that others may read.
///
/// # Errors
/// [`FileError`].
pub fn read_private(path: &Path) -> Result<String, FileError> {
    read_text(&open_private(path)?, path)
}

/// Reads a file that holds secrets and is no text, and refuses one that others may read.
///
/// # Errors
/// [`FileError`].
pub fn read_private_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    open_private(path)?.take(MAX_FILE).read_to_end(&mut bytes).map_err(at("read", path))?;
    Ok(bytes)
}

fn open_private(path: &Path) -> Result<File, FileError> {
    let file = File::open(path).map_err(at("open", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(at("open", path))?.permissions().mode();
        if mode & 0o077 != 0 {
            let problem = io::Error::new(io::ErrorKind::PermissionDenied, "others than its owner may use it");
            return Err(at("trust", path)(problem));
        }
    }
    Ok(file)
}

fn read_text(file: &File, path: &Path) -> Result<String, FileError> {
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(at("read", path))?;
    Ok(text)
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn private_files_are_for_their_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        create_private_dir(&inner).unwrap();
        assert_eq!(mode(&inner), 0o700);
        let path = inner.join("key");
        write_private(&path, b"secret").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(read_private(&path).unwrap(), "secret");
        write_public(&path, b"public").unwrap();
        assert_eq!(mode(&path), 0o644);
        assert_eq!(read(&path).unwrap(), "public");
    }

    #[test]
    fn refuses_a_secret_that_others_may_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_public(&path, b"secret").unwrap();
        let refused = read_private(&path).unwrap_err();
        assert_eq!(refused.action, "trust");
    }

    #[test]
    fn a_directory_left_open_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        create_private_dir(dir.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o700);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("taken");
        fs::create_dir(&target).unwrap();
        assert!(write_private(&target, b"x").is_err());
        assert!(target.is_dir());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
