//! Requests for whole files and ranges, and what is done when one fails.
//!
//! A request that fails for a reason that may pass is sent again, after pauses that double. What
//! comes must be the version that was opened, by its length and ETag (or time), and exactly as
//! long as was asked for.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::super::name::Name;
use super::super::patience::Patience;
use super::super::ranges::{Done, Ranges, Version};
use super::super::trouble::Trouble;
use super::{Opened, connect, runtime};
use crate::parallel::lock;

/// Requests for ranges that are on their way at once.
const IN_FLIGHT: usize = 16;
static FLIGHT: Semaphore = Semaphore::const_new(IN_FLIGHT);

/// A folder of a store.
pub(super) struct Client {
    store: Arc<dyn ObjectStore>,
    folder: Path,
    patience: Patience,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.folder).finish()
    }
}

/// A file of a folder, as it was opened.
#[derive(Debug)]
struct File {
    client: Arc<Client>,
    file: String,
    version: Version,
}

/// What is asked for.
#[derive(Clone)]
struct Wish<'f> {
    file: &'f str,
    range: Option<Range<u64>>,
    /// The version that it must be of.
    version: Option<&'f Version>,
    most: u64,
}

impl Client {
    pub(super) fn new(name: &Name, query: Option<&str>) -> Result<Self, Trouble> {
        let patience = Patience::of_user();
        let store = runtime::entered(|| connect::shared(name, query, patience))?;
        let folder = Path::from_url_path(name.path());
        Ok(Self {
            store: store?,
            folder: folder.map_err(|error| Trouble::Name(error.to_string()))?,
            patience,
        })
    }

    pub(super) fn list(
        self: &Arc<Self>,
    ) -> impl Future<Output = Result<Vec<String>, Trouble>> + use<> {
        let own = Arc::clone(self);
        async move {
            let list = || async {
                let asked = own.store.list_with_delimiter(Some(&own.folder));
                let listed = timeout(own.patience.stall, asked).await;
                let listed = listed
                    .map_err(|_| own.stalled())?
                    .map_err(|e| trouble(&e))?;
                let names = listed.objects.iter().filter_map(|o| o.location.filename());
                Ok(names.map(str::to_owned).collect())
            };
            own.patiently(list).await
        }
    }

    /// A whole file.
    pub(super) async fn whole(&self, file: &str, most: u64) -> Result<(Version, Vec<u8>), Trouble> {
        let wish = Wish {
            file,
            range: None,
            version: None,
            most,
        };
        self.patiently(|| self.get(wish.clone())).await
    }

    /// The first bytes of a file and what is needed to read the others.
    pub(super) async fn open(self: Arc<Self>, file: &str, start: u64) -> Result<Opened, Trouble> {
        let wish = Wish {
            file,
            range: Some(0..start),
            version: None,
            most: start,
        };
        let (version, bytes) = self.patiently(|| self.get(wish.clone())).await?;
        let file = File {
            file: file.to_owned(),
            version: version.clone(),
            client: Arc::clone(&self),
        };
        Ok((version, bytes, Arc::new(file)))
    }

    /// Asks until an answer comes or it is hopeless.
    async fn patiently<T, F: Future<Output = Result<T, Trouble>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, Trouble> {
        let mut k = 1;
        loop {
            match ask().await {
                Err(trouble) if trouble.may_pass() && k < self.patience.tries => {
                    tokio::time::sleep(self.patience.pause_before(k)).await;
                    k += 1;
                }
                result => return result,
            }
        }
    }

    async fn get(&self, wish: Wish<'_>) -> Result<(Version, Vec<u8>), Trouble> {
        let etag = wish.version.and_then(|version| version.etag.clone());
        let options = GetOptions {
            range: wish.range.clone().map(GetRange::Bounded),
            // A weak ETag never matches, by the rules of HTTP.
            if_match: etag.filter(|etag| !etag.starts_with("W/")),
            ..GetOptions::default()
        };
        let path = self.folder.clone().join(wish.file);
        let asked = self.store.get_opts(&path, options);
        let got = timeout(self.patience.stall, asked).await;
        let got = got.map_err(|_| self.stalled())?.map_err(|e| trouble(&e))?;
        let version = version(&got.meta);
        if wish.version.is_some_and(|opened| !opened.is(&version)) {
            return Err(Trouble::Changed);
        }
        Ok((version, self.body(got, wish.most).await?))
    }

    async fn body(&self, got: GetResult, most: u64) -> Result<Vec<u8>, Trouble> {
        let expected = got.range.end.saturating_sub(got.range.start);
        if expected > most {
            return Err(Trouble::TooLong(most));
        }
        let mut bytes = Vec::with_capacity(expected as usize);
        let mut stream = got.into_stream();
        loop {
            let next = timeout(self.patience.stall, stream.next()).await;
            let Some(piece) = next.map_err(|_| self.stalled())? else {
                break;
            };
            // A body that ends too early is an error of the connection here.
            let found = bytes.len() as u64;
            let piece = piece.map_err(|_| Trouble::Length { expected, found })?;
            bytes.extend_from_slice(&piece);
            if bytes.len() as u64 > expected {
                break;
            }
        }
        match bytes.len() as u64 {
            found if found == expected => Ok(bytes),
            found => Err(Trouble::Length { expected, found }),
        }
    }

    fn stalled(&self) -> Trouble {
        Trouble::Stalled(self.patience.stall.as_secs_f64().ceil() as u64)
    }
}

impl Ranges for File {
    fn start(&self, range: Range<u64>, done: Done) {
        let (client, file) = (Arc::clone(&self.client), self.file.clone());
        let version = self.version.clone();
        // Whoever waits hears of it in every case: also of threads that could not be started.
        let done = Once::new(done);
        let own = done.clone();
        let work = async move {
            // Never closed.
            let _permit = FLIGHT.acquire().await;
            let most = range.end.saturating_sub(range.start);
            let wish = Wish {
                file: &file,
                range: Some(range),
                version: Some(&version),
                most,
            };
            let result = client.patiently(|| client.get(wish.clone())).await;
            let exact = |(_, bytes): (Version, Vec<u8>)| match bytes.len() as u64 {
                found if found == most => Ok(bytes),
                found => Err(Trouble::Length {
                    expected: most,
                    found,
                }),
            };
            own.tell(result.and_then(exact));
        };
        if let Err(trouble) = runtime::start(work) {
            done.tell(Err(trouble));
        }
    }
}

/// Hears of a result once; of a request that ends without one, when that is dropped.
#[derive(Clone)]
struct Once(Arc<Waiting>);

struct Waiting(std::sync::Mutex<Option<Done>>);

impl Once {
    fn new(done: Done) -> Self {
        Self(Arc::new(Waiting(std::sync::Mutex::new(Some(done)))))
    }

    fn tell(&self, result: Result<Vec<u8>, Trouble>) {
        let taken = lock(&self.0.0).take();
        if let Some(done) = taken {
            done(result);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let taken = lock(&self.0).take();
        if let Some(done) = taken {
            done(Err(runtime::ended()));
        }
    }
}

fn version(meta: &ObjectMeta) -> Version {
    let secs = u64::try_from(meta.last_modified.timestamp()).ok();
    // The library puts 1970 where nothing is said.
    let secs = secs.filter(|&secs| secs > 0);
    let time = |secs| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs));
    Version {
        len: meta.size,
        etag: meta.e_tag.clone(),
        modified: secs.and_then(time),
    }
}

/// What an error of the library means here.
fn trouble(error: &object_store::Error) -> Trouble {
    use object_store::Error;
    match error {
        Error::NotFound { .. } => Trouble::Missing,
        Error::PermissionDenied { .. } => Trouble::Forbidden("403".to_owned()),
        Error::Unauthenticated { .. } => Trouble::Forbidden("401".to_owned()),
        Error::Precondition { .. } | Error::NotModified { .. } => Trouble::Changed,
        other => {
            let said = other.to_string();
            let whole_only = [
                "Received non-partial response",
                "Range request not supported",
            ];
            if whole_only.iter().any(|own| said.contains(own)) {
                return Trouble::NoRanges;
            }
            // Without any credentials the cloud's own machines are asked for some.
            if ["169.254.169.254", "metadata.google.internal"]
                .iter()
                .any(|own| said.contains(own))
            {
                return Trouble::Forbidden("no credentials were found".to_owned());
            }
            if said.contains("Requested ") && said.contains(", got ") {
                return Trouble::Answer("with another part than was asked for".to_owned());
            }
            match status(&said) {
                Some(status) if status.starts_with("404") => Trouble::Missing,
                Some(status) => Trouble::Answer(status),
                None => Trouble::Offline(connect::cause(other)),
            }
        }
    }
}

/// The status that an error tells of: "500 Internal Server Error".
fn status(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("status code: ")?;
    let status = rest.split([':', '\n']).next()?.trim();
    status
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| status.to_owned())
}
