//! Where logs come from: files, folders, patterns, standard input; compressed or not.

use crate::error::{CollectError, ErrorKind, Result};
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// A log to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, a folder of files, or a pattern with `*` and `?` in its last part.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// Bytes that are at hand, with a name for messages.
    Bytes(String, Vec<u8>),
}

/// One log, found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    from: From,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    File(PathBuf),
    Stdin,
    Bytes(Vec<u8>),
}

/// The logs that `inputs` name: folders and patterns give their files, sorted by name.
///
/// # Errors
/// When a path is not there, a folder is empty, or a pattern fits nothing.
pub(super) fn find(inputs: &[Input]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for input in inputs {
        match input {
            Input::Stdin => found.push(Found { name: "-".into(), from: From::Stdin }),
            Input::Bytes(name, bytes) => {
                found.push(Found { name: name.clone(), from: From::Bytes(bytes.clone()) });
            }
            Input::Path(path) => found.extend(
                files(path)?
                    .into_iter()
                    .map(|path| Found { name: path.display().to_string(), from: From::File(path) }),
            ),
        }
    }
    Ok(found)
}

fn unreadable(path: &Path, error: io::Error) -> CollectError {
    let shown = path.display();
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("pipe it: sudo cat {shown} | planscope collect --from-log -")
        }
        io::ErrorKind::NotFound => "check the path; `-` is standard input".to_owned(),
        _ => "try to copy it: cp says whether the disk can read it".to_owned(),
    };
    CollectError::new(ErrorKind::Input, format!("{shown} cannot be read: {error}"))
        .hint(hint)
        .caused_by(error)
}

/// The files of a path.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let is_folder = match fs::metadata(path) {
        Ok(known) => known.is_dir(),
        Err(error) if is_pattern(path) => return matching(path, error),
        Err(error) => return Err(unreadable(path, error)),
    };
    if !is_folder {
        return Ok(vec![path.to_owned()]);
    }
    let files = files_of(path, |_| true)?;
    if files.is_empty() {
        let message = format!("{} has no files", path.display());
        let error = CollectError::new(ErrorKind::Input, message);
        return Err(error.hint("name the folder that the server writes its logs into, or a file"));
    }
    Ok(files)
}

fn is_pattern(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(['*', '?']))
}

fn matching(pattern: &Path, missing: io::Error) -> Result<Vec<PathBuf>> {
    let folder = pattern.parent().filter(|p| !p.as_os_str().is_empty());
    let name = pattern.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files =
        files_of(folder.unwrap_or(Path::new(".")), |file| fits(name.as_bytes(), file.as_bytes()))?;
    if files.is_empty() { Err(unreadable(pattern, missing)) } else { Ok(files) }
}

fn files_of(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && !name.starts_with('.') && wanted(&name) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether `name` fits a pattern of `*` and `?`; time is the product of their lengths.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    // Which ends of the pattern the name so far can reach.
    let mut reached = vec![false; pattern.len() + 1];
    let spread = |reached: &mut Vec<bool>| {
        for (at, sign) in pattern.iter().enumerate() {
            if *sign == b'*' && reached[at] {
                reached[at + 1] = true;
            }
        }
    };
    reached[0] = true;
    spread(&mut reached);
    for byte in name {
        let mut next = vec![false; reached.len()];
        for (at, sign) in pattern.iter().enumerate().filter(|(at, _)| reached[*at]) {
            match sign {
                b'*' => next[at] = true,
                b'?' => next[at + 1] = true,
                sign => next[at + 1] |= sign == byte,
            }
        }
        spread(&mut next);
        reached = next;
    }
    reached[pattern.len()]
}

impl Found {
    /// The same log to open another time; `None` for standard input, which is read once.
    pub(super) fn again(&self) -> Option<Self> {
        (self.from != From::Stdin).then(|| self.clone())
    }

    /// Opens the log and takes its compression off.
    pub(super) fn open(self) -> Result<Box<dyn Read + Send>> {
        let opened: io::Result<Box<dyn Read + Send>> = match self.from {
            From::File(path) => File::open(path).map(|file| Box::new(file) as _),
            From::Stdin => Ok(Box::new(io::stdin())),
            From::Bytes(bytes) => Ok(Box::new(Cursor::new(bytes))),
        };
        opened.and_then(decompressed).map_err(|error| unreadable(Path::new(&self.name), error))
    }
}

/// Whether a file with this beginning is compressed.
pub(super) fn is_packed(head: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] =
        [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"BZh", &[0xfd, b'7', b'z', b'X', b'Z', 0]];
    MARKS.iter().any(|mark| head.starts_with(mark))
}

/// What the first bytes say about compression.
pub(super) fn decompressed(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::new();
    raw.by_ref().take(6).read_to_end(&mut head)?;
    let whole = BufReader::with_capacity(1 << 16, Cursor::new(head.clone()).chain(raw));
    Ok(match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::with_buffer(whole)?),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Box::new(bzip2::bufread::MultiBzDecoder::new(whole)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => {
            Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(whole))
        }
        _ => Box::new(whole),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn patterns_have_stars_and_question_marks() {
        let check = |pattern: &str, name: &str| fits(pattern.as_bytes(), name.as_bytes());
        assert!(check("postgresql-*.log", "postgresql-2024-01-02.log"));
        assert!(check("a?c*", "abc"));
        assert!(check("*", ""));
        assert!(!check("*.log", "a.log.gz"));
        assert!(!check("a?c", "ac"));
    }

    #[test]
    fn every_compression_is_taken_off() {
        let text = b"2024-01-02 03:04:05 UTC [1] LOG:  hello\n";
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text).unwrap();
        let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        bz.write_all(text).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(text).unwrap();
        let zst = zstd::encode_all(&text[..], 1).unwrap();
        let all =
            [text.to_vec(), gz.finish().unwrap(), bz.finish().unwrap(), xz.finish().unwrap(), zst];
        for bytes in all {
            let found = Found { name: "x".into(), from: From::Bytes(bytes) };
            let mut read = Vec::new();
            found.open().unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn folders_and_patterns_give_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.log", "a.log", ".hidden", "c.txt"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let names = |path: PathBuf| -> Vec<String> {
            let files = files(&path).unwrap();
            files.iter().map(|f| f.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(folder.path().to_owned()), ["a.log", "b.log", "c.txt"]);
        assert_eq!(names(folder.path().join("*.log")), ["a.log", "b.log"]);
        assert!(files(&folder.path().join("*.gz")).is_err());
        assert!(files(Path::new("no/such.log")).is_err());
    }
}
