//! The network: the one place that talks to stores.

mod client;
mod connect;
mod profile;
mod runtime;

use std::sync::Arc;

use futures_util::StreamExt;

use self::client::Client;
use super::name::{Name, Scheme};
use super::pool::PAGE;
use super::ranges::{Ranges, Version};
use super::trouble::Trouble;

/// Requests for files of a folder that are on their way at once.
const AT_ONCE: usize = 16;

/// A folder on a store.
#[derive(Debug)]
pub(super) struct Place {
    client: Arc<Client>,
    lists: bool,
}

/// A file of weights: its version, its first bytes and the way to the others.
pub(super) type Opened = (Version, Vec<u8>, Arc<dyn Ranges>);

impl Place {
    /// The folder of that name; nothing is asked of the store yet.
    ///
    /// # Errors
    /// Settings in the environment that make no sense.
    pub(super) fn new(name: &Name) -> Result<Self, Trouble> {
        Ok(Self {
            client: Arc::new(Client::new(name, None)?),
            lists: name.scheme != Scheme::Web,
        })
    }

    /// The same on a web server that is asked with `query` behind each address.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub(super) fn with_query(name: &Name, query: &str) -> Result<Self, Trouble> {
        Ok(Self {
            client: Arc::new(Client::new(name, Some(query))?),
            lists: false,
        })
    }

    /// The names of the files in the folder; `None` where the store cannot tell.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn list(&self) -> Result<Option<Vec<String>>, Trouble> {
        if !self.lists {
            return Ok(None);
        }
        runtime::wait(self.client.list())?.map(Some)
    }

    /// Whole files of at most `most` bytes.
    pub(super) fn whole(
        &self,
        files: &[&str],
        most: u64,
    ) -> Vec<Result<(Version, Vec<u8>), Trouble>> {
        let each = |file: &str| {
            let (client, file) = (Arc::clone(&self.client), file.to_owned());
            async move { client.whole(&file, most).await }
        };
        self.all(files, each)
    }

    /// Files of weights, of which only the first page is read.
    pub(super) fn open(&self, files: &[&str]) -> Vec<Result<Opened, Trouble>> {
        let each = |file: &str| {
            let (client, file) = (Arc::clone(&self.client), file.to_owned());
            async move { client.open(&file, PAGE).await }
        };
        self.all(files, each)
    }

    fn all<T, F>(&self, files: &[&str], each: impl Fn(&str) -> F) -> Vec<Result<T, Trouble>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Trouble>> + Send + 'static,
    {
        let asked: Vec<F> = files.iter().map(|file| each(file)).collect();
        let all = async move {
            let all = futures_util::stream::iter(asked).buffered(AT_ONCE);
            all.collect::<Vec<Result<T, Trouble>>>().await
        };
        let none = |trouble: Trouble| files.iter().map(|_| Err(trouble.clone())).collect();
        runtime::wait(all).unwrap_or_else(none)
    }
}
