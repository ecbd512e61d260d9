//! Models on stores and on the hub, asked for by their names.

use std::path::PathBuf;

use super::Workbench;
use crate::jobs::{Failure, Ticket};
use crate::store::hub::{self, HubName, Offer};

/// What is known of a model of the hub that is not in its cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OfferState {
    #[default]
    None,
    Asking(HubName),
    /// It is in the cache after all.
    Here(HubName),
    Offered(Offer),
    /// Why there is none to be had.
    Failed(HubName, String),
}

impl Workbench {
    pub fn offer(&self) -> &OfferState {
        &self.offer
    }

    /// Forgets what was asked of the hub; an answer that comes later is not heard.
    pub fn forget_offer(&mut self) {
        self.offer = OfferState::None;
    }

    /// Asks the hub what it has of a model that is not in its cache, as a job.
    pub fn ask_the_hub(&mut self, name: HubName) {
        self.offer = OfferState::Asking(name.clone());
        let asked = name.clone();
        let ask = move |_: &Ticket| match asked.cached() {
            Some(_) => Ok(None),
            None => hub::offer(&asked).map(Some).map_err(Failure::Failed),
        };
        let title = format!("Asking the hub for {}", name.repository);
        self.jobs
            .spawn(title, ask, move |bench: &mut Self, result| {
                // Another one may have been asked for meanwhile.
                if bench.offer == OfferState::Asking(name.clone()) {
                    bench.offer = match result {
                        Ok(Some(offer)) => OfferState::Offered(offer),
                        Ok(None) => OfferState::Here(name),
                        Err(Failure::Cancelled) => OfferState::None,
                        Err(Failure::Failed(sentence)) => OfferState::Failed(name, sentence),
                    };
                }
            });
    }

    /// Downloads what was offered into the hub's cache, as a job, and adds it to the study.
    pub fn download(&mut self, offer: Offer) {
        let name = PathBuf::from(offer.name.to_string());
        let title = format!("Downloading {}", offer.name.repository);
        let said = title.clone();
        let work = move |ticket: &Ticket| hub::download(&offer, ticket);
        self.jobs
            .spawn(title, work, move |bench: &mut Self, result| match result {
                Ok(_) => bench.add_paths(vec![name]),
                Err(failure) => bench.report_failure(&said, failure),
            });
    }
}
