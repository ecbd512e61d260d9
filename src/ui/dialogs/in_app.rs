//! The dialog inside the window, which works on every desktop.

use eframe::egui::{Align2, Color32, Context, Id, Margin, Rect, Style, Vec2, WidgetRect, vec2};
use egui_file_dialog::{DialogState, FileDialog, FileDialogLabels, Filter as PathFilter};
use egui_phosphor::regular as icon;

use super::request::{FilePicker, Filter, PickKind, PickRequest, Picked};
use crate::ui::format::elide_middle;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, radius, space};
use crate::workbench::opening::looks_like_model;

/// Letters of a place's name that the list beside the dialog has room for.
const LONGEST_PLACE: usize = 18;
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
        let (request, dialog) = self.open.as_mut()?;
        in_one_colour(ctx, || {
            dialog.update(ctx);
        });
        if matches!(
            request.kind,
            PickKind::OpenFolders | PickKind::OpenFiles { .. }
        ) {
            main_button(ctx, dialog.get_window_id());
        }
        let paths = match dialog.state() {
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
    // What is selected is written in this colour below the list, and stands on it in the list.
    let t = Tokens::for_theme(theme);
    own.visuals.selection.bg_fill = t.accent;
    own.visuals.selection.stroke.color = t.on_accent;
    own.spacing.window_margin = Margin::same(space::M as i8);
    ctx.set_style_of(theme, own);
    let drawn = draw();
    ctx.set_style_of(theme, kept);
    drawn
}

/// Draws the button that opens as the one that gets on, over that of the dialog, whose buttons
/// are all alike: it is the last at the lower right.
fn main_button(ctx: &Context, dialog: Id) {
    let found = ctx.viewport(|viewport| {
        let mut layers = viewport.this_pass.widgets.layers();
        let (layer, widgets) = layers.find(|(layer, _)| layer.id == dialog)?;
        // The window hears clicks as well.
        let is_button = |w: &&WidgetRect| {
            let is_small = w.rect.height() <= 1.5 * ROW_HEIGHT && w.rect.width() <= SIZE.x / 3.0;
            w.sense.senses_click() && !w.sense.senses_drag() && is_small
        };
        let place = |rect: Rect| (rect.bottom().round() as i64, rect.right().round() as i64);
        let buttons = widgets.iter().filter(is_button);
        let last = buttons.max_by_key(|w| place(w.rect))?;
        Some((*layer, last.rect, last.id)).filter(|_| last.enabled)
    });
    let Some((layer, rect, id)) = found else {
        return;
    };
    let t = Tokens::for_theme(ctx.theme());
    let is_hovered = ctx
        .read_response(id)
        .is_some_and(|response| response.hovered());
    let fill = if is_hovered { t.accent_hover } else { t.accent };
    let painter = ctx.layer_painter(layer);
    painter.rect_filled(rect, radius::CONTROL, fill);
    let font = theme::strong_font();
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        OPEN,
        font,
        t.on_accent,
    );
}

const OPEN: &str = "Open";

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
    // What can be opened as a model is seen among the folders.
    dialog = dialog.set_file_icon(icon::CUBE, PathFilter::new(looks_like_model));
    if !request.places.is_empty() {
        dialog = dialog.add_quick_access("Models", |list| {
            for (name, path) in &request.places {
                let name = elide_middle(name, LONGEST_PLACE);
                list.add_path(&format!("{}  {name}", icon::FOLDER_STAR), path);
            }
        });
    }
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
        selected_items: "Selected:".into(),
        file_name: of("Folder name", "File name"),
        file_filter_all_files: "All files".into(),
        open_button: OPEN.into(),
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
