"""Queueing theory that simulations are held against: exact, stationary results for Markovian queues, and
Student-t intervals for what a simulation says. Standard library only, no randomness, no clock; nothing here
knows the engine.

Every rate is "per time unit" for any one time unit of the caller's choice, and every time that comes back is
in that same unit. Arguments that make no sense raise ValueError with the name, the value found and what would
do; a queue that has no stationary state because its load is too high raises :class:`OverloadError`, which is
a ValueError too.
"""

from router.simulation.theory.arguments import OverloadError
from router.simulation.theory.delay import DelayQueue, delay_queue, erlang_b, erlang_c, little_mean
from router.simulation.theory.intervals import (
    Interval,
    batch_means,
    half_width,
    mean_interval,
    student_t_quantile,
    student_t_tail,
)
from router.simulation.theory.patience import PatienceQueue, patience_queue
from router.simulation.theory.priority import PriorityClass, priority_queue
from router.simulation.theory.room import RoomQueue, room_queue
from router.simulation.theory.skills import Pool, SkillNetwork, skill_network

__all__ = [
    "DelayQueue",
    "Interval",
    "OverloadError",
    "PatienceQueue",
    "Pool",
    "PriorityClass",
    "RoomQueue",
    "SkillNetwork",
    "batch_means",
    "delay_queue",
    "erlang_b",
    "erlang_c",
    "half_width",
    "little_mean",
    "mean_interval",
    "patience_queue",
    "priority_queue",
    "room_queue",
    "skill_network",
    "student_t_quantile",
    "student_t_tail",
]
