//! Whether there is room for one more task: a free lane, or one more worker at work.

use super::super::super::queue::{Place, Queue};
use super::State;
use crate::config::Settings;
use crate::hooks::failure::HookFailure;

/// What there is room for.
pub(super) enum Room {
    /// A free lane.
    Lane,
    /// One more worker at work.
    Worker,
    /// A worker, but no more can be started: a hook fails.
    Failed(Box<HookFailure>),
    /// Neither.
    None,
}

impl State {
    pub(super) fn find_room(
        &mut self,
        settings: &Settings,
        lanes: usize,
        queue: &Queue,
        place: Option<&Place>,
    ) -> Room {
        let kept = queue.kept(place);
        let has_lane = lanes > 1 && self.crews.free_lanes_of(lanes) > kept.lanes;
        if has_lane && !queue.is_behind_a_worker(place) {
            return Room::Lane;
        }
        let kept = kept.workers + kept.lanes.saturating_sub(self.crews.free_lanes());
        let taken = self.leased + self.crews.busy() + kept;
        let failed = self.failed(settings, lanes);
        // Where no other worker can be had, those that there are do the work.
        if taken > 0 && (taken >= settings.workers() || failed.is_some()) {
            return Room::None;
        }
        failed.map_or(Room::Worker, |failure| Room::Failed(Box::new(failure)))
    }

    /// Why no worker is started now: a hook. `None` if there is one that needs no start.
    fn failed(&self, settings: &Settings, lanes: usize) -> Option<HookFailure> {
        let is_kept = lanes == 1
            && (!self.spares.is_empty() || (!settings.wants_own_worker() && !self.idle.is_empty()));
        self.failed.as_ref().filter(|_| !is_kept)?.still(settings)
    }
}
