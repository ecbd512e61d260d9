//! Where the names of points go, so that none lies on another.
//!
//! Greedy: each name takes the first free of eight places around its point, then of the same
//! places further out. The same input gives the same places, and a name that comes earlier
//! never moves for one that comes later. Time: labels × places × (labels + points). A name that could be taken for
//! another point's is not written.

/// How far from its point a name stands, in pixels: first close by, then further out. Farther
/// away than that it would belong to nothing, and is not written.
const DISTANCES: [f32; 2] = [4.0, 11.0];
/// What a point covers around its middle, in pixels.
const POINT_RADIUS: f32 = 3.0;
/// By how much a name may be nearer to another point than to its own, in pixels.
const NEARER: f32 = 1.0;
/// What stays free between two names, in pixels.
const GAP: f32 = 1.0;

/// Where around its point, −1 to 1 across and down, the best place first.
const PLACES: [[f32; 2]; 8] = [
    [0.8, -0.8],
    [0.8, 0.8],
    [-0.8, -0.8],
    [-0.8, 0.8],
    [1.0, 0.0],
    [-1.0, 0.0],
    [0.0, -1.0],
    [0.0, 1.0],
];

/// A place for each label, its upper left corner, or `None` where there is no room.
///
/// `anchors` are the points that have a label, `sizes` width and height of each label,
/// `points` all points, to none of which a label may be nearer than to its own, `more` what
/// else must not be covered, `frame` left, top, right and bottom; all in pixels with y
/// downwards. Earlier labels have the right of way.
pub fn place(
    anchors: &[[f32; 2]],
    sizes: &[[f32; 2]],
    (points, more): (&[[f32; 2]], &[[f32; 2]]),
    frame: [f32; 4],
) -> Vec<Option<[f32; 2]>> {
    let mut taken: Vec<Area> = Vec::new();
    anchors
        .iter()
        .zip(sizes)
        .map(|(&anchor, &size)| {
            let free = |b: &Area| {
                b.is_within(frame)
                    && !taken.iter().any(|other| b.touches(other))
                    && !points.iter().chain(more).any(|&p| b.covers(p))
                    && !points.iter().any(|&p| b.gap(p) + NEARER < b.gap(anchor))
            };
            let found = candidates(anchor, size).find(free)?;
            taken.push(found);
            Some([found.left, found.top])
        })
        .collect()
}

#[derive(Clone, Copy)]
struct Area {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

fn candidates(anchor: [f32; 2], [width, height]: [f32; 2]) -> impl Iterator<Item = Area> {
    DISTANCES.into_iter().flat_map(move |distance| {
        PLACES.into_iter().map(move |[across, down]| {
            let x = anchor[0] + across * distance + (across.signum() - 1.0) * width / 2.0;
            let y = anchor[1] + down * distance + (down.signum() - 1.0) * height / 2.0;
            // Straight beside or above a point, a label is centred on it.
            let left = if across == 0.0 {
                anchor[0] - width / 2.0
            } else {
                x
            };
            let top = if down == 0.0 {
                anchor[1] - height / 2.0
            } else {
                y
            };
            Area {
                left,
                top,
                right: left + width,
                bottom: top + height,
            }
        })
    })
}

impl Area {
    fn is_within(&self, [left, top, right, bottom]: [f32; 4]) -> bool {
        self.left >= left && self.top >= top && self.right <= right && self.bottom <= bottom
    }

    fn touches(&self, other: &Self) -> bool {
        self.left < other.right + GAP
            && other.left < self.right + GAP
            && self.top < other.bottom + GAP
            && other.top < self.bottom + GAP
    }

    /// How far a point is from its edge.
    fn gap(&self, [x, y]: [f32; 2]) -> f32 {
        let across = (self.left - x).max(x - self.right).max(0.0);
        let down = (self.top - y).max(y - self.bottom).max(0.0);
        across.hypot(down)
    }

    fn covers(&self, [x, y]: [f32; 2]) -> bool {
        x > self.left - POINT_RADIUS
            && x < self.right + POINT_RADIUS
            && y > self.top - POINT_RADIUS
            && y < self.bottom + POINT_RADIUS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: [f32; 4] = [0.0, 0.0, 400.0, 300.0];

    fn corners(at: [f32; 2], size: [f32; 2]) -> Area {
        Area {
            left: at[0],
            top: at[1],
            right: at[0] + size[0],
            bottom: at[1] + size[1],
        }
    }

    proptest! {
        #[test]
        fn no_label_lies_on_another_on_a_point_or_outside(
            points in prop::collection::vec((0.0f32..400.0, 0.0f32..300.0), 0..40),
            widths in prop::collection::vec(5.0f32..120.0, 40),
        ) {
            let points: Vec<[f32; 2]> = points.into_iter().map(|(x, y)| [x, y]).collect();
            let sizes: Vec<[f32; 2]> = widths.iter().take(points.len()).map(|&w| [w, 11.0]).collect();
            let places = place(&points, &sizes, (&points, &[]), FRAME);
            prop_assert_eq!(places.len(), points.len());
            let placed: Vec<Area> = places.iter().zip(&sizes)
                .filter_map(|(at, &size)| Some(corners((*at)?, size)))
                .collect();
            for (k, a) in placed.iter().enumerate() {
                prop_assert!(a.is_within(FRAME));
                prop_assert!(!points.iter().any(|&[x, y]| x > a.left && x < a.right && y > a.top && y < a.bottom));
                for b in &placed[..k] {
                    let apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
                    prop_assert!(apart);
                }
            }
            prop_assert_eq!(place(&points, &sizes, (&points, &[]), FRAME), places);
        }
    }

    #[test]
    fn a_single_label_stands_close_to_its_point() {
        let found = place(
            &[[200.0, 150.0]],
            &[[50.0, 11.0]],
            (&[[200.0, 150.0]], &[]),
            FRAME,
        );
        let at = found[0].unwrap();
        assert!(at[0] >= 203.0 && at[0] < 206.0 && at[1] + 11.0 <= 147.0);
    }

    #[test]
    fn in_a_corner_it_goes_inwards_and_without_room_there_is_none() {
        let corner = [[399.0, 1.0]];
        let found = place(&corner, &[[50.0, 11.0]], (&corner, &[]), FRAME);
        assert!(found[0].unwrap()[0] < 350.0);
        assert_eq!(
            place(&corner, &[[500.0, 11.0]], (&corner, &[]), FRAME),
            [None]
        );
        assert!(place(&[], &[], (&[], &[]), FRAME).is_empty());
    }

    #[test]
    fn earlier_labels_have_the_right_of_way() {
        let (a, b) = ([100.0, 100.0], [104.0, 100.0]);
        let alone = place(&[a], &[[40.0, 11.0]], (&[a, b], &[]), FRAME);
        let both = place(&[a, b], &[[40.0, 11.0]; 2], (&[a, b], &[]), FRAME);
        assert_eq!(alone[0], both[0]);
        assert!(both[1].is_some());
    }

    #[test]
    fn a_label_is_never_nearer_to_another_point_than_to_its_own() {
        let (own, others) = (
            [100.0, 100.0],
            [[112.0, 88.0], [112.0, 112.0], [88.0, 88.0]],
        );
        let all: Vec<[f32; 2]> = others.iter().copied().chain([own]).collect();
        let size = [60.0, 11.0];
        if let Some(at) = place(&[own], &[size], (&all, &[]), FRAME)[0] {
            let label = corners(at, size);
            let nearest = others
                .iter()
                .map(|&p| label.gap(p))
                .fold(f32::MAX, f32::min);
            assert!(label.gap(own) <= nearest + NEARER);
        }
    }
}
