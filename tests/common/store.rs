//! A web server that sends parts of files, and that can be told to fail in every way.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Below the root of the server.
    pub path: String,
    /// First and last byte, if a part was asked for.
    pub range: Option<(u64, u64)>,
    /// How many were asked of this server before it.
    pub number: usize,
}

impl Asked {
    /// Whether it asks for weights that lie behind the first page.
    pub fn is_behind_the_start(&self) -> bool {
        self.range.is_some_and(|(first, _)| first > 0)
    }
}

/// What the server does instead of answering well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    None,
    /// A status, and nothing else.
    Status(u16),
    /// The head of the answer, and then nothing for a long time.
    Stall,
    /// Half of the bytes, and the end of the connection.
    Cut,
    /// One byte less than was asked for, said to be all.
    Short,
    /// A total length that is not that of the file.
    OtherTotal,
    /// Another version of the file.
    OtherVersion,
    /// The whole file, whatever was asked for.
    NoRanges,
}

type Faults = Arc<Mutex<Box<dyn FnMut(&Asked) -> Fault + Send>>>;

/// A server of the files below a folder.
pub struct Store {
    pub url: String,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    faults: Faults,
}

impl Store {
    /// Serves the files below `root`.
    pub fn new(root: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let faults: Faults = Arc::new(Mutex::new(Box::new(|_| Fault::None)));
        let (root, log, how) = (root.to_owned(), Arc::clone(&asked), Arc::clone(&faults));
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (root, log, how) = (root.clone(), Arc::clone(&log), Arc::clone(&how));
                std::thread::spawn(move || serve(stream, &root, &log, &how));
            }
        });
        Self { url, asked, faults }
    }

    /// From now on the server fails as this says.
    pub fn fail(&self, how: impl FnMut(&Asked) -> Fault + Send + 'static) {
        *self.faults.lock().unwrap() = Box::new(how);
    }

    /// Bytes that were asked for of files whose names end so.
    pub fn bytes_of(&self, ending: &str) -> u64 {
        let asked = self.asked.lock().unwrap();
        let own = asked.iter().filter(|asked| asked.path.ends_with(ending));
        own.filter_map(|asked| asked.range)
            .map(|(a, b)| b - a + 1)
            .sum()
    }
}

/// One connection, with one request after the other.
fn serve(stream: TcpStream, root: &Path, log: &Mutex<Vec<Asked>>, how: &Faults) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(asked) = request(&mut lines, log) {
        let fault = (how.lock().unwrap())(&asked);
        if answer(&mut stream, root, &asked, fault).is_none() {
            return;
        }
    }
}

fn request(lines: &mut BufReader<TcpStream>, log: &Mutex<Vec<Asked>>) -> Option<Asked> {
    let mut line = String::new();
    let mut next = |line: &mut String| {
        line.clear();
        lines.read_line(line).ok().filter(|&read| read > 0)
    };
    next(&mut line)?;
    let path = line.split_whitespace().nth(1)?;
    let path = path.split('?').next()?.to_owned();
    let mut range = None;
    loop {
        next(&mut line)?;
        let text = line.trim().to_lowercase();
        if text.is_empty() {
            break;
        }
        if let Some((first, last)) = text
            .strip_prefix("range: bytes=")
            .and_then(|range| range.split_once('-'))
        {
            range = Some((first.parse().ok()?, last.parse().ok()?));
        }
    }
    let mut log = log.lock().unwrap();
    let number = log.len();
    let asked = Asked {
        path,
        range,
        number,
    };
    log.push(asked.clone());
    Some(asked)
}

/// Answers; `None` where the connection ends with it.
fn answer(stream: &mut TcpStream, root: &Path, asked: &Asked, fault: Fault) -> Option<()> {
    let mut path = PathBuf::from(root);
    path.extend(asked.path.split('/').filter(|part| !part.is_empty()));
    let found = std::fs::read(&path).ok().filter(|_| path.is_file());
    let status = match (&found, fault) {
        (_, Fault::Status(status)) => status,
        (None, _) => 404,
        (Some(_), _) => 200,
    };
    let Some(bytes) = found.filter(|_| status == 200) else {
        let head = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
        return stream.write_all(head.as_bytes()).ok();
    };
    let total = bytes.len() as u64;
    let (first, last) = asked.range.unwrap_or((0, total.saturating_sub(1)));
    let last = last.min(total.saturating_sub(1));
    let mut body = bytes
        .get(first as usize..=last as usize)
        .unwrap_or_default();
    let mut said_last = last;
    if fault == Fault::Short {
        body = &body[..body.len() - 1];
        said_last -= 1;
    }
    let etag = match fault {
        Fault::OtherVersion => "\"second\"",
        _ => "\"first\"",
    };
    let said_total = total + u64::from(fault == Fault::OtherTotal);
    let head = match asked.range.filter(|_| fault != Fault::NoRanges) {
        Some(_) => {
            format!("206 Partial Content\r\nContent-Range: bytes {first}-{said_last}/{said_total}")
        }
        None => "200 OK".to_owned(),
    };
    let body = match fault {
        Fault::NoRanges => &bytes[..],
        _ => body,
    };
    let len = body.len();
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {len}\r\nETag: {etag}\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    match fault {
        Fault::Stall => {
            std::thread::sleep(Duration::from_secs(60));
            None
        }
        Fault::Cut => {
            stream.write_all(&body[..len / 2]).ok()?;
            None
        }
        _ => stream.write_all(body).ok(),
    }
}
