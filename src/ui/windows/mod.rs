//! Windows that stand before the views until they are answered: one line in the list below makes
//! one known to the program, which draws it, hands it the keys and closes it.

mod ancestry;
mod cluster;
mod comparison;
mod extraction;
mod guide;
mod hub;
mod import;
mod job;
mod mixture;
mod number;
mod proof;
mod relation;
mod scan;
mod stored;
mod sweep;
mod transplant;
mod write;

use eframe::egui::Context;

use super::action::Action;
use crate::workbench::Workbench;

use ancestry::AncestryView;
use cluster::ClusterView;
use comparison::ComparisonView;
use extraction::ExtractionView;
use guide::GuideView;
use hub::HubView;
use import::ImportView;
use mixture::MixtureView;
use proof::ProofView;
use relation::RelationView;
use scan::ScanView;
use stored::StoredView;
use sweep::SweepView;
use transplant::TransplantView;
use write::WriteView;

pub use transplant::donors as transplant_donors;
pub use write::Place;

/// Each window has `is_open`, `close` and `ui`, and comes into being closed.
macro_rules! windows {
    (
        of the study { $($of_study:ident: $study_view:ty),* $(,)? }
        of the program { $($of_program:ident: $program_view:ty),* $(,)? }
    ) => {
        /// All of them, in the order in which they are drawn.
        #[derive(Default)]
        pub struct Windows {
            $(pub $of_study: $study_view,)*
            $(pub $of_program: $program_view,)*
        }

        impl Windows {
            pub fn is_any_open(&self) -> bool {
                $(self.$of_study.is_open())||* || $(self.$of_program.is_open())||*
            }

            /// Another study is shown: what was about the one before goes.
            pub fn study_opened(&mut self) {
                $(self.$of_study.close();)*
            }

            pub fn close(&mut self) {
                self.study_opened();
                $(self.$of_program.close();)*
            }

            pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
                $(self.$of_study.ui(ctx, bench, actions);)*
                $(self.$of_program.ui(ctx, bench, actions);)*
            }
        }
    };
}

windows! {
    of the study {
        ancestry: AncestryView,
        comparison: ComparisonView,
        transplant: TransplantView,
        writing: WriteView,
        extraction: ExtractionView,
        proof: ProofView,
        relation: RelationView,
        sweep: SweepView,
    }
    // A mixture closes itself where there is none; one that was opened as a recipe, together
    // with models, is there before their study is.
    of the program {
        mixture: MixtureView,
        import: ImportView,
        guide: GuideView,
        hub: HubView,
        scan: ScanView,
        stored: StoredView,
        cluster: ClusterView,
    }
}
