"""The built-in policies, one file each, and the one registry that names them."""

from __future__ import annotations

from router.core.policy import Policies
from router.policies.age_offset import AgeOffset
from router.policies.best_fit import BestFit
from router.policies.delay_ratio import DelayRatio
from router.policies.due_first import DueFirst
from router.policies.fastest import Fastest
from router.policies.fewest_handled import FewestHandled
from router.policies.first_skill import FirstSkill
from router.policies.gcmu import Gcmu
from router.policies.least_occupied import LeastOccupied
from router.policies.least_skilled import LeastSkilled
from router.policies.load_ratio import LoadRatio
from router.policies.longest_idle import LongestIdle
from router.policies.most_skilled import MostSkilled
from router.policies.oldest import Oldest
from router.policies.own_first import OwnFirst
from router.policies.predicted_wait import PredictedWait
from router.policies.queue_ratio import QueueRatio
from router.policies.random_choice import RandomChoice
from router.policies.round_robin import RoundRobin
from router.policies.skill_fit import SkillFit
from router.policies.slack import Slack
from router.policies.strict import Strict
from router.policies.top_down import TopDown
from router.policies.weighted import Weighted

__all__ = ["BUILT_IN"]

BUILT_IN = Policies(
    orders={policy.name: policy for policy in (AgeOffset(), Strict(), DueFirst())},
    selections={policy.name: policy for policy in (Oldest(), OwnFirst())},
    terms={
        term.name: term
        for term in (SkillFit(), MostSkilled(), LeastSkilled(), FirstSkill(), BestFit(), Fastest())
    },
    heads={
        policy.name: policy
        for policy in (DelayRatio(), Slack(), Weighted(), Gcmu(), QueueRatio(), PredictedWait())
    },
    keyed={policy.name: policy for policy in (LongestIdle(), LoadRatio())},
    measured={policy.name: policy for policy in (LeastOccupied(), FewestHandled(), TopDown())},
    picks={policy.name: policy for policy in (RoundRobin(), RandomChoice())},
)
