use super::*;

struct Matrix {
    width: usize,
    numbers: Vec<f32>,
}

impl Rows for Matrix {
    fn count(&self) -> usize {
        self.numbers.len() / self.width
    }

    fn width(&self) -> usize {
        self.width
    }

    fn read(&self, row: usize, out: &mut [f32]) {
        out.copy_from_slice(&self.numbers[row * self.width..][..self.width]);
    }
}

fn random(rows: usize, width: usize, name: &str) -> Matrix {
    let stream = crate::numeric::random::Stream::new(7, name, 0);
    let number = |k: usize| (stream.at(k as u64) >> 40) as f32 / (1 << 23) as f32 - 1.0;
    let numbers = (0..rows * width).map(number).collect();
    Matrix { width, numbers }
}

/// The textbook's way, in `f64`: Gram and Schmidt for the residual, no weights.
fn naive(atoms: &Matrix, target: &[f32], k: usize) -> (Vec<u32>, f64) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let rows: Vec<Vec<f64>> = (atoms.numbers.chunks(atoms.width))
        .map(|row| row.iter().map(|x| f64::from(*x)).collect())
        .collect();
    let mut residual: Vec<f64> = target.iter().map(|x| f64::from(*x)).collect();
    let length = dot(&residual, &residual).sqrt();
    let (mut chosen, mut basis): (Vec<u32>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
    for _ in 0..k {
        let size = |j: &usize| dot(&rows[*j], &residual).abs();
        let free = (0..rows.len()).filter(|j| !chosen.contains(&(*j as u32)));
        let best = free.reduce(|a, b| if size(&b) > size(&a) { b } else { a });
        let mut own = rows[best.unwrap()].clone();
        for q in &basis {
            let part = dot(&own, q);
            own.iter_mut().zip(q).for_each(|(x, q)| *x -= part * q);
        }
        let norm = dot(&own, &own).sqrt();
        own.iter_mut().for_each(|x| *x /= norm);
        let part = dot(&residual, &own);
        residual
            .iter_mut()
            .zip(&own)
            .for_each(|(r, q)| *r -= part * q);
        basis.push(own);
        chosen.push(best.unwrap() as u32);
    }
    (chosen, dot(&residual, &residual).sqrt() / length)
}

fn pursued(atoms: &Matrix, targets: &Matrix, k: usize) -> Vec<Found> {
    let ticket = Ticket::default();
    ticket.expect(cost(atoms.count(), targets.count(), atoms.width, k));
    let found = pursue(atoms, targets, k, &ticket).unwrap();
    assert_eq!(ticket.progress().done, ticket.progress().total);
    found
}

#[test]
fn atoms_and_residuals_are_those_of_the_textbook() {
    // More than a batch of targets, and more than a block of atoms.
    let (atoms, targets) = (random(300, 40, "atoms"), random(530, 40, "targets"));
    let found = pursued(&atoms, &targets, 6);
    for (k, target) in targets.numbers.chunks(40).enumerate().step_by(37) {
        let (chosen, left) = naive(&atoms, target, 6);
        let own: Vec<u32> = found[k].terms.iter().map(|(atom, _)| *atom).collect();
        assert_eq!(own, chosen, "target {k}");
        assert!((f64::from(found[k].unexplained) - left).abs() < 1e-6);
    }
}

#[test]
fn threads_make_no_difference() {
    let (atoms, targets) = (random(400, 24, "a"), random(70, 24, "t"));
    let of = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build()
            .unwrap()
            .install(|| pursued(&atoms, &targets, 9))
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn a_sum_of_atoms_is_found_and_ends() {
    let atoms = random(50, 30, "a");
    let row = |k: usize| &atoms.numbers[k * 30..][..30];
    let sum = row(3).iter().zip(row(8)).map(|(a, b)| 2.0 * a - 0.5 * b);
    let mut numbers: Vec<f32> = sum.collect();
    numbers.extend([0.0; 30]);
    let found = pursued(&atoms, &Matrix { width: 30, numbers }, 20);
    let weight = |atom: u32| {
        let own = found[0].terms.iter().find(|(own, _)| *own == atom);
        own.map_or(0.0, |(_, weight)| *weight)
    };
    assert!((weight(3) - 2.0).abs() < 1e-5 && (weight(8) + 0.5).abs() < 1e-5);
    assert!(found[0].unexplained < 1e-5);
    // A row of zeros is the sum of nothing.
    assert_eq!(found[1], Found::default());
}

#[test]
fn of_equal_atoms_the_first_is_chosen_and_more_than_the_width_ends() {
    let mut atoms = random(4, 3, "a");
    let twin: Vec<f32> = atoms.numbers[3..6].to_vec();
    atoms.numbers.extend(twin.clone());
    let found = pursued(
        &atoms,
        &Matrix {
            width: 3,
            numbers: twin,
        },
        5,
    );
    assert_eq!(found[0].terms.len(), 1);
    assert_eq!(found[0].terms[0].0, 1);
    let found = pursued(&atoms, &random(5, 3, "t"), 5);
    assert!(
        found
            .iter()
            .all(|own| own.terms.len() <= 3 && own.unexplained < 1e-6)
    );
}

#[test]
fn a_cancelled_pursuit_ends() {
    let ticket = Ticket::default();
    ticket.cancel();
    let result = pursue(&random(9, 4, "a"), &random(9, 4, "t"), 2, &ticket);
    assert_eq!(result, Err(Cancelled));
}
