# SPDX-License-Identifier: MIT
"""Values count in plans as far as they foretold what came."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from tandem.agents.common.errors import PolicyError
from tandem.agents.common.settings import merged_settings
from tandem.agents.general.hybrid import HybridConfig
from tandem.agents.general.hybrid_config import TrustConfig
from tandem.agents.general.sequences import ActionCodes
from tandem.agents.general.value_trust import PromiseRegression, ValueTrust

#: What a state keeps from one decision to the next.
KEPT = 0.9
DISCOUNT = 0.8
EPISODE = 40


def regression(worth: float, decisions: int, noise: float, seed: int = 1) -> PromiseRegression:
    """What came is the state's value, ``worth`` times the promise, and noise of that size."""
    rng = np.random.default_rng(seed)
    state, promise = rng.normal(5.0, 3.0, decisions), rng.normal(0.0, 0.8, decisions)
    met = 0.4 * state + worth * promise - 2.0 + noise * rng.standard_normal(decisions)
    found = PromiseRegression(20.0)
    found.add(state, promise, met)
    return found


def test_without_noise_the_answer_is_exact() -> None:
    worth, error = regression(0.7, 50, 0.0).worth
    assert worth == pytest.approx(0.7)
    assert error == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("worth", [0.0, 0.5, 1.0])
def test_what_promises_are_worth_is_found_within_its_error(worth: float) -> None:
    found, error = zip(
        *(regression(worth, 400, 3.0, seed).worth for seed in range(40)), strict=True
    )
    # Least squares with known noise: sd 3 / (0.8 · √400) = 0.1875.
    assert np.mean(error) == pytest.approx(0.1875, rel=0.1)
    assert np.std(found) == pytest.approx(0.1875, rel=0.3)
    assert np.mean(found) == pytest.approx(worth, abs=4 * 0.1875 / np.sqrt(40))


def test_older_rows_count_less() -> None:
    found = regression(1.0, 200, 0.5)
    found.fade(0.01)
    later = regression(0.0, 200, 0.5, seed=2)
    rng = np.random.default_rng(2)
    state, promise = rng.normal(5.0, 3.0, 200), rng.normal(0.0, 0.8, 200)
    found.add(state, promise, 0.4 * state - 2.0 + 0.5 * rng.standard_normal(200))
    assert found.worth[0] == pytest.approx(later.worth[0], abs=0.03)


def test_nothing_is_said_of_too_little() -> None:
    assert np.isnan(regression(1.0, 19, 0.0).worth[0])
    assert not np.isnan(regression(1.0, 20, 0.0).worth[0])
    same = PromiseRegression(20.0)
    same.add(np.ones(50), np.zeros(50), np.ones(50))  # every action promises the same
    assert np.isnan(same.worth[0])


class Tank:
    """A level that an action of 0 … 4 changes by -2 … 2 and that leaks; its level is the reward."""

    def __init__(self, decisions: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        actions = rng.integers(0, 5, decisions)
        level = np.zeros(decisions + 1)
        for at, action in enumerate(actions):
            level[at + 1] = 0.0 if (at + 1) % EPISODE == 0 else KEPT * (level[at] + action - 2)
        self.memory = SimpleNamespace(
            columns={
                "state": level[:-1, None],
                "codes": actions[:, None].astype(float),
                "reward": level[:-1] + 0.1 * rng.standard_normal(decisions),
                "begins": np.arange(decisions) % EPISODE == 0,
            }
        )

    def standardised(self, compressed: Any) -> torch.Tensor:
        return torch.as_tensor(compressed)

    def standardised_reward(self, reward: Any) -> Any:
        return reward

    def spread(self, states: torch.Tensor) -> torch.Tensor:
        return states[None]

    def predict(self, states: torch.Tensor, codes: Any) -> tuple[torch.Tensor, None, None]:
        return KEPT * (states + torch.as_tensor(codes)[None] - 2), None, None


def value_share(
    value: Callable[[torch.Tensor], torch.Tensor], decisions: int = 2000, **settings: Any
) -> float:
    """What plans make of values of that kind after so many decisions in the tank."""
    world: Any = Tank(decisions)
    half: Any = SimpleNamespace(value=lambda states: value(states[..., 0]))
    codes = ActionCodes(spaces.MultiDiscrete([5]))
    trust = ValueTrust(world, half, codes, TrustConfig(**settings), DISCOUNT, seed=1)
    for at in range(decisions):
        if at % EPISODE == 0:
            trust.begin_episode()
        trust.end_decision()
    trust.measure(decisions)
    return trust.share


#: Of the six decisions that a promise is compared with: Σ (0.9 · 0.8)^i.
FOLLOWING = sum((KEPT * DISCOUNT) ** i for i in range(6))


@pytest.mark.parametrize(
    ("value", "share"),
    [
        (lambda level: FOLLOWING * level, 1.0),
        (lambda level: 2 * FOLLOWING * level, 0.5),
        (lambda level: -FOLLOWING * level, 0.0),
        (lambda level: 5 * torch.sin(1000 * level), 0.0),  # nothing to do with what comes
    ],
)
def test_values_count_as_far_as_what_they_promise_comes(
    value: Callable[[torch.Tensor], torch.Tensor], share: float
) -> None:
    assert value_share(value) == pytest.approx(share, abs=0.08)


def test_more_caution_means_less_trust() -> None:
    def value(level: torch.Tensor) -> torch.Tensor:
        return 2 * FOLLOWING * level

    shares = [value_share(value, 400, caution=caution) for caution in (0.0, 1.0, 3.0)]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) == len(shares)


def test_no_decision_counts_whose_episode_is_over_too_soon() -> None:
    # The last six have fewer than six after them, and 20 must count.
    assert value_share(lambda level: FOLLOWING * level, 25, tested_share=1.0) == 0.0
    assert value_share(lambda level: FOLLOWING * level, 40, tested_share=1.0) > 0.0


def test_no_decision_counts_whose_plans_did_not_follow_the_values() -> None:
    assert value_share(lambda level: FOLLOWING * level, tested_share=0.0) == 0.0


@pytest.mark.parametrize("decisions", [20, 25])
def test_a_comparison_longer_than_between_two_fits_is_refused(decisions: int) -> None:
    with pytest.raises(
        PolicyError, match=rf"trust\.decisions is {decisions} and model\.fit_every 20"
    ):
        merged_settings(
            "hybrid", HybridConfig(), {"model_free": {"trust": {"decisions": decisions}}}
        )


@pytest.mark.parametrize("half", [{"use": False}, {"trust": {"measured": False}}, {}])
def test_what_compares_nothing_may_fit_as_often_as_it_likes(half: dict[str, object]) -> None:
    fits = {"fit_every": 5 if half else 7}
    merged_settings("hybrid", HybridConfig(), {"model": fits, "model_free": half})
