//! The dialog inside the window, which works on every desktop.

use eframe::egui::{Align2, Color32, Context, Margin, Style, Vec2, vec2};
use egui_file_dialog::{DialogState, FileDialog, FileDialogLabels};
use egui_phosphor::regular as icon;

use super::request::{FilePicker, Filter, PickKind, PickRequest, Picked};
use crate::ui::theme::space;

const SIZE: Vec2 = vec2(820.0, 520.0);

/// The built-in dialog; folders and files can both be picked, several at once.
#[derive(Default)]
pub struct InApp {
    open: Option<(PickRequest, FileDialog)>,
}

impl FilePicker for InApp {
    fn start(&mut self, request: PickRequest, ctx: &Context) {
        let mut dialog = dialog(&request, ctx);
        match request.kind {
            PickKind::OpenFolders | PickKind::OpenFiles { .. } => dialog.pick_multiple(),
            PickKind::SaveFile { .. } | PickKind::SaveFolder { .. } => dialog.save_file(),
        }
        self.open = Some((request, dialog));
        ctx.request_repaint();
    }

    fn ui(&mut self, ctx: &Context) -> Option<Picked> {
        let (_, dialog) = self.open.as_mut()?;
        let paths = match in_one_colour(ctx, || dialog.update(ctx)).state() {
            DialogState::Open => return None,
            DialogState::Picked(path) => vec![path.clone()],
            DialogState::PickedMultiple(paths) => paths.clone(),
            DialogState::Cancelled | DialogState::Closed => Vec::new(),
        };
        let (request, _) = self.open.take()?;
        Some(Picked { request, paths })
    }

    fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

/// Draws the dialog with its panels in the colour of its window: it takes its style from the
/// context, which has its own back before anything else is drawn.
fn in_one_colour<R>(ctx: &Context, draw: impl FnOnce() -> R) -> R {
    let theme = ctx.theme();
    let kept = ctx.style_of(theme);
    let mut own = Style::clone(&kept);
    own.visuals.panel_fill = own.visuals.window_fill;
    own.visuals.widgets.open.weak_bg_fill = own.visuals.window_fill;
    own.spacing.window_margin = Margin::same(space::M as i8);
    ctx.set_style_of(theme, own);
    let drawn = draw();
    ctx.set_style_of(theme, kept);
    drawn
}

fn dialog(request: &PickRequest, ctx: &Context) -> FileDialog {
    let screen = ctx.content_rect().size() - Vec2::splat(2.0 * space::XXL);
    let mut dialog = FileDialog::new()
        .title(&request.title)
        .labels(labels(&request.kind))
        .anchor(Align2::CENTER_CENTER, Vec2::ZERO)
        .default_size(SIZE.min(screen.max(vec2(360.0, 240.0))))
        .min_size(vec2(360.0, 240.0))
        .movable(false)
        .modal_overlay_color(Color32::from_black_alpha(100))
        // Reading a folder takes a moment at most, and the window has no other threads.
        .load_via_thread(false)
        // Its field is black in both themes.
        .show_search(false)
        .show_system_files_option(false)
        .show_working_directory_button(false)
        .default_file_icon(icon::FILE)
        .default_folder_icon(icon::FOLDER)
        .device_icon(icon::HARD_DRIVES)
        .removable_device_icon(icon::USB)
        .parent_directory_icon(icon::ARROW_UP)
        .back_icon(icon::ARROW_LEFT)
        .forward_icon(icon::ARROW_RIGHT)
        .new_folder_icon(icon::FOLDER_PLUS)
        .menu_icon(icon::DOTS_THREE)
        .search_icon(icon::MAGNIFYING_GLASS)
        .path_edit_icon(icon::PENCIL_SIMPLE)
        .err_icon(icon::WARNING_CIRCLE);
    dialog.config_mut().warn_icon = icon::WARNING.into();
    dialog.config_mut().pinned_icon = icon::PUSH_PIN.into();
    if let Some(dir) = &request.start_dir {
        dialog = dialog.initial_directory(dir.clone());
    }
    with_filters(dialog, &request.kind)
}

/// The first filter is the one that is on.
fn with_filters(mut dialog: FileDialog, kind: &PickKind) -> FileDialog {
    match kind {
        PickKind::OpenFolders => {}
        PickKind::SaveFolder { name } => dialog = dialog.default_file_name(name),
        PickKind::OpenFiles { filters } => {
            for Filter { name, extensions } in filters {
                dialog = dialog.add_file_filter_extensions(name, extensions.to_vec());
            }
            if let Some(first) = filters.first() {
                dialog = dialog.default_file_filter(first.name);
            }
        }
        PickKind::SaveFile { name, filters } => {
            dialog = dialog.default_file_name(name);
            for Filter { name, extensions } in filters {
                if let Some(extension) = extensions.first() {
                    dialog = dialog.add_save_extension(name, extension);
                }
            }
            if let Some(first) = filters.first() {
                dialog = dialog.default_save_extension(first.name);
            }
        }
    }
    dialog
}

/// Our icons and our words, in sentence case.
fn labels(kind: &PickKind) -> FileDialogLabels {
    let is_folder = matches!(kind, PickKind::SaveFolder { .. });
    let of = |folder: &str, file: &str| if is_folder { folder } else { file }.to_owned();
    let with = |icon: &str, text: &str| format!("{icon}  {text}");
    FileDialogLabels {
        reload: with(icon::ARROW_CLOCKWISE, "Reload"),
        select_all: with(icon::SELECTION_ALL, "Select all"),
        show_hidden: "Show hidden".into(),
        heading_pinned: "Pinned".into(),
        heading_places: "Places".into(),
        heading_devices: "Devices".into(),
        heading_removable_devices: "Removable devices".into(),
        home_dir: with(icon::HOUSE, "Home"),
        desktop_dir: with(icon::DESKTOP, "Desktop"),
        documents_dir: with(icon::FILES, "Documents"),
        downloads_dir: with(icon::DOWNLOAD_SIMPLE, "Downloads"),
        audio_dir: with(icon::MUSIC_NOTES, "Audio"),
        pictures_dir: with(icon::IMAGE, "Pictures"),
        videos_dir: with(icon::FILM_STRIP, "Videos"),
        pin_folder: with(icon::PUSH_PIN, "Pin"),
        unpin_folder: with(icon::PUSH_PIN_SLASH, "Unpin"),
        rename_pinned_folder: with(icon::PENCIL_SIMPLE, "Rename"),
        selected_directory: "Folder".into(),
        selected_file: "File".into(),
        selected_items: "Selected".into(),
        file_name: of("Folder name", "File name"),
        file_filter_all_files: "All files".into(),
        open_button: "Open".into(),
        save_button: of("Write here", "Save"),
        cancel_button: "Cancel".into(),
        overwrite_file_modal_text: "already exists. Overwrite it?".into(),
        err_empty_folder_name: "A folder needs a name".into(),
        err_empty_file_name: of("A folder needs a name", "A file needs a name"),
        err_directory_exists: "A folder of this name exists already".into(),
        err_file_exists: "A file of this name exists already".into(),
        ..FileDialogLabels::default()
    }
}
