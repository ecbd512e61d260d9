//! A cluster folder in the window while its plan is worked on, and joined.

use std::path::{Path, PathBuf};
use std::time::Duration;

use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::checkpoint::Checkpoint;
use kinfolk::cluster::{Labour, Member, Plan, Task, make, work};
use kinfolk::jobs::Ticket;

use crate::harness::{click, command, doc, says, settle, until, window};

const NAMES: [&str; 4] = ["abacus", "arith", "mirror", "order"];

struct Family {
    base: Checkpoint,
    models: Vec<Checkpoint>,
    out: PathBuf,
    plan: Plan,
    tasks: Vec<Task>,
}

impl Family {
    fn new(home: &Path) -> Self {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
        let open = |name: &str| Checkpoint::open(&demo.join(name)).unwrap();
        let (base, models) = (
            open("base"),
            NAMES.map(open).into_iter().collect::<Vec<_>>(),
        );
        let member = |model: &Checkpoint| Member {
            name: model.suggested_name(),
            path: model.path().to_owned(),
            key: model.key().to_owned(),
            parameters: model.parameters(),
        };
        let members = models.iter().map(member).collect();
        let opened: Vec<&Checkpoint> = models.iter().collect();
        let of_base = (member(&base), &base);
        let plan = make(of_base, members, &opened, Vec::new(), (2, 1 << 20)).unwrap();
        let out = home.join("out");
        let tasks = plan.write(&out).unwrap();
        Self {
            base,
            models,
            out,
            plan,
            tasks,
        }
    }

    /// Does at most so many tasks.
    fn work(&self, most: usize) {
        let labour = Labour {
            only: Vec::new(),
            most,
            lease: Duration::from_secs(60),
            waits: false,
        };
        let models: Vec<&Checkpoint> = self.models.iter().collect();
        let of = (&self.plan, &self.tasks[..]);
        let ticket = Ticket::default();
        work(
            &self.out,
            of,
            (&self.base, &models),
            &labour,
            &ticket,
            &|_| {},
        )
        .unwrap();
    }
}

#[test]
fn a_running_plan_is_shown_as_it_fills_and_joined_into_a_study() {
    let home = tempfile::tempdir().unwrap();
    let family = Family::new(home.path());
    let all = family.tasks.len();
    assert!(all > 3);
    // All of the first block of two models, and nothing of the others.
    let mine = family.tasks.iter().filter(|task| task.blocks == (0, 0));
    for task in mine {
        let only = Labour {
            only: vec![task.id.clone()],
            most: 1,
            lease: Duration::from_secs(60),
            waits: false,
        };
        let models: Vec<&Checkpoint> = family.models.iter().collect();
        let of = (&family.plan, &family.tasks[..]);
        let ticket = Ticket::default();
        work(
            &family.out,
            of,
            (&family.base, &models),
            &only,
            &ticket,
            &|_| {},
        )
        .unwrap();
    }
    let mut window = window(home.path(), vec![vec![family.out.clone()]]);
    command(&mut window, "Open a cluster folder");
    until(&mut window, |window| says(window, "abacus × arith 0.9"));
    assert!(says(&window, "mirror × order not measured yet"));
    assert!(says(&window, "Joined once every part is there"));
    assert!(says(&window, "gone home"));
    let join = window.get_by_label("Join into study");
    assert!(join.accesskit_node().is_disabled());
    family.work(usize::MAX);
    until(&mut window, |window| says(window, "Every part is there"));
    until(&mut window, |window| {
        !says(window, "mirror × order not measured yet")
    });
    click(&mut window, "Join into study");
    settle(&mut window);
    let names: Vec<&str> = doc(&window).models.iter().map(|m| &m.name[..]).collect();
    assert_eq!(names, ["base", "abacus", "arith", "mirror", "order"]);
    assert!(
        says(&window, "abacus × arith 0.9"),
        "its kinship is known at once"
    );
    assert!(window.query_by_label("Close the cluster folder").is_none());
}

#[test]
fn a_folder_that_is_none_says_so() {
    let home = tempfile::tempdir().unwrap();
    let empty = home.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut window = window(home.path(), vec![vec![empty]]);
    command(&mut window, "Open a cluster folder");
    until(&mut window, |window| {
        says(window, "holds no plan and no trials")
    });
    click(&mut window, "Close the cluster folder");
    assert!(window.state().workbench().watched_cluster().is_none());
}
