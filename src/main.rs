//! The program: the command line, or the window.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::egui::{Context, IconData, Theme, ViewportBuilder, vec2};
use kinfolk::cli::{self, DemoKinship, Wish};
use kinfolk::kinship::Measure;
use kinfolk::ui::app::App;
use kinfolk::ui::prefs::Prefs;
use kinfolk::ui::report::Pages;
use kinfolk::ui::{dialogs, paper};
use kinfolk::workbench::{Folders, Workbench};

fn main() -> ExitCode {
    match cli::run() {
        Wish::Done(status) => status,
        Wish::Report(args) => {
            cli::status(cli::write_report(&args, |bench| Pages::of(bench).html()))
        }
        Wish::Window { paths, by_name } => match (display_is_there(), by_name) {
            (true, _) => window(paths),
            (false, false) => cli::status(cli::without_display(demo_picture)),
            (false, true) => {
                cli::say(
                    "kinfolk: there is no display to open a window on; run it on a desktop, or \
                     with DISPLAY or WAYLAND_DISPLAY set",
                );
                ExitCode::FAILURE
            }
        },
    }
}

/// Whether a window can be hoped for.
fn display_is_there() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", target_os = "windows"))
        || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
            .into_iter()
            .any(set)
}

fn demo_picture(demo: &DemoKinship) -> Result<Vec<u8>, String> {
    let measure = Measure::default();
    let matrix = demo.kinship.matrix(measure);
    let title = "Kinship of the demo family";
    let page = paper::heat_map_page(title, &demo.names(), &matrix, measure.metric);
    page.draw(Theme::Light).png()
}

fn window(paths: Vec<PathBuf>) -> ExitCode {
    // A library that is missing shows itself as an error or, in one case, as a panic; both are
    // told in one sentence. Later panics are bugs, and keep their message.
    let started = Arc::new(AtomicBool::new(false));
    let was_started = Arc::clone(&started);
    let default_hook = std::panic::take_hook();
    let hook_started = Arc::clone(&started);
    std::panic::set_hook(Box::new(move |info| {
        if hook_started.load(Ordering::Relaxed) {
            default_hook(info);
        }
    }));
    let result = catch_unwind(AssertUnwindSafe(|| run_window(paths, was_started)));
    let why = match result {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => error.to_string(),
        Err(_) if started.load(Ordering::Relaxed) => {
            cli::say(
                "kinfolk: the window ended by a bug; the study was saved as it was a moment before",
            );
            return ExitCode::FAILURE;
        }
        Err(_) => "a library of the desktop is missing".to_owned(),
    };
    cli::say(&format!(
        "kinfolk: the window could not be opened: {}",
        window_help(&why)
    ));
    ExitCode::FAILURE
}

fn run_window(paths: Vec<PathBuf>, started: Arc<AtomicBool>) -> eframe::Result {
    let options = eframe::NativeOptions {
        renderer: eframe::Renderer::Glow,
        viewport: ViewportBuilder::default()
            .with_app_id("kinfolk")
            .with_title("Kinfolk")
            .with_icon(icon())
            // With its frame and the bar of the desktop it fits a screen of 1280 by 800.
            .with_inner_size(vec2(1200.0, 720.0))
            .with_clamp_size_to_monitor_size(true)
            .with_min_inner_size(vec2(760.0, 520.0)),
        persistence_path: Some(Folders::of_user().data.join("window.ron")),
        ..Default::default()
    };
    eframe::run_native(
        "kinfolk",
        options,
        Box::new(move |cc| {
            started.store(true, Ordering::Relaxed);
            let prefs: Prefs = cc
                .storage
                .and_then(|storage| eframe::get_value(storage, eframe::APP_KEY))
                .unwrap_or_else(Prefs::first);
            let ctx = cc.egui_ctx.clone();
            let mut bench = Workbench::new(Folders::of_user(), move || ctx.request_repaint());
            bench.watch_memory();
            let picker = Box::new(dialogs::Desktop::new());
            let mut app = App::new(&cc.egui_ctx, bench, picker, prefs, paths);
            app.end_on(hear_signals(&cc.egui_ctx));
            Ok(Box::new(app))
        }),
    )
}

/// The picture in the title and the task bar; an empty one if it cannot be read.
fn icon() -> IconData {
    const PNG: &[u8] = include_bytes!("../resources/icon/kinfolk.png");
    eframe::icon_data::from_png_bytes(PNG).unwrap_or_default()
}

/// Set by the first signal that asks the program to end, which wakes the window to save and
/// close. A second one ends a program that does not get there.
fn hear_signals(ctx: &Context) -> Arc<AtomicBool> {
    let signal = Arc::new(AtomicBool::new(false));
    let (heard, ctx) = (Arc::clone(&signal), ctx.clone());
    let set = ctrlc::set_handler(move || {
        if heard.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        ctx.request_repaint();
    });
    if let Err(error) = set {
        log::warn!("signals are not heard: {error}");
    }
    signal
}

/// What to do about a window that would not open.
fn window_help(why: &str) -> String {
    let lower = why.to_lowercase();
    let no_server = [
        "xopendisplayfailed",
        "neither wayland_display",
        "connection refused",
    ];
    if no_server.iter().any(|sign| lower.contains(sign)) {
        return "the display that DISPLAY or WAYLAND_DISPLAY names does not answer".to_owned();
    }
    "graphics libraries are missing; on Debian or Ubuntu install them with \
     apt install libxcursor1 libxi6 libxkbcommon-x11-0 libgl1"
        .to_owned()
}
