//! How and where something is written: a merge, or a model in another format. What would come of
//! it is looked at while the user chooses; a conversion is followed here until it is there.

mod form;
mod result;

use std::path::{Path, PathBuf};

use eframe::egui::{Context, Vec2};

use crate::study::ModelId;
use crate::ui::action::{Action, WriteAction, WriteWhat};
use crate::ui::ext::modal;
use crate::ui::theme::space;
use crate::workbench::Workbench;
use crate::workbench::converting::ConversionState;
use form::{Form, Press};

const WIDTH: f32 = 560.0;

/// A folder, if one is known, and a name in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub folder: Option<PathBuf>,
    pub name: String,
}

#[derive(Default)]
pub struct WriteView {
    form: Option<Form>,
}

impl WriteView {
    pub fn is_open(&self) -> bool {
        self.form.is_some()
    }

    pub fn open(&mut self, what: WriteWhat, bench: &Workbench, place: Place) {
        self.form = Some(Form::new(what, bench, place));
    }

    pub fn close(&mut self) {
        self.form = None;
    }

    /// The model whose conversion is looked at.
    pub fn conversion(&self) -> Option<ModelId> {
        match self.form.as_ref()?.what {
            WriteWhat::Convert(id) => Some(id),
            WriteWhat::Merge | WriteWhat::Again(_) => None,
        }
    }

    /// The folder that is written into.
    pub fn folder(&self) -> Option<PathBuf> {
        self.form.as_ref()?.place.folder.clone()
    }

    /// Takes the place that the user has picked.
    pub fn set_place(&mut self, out: &Path) {
        if let Some(form) = &mut self.form {
            form.set_place(out);
        }
    }

    /// Takes the GGUF file that the user has picked.
    pub fn set_template(&mut self, template: PathBuf) {
        if let Some(form) = &mut self.form {
            form.template = Some(template);
        }
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(form) = &mut self.form else {
            return;
        };
        if !form.is_still_there(bench) {
            return self.close();
        }
        let room = ctx.content_rect().size() - 2.0 * Vec2::splat(space::XL + space::L);
        let is_new = form.is_new;
        let modal = modal(ctx, "write", space::L).show(ctx, |ui| {
            ui.set_width(WIDTH.min(room.x));
            ui.set_max_height(room.y);
            let conversion = match form.what {
                WriteWhat::Convert(id) => bench.conversion(id),
                WriteWhat::Merge | WriteWhat::Again(_) => None,
            };
            match conversion {
                Some(own) => result::ui(ui, bench, own, actions),
                None => form.ui(ui, bench, actions),
            }
        });
        // What was typed must not be lost by a click beside the window.
        let escaped = modal.should_close() && !modal.backdrop_response.clicked() && !is_new;
        match modal.inner {
            Some(Press::Write { order, force }) => {
                let what = form.what;
                actions.push(WriteAction::Start { what, order, force }.into());
                // A conversion is followed where it was asked for.
                if !matches!(what, WriteWhat::Convert(_)) {
                    self.close();
                }
            }
            Some(Press::Close) => self.leave(bench, actions),
            None if escaped => self.leave(bench, actions),
            None => {}
        }
    }

    /// Closes the window; what has ended is seen and done with.
    fn leave(&mut self, bench: &Workbench, actions: &mut Vec<Action>) {
        if let Some(id) = self.conversion()
            && let Some(own) = bench.conversion(id)
            && !matches!(own.state, ConversionState::Running(_))
        {
            actions.push(WriteAction::ForgetConversion(id).into());
        }
        self.close();
    }
}
