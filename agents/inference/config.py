# SPDX-License-Identifier: MIT
"""Settings of the hybrid agent, each with the sentence that says what it does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import Self

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
DeviceName = Literal["auto", "cpu", "cuda"]
CountOrNone = Annotated[int, Field(ge=0)]


class Settings(BaseModel):
    """A frozen group of settings; an unknown or impossible value is refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PriorConfig(Settings):
    """The analytic estimate of response times that the learned model corrects."""

    wifi_efficiency: Positive = 0.85
    """Share of the PHY rate that TCP payload gets on an idle WiFi channel (no unit)."""
    lte_efficiency: Positive = 0.7
    """Share of the rate of an LTE transmission that TCP payload gets (no unit)."""
    wifi_access_rtt_s: NotNegative = 0.002
    """Round trip over an idle WiFi channel, seconds."""
    lte_access_rtt_s: NotNegative = 0.025
    """Round trip over an idle LTE cell, scheduling request and grant included, seconds."""
    unknown_rate_bps: Positive = 20e6
    """PHY rate assumed while neither the user nor anybody in its cell has sent, bit/s."""
    segment_bytes: Positive = 1400.0
    """Payload of a TCP segment, by which a window grows per round trip beyond its threshold."""
    least_free_share: Share = 0.2
    """Background load is never taken to leave less than this share of a resource (no unit)."""


class ModelConfig(Settings):
    """The system model: an ensemble of probabilistic networks over the prior."""

    members: Count = 7
    """Networks trained side by side, each from its own start and on its own resample."""
    elites: Count = 5
    """The members with the least error on epochs they did not train on; only these predict."""
    hidden: Count = 64
    """Width of both hidden layers."""
    learning_rate: Positive = 2e-3
    """Step size of Adam."""
    noise_variance: Positive = 0.03
    """Assumed variance of log response times that nothing predicts; the larger, the longer the
    model stays near the prior."""
    batch_rows: Count = 256
    """Rows (one user in one epoch) per gradient step and member."""
    steps_per_fit: Count = 60
    """Gradient steps each time the model is fitted."""
    held_out_share: Share = 0.1
    """Share of epochs that no member trains on, besides those that its resample leaves out."""
    next_state_weight: NotNegative = 0.1
    """Weight of the error of the predicted next state against that of response times."""
    device: DeviceName = "auto"
    """Where it computes: ``cpu``, ``cuda``, or ``auto``, the GPU if PyTorch sees one."""
    use_prior: bool = True
    """Predict a correction to the analytic prior; without it, predict from nothing (ablation)."""
    use_structure: bool = True
    """Show each user the loads that the others put on its cell and site (ablation when false)."""

    fixed_columns: dict[str, float] = {}
    """Values that stand in for columns of the users' observation (ablation: the model is blind)."""

    @model_validator(mode="after")
    def _check_elites(self) -> Self:
        if self.elites > self.members:
            raise ValueError(f"elites is {self.elites}, more than the {self.members} members")
        return self


class PlannerConfig(Settings):
    """The search for the best joint action in the model."""

    exact_patterns: Count = 2500
    """Up to this many network patterns, (network options + 1)^users, all are tried."""
    count_combinations: Count = 48
    """Beyond that: how many divisions of users over the sites are solved as a knapsack."""
    knapsack_sweeps: Count = 14
    """Rounds of price adjustment per knapsack."""
    starts: Count = 2
    """Best knapsack solutions from which local search begins."""
    local_steps: CountOrNone = 8
    """Improvements per start that local search makes at most."""
    swap_candidates: CountOrNone = 5
    """Users per site whose exchange with a user of another site is tried in a local step."""


class DqnConfig(Settings):
    """The model-free half: a branching double-DQN."""

    hidden: Count = 64
    """Width of both hidden layers."""
    learning_rate: Positive = 1e-3
    """Step size of Adam."""
    gamma: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.3
    """Discount per epoch; above 0 because backlog, windows and positions carry over."""
    batch: Count = 32
    """Epochs per gradient step."""
    target_rate: Share = 0.02
    """Share of the online network that the target network takes over at each step."""
    epsilon_start: Share = 0.5
    """Share of users that explore at the first interaction, where the DQN acts."""
    epsilon_end: Share = 0.05
    """Share of users that explore in the end."""
    epsilon_interactions: Count = 200
    """Interactions over which exploration falls linearly."""


class HybridConfig(Settings):
    """The loop: real epochs, direct RL, model fit, planning, suggestions."""

    warmup: CountOrNone = 8
    """First interactions, in which users are spread over the sites at random."""
    fit_every: Count = 4
    """Interactions between two fits of the system model."""
    imagine_every: Count = 4
    """Interactions between two rounds of imagined updates of the DQN."""
    imagined_epochs: CountOrNone = 48
    """Joint actions imagined per round, at states from the real buffer."""
    rollout_length: Count = 1
    """Epochs that an imagined trajectory runs through predicted states."""
    imagined_updates: CountOrNone = 8
    """Gradient steps of the DQN on imagined epochs per round."""
    real_updates: CountOrNone = 1
    """Gradient steps of the DQN on real epochs per interaction (direct RL)."""
    optimism: NotNegative = 1.0
    """Imagined cost = mean - this many standard deviations between elites."""
    thompson_share: Share = 0.7
    """Share of decisions planned with one elite drawn at random; the others use their mean."""
    thompson_interactions: Count = 300
    """Interactions over which that share falls linearly to its end."""
    thompson_end: Share = 0.1
    """Share of such decisions in the end; above 0 so that a change is noticed."""
    mutation_share: Share = 0.1
    """Share of training decisions in which one user's site is drawn at random."""
    dqn_share: Share = 0.05
    """Share of training decisions that the DQN takes itself (feedback on its own values)."""
    use_planning: bool = True
    """Plan in the model; without it the DQN decides alone (ablation)."""
    stale_window: Count = 12
    """Last interactions whose median surprise is compared with the one before."""
    stale_after: Count = 60
    """Interactions since the start or the last alarm before the model can be found stale."""
    stale_factor: Annotated[float, Field(gt=1.0)] = 2.0
    """The model is stale when that median exceeds the earlier one by this factor."""
    stale_weight: Share = 0.05
    """Weight that epochs before the change keep after an alarm."""
    real_capacity: Count = 20_000
    """Real epochs kept."""
    imagined_capacity: Count = 4_000
    """Imagined epochs kept; the oldest, from older models, go first."""

    prior: PriorConfig = PriorConfig()
    model: ModelConfig = ModelConfig()
    planner: PlannerConfig = PlannerConfig()
    dqn: DqnConfig = DqnConfig()
